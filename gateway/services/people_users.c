/* What admins do with accounts. */
#include <stdio.h>
#include <string.h>

#include "access.h"
#include "audit_note.h"
#include "gw_cleanup.h"
#include "people.h"

static void fill_user(struct people *p, const struct turn *turn, const struct user *user, struct answer_user *ret_user)
{
    *ret_user = (struct answer_user){
        .role = user->role, .disabled = user->disabled, .created = user->created, .rev = user->rev};
    (void)snprintf(ret_user->name, sizeof(ret_user->name), "%s", user->name);
    if (p) /* otherwise it has none: it is new, or they have just ended */
        ret_user->sessions = session_table_count(p->sessions, user->name, turn->now);
}

static void answer_one(struct people *p, struct turn *turn, const struct inbox_msg *msg, const struct user *user)
{
    struct answer *answer = turn_answer(turn, ANSWER_USERS, msg->asker);
    answer->single = true;
    answer->users = gw_xalloc(1, sizeof(*answer->users));
    fill_user(p, turn, user, &answer->users[answer->user_count++]);
}

struct gathering {
    struct people *people;
    const struct turn *turn;
    struct answer *answer;
};

static bool gather(void *ctx, const struct user *user)
{
    struct gathering *g = ctx;
    if (g->answer->user_count == PEOPLE_MAX)
        return false;
    fill_user(g->people, g->turn, user, &g->answer->users[g->answer->user_count++]);
    return true;
}

static enum gw_rc list(struct people *p, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct answer *answer = turn_answer(turn, ANSWER_USERS, msg->asker);
    answer->users = gw_xalloc(PEOPLE_MAX, sizeof(*answer->users));
    struct gathering g = {p, turn, answer};
    return turn->store->ops->user_each(turn->store->self, gather, &g, err);
}

struct counting {
    size_t all, admins; /* admins: enabled ones */
};

static bool count_user(void *ctx, const struct user *user)
{
    struct counting *c = ctx;
    c->all++;
    c->admins += user->role == USER_ADMIN && !user->disabled;
    return true;
}

/* A worker hashes the password; people_hashed() goes on. */
static void give_password(struct turn *turn, struct inbox_msg *msg)
{
    struct work *work = turn_work(turn, WORK_PASSWORD, msg->asker);
    work->act = msg->u.act;
    work->lane = WORK_LANE_KNOWN;
    (void)snprintf(work->lane_key, sizeof(work->lane_key), "%s", msg->u.act.actor.name);
    work->blob = GW_TAKE(msg->blob);
    work->blob_len = msg->blob_len;
}

static bool password_fits(struct turn *turn, const struct inbox_msg *msg)
{
    bool fits = msg->blob_len >= ACCESS_PASSWORD_MIN && msg->blob_len <= ACCESS_PASSWORD_MAX;
    if (!fits)
        turn_done(turn, msg->asker, GW_INVALID, "a password has from 12 to 256 bytes");
    return fits;
}

/* Is there room for this name? False: it has been answered. */
static enum gw_rc may_add(struct turn *turn, const struct inbox_msg *msg, bool *ret_may, struct gw_err *err)
{
    struct user user;
    struct counting c = {0};
    *ret_may = false;
    enum gw_rc rc = turn->store->ops->user_get(turn->store->self, msg->u.act.name, &user, err);
    if (!rc) {
        turn_done(turn, msg->asker, GW_EXISTS, "this name is taken");
        explicit_bzero(&user, sizeof(user));
        return GW_OK;
    }
    if (rc == GW_NOT_FOUND)
        rc = turn->store->ops->user_each(turn->store->self, count_user, &c, err);
    *ret_may = !rc && c.all < PEOPLE_MAX;
    if (!rc && !*ret_may)
        turn_done(turn, msg->asker, GW_CONFLICT, "there are as many accounts as there can be: 500");
    return rc;
}

static enum gw_rc add(struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    bool may;
    if (user_name_check(gw_view_str(msg->u.act.name))) {
        turn_done(turn, msg->asker, GW_INVALID, "a name has 1 to 63 of a-z, 0-9, '.', '_', '-'");
        return GW_OK;
    }
    if (!password_fits(turn, msg))
        return GW_OK;
    enum gw_rc rc = may_add(turn, msg, &may, err);
    if (!rc && may)
        give_password(turn, msg);
    return rc;
}

/* The account that the act is about, at the revision it names. GW_CANCELLED: it has been answered. */
static enum gw_rc load(struct turn *turn, const struct inbox_msg *msg, struct user *ret_user, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    enum gw_rc rc = turn->store->ops->user_get(turn->store->self, act->name, ret_user, err);
    if (rc == GW_NOT_FOUND)
        turn_done(turn, msg->asker, GW_NOT_FOUND, "no such account");
    else if (!rc && act->if_rev >= 0 && act->if_rev != ret_user->rev)
        turn_done(turn, msg->asker, GW_CONFLICT, "the account was changed meanwhile: look again");
    else
        return rc;
    return GW_CANCELLED;
}

