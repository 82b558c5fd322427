#include "rest_bearer.h"

#include "token.h"

enum gw_rc rest_bearer_parse(struct gw_view header, struct gw_view *ret_token)
{
    struct gw_view given = {NULL, 0};
    struct gw_view scheme = gw_view_cut(gw_view_trim(header), ' ', &given);
    given = gw_view_trim(given);
    if (!gw_view_eq_str_nocase(scheme, "bearer") || !token_text_check(given))
        return GW_NOT_FOUND;
    *ret_token = given;
    return GW_OK;
}
