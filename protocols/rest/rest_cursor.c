#include "rest_cursor.h"

#include <inttypes.h>
#include <string.h>

#include "gw_num.h"

enum gw_rc rest_cursor_format(const struct query_cursor *cursor, struct gw_buf *ret_text)
{
    const struct journal_cursor *at = &cursor->at;
    (void)gw_buf_printf(ret_text, "%" PRIu32 ".%" PRId64 ".%s.%" PRId64 ".%" PRId64, at->stage, at->t,
                        at->device[0] ? at->device : "-", at->log, at->at);
    if (cursor->has_last) {
        char name[LOG_NAME_MAX];
        log_id_name(&cursor->last_log, name);
        (void)gw_buf_printf(ret_text, ".%s.%" PRIu64, name, cursor->last_seq);
    }
    return gw_buf_rc(ret_text);
}

/* A device id, or one of the journal's own words. */
static enum gw_rc parse_device(struct gw_view text, char out[GW_DEVICE_ID_MAX + 1])
{
    struct gw_device_id id;
    out[0] = '\0';
    if (gw_view_eq_str(text, "-"))
        return GW_OK;
    if (!gw_view_eq_str(text, "~") && !gw_view_eq_str(text, "gateway") && gw_device_id_parse(text, &id))
        return GW_INVALID;
    return gw_view_copy_str(text, out, GW_DEVICE_ID_MAX + 1);
}

enum gw_rc rest_cursor_parse(struct gw_view text, struct query_cursor *ret_cursor)
{
    struct query_cursor c = {.has_last = false};
    uint64_t stage = 0;
    if (text.len > REST_CURSOR_MAX || gw_parse_u64(gw_view_cut(text, '.', &text), 1, &stage) ||
        gw_parse_i64(gw_view_cut(text, '.', &text), INT64_MIN, INT64_MAX, &c.at.t) ||
        parse_device(gw_view_cut(text, '.', &text), c.at.device) ||
        gw_parse_i64(gw_view_cut(text, '.', &text), -1, INT64_MAX, &c.at.log) ||
        gw_parse_i64(gw_view_cut(text, '.', &text), -1, INT64_MAX, &c.at.at))
        return GW_INVALID;
    c.at.stage = (uint32_t)stage;
    c.has_last = text.len > 0;
    if (c.has_last &&
        (log_id_parse(gw_view_cut(text, '.', &text), &c.last_log) || gw_parse_u64(text, LOG_SEQ_MAX, &c.last_seq)))
        return GW_INVALID;
    *ret_cursor = c;
    return GW_OK;
}
