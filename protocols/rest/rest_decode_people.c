/* Requests about sessions and accounts. */
#include "gw_cleanup.h"
#include "rest_cookie.h"
#include "rest_internal.h"

#define PASSWORD_MAX 1024 /* bytes that are looked at; what a password may have is core's to say */

static enum gw_rc get_password(const struct rest_call *call, const char *key, struct gw_view *ret_text,
                               struct gw_err *err)
{
    enum gw_rc rc = rest_need_body(call, err);
    if (!rc)
        rc = rest_required(json_text(call->body, key, ret_text, err), err);
    if (!rc && (ret_text->len == 0 || ret_text->len > PASSWORD_MAX))
        return gw_err_set(err, GW_INVALID, "%s must be from 1 to %d bytes long", key, PASSWORD_MAX);
    return rc;
}

/* Two with a NUL between them, which JSON texts here never hold. */
static enum gw_rc keep_both(const struct rest_call *call, struct gw_view first, struct gw_view second,
                            struct gw_err *err)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf both;
    gw_buf_init(&both, 2 * PASSWORD_MAX + 1);
    (void)gw_buf_add_view(&both, first);
    (void)gw_buf_add_u8(&both, 0);
    if (gw_buf_add_view(&both, second))
        return gw_err_set(err, GW_NO_MEMORY, "no memory for the request");
    return rest_keep_blob(call, gw_buf_view(&both), err);
}

static enum gw_rc one_password(const struct rest_call *call, struct gw_err *err)
{
    struct gw_view password = {NULL, 0};
    enum gw_rc rc = get_password(call, "password", &password, err);
    return rc ? rc : rest_keep_blob(call, password, err);
}

static enum gw_rc get_name(const struct rest_call *call, struct gw_err *err)
{
    struct inbox_act *act = &call->msg->u.act;
    enum gw_rc rc = rest_need_body(call, err);
    return rc ? rc : rest_required(json_str(call->body, "name", act->name, sizeof(act->name), err), err);
}

static enum gw_rc get_role(const struct rest_call *call, struct gw_err *err)
{
    struct gw_view text = {NULL, 0};
    enum user_role role;
    enum gw_rc rc = rest_need_body(call, err);
    if (!rc)
        rc = rest_required(json_text(call->body, "role", &text, err), err);
    if (rc)
        return rc;
    if (user_role_parse(text, &role))
        return gw_err_set(err, GW_INVALID, "role must be viewer, operator or admin");
    call->msg->u.act.number = role;
    return GW_OK;
}

enum gw_rc rest_decode_sign_in(const struct rest_call *call, struct gw_err *err)
{
    _Static_assert(REST_COOKIE_KNOWN_CHARS < INBOX_NAME_MAX, "the cookie goes by act.text");
    enum gw_rc rc = get_name(call, err);
    if (!rc)
        rest_cookie_known(call->request->cookie, call->msg->u.act.text);
    return rc ? rc : one_password(call, err);
}

enum gw_rc rest_decode_password(const struct rest_call *call, struct gw_err *err)
{
    struct gw_view before = {NULL, 0}, after = {NULL, 0};
    enum gw_rc rc = get_password(call, "old", &before, err);
    if (!rc)
        rc = get_password(call, "new", &after, err);
    return rc ? rc : keep_both(call, before, after, err);
}

enum gw_rc rest_decode_user(const struct rest_call *call, struct gw_err *err)
{
    struct inbox_act *act = &call->msg->u.act;
    struct gw_view name = call->request->param[0];
    if (user_name_check(name) || gw_view_copy_str(name, act->name, sizeof(act->name)))
        return gw_err_set(err, GW_INVALID, "the name in the path must be 1 to 63 of a-z, 0-9, '.', '_', '-'");
    return GW_OK;
}

enum gw_rc rest_decode_user_add(const struct rest_call *call, struct gw_err *err)
{
    enum gw_rc rc = get_name(call, err);
    if (!rc)
        rc = get_role(call, err);
    return rc ? rc : one_password(call, err);
}

enum gw_rc rest_decode_user_role(const struct rest_call *call, struct gw_err *err)
{
    enum gw_rc rc = rest_decode_user(call, err);
    return rc ? rc : get_role(call, err);
}

enum gw_rc rest_decode_user_password(const struct rest_call *call, struct gw_err *err)
{
    enum gw_rc rc = rest_decode_user(call, err);
    return rc ? rc : one_password(call, err);
}
