#include "tokens.h"

#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_num.h"

static bool load_one(void *ctx, const struct token *token)
{
    const struct token_change change = {.token = *token};
    token_table_apply(ctx, &change);
    return true;
}

enum gw_rc tokens_load(struct token_table *table, const struct store *store, struct gw_err *err)
{
    return store->ops->token_each(store->self, load_one, table, err);
}

enum gw_rc tokens_live(const struct turn *turn, const struct actor *actor, bool *ret_live, struct gw_err *err)
{
    struct token token;
    char name[sizeof(actor->name)];
    *ret_live = false;
    enum gw_rc rc = turn->store->ops->token_find(turn->store->self, &actor->token, &token, err);
    if (rc)
        return rc == GW_NOT_FOUND ? GW_OK : rc;
    (void)snprintf(name, sizeof(name), "token:%s", token.name);
    *ret_live =
        token_lives(&token, turn->now) && token_user_role(token.role) == actor->role && strcmp(name, actor->name) == 0;
    return GW_OK;
}

static enum gw_rc note(struct turn *turn, const struct inbox_msg *msg, const struct token *token, const char *text,
                       struct gw_err *err)
{
    char obj[USER_NAME_MAX + 8];
    bool metrics = strcmp(token->name, TOKEN_METRICS_NAME) == 0;
    (void)snprintf(obj, sizeof(obj), "%s%s", metrics ? "" : "token:", token->name);
    return audit_note(turn, metrics ? AUDIT_METRICS_TOKEN : AUDIT_TOKEN, msg->u.act.actor.name, obj, text, err);
}

/* Gives the token its secret, keeps the hash, and puts the text into the answer. */
static enum gw_rc make(struct tokens *t, struct turn *turn, const struct inbox_msg *msg, struct token *token,
                       struct gw_err *err)
{
    uint8_t bytes[TOKEN_SECRET_LEN];
    char text[TOKEN_CHARS + 1];
    const char *prefix = token->role == TOKEN_METRICS ? TOKEN_METRICS_PREFIX : TOKEN_PREFIX;
    gw_random(bytes, sizeof(bytes));
    (void)snprintf(text, sizeof(text), "%s", prefix);
    gw_hex_format(bytes, sizeof(bytes), text + strlen(prefix));
    t->hash->digest(gw_view_str(text), &token->sha256);
    token->created = turn->now;
    (void)snprintf(token->made_by, sizeof(token->made_by), "%s", msg->u.act.actor.name);
    enum gw_rc rc = turn->store->ops->token_put(turn->store->self, token, err);
    if (!rc) {
        struct answer *answer = turn_answer(turn, ANSWER_TOKENS, msg->asker);
        answer->single = true;
        answer->tokens = gw_xalloc(1, sizeof(*answer->tokens));
        answer->tokens[answer->token_count++] = *token;
        (void)snprintf(answer->text, sizeof(answer->text), "%s", text);
        turn_token(turn)->token = *token;
    }
    explicit_bzero(bytes, sizeof(bytes));
    explicit_bzero(text, sizeof(text));
    return rc;
}

static enum gw_rc make_metrics(struct tokens *t, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct token token = {.name = TOKEN_METRICS_NAME, .role = TOKEN_METRICS};
    enum gw_rc rc = make(t, turn, msg, &token, err);
    if (rc)
        return rc;
    turn->outs[turn->count - 2].answer->kind = ANSWER_METRICS_TOKEN; /* behind it: the change of the table */
    return note(turn, msg, &token, "a new token was made", err);
}

static enum gw_rc refuse(struct turn *turn, const struct inbox_msg *msg, enum gw_rc rc, const char *why)
{
    turn_done(turn, msg->asker, rc, why);
    return GW_OK;
}

static bool count_one(void *ctx, const struct token *token)
{
    size_t *others = ctx;
    *others += strcmp(token->name, TOKEN_METRICS_NAME) != 0;
    return true;
}

/* Is there room for this name? The token for metrics has a place of its own. False: it has been answered. */
static enum gw_rc may_add(struct turn *turn, const struct inbox_msg *msg, bool *ret_may, struct gw_err *err)
{
    const struct store *store = turn->store;
    struct token old;
    size_t others = 0;
    *ret_may = false;
    enum gw_rc rc = store->ops->token_get(store->self, msg->u.act.name, &old, err);
    if (!rc && token_lives(&old, turn->now))
        return refuse(turn, msg, GW_EXISTS, "a token of this name is there: revoke it, or choose another name");
    if (!rc) {
        *ret_may = true; /* it has ended: this one takes its place */
        return GW_OK;
    }
    if (rc != GW_NOT_FOUND)
        return rc;
    rc = store->ops->token_each(store->self, count_one, &others, err);
    if (rc)
        return rc;
    if (others >= TOKENS_MAX - 1)
        return refuse(turn, msg, GW_CONFLICT, "there are as many tokens as there can be: revoke one that is not used");
    *ret_may = true;
    return GW_OK;
}

