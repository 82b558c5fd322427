#include "cli_text.h"

#include <stdbool.h>

#include "gw_utf8.h"

/* Reads one code point; its length, or 0 when the bytes are no UTF-8. */
static size_t code_point(struct gw_view v, uint32_t *ret_code)
{
    size_t len = gw_utf8_char(v);
    uint32_t code = len > 1 ? v.ptr[0] & (0x7fU >> len) : len ? v.ptr[0] : 0;
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (v.ptr[i] & 0x3f);
    *ret_code = code;
    return len;
}

/* Control characters, line and paragraph separators, and what changes the direction or hides (Unicode UAX 9, TR 36). */
static bool is_harmful(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

void cli_text_escape(struct gw_buf *out, struct gw_view text)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t code = 0;
        size_t len = code_point(gw_view_make(text.ptr + i, text.len - i), &code);
        if (len == 0)
            (void)gw_buf_printf(out, "\\x{%02x}", text.ptr[i]);
        else if (is_harmful(code))
            (void)gw_buf_printf(out, "\\u{%x}", code);
        else if (code == '\\')
            (void)gw_buf_add_str(out, "\\\\");
        else
            (void)gw_buf_add(out, text.ptr + i, len);
        i += len ? len : 1;
    }
}

size_t cli_text_width(struct gw_view escaped)
{
    size_t width = 0;
    for (size_t i = 0; i < escaped.len; i++)
        width += (escaped.ptr[i] & 0xc0) != 0x80;
    return width;
}
