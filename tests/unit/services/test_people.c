#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto_hash.h"
#include "desk.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "people_browser.h"

#define PASSWORD "correct horse battery"
#define SOURCE   "192.0.2.1"

static void put_user(struct desk *d, const char *name, enum user_role role)
{
    struct user user = {.role = role, .created = d->now};
    (void)snprintf(user.name, sizeof(user.name), "%s", name);
    (void)snprintf(user.password_hash, sizeof(user.password_hash), "$argon2id$of-%s", name);
    CU_ASSERT_EQUAL_FATAL(d->store.ops->begin(d->store.self, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(d->store.ops->user_put(d->store.self, &user, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(d->store.ops->commit(d->store.self, NULL), GW_OK);
}

static struct user user_of(struct desk *d, const char *name)
{
    struct user user;
    CU_ASSERT_EQUAL_FATAL(d->store.ops->user_get(d->store.self, name, &user, NULL), GW_OK);
    return user;
}

/* A claimed gateway with these three. */
static void open_house(struct desk *d)
{
    desk_open(d);
    d->operate.access.claimed = true;
    put_user(d, "ann", USER_ADMIN);
    put_user(d, "olga", USER_OPERATOR);
    put_user(d, "vic", USER_VIEWER);
}

static struct inbox_msg message(enum act_kind kind, const char *name, const char *source)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .asker = {ASKER_REST, {3, 4}}};
    msg.u.act = (struct inbox_act){.kind = kind, .if_rev = -1};
    (void)snprintf(msg.u.act.name, sizeof(msg.u.act.name), "%s", name ? name : "");
    (void)snprintf(msg.u.act.source, sizeof(msg.u.act.source), "%s", source ? source : SOURCE);
    return msg;
}

static void with_blob(struct inbox_msg *msg, const char *bytes, size_t len)
{
    msg->blob = gw_xalloc(1, len + 1);
    memcpy(msg->blob, bytes, len);
    msg->blob_len = len;
}

/* Asks to sign in; the work that is to be done, or NULL. */
static const struct work *ask(struct desk *d, const char *name, const char *source)
{
    struct inbox_msg msg = message(ACT_SIGN_IN, name, source);
    with_blob(&msg, PASSWORD, strlen(PASSWORD));
    CU_ASSERT_EQUAL_FATAL(desk_msg(d, &msg), GW_OK);
    const struct turn_out *out = desk_out(d, OUT_WORK);
    return out ? out->work : NULL;
}

/* The worker's word on the work of the last turn. */
static void checked(struct desk *d, enum gw_rc rc, const char *new_hash)
{
    const struct turn_out *out = desk_out(d, OUT_WORK);
    CU_ASSERT_FATAL(out != NULL && out->work->kind == WORK_CHECK);
    struct inbox_msg msg = {.kind = INBOX_CHECKED, .asker = out->work->asker, .u.act = out->work->act};
    msg.u.act.checked = rc;
    if (new_hash)
        with_blob(&msg, new_hash, strlen(new_hash));
    CU_ASSERT_EQUAL_FATAL(desk_msg(d, &msg), GW_OK);
}

static void hashed(struct desk *d)
{
    const struct turn_out *out = desk_out(d, OUT_WORK);
    CU_ASSERT_FATAL(out != NULL && out->work->kind == WORK_PASSWORD);
    struct inbox_msg msg = {.kind = INBOX_HASHED, .asker = out->work->asker, .u.act = out->work->act};
    with_blob(&msg, "$argon2id$new", 13);
    CU_ASSERT_EQUAL_FATAL(desk_msg(d, &msg), GW_OK);
}

/* Signs in; what the door would make of the cookie. */
static struct actor sign_in(struct desk *d, const char *name)
{
    CU_ASSERT_FATAL(ask(d, name, NULL) != NULL);
    checked(d, GW_OK, NULL);
    const struct answer *a = desk_answer(d);
    CU_ASSERT_FATAL(a->kind == ANSWER_SESSION && a->rc == GW_OK);
    uint8_t id[SESSION_ID_LEN];
    struct actor actor = {.role = a->session.role};
    CU_ASSERT_EQUAL_FATAL(gw_hex_parse(gw_view_str(a->session.cookie), id, sizeof(id)), GW_OK);
    crypto_sha256()->digest(gw_view_make(id, sizeof(id)), &actor.session);
    (void)snprintf(actor.name, sizeof(actor.name), "user:%s", name);
    return actor;
}

/* What an act in this name is answered with. */
static const struct answer *act_as(struct desk *d, const struct actor *actor, enum act_kind kind, const char *name)
{
    struct inbox_msg msg = message(kind, name, NULL);
    msg.u.act.actor = *actor;
    if (kind == ACT_USER_ROLE || kind == ACT_USER_ADD)
        msg.u.act.number = USER_VIEWER;
    if (kind == ACT_USER_ADD || kind == ACT_USER_PASSWORD)
        with_blob(&msg, PASSWORD, strlen(PASSWORD));
    CU_ASSERT_EQUAL_FATAL(desk_msg(d, &msg), GW_OK);
    return desk_answer(d);
}

static bool alive(struct desk *d, const struct actor *actor)
{
    return act_as(d, actor, ACT_STATUS, NULL)->kind == ANSWER_STATUS;
}

static void signs_in_and_out(void)
{
    struct desk d;
    open_house(&d);
    struct actor ann = sign_in(&d, "ann");
    const struct answer *mine = act_as(&d, &ann, ACT_SESSION_GET, NULL);
    CU_ASSERT_STRING_EQUAL(mine->session.name, "ann");
    CU_ASSERT_EQUAL(mine->session.role, USER_ADMIN);
    CU_ASSERT_EQUAL(strlen(mine->session.csrf), 64);
    CU_ASSERT_STRING_EQUAL(mine->session.cookie, ""); /* shown once */
    CU_ASSERT_EQUAL(mine->session.ends.ms, d.now.ms + SESSION_LIFE_MS);
    CU_ASSERT(alive(&d, &ann));
    CU_ASSERT_EQUAL(act_as(&d, &ann, ACT_SIGN_OUT, NULL)->kind, ANSWER_SIGNED_OUT);
    CU_ASSERT_FALSE(alive(&d, &ann));
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.login"), 1);
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.logout"), 1);
    desk_close(&d);
}

static void the_session_begins_before_its_answer_leaves(void)
{
    struct desk d;
    open_house(&d);
    (void)sign_in(&d, "ann");
    CU_ASSERT_EQUAL(d.turn.outs[0].kind, OUT_SESSION);
    CU_ASSERT_EQUAL(d.turn.outs[1].kind, OUT_ANSWER);
    desk_close(&d);
}

/* The same work and the same answer, whoever it was. */
static void tells_nobody_which_names_exist(void)
{
    static const char *const names[] = {"vic", "nobody", "olga", "No Name"};
    struct desk d;
    open_house(&d);
    struct actor root = {.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    (void)act_as(&d, &root, ACT_USER_DISABLE, "olga");
    for (size_t i = 0; i < 4; i++) {
        const struct work *work = ask(&d, names[i], NULL);
        CU_ASSERT_FATAL(work != NULL && work->kind == WORK_CHECK);
        CU_ASSERT_EQUAL(strncmp(work->password_hash, "$argon2id$", 10), 0);
        CU_ASSERT_EQUAL(work->act.checked_rev != 0, i == 0);
        checked(&d, i == 0 ? GW_DENIED : GW_OK, NULL); /* even if the hash were met by chance */
        CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_SESSION);
        CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_DENIED);
        CU_ASSERT_STRING_EQUAL(desk_answer(&d)->text, "name or password is wrong");
        CU_ASSERT_PTR_NULL(desk_out(&d, OUT_SESSION));
    }
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.login"), 4);
    desk_close(&d);
}

static void an_account_that_changed_while_it_was_checked_stays_out(void)
{
    struct desk d;
    open_house(&d);
    CU_ASSERT_PTR_NOT_NULL(ask(&d, "ann", NULL));
    struct inbox_msg late = {.kind = INBOX_CHECKED, .u.act = desk_out(&d, OUT_WORK)->work->act};
    struct actor root = {.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    (void)act_as(&d, &root, ACT_USER_PASSWORD, "ann");
    hashed(&d);
    CU_ASSERT_EQUAL_FATAL(desk_msg(&d, &late), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_AGAIN);
    CU_ASSERT_PTR_NULL(desk_out(&d, OUT_SESSION));
    desk_close(&d);
}

static void wrong_tries_wait_longer_and_longer(void)
{
    struct desk d;
    open_house(&d);
    int64_t before = 0;
    for (int i = 0; i < 12; i++) {
        d.now.ms += before;
        CU_ASSERT_PTR_NOT_NULL_FATAL(ask(&d, "ann", "198.51.100.7"));
        checked(&d, GW_DENIED, NULL);
        if (i + 1 < THROTTLE_ACCOUNT_FREE)
            continue;
        CU_ASSERT_PTR_NULL(ask(&d, "ann", "198.51.100.7"));
        CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_AGAIN);
        CU_ASSERT(desk_answer(&d)->retry_after_s > 0);
        int64_t wait = desk_answer(&d)->retry_after_s * GW_SECOND_MS;
        CU_ASSERT(wait > before || wait == THROTTLE_ACCOUNT_MAX_MS);
        CU_ASSERT_PTR_NULL(ask(&d, "ann", "198.51.100.8")); /* from elsewhere as well */
        before = wait;
    }
    CU_ASSERT_EQUAL(before, THROTTLE_ACCOUNT_MAX_MS);
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.login"), 12 + 8); /* each wait is told of once */
    d.now.ms += before;
    CU_ASSERT_PTR_NOT_NULL_FATAL(ask(&d, "ann", "198.51.100.7"));
    checked(&d, GW_OK, NULL);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_OK); /* nobody is locked out for good */
    CU_ASSERT_TRUE(desk_says(&d, "gateway", "signed in from 198.51.100.7 after 12 failed tries"));
    desk_close(&d);
}

