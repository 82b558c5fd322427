#include <string.h>

#include "filter.h"

static uint8_t to_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool begins(struct gw_view v, struct gw_view prefix)
{
    if (v.len < prefix.len)
        return false;
    for (size_t i = 0; i < prefix.len; i++)
        if (to_lower(v.ptr[i]) != to_lower(prefix.ptr[i]))
            return false;
    return true;
}

static bool contains(struct gw_view v, struct gw_view part)
{
    for (; v.len >= part.len; v.ptr++, v.len--) {
        if (begins(v, part))
            return true;
        if (v.len == 0)
            return false;
    }
    return false;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* The run of digits at the start, without leading zeroes; the view moves behind it. */
static struct gw_view take_number(struct gw_view *v)
{
    struct gw_view n = {v->ptr, 0};
    while (v->len && is_digit(*v->ptr)) {
        v->ptr++;
        v->len--;
        n.len++;
    }
    while (n.len > 1 && *n.ptr == '0') {
        n.ptr++;
        n.len--;
    }
    return n;
}

static int number_cmp(struct gw_view a, struct gw_view b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return memcmp(a.ptr, b.ptr, a.len);
}

int filter_version_cmp(struct gw_view a, struct gw_view b)
{
    while (a.len && b.len) {
        if (is_digit(*a.ptr) && is_digit(*b.ptr)) {
            int cmp = number_cmp(take_number(&a), take_number(&b));
            if (cmp)
                return cmp;
            continue;
        }
        uint8_t x = to_lower(*a.ptr), y = to_lower(*b.ptr);
        if (x != y)
            return x < y ? -1 : 1;
        a.ptr++;
        a.len--;
        b.ptr++;
        b.len--;
    }
    return a.len ? 1 : b.len ? -1 : 0;
}

/* cmp: how the field stands to the term's value. */
static bool in_order(enum filter_op op, int cmp)
{
    switch (op) {
    case FILTER_LESS:
        return cmp < 0;
    case FILTER_LESS_EQ:
        return cmp <= 0;
    case FILTER_MORE:
        return cmp > 0;
    case FILTER_MORE_EQ:
        return cmp >= 0;
    case FILTER_TEXT:
    case FILTER_IS:
    case FILTER_BEGINS:
        return false;
    }
    return false;
}

static bool ordered(const struct filter_term *term, const struct filter_field *field, struct gw_view text,
                    struct gw_wall now)
{
    if (field->value.len == 0)
        return false;
    if (!term->has_age || !field->is_time)
        return in_order(term->op, filter_version_cmp(field->value, text));
    int64_t age_ms = now.ms > field->t.ms ? now.ms - field->t.ms : 0;
    return in_order(term->op, age_ms < term->age_ms ? -1 : age_ms > term->age_ms);
}

static bool is_value(const struct filter_field *field, struct gw_view text)
{
    if (field->value.len == text.len && begins(field->value, text))
        return true;
    return field->is_bool && gw_view_eq_str_nocase(text, gw_view_eq_str(field->value, "true") ? "yes" : "no");
}

static bool holds_for(const struct filter_term *term, const struct filter_field *field, struct gw_wall now)
{
    struct gw_view text = {term->text, term->len};
    switch (term->op) {
    case FILTER_TEXT:
        return contains(field->value, text);
    case FILTER_IS:
        return is_value(field, text);
    case FILTER_BEGINS:
        return begins(field->value, text);
    case FILTER_LESS:
    case FILTER_LESS_EQ:
    case FILTER_MORE:
    case FILTER_MORE_EQ:
        return ordered(term, field, text, now);
    }
    return false;
}

static bool holds(const struct filter_term *term, const struct filter_row *row, struct gw_wall now)
{
    bool seen = false;
    for (size_t i = 0; i < row->count; i++) {
        const struct filter_field *field = &row->fields[i];
        if (term->op != FILTER_TEXT && !gw_view_eq_str(field->key, term->key))
            continue;
        seen = true;
        if (holds_for(term, field, now))
            return true;
    }
    const struct filter_field missing = {.value = {.len = 0}};
    return !seen && holds_for(term, &missing, now);
}

bool filter_match(const struct filter *filter, const struct filter_row *row, struct gw_wall now)
{
    for (size_t i = 0; i < filter->count; i++)
        if (holds(&filter->terms[i], row, now) == filter->terms[i].negated)
            return false;
    return true;
}

bool filter_ages(const struct filter *filter)
{
    for (size_t i = 0; i < filter->count; i++)
        if (filter->terms[i].has_age)
            return true;
    return false;
}

static bool term_eq(const struct filter_term *a, const struct filter_term *b)
{
    return a->op == b->op && a->negated == b->negated && strcmp(a->key, b->key) == 0 && a->len == b->len &&
           memcmp(a->text, b->text, a->len) == 0;
}

bool filter_eq(const struct filter *a, const struct filter *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!term_eq(&a->terms[i], &b->terms[i]))
            return false;
    return true;
}
