#include "access.h"

#include <stdio.h>
#include <string.h>

#include "act_rule.h"
#include "audit_note.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_num.h"

#define CLAIM_BYTES       10 /* 80 bits, 16 base32 characters */
#define CLAIM_WAIT_MAX_MS (GW_SECOND_MS << 8)
#define KEY_CLAIMED       "claim.done"
#define KEY_CODE          "claim.code"

/* What is stored under KEY_CODE: hash ‖ expiry (u64, ms) ‖ wrong tries (u32), big-endian. */
struct claim {
    struct gw_sha256 code_sha256;
    struct gw_wall expires;
    uint32_t wrong;
};

enum gw_rc access_init(struct access *a, const struct gw_sha256_ops *hash, const struct gw_sha256 *server_key,
                       const struct store *store, struct gw_err *err)
{
    *a = (struct access){.hash = hash, .server_key = *server_key};
    GW_CLEANUP(gw_buf_done) struct gw_buf value;
    gw_buf_init(&value, STORE_SETTING_MAX);
    enum gw_rc rc = store->ops->setting_get(store->self, KEY_CLAIMED, &value, err);
    a->claimed = rc == GW_OK;
    return rc == GW_NOT_FOUND ? GW_OK : rc;
}

/* Acts of somebody who is not signed in. */
static enum gw_rc check_anonymous(const struct access *a, enum act_kind kind, struct gw_err *err)
{
    if (kind == ACT_CLAIM && a->claimed)
        return gw_err_set(err, GW_CONFLICT, "the gateway is claimed already: sign in");
    if (kind == ACT_SIGN_IN && !a->claimed)
        return gw_err_set(err, GW_CONFLICT, "the gateway is not claimed yet");
    return GW_OK;
}

enum gw_rc access_check(const struct access *a, const struct inbox_act *act, struct gw_err *err)
{
    if (act->kind == ACT_CLAIM || act->kind == ACT_CLAIM_GET || act->kind == ACT_SIGN_IN)
        return check_anonymous(a, act->kind, err);
    if (!a->claimed && !act->actor.local)
        return gw_err_set(err, GW_DENIED, "the gateway is not claimed yet");
    const struct act_rule *rule = act_rule(act->kind);
    if (!rule)
        return gw_err_set(err, GW_UNSUPPORTED, "no such act");
    if (rule->who == ACT_BY_PEOPLE && actor_is_token(&act->actor))
        return gw_err_set(err, GW_DENIED, "this is for people, not for tokens");
    if (act->actor.role < rule->role)
        return gw_err_set(err, GW_DENIED, "this needs the role %s", user_role_text(rule->role));
    if ((rule->root == ACT_ROOT_ALWAYS || (rule->root == ACT_ROOT_LOCALLY && act->actor.local)) &&
        !act->actor.superuser)
        return gw_err_set(err, GW_DENIED, "this needs root on the gateway itself");
    return GW_OK;
}

static enum gw_rc claim_get(struct turn *turn, struct claim *ret_claim, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf value;
    gw_buf_init(&value, STORE_SETTING_MAX);
    enum gw_rc rc = turn->store->ops->setting_get(turn->store->self, KEY_CODE, &value, err);
    if (rc)
        return rc;
    struct gw_reader r = {gw_buf_view(&value)};
    uint64_t expires;
    if (gw_read_into(&r, ret_claim->code_sha256.bytes, GW_SHA256_LEN) || gw_read_u64(&r, &expires) ||
        gw_read_u32(&r, &ret_claim->wrong) || r.rest.len)
        return gw_err_set(err, GW_CORRUPT, "setting " KEY_CODE);
    ret_claim->expires.ms = (int64_t)expires;
    return GW_OK;
}

