/* Signing in and out, and one's own password. */
#include "people.h"

#include <stdio.h>
#include <string.h>

#include "access.h"
#include "audit_note.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_num.h"

/* Compared with when there is no such account; nothing hashes to it. */
#define DUMMY_HASH "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

void people_init(struct people *p, const struct gw_sha256_ops *hash, struct session_table *sessions)
{
    _Static_assert(THROTTLE_HOMES >= PEOPLE_MAX, "every account has room for its usual place");
    p->hash = hash;
    p->sessions = sessions;
    people_throttle_init(&p->throttle, hash);
}

static bool has_session(const struct actor *actor)
{
    static const struct gw_sha256 none;
    return !gw_sha256_eq(&actor->session, &none);
}

enum gw_rc people_live(struct people *p, const struct turn *turn, const struct actor *actor, bool *ret_live,
                       struct gw_err *err)
{
    struct session_entry session;
    struct user user;
    *ret_live = !has_session(actor);
    if (*ret_live || session_table_find(p->sessions, &actor->session, turn->now, &session))
        return GW_OK;
    enum gw_rc rc = turn->store->ops->user_get(turn->store->self, session.name, &user, err);
    if (rc)
        return rc == GW_NOT_FOUND ? GW_OK : rc;
    *ret_live = !user.disabled && user.rev == session.user_rev;
    explicit_bzero(&user, sizeof(user));
    return GW_OK;
}

void people_ended(struct turn *turn, struct asker asker, const char *why)
{
    struct answer *answer = turn_answer(turn, ANSWER_UNAUTHORIZED, asker);
    answer->rc = GW_DENIED;
    (void)snprintf(answer->text, sizeof(answer->text), "%s", why);
}

static void too_early(struct turn *turn, const struct inbox_msg *msg, const char *why, int64_t wait_ms)
{
    turn_done(turn, msg->asker, GW_AGAIN, why);
    turn->outs[turn->count - 1].answer->retry_after_s = (int)((wait_ms + GW_SECOND_MS - 1) / GW_SECOND_MS);
}

/* Refuses who comes too early. False: go on. */
static enum gw_rc must_wait(struct people *p, struct turn *turn, const struct inbox_msg *msg,
                            const struct throttle_who *who, bool *ret_wait, struct gw_err *err)
{
    bool first;
    int64_t wait_ms = people_throttle_wait(&p->throttle, who, turn->now, &first);
    *ret_wait = wait_ms > 0;
    if (!*ret_wait)
        return GW_OK;
    too_early(turn, msg, "too many tries: wait and try again", wait_ms);
    if (!first)
        return GW_OK;
    return audit_note(turn, AUDIT_SIGN_IN_WAITS, msg->u.act.source, "gateway",
                      "too many wrong passwords: tries are refused unchecked until the wait is over", err);
}

/* A try begins. */
static struct work *give_check(struct people *p, struct turn *turn, struct inbox_msg *msg,
                               const struct throttle_who *who, const struct user *user)
{
    people_throttle_try(&p->throttle, who, turn->now);
    struct work *work = turn_work(turn, WORK_CHECK, msg->asker);
    work->act = msg->u.act;
    work->act.checked_rev = user ? user->rev : 0;
    (void)snprintf(work->password_hash, sizeof(work->password_hash), "%s", user ? user->password_hash : DUMMY_HASH);
    work->blob = GW_TAKE(msg->blob);
    work->blob_len = msg->blob_len;
    return work;
}

/* Which queue it waits in depends on what the asker has shown, never on whether there is such an account. */
static void choose_lane(struct people *p, struct work *work, const struct throttle_who *who)
{
    work->lane = WORK_LANE_KNOWN;
    (void)snprintf(work->lane_key, sizeof(work->lane_key), "%s", who->name);
    if (!who->browser->known) {
        bool familiar = people_throttle_familiar(&p->throttle, who->source);
        char key[HTTP_SOURCE_MAX];
        people_throttle_source(who->source, key);
        work->lane = familiar ? WORK_LANE_FAMILIAR : WORK_LANE_STRANGER;
        (void)snprintf(work->lane_key, sizeof(work->lane_key), "%s", key);
    }
    work->act.text[0] = '\0';
    if (who->browser->known)
        gw_hex_format(who->browser->id, sizeof(who->browser->id), work->act.text);
}

/* What choose_lane() has noted of the browser. */
static struct people_browser browser_of(const struct inbox_act *act)
{
    struct people_browser b = {.known = false};
    b.known = act->kind == ACT_SIGN_IN && gw_hex_parse(gw_view_str(act->text), b.id, sizeof(b.id)) == GW_OK;
    return b;
}

