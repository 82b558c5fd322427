#include "agent_advice.h"

#include <inttypes.h>
#include <stdio.h>

#include "json.h"

void agent_advice_init(struct agent_advice *a)
{
    *a = (struct agent_advice){.least = EVENT_SEV_INFO};
}

bool agent_advice_takes(struct agent_advice *a, unsigned severity)
{
    bool takes = severity >= (unsigned)a->least;
    a->left_out += !takes;
    return takes;
}

enum gw_rc agent_advice_heard(struct agent_advice *a, struct gw_view payload, struct gw_mono now,
                              struct agent_advice_news *ret_news, struct gw_err *err)
{
    struct device_config config;
    enum gw_rc rc = device_config_parse(payload, &config, err);
    if (rc)
        return rc;
    *ret_news = (struct agent_advice_news){.left_out = a->left_out};
    enum event_sev least = config.log_level < AGENT_ADVICE_LEVEL_MAX ? config.log_level : AGENT_ADVICE_LEVEL_MAX;
    ret_news->level_changed = least != a->least;
    if (ret_news->level_changed)
        a->left_out = 0;
    a->least = least;
    ret_news->renew =
        config.renew == DEVICE_RENEW_NOW && (!a->renewed || now.ms - a->renewed_at.ms >= AGENT_ADVICE_RENEW_MS);
    if (ret_news->renew) {
        a->renewed = true;
        a->renewed_at = now;
    }
    return GW_OK;
}

enum gw_rc agent_advice_event(const struct agent_advice *a, const struct agent_advice_news *news, struct gw_wall now,
                              struct gw_buf *ret_text)
{
    struct json_writer w;
    char msg[160];
    (void)snprintf(msg, sizeof(msg),
                   "events below %s are left out from now on, as the gateway asks; by what it asked before: %" PRIu64,
                   event_sev_text(a->least), news->left_out);
    json_writer_begin(&w, ret_text);
    json_put_object(&w, NULL);
    json_put_i64(&w, "t", now.ms);
    json_put_str(&w, "cls", "cfg.log_level");
    json_put_i64(&w, "sev", EVENT_SEV_LOW);
    json_put_str(&w, "res", event_res_text(EVENT_OK));
    json_put_str(&w, "subj", "gateway");
    json_put_str(&w, "obj", "log");
    json_put_str(&w, "msg", msg);
    json_put_end(&w);
    return json_writer_end(&w);
}
