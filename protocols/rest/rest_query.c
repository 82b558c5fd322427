#include "rest_query.h"

#include <string.h>

#include "gw_id.h"

static enum gw_rc decode(struct gw_view raw, struct rest_param *p, struct gw_err *err)
{
    p->len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        uint8_t c = raw.ptr[i];
        if (p->len == REST_QUERY_VALUE_MAX)
            return gw_err_set(err, GW_INVALID, "%s is longer than %d bytes", p->key, REST_QUERY_VALUE_MAX);
        if (c == '%') {
            if (raw.len - i < 3 || gw_hex_parse(gw_view_make(raw.ptr + i + 1, 2), &c, 1))
                return gw_err_set(err, GW_INVALID, "%s has a %% without two hex digits", p->key);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        p->value[p->len++] = (char)c;
    }
    p->value[p->len] = '\0';
    p->given = true;
    return GW_OK;
}

static enum gw_rc unknown_key(const struct rest_param params[], size_t count, struct gw_err *err)
{
    char keys[160] = "";
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(keys);
        (void)snprintf(keys + used, sizeof(keys) - used, "%s%s", i ? ", " : "", params[i].key);
    }
    return gw_err_set(err, GW_INVALID, count ? "the query takes only: %s" : "this takes no query%s", keys);
}

enum gw_rc rest_query_parse(struct gw_view query, struct rest_param params[], size_t count, struct gw_err *err)
{
    while (query.len > 0) {
        struct gw_view value, term = gw_view_cut(query, '&', &query);
        struct gw_view key = gw_view_cut(term, '=', &value);
        struct rest_param *p = NULL;
        for (size_t i = 0; i < count && !p; i++)
            if (gw_view_eq_str(key, params[i].key))
                p = &params[i];
        if (!p)
            return unknown_key(params, count, err);
        if (p->given)
            return gw_err_set(err, GW_INVALID, "%s is given twice", p->key);
        enum gw_rc rc = decode(value, p, err);
        if (rc)
            return rc;
    }
    return GW_OK;
}
