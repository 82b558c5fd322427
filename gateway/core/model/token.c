#include "token.h"

#include <string.h>

const char *token_role_text(enum token_role role)
{
    switch (role) {
    case TOKEN_VIEWER:
        return "viewer";
    case TOKEN_OPERATOR:
        return "operator";
    case TOKEN_METRICS:
        return "metrics";
    }
    return "unknown";
}

enum gw_rc token_role_parse(struct gw_view text, enum token_role *ret_role)
{
    static const enum token_role roles[] = {TOKEN_VIEWER, TOKEN_OPERATOR, TOKEN_METRICS};
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (gw_view_eq_str(text, token_role_text(roles[i]))) {
            *ret_role = roles[i];
            return GW_OK;
        }
    return GW_INVALID;
}

enum user_role token_user_role(enum token_role role)
{
    switch (role) {
    case TOKEN_VIEWER:
        return USER_VIEWER;
    case TOKEN_OPERATOR:
        return USER_OPERATOR;
    case TOKEN_METRICS:
        break;
    }
    return (enum user_role)0;
}

bool token_text_check(struct gw_view text)
{
    if (text.len != TOKEN_CHARS || !(gw_view_starts(text, TOKEN_PREFIX) || gw_view_starts(text, TOKEN_METRICS_PREFIX)))
        return false;
    for (size_t i = strlen(TOKEN_PREFIX); i < text.len; i++)
        if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') || (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
            return false;
    return true;
}

bool token_lives(const struct token *token, struct gw_wall now)
{
    return token->expires.ms == 0 || now.ms < token->expires.ms;
}
