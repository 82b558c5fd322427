/* Rollouts, attempts and inventories. */
#include <stdlib.h>

#include "store_suite.h"

/* The rollout with this letter in its id: three waves of a list, a part and the rest. */
static struct rollout_entry rollout_of(char letter, int64_t created_ms)
{
    struct rollout_entry e = {
        .release = "0123456789abcdef",
        .product = "pump",
        .version = "2.1",
        .release_counter = 21,
        .created = {created_ms},
        .changed = {created_ms},
        .created_by = "local:ann",
    };
    static const uint32_t totals[3] = {1, 2, 7};
    static const enum rollout_select selects[3] = {ROLLOUT_SELECT_QUERY, ROLLOUT_SELECT_PERCENT, ROLLOUT_SELECT_LIST};
    memcpy(e.id, "ro-aaaaaaaaaaaaaaaa", ROLLOUT_ID_LEN);
    e.id[ROLLOUT_ID_LEN - 1] = letter;
    (void)snprintf(e.name, sizeof(e.name), "Pumpen \xc3\xbc %c", letter);
    rollout_plan_init(&e.plan);
    e.plan.wave_count = 3;
    e.plan.seed = UINT64_MAX - 1;
    for (unsigned i = 0; i < 3; i++)
        e.plan.waves[i] = (struct rollout_wave_plan){
            .select = selects[i],
            .percent = i == 1 ? 20 : 0,
            .max_concurrent = 10 + i,
            .gate = {.ok_pct = 95, .unreachable_pct = 30, .min_sample = 1 + i, .soak_ms = 1000 * (int64_t)i},
        };
    memset(e.plan.waves[0].query, letter, ROLLOUT_QUERY_MAX); /* as long as can be */
    e.rollout = (struct rollout){.state = ROLLOUT_DRAFT, .wave_count = 3};
    for (unsigned i = 0; i < 3; i++) {
        e.rollout.waves[i] = (struct rollout_wave){.state = ROLLOUT_WAVE_WAITING, .total = totals[i]};
        e.rollout.waves[i].count[ATTEMPT_PLANNED] = totals[i];
    }
    return e;
}

static struct rollout_entry add_rollout(char letter, int64_t created_ms)
{
    struct rollout_entry e = rollout_of(letter, created_ms);
    GW_ASSERT_OK(st.ops->rollout_add(st.self, &e, &err), &err);
    CU_ASSERT_EQUAL(e.rev, 1);
    return e;
}

/* Letter by letter of the ids. */
static bool see_rollout(void *ctx, const struct rollout_entry *entry)
{
    struct user u = {.name = {entry->id[ROLLOUT_ID_LEN - 1]}};
    return see_user(ctx, &u);
}

static bool same_plan(const struct rollout_plan *a, const struct rollout_plan *b)
{
    bool same = a->wave_count == b->wave_count && a->seed == b->seed && a->back_concurrent == b->back_concurrent &&
                a->abort.failure_pct == b->abort.failure_pct && a->abort.min_decided == b->abort.min_decided &&
                a->abort.action == b->abort.action && a->terms.confirm_ms == b->terms.confirm_ms &&
                a->terms.step_ms == b->terms.step_ms && a->terms.total_ms == b->terms.total_ms &&
                a->terms.postpone_max_ms == b->terms.postpone_max_ms;
    for (unsigned i = 0; same && i < a->wave_count; i++) {
        const struct rollout_wave_plan *x = &a->waves[i], *y = &b->waves[i];
        same = x->select == y->select && x->percent == y->percent && x->max_concurrent == y->max_concurrent &&
               x->gate.ok_pct == y->gate.ok_pct && x->gate.unreachable_pct == y->gate.unreachable_pct &&
               x->gate.min_sample == y->gate.min_sample && x->gate.soak_ms == y->gate.soak_ms &&
               strcmp(x->query, y->query) == 0;
    }
    return same;
}

static bool same_wave(const struct rollout_wave *a, const struct rollout_wave *b)
{
    return a->state == b->state && a->total == b->total && a->holders == b->holders && a->back_total == b->back_total &&
           a->waived == b->waived && a->soak_from.ms == b->soak_from.ms &&
           memcmp(a->count, b->count, sizeof(a->count)) == 0 && memcmp(a->back, b->back, sizeof(a->back)) == 0;
}

static bool same_rollout(const struct rollout *a, const struct rollout *b)
{
    bool same = a->state == b->state && a->hold == b->hold && a->hold_wave == b->hold_wave &&
                a->wave_count == b->wave_count && a->opened == b->opened && a->rest.unplanned == b->rest.unplanned &&
                a->rest.old_back == b->rest.old_back && a->rest.holders == b->rest.holders &&
                a->rest.wave == b->rest.wave && a->rest.place == b->rest.place;
    for (unsigned i = 0; same && i < a->wave_count; i++)
        same = same_wave(&a->waves[i], &b->waves[i]);
    return same;
}

static void gives_back_a_rollout(void)
{
    struct rollout_entry want, got;
    begin();
    want = add_rollout('a', 100);
    commit();
    GW_ASSERT_OK(st.ops->rollout_get(st.self, want.id, &got, &err), &err);
    CU_ASSERT_STRING_EQUAL(got.id, want.id);
    CU_ASSERT_STRING_EQUAL(got.name, want.name);
    CU_ASSERT_STRING_EQUAL(got.release, want.release);
    CU_ASSERT_STRING_EQUAL(got.product, "pump");
    CU_ASSERT_STRING_EQUAL(got.version, "2.1");
    CU_ASSERT_STRING_EQUAL(got.created_by, "local:ann");
    CU_ASSERT_STRING_EQUAL(got.reason, "");
    CU_ASSERT(got.release_counter == 21 && got.attempts == 0 && got.timer.ms == 0 && got.rev == 1);
    CU_ASSERT(got.created.ms == 100 && got.changed.ms == 100);
    CU_ASSERT(same_plan(&got.plan, &want.plan));
    CU_ASSERT(same_rollout(&got.rollout, &want.rollout));
    ASSERT_RC(st.ops->rollout_get(st.self, rollout_of('b', 1).id, &got, &err), GW_NOT_FOUND);
    ASSERT_RC(st.ops->rollout_get(st.self, "x", &got, &err), GW_NOT_FOUND);
}

