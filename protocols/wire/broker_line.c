#include "broker_line.h"

#include <stddef.h>
#include <string.h>

static const struct {
    enum broker_cut cut;
    const char *end; /* behind the client id */
} ends[] = {
    {BROKER_CUT_OVERSIZE, "disconnected due to oversize packet."},
    {BROKER_CUT_OVERSIZE, "disconnected due to oversize payload."},
    {BROKER_CUT_BROKEN, "disconnected due to malformed packet."},
    {BROKER_CUT_BROKEN, "disconnected due to protocol error."},
};

static const char head[] = ": Client ";
#define BEFORE_ID (BROKER_LINE_TIME_LEN + sizeof(head) - 1)

enum gw_rc broker_line_parse(struct gw_view line, struct broker_line *ret_line)
{
    if (line.len <= BEFORE_ID || memcmp(line.ptr + BROKER_LINE_TIME_LEN, head, sizeof(head) - 1) != 0)
        return GW_INVALID;
    struct gw_view end, id = gw_view_cut(gw_view_make(line.ptr + BEFORE_ID, line.len - BEFORE_ID), ' ', &end);
    struct broker_line found = {0};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (gw_view_eq_str(end, ends[i].end))
            found.cut = ends[i].cut;
    if (!found.cut || gw_device_id_parse(id, &found.device))
        return GW_INVALID;
    *ret_line = found;
    return GW_OK;
}
