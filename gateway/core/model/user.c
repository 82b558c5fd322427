#include "user.h"

const char *user_role_text(enum user_role role)
{
    switch (role) {
    case USER_VIEWER:
        return "viewer";
    case USER_OPERATOR:
        return "operator";
    case USER_ADMIN:
        return "admin";
    }
    return "unknown";
}

enum gw_rc user_role_parse(struct gw_view text, enum user_role *ret_role)
{
    static const enum user_role roles[] = {USER_VIEWER, USER_OPERATOR, USER_ADMIN};
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (gw_view_eq_str(text, user_role_text(roles[i]))) {
            *ret_role = roles[i];
            return GW_OK;
        }
    return GW_INVALID;
}

static bool name_char(uint8_t c, bool first)
{
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return true;
    return !first && (c == '.' || c == '_' || c == '-');
}

bool actor_is_token(const struct actor *actor)
{
    static const struct gw_sha256 none;
    return !gw_sha256_eq(&actor->token, &none);
}

enum gw_rc user_name_check(struct gw_view name)
{
    if (name.len == 0 || name.len >= USER_NAME_MAX)
        return GW_INVALID;
    for (size_t i = 0; i < name.len; i++)
        if (!name_char(name.ptr[i], i == 0))
            return GW_INVALID;
    return GW_OK;
}
