#include "keyd_check.h"

#include "gw_id.h"

#define EPOCH_HEX 16

enum gw_rc keyd_check_text(const char *field, size_t size, struct gw_view *ret_text)
{
    size_t len = 0;
    while (len < size && field[len] != '\0')
        len++;
    if (len == size)
        return GW_INVALID;
    for (size_t i = len; i < size; i++)
        if (field[i] != '\0')
            return GW_INVALID;
    *ret_text = gw_view_make(field, len);
    return GW_OK;
}

static bool is_epoch(struct gw_view v)
{
    if (v.len != EPOCH_HEX)
        return false;
    for (size_t i = 0; i < v.len; i++)
        if (!((v.ptr[i] >= '0' && v.ptr[i] <= '9') || (v.ptr[i] >= 'a' && v.ptr[i] <= 'f')))
            return false;
    return true;
}

enum gw_rc keyd_check_origin(struct gw_view origin, const char *gateway)
{
    struct gw_view rest;
    struct gw_device_id id;
    if (!gw_view_eq_str(gw_view_cut(origin, '/', &rest), gateway))
        return GW_INVALID;
    struct gw_view kind = gw_view_cut(rest, '/', &rest);
    if (gw_view_eq_str(kind, "audit") || gw_view_eq_str(kind, "root"))
        return is_epoch(rest) ? GW_OK : GW_INVALID;
    if (!gw_view_eq_str(kind, "dev") || gw_device_id_parse(gw_view_cut(rest, '/', &rest), &id))
        return GW_INVALID;
    if (gw_view_starts(rest, "line/"))
        (void)gw_view_cut(rest, '/', &rest);
    return is_epoch(rest) ? GW_OK : GW_INVALID;
}
