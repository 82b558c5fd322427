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

bool log_id_eq(const struct log_id *a, const struct log_id *b)
{
    return a->kind == b->kind && a->epoch == b->epoch && gw_device_id_eq(&a->device, &b->device);
}

enum gw_rc log_id_origin(const struct log_id *id, const char *gateway, char out[LOG_ORIGIN_MAX])
{
    char name[LOG_NAME_MAX];
    log_id_name(id, name);
    if (name[0] == '\0' || gateway[0] == '\0')
        return GW_INVALID;
    return snprintf(out, LOG_ORIGIN_MAX, "%s/%s", gateway, name) < LOG_ORIGIN_MAX ? GW_OK : GW_TOO_BIG;
}

void log_id_name(const struct log_id *id, char out[LOG_NAME_MAX])
{
    const char *dev = id->device.text;
    out[0] = '\0';
    switch (id->kind) {
    case LOG_DEVICE:
        (void)snprintf(out, LOG_NAME_MAX, "dev/%s/%016" PRIx64, dev, id->epoch);
        return;
    case LOG_LINE:
        (void)snprintf(out, LOG_NAME_MAX, "dev/%s/line/%016" PRIx64, dev, id->epoch);
        return;
    case LOG_AUDIT:
        (void)snprintf(out, LOG_NAME_MAX, "audit/%016" PRIx64, id->epoch);
        return;
    case LOG_ROOT:
        (void)snprintf(out, LOG_NAME_MAX, "root/%016" PRIx64, id->epoch);
        return;
    }
}

enum gw_rc log_id_parse(struct gw_view name, struct log_id *ret_id)
{
    struct log_id id = {.kind = LOG_AUDIT};
    struct gw_view rest, head = gw_view_cut(name, '/', &rest);
    if (gw_view_eq_str(head, "dev")) {
        if (gw_device_id_parse(gw_view_cut(rest, '/', &rest), &id.device))
            return GW_INVALID;
        id.kind = gw_view_starts(rest, "line/") ? LOG_LINE : LOG_DEVICE;
        if (id.kind == LOG_LINE)
            (void)gw_view_cut(rest, '/', &rest);
    } else if (gw_view_eq_str(head, "root")) {
        id.kind = LOG_ROOT;
    } else if (!gw_view_eq_str(head, "audit")) {
        return GW_INVALID;
    }
    uint8_t epoch[8];
    if (gw_hex_parse(rest, epoch, sizeof(epoch)))
        return GW_INVALID;
    struct gw_reader r = {gw_view_make(epoch, sizeof(epoch))};
    char again[LOG_NAME_MAX];
    if (gw_read_u64(&r, &id.epoch))
        return GW_INVALID;
    log_id_name(&id, again);
    if (!gw_view_eq_str(name, again)) /* capitals: one log has one name */
        return GW_INVALID;
    *ret_id = id;
    return GW_OK;
}
