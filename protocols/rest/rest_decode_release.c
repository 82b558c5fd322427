/* Requests about vendor keys and releases. */
#include "rest_internal.h"

enum gw_rc rest_decode_key_add(const struct rest_call *call, struct gw_err *err)
{
    struct inbox_act *act = &call->msg->u.act;
    struct gw_view pem = {NULL, 0};
    if (!call->body || !json_has(call->body, "pem") || !json_has(call->body, "name"))
        return gw_err_set(err, GW_INVALID, "a JSON body with pem and name is needed");
    enum gw_rc rc = json_str(call->body, "name", act->text, VENDOR_KEY_NAME + 1, err);
    if (!rc)
        rc = json_text(call->body, "pem", &pem, err);
    return rc ? rc : rest_keep_blob(call, pem, err);
}

enum gw_rc rest_decode_keyid(const struct rest_call *call, struct gw_err *err)
{
    struct gw_sha256 digest;
    struct gw_view keyid = call->request->param[0];
    if (gw_hex_parse(keyid, digest.bytes, GW_SHA256_LEN))
        return gw_err_set(err, GW_INVALID, "the keyid in the path must be %d hex digits", VENDOR_KEYID_LEN);
    gw_hex_format(digest.bytes, GW_SHA256_LEN, call->msg->u.act.text);
    return GW_OK;
}

static enum gw_rc release_id(struct gw_view id, const char *what, struct inbox_act *act, struct gw_err *err)
{
    if (!release_id_valid(id))
        return gw_err_set(err, GW_INVALID, "%s must be %d hex digits", what, RELEASE_ID_LEN);
    return gw_view_copy_str(id, act->text, sizeof(act->text));
}

enum gw_rc rest_decode_release(const struct rest_call *call, struct gw_err *err)
{
    return release_id(call->request->param[0], "the release in the path", &call->msg->u.act, err);
}

enum gw_rc rest_decode_release_list(const struct rest_call *call, struct gw_err *err)
{
    struct rest_page page;
    enum gw_rc rc = rest_decode_page(call, &page, err);
    if (!rc && page.cursor.given)
        rc = release_id(rest_param_view(&page.cursor), "cursor", &call->msg->u.act, err);
    return rc ? rc : rest_decode_rows(call, &page.q, LIVE_RELEASES, err);
}