static void gives_back_the_longest_plan(void)
{
    struct rollout_entry want = rollout_of('a', 100), got;
    want.plan.wave_count = want.rollout.wave_count = ROLLOUT_WAVES_MAX;
    for (unsigned i = 0; i < ROLLOUT_WAVES_MAX; i++) {
        want.plan.waves[i] = want.plan.waves[0];
        memset(want.plan.waves[i].query, 'a' + (int)i % 26, ROLLOUT_QUERY_MAX);
        want.rollout.waves[i] = (struct rollout_wave){.state = ROLLOUT_WAVE_WAITING, .total = 1};
        want.rollout.waves[i].count[ATTEMPT_PLANNED] = 1;
    }
    begin();
    GW_ASSERT_OK(st.ops->rollout_add(st.self, &want, &err), &err);
    commit();
    GW_ASSERT_OK(st.ops->rollout_get(st.self, want.id, &got, &err), &err);
    CU_ASSERT(same_plan(&got.plan, &want.plan) && same_rollout(&got.rollout, &want.rollout));
}

static void changes_what_a_rollout_may_change(void)
{
    struct rollout_entry e, stale, got;
    begin();
    e = stale = add_rollout('a', 100);
    e.rollout.state = ROLLOUT_HOLDING;
    e.rollout.hold = ROLLOUT_HOLD_UNREACHABLE;
    e.rollout.hold_wave = 1;
    e.rollout.opened = 2;
    e.rollout.rest =
        (struct rollout_rest){.old_back = UINT32_MAX - 2, .holders = true, .wave = 2, .place = UINT32_MAX - 1};
    e.rollout.waves[0] = (struct rollout_wave){.state = ROLLOUT_WAVE_PASSED, .total = 1, .holders = 1, .waived = 0x3e};
    e.rollout.waves[0].count[ATTEMPT_OK] = 1;
    e.rollout.waves[0].soak_from.ms = 12345678901;
    e.rollout.waves[1].state = ROLLOUT_WAVE_OPEN;
    e.rollout.waves[1].count[ATTEMPT_PLANNED] = 0;
    e.rollout.waves[1].count[ATTEMPT_UNREACHABLE] = 2;
    e.rollout.waves[1].back_total = e.rollout.waves[1].back[ATTEMPT_UNREACHABLE] = UINT32_MAX;
    e.timer.ms = 500;
    e.attempts = 10;
    e.changed.ms = 400;
    (void)snprintf(e.reason, sizeof(e.reason), "zu viele weg \xc3\xbc");
    (void)snprintf(e.version, sizeof(e.version), "9.9"); /* is not changed by a put */
    e.plan.seed = 1;
    GW_ASSERT_OK(st.ops->rollout_put(st.self, &e, &err), &err);
    CU_ASSERT_EQUAL(e.rev, 2);
    commit();
    GW_ASSERT_OK(st.ops->rollout_get(st.self, e.id, &got, &err), &err);
    CU_ASSERT(same_rollout(&got.rollout, &e.rollout));
    CU_ASSERT(same_plan(&got.plan, &stale.plan));
    CU_ASSERT(got.timer.ms == 500 && got.attempts == 10 && got.changed.ms == 400 && got.created.ms == 100);
    CU_ASSERT_STRING_EQUAL(got.reason, e.reason);
    CU_ASSERT_STRING_EQUAL(got.version, "2.1");
    CU_ASSERT_EQUAL(got.rev, 2);
    begin();
    ASSERT_RC(st.ops->rollout_put(st.self, &stale, &err), GW_CONFLICT);
    e = rollout_of('b', 1);
    e.rev = 1;
    ASSERT_RC(st.ops->rollout_put(st.self, &e, &err), GW_CONFLICT); /* not there */
    e = rollout_of('a', 1);
    ASSERT_RC(st.ops->rollout_add(st.self, &e, &err), GW_EXISTS);
    e = rollout_of('c', 1);
    e.rev = 1;
    ASSERT_RC(st.ops->rollout_add(st.self, &e, &err), GW_CONFLICT);
    commit();
}

static void put_timer(struct rollout_entry *e, enum rollout_state state, int64_t timer_ms)
{
    e->rollout.state = state;
    e->timer.ms = timer_ms;
    GW_ASSERT_OK(st.ops->rollout_put(st.self, e, &err), &err);
}

