/* Tokens of programs: what is asked of them, and they as JSON. */
#include "rest_internal.h"

enum gw_rc rest_decode_token(const struct rest_call *call, struct gw_err *err)
{
    return rest_decode_user(call, err); /* their names have one grammar */
}

enum gw_rc rest_decode_token_add(const struct rest_call *call, struct gw_err *err)
{
    struct inbox_act *act = &call->msg->u.act;
    act->number = TOKEN_DAYS_DEFAULT;
    enum gw_rc rc = rest_need_body(call, err);
    if (!rc)
        rc = rest_required(json_str(call->body, "name", act->name, sizeof(act->name), err), err);
    if (!rc)
        rc = rest_required(json_str(call->body, "role", act->text, sizeof(act->text), err), err);
    if (!rc && json_has(call->body, "days"))
        rc = json_i64(call->body, "days", 1, TOKEN_DAYS_MAX, &act->number, err);
    return rc;
}

static void put_members(struct json_writer *w, const struct token *t)
{
    json_put_str(w, "name", t->name);
    json_put_str(w, "role", token_role_text(t->role));
    json_put_str(w, "made_by", t->made_by[0] ? t->made_by : NULL);
    json_put_time_or_null(w, "created", t->created);
    json_put_time_or_null(w, "expires", t->expires);
    json_put_time_or_null(w, "used", t->used);
}

void rest_put_tokens(struct json_writer *w, const struct answer *a)
{
    json_put_object(w, NULL);
    if (a->single) {
        json_put_str(w, "token", a->text);
        put_members(w, &a->tokens[0]);
        json_put_end(w);
        return;
    }
    json_put_array(w, "tokens");
    for (size_t i = 0; i < a->token_count; i++) {
        json_put_object(w, NULL);
        put_members(w, &a->tokens[i]);
        json_put_end(w);
    }
    json_put_end(w);
    json_put_end(w);
}
