#include "gw_num.h"

enum gw_rc gw_parse_u64(struct gw_view v, uint64_t max, uint64_t *ret_value)
{
    if (v.len == 0 || (v.len > 1 && v.ptr[0] == '0'))
        return GW_INVALID;
    uint64_t value = 0;
    bool fits = true;
    for (size_t i = 0; i < v.len; i++) {
        if (v.ptr[i] < '0' || v.ptr[i] > '9')
            return GW_INVALID;
        fits = fits && gw_mul_u64(value, 10, &value) && gw_add_u64(value, (uint64_t)(v.ptr[i] - '0'), &value);
    }
    if (!fits || value > max)
        return GW_TOO_BIG;
    *ret_value = value;
    return GW_OK;
}

enum gw_rc gw_parse_i64(struct gw_view v, int64_t min, int64_t max, int64_t *ret_value)
{
    bool negative = v.len > 0 && v.ptr[0] == '-';
    if (negative)
        v = gw_view_make(v.ptr + 1, v.len - 1);
    uint64_t magnitude;
    enum gw_rc rc = gw_parse_u64(v, (uint64_t)INT64_MAX + negative, &magnitude);
    if (rc)
        return rc;
    /* not -(int64_t)magnitude: INT64_MIN has no positive twin */
    int64_t value = negative && magnitude ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
    if (value < min || value > max)
        return GW_TOO_BIG;
    *ret_value = value;
    return GW_OK;
}