static void passes_rollouts_newest_first_and_those_that_live(void)
{
    struct seen all = {0}, page = {0}, rest = {0}, live = {0}, due = {0}, one = {0}, none = {0};
    struct store_rollout_before start = {.id = ""}, before = {.created = {30}};
    begin();
    struct rollout_entry a = add_rollout('a', 20), b = add_rollout('b', 30), c = add_rollout('c', 30),
                         d = add_rollout('d', 10);
    put_timer(&a, ROLLOUT_FINISHED, 0);
    put_timer(&b, ROLLOUT_RUNNING, 50);
    put_timer(&c, ROLLOUT_ROLLING_BACK, 40);
    put_timer(&d, ROLLOUT_PAUSED, 51);
    commit();
    GW_ASSERT_OK(st.ops->rollout_each(st.self, &start, 9, see_rollout, &all, &err), &err);
    CU_ASSERT_STRING_EQUAL(all.text, "c b a d");
    GW_ASSERT_OK(st.ops->rollout_each(st.self, &start, 1, see_rollout, &page, &err), &err);
    CU_ASSERT_STRING_EQUAL(page.text, "c");
    memcpy(before.id, c.id, sizeof(before.id));
    GW_ASSERT_OK(st.ops->rollout_each(st.self, &before, 2, see_rollout, &rest, &err), &err);
    CU_ASSERT_STRING_EQUAL(rest.text, "b a");
    GW_ASSERT_OK(st.ops->rollout_each(st.self, &start, 0, see_rollout, &none, &err), &err);
    CU_ASSERT_EQUAL(none.count, 0);
    GW_ASSERT_OK(st.ops->rollout_each_live(st.self, NULL, see_rollout, &live, &err), &err);
    CU_ASSERT_STRING_EQUAL(live.text, "d b c");
    struct seen from = {0}, behind = {0}, last = {0};
    GW_ASSERT_OK(st.ops->rollout_each_live(st.self, &start, see_rollout, &from, &err), &err);
    CU_ASSERT_STRING_EQUAL(from.text, "d b c");
    struct store_rollout_before third = {.created = {30}}; /* b */
    memcpy(third.id, b.id, sizeof(third.id));
    GW_ASSERT_OK(st.ops->rollout_each_live(st.self, &third, see_rollout, &behind, &err), &err);
    CU_ASSERT_STRING_EQUAL(behind.text, "c");
    GW_ASSERT_OK(st.ops->rollout_each_live(st.self, &before, see_rollout, &last, &err), &err);
    CU_ASSERT_EQUAL(last.count, 0);
    int64_t counts[ROLLOUT_STATES], sum = 0;
    memset(counts, 0x7f, sizeof(counts));
    GW_ASSERT_OK(st.ops->rollout_count(st.self, counts, &err), &err);
    for (size_t i = 0; i < ROLLOUT_STATES; i++)
        sum += counts[i];
    CU_ASSERT(sum == 4 && counts[ROLLOUT_FINISHED] == 1 && counts[ROLLOUT_RUNNING] == 1);
    CU_ASSERT(counts[ROLLOUT_ROLLING_BACK] == 1 && counts[ROLLOUT_PAUSED] == 1 && counts[ROLLOUT_DRAFT] == 0);
    GW_ASSERT_OK(st.ops->rollout_due(st.self, (struct gw_wall){50}, 9, see_rollout, &due, &err), &err);
    CU_ASSERT_STRING_EQUAL(due.text, "c b");
    GW_ASSERT_OK(st.ops->rollout_due(st.self, (struct gw_wall){50}, 1, see_rollout, &one, &err), &err);
    CU_ASSERT_STRING_EQUAL(one.text, "c");
}

/* Number n of rollout 'letter', wave and place as given, of device dev-<n>. */
static struct attempt_entry attempt_of(char letter, unsigned n, uint16_t wave, uint32_t place)
{
    struct attempt_entry e = {
        .wave = wave, .place = place, .attempt = {.state = ATTEMPT_PLANNED}, .created = {n}, .changed = {n}};
    struct rollout_entry r = rollout_of(letter, 1);
    memcpy(e.rollout, r.id, sizeof(e.rollout));
    attempt_id_format(r.id, n, e.id);
    (void)snprintf(e.device.text, sizeof(e.device.text), "dev-%u", n);
    memcpy(e.release, r.release, sizeof(e.release));
    memcpy(e.version, r.version, sizeof(e.version));
    e.release_counter = r.release_counter;
    return e;
}

static void add_attempt(struct attempt_entry e)
{
    GW_ASSERT_OK(st.ops->attempt_add(st.self, &e, &err), &err);
}

static void put_attempt(const struct attempt_entry *e)
{
    GW_ASSERT_OK(st.ops->attempt_put(st.self, e, &err), &err);
}

static bool see_attempt(void *ctx, const struct attempt_entry *entry)
{
    struct audit_event e = {.n = strtol(entry->id + ATTEMPT_ID_LEN - 8, NULL, 16)};
    return see_event(ctx, &e);
}

static struct store_attempt_filter filter_of(char letter, bool back)
{
    struct store_attempt_filter f = {.back = back, .wave_last = ROLLOUT_WAVES_MAX - 1};
    struct rollout_entry r = rollout_of(letter, 1);
    memcpy(f.rollout, r.id, sizeof(f.rollout));
    return f;
}

/* The numbers of the attempts that pass. */
static const char *numbers(struct store_attempt_filter f, int limit)
{
    static struct seen seen;
    seen = (struct seen){0};
    GW_ASSERT_OK(st.ops->attempt_each(st.self, &f, limit, see_attempt, &seen, &err), &err);
    return seen.text;
}

static struct attempt_entry full_attempt(void)
{
    struct attempt_entry e = attempt_of('a', 7, 2, 5);
    e.attempt = (struct attempt){
        .state = ATTEMPT_CONFIRMING,
        .rev = UINT32_MAX,
        .progress = 100,
        .breaks = 2,
        .online = true,
        .proved = true,
        .taken = true,
        .first_offer = {1},
        .offered = {2},
        .sent = {3},
        .step_since = {4},
        .until = {5},
        .confirm_since = {6},
        .cancel_since = {7},
        .boot_before = "4f0c2a8e-5e3b-4a55-9c50-0d1f0f6e9a01",
        .boot_confirm = "boot-2",
    };
    e.timer.ms = 99;
    e.changed.ms = 88;
    (void)snprintf(e.before_release, sizeof(e.before_release), "fedcba9876543210");
    (void)snprintf(e.before_version, sizeof(e.before_version), "2.0");
    e.before_counter = 20;
    return e;
}

static bool same_attempt(const struct attempt *a, const struct attempt *b)
{
    return a->state == b->state && a->code == b->code && a->rev == b->rev && a->progress == b->progress &&
           a->breaks == b->breaks && a->online == b->online && a->proved == b->proved && a->cancel == b->cancel &&
           a->taken == b->taken && a->first_offer.ms == b->first_offer.ms && a->offered.ms == b->offered.ms &&
           a->sent.ms == b->sent.ms && a->step_since.ms == b->step_since.ms && a->until.ms == b->until.ms &&
           a->confirm_since.ms == b->confirm_since.ms && a->cancel_since.ms == b->cancel_since.ms &&
           strcmp(a->boot_before, b->boot_before) == 0 && strcmp(a->boot_confirm, b->boot_confirm) == 0;
}

