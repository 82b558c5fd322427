#include "log_bundle.h"

bool log_bundle_next(struct gw_view *rest, struct gw_view *ret_event)
{
    struct gw_reader in = {*rest};
    uint16_t len;
    if (gw_read_u16(&in, &len) || gw_read_bytes(&in, len, ret_event))
        return false;
    *rest = in.rest;
    return true;
}

enum gw_rc log_bundle_check(struct gw_view bundle, uint32_t count)
{
    struct gw_view event;
    uint32_t n = 0;
    while (n < count && log_bundle_next(&bundle, &event))
        n++;
    return n == count && bundle.len == 0 ? GW_OK : GW_INVALID;
}

struct gw_view log_bundle_take(struct gw_view *rest, uint32_t count)
{
    struct gw_view start = *rest, event;
    while (count > 0 && log_bundle_next(rest, &event))
        count--;
    return gw_view_make(start.ptr, start.len - rest->len);
}

enum gw_rc log_bundle_add(struct gw_buf *bundle, struct gw_view event)
{
    if (event.len > LOG_EVENT_MAX)
        return GW_TOO_BIG;
    (void)gw_buf_add_u16(bundle, (uint16_t)event.len);
    return gw_buf_add_view(bundle, event);
}
