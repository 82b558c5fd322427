#include "rest_cookie.h"

#include "gw_id.h"

enum gw_rc rest_cookie_parse(struct gw_view header, unsigned char ret_id[REST_COOKIE_ID_LEN])
{
    struct gw_view found = {NULL, 0};
    int count = 0;
    while (header.len > 0) {
        struct gw_view value = {NULL, 0};
        struct gw_view pair = gw_view_trim(gw_view_cut(header, ';', &header));
        struct gw_view name = gw_view_cut(pair, '=', &value);
        if (!gw_view_eq_str(name, REST_COOKIE_NAME))
            continue;
        found = value;
        count++;
    }
    return count == 1 && gw_hex_parse(found, ret_id, REST_COOKIE_ID_LEN) == GW_OK ? GW_OK : GW_NOT_FOUND;
}