static void strangers_do_not_keep_a_person_from_the_usual_place_out(void)
{
    struct desk d;
    open_house(&d);
    (void)sign_in(&d, "ann");
    for (int i = 0; i < 40; i++) {
        char source[32];
        (void)snprintf(source, sizeof(source), "203.0.113.%d", i);
        if (ask(&d, "ann", source))
            checked(&d, GW_DENIED, NULL);
    }
    CU_ASSERT_PTR_NULL(ask(&d, "ann", "203.0.113.200"));
    CU_ASSERT_PTR_NOT_NULL(ask(&d, "ann", SOURCE));
    desk_close(&d);
}

static void one_source_cannot_go_through_many_names(void)
{
    struct desk d;
    open_house(&d);
    int tried = 0;
    for (int i = 0; i < 100; i++) {
        char name[32], source[48];
        (void)snprintf(name, sizeof(name), "guess%d", i);
        (void)snprintf(source, sizeof(source), "2001:db8::%x", i + 1); /* all of one /64 */
        if (!ask(&d, name, source))
            continue;
        checked(&d, GW_DENIED, NULL);
        tried++;
    }
    CU_ASSERT_EQUAL(tried, THROTTLE_SOURCE_FREE);
    desk_close(&d);
}

static void a_right_password_between_wrong_ones_does_not_free_the_source(void)
{
    struct desk d;
    open_house(&d);
    int tried = 0;
    for (int i = 0; i < 50; i++) {
        if (ask(&d, "vic", NULL))
            checked(&d, GW_OK, NULL);
        if (ask(&d, "ann", NULL)) {
            checked(&d, GW_DENIED, NULL);
            tried++;
        }
    }
    CU_ASSERT(tried <= THROTTLE_SOURCE_FREE);
    desk_close(&d);
}

