/* From a request's path, query and body to the fields of struct inbox_act. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_num.h"
#include "rest_internal.h"

enum gw_rc rest_required(enum gw_rc rc, struct gw_err *err)
{
    if (rc == GW_NOT_FOUND && err)
        err->rc = GW_INVALID;
    return rc == GW_NOT_FOUND ? GW_INVALID : rc;
}

enum gw_rc rest_need_body(const struct rest_call *call, struct gw_err *err)
{
    return call->body ? GW_OK : gw_err_set(err, GW_INVALID, "a JSON body is needed");
}

enum gw_rc rest_keep_blob(const struct rest_call *call, struct gw_view bytes, struct gw_err *err)
{
    uint8_t *blob = malloc(bytes.len ? bytes.len : 1);
    if (!blob)
        return gw_err_set(err, GW_NO_MEMORY, "no memory for the request");
    if (bytes.len)
        memcpy(blob, bytes.ptr, bytes.len);
    call->msg->blob = blob;
    call->msg->blob_len = bytes.len;
    return GW_OK;
}

static enum gw_rc device_id(struct gw_view text, const char *what, struct gw_device_id *ret_id, struct gw_err *err)
{
    if (gw_device_id_parse(text, ret_id))
        return gw_err_set(
            err, GW_INVALID,
            "%s must be a device id: 3 to 63 of a-z, 0-9 and '-', not starting with '-', no reserved name", what);
    return GW_OK;
}

enum gw_rc rest_decode_device(const struct rest_call *call, struct gw_err *err)
{
    return device_id(call->request->param[0], "the device in the path", &call->msg->u.act.device, err);
}

enum gw_rc rest_decode_page(const struct rest_call *call, struct rest_page *ret_page, struct gw_err *err)
{
    struct rest_param params[] = {{.key = "q"}, {.key = "cursor"}, {.key = "limit"}};
    uint64_t limit = REST_LIST_DEFAULT;
    enum gw_rc rc = rest_query_parse(call->request->query, params, 3, err);
    if (rc)
        return rc;
    if (params[2].given && (gw_parse_u64(rest_param_view(&params[2]), REST_LIST_MAX, &limit) || limit == 0))
        return gw_err_set(err, GW_INVALID, "limit must be from 1 to %d", REST_LIST_MAX);
    call->msg->u.act.number = (int64_t)limit;
    *ret_page = (struct rest_page){.q = params[0], .cursor = params[1]};
    return GW_OK;
}

enum gw_rc rest_decode_rows(const struct rest_call *call, const struct rest_param *q, enum live_topic topic,
                            struct gw_err *err)
{
    struct inbox_msg *msg = call->msg;
    struct filter filter;
    if (!q->given)
        return GW_OK;
    enum gw_rc rc = filter_parse(rest_param_view(q), &filter, err);
    if (rc)
        return gw_err_wrap(err, GW_INVALID, "q");
    struct query *query = gw_xalloc(1, sizeof(*query));
    *query = (struct query){.kind = QUERY_ROWS, .limit = (uint32_t)msg->u.act.number};
    query->rows.topic = topic;
    query->rows.filter = filter;
    (void)snprintf(query->rows.behind, sizeof(query->rows.behind), "%s",
                   topic == LIVE_DEVICES ? msg->u.act.device.text : msg->u.act.text);
    if (topic == LIVE_ALERTS)
        memcpy(&query->rows.alerts, msg->blob, sizeof(query->rows.alerts));
    free(msg->blob);
    msg->blob = (uint8_t *)query;
    msg->blob_len = sizeof(*query);
    return GW_OK;
}

enum gw_rc rest_decode_device_list(const struct rest_call *call, struct gw_err *err)
{
    struct rest_page page;
    enum gw_rc rc = rest_decode_page(call, &page, err);
    if (!rc && page.cursor.given)
        rc = device_id(rest_param_view(&page.cursor), "cursor", &call->msg->u.act.device, err);
    return rc ? rc : rest_decode_rows(call, &page.q, LIVE_DEVICES, err);
}

enum gw_rc rest_decode_invite(const struct rest_call *call, struct gw_err *err)
{
    struct inbox_act *act = &call->msg->u.act;
    enum gw_rc rc = rest_decode_device(call, err);
    if (rc || !call->body || !json_has(call->body, "name"))
        return rc;
    return json_str(call->body, "name", act->text, sizeof(act->text), err);
}

enum gw_rc rest_decode_approve(const struct rest_call *call, struct gw_err *err)
{
    struct inbox_act *act = &call->msg->u.act;
    enum gw_rc rc = rest_decode_device(call, err);
    if (!rc)
        rc = rest_need_body(call, err);
    return rc ? rc
              : rest_required(json_hex(call->body, "spki_sha256", act->spki_sha256.bytes, GW_SHA256_LEN, err), err);
}

enum gw_rc rest_decode_door(const struct rest_call *call, struct gw_err *err)
{
    enum gw_rc rc = rest_need_body(call, err);
    return rc ? rc : rest_required(json_i64(call->body, "minutes", 1, 60, &call->msg->u.act.number, err), err);
}

/* People type the code as it is shown, in groups. */
static void drop_separators(char *code)
{
    size_t kept = 0;
    for (size_t i = 0; code[i]; i++)
        if (code[i] != '-' && code[i] != ' ')
            code[kept++] = code[i];
    code[kept] = '\0';
}

enum gw_rc rest_decode_claim(const struct rest_call *call, struct gw_err *err)
{
    struct inbox_act *act = &call->msg->u.act;
    struct gw_view password = {NULL, 0};
    enum gw_rc rc = rest_need_body(call, err);
    if (!rc)
        rc = rest_required(json_str(call->body, "code", act->text, sizeof(act->text), err), err);
    if (!rc)
        rc = rest_required(json_str(call->body, "name", act->name, sizeof(act->name), err), err);
    if (!rc)
        rc = rest_required(json_text(call->body, "password", &password, err), err);
    if (rc)
        return rc;
    if (password.len == 0 || password.len > 1024)
        return gw_err_set(err, GW_INVALID, "password must be from 1 to 1024 bytes long");
    drop_separators(act->text);
    return rest_keep_blob(call, password, err);
}
