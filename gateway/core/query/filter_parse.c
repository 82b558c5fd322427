#include <string.h>

#include "filter.h"
#include "gw_num.h"
#include "gw_utf8.h"

struct cursor {
    const uint8_t *ptr;
    size_t len, at;
};

static bool at_end(const struct cursor *c)
{
    return c->at == c->len;
}

static enum gw_rc wrong(const struct cursor *c, struct gw_err *err, enum gw_rc rc, const char *what)
{
    return gw_err_set(err, rc, "%s (at byte %zu of the query)", what, c->at + 1);
}

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static uint8_t to_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool is_key_byte(uint8_t c)
{
    return is_lower(to_lower(c)) || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static bool is_operator(uint8_t c)
{
    return c == ':' || c == '<' || c == '>';
}

/* How many bytes from here are a key with an operator behind; 0 when it is a text. */
static size_t key_length(const struct cursor *c)
{
    size_t n = 0;
    if (at_end(c) || !is_lower(to_lower(c->ptr[c->at])))
        return 0;
    while (c->at + n < c->len && is_key_byte(c->ptr[c->at + n]))
        n++;
    return c->at + n < c->len && is_operator(c->ptr[c->at + n]) ? n : 0;
}

static enum gw_rc take_key(struct cursor *c, size_t n, struct filter_term *term, struct gw_err *err)
{
    if (n > FILTER_KEY_MAX)
        return wrong(c, err, GW_TOO_BIG, "a key is too long");
    for (size_t i = 0; i < n; i++)
        term->key[i] = (char)to_lower(c->ptr[c->at + i]);
    c->at += n;
    uint8_t op = c->ptr[c->at++];
    bool equal = op != ':' && !at_end(c) && c->ptr[c->at] == '=';
    c->at += equal;
    if (op == ':')
        term->op = FILTER_IS;
    else if (op == '<')
        term->op = equal ? FILTER_LESS_EQ : FILTER_LESS;
    else
        term->op = equal ? FILTER_MORE_EQ : FILTER_MORE;
    return GW_OK;
}

static enum gw_rc add_byte(const struct cursor *c, struct filter_term *term, uint8_t byte, struct gw_err *err)
{
    if (term->len == FILTER_TEXT_MAX)
        return wrong(c, err, GW_TOO_BIG, "a value is too long");
    term->text[term->len++] = byte;
    return GW_OK;
}

/* Behind the opening quote. */
static enum gw_rc take_quoted(struct cursor *c, struct filter_term *term, struct gw_err *err)
{
    for (; !at_end(c) && c->ptr[c->at] != '"'; c->at++) {
        if (c->ptr[c->at] == '\\') {
            c->at++;
            if (at_end(c) || (c->ptr[c->at] != '"' && c->ptr[c->at] != '\\'))
                return wrong(c, err, GW_INVALID, "only \\\" and \\\\ are known inside quotes");
        }
        enum gw_rc rc = add_byte(c, term, c->ptr[c->at], err);
        if (rc)
            return rc;
    }
    if (at_end(c))
        return wrong(c, err, GW_INVALID, "a quote is not closed");
    c->at++;
    if (!at_end(c) && c->ptr[c->at] != ' ')
        return wrong(c, err, GW_INVALID, "a space is missing behind a closing quote");
    return GW_OK;
}

static enum gw_rc take_bare(struct cursor *c, struct filter_term *term, struct gw_err *err)
{
    for (; !at_end(c) && c->ptr[c->at] != ' '; c->at++) {
        if (c->ptr[c->at] == '"')
            return wrong(c, err, GW_INVALID, "a quote stands inside a word");
        enum gw_rc rc = add_byte(c, term, c->ptr[c->at], err);
        if (rc)
            return rc;
    }
    if (term->len == 0)
        return wrong(c, err, GW_INVALID, "a value is missing: for an empty one write \"\"");
    if (term->op == FILTER_IS && term->text[term->len - 1] == '*') {
        term->op = FILTER_BEGINS;
        term->text[--term->len] = 0;
    }
    return GW_OK;
}

/* "90s", "15m", "36h", "2d", "1w". */
static void read_age(struct filter_term *term)
{
    static const struct {
        uint8_t unit;
        int64_t ms;
    } units[] = {{'s', GW_SECOND_MS}, {'m', GW_MINUTE_MS}, {'h', GW_HOUR_MS}, {'d', GW_DAY_MS}, {'w', 7 * GW_DAY_MS}};
    uint64_t n;
    if (term->op < FILTER_LESS || term->len < 2)
        return;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        uint64_t max = (uint64_t)(FILTER_AGE_MAX / units[i].ms);
        if (term->text[term->len - 1] != units[i].unit ||
            gw_parse_u64(gw_view_make(term->text, term->len - 1), max, &n))
            continue;
        term->has_age = true;
        term->age_ms = (int64_t)n * units[i].ms;
    }
}

static enum gw_rc take_term(struct cursor *c, struct filter_term *term, struct gw_err *err)
{
    enum gw_rc rc = GW_OK;
    if (c->ptr[c->at] == '-') {
        term->negated = true;
        c->at++;
    }
    size_t key = key_length(c);
    term->op = FILTER_TEXT;
    if (key)
        rc = take_key(c, key, term, err);
    if (rc)
        return rc;
    bool quoted = !at_end(c) && c->ptr[c->at] == '"';
    c->at += quoted;
    rc = quoted ? take_quoted(c, term, err) : take_bare(c, term, err);
    if (!rc)
        read_age(term);
    return rc;
}

/* Leaves the cursor where the first wrong byte is. */
static enum gw_rc check_bytes(struct cursor *c, struct gw_err *err)
{
    for (size_t n; !at_end(c); c->at += n) {
        if (c->at >= FILTER_BYTES_MAX)
            return gw_err_set(err, GW_TOO_BIG, "a query has at most %d bytes", FILTER_BYTES_MAX);
        n = gw_utf8_char(gw_view_make(c->ptr + c->at, c->len - c->at));
        if (n == 0)
            return wrong(c, err, GW_INVALID, "a query must be UTF-8");
        if (c->ptr[c->at] < 0x20 || c->ptr[c->at] == 0x7f)
            return wrong(c, err, GW_INVALID, "a query has no control characters");
    }
    if (c->len > FILTER_BYTES_MAX)
        return gw_err_set(err, GW_TOO_BIG, "a query has at most %d bytes", FILTER_BYTES_MAX);
    c->at = 0;
    return GW_OK;
}

static enum gw_rc take_terms(struct cursor *c, struct filter *f, struct gw_err *err)
{
    enum gw_rc rc = check_bytes(c, err);
    while (!rc) {
        while (!at_end(c) && c->ptr[c->at] == ' ')
            c->at++;
        if (at_end(c))
            break;
        if (f->count == FILTER_TERMS_MAX)
            return wrong(c, err, GW_TOO_BIG, "a query has too many terms");
        rc = take_term(c, &f->terms[f->count++], err);
    }
    return rc;
}

enum gw_rc filter_parse_at(struct gw_view text, struct filter *ret_filter, size_t *ret_at, struct gw_err *err)
{
    struct filter f;
    struct cursor c = {text.ptr, text.len, 0};
    memset(&f, 0, sizeof(f));
    enum gw_rc rc = take_terms(&c, &f, err);
    if (rc)
        *ret_at = c.at + 1;
    else
        *ret_filter = f;
    return rc;
}

enum gw_rc filter_parse(struct gw_view text, struct filter *ret_filter, struct gw_err *err)
{
    size_t at;
    return filter_parse_at(text, ret_filter, &at, err);
}