/* Names that do not exist, from everywhere: they must not push out what is counted. */
static void make_noise(struct desk *d, int count, int tries)
{
    for (int i = 0; i < count * tries; i++) {
        char name[32], source[32];
        (void)snprintf(name, sizeof(name), "noise%d", i / tries);
        (void)snprintf(source, sizeof(source), "100.64.%d.%d", i / tries / 256, i / tries % 256);
        if (ask(d, name, source))
            checked(d, GW_DENIED, NULL);
    }
}

static void noise_does_not_free_an_account_or_its_usual_place(void)
{
    struct desk d;
    open_house(&d);
    (void)sign_in(&d, "ann");
    make_noise(&d, 600, 2);
    for (int i = 0; i < 40; i++) {
        char source[32];
        (void)snprintf(source, sizeof(source), "203.0.113.%d", i);
        if (ask(&d, "ann", source))
            checked(&d, GW_DENIED, NULL);
        if (ask(&d, "olga", source))
            checked(&d, GW_DENIED, NULL);
    }
    CU_ASSERT_PTR_NULL(ask(&d, "ann", "203.0.113.200"));
    CU_ASSERT_PTR_NULL(ask(&d, "olga", "203.0.113.200"));
    CU_ASSERT_PTR_NOT_NULL(ask(&d, "ann", SOURCE)); /* where she was last signed in from */
    desk_close(&d);
}

/* However long ago the table was filled. */
static void two_sources_that_take_turns_are_counted(void)
{
    struct desk d;
    open_house(&d);
    int tried = 0;
    make_noise(&d, 600, 3);
    d.now.ms += 30 * GW_DAY_MS;
    for (int i = 0; i < 100; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "guess%d", i);
        if (!ask(&d, name, i % 2 ? "203.0.113.1" : "203.0.113.2"))
            continue;
        checked(&d, GW_DENIED, NULL);
        tried++;
    }
    CU_ASSERT(tried <= 2 * THROTTLE_SOURCE_FREE);
    desk_close(&d);
}

/* The cookie of a browser that has just signed in as this person. */
static void known_browser(struct desk *d, const char *name, const char *source, char ret_cookie[ANSWER_KNOWN_CHARS + 1])
{
    CU_ASSERT_FATAL(ask(d, name, source) != NULL);
    checked(d, GW_OK, NULL);
    const struct answer *a = desk_answer(d);
    CU_ASSERT_FATAL(a->kind == ANSWER_SESSION && a->rc == GW_OK);
    (void)snprintf(ret_cookie, ANSWER_KNOWN_CHARS + 1, "%s", a->session.known);
    CU_ASSERT_EQUAL_FATAL(strlen(ret_cookie), ANSWER_KNOWN_CHARS);
}

/* As ask(), with the browser's cookie. */
static const struct work *ask_with(struct desk *d, const char *name, const char *source, const char *cookie)
{
    struct inbox_msg msg = message(ACT_SIGN_IN, name, source);
    with_blob(&msg, PASSWORD, strlen(PASSWORD));
    (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "%s", cookie);
    CU_ASSERT_EQUAL_FATAL(desk_msg(d, &msg), GW_OK);
    const struct turn_out *out = desk_out(d, OUT_WORK);
    return out ? out->work : NULL;
}

static enum work_lane lane_with(struct desk *d, const char *name, const char *source, const char *cookie)
{
    const struct work *work = ask_with(d, name, source, cookie);
    CU_ASSERT_FATAL(work != NULL);
    return work ? work->lane : WORK_LANE_STRANGER;
}