static enum gw_rc sign_in(struct people *p, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    struct people_browser browser;
    const struct throttle_who who = {act->name, act->source, &browser};
    struct user user;
    bool wait;
    enum gw_rc rc = people_browser_check(p->hash, turn, act->name, act->text, &browser, err);
    if (!rc)
        rc = must_wait(p, turn, msg, &who, &wait, err);
    if (rc || wait)
        return rc;
    rc = turn->store->ops->user_get(turn->store->self, act->name, &user, err);
    if (rc && rc != GW_NOT_FOUND)
        return rc;
    choose_lane(p, give_check(p, turn, msg, &who, !rc && !user.disabled ? &user : NULL), &who);
    explicit_bzero(&user, sizeof(user));
    return GW_OK;
}

static void fill_session(struct answer *answer, const struct session_entry *s)
{
    (void)snprintf(answer->session.name, sizeof(answer->session.name), "%s", s->name);
    (void)snprintf(answer->session.csrf, sizeof(answer->session.csrf), "%s", s->csrf);
    answer->session.role = s->role;
    answer->session.began = s->began;
    answer->session.ends.ms = s->began.ms + SESSION_LIFE_MS;
}

/* A session of one's own: people_live() has found it in this turn. */
static enum gw_rc own_session(struct people *p, struct turn *turn, const struct inbox_msg *msg,
                              struct session_entry *ret_session)
{
    const struct actor *actor = &msg->u.act.actor;
    if (has_session(actor) && !session_table_find(p->sessions, &actor->session, turn->now, ret_session))
        return GW_OK;
    people_ended(turn, msg->asker, "the session has ended: sign in again");
    return GW_NOT_FOUND;
}

static enum gw_rc sign_out(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct actor *actor = &msg->u.act.actor;
    turn_session(turn, SESSION_END)->entry.key = actor->session;
    struct answer *answer = turn_answer(turn, ANSWER_SIGNED_OUT, msg->asker);
    (void)snprintf(answer->text, sizeof(answer->text), "signed out");
    return audit_note(turn, AUDIT_SIGNED_OUT, actor->name, "gateway", "signed out", err);
}

static bool new_password_fits(const struct inbox_msg *msg)
{
    const uint8_t *end = msg->blob ? memchr(msg->blob, 0, msg->blob_len) : NULL;
    size_t len = end ? msg->blob_len - (size_t)(end - msg->blob) - 1 : 0;
    return len >= ACCESS_PASSWORD_MIN && len <= ACCESS_PASSWORD_MAX;
}

static enum gw_rc change_password(struct people *p, struct turn *turn, struct inbox_msg *msg, const char *name,
                                  struct gw_err *err)
{
    struct user user;
    bool wait;
    if (!new_password_fits(msg)) {
        turn_done(turn, msg->asker, GW_INVALID, "a password has from 12 to 256 bytes");
        return GW_OK;
    }
    const struct throttle_who who = {name, msg->u.act.source, NULL};
    enum gw_rc rc = must_wait(p, turn, msg, &who, &wait, err);
    if (rc || wait)
        return rc;
    rc = turn->store->ops->user_get(turn->store->self, name, &user, err);
    if (rc)
        return rc;
    int64_t wait_ms = people_throttle_change(&p->throttle, name, turn->now);
    if (wait_ms > 0) {
        too_early(turn, msg, "too many changes of this password: wait and try again", wait_ms);
        explicit_bzero(&user, sizeof(user));
        return GW_OK;
    }
    struct work *work = give_check(p, turn, msg, &who, &user);
    work->lane = WORK_LANE_KNOWN;
    (void)snprintf(work->lane_key, sizeof(work->lane_key), "%s", msg->u.act.actor.name);
    explicit_bzero(&user, sizeof(user));
    return GW_OK;
}

enum gw_rc people_act(struct people *p, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    struct session_entry session;
    if (msg->u.act.kind == ACT_SIGN_IN)
        return sign_in(p, turn, msg, err);
    if (own_session(p, turn, msg, &session))
        return GW_OK;
    if (msg->u.act.kind == ACT_SIGN_OUT)
        return sign_out(turn, msg, err);
    if (msg->u.act.kind == ACT_PASSWORD)
        return change_password(p, turn, msg, session.name, err);
    fill_session(turn_answer(turn, ANSWER_SESSION, msg->asker), &session);
    return GW_OK;
}

/* Neither the answer nor the time it takes tells which of name and password was wrong; the audit log knows. What was
 * typed as an unknown name is not kept: it may be a password. */
static enum gw_rc wrong(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    char subj[USER_NAME_MAX + 8], text[160];
    struct answer *answer = turn_answer(turn, ANSWER_SESSION, msg->asker);
    answer->rc = GW_DENIED;
    (void)snprintf(answer->text, sizeof(answer->text), "name or password is wrong");
    (void)snprintf(subj, sizeof(subj), "user:%s", act->name);
    (void)snprintf(text, sizeof(text), "wrong %s from %s",
                   act->checked_rev ? "password" : "name, or a disabled account", act->source);
    return audit_note(turn, AUDIT_SIGN_IN_WRONG, act->checked_rev ? subj : act->source, "gateway", text, err);
}

