#include "rest_cookie.h"

#include "gw_id.h"

/* How many cookies of this name there are, and the last one's value. */
static int find(struct gw_view header, const char *wanted, struct gw_view *ret_value)
{
    int count = 0;
    while (header.len > 0) {
        struct gw_view value = {NULL, 0};
        struct gw_view pair = gw_view_trim(gw_view_cut(header, ';', &header));
        struct gw_view name = gw_view_cut(pair, '=', &value);
        if (!gw_view_eq_str(name, wanted))
            continue;
        *ret_value = value;
        count++;
    }
    return count;
}

enum gw_rc rest_cookie_parse(struct gw_view header, unsigned char ret_id[REST_COOKIE_ID_LEN])
{
    struct gw_view found = {NULL, 0};
    int count = find(header, REST_COOKIE_NAME, &found);
    return count == 1 && gw_hex_parse(found, ret_id, REST_COOKIE_ID_LEN) == GW_OK ? GW_OK : GW_NOT_FOUND;
}

void rest_cookie_known(struct gw_view header, char ret_text[REST_COOKIE_KNOWN_CHARS + 1])
{
    unsigned char bytes[REST_COOKIE_KNOWN_CHARS / 2];
    struct gw_view found = {NULL, 0};
    ret_text[0] = '\0';
    if (find(header, REST_COOKIE_KNOWN, &found) == 1 && gw_hex_parse(found, bytes, sizeof(bytes)) == GW_OK)
        gw_hex_format(bytes, sizeof(bytes), ret_text);
}