static void lanes_go_by_what_the_asker_has_shown(void)
{
    struct desk d;
    char anns[ANSWER_KNOWN_CHARS + 1], again[ANSWER_KNOWN_CHARS + 1], forged[ANSWER_KNOWN_CHARS + 1];
    open_house(&d);
    CU_ASSERT_EQUAL(lane_with(&d, "ann", "192.0.2.9", ""), WORK_LANE_STRANGER);
    known_browser(&d, "ann", SOURCE, anns);
    known_browser(&d, "ann", SOURCE, again);
    struct gw_wall made = d.now;
    CU_ASSERT_STRING_NOT_EQUAL(anns, again);
    CU_ASSERT_EQUAL(lane_with(&d, "ann", "203.0.113.1", anns), WORK_LANE_KNOWN);
    CU_ASSERT_STRING_EQUAL(desk_out(&d, OUT_WORK)->work->lane_key, "ann");
    CU_ASSERT_EQUAL(lane_with(&d, "ann", "203.0.113.1", again), WORK_LANE_KNOWN);
    CU_ASSERT_EQUAL(lane_with(&d, "ann", "203.0.113.1", ""), WORK_LANE_STRANGER);
    CU_ASSERT_STRING_EQUAL(desk_out(&d, OUT_WORK)->work->lane_key, "203.0.113.1");
    CU_ASSERT_EQUAL(lane_with(&d, "olga", "203.0.113.2", anns), WORK_LANE_STRANGER); /* of another name */
    CU_ASSERT_EQUAL(lane_with(&d, "nobody", "203.0.113.3", anns), WORK_LANE_STRANGER);
    for (size_t i = 0; i < ANSWER_KNOWN_CHARS; i += 7) {
        char source[32];
        (void)snprintf(source, sizeof(source), "198.51.100.%d", (int)i);
        memcpy(forged, anns, sizeof(forged));
        forged[i] = forged[i] == '0' ? '1' : '0';
        d.now.ms += 2 * THROTTLE_LAPSE_MS;
        CU_ASSERT_EQUAL(lane_with(&d, "ann", source, forged), WORK_LANE_STRANGER);
    }
    /* somebody has signed in from there, whoever it was: no name is told by it */
    CU_ASSERT_EQUAL(lane_with(&d, "vic", SOURCE, ""), WORK_LANE_FAMILIAR);
    CU_ASSERT_EQUAL(lane_with(&d, "nobody", SOURCE, ""), WORK_LANE_FAMILIAR);
    d.now.ms = made.ms + BROWSER_KEEP_MS - 1;
    CU_ASSERT_EQUAL(lane_with(&d, "ann", "203.0.113.9", anns), WORK_LANE_KNOWN);
    d.now.ms++;
    CU_ASSERT_EQUAL(lane_with(&d, "ann", "203.0.113.9", anns), WORK_LANE_STRANGER);
    d.now.ms = made.ms - SESSION_SLACK_MS; /* made in what is the future now */
    CU_ASSERT_EQUAL(lane_with(&d, "ann", "203.0.113.9", anns), WORK_LANE_STRANGER);
    desk_close(&d);
}

/* The key is in the store: a restart forgets everything else. */
static void a_browser_is_known_after_a_restart(void)
{
    struct desk d;
    char anns[ANSWER_KNOWN_CHARS + 1];
    open_house(&d);
    known_browser(&d, "ann", SOURCE, anns);
    people_init(&d.operate.people, crypto_sha256(), d.sessions);
    CU_ASSERT_EQUAL(lane_with(&d, "ann", "203.0.113.1", anns), WORK_LANE_KNOWN);
    desk_close(&d);
}

static void strangers_make_no_known_browser_wait(void)
{
    struct desk d;
    char anns[ANSWER_KNOWN_CHARS + 1];
    open_house(&d);
    known_browser(&d, "ann", "192.0.2.77", anns);
    for (int i = 0; i < 400; i++) { /* from everywhere, her new place too */
        char source[32];
        (void)snprintf(source, sizeof(source), "203.0.113.%d", i % 20);
        if (ask(&d, "ann", source))
            checked(&d, GW_DENIED, NULL);
    }
    CU_ASSERT_PTR_NULL(ask(&d, "ann", "203.0.113.7"));
    CU_ASSERT_PTR_NULL(ask(&d, "ann", "203.0.113.250"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(ask_with(&d, "ann", "203.0.113.7", anns));
    checked(&d, GW_OK, NULL);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_OK);
    CU_ASSERT_PTR_NULL(ask(&d, "ann", "203.0.113.250")); /* and her signing in gives them no new tries */
    desk_close(&d);
}

static void a_known_browser_is_slowed_down_by_its_own_tries(void)
{
    struct desk d;
    char anns[ANSWER_KNOWN_CHARS + 1], other[ANSWER_KNOWN_CHARS + 1];
    open_house(&d);
    known_browser(&d, "ann", SOURCE, anns);
    known_browser(&d, "ann", SOURCE, other);
    int tried = 0;
    for (int i = 0; i < 100; i++) {
        char source[32];
        (void)snprintf(source, sizeof(source), "203.0.113.%d", i); /* stolen, and tried from everywhere */
        if (!ask_with(&d, "ann", source, anns))
            continue;
        checked(&d, GW_DENIED, NULL);
        tried++;
    }
    CU_ASSERT_EQUAL(tried, THROTTLE_ACCOUNT_FREE);
    CU_ASSERT_PTR_NOT_NULL(ask_with(&d, "ann", "203.0.113.1", other));
    CU_ASSERT_PTR_NOT_NULL(ask(&d, "ann", "203.0.113.1")); /* neither the name nor the source has a wait from it */
    d.now.ms += THROTTLE_ACCOUNT_MAX_MS;
    CU_ASSERT_PTR_NOT_NULL_FATAL(ask_with(&d, "ann", "203.0.113.1", anns));
    checked(&d, GW_OK, NULL);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_OK);
    const struct work *work = NULL;
    for (int i = 0; i < 40; i++) { /* tries that nobody had time for */
        work = ask_with(&d, "ann", "203.0.113.1", anns);
        CU_ASSERT_PTR_NOT_NULL_FATAL(work);
        people_unchecked(&d.operate.people, &work->act);
    }
    desk_close(&d);
}

static void who_is_let_in_already_waits_behind_no_stranger(void)
{
    struct desk d;
    open_house(&d);
    struct actor ann = sign_in(&d, "ann");
    (void)act_as(&d, &ann, ACT_USER_PASSWORD, "vic");
    CU_ASSERT_EQUAL(desk_out(&d, OUT_WORK)->work->lane, WORK_LANE_KNOWN);
    CU_ASSERT_STRING_EQUAL(desk_out(&d, OUT_WORK)->work->lane_key, "user:ann");
    struct inbox_msg msg = message(ACT_PASSWORD, NULL, NULL);
    msg.u.act.actor = ann;
    with_blob(&msg, PASSWORD "\0another long one", sizeof(PASSWORD) + 16);
    CU_ASSERT_EQUAL_FATAL(desk_msg(&d, &msg), GW_OK);
    CU_ASSERT_FATAL(desk_out(&d, OUT_WORK) != NULL);
    CU_ASSERT_EQUAL(desk_out(&d, OUT_WORK)->work->lane, WORK_LANE_KNOWN);
    desk_close(&d);
}