static enum gw_rc claim_put(struct turn *turn, const struct claim *claim, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf value;
    gw_buf_init(&value, STORE_SETTING_MAX);
    (void)gw_buf_add(&value, claim->code_sha256.bytes, GW_SHA256_LEN);
    (void)gw_buf_add_u64(&value, (uint64_t)claim->expires.ms);
    enum gw_rc rc = gw_buf_add_u32(&value, claim->wrong);
    return rc ? rc : turn->store->ops->setting_put(turn->store->self, KEY_CODE, gw_buf_view(&value), err);
}

enum gw_rc access_claim_code(struct access *a, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    if (a->claimed) {
        turn_done(turn, msg->asker, GW_CONFLICT, "the gateway is claimed already");
        return GW_OK;
    }
    uint8_t bytes[CLAIM_BYTES];
    char code[GW_BASE32_LEN(CLAIM_BYTES) + 1];
    gw_random(bytes, sizeof(bytes));
    gw_base32_format(bytes, sizeof(bytes), code);
    struct claim claim = {.expires = {turn->now.ms + ACCESS_CLAIM_MS}};
    a->hash->digest(gw_view_make(bytes, sizeof(bytes)), &claim.code_sha256);
    enum gw_rc rc = claim_put(turn, &claim, err);
    if (!rc)
        rc = audit_note(turn, AUDIT_CLAIM_CODE, msg->u.act.actor.name, "gateway", "a claim code was made", err);
    if (!rc) {
        struct answer *answer = turn_answer(turn, ANSWER_CLAIM_CODE, msg->asker);
        (void)snprintf(answer->text, sizeof(answer->text), "%s", code);
        answer->expires = claim.expires;
        answer->sha256 = a->server_key;
    }
    explicit_bzero(bytes, sizeof(bytes));
    explicit_bzero(code, sizeof(code));
    return rc;
}

static struct access_source *source_of(struct access *a, const char *source)
{
    for (size_t i = 0; i < ACCESS_SOURCES; i++)
        if (strcmp(a->sources[i].source, source) == 0)
            return &a->sources[i];
    struct access_source *s = &a->sources[a->next_source];
    a->next_source = (a->next_source + 1) % ACCESS_SOURCES;
    *s = (struct access_source){.wrong = 0};
    (void)snprintf(s->source, sizeof(s->source), "%s", source);
    return s;
}

/* People type the code in groups: dashes and spaces do not count. */
static enum gw_rc code_bytes(const char *text, uint8_t out[CLAIM_BYTES])
{
    char plain[GW_BASE32_LEN(CLAIM_BYTES) + 1];
    size_t n = 0;
    for (; *text; text++) {
        if (*text == '-' || *text == ' ')
            continue;
        if (n == sizeof(plain) - 1)
            return GW_INVALID;
        plain[n++] = *text;
    }
    return gw_base32_parse(gw_view_make(plain, n), out, CLAIM_BYTES);
}

/* The code that opens the claim now; GW_NOT_FOUND, with the words for the person, when there is none. */
static enum gw_rc claim_valid(struct turn *turn, struct claim *ret_claim, struct gw_err *err)
{
    enum gw_rc rc = claim_get(turn, ret_claim, err);
    if (rc && rc != GW_NOT_FOUND)
        return rc;
    int64_t left = rc ? 0 : ret_claim->expires.ms - turn->now.ms; /* more than its life: the clock went back */
    if (left <= 0 || left > ACCESS_CLAIM_MS || ret_claim->wrong >= ACCESS_CLAIM_WRONG_MAX)
        return gw_err_set(err, GW_NOT_FOUND, "no claim code is valid now: run `gatehouse claim` on the gateway");
    return GW_OK;
}

static bool code_fits(const struct access *a, const struct claim *claim, const char *text)
{
    uint8_t bytes[CLAIM_BYTES];
    struct gw_sha256 hash;
    if (code_bytes(text, bytes))
        return false;
    a->hash->digest(gw_view_make(bytes, sizeof(bytes)), &hash);
    explicit_bzero(bytes, sizeof(bytes));
    return gw_view_eq_secret(gw_view_make(hash.bytes, GW_SHA256_LEN),
                             gw_view_make(claim->code_sha256.bytes, GW_SHA256_LEN));
}

