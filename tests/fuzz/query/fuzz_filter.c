/* Queries: what is read must be within its limits, must not depend on spaces around it, and a negated text must fit
 * exactly the rows that the text does not. The first byte cuts the input into query and row. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void check_terms(const struct filter *f)
{
    require(f->count <= FILTER_TERMS_MAX);
    for (size_t i = 0; i < f->count; i++) {
        const struct filter_term *t = &f->terms[i];
        require(t->op >= FILTER_TEXT && t->op <= FILTER_MORE_EQ && t->len <= FILTER_TEXT_MAX);
        require(memchr(t->key, 0, sizeof(t->key)) && (t->key[0] == '\0') == (t->op == FILTER_TEXT));
        require(!t->has_age || (t->age_ms >= 0 && t->age_ms <= FILTER_AGE_MAX));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct filter filter, again;
    uint8_t padded[FILTER_BYTES_MAX + 2];
    if (size == 0)
        return 0;
    size_t cut = data[0] < size - 1 ? data[0] : size - 1;
    struct gw_view query = {data + 1, cut}, rest = {data + 1 + cut, size - 1 - cut};
    size_t at = 0;
    if (filter_parse_at(query, &filter, &at, NULL)) {
        require(at >= 1 && at <= query.len + 1);
        return 0;
    }
    check_terms(&filter);
    if (query.len + 2 <= FILTER_BYTES_MAX) {
        padded[0] = ' ';
        memcpy(padded + 1, query.ptr, query.len);
        padded[query.len + 1] = ' ';
        require(filter_parse(gw_view_make(padded, query.len + 2), &again, NULL) == GW_OK);
        require(filter_eq(&filter, &again));
    }
    const struct gw_wall now = {INT64_C(1800000000000)};
    struct filter_field fields[2] = {
        {.key = gw_view_str("name"), .value = rest, .is_bool = cut & 1},
        {.key = gw_view_str("seen"), .value = rest, .is_time = true, .t = {now.ms - (int64_t)size * GW_HOUR_MS}}};
    const struct filter_row row = {fields, 2};
    bool fits = filter_match(&filter, &row, now);
    if (filter.count == 1) {
        filter.terms[0].negated = !filter.terms[0].negated;
        require(filter_match(&filter, &row, now) == !fits);
    }
    return 0;
}