/* While strangers keep the workers busy a person does not lose tries that nobody looked at. */
static void a_try_that_nobody_had_time_for_does_not_count(void)
{
    struct desk d;
    open_house(&d);
    for (int i = 0; i < 40; i++) {
        const struct work *work = ask(&d, "ann", NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(work);
        people_unchecked(&d.operate.people, &work->act);
    }
    struct actor ann = sign_in(&d, "ann");
    for (int i = 0; i < 40; i++) {
        struct inbox_msg msg = message(ACT_PASSWORD, NULL, NULL);
        msg.u.act.actor = ann;
        with_blob(&msg, PASSWORD "\0" PASSWORD, 2 * sizeof(PASSWORD) - 1);
        CU_ASSERT_EQUAL_FATAL(desk_msg(&d, &msg), GW_OK);
        CU_ASSERT_PTR_NOT_NULL_FATAL(desk_out(&d, OUT_WORK));
        people_unchecked(&d.operate.people, &desk_out(&d, OUT_WORK)->work->act);
    }
    desk_close(&d);
}

static bool changes_password(struct desk *d, const struct actor *who)
{
    struct inbox_msg msg = message(ACT_PASSWORD, NULL, NULL);
    msg.u.act.actor = *who;
    with_blob(&msg, PASSWORD "\0" PASSWORD, 2 * sizeof(PASSWORD) - 1);
    CU_ASSERT_EQUAL_FATAL(desk_msg(d, &msg), GW_OK);
    if (!desk_out(d, OUT_WORK))
        return false;
    checked(d, GW_OK, "$argon2id$new");
    CU_ASSERT_EQUAL(desk_answer(d)->rc, GW_OK);
    return true;
}

static void right_changes_of_a_password_are_slowed_down_too(void)
{
    struct desk d;
    open_house(&d);
    struct actor ann = sign_in(&d, "ann"), olga = sign_in(&d, "olga");
    int changed = 0;
    for (int i = 0; i < 40; i++)
        changed += changes_password(&d, &ann);
    CU_ASSERT_EQUAL(changed, THROTTLE_CHANGES_FREE);
    CU_ASSERT(!changes_password(&d, &ann));
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_AGAIN);
    CU_ASSERT(desk_answer(&d)->retry_after_s > 0);
    CU_ASSERT(changes_password(&d, &olga));
    (void)sign_in(&d, "ann"); /* signing in is another thing */
    for (int i = 0; i < 300; i++) {
        d.now.ms += GW_SECOND_MS;
        changed += changes_password(&d, &ann);
    }
    CU_ASSERT(changed > THROTTLE_CHANGES_FREE && changed < THROTTLE_CHANGES_FREE + 12);
    d.now.ms += THROTTLE_CHANGES_MAX_MS;
    CU_ASSERT(changes_password(&d, &ann));
    desk_close(&d);
}

static void a_clock_that_goes_back_makes_no_wait_longer(void)
{
    struct desk d;
    open_house(&d);
    for (int i = 0; i < 40; i++)
        if (ask(&d, "ann", NULL))
            checked(&d, GW_DENIED, NULL);
    CU_ASSERT_PTR_NULL(ask(&d, "ann", NULL));
    d.now.ms -= GW_DAY_MS;
    CU_ASSERT_PTR_NOT_NULL(ask(&d, "ann", NULL));
    desk_close(&d);
}

static void changes_of_an_account_end_its_sessions(void)
{
    static const enum act_kind acts[] = {ACT_USER_ROLE, ACT_USER_DISABLE, ACT_USER_PASSWORD};
    for (size_t i = 0; i < 3; i++) {
        struct desk d;
        open_house(&d);
        struct actor ann = sign_in(&d, "ann"), olga = sign_in(&d, "olga"), vic = sign_in(&d, "vic");
        (void)act_as(&d, &ann, acts[i], "olga");
        if (acts[i] == ACT_USER_PASSWORD)
            hashed(&d);
        CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_USERS);
        CU_ASSERT_FALSE(alive(&d, &olga));
        CU_ASSERT(alive(&d, &vic));
        CU_ASSERT(alive(&d, &ann));
        desk_close(&d);
    }
}

/* What is decided in one transaction holds for the next turn of the same one. */
static void an_ended_session_does_nothing_before_the_commit_either(void)
{
    struct desk d;
    open_house(&d);
    struct actor olga = sign_in(&d, "olga");
    struct user user = user_of(&d, "olga");
    user.disabled = true;
    CU_ASSERT_EQUAL_FATAL(d.store.ops->begin(d.store.self, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(d.store.ops->user_put(d.store.self, &user, NULL), GW_OK);
    bool live = true;
    turn_reset(&d.turn, 0);
    CU_ASSERT_EQUAL(people_live(&d.operate.people, &d.turn, &olga, &live, NULL), GW_OK);
    CU_ASSERT_FALSE(live);
    CU_ASSERT_EQUAL(d.store.ops->commit(d.store.self, NULL), GW_OK);
    desk_close(&d);
}

static void adds_accounts_up_to_their_ceiling(void)
{
    struct desk d;
    open_house(&d);
    struct actor ann = sign_in(&d, "ann");
    for (int i = 3; i < PEOPLE_MAX - 1; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "p%d", i);
        put_user(&d, name, USER_VIEWER);
    }
    (void)act_as(&d, &ann, ACT_USER_ADD, "last");
    hashed(&d);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_OK);
    const struct answer *full = act_as(&d, &ann, ACT_USER_ADD, "another");
    CU_ASSERT(full && full->rc == GW_CONFLICT);
    CU_ASSERT_PTR_NULL(desk_out(&d, OUT_WORK));
    desk_close(&d);
}

