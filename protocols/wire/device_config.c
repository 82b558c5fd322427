#include "device_config.h"

#include "gw_cleanup.h"
#include "json.h"

#define WORD_MAX 16

static const char *renew_text(enum device_renew renew)
{
    switch (renew) {
    case DEVICE_RENEW_NONE:
        return "none";
    case DEVICE_RENEW_DUE:
        return "due";
    case DEVICE_RENEW_NOW:
        return "now";
    }
    return "none";
}

void device_config_init(struct device_config *ret_config)
{
    *ret_config = (struct device_config){.log_level = EVENT_SEV_INFO, .sampling_pct = 100, .renew = DEVICE_RENEW_NONE};
}

static enum gw_rc read_level(const struct json_value *root, enum event_sev *ret_level, struct gw_err *err)
{
    char word[WORD_MAX];
    if (!json_has(root, "log_level"))
        return GW_OK;
    enum gw_rc rc = json_str(root, "log_level", word, sizeof(word), err);
    if (!rc && event_sev_parse(gw_view_str(word), ret_level))
        return gw_err_set(err, GW_INVALID, "log_level is no severity");
    return rc;
}

static enum gw_rc read_renew(const struct json_value *root, enum device_renew *ret_renew, struct gw_err *err)
{
    char word[WORD_MAX];
    if (!json_has(root, "renew"))
        return GW_OK;
    enum gw_rc rc = json_str(root, "renew", word, sizeof(word), err);
    if (rc)
        return rc;
    for (enum device_renew r = DEVICE_RENEW_NONE; r <= DEVICE_RENEW_NOW; r++)
        if (gw_view_eq_str(gw_view_str(word), renew_text(r))) {
            *ret_renew = r;
            return GW_OK;
        }
    return gw_err_set(err, GW_INVALID, "renew is none of none, due, now");
}

static enum gw_rc read_members(const struct json_value *root, struct device_config *out, struct gw_err *err)
{
    int64_t version = 0, sampling_pct = out->sampling_pct;
    enum gw_rc rc = json_i64(root, "v", 1, INT32_MAX, &version, err);
    if (!rc && version != DEVICE_CONFIG_VERSION)
        return gw_err_set(err, GW_UNSUPPORTED, "version %lld", (long long)version);
    if (!rc)
        rc = read_level(root, &out->log_level, err);
    if (!rc && json_has(root, "sampling_pct"))
        rc = json_i64(root, "sampling_pct", 1, 100, &sampling_pct, err);
    if (!rc && json_has(root, "optout"))
        rc = json_bool(root, "optout", &out->optout, err);
    out->sampling_pct = (unsigned)sampling_pct;
    return rc ? rc : read_renew(root, &out->renew, err);
}

enum gw_rc device_config_parse(struct gw_view payload, struct device_config *ret_config, struct gw_err *err)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct device_config out;
    device_config_init(&out);
    enum gw_rc rc = json_read(payload, DEVICE_CONFIG_MAX, &doc, err);
    if (!rc)
        rc = read_members(json_root(doc), &out, err);
    if (rc)
        return gw_err_wrap(err, rc == GW_NOT_FOUND ? GW_INVALID : rc, "dn/config");
    *ret_config = out;
    return GW_OK;
}

enum gw_rc device_config_format(const struct device_config *config, struct gw_buf *ret_payload)
{
    struct json_writer w;
    json_writer_begin(&w, ret_payload);
    json_put_object(&w, NULL);
    json_put_i64(&w, "v", DEVICE_CONFIG_VERSION);
    json_put_str(&w, "log_level", event_sev_text(config->log_level));
    json_put_i64(&w, "sampling_pct", config->sampling_pct);
    json_put_bool(&w, "optout", config->optout);
    json_put_str(&w, "renew", renew_text(config->renew));
    json_put_end(&w);
    return json_writer_end(&w);
}
