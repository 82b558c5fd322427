#include "crypto_pem.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_id.h"

#define LINE_LEN 64 /* RFC 7468 section 2 */
#define TEXT_MAX (1024 * 1024)

enum gw_rc crypto_pem_add(struct gw_buf *b, const char *label, struct gw_view der)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf base64;
    gw_buf_init(&base64, TEXT_MAX);
    if (gw_base64_add(&base64, der.ptr, der.len))
        return GW_TOO_BIG;
    (void)gw_buf_printf(b, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < base64.len; at += LINE_LEN) {
        size_t left = base64.len - at;
        (void)gw_buf_add(b, base64.ptr + at, left < LINE_LEN ? left : LINE_LEN);
        (void)gw_buf_add_u8(b, '\n');
    }
    return gw_buf_printf(b, "-----END %s-----\n", label);
}

/* Finds needle; the view behind it in *ret_after, the one in front in *ret_before. */
static bool split_at(struct gw_view text, const char *needle, struct gw_view *ret_before, struct gw_view *ret_after)
{
    size_t len = strlen(needle);
    const uint8_t *at = text.len ? memmem(text.ptr, text.len, needle, len) : NULL;
    if (!at)
        return false;
    size_t before = (size_t)(at - text.ptr);
    *ret_before = gw_view_make(text.ptr, before);
    *ret_after = gw_view_make(at + len, text.len - before - len);
    return true;
}

static enum gw_rc decode(struct gw_view body, struct gw_buf *ret_der)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf base64;
    gw_buf_init(&base64, TEXT_MAX);
    for (struct gw_view line = gw_view_trim(gw_view_cut(body, '\n', &body)); line.len > 0 || body.len > 0;
         line = gw_view_trim(gw_view_cut(body, '\n', &body)))
        (void)gw_buf_add_view(&base64, line);
    if (gw_buf_rc(&base64))
        return GW_TOO_BIG;
    return gw_base64_parse(gw_buf_view(&base64), ret_der);
}

enum gw_rc crypto_pem_parse(struct gw_view text, const char *label, struct gw_buf *ret_der, struct gw_view *rest,
                            struct gw_err *err)
{
    char begin[64];
    char end[64];
    struct gw_view before;
    struct gw_view body;
    struct gw_view after;
    (void)snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
    (void)snprintf(end, sizeof(end), "-----END %s-----", label);
    if (!split_at(text, begin, &before, &after))
        return gw_err_set(err, GW_NOT_FOUND, "no PEM block \"%s\"", label);
    if (!split_at(after, end, &body, &after))
        return gw_err_set(err, GW_INVALID, "PEM block \"%s\" has no end", label);
    enum gw_rc rc = decode(body, ret_der); /* adds all or nothing */
    if (rc)
        return gw_err_set(err, rc, "PEM block \"%s\" is not base64", label);
    if (rest)
        *rest = after;
    return GW_OK;
}