static void changes_the_own_password_and_keeps_this_session(void)
{
    static const char both[] = PASSWORD "\0another long password", brief[] = PASSWORD "\0short";
    struct desk d;
    open_house(&d);
    struct actor here = sign_in(&d, "vic"), elsewhere = sign_in(&d, "vic");
    struct inbox_msg msg = message(ACT_PASSWORD, NULL, NULL);
    msg.u.act.actor = here;
    with_blob(&msg, brief, sizeof(brief) - 1);
    CU_ASSERT_EQUAL(desk_msg(&d, &msg), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_INVALID);
    with_blob(&msg, both, sizeof(both) - 1);
    CU_ASSERT_EQUAL(desk_msg(&d, &msg), GW_OK);
    checked(&d, GW_DENIED, NULL);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_DENIED);
    CU_ASSERT_TRUE(desk_says(&d, "user:vic", "a wrong password was given to change it"));
    CU_ASSERT(alive(&d, &elsewhere));
    msg.kind = INBOX_ACT;
    with_blob(&msg, both, sizeof(both) - 1);
    CU_ASSERT_EQUAL(desk_msg(&d, &msg), GW_OK);
    checked(&d, GW_OK, "$argon2id$new");
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_OK);
    CU_ASSERT(alive(&d, &here));
    CU_ASSERT_FALSE(alive(&d, &elsewhere));
    CU_ASSERT_STRING_EQUAL(user_of(&d, "vic").password_hash, "$argon2id$new");
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.password"), 2);
    desk_close(&d);
}

static void a_refusal_says_what_was_refused(void)
{
    struct desk d;
    open_house(&d);
    struct actor vic = sign_in(&d, "vic"), olga = sign_in(&d, "olga");
    (void)act_as(&d, &vic, ACT_USER_ROLE, "ann");
    CU_ASSERT(desk_says(&d, "ann", "change an account's role: this needs the role admin"));
    struct inbox_msg msg = message(ACT_RELEASES_WITHDRAW, NULL, NULL);
    msg.u.act.actor = vic;
    (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "00112233445566aa");
    CU_ASSERT_EQUAL(desk_msg(&d, &msg), GW_OK);
    CU_ASSERT(desk_says(&d, "00112233445566aa", "withdraw a release"));
    msg = message(ACT_DOOR_OPEN, NULL, NULL); /* what she may, from another site */
    msg.u.act.actor = olga;
    msg.u.act.number = 5;
    msg.u.act.refused = true;
    (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "the request comes from another site");
    CU_ASSERT_EQUAL(desk_msg(&d, &msg), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_DENIED);
    CU_ASSERT(desk_says(&d, "", "open the enrolment door: the request comes from another site"));
    CU_ASSERT_EQUAL(desk_audits(&d, "cfg.change"), 0);
    CU_ASSERT_EQUAL(desk_audits(&d, "authz.denied"), 3);
    desk_close(&d);
}

/* However little a role may do: it cannot fill the journal with what it may not. */
static void a_flood_of_refusals_is_summed_up(void)
{
    struct desk d;
    open_house(&d);
    struct actor vic = sign_in(&d, "vic");
    struct inbox_msg tick = {.kind = INBOX_TICK};
    for (int i = 0; i < 500; i++)
        CU_ASSERT_EQUAL(act_as(&d, &vic, ACT_USER_DISABLE, "ann")->rc, GW_DENIED);
    CU_ASSERT_EQUAL(desk_audits(&d, "authz.denied"), DENIALS_A_MINUTE);
    CU_ASSERT_EQUAL(desk_msg(&d, &tick), GW_OK);
    CU_ASSERT_EQUAL(desk_audits(&d, "authz.denied"), DENIALS_A_MINUTE);
    d.now.ms += GW_MINUTE_MS;
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(desk_msg(&d, &tick), GW_OK);
    CU_ASSERT_EQUAL(desk_audits(&d, "authz.denied"), DENIALS_A_MINUTE + 1);
    CU_ASSERT(desk_says(&d, "gateway", "470 further acts were refused"));
    (void)act_as(&d, &vic, ACT_USER_DISABLE, "ann");
    CU_ASSERT_EQUAL(desk_audits(&d, "authz.denied"), DENIALS_A_MINUTE + 2); /* a new minute */
    desk_close(&d);
}

