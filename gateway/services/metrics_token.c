#include "metrics_token.h"

#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "gw_cleanup.h"
#include "gw_id.h"

#define KEY "metrics.token"

enum gw_rc metrics_token_load(const struct store *store, struct gw_sha256 *ret_sha256, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf value;
    gw_buf_init(&value, STORE_SETTING_MAX);
    *ret_sha256 = (struct gw_sha256){{0}};
    enum gw_rc rc = store->ops->setting_get(store->self, KEY, &value, err);
    if (rc)
        return rc == GW_NOT_FOUND ? GW_OK : rc;
    if (value.len != GW_SHA256_LEN)
        return gw_err_set(err, GW_CORRUPT, "setting " KEY);
    memcpy(ret_sha256->bytes, value.ptr, GW_SHA256_LEN);
    return GW_OK;
}

static enum gw_rc make(const struct gw_sha256_ops *hash, struct turn *turn, const struct inbox_msg *msg,
                       struct gw_err *err)
{
    uint8_t bytes[32];
    char token[METRICS_TOKEN_CHARS + 1] = METRICS_TOKEN_PREFIX;
    struct gw_sha256 sha256;
    gw_random(bytes, sizeof(bytes));
    gw_hex_format(bytes, sizeof(bytes), token + sizeof(METRICS_TOKEN_PREFIX) - 1);
    hash->digest(gw_view_str(token), &sha256);
    enum gw_rc rc =
        turn->store->ops->setting_put(turn->store->self, KEY, gw_view_make(sha256.bytes, sizeof(sha256.bytes)), err);
    if (!rc)
        rc = audit_note(turn, AUDIT_METRICS_TOKEN, msg->u.act.actor.name, "metrics", "a new token was made", err);
    if (!rc) {
        struct answer *answer = turn_answer(turn, ANSWER_METRICS_TOKEN, msg->asker);
        (void)snprintf(answer->text, sizeof(answer->text), "%s", token);
        turn_out(turn, OUT_METRICS_TOKEN)->token_sha256 = sha256;
    }
    explicit_bzero(bytes, sizeof(bytes));
    explicit_bzero(token, sizeof(token));
    return rc;
}

static enum gw_rc revoke(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct gw_sha256 stored;
    static const struct gw_sha256 none;
    enum gw_rc rc = metrics_token_load(turn->store, &stored, err);
    if (!rc && gw_sha256_eq(&stored, &none)) {
        turn_done(turn, msg->asker, GW_NOT_FOUND, "there is no token");
        return GW_OK;
    }
    if (!rc)
        rc = turn->store->ops->setting_delete(turn->store->self, KEY, err);
    if (!rc)
        rc = audit_note(turn, AUDIT_METRICS_TOKEN, msg->u.act.actor.name, "metrics", "the token was revoked", err);
    if (rc)
        return rc;
    turn_done(turn, msg->asker, GW_OK, "the token is revoked");
    (void)turn_out(turn, OUT_METRICS_TOKEN);
    return GW_OK;
}

enum gw_rc metrics_token_act(const struct gw_sha256_ops *hash, struct turn *turn, const struct inbox_msg *msg,
                             struct gw_err *err)
{
    return msg->u.act.kind == ACT_METRICS_TOKEN ? make(hash, turn, msg, err) : revoke(turn, msg, err);
}