static enum gw_rc claim_wrong(struct turn *turn, struct claim *claim, struct access_source *source,
                              const struct inbox_msg *msg, struct gw_err *err)
{
    source->wrong++;
    int64_t wait_ms = source->wrong < 8 ? GW_SECOND_MS << source->wrong : CLAIM_WAIT_MAX_MS;
    source->not_before.ms = turn->now.ms + wait_ms;
    claim->wrong++;
    turn_done(turn, msg->asker, GW_DENIED, "the claim code is wrong");
    enum gw_rc rc = claim_put(turn, claim, err);
    return rc ? rc
              : audit_note(turn, AUDIT_CLAIM_WRONG, msg->u.act.source, "gateway",
                           claim->wrong >= ACCESS_CLAIM_WRONG_MAX
                               ? "tenth wrong claim code: the code is void, make a new one with `gatehouse claim`"
                               : "a wrong claim code was given",
                           err);
}

enum gw_rc access_claim(struct access *a, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    struct inbox_act *act = &msg->u.act;
    struct access_source *source = source_of(a, act->source);
    int64_t wait_ms = source->not_before.ms - turn->now.ms; /* longer than any: the clock went back */
    if (wait_ms > 0 && wait_ms <= CLAIM_WAIT_MAX_MS) {
        turn_done(turn, msg->asker, GW_AGAIN, "too many wrong codes from your address: wait and try again");
        return GW_OK;
    }
    if (user_name_check(gw_view_str(act->name)) || msg->blob_len < ACCESS_PASSWORD_MIN ||
        msg->blob_len > ACCESS_PASSWORD_MAX) {
        turn_done(turn, msg->asker, GW_INVALID,
                  "a name of a-z, 0-9, '.', '_', '-' and a password of 12 to 256 bytes are needed");
        return GW_OK;
    }
    struct claim claim;
    struct gw_err why = {0};
    enum gw_rc rc = claim_valid(turn, &claim, &why);
    if (rc) {
        turn_done(turn, msg->asker, rc, gw_err_text(&why));
        return GW_OK;
    }
    if (!code_fits(a, &claim, act->text))
        return claim_wrong(turn, &claim, source, msg, err);
    struct work *work = turn_work(turn, WORK_PASSWORD, msg->asker);
    work->act = *act;
    work->lane = WORK_LANE_KNOWN; /* by the code */
    (void)snprintf(work->lane_key, sizeof(work->lane_key), "claim");
    work->blob = msg->blob;
    work->blob_len = msg->blob_len;
    msg->blob = NULL;
    return GW_OK;
}

enum gw_rc access_claim_hashed(struct access *a, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    struct claim claim;
    if (a->claimed || msg->blob_len == 0 || claim_valid(turn, &claim, NULL) || !code_fits(a, &claim, act->text)) {
        turn_done(turn, msg->asker, a->claimed ? GW_CONFLICT : GW_AGAIN, "the claim did not go through: try again");
        return GW_OK;
    }
    struct user user = {.role = USER_ADMIN, .created = turn->now};
    (void)snprintf(user.name, sizeof(user.name), "%s", act->name);
    enum gw_rc rc =
        gw_view_copy_str(gw_view_make(msg->blob, msg->blob_len), user.password_hash, sizeof(user.password_hash));
    const struct store *store = turn->store;
    if (!rc)
        rc = store->ops->user_put(store->self, &user, err);
    if (!rc)
        rc = store->ops->setting_put(store->self, KEY_CLAIMED, gw_view_str(user.name), err);
    if (!rc)
        rc = store->ops->setting_delete(store->self, KEY_CODE, err);
    if (!rc)
        rc = audit_note(turn, AUDIT_CLAIMED, act->source, user.name, "the gateway was claimed", err);
    if (rc)
        return rc;
    a->claimed = true;
    (void)turn_out(turn, OUT_OPEN_DEVICES);
    turn_done(turn, msg->asker, GW_OK, "claimed");
    return GW_OK;
}
