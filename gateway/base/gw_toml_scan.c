#include "gw_toml_scan.h"

#include <stdlib.h>
#include <string.h>

#include "gw_buf.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_num.h"
#include "gw_utf8.h"

void gw_toml_value_done(struct gw_toml_value *v)
{
    for (size_t i = 0; i < v->count; i++)
        free(v->items[i].text);
    free(v->items);
    *v = (struct gw_toml_value){0};
}

enum gw_rc gw_toml_scan_check(struct gw_view text, unsigned *ret_line, struct gw_err *err)
{
    *ret_line = 1;
    for (size_t i = 0; i < text.len;) {
        uint8_t c = text.ptr[i];
        size_t n = gw_utf8_char(gw_view_make(text.ptr + i, text.len - i));
        bool line_end = c == '\n' || (c == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n');
        if (n == 0)
            return gw_err_set(err, GW_INVALID, "not UTF-8");
        if ((c < 0x20 && c != '\t' && !line_end) || c == 0x7f)
            return gw_err_set(err, GW_INVALID, "control character 0x%02x", c);
        *ret_line += c == '\n';
        i += n;
    }
    return GW_OK;
}

static char peek(const struct gw_toml_scan *s)
{
    return s->rest.len ? (char)s->rest.ptr[0] : '\0';
}

static void skip(struct gw_toml_scan *s, size_t len)
{
    s->rest = gw_view_make(s->rest.ptr + len, s->rest.len - len);
}

static bool accept(struct gw_toml_scan *s, char c)
{
    if (s->rest.len == 0 || peek(s) != c)
        return false;
    s->line += c == '\n';
    skip(s, 1);
    return true;
}

static void skip_blanks(struct gw_toml_scan *s)
{
    while (accept(s, ' ') || accept(s, '\t'))
        ;
    if (peek(s) == '#')
        while (s->rest.len && peek(s) != '\n' && peek(s) != '\r')
            skip(s, 1);
}

bool gw_toml_scan_next(struct gw_toml_scan *s)
{
    do
        skip_blanks(s);
    while (accept(s, '\n') || accept(s, '\r'));
    return s->rest.len > 0;
}

enum gw_rc gw_toml_scan_line_end(struct gw_toml_scan *s, struct gw_err *err)
{
    skip_blanks(s);
    (void)accept(s, '\r');
    if (s->rest.len == 0 || accept(s, '\n'))
        return GW_OK;
    return gw_err_set(err, GW_INVALID, "more on the line than one value or table name");
}

static bool bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static enum gw_rc scan_name(struct gw_toml_scan *s, struct gw_view *ret_name, struct gw_err *err)
{
    size_t n = 0;
    skip_blanks(s);
    if (peek(s) == '"' || peek(s) == '\'')
        return gw_err_set(err, GW_UNSUPPORTED, "quoted names are not supported");
    while (n < s->rest.len && bare((char)s->rest.ptr[n]))
        n++;
    if (n == 0)
        return gw_err_set(err, GW_INVALID, "a name is missing");
    if (n > GW_TOML_NAME_MAX)
        return gw_err_set(err, GW_TOO_BIG, "a name of %zu characters, above %d", n, GW_TOML_NAME_MAX);
    struct gw_view name = gw_view_make(s->rest.ptr, n);
    skip(s, n);
    skip_blanks(s);
    if (peek(s) == '.')
        return gw_err_set(err, GW_UNSUPPORTED, "dotted names are not supported");
    *ret_name = name;
    return GW_OK;
}

enum gw_rc gw_toml_scan_table(struct gw_toml_scan *s, struct gw_view *ret_name, struct gw_err *err)
{
    if (!accept(s, '['))
        return gw_err_set(err, GW_INVALID, "'[' expected");
    if (peek(s) == '[')
        return gw_err_set(err, GW_UNSUPPORTED, "arrays of tables are not supported");
    enum gw_rc rc = scan_name(s, ret_name, err);
    if (!rc && !accept(s, ']'))
        rc = gw_err_set(err, GW_INVALID, "']' expected after the table's name");
    return rc;
}

enum gw_rc gw_toml_scan_key(struct gw_toml_scan *s, struct gw_view *ret_name, struct gw_err *err)
{
    enum gw_rc rc = scan_name(s, ret_name, err);
    if (!rc && !accept(s, '='))
        rc = gw_err_set(err, GW_INVALID, "'=' expected after the key");
    return rc;
}

static enum gw_rc add_utf8(struct gw_buf *b, uint32_t c)
{
    uint8_t bytes[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        bytes[i] = (uint8_t)(0x80 | (c & 0x3f));
    bytes[0] = (uint8_t)(lead[n] | c);
    return gw_buf_add(b, bytes, n);
}

/* The digits of \uXXXX or \UXXXXXXXX. */
static enum gw_rc scan_code_point(struct gw_toml_scan *s, size_t width, struct gw_buf *text, struct gw_err *err)
{
    uint8_t bytes[4] = {0};
    if (s->rest.len < width || gw_hex_parse(gw_view_make(s->rest.ptr, width), bytes + 4 - width / 2, width / 2))
        return gw_err_set(err, GW_INVALID, "an escape needs %zu hexadecimal digits", width);
    skip(s, width);
    uint32_t c = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    if (c == 0 || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
        return gw_err_set(err, GW_INVALID, "an escape names no character that a string may hold");
    return add_utf8(text, c);
}

static enum gw_rc scan_escape(struct gw_toml_scan *s, struct gw_buf *text, struct gw_err *err)
{
    static const char names[] = "btnfr\"\\";
    static const char values[] = "\b\t\n\f\r\"\\";
    char c = peek(s);
    const char *at = c ? strchr(names, c) : NULL;
    if (!at && c != 'u' && c != 'U')
        return gw_err_set(err, GW_INVALID, "unknown escape in a string");
    skip(s, 1);
    if (!at)
        return scan_code_point(s, c == 'u' ? 4 : 8, text, err);
    return gw_buf_add(text, &values[at - names], 1);
}

static enum gw_rc scan_string(struct gw_toml_scan *s, struct gw_toml_item *ret_item, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, GW_TOML_STRING_MAX);
    char quote = peek(s);
    skip(s, 1);
    if (s->rest.len >= 2 && peek(s) == quote && (char)s->rest.ptr[1] == quote)
        return gw_err_set(err, GW_UNSUPPORTED, "multi-line strings are not supported");
    while (!accept(s, quote)) {
        if (s->rest.len == 0 || peek(s) == '\n' || peek(s) == '\r')
            return gw_err_set(err, GW_INVALID, "the string does not end on its line");
        enum gw_rc rc;
        if (quote == '"' && accept(s, '\\')) {
            rc = scan_escape(s, &text, err);
        } else {
            rc = gw_buf_add(&text, s->rest.ptr, 1);
            skip(s, 1);
        }
        if (gw_buf_rc(&text) == GW_TOO_BIG)
            return gw_err_set(err, GW_TOO_BIG, "a string of more than %d bytes", GW_TOML_STRING_MAX);
        if (rc)
            return rc;
    }
    ret_item->text = gw_xstrdup(gw_buf_str(&text));
    return GW_OK;
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Strips the underscores, each of which must stand between two digits, and an optional sign '+'. */
static enum gw_rc parse_int(struct gw_view token, int64_t *ret_number)
{
    char digits[24];
    size_t n = 0;
    bool fits = true;
    for (size_t i = 0; i < token.len; i++) {
        bool sign = i == 0 && (token.ptr[0] == '+' || token.ptr[0] == '-');
        bool between = i > 0 && i + 1 < token.len && digit(token.ptr[i - 1]) && digit(token.ptr[i + 1]);
        if (!sign && !digit(token.ptr[i]) && !(token.ptr[i] == '_' && between))
            return GW_INVALID;
        if (token.ptr[i] == '_' || token.ptr[i] == '+')
            continue;
        fits = fits && n < sizeof(digits);
        if (fits)
            digits[n++] = (char)token.ptr[i];
    }
    return fits ? gw_parse_i64(gw_view_make(digits, n), INT64_MIN, INT64_MAX, ret_number) : GW_TOO_BIG;
}

static bool token_has(struct gw_view token, const char *set)
{
    for (size_t i = 0; i < token.len; i++)
        if (strchr(set, (char)token.ptr[i]))
            return true;
    return false;
}

/* Says why a token is no value of the subset. */
static enum gw_rc refuse_token(struct gw_view token, struct gw_err *err)
{
    struct gw_view body = token;
    if (body.len && (body.ptr[0] == '+' || body.ptr[0] == '-'))
        body = gw_view_make(body.ptr + 1, body.len - 1);
    if (gw_view_eq_str(body, "inf") || gw_view_eq_str(body, "nan"))
        return gw_err_set(err, GW_UNSUPPORTED, "floats are not supported");
    if (body.len == 0 || body.ptr[0] < '0' || body.ptr[0] > '9')
        return gw_err_set(err, GW_INVALID, "not a value (a text needs quotes)");
    if (gw_view_starts(body, "0x") || gw_view_starts(body, "0o") || gw_view_starts(body, "0b"))
        return gw_err_set(err, GW_UNSUPPORTED, "only decimal integers are supported");
    if (token_has(body, ":") || (body.len > 4 && body.ptr[4] == '-'))
        return gw_err_set(err, GW_UNSUPPORTED, "dates and times are not supported");
    if (token_has(body, ".eE"))
        return gw_err_set(err, GW_UNSUPPORTED, "floats are not supported");
    return gw_err_set(err, GW_INVALID, "not an integer");
}

static enum gw_rc scan_token(struct gw_toml_scan *s, enum gw_toml_type *ret_type, struct gw_toml_item *ret_item,
                             struct gw_err *err)
{
    size_t n = 0;
    while (n < s->rest.len && (bare((char)s->rest.ptr[n]) || strchr("+.:", s->rest.ptr[n])))
        n++;
    struct gw_view token = gw_view_make(s->rest.ptr, n);
    skip(s, n);
    if (gw_view_eq_str(token, "true") || gw_view_eq_str(token, "false")) {
        *ret_type = GW_TOML_BOOL;
        ret_item->number = token.ptr[0] == 't';
        return GW_OK;
    }
    enum gw_rc rc = parse_int(token, &ret_item->number);
    if (rc == GW_TOO_BIG)
        return gw_err_set(err, GW_TOO_BIG, "the integer does not fit into 64 bits");
    if (rc)
        return refuse_token(token, err);
    *ret_type = GW_TOML_INT;
    return GW_OK;
}

static enum gw_rc scan_scalar(struct gw_toml_scan *s, enum gw_toml_type *ret_type, struct gw_toml_item *ret_item,
                              struct gw_err *err)
{
    if (peek(s) == '{')
        return gw_err_set(err, GW_UNSUPPORTED, "inline tables are not supported");
    if (peek(s) != '"' && peek(s) != '\'')
        return scan_token(s, ret_type, ret_item, err);
    *ret_type = GW_TOML_STRING;
    return scan_string(s, ret_item, err);
}

static enum gw_rc add_element(struct gw_toml_scan *s, struct gw_toml_value *v, struct gw_err *err)
{
    if (peek(s) == '[')
        return gw_err_set(err, GW_UNSUPPORTED, "nested arrays are not supported");
    if (v->count == GW_TOML_ARRAY_MAX)
        return gw_err_set(err, GW_TOO_BIG, "an array of more than %d elements", GW_TOML_ARRAY_MAX);
    enum gw_toml_type type = GW_TOML_INT;
    enum gw_rc rc = scan_scalar(s, &type, &v->items[v->count], err);
    if (rc)
        return rc;
    v->count++;
    if (type == GW_TOML_BOOL)
        return gw_err_set(err, GW_UNSUPPORTED, "arrays of booleans are not supported");
    enum gw_toml_type array = type == GW_TOML_STRING ? GW_TOML_STRINGS : GW_TOML_INTS;
    if (v->count > 1 && array != v->type)
        return gw_err_set(err, GW_UNSUPPORTED, "an array holds strings or integers, not both");
    v->type = array;
    return GW_OK;
}

static enum gw_rc scan_array(struct gw_toml_scan *s, struct gw_toml_value *ret_value, struct gw_err *err)
{
    GW_CLEANUP(gw_toml_value_done)
    struct gw_toml_value v = {.type = GW_TOML_INTS, .items = gw_xalloc(GW_TOML_ARRAY_MAX, sizeof(v.items[0]))};
    bool more = true;
    skip(s, 1);
    while (gw_toml_scan_next(s) && peek(s) != ']') {
        if (!more)
            return gw_err_set(err, GW_INVALID, "',' or ']' expected in the array");
        enum gw_rc rc = add_element(s, &v, err);
        if (rc)
            return rc;
        (void)gw_toml_scan_next(s);
        more = accept(s, ',');
    }
    if (!accept(s, ']'))
        return gw_err_set(err, GW_INVALID, "the array does not end");
    *ret_value = v;
    v = (struct gw_toml_value){0};
    return GW_OK;
}

enum gw_rc gw_toml_scan_value(struct gw_toml_scan *s, struct gw_toml_value *ret_value, struct gw_err *err)
{
    skip_blanks(s);
    if (s->rest.len == 0 || peek(s) == '\n' || peek(s) == '\r')
        return gw_err_set(err, GW_INVALID, "the value is missing");
    if (peek(s) == '[')
        return scan_array(s, ret_value, err);
    GW_CLEANUP(gw_toml_value_done)
    struct gw_toml_value v = {.count = 1, .items = gw_xalloc(1, sizeof(v.items[0]))};
    enum gw_rc rc = scan_scalar(s, &v.type, &v.items[0], err);
    if (rc)
        return rc;
    *ret_value = v;
    v = (struct gw_toml_value){0};
    return GW_OK;
}