static bool same_entry(const struct attempt_entry *a, const struct attempt_entry *b)
{
    return strcmp(a->id, b->id) == 0 && strcmp(a->rollout, b->rollout) == 0 &&
           gw_device_id_eq(&a->device, &b->device) && a->wave == b->wave && a->place == b->place &&
           a->back == b->back && same_attempt(&a->attempt, &b->attempt) && a->timer.ms == b->timer.ms &&
           a->created.ms == b->created.ms && a->changed.ms == b->changed.ms && strcmp(a->release, b->release) == 0 &&
           strcmp(a->version, b->version) == 0 && a->release_counter == b->release_counter &&
           strcmp(a->before_release, b->before_release) == 0 && strcmp(a->before_version, b->before_version) == 0 &&
           a->before_counter == b->before_counter;
}

static void gives_back_an_attempt(void)
{
    struct attempt_entry e = full_attempt(), got, moved;
    begin();
    add_attempt(e);
    commit();
    GW_ASSERT_OK(st.ops->attempt_get(st.self, e.id, &got, &err), &err);
    CU_ASSERT(same_entry(&e, &got));
    begin();
    e.attempt.state = ATTEMPT_FAILED;
    e.attempt.code = ATTEMPT_CODE_UNSTABLE;
    e.attempt.online = e.attempt.proved = false;
    e.attempt.cancel = true;
    e.timer.ms = 0;
    e.before_counter = RELEASE_COUNTER_MAX;
    moved = e;
    moved.wave = 0; /* what a put does not change */
    moved.place = 9;
    moved.device = id_of("dev-9");
    moved.created.ms = 1000;
    put_attempt(&moved);
    commit();
    GW_ASSERT_OK(st.ops->attempt_get(st.self, e.id, &got, &err), &err);
    CU_ASSERT(same_entry(&e, &got));
    ASSERT_RC(st.ops->attempt_get(st.self, attempt_of('a', 8, 0, 0).id, &got, &err), GW_NOT_FOUND);
    ASSERT_RC(st.ops->attempt_get(st.self, "", &got, &err), GW_NOT_FOUND);
    begin();
    e = attempt_of('a', 8, 0, 0);
    ASSERT_RC(st.ops->attempt_put(st.self, &e, &err), GW_NOT_FOUND);
    commit();
}

static void holds_a_device_in_one_rollout_at_a_time(void)
{
    struct attempt_entry first = attempt_of('a', 1, 0, 0), again = attempt_of('a', 2, 0, 1),
                         other = attempt_of('b', 1, 0, 0), place = attempt_of('a', 3, 0, 0), back = first;
    again.device = other.device = first.device;
    attempt_id_format(first.rollout, 9, back.id);
    back.back = true;
    begin();
    add_attempt(first);
    ASSERT_RC(st.ops->attempt_add(st.self, &first, &err), GW_EXISTS);
    ASSERT_RC(st.ops->attempt_add(st.self, &again, &err), GW_EXISTS);
    ASSERT_RC(st.ops->attempt_add(st.self, &place, &err), GW_EXISTS);
    ASSERT_RC(st.ops->attempt_add(st.self, &other, &err), GW_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), first.rollout));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), "dev-1"));
    add_attempt(back); /* going back is another matter */
    first.attempt.state = ATTEMPT_TIMED_OUT;
    put_attempt(&first);
    ASSERT_RC(st.ops->attempt_add(st.self, &again, &err), GW_EXISTS); /* of this rollout it had its attempt */
    add_attempt(other);
    first.attempt.state = ATTEMPT_OFFERED; /* no one comes back to life */
    ASSERT_RC(st.ops->attempt_put(st.self, &first, &err), GW_EXISTS);
    commit();
    CU_ASSERT_STRING_EQUAL(numbers(filter_of('a', false), 9), "1");
    CU_ASSERT_STRING_EQUAL(numbers(filter_of('a', true), 9), "9");
    CU_ASSERT_STRING_EQUAL(numbers(filter_of('b', false), 9), "1");
}

/* Numbers 0 to 8: wave n % 3, places from the last to the first. */
static void add_nine(char letter)
{
    for (unsigned n = 0; n < 9; n++)
        add_attempt(attempt_of(letter, n, (uint16_t)(n % 3), 2 - n / 3));
}

static struct attempt_entry stored(char letter, unsigned n)
{
    struct attempt_entry got = attempt_of(letter, n, 0, 0);
    char id[ATTEMPT_ID_LEN + 1];
    memcpy(id, got.id, sizeof(id));
    GW_ASSERT_OK(st.ops->attempt_get(st.self, id, &got, &err), &err);
    return got;
}

static void set_state(char letter, unsigned n, enum attempt_state state, bool taken)
{
    struct attempt_entry e = stored(letter, n);
    e.attempt.state = state;
    e.attempt.taken = taken;
    put_attempt(&e);
}