static void the_last_admin_stays(void)
{
    struct desk d;
    open_house(&d);
    struct actor root = {.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    CU_ASSERT_EQUAL(act_as(&d, &root, ACT_USER_DISABLE, "ann")->rc, GW_CONFLICT);
    CU_ASSERT_EQUAL(act_as(&d, &root, ACT_USER_ROLE, "ann")->rc, GW_CONFLICT);
    put_user(&d, "bea", USER_ADMIN);
    CU_ASSERT_EQUAL(act_as(&d, &root, ACT_USER_DISABLE, "ann")->rc, GW_OK);
    CU_ASSERT_EQUAL(act_as(&d, &root, ACT_USER_DISABLE, "bea")->rc, GW_CONFLICT); /* a disabled one is no admin left */
    CU_ASSERT_EQUAL(act_as(&d, &root, ACT_USER_ENABLE, "ann")->rc, GW_OK);
    CU_ASSERT_EQUAL(act_as(&d, &root, ACT_USER_ROLE, "bea")->rc, GW_OK);
    CU_ASSERT_EQUAL(user_of(&d, "bea").role, USER_VIEWER);
    desk_close(&d);
}

static void only_admins_manage_accounts_and_root_on_the_machine(void)
{
    struct desk d;
    open_house(&d);
    struct actor ann = sign_in(&d, "ann"), olga = sign_in(&d, "olga");
    struct actor joe = {.name = "local:joe", .role = USER_ADMIN, .local = true};
    for (enum act_kind kind = ACT_USER_LIST; kind <= ACT_USER_PASSWORD; kind++) {
        CU_ASSERT_EQUAL(act_as(&d, &olga, kind, "vic")->rc, GW_DENIED);
        CU_ASSERT_EQUAL(act_as(&d, &joe, kind, "vic")->rc, GW_DENIED);
    }
    CU_ASSERT_EQUAL(desk_audits(&d, "authz.denied"), 14);
    CU_ASSERT_PTR_NULL(act_as(&d, &ann, ACT_USER_ADD, "new.one")); /* a worker hashes first */
    hashed(&d);
    CU_ASSERT_FATAL(desk_answer(&d)->single && desk_answer(&d)->user_count == 1);
    CU_ASSERT_EQUAL(user_of(&d, "new.one").role, USER_VIEWER);
    CU_ASSERT_EQUAL(act_as(&d, &ann, ACT_USER_ADD, "new.one")->rc, GW_EXISTS);
    CU_ASSERT_EQUAL(act_as(&d, &ann, ACT_USER_LIST, NULL)->user_count, 4);
    CU_ASSERT_EQUAL(act_as(&d, &ann, ACT_USER_PASSWORD, "ann")->rc, GW_CONFLICT); /* without the old one */
    CU_ASSERT_EQUAL(act_as(&d, &ann, ACT_USER_GET, "nobody")->rc, GW_NOT_FOUND);
    desk_close(&d);
}

static void an_admin_who_is_one_no_more_adds_nobody(void)
{
    struct desk d;
    open_house(&d);
    put_user(&d, "bea", USER_ADMIN);
    struct actor bea = sign_in(&d, "bea"), ann = sign_in(&d, "ann");
    CU_ASSERT_PTR_NULL(act_as(&d, &bea, ACT_USER_ADD, "mole"));
    struct inbox_msg late = {.kind = INBOX_HASHED, .u.act = desk_out(&d, OUT_WORK)->work->act};
    with_blob(&late, "$argon2id$new", 13);
    CU_ASSERT_EQUAL(act_as(&d, &ann, ACT_USER_DISABLE, "bea")->rc, GW_OK);
    CU_ASSERT_EQUAL(desk_msg(&d, &late), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    struct user user;
    CU_ASSERT_EQUAL(d.store.ops->user_get(d.store.self, "mole", &user, NULL), GW_NOT_FOUND);
    desk_close(&d);
}

static void an_admin_who_is_one_no_more_adds_no_vendor_key(void)
{
    struct desk d;
    open_house(&d);
    put_user(&d, "bea", USER_ADMIN);
    struct actor bea = sign_in(&d, "bea"), ann = sign_in(&d, "ann");
    CU_ASSERT_EQUAL(act_as(&d, &ann, ACT_USER_DISABLE, "bea")->rc, GW_OK);
    struct vendor_key key = {.name = "mole", .spki = {.len = 91}}; /* what a worker read meanwhile */
    memset(key.keyid, 'a', VENDOR_KEYID_LEN);
    struct inbox_msg late = {.kind = INBOX_KEY_READ, .u.act = {.kind = ACT_KEY_ADD, .if_rev = -1, .actor = bea}};
    with_blob(&late, (const char *)&key, sizeof(key));
    CU_ASSERT_EQUAL(desk_msg(&d, &late), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    CU_ASSERT_EQUAL(act_as(&d, &ann, ACT_KEY_LIST, NULL)->key_count, 0);
    desk_close(&d);
}

static void a_changed_account_is_not_changed_unseen(void)
{
    struct desk d;
    open_house(&d);
    struct inbox_msg msg = message(ACT_USER_DISABLE, "vic", NULL);
    msg.u.act.actor = (struct actor){.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    msg.u.act.if_rev = user_of(&d, "vic").rev + 1;
    CU_ASSERT_EQUAL(desk_msg(&d, &msg), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_CONFLICT);
    CU_ASSERT_FALSE(user_of(&d, "vic").disabled);
    desk_close(&d);
}

static struct session_change begin(const char *name, uint8_t byte, struct gw_wall now)
{
    struct session_change c = {.kind = SESSION_BEGIN, .entry = {.key = desk_hash(byte), .began = now, .used = now}};
    (void)snprintf(c.entry.name, sizeof(c.entry.name), "%s", name);
    return c;
}

static void sessions_end_when_idle_old_or_when_the_clock_goes_back(void)
{
    struct session_table *t = session_table_new();
    struct session_entry e;
    struct gw_wall now = {1000 * GW_HOUR_MS};
    struct gw_sha256 key = desk_hash(1);
    struct session_change one = begin("ann", 1, now);
    session_table_apply(t, &one);
    struct gw_wall idle = {now.ms + SESSION_IDLE_MS}, back = {now.ms - SESSION_SLACK_MS};
    CU_ASSERT_EQUAL(session_table_use(t, &key, idle, &e), GW_NOT_FOUND);
    session_table_apply(t, &one);
    CU_ASSERT_EQUAL(session_table_find(t, &key, back, &e), GW_NOT_FOUND);
    session_table_apply(t, &one);
    struct gw_wall at = now;
    while (session_table_use(t, &key, at, &e) == GW_OK)
        at.ms += SESSION_IDLE_MS - 1;
    CU_ASSERT(at.ms >= now.ms + SESSION_LIFE_MS);
    CU_ASSERT(at.ms < now.ms + SESSION_LIFE_MS + SESSION_IDLE_MS);
    struct gw_wall used = {now.ms + 10 * GW_MINUTE_MS}, before = {now.ms + 5 * GW_MINUTE_MS};
    session_table_apply(t, &one);
    CU_ASSERT_EQUAL(session_table_use(t, &key, used, &e), GW_OK);
    CU_ASSERT_EQUAL(session_table_find(t, &key, before, &e), GW_NOT_FOUND); /* its idle time would last too long */
    session_table_free(t);
}

static void many_sessions_replace_the_least_recently_used(void)
{
    struct session_table *t = session_table_new();
    struct session_entry e;
    struct gw_wall now = {1000 * GW_HOUR_MS};
    struct session_change other = begin("bob", 200, now);
    session_table_apply(t, &other);
    for (uint8_t i = 0; i <= SESSION_PER_USER; i++) {
        now.ms++;
        struct session_change c = begin("ann", (uint8_t)(i + 1), now);
        session_table_apply(t, &c);
    }
    struct gw_sha256 first = desk_hash(1), second = desk_hash(2), bobs = desk_hash(200);
    CU_ASSERT_EQUAL(session_table_count(t, "ann", now), SESSION_PER_USER);
    CU_ASSERT_EQUAL(session_table_find(t, &first, now, &e), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(session_table_find(t, &second, now, &e), GW_OK);
    CU_ASSERT_EQUAL(session_table_find(t, &bobs, now, &e), GW_OK);
    for (int i = 0; i < SESSION_TABLE_MAX; i++) {
        now.ms++;
        char name[32];
        (void)snprintf(name, sizeof(name), "u%d", i);
        struct session_change c = begin(name, 0, now);
        memcpy(c.entry.key.bytes, &i, sizeof(i));
        session_table_apply(t, &c);
    }
    CU_ASSERT_EQUAL(session_table_find(t, &bobs, now, &e), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(session_table_count(t, "u0", now), 1);
    session_table_free(t);
}

const struct gw_test_case people_cases[] = {
    {"signs in and out", signs_in_and_out},
    {"begins a session before its answer leaves", the_session_begins_before_its_answer_leaves},
    {"tells nobody which names exist", tells_nobody_which_names_exist},
    {"keeps out an account that changed while it was checked", an_account_that_changed_while_it_was_checked_stays_out},
    {"makes wrong tries wait longer and longer, never for good", wrong_tries_wait_longer_and_longer},
    {"does not let strangers keep out a person in the usual place",
     strangers_do_not_keep_a_person_from_the_usual_place_out},
    {"stops one source that goes through many names", one_source_cannot_go_through_many_names},
    {"does not free a source by a right password between wrong ones",
     a_right_password_between_wrong_ones_does_not_free_the_source},
    {"keeps counts and usual places whatever noise there is", noise_does_not_free_an_account_or_its_usual_place},
    {"counts sources that take turns, full as the table may be", two_sources_that_take_turns_are_counted},
    {"chooses a password's lane by what the asker has shown", lanes_go_by_what_the_asker_has_shown},
    {"knows a browser again after a restart", a_browser_is_known_after_a_restart},
    {"lets strangers make no known browser wait", strangers_make_no_known_browser_wait},
    {"slows a known browser down by its own tries", a_known_browser_is_slowed_down_by_its_own_tries},
    {"lets nobody who is let in already wait behind strangers", who_is_let_in_already_waits_behind_no_stranger},
    {"counts no try that nobody had time for", a_try_that_nobody_had_time_for_does_not_count},
    {"makes no wait longer when the clock goes back", a_clock_that_goes_back_makes_no_wait_longer},
    {"slows right changes of a password down too, and signing in not by them",
     right_changes_of_a_password_are_slowed_down_too},
    {"ends the sessions of an account that changed", changes_of_an_account_end_its_sessions},
    {"lets an ended session do nothing before the commit either",
     an_ended_session_does_nothing_before_the_commit_either},
    {"adds accounts up to their ceiling", adds_accounts_up_to_their_ceiling},
    {"changes the own password and keeps this session alone", changes_the_own_password_and_keeps_this_session},
    {"writes down what was refused to whom, and why", a_refusal_says_what_was_refused},
    {"sums a flood of refusals up", a_flood_of_refusals_is_summed_up},
    {"keeps the last admin", the_last_admin_stays},
    {"lets admins manage accounts, and root on the machine", only_admins_manage_accounts_and_root_on_the_machine},
    {"adds nobody in the name of an admin who is one no more", an_admin_who_is_one_no_more_adds_nobody},
    {"trusts no vendor key in the name of an admin who is one no more", an_admin_who_is_one_no_more_adds_no_vendor_key},
    {"changes no account that was changed meanwhile", a_changed_account_is_not_changed_unseen},
    {"ends sessions that are idle, old or from the future", sessions_end_when_idle_old_or_when_the_clock_goes_back},
    {"replaces the least recently used of too many sessions", many_sessions_replace_the_least_recently_used},
};
const size_t people_case_count = sizeof(people_cases) / sizeof(people_cases[0]);
