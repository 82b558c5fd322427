/* Typed getters over json_member(): what a member must look like, told by its key. */
#include <inttypes.h>

#include "gw_id.h"
#include "gw_num.h"
#include "json.h"

enum gw_rc json_text(const struct json_value *object, const char *key, struct gw_view *ret_text, struct gw_err *err)
{
    const struct json_value *value = NULL;
    enum gw_rc rc = json_member(object, key, JSON_KIND_TEXT, &value, err);
    return rc ? rc : json_as_text(value, ret_text);
}

enum gw_rc json_str(const struct json_value *object, const char *key, char *out, size_t size, struct gw_err *err)
{
    struct gw_view text;
    enum gw_rc rc = json_text(object, key, &text, err);
    if (rc)
        return rc;
    if (gw_view_copy_str(text, out, size))
        return gw_err_set(err, GW_INVALID, "%s must be at most %zu bytes long", key, size - 1);
    return GW_OK;
}

enum gw_rc json_i64(const struct json_value *object, const char *key, int64_t min, int64_t max, int64_t *ret_value,
                    struct gw_err *err)
{
    const struct json_value *value = NULL;
    int64_t n = 0;
    enum gw_rc rc = json_member(object, key, JSON_KIND_INTEGER, &value, err);
    if (!rc)
        rc = json_as_i64(value, &n);
    if (rc)
        return rc;
    if (n < min || n > max)
        return gw_err_set(err, GW_INVALID, "%s must be from %" PRId64 " to %" PRId64, key, min, max);
    *ret_value = n;
    return GW_OK;
}

enum gw_rc json_u64_text(const struct json_value *object, const char *key, uint64_t max, uint64_t *ret_value,
                         struct gw_err *err)
{
    struct gw_view text;
    enum gw_rc rc = json_text(object, key, &text, err);
    if (rc)
        return rc;
    if (gw_parse_u64(text, max, ret_value))
        return gw_err_set(err, GW_INVALID, "%s must be a decimal number in quotes, at most %" PRIu64, key, max);
    return GW_OK;
}

enum gw_rc json_bool(const struct json_value *object, const char *key, bool *ret_value, struct gw_err *err)
{
    const struct json_value *value = NULL;
    enum gw_rc rc = json_member(object, key, JSON_KIND_BOOL, &value, err);
    return rc ? rc : json_as_bool(value, ret_value);
}

enum gw_rc json_time(const struct json_value *object, const char *key, struct gw_wall *ret_time, struct gw_err *err)
{
    struct gw_view text;
    enum gw_rc rc = json_text(object, key, &text, err);
    if (rc)
        return rc;
    if (gw_wall_parse(text, ret_time))
        return gw_err_set(err, GW_INVALID, "%s must be an RFC 3339 time", key);
    return GW_OK;
}

enum gw_rc json_hex(const struct json_value *object, const char *key, void *out, size_t len, struct gw_err *err)
{
    struct gw_view text;
    enum gw_rc rc = json_text(object, key, &text, err);
    if (rc)
        return rc;
    if (gw_hex_parse(text, out, len))
        return gw_err_set(err, GW_INVALID, "%s must be %zu hex digits", key, len * 2);
    return GW_OK;
}

enum gw_rc json_base64(const struct json_value *object, const char *key, struct gw_buf *ret_bytes, struct gw_err *err)
{
    struct gw_view text;
    enum gw_rc rc = json_text(object, key, &text, err);
    if (rc)
        return rc;
    if (gw_base64_parse(text, ret_bytes))
        return gw_err_set(err, GW_INVALID, "%s must be base64 of a size that fits", key);
    return GW_OK;
}
