#include "checkpoint.h"

#include <inttypes.h>

#include "gw_id.h"
#include "gw_num.h"
#include "gw_utf8.h"
#include "merkle_range.h"

static bool line_ok(struct gw_view line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] < 0x20)
            return false;
    return line.len > 0 && gw_utf8_valid(line);
}

enum gw_rc checkpoint_format(const char *origin, uint64_t size, const struct gw_sha256 *root, struct gw_buf *ret_text)
{
    struct gw_view name = gw_view_str(origin);
    if (!line_ok(name) || name.len >= CHECKPOINT_ORIGIN_MAX || size > MERKLE_SIZE_MAX)
        return GW_INVALID;
    (void)gw_buf_add_view(ret_text, name);
    (void)gw_buf_printf(ret_text, "\n%" PRIu64 "\n", size);
    (void)gw_base64_add(ret_text, root->bytes, sizeof(root->bytes));
    return gw_buf_add_u8(ret_text, '\n');
}

/* The next line without its end; GW_INVALID when it has none or is not a line of a note. */
static enum gw_rc next_line(struct gw_view *rest, struct gw_view *ret_line)
{
    if (rest->len == 0 || !memchr(rest->ptr, '\n', rest->len))
        return GW_INVALID;
    *ret_line = gw_view_cut(*rest, '\n', rest);
    return line_ok(*ret_line) ? GW_OK : GW_INVALID;
}

static enum gw_rc parse_root(struct gw_view text, struct gw_sha256 *ret_root)
{
    uint8_t room[GW_SHA256_LEN + 4];
    struct gw_buf bytes = {.ptr = room, .cap = sizeof(room), .max = sizeof(room) - 1}; /* never grows */
    if (gw_base64_parse(text, &bytes) || bytes.len != GW_SHA256_LEN)
        return GW_INVALID;
    memcpy(ret_root->bytes, room, GW_SHA256_LEN);
    return GW_OK;
}

enum gw_rc checkpoint_parse(struct gw_view text, struct checkpoint *ret_checkpoint, struct gw_err *err)
{
    if (text.len > CHECKPOINT_TEXT_MAX)
        return gw_err_set(err, GW_TOO_BIG, "a checkpoint of more than %d bytes", CHECKPOINT_TEXT_MAX);
    struct checkpoint c;
    struct gw_view rest = text, line;
    if (next_line(&rest, &line) || gw_view_copy_str(line, c.origin, sizeof(c.origin)))
        return gw_err_set(err, GW_INVALID, "checkpoint: the first line is no origin");
    if (next_line(&rest, &line) || gw_parse_u64(line, MERKLE_SIZE_MAX, &c.size))
        return gw_err_set(err, GW_INVALID, "checkpoint: the second line is no tree size");
    if (next_line(&rest, &line) || parse_root(line, &c.root))
        return gw_err_set(err, GW_INVALID, "checkpoint: the third line is no root hash");
    while (rest.len > 0)
        if (next_line(&rest, &line))
            return gw_err_set(err, GW_INVALID, "checkpoint: a bad extension line");
    *ret_checkpoint = c;
    return GW_OK;
}