static void passes_attempts_by_wave_and_place(void)
{
    struct store_attempt_filter f = filter_of('a', false);
    begin();
    add_nine('a');
    set_state('a', 4, ATTEMPT_OFFERED, false);
    set_state('a', 0, ATTEMPT_OK, true);
    set_state('a', 5, ATTEMPT_TIMED_OUT, true);
    set_state('a', 8, ATTEMPT_REBOOTING, true);
    set_state('a', 2, ATTEMPT_FAILED, false);
    commit();
    CU_ASSERT_STRING_EQUAL(numbers(f, 99), "6 3 0 7 4 1 8 5 2");
    CU_ASSERT_STRING_EQUAL(numbers(f, 4), "6 3 0 7");
    f.wave = 1;
    f.place = 1;
    CU_ASSERT_STRING_EQUAL(numbers(f, 4), "4 1 8 5");
    f.wave_last = 1;
    CU_ASSERT_STRING_EQUAL(numbers(f, 4), "4 1");
    f.place = 0;
    f.state = ATTEMPT_PLANNED; /* the next ones of wave 1 */
    CU_ASSERT_STRING_EQUAL(numbers(f, 2), "7 1");
    CU_ASSERT_STRING_EQUAL(numbers(f, 1), "7");
    f.place = 1;
    CU_ASSERT_STRING_EQUAL(numbers(f, 2), "1");
    f = filter_of('a', false);
    f.state = ATTEMPT_PLANNED;
    CU_ASSERT_STRING_EQUAL(numbers(f, 99), "6 3 7 1");
    f.state = ATTEMPT_TIMED_OUT;
    CU_ASSERT_STRING_EQUAL(numbers(f, 99), "5");
    f.state = (enum attempt_state)0;
    f.holders = true; /* ended, and with the version */
    CU_ASSERT_STRING_EQUAL(numbers(f, 99), "0 5");
    CU_ASSERT_STRING_EQUAL(numbers(f, 0), "");
    f.back = true;
    CU_ASSERT_STRING_EQUAL(numbers(f, 99), "");
}

static void passes_the_attempts_of_a_device_newest_first(void)
{
    struct seen all = {0}, two = {0}, none = {0};
    struct gw_device_id device = id_of("dev-1"), other = id_of("dev-2");
    begin();
    for (unsigned i = 0; i < 3; i++) {
        struct attempt_entry e = attempt_of((char)('a' + i), i, 0, 0);
        e.device = device;
        e.created.ms = i == 2 ? 100 : 200;
        e.attempt.state = ATTEMPT_OK;
        add_attempt(e);
    }
    commit();
    GW_ASSERT_OK(st.ops->attempt_each_of(st.self, &device, 9, see_attempt, &all, &err), &err);
    CU_ASSERT_STRING_EQUAL(all.text, "1 0 2");
    GW_ASSERT_OK(st.ops->attempt_each_of(st.self, &device, 2, see_attempt, &two, &err), &err);
    CU_ASSERT_STRING_EQUAL(two.text, "1 0");
    GW_ASSERT_OK(st.ops->attempt_each_of(st.self, &other, 9, see_attempt, &none, &err), &err);
    CU_ASSERT_EQUAL(none.count, 0);
}

static int64_t next_timer(void)
{
    struct gw_wall timer = {-1};
    GW_ASSERT_OK(st.ops->timer_next(st.self, &timer, &err), &err);
    return timer.ms;
}

static void tells_what_is_due(void)
{
    struct seen due = {0}, one = {0};
    CU_ASSERT_EQUAL(next_timer(), 0);
    begin();
    for (unsigned n = 0; n < 4; n++) {
        struct attempt_entry e = attempt_of('a', n, 0, n);
        e.timer.ms = n == 0 ? 0 : 100 - 10 * (int64_t)n;
        add_attempt(e);
    }
    CU_ASSERT_EQUAL(next_timer(), 70);
    struct rollout_entry r = add_rollout('a', 1);
    put_timer(&r, ROLLOUT_RUNNING, 60);
    commit();
    CU_ASSERT_EQUAL(next_timer(), 60);
    GW_ASSERT_OK(st.ops->attempt_due(st.self, (struct gw_wall){80}, 9, see_attempt, &due, &err), &err);
    CU_ASSERT_STRING_EQUAL(due.text, "3 2");
    GW_ASSERT_OK(st.ops->attempt_due(st.self, (struct gw_wall){80}, 1, see_attempt, &one, &err), &err);
    CU_ASSERT_STRING_EQUAL(one.text, "3");
}

static bool see_count(void *ctx, const struct store_attempt_count *count)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "%s%u/%s:%u/%u", count->back ? "back" : "", count->wave,
                   attempt_state_text(count->state), count->count, count->holders);
    struct user u = {0};
    (void)snprintf(u.name, sizeof(u.name), "%s", text);
    return see_user(ctx, &u);
}

static const char *counts(char letter)
{
    static struct seen seen;
    seen = (struct seen){0};
    GW_ASSERT_OK(st.ops->attempt_count(st.self, rollout_of(letter, 1).id, see_count, &seen, &err), &err);
    return seen.text;
}

static void add_back(char letter, unsigned n, enum attempt_state state)
{
    struct attempt_entry e = stored(letter, n);
    attempt_id_format(e.rollout, 100 + n, e.id);
    e.back = true;
    e.attempt = (struct attempt){.state = state};
    add_attempt(e);
}

static struct store_attempt_last last_of(char letter, bool back, uint16_t wave, uint32_t place)
{
    struct store_attempt_last last = {.back = back, .wave = wave, .place = place};
    memcpy(last.rollout, rollout_of(letter, 1).id, sizeof(last.rollout));
    return last;
}

static void drop_back(char letter, uint16_t wave, uint32_t place)
{
    struct store_attempt_last last = last_of(letter, true, wave, place);
    GW_ASSERT_OK(st.ops->attempt_drop_back(st.self, &last, &err), &err);
}

static void counts_attempts_and_drops_those_that_went_back(void)
{
    begin();
    add_nine('a');
    set_state('a', 0, ATTEMPT_OK, true);
    set_state('a', 3, ATTEMPT_OK, true);
    set_state('a', 4, ATTEMPT_TIMED_OUT, true);
    set_state('a', 7, ATTEMPT_TIMED_OUT, false);
    set_state('a', 1, ATTEMPT_INSTALLING, true);
    add_back('a', 0, ATTEMPT_OK);
    add_back('a', 3, ATTEMPT_PLANNED);
    commit();
    CU_ASSERT_STRING_EQUAL(counts('a'), "0/planned:1/0 0/ok:2/2 1/installing:1/0 1/timed_out:2/1 2/planned:3/0 "
                                        "back0/planned:1/0 back0/ok:1/0");
    CU_ASSERT_STRING_EQUAL(counts('b'), "");
    begin();
    drop_back('a', 0, 0); /* place 2 has number 0, place 1 number 3 */
    drop_back('b', ROLLOUT_WAVES_MAX - 1, UINT32_MAX);
    commit();
    CU_ASSERT_STRING_EQUAL(numbers(filter_of('a', true), 9), "103 100");
    begin();
    drop_back('a', 1, 0);
    commit();
    CU_ASSERT_STRING_EQUAL(numbers(filter_of('a', true), 9), "103");
    CU_ASSERT_STRING_EQUAL(numbers(filter_of('a', false), 9), "6 3 0 7 4 1 8 5 2");
}

