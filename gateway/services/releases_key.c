/* Keys of vendors: none is trusted until an admin adds it, with its fingerprint in front of them. */
#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "gw_cleanup.h"
#include "releases_internal.h"

struct counting {
    size_t trusted;
};

static bool count_trusted(void *ctx, const struct vendor_key *key)
{
    struct counting *c = ctx;
    c->trusted += key->removed.ms == 0;
    return true;
}

struct gathering {
    struct answer *answer;
    size_t cap;
};

/* A removed key stays in the store but is shown no more. */
static bool gather_key(void *ctx, const struct vendor_key *key)
{
    struct gathering *g = ctx;
    if (key->removed.ms != 0)
        return true;
    if (g->answer->key_count == g->cap)
        return false;
    g->answer->keys[g->answer->key_count++] = *key;
    return true;
}

static enum gw_rc list(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct answer *answer = turn_answer(turn, ANSWER_KEYS, msg->asker);
    answer->keys = gw_xalloc(VENDOR_KEYS_MAX, sizeof(*answer->keys));
    struct gathering g = {answer, VENDOR_KEYS_MAX};
    return turn->store->ops->vendor_key_each(turn->store->self, gather_key, &g, err);
}

static enum gw_rc add(struct turn *turn, struct inbox_msg *msg)
{
    struct work *work = turn_work(turn, WORK_KEY, msg->asker);
    work->act = msg->u.act;
    work->blob = GW_TAKE(msg->blob);
    work->blob_len = msg->blob_len;
    return GW_OK;
}

static enum gw_rc remove_key(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    struct vendor_key key;
    enum gw_rc rc = turn->store->ops->vendor_key_get(turn->store->self, act->text, &key, err);
    if (rc == GW_NOT_FOUND || (!rc && key.removed.ms != 0)) {
        turn_done(turn, msg->asker, GW_NOT_FOUND, "no trusted vendor key has this keyid");
        return GW_OK;
    }
    key.removed = turn->now;
    turn_live_all(turn, LIVE_RELEASES); /* whose signatures count shows on each */
    if (!rc)
        rc = turn->store->ops->vendor_key_put(turn->store->self, &key, err);
    if (!rc)
        rc = audit_note(turn, AUDIT_KEY_REMOVED, act->actor.name, key.keyid, "a vendor key is trusted no more", err);
    if (!rc)
        turn_done(turn, msg->asker, GW_OK, "the key is trusted no more: see which staged releases it had signed");
    return rc;
}

enum gw_rc releases_key_act(struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    if (msg->u.act.kind == ACT_KEY_LIST)
        return list(turn, msg, err);
    return msg->u.act.kind == ACT_KEY_ADD ? add(turn, msg) : remove_key(turn, msg, err);
}

/* Is there room for it, and is it new? An answer is given when not. */
static enum gw_rc may_add(struct turn *turn, const struct inbox_msg *msg, const struct vendor_key *key, bool *ret_may,
                          struct gw_err *err)
{
    struct vendor_key known;
    struct counting c = {0};
    *ret_may = false;
    enum gw_rc rc = turn->store->ops->vendor_key_get(turn->store->self, key->keyid, &known, err);
    if (!rc && known.removed.ms == 0) {
        turn_done(turn, msg->asker, GW_EXISTS, "this key is trusted already");
        return GW_OK;
    }
    if (rc && rc != GW_NOT_FOUND)
        return rc;
    rc = turn->store->ops->vendor_key_each(turn->store->self, count_trusted, &c, err);
    if (!rc && c.trusted >= VENDOR_KEYS_MAX) {
        turn_done(turn, msg->asker, GW_CONFLICT, "so many vendor keys cannot be trusted at a time: remove one first");
        return GW_OK;
    }
    *ret_may = rc == GW_OK;
    return rc;
}

enum gw_rc releases_key_read(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    if (!msg->blob) {
        turn_done(turn, msg->asker, GW_INVALID, act->text);
        return GW_OK;
    }
    struct vendor_key key = *(const struct vendor_key *)(const void *)msg->blob;
    key.added = turn->now;
    bool may;
    enum gw_rc rc = may_add(turn, msg, &key, &may, err);
    if (rc || !may)
        return rc;
    turn_live_all(turn, LIVE_RELEASES);
    rc = turn->store->ops->vendor_key_put(turn->store->self, &key, err);
    if (!rc)
        rc = audit_note(turn, AUDIT_KEY_ADDED, act->actor.name, key.keyid, "releases signed by this key are trusted",
                        err);
    if (rc)
        return rc;
    struct answer *answer = turn_answer(turn, ANSWER_KEYS, msg->asker);
    answer->single = true;
    answer->keys = gw_xalloc(1, sizeof(*answer->keys));
    answer->keys[answer->key_count++] = key;
    return GW_OK;
}

enum gw_rc releases_trusted(const struct store *store, const char signers[VENDOR_SIGNERS_MAX][VENDOR_KEYID_LEN + 1],
                            size_t count, unsigned *ret_trusted, struct gw_err *err)
{
    *ret_trusted = 0;
    for (size_t i = 0; i < count; i++) {
        struct vendor_key key;
        enum gw_rc rc = store->ops->vendor_key_get(store->self, signers[i], &key, err);
        if (rc && rc != GW_NOT_FOUND)
            return rc;
        *ret_trusted += rc == GW_OK && key.removed.ms == 0;
    }
    return GW_OK;
}
