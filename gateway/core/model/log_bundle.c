#include "log_bundle.h"

/* Without struct gw_reader: every event of every device passes here some five times. */
bool log_bundle_next(struct gw_view *rest, struct gw_view *ret_event)
{
    if (rest->len < 2)
        return false;
    size_t len = (size_t)rest->ptr[0] << 8 | rest->ptr[1];
    if (len > rest->len - 2)
        return false;
    *ret_event = gw_view_make(rest->ptr + 2, len);
    *rest = gw_view_make(rest->ptr + 2 + len, rest->len - 2 - len);
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