static void cancel_planned(char letter, bool back, uint16_t wave, uint32_t place)
{
    struct store_attempt_last last = last_of(letter, back, wave, place);
    GW_ASSERT_OK(st.ops->attempt_cancel_planned(st.self, &last, (struct gw_wall){1234}, &err), &err);
}

static void cancels_what_is_planned_up_to_a_place(void)
{
    begin();
    add_nine('a');
    struct attempt_entry other = attempt_of('b', 20, 0, 0), e = stored('a', 5);
    add_attempt(other);
    e.attempt.rev = 3; /* deferred before */
    e.timer.ms = 7;
    put_attempt(&e);
    set_state('a', 4, ATTEMPT_OFFERED, false);
    set_state('a', 0, ATTEMPT_OK, true);
    add_back('a', 0, ATTEMPT_PLANNED);
    cancel_planned('a', false, 2, 1);
    commit();
    CU_ASSERT_STRING_EQUAL(counts('a'), "0/planned:2/0 0/ok:1/1 1/planned:2/0 1/offered:1/0 2/planned:1/0 "
                                        "2/cancelled:2/0 back0/planned:1/0");
    e = stored('a', 5);
    CU_ASSERT(e.attempt.state == ATTEMPT_CANCELLED && e.attempt.rev == 3 && e.timer.ms == 0 && e.changed.ms == 1234);
    CU_ASSERT_EQUAL(e.attempt.step_since.ms, 1234);
    begin();
    for (uint16_t wave = 0; wave < 3; wave++)
        cancel_planned('a', false, wave, 2);
    struct attempt_entry again = attempt_of('b', 5, 0, 5); /* whoever is cancelled may be taken by another rollout */
    add_attempt(again);
    commit();
    CU_ASSERT_STRING_EQUAL(counts('a'), "0/ok:1/1 0/cancelled:2/0 1/offered:1/0 1/cancelled:2/0 2/cancelled:3/0 "
                                        "back0/planned:1/0");
    CU_ASSERT_STRING_EQUAL(counts('b'), "0/planned:2/0");
    begin();
    cancel_planned('a', true, 0, UINT32_MAX);
    rollback();
    CU_ASSERT_STRING_EQUAL(numbers(filter_of('a', true), 9), "100");
}

/* ---- devices of a draft ---- */

static struct rollout_seat got_seats[ROLLOUT_SLICE_MAX];

static size_t seats_under(char letter, uint32_t number)
{
    size_t count = 0;
    enum gw_rc rc = st.ops->seats_get(st.self, rollout_of(letter, 1).id, number, got_seats, &count, &err);
    CU_ASSERT(rc == GW_OK || (rc == GW_NOT_FOUND && count == 0));
    return count;
}

static enum gw_rc add_seats(char letter, uint32_t number, const struct rollout_seat *seats, size_t count)
{
    return st.ops->seats_add(st.self, rollout_of(letter, 1).id, number, seats, count, &err);
}

static void keeps_lists_of_devices_that_have_no_attempt_yet(void)
{
    static struct rollout_seat seats[ROLLOUT_SLICE_MAX + 1];
    for (unsigned i = 0; i <= ROLLOUT_SLICE_MAX; i++) {
        seats[i] = (struct rollout_seat){.wave = (uint16_t)(i % ROLLOUT_WAVES_MAX), .place = UINT32_MAX - i};
        (void)snprintf(seats[i].device.text, sizeof(seats[i].device.text), "dev-%0*u", i % 2 ? 59 : 1, i);
    }
    begin();
    GW_ASSERT_OK(add_seats('a', 0, seats, ROLLOUT_SLICE_MAX), &err);
    GW_ASSERT_OK(add_seats('a', 1000, seats, 3), &err);
    GW_ASSERT_OK(add_seats('b', 0, seats + 7, 1), &err);
    ASSERT_RC(add_seats('a', 0, seats, 1), GW_EXISTS);
    ASSERT_RC(add_seats('a', 5, seats, 0), GW_INVALID);
    ASSERT_RC(add_seats('a', 5, seats, ROLLOUT_SLICE_MAX + 1), GW_INVALID);
    struct rollout_seat bad = {.wave = ROLLOUT_WAVES_MAX, .device = id_of("dev-1")};
    ASSERT_RC(add_seats('a', 5, &bad, 1), GW_INVALID);
    commit();
    CU_ASSERT_EQUAL(seats_under('a', 0), ROLLOUT_SLICE_MAX);
    for (unsigned i = 0; i < ROLLOUT_SLICE_MAX; i++)
        CU_ASSERT(gw_device_id_eq(&got_seats[i].device, &seats[i].device) && got_seats[i].wave == seats[i].wave &&
                  got_seats[i].place == seats[i].place);
    CU_ASSERT(seats_under('a', 1000) == 3 && seats_under('a', 1) == 0 && seats_under('c', 0) == 0);
    begin();
    GW_ASSERT_OK(st.ops->seats_drop(st.self, rollout_of('a', 1).id, 1000, &err), &err);
    commit();
    CU_ASSERT(seats_under('a', 0) == 0 && seats_under('a', 1000) == 3 && seats_under('b', 0) == 1);
    begin();
    GW_ASSERT_OK(st.ops->seats_drop(st.self, rollout_of('a', 1).id, UINT32_MAX, &err), &err);
    rollback();
    CU_ASSERT_EQUAL(seats_under('a', 1000), 3);
}