static enum gw_rc add(struct tokens *t, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    struct token token = {.expires = {turn->now.ms + act->number * GW_DAY_MS}};
    char text[120];
    bool may;
    if (user_name_check(gw_view_str(act->name)))
        return refuse(turn, msg, GW_INVALID, "a name has 1 to 63 of a-z, 0-9, '.', '_', '-'");
    if (strcmp(act->name, TOKEN_METRICS_NAME) == 0)
        return refuse(turn, msg, GW_INVALID, "this name is that of the token of `gatehouse metrics-token`");
    if (gw_view_eq_str(gw_view_str(act->text), user_role_text(USER_ADMIN)))
        return refuse(turn, msg, GW_DENIED, "no token has the role admin: what only an admin may is for people");
    if (token_role_parse(gw_view_str(act->text), &token.role))
        return refuse(turn, msg, GW_INVALID, "role must be viewer, operator or metrics");
    if (act->number < 1 || act->number > TOKEN_DAYS_MAX)
        return refuse(turn, msg, GW_INVALID, "a token lasts from 1 to 365 days");
    (void)snprintf(token.name, sizeof(token.name), "%s", act->name);
    enum gw_rc rc = may_add(turn, msg, &may, err);
    if (rc || !may)
        return rc;
    rc = make(t, turn, msg, &token, err);
    (void)snprintf(text, sizeof(text), "a token was made, role %s, for %d day%s", token_role_text(token.role),
                   (int)act->number, gw_plural((uint64_t)act->number));
    return rc ? rc : note(turn, msg, &token, text, err);
}

static enum gw_rc revoke(struct turn *turn, const struct inbox_msg *msg, const char *name, struct gw_err *err)
{
    const struct store *store = turn->store;
    struct token token;
    enum gw_rc rc = store->ops->token_get(store->self, name, &token, err);
    if (rc == GW_NOT_FOUND)
        return refuse(turn, msg, GW_NOT_FOUND, msg->u.act.name[0] ? "no such token" : "there is no token");
    if (!rc)
        rc = store->ops->token_delete(store->self, name, err);
    if (rc)
        return rc;
    turn_done(turn, msg->asker, GW_OK, "the token is revoked");
    struct token_change *change = turn_token(turn);
    change->gone = true;
    change->token = token;
    return note(turn, msg, &token, "the token was revoked", err);
}

static bool gather(void *ctx, const struct token *token)
{
    struct answer *answer = ctx;
    if (answer->token_count == TOKENS_MAX)
        return false;
    answer->tokens[answer->token_count++] = *token;
    return true;
}

static enum gw_rc list(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct answer *answer = turn_answer(turn, ANSWER_TOKENS, msg->asker);
    answer->tokens = gw_xalloc(TOKENS_MAX, sizeof(*answer->tokens));
    return turn->store->ops->token_each(turn->store->self, gather, answer, err);
}

enum gw_rc tokens_act(struct tokens *t, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    switch ((int)msg->u.act.kind) {
    case ACT_TOKEN_LIST:
        return list(turn, msg, err);
    case ACT_TOKEN_ADD:
        return add(t, turn, msg, err);
    case ACT_TOKEN_REVOKE:
        return revoke(turn, msg, msg->u.act.name, err);
    case ACT_METRICS_TOKEN:
        return make_metrics(t, turn, msg, err);
    case ACT_METRICS_REVOKE:
        return revoke(turn, msg, TOKEN_METRICS_NAME, err);
    }
    return GW_INVALID;
}

enum gw_rc tokens_tick(struct tokens *t, struct turn *turn, struct gw_err *err)
{
    const struct store *store = turn->store;
    struct token used, stored;
    while (token_table_take_used(t->table, &used)) {
        enum gw_rc rc = store->ops->token_find(store->self, &used.sha256, &stored, err);
        if (rc == GW_NOT_FOUND)
            continue; /* revoked meanwhile */
        stored.used = used.used;
        if (!rc)
            rc = store->ops->token_put(store->self, &stored, err);
        if (rc)
            return rc;
    }
    return GW_OK;
}