/* Stores what was changed, which ends the account's sessions, and answers with it. */
static enum gw_rc keep(struct turn *turn, const struct inbox_msg *msg, struct user *user, enum audit_what what,
                       struct gw_err *err)
{
    char obj[USER_NAME_MAX + 8], text[120];
    enum gw_rc rc = turn->store->ops->user_put(turn->store->self, user, err);
    if (rc)
        return rc;
    struct session_change *change = turn_session(turn, SESSION_END_USER);
    (void)snprintf(change->entry.name, sizeof(change->entry.name), "%s", user->name);
    answer_one(NULL, turn, msg, user);
    (void)snprintf(obj, sizeof(obj), "user:%s", user->name);
    (void)snprintf(text, sizeof(text), "role %s, %s", user_role_text(user->role),
                   user->disabled ? "disabled" : "enabled");
    return audit_note(turn, what, msg->u.act.actor.name, obj, text, err);
}

/* Would this leave nobody who can manage accounts? */
static enum gw_rc is_last_admin(struct turn *turn, const struct user *user, bool *ret_last, struct gw_err *err)
{
    struct counting c = {0};
    enum gw_rc rc = turn->store->ops->user_each(turn->store->self, count_user, &c, err);
    *ret_last = user->role == USER_ADMIN && !user->disabled && c.admins <= 1;
    return rc;
}

static enum gw_rc refuse(struct turn *turn, const struct inbox_msg *msg, const char *why)
{
    turn_done(turn, msg->asker, GW_CONFLICT, why);
    return GW_OK;
}

static enum gw_rc set_role(struct turn *turn, const struct inbox_msg *msg, struct user *user, struct gw_err *err)
{
    enum user_role role = (enum user_role)msg->u.act.number;
    bool last;
    if (role < USER_VIEWER || role > USER_ADMIN)
        return gw_err_set(err, GW_INVALID, "no such role");
    if (user->role == role)
        return refuse(turn, msg, "the account has this role already");
    enum gw_rc rc = is_last_admin(turn, user, &last, err);
    if (rc || last)
        return rc ? rc : refuse(turn, msg, "this is the last admin: make another one first");
    user->role = role;
    return keep(turn, msg, user, AUDIT_USER_ROLE, err);
}

static enum gw_rc disable(struct turn *turn, const struct inbox_msg *msg, struct user *user, struct gw_err *err)
{
    bool last;
    if (user->disabled)
        return refuse(turn, msg, "the account is disabled already");
    enum gw_rc rc = is_last_admin(turn, user, &last, err);
    if (rc || last)
        return rc ? rc : refuse(turn, msg, "this is the last admin: make another one first");
    user->disabled = true;
    return keep(turn, msg, user, AUDIT_USER_DISABLED, err);
}

static enum gw_rc enable(struct turn *turn, const struct inbox_msg *msg, struct user *user, struct gw_err *err)
{
    if (!user->disabled)
        return refuse(turn, msg, "the account is enabled already");
    user->disabled = false;
    return keep(turn, msg, user, AUDIT_USER_ENABLED, err);
}

/* One's own password needs the old one: a session left open must not be enough to keep the account. */
static enum gw_rc set_password(struct turn *turn, struct inbox_msg *msg, const struct user *user)
{
    const char *actor = msg->u.act.actor.name;
    if (strncmp(actor, "user:", 5) == 0 && strcmp(actor + 5, user->name) == 0)
        return refuse(turn, msg, "change your own password at /api/v1/session/password, with the old one");
    if (password_fits(turn, msg))
        give_password(turn, msg);
    return GW_OK;
}

static enum gw_rc change(struct people *p, struct turn *turn, struct inbox_msg *msg, struct user *user,
                         struct gw_err *err)
{
    switch ((int)msg->u.act.kind) {
    case ACT_USER_GET:
        answer_one(p, turn, msg, user);
        return GW_OK;
    case ACT_USER_ROLE:
        return set_role(turn, msg, user, err);
    case ACT_USER_DISABLE:
        return disable(turn, msg, user, err);
    case ACT_USER_ENABLE:
        return enable(turn, msg, user, err);
    case ACT_USER_PASSWORD:
        return set_password(turn, msg, user);
    }
    return GW_INVALID;
}

enum gw_rc people_user_act(struct people *p, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    struct user user;
    if (msg->u.act.kind == ACT_USER_LIST)
        return list(p, turn, msg, err);
    if (msg->u.act.kind == ACT_USER_ADD)
        return add(turn, msg, err);
    enum gw_rc rc = load(turn, msg, &user, err);
    if (rc)
        return rc == GW_CANCELLED ? GW_OK : rc;
    rc = change(p, turn, msg, &user, err);
    explicit_bzero(&user, sizeof(user));
    return rc;
}

enum gw_rc people_hashed(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    bool adding = act->kind == ACT_USER_ADD, may = true;
    struct user user = {.role = (enum user_role)act->number, .created = turn->now};
    (void)snprintf(user.name, sizeof(user.name), "%s", act->name);
    if (msg->blob_len == 0) {
        turn_done(turn, msg->asker, GW_AGAIN, "the password could not be hashed now: try again");
        return GW_OK;
    }
    enum gw_rc rc = adding ? may_add(turn, msg, &may, err) : load(turn, msg, &user, err);
    if (rc || !may)
        return rc == GW_CANCELLED ? GW_OK : rc;
    rc = gw_view_copy_str(gw_view_make(msg->blob, msg->blob_len), user.password_hash, sizeof(user.password_hash));
    if (!rc)
        rc = keep(turn, msg, &user, adding ? AUDIT_USER_ADDED : AUDIT_USER_PASSWORD, err);
    explicit_bzero(&user, sizeof(user));
    return rc;
}