static enum gw_rc begin_session(struct people *p, struct turn *turn, const struct inbox_msg *msg,
                                const struct user *user, struct gw_err *err)
{
    uint8_t id[SESSION_ID_LEN], csrf[SESSION_ID_LEN];
    gw_random(id, sizeof(id));
    gw_random(csrf, sizeof(csrf));
    struct session_entry *s = &turn_session(turn, SESSION_BEGIN)->entry;
    p->hash->digest(gw_view_make(id, sizeof(id)), &s->key);
    gw_hex_format(csrf, sizeof(csrf), s->csrf);
    (void)snprintf(s->name, sizeof(s->name), "%s", user->name);
    s->role = user->role;
    s->user_rev = user->rev;
    s->began = s->used = turn->now;
    struct answer *answer = turn_answer(turn, ANSWER_SESSION, msg->asker);
    fill_session(answer, s);
    gw_hex_format(id, sizeof(id), answer->session.cookie);
    explicit_bzero(id, sizeof(id));
    explicit_bzero(csrf, sizeof(csrf));
    return people_browser_make(p->hash, turn, user->name, answer->session.known, err);
}

static enum gw_rc signed_in(struct people *p, struct turn *turn, const struct inbox_msg *msg, const struct user *user,
                            struct gw_err *err)
{
    char subj[USER_NAME_MAX + 8], text[160];
    struct people_browser browser = browser_of(&msg->u.act);
    const struct throttle_who who = {user->name, msg->u.act.source, &browser};
    int failed = people_throttle_right(&p->throttle, &who);
    enum gw_rc rc = begin_session(p, turn, msg, user, err);
    if (rc)
        return rc;
    (void)snprintf(subj, sizeof(subj), "user:%s", user->name);
    int n = snprintf(text, sizeof(text), "signed in from %s", msg->u.act.source);
    if (failed > 0 && n > 0 && (size_t)n < sizeof(text))
        (void)snprintf(text + n, sizeof(text) - (size_t)n, " after %d failed tr%s", failed, failed == 1 ? "y" : "ies");
    return audit_note(turn, failed > 0 ? AUDIT_SIGNED_IN_LATE : AUDIT_SIGNED_IN, subj, "gateway", text, err);
}

static enum gw_rc password_changed(struct people *p, struct turn *turn, const struct inbox_msg *msg, struct user *user,
                                   struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    enum gw_rc rc =
        gw_view_copy_str(gw_view_make(msg->blob, msg->blob_len), user->password_hash, sizeof(user->password_hash));
    if (!rc)
        rc = turn->store->ops->user_put(turn->store->self, user, err);
    if (rc)
        return rc;
    const struct throttle_who who = {user->name, act->source, NULL};
    (void)people_throttle_right(&p->throttle, &who);
    struct session_change *change = turn_session(turn, SESSION_END_USER);
    change->keep = true;
    change->entry.key = act->actor.session;
    change->entry.user_rev = user->rev;
    (void)snprintf(change->entry.name, sizeof(change->entry.name), "%s", user->name);
    turn_done(turn, msg->asker, GW_OK, "the password is changed; your other sessions have ended");
    return audit_note(turn, AUDIT_PASSWORD_CHANGED, act->actor.name, act->actor.name,
                      "changed the own password; other sessions ended", err);
}

static enum gw_rc old_password_wrong(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const char *name = msg->u.act.actor.name;
    turn_done(turn, msg->asker, GW_DENIED, "the old password is wrong");
    return audit_note(turn, AUDIT_PASSWORD_WRONG, name, name, "a wrong password was given to change it", err);
}

void people_unchecked(struct people *p, const struct inbox_act *act)
{
    const char *actor = act->actor.name;
    bool own = act->kind == ACT_PASSWORD && strncmp(actor, "user:", 5) == 0;
    struct people_browser browser = browser_of(act);
    const struct throttle_who who = {own ? actor + 5 : act->name, act->source, &browser};
    people_throttle_undo(&p->throttle, &who);
    if (own)
        people_throttle_change_undo(&p->throttle, who.name);
}

enum gw_rc people_checked(struct people *p, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    bool own = act->kind == ACT_PASSWORD;
    struct session_entry session;
    struct user user;
    if (own && own_session(p, turn, msg, &session))
        return GW_OK;
    if (act->checked == GW_DENIED || (act->checked == GW_OK && act->checked_rev == 0))
        return own ? old_password_wrong(turn, msg, err) : wrong(turn, msg, err);
    enum gw_rc rc = turn->store->ops->user_get(turn->store->self, own ? session.name : act->name, &user, err);
    if (rc && rc != GW_NOT_FOUND)
        return rc;
    if (rc || act->checked || user.disabled || user.rev != act->checked_rev || (own && msg->blob_len == 0)) {
        turn_done(turn, msg->asker, GW_AGAIN, "the password could not be checked now: try again");
        return GW_OK;
    }
    rc = own ? password_changed(p, turn, msg, &user, err) : signed_in(p, turn, msg, &user, err);
    explicit_bzero(&user, sizeof(user));
    return rc;
}
