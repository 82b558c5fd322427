#include "log_id.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    enum log_kind kind;
    const char *text;
} kinds[] = {{LOG_DEVICE, "device"}, {LOG_LINE, "line"}, {LOG_AUDIT, "audit"}, {LOG_ROOT, "root"}};

const char *log_kind_text(enum log_kind kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].kind == kind)
            return kinds[i].text;
    return "unknown";
}

enum gw_rc log_kind_parse(struct gw_view text, enum log_kind *ret_kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (gw_view_eq_str(text, kinds[i].text)) {
            *ret_kind = kinds[i].kind;
            return GW_OK;
        }
    return GW_INVALID;
}

bool log_id_eq(const struct log_id *a, const struct log_id *b)
{
    return a->kind == b->kind && a->epoch == b->epoch && gw_device_id_eq(&a->device, &b->device);
}

enum gw_rc log_id_origin(const struct log_id *id, const char *gateway, char out[LOG_ORIGIN_MAX])
{
    const char *dev = id->device.text;
    int n = -1;
    switch (id->kind) {
    case LOG_DEVICE:
        n = snprintf(out, LOG_ORIGIN_MAX, "%s/dev/%s/%016" PRIx64, gateway, dev, id->epoch);
        break;
    case LOG_LINE:
        n = snprintf(out, LOG_ORIGIN_MAX, "%s/dev/%s/line/%016" PRIx64, gateway, dev, id->epoch);
        break;
    case LOG_AUDIT:
        n = snprintf(out, LOG_ORIGIN_MAX, "%s/audit/%016" PRIx64, gateway, id->epoch);
        break;
    case LOG_ROOT:
        n = snprintf(out, LOG_ORIGIN_MAX, "%s/root/%016" PRIx64, gateway, id->epoch);
        break;
    }
    if (n < 0 || gateway[0] == '\0')
        return GW_INVALID;
    return n < LOG_ORIGIN_MAX ? GW_OK : GW_TOO_BIG;
}