static int drop_lost(int limit)
{
    int count = -1;
    GW_ASSERT_OK(st.ops->seats_drop_lost(st.self, limit, &count, &err), &err);
    return count;
}

static void drops_lists_of_drafts_that_came_to_nothing(void)
{
    struct rollout_seat seats[2] = {{.device = id_of("dev-1")}, {.device = id_of("dev-2")}};
    begin();
    (void)add_rollout('b', 1);
    GW_ASSERT_OK(add_seats('b', 0, seats, 2), &err);
    for (uint32_t n = 0; n < 3; n++) {
        GW_ASSERT_OK(add_seats('a', 2 * n, seats, 2), &err);
        GW_ASSERT_OK(add_seats('c', 2 * n, seats, 2), &err);
    }
    commit();
    begin();
    CU_ASSERT_EQUAL(drop_lost(4), 4);
    rollback();
    begin();
    CU_ASSERT(drop_lost(0) == 0 && drop_lost(4) == 4 && drop_lost(4) == 2 && drop_lost(4) == 0);
    commit();
    CU_ASSERT(seats_under('b', 0) == 2 && seats_under('a', 0) == 0 && seats_under('c', 4) == 0);
}

static struct inventory inventory_of(const char *device, const char *product)
{
    struct inventory i = {
        .device = id_of(device),
        .hardware = "rev-b",
        .version = "2.0",
        .slots = "[\"a\",\"b\"]",
        .boot = "4f0c2a8e-5e3b-4a55-9c50-0d1f0f6e9a01",
        .agent = "1.0.0",
        .attributes = "{\"site\":\"H\xc3\xbcll\"}",
        .uptime_s = 3600,
        .seen = {77},
        .job_n = INT64_MAX,
        .floor_confirmed = 19,
        .release = "fedcba9876543210",
        .release_counter = 20,
    };
    (void)snprintf(i.product, sizeof(i.product), "%s", product);
    return i;
}

static void put_inventory(struct inventory i)
{
    GW_ASSERT_OK(st.ops->inventory_put(st.self, &i, &err), &err);
}

static bool same_inventory(const struct inventory *a, const struct inventory *b)
{
    return gw_device_id_eq(&a->device, &b->device) && strcmp(a->product, b->product) == 0 &&
           strcmp(a->hardware, b->hardware) == 0 && strcmp(a->version, b->version) == 0 &&
           strcmp(a->slots, b->slots) == 0 && strcmp(a->boot, b->boot) == 0 && strcmp(a->agent, b->agent) == 0 &&
           strcmp(a->attributes, b->attributes) == 0 && a->uptime_s == b->uptime_s && a->seen.ms == b->seen.ms &&
           a->job_n == b->job_n && a->floor_confirmed == b->floor_confirmed && strcmp(a->release, b->release) == 0 &&
           a->release_counter == b->release_counter;
}

static bool see_inventory(void *ctx, const struct inventory *inventory)
{
    struct device d = {.id = inventory->device};
    return see_device(ctx, &d);
}

static void gives_back_inventories(void)
{
    struct inventory want = inventory_of("dev-1", "pump"), got;
    struct store_inventory_after start = {.product = ""}, pumps = {.product = "pump"};
    struct seen all = {0}, two = {0}, one = {0};
    begin();
    put_inventory(inventory_of("dev-3", "pump"));
    put_inventory(inventory_of("dev-2", "valve"));
    put_inventory((struct inventory){.device = id_of("dev-1"), .product = "valve"});
    put_inventory(want);
    commit();
    GW_ASSERT_OK(st.ops->inventory_get(st.self, &want.device, &got, &err), &err);
    CU_ASSERT(same_inventory(&want, &got));
    got.device = id_of("dev-4");
    ASSERT_RC(st.ops->inventory_get(st.self, &got.device, &got, &err), GW_NOT_FOUND);
    GW_ASSERT_OK(st.ops->inventory_each(st.self, &start, 9, see_inventory, &all, &err), &err);
    CU_ASSERT_STRING_EQUAL(all.text, "dev-1 dev-2 dev-3");
    GW_ASSERT_OK(st.ops->inventory_each(st.self, &pumps, 9, see_inventory, &two, &err), &err);
    CU_ASSERT_STRING_EQUAL(two.text, "dev-1 dev-3");
    pumps.device = id_of("dev-1");
    GW_ASSERT_OK(st.ops->inventory_each(st.self, &pumps, 9, see_inventory, &one, &err), &err);
    CU_ASSERT_STRING_EQUAL(one.text, "dev-3");
}

static void refuses_rollouts_that_break_their_rules(void)
{
    struct rollout_entry bad[8];
    for (size_t i = 0; i < 8; i++)
        bad[i] = rollout_of('a', 1);
    bad[0].id[4] = 'A';
    memset(bad[1].name, 'n', sizeof(bad[1].name));
    bad[2].release[0] = 'x';
    bad[3].plan.waves[1].percent = 0;
    bad[4].rollout.waves[1].total++;
    bad[5].rollout.wave_count = 2;
    bad[6].rollout.state = (enum rollout_state)0;
    bad[7].release_counter = 0;
    begin();
    for (size_t i = 0; i < 8; i++)
        ASSERT_RC(st.ops->rollout_add(st.self, &bad[i], &err), GW_INVALID);
    struct rollout_entry fine = add_rollout('a', 1);
    fine.rollout.opened = 4;
    ASSERT_RC(st.ops->rollout_put(st.self, &fine, &err), GW_INVALID);
    commit();
}

