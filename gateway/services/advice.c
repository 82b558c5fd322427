#include "advice.h"

#include "gw_cleanup.h"
#include "gw_log.h"

#define PART "advice"

/* Of a certificate's life, in hundredths: from where renewing is due, and from where it is pressing. */
#define DUE_PCT 67
#define NOW_PCT 90

/* Whether a certificate with this life is to be renewed at `now`. */
static enum device_renew renewal(struct gw_wall not_before, struct gw_wall not_after, struct gw_wall now)
{
    int64_t life_ms = not_after.ms - not_before.ms, lived_ms = now.ms - not_before.ms;
    if (life_ms <= 0 || lived_ms >= life_ms / 100 * NOW_PCT)
        return DEVICE_RENEW_NOW;
    return lived_ms >= life_ms / 100 * DUE_PCT ? DEVICE_RENEW_DUE : DEVICE_RENEW_NONE;
}

void advice_send(struct session *s, const struct store *store, const struct gw_device_id *device, struct gw_wall now)
{
    struct device_config config = s->advice;
    struct device_cert cert;
    struct gw_err err = {0};
    const struct presence *p = session_presence(s, device);
    if (!s->broker_up || !session_may_advise(s, device, now))
        return;
    /* unknown: the plugin has not told yet by which certificate it is here */
    if (p && !store->ops->cert_get(store->self, &p->cert_sha256, &cert, &err))
        config.renew = renewal(cert.not_before, cert.not_after, now);
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, DEVICE_CONFIG_MAX);
    enum gw_rc rc = device_config_format(&config, &payload);
    if (!rc)
        rc = s->bus.ops->publish(s->bus.self, device, "config", gw_buf_view(&payload), 1, &err);
    if (rc && rc != GW_AGAIN)
        gw_log(GW_LOG_WARN, PART, "dn/config of %s: %s", device->text, gw_err_text(&err));
}