static void refuses_attempts_and_inventories_that_break_their_rules(void)
{
    struct attempt_entry bad[8];
    struct inventory i = inventory_of("dev-1", "pump"), j = i, k = i;
    for (size_t n = 0; n < 8; n++)
        bad[n] = attempt_of('a', 1, 0, 0);
    bad[0].id[ATTEMPT_ID_LEN - 1] = 'g';
    bad[1].rollout[0] = 'x';
    bad[2].device = id_of("all");
    bad[3].wave = ROLLOUT_WAVES_MAX;
    bad[4].attempt.state = (enum attempt_state)ATTEMPT_STATES;
    bad[5].before_version[0] = ' ';
    memset(bad[6].attempt.boot_before, 'b', sizeof(bad[6].attempt.boot_before));
    bad[7].release_counter = RELEASE_COUNTER_MAX + 1;
    memset(i.attributes, 'a', sizeof(i.attributes));
    j.job_n = -1;
    k.device.text[0] = '\0';
    begin();
    for (size_t n = 0; n < 8; n++)
        ASSERT_RC(st.ops->attempt_add(st.self, &bad[n], &err), GW_INVALID);
    ASSERT_RC(st.ops->inventory_put(st.self, &i, &err), GW_INVALID);
    ASSERT_RC(st.ops->inventory_put(st.self, &j, &err), GW_INVALID);
    ASSERT_RC(st.ops->inventory_put(st.self, &k, &err), GW_INVALID);
    commit();
    CU_ASSERT_STRING_EQUAL(counts('a'), "");
}

static void undoes_a_rollout_whole(void)
{
    struct rollout_entry e;
    struct inventory i;
    begin();
    GW_ASSERT_OK(st.ops->mark(st.self, &err), &err);
    e = add_rollout('a', 1);
    add_nine('a');
    put_inventory(inventory_of("dev-1", "pump"));
    GW_ASSERT_OK(st.ops->mark_end(st.self, false, &err), &err);
    ASSERT_RC(st.ops->rollout_get(st.self, e.id, &e, &err), GW_NOT_FOUND);
    e = add_rollout('a', 1);
    add_nine('a');
    rollback();
    ASSERT_RC(st.ops->rollout_get(st.self, e.id, &e, &err), GW_NOT_FOUND);
    i.device = id_of("dev-1");
    ASSERT_RC(st.ops->inventory_get(st.self, &i.device, &i, &err), GW_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(counts('a'), "");
}

static void a_reader_sees_rollouts_but_changes_none(void)
{
    struct store reader = store_over_reader();
    struct rollout_entry r;
    struct attempt_entry a = attempt_of('a', 1, 0, 0);
    struct inventory i = inventory_of("dev-1", "pump");
    begin();
    r = add_rollout('a', 1);
    add_attempt(a);
    commit();
    GW_ASSERT_OK(reader.ops->rollout_get(reader.self, rollout_of('a', 1).id, &r, &err), &err);
    GW_ASSERT_OK(reader.ops->attempt_get(reader.self, attempt_of('a', 1, 0, 0).id, &a, &err), &err);
    ASSERT_RC(reader.ops->rollout_put(reader.self, &r, &err), GW_DENIED);
    ASSERT_RC(reader.ops->rollout_add(reader.self, &r, &err), GW_DENIED);
    ASSERT_RC(reader.ops->attempt_put(reader.self, &a, &err), GW_DENIED);
    ASSERT_RC(reader.ops->attempt_add(reader.self, &a, &err), GW_DENIED);
    struct store_attempt_last last = last_of('a', false, 0, 9);
    struct rollout_seat seat = {.device = id_of("dev-1")};
    ASSERT_RC(reader.ops->attempt_drop_back(reader.self, &last, &err), GW_DENIED);
    ASSERT_RC(reader.ops->attempt_cancel_planned(reader.self, &last, (struct gw_wall){1}, &err), GW_DENIED);
    ASSERT_RC(reader.ops->seats_add(reader.self, r.id, 0, &seat, 1, &err), GW_DENIED);
    ASSERT_RC(reader.ops->seats_drop(reader.self, r.id, 1, &err), GW_DENIED);
    int dropped;
    ASSERT_RC(reader.ops->seats_drop_lost(reader.self, 1, &dropped, &err), GW_DENIED);
    ASSERT_RC(reader.ops->inventory_put(reader.self, &i, &err), GW_DENIED);
    ASSERT_RC(st.ops->attempt_put(st.self, &a, &err), GW_INVALID); /* outside of a transaction */
}

const struct gw_test_case rollout_cases[] = {
    {"gives back a rollout with its plan and counters", gives_back_a_rollout},
    {"gives back a plan of as many waves as can be, with queries as long as can be", gives_back_the_longest_plan},
    {"changes what a rollout may change, under its revision", changes_what_a_rollout_may_change},
    {"passes rollouts newest first, live ones, due ones", passes_rollouts_newest_first_and_those_that_live},
    {"gives back an attempt", gives_back_an_attempt},
    {"holds a device in one rollout at a time", holds_a_device_in_one_rollout_at_a_time},
    {"passes attempts by wave and place", passes_attempts_by_wave_and_place},
    {"passes the attempts of a device newest first", passes_the_attempts_of_a_device_newest_first},
    {"tells what is due", tells_what_is_due},
    {"counts attempts and drops those that went back", counts_attempts_and_drops_those_that_went_back},
    {"cancels what is planned up to a place", cancels_what_is_planned_up_to_a_place},
    {"keeps lists of devices that have no attempt yet", keeps_lists_of_devices_that_have_no_attempt_yet},
    {"drops lists of drafts that came to nothing", drops_lists_of_drafts_that_came_to_nothing},
    {"gives back inventories", gives_back_inventories},
    {"refuses rollouts that break their rules", refuses_rollouts_that_break_their_rules},
    {"refuses attempts and inventories that break their rules",
     refuses_attempts_and_inventories_that_break_their_rules},
    {"undoes a rollout whole", undoes_a_rollout_whole},
    {"lets a reader see rollouts but change none", a_reader_sees_rollouts_but_changes_none},
};
const size_t rollout_case_count = sizeof(rollout_cases) / sizeof(rollout_cases[0]);
