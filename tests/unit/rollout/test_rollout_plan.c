#include <stdio.h>
#include <string.h>

#include "gw_test.h"
#include "rollout_members.h"
#include "rollout_step.h"

#define MANY 1000

static struct rollout_plan plan;
static struct gw_err err;
static struct rollout_member members[MANY];
static char names[MANY][16];
static uint32_t totals[ROLLOUT_WAVES_MAX];

/* A list, then 10 %, then 50 % of what is left, then the rest. */
static void make_plan(void)
{
    static const enum rollout_select selects[] = {ROLLOUT_SELECT_LIST, ROLLOUT_SELECT_PERCENT, ROLLOUT_SELECT_PERCENT,
                                                  ROLLOUT_SELECT_REST};
    rollout_plan_init(&plan);
    plan.wave_count = 4;
    plan.seed = 7;
    for (int w = 0; w < 4; w++)
        plan.waves[w] =
            (struct rollout_wave_plan){.select = selects[w], .max_concurrent = 10, .gate = {.min_sample = 1}};
    plan.waves[1].percent = 10;
    plan.waves[2].percent = 50;
}

/* From first up, or, with a negative step, from last down: the order given must not matter. */
static void make_fleet(struct rollout_fleet *fleet, int count, bool reversed)
{
    for (int i = 0; i < count; i++) {
        int n = reversed ? count - 1 - i : i;
        (void)snprintf(names[i], sizeof(names[i]), "pump-%04d", n);
        members[i] = (struct rollout_member){.id = gw_view_str(names[i])};
    }
    *fleet = (struct rollout_fleet){.members = members, .count = (size_t)count};
}

static void gives_every_device_one_wave(void)
{
    struct rollout_pick picks[] = {{GW_VIEW_LIT("pump-0500"), 0}, {GW_VIEW_LIT("pump-0003"), 0}};
    struct rollout_fleet fleet;
    uint8_t seen[4][MANY] = {0};
    make_plan();
    make_fleet(&fleet, MANY, false);
    fleet.picks = picks;
    fleet.pick_count = 2;
    GW_ASSERT_OK(rollout_plan_valid(&plan, &err), &err);
    GW_ASSERT_OK(rollout_assign(&plan, &fleet, totals, &err), &err);
    CU_ASSERT_EQUAL(totals[0], 2);
    CU_ASSERT_EQUAL(totals[1], 100); /* 99.8 */
    CU_ASSERT_EQUAL(totals[2], 449);
    CU_ASSERT_EQUAL(totals[3], 449);
    for (int i = 0; i < MANY; i++) {
        CU_ASSERT_FATAL(members[i].wave < 4 && members[i].place < totals[members[i].wave]);
        seen[members[i].wave][members[i].place]++;
    }
    for (unsigned w = 0; w < 4; w++)
        for (uint32_t p = 0; p < totals[w]; p++)
            CU_ASSERT_EQUAL(seen[w][p], 1);
}

static void gives_the_same_waves_again(void)
{
    static struct rollout_member first[MANY];
    struct rollout_fleet fleet;
    make_plan();
    make_fleet(&fleet, MANY, false);
    GW_ASSERT_OK(rollout_assign(&plan, &fleet, totals, &err), &err);
    memcpy(first, members, sizeof(first));
    static char kept[MANY][16];
    memcpy(kept, names, sizeof(kept));
    for (int i = 0; i < MANY; i++)
        first[i].id.ptr = (const uint8_t *)kept[(const char(*)[16])(const void *)first[i].id.ptr - names];
    make_fleet(&fleet, MANY, true);
    GW_ASSERT_OK(rollout_assign(&plan, &fleet, totals, &err), &err);
    unsigned other = 0;
    for (int i = 0; i < MANY; i++) {
        CU_ASSERT(gw_view_eq(first[i].id, members[i].id));
        CU_ASSERT_EQUAL(first[i].wave, members[i].wave);
        CU_ASSERT_EQUAL(first[i].place, members[i].place);
    }
    plan.seed = 8;
    GW_ASSERT_OK(rollout_assign(&plan, &fleet, totals, &err), &err);
    for (int i = 0; i < MANY; i++)
        other += !gw_view_eq(first[i].id, members[i].id);
    CU_ASSERT(other > MANY / 2);
}

static void rounds_small_parts_up(void)
{
    struct rollout_fleet fleet;
    make_plan();
    make_fleet(&fleet, 3, false);
    GW_ASSERT_OK(rollout_assign(&plan, &fleet, totals, &err), &err);
    CU_ASSERT_EQUAL(totals[1], 1);
    CU_ASSERT_EQUAL(totals[2], 1);
    CU_ASSERT_EQUAL(totals[3], 1);
}

/* 10 % of all, then those of revision b that are left (every second), then every fourth, then the rest. */
static void make_query_plan(struct rollout_fleet *fleet, int count)
{
    make_plan();
    plan.waves[0].select = ROLLOUT_SELECT_PERCENT;
    plan.waves[0].percent = 10;
    for (int w = 1; w <= 2; w++) {
        plan.waves[w].select = ROLLOUT_SELECT_QUERY;
        plan.waves[w].percent = 0;
        (void)snprintf(plan.waves[w].query, sizeof(plan.waves[w].query), "hardware:rev%d", w);
    }
    make_fleet(fleet, count, false);
    for (int i = 0; i < count; i++)
        members[i].fits = (i % 2 ? 0 : 1u << 1) | (i % 4 ? 0 : 1u << 2) | (i % 3 ? 0 : 1u << 2);
}

static void a_device_goes_to_the_first_wave_that_takes_it(void)
{
    struct rollout_fleet fleet;
    struct rollout_pick pick = {GW_VIEW_LIT("pump-0004"), 3};
    uint32_t seen[4] = {0};
    make_query_plan(&fleet, MANY);
    GW_ASSERT_OK(rollout_plan_valid(&plan, &err), &err);
    GW_ASSERT_OK(rollout_assign(&plan, &fleet, totals, &err), &err);
    CU_ASSERT_EQUAL(totals[0], 100);
    for (int i = 0; i < MANY; i++) {
        const struct rollout_member *m = &members[i];
        CU_ASSERT_FATAL(m->wave < 4);
        CU_ASSERT_EQUAL(m->wave, m->wave == 0 ? 0 : m->fits & 1u << 1 ? 1 : m->fits & 1u << 2 ? 2 : 3);
        CU_ASSERT_EQUAL(m->place, seen[m->wave]); /* in the order that the seed chooses */
        seen[m->wave]++;
    }
    for (int w = 0; w < 4; w++)
        CU_ASSERT(seen[w] == totals[w] && totals[w] > 0);
    make_query_plan(&fleet, MANY);
    plan.waves[3].select = ROLLOUT_SELECT_LIST; /* one that fits stands on a list behind */
    fleet.picks = &pick;
    fleet.pick_count = 1;
    plan.waves[2].query[0] = '\0';
    plan.waves[2].select = ROLLOUT_SELECT_PERCENT;
    plan.waves[2].percent = 100;
    GW_ASSERT_OK(rollout_assign(&plan, &fleet, totals, &err), &err);
    for (int i = 0; i < MANY; i++)
        CU_ASSERT_EQUAL(members[i].wave == 3, gw_view_eq_str(members[i].id, "pump-0004"));
}

static void a_query_that_selects_nobody_is_refused(void)
{
    struct rollout_fleet fleet;
    make_query_plan(&fleet, 9);
    for (int i = 0; i < 9; i++)
        members[i].fits = 1u << 2;
    CU_ASSERT_EQUAL(rollout_assign(&plan, &fleet, totals, &err), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "wave 2: no device that is left fits the query");
    make_query_plan(&fleet, 9);
    plan.waves[3] = plan.waves[2];
    for (int i = 0; i < 9; i++)
        members[i].fits = i == 4 ? 1u << 3 : 3u << 1;
    CU_ASSERT_EQUAL(rollout_assign(&plan, &fleet, totals, &err),
                    GW_INVALID); /* the second takes what the third would */
    CU_ASSERT_STRING_EQUAL(err.text, "wave 3: no device that is left fits the query");
    make_query_plan(&fleet, 9);
    plan.wave_count = 3;
    CU_ASSERT_EQUAL(rollout_assign(&plan, &fleet, totals, &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "are in no wave"));
}

static void refuses_lists_that_contradict(void)
{
    static const struct {
        struct rollout_pick picks[2];
        const char *text;
    } bad[] = {
        {{{GW_VIEW_LIT("pump-0001"), 0}, {GW_VIEW_LIT("valve-1"), 0}}, "valve-1 is listed, but"},
        {{{GW_VIEW_LIT("pump-0001"), 0}, {GW_VIEW_LIT("pump-0001"), 4}}, "has no list"},
        {{{GW_VIEW_LIT("pump-0001"), 0}, {GW_VIEW_LIT("pump-0001"), 3}}, "two waves"},
        {{{GW_VIEW_LIT("pump-0001"), 0}, {GW_VIEW_LIT("pump-0002"), 1}}, "has no list"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct rollout_pick picks[2];
        struct rollout_fleet fleet;
        make_plan();
        plan.waves[3].select = ROLLOUT_SELECT_LIST;
        make_fleet(&fleet, 5, false);
        memcpy(picks, bad[i].picks, sizeof(picks));
        fleet.picks = picks;
        fleet.pick_count = 2;
        CU_ASSERT_EQUAL(rollout_assign(&plan, &fleet, totals, &err), GW_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].text));
    }
}

static void refuses_doubles_and_left_overs(void)
{
    struct rollout_fleet fleet;
    make_plan();
    make_fleet(&fleet, 5, false);
    members[3].id = members[1].id;
    CU_ASSERT_EQUAL(rollout_assign(&plan, &fleet, totals, &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "pump-0001 is there twice"));
    make_fleet(&fleet, 5, false);
    plan.wave_count = 3;
    CU_ASSERT_EQUAL(rollout_assign(&plan, &fleet, totals, &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "2 devices are in no wave"));
    struct rollout r;
    const uint32_t none[4] = {0};
    plan.wave_count = 4;
    CU_ASSERT_EQUAL(rollout_init(&r, &plan, none, &err), GW_INVALID);
}

static void tells_what_is_wrong_with_a_plan(void)
{
#define BAD(statement, part)                                                                                           \
    do {                                                                                                               \
        make_plan();                                                                                                   \
        statement;                                                                                                     \
        CU_ASSERT_EQUAL(rollout_plan_valid(&plan, &err), GW_INVALID);                                                  \
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, part));                                                                \
    } while (0)
    BAD(plan.wave_count = 0, "1 to 32 waves");
    BAD(plan.wave_count = ROLLOUT_WAVES_MAX + 1, "1 to 32 waves");
    BAD(plan.waves[1].select = (enum rollout_select)9, "wave 2: select");
    BAD(plan.waves[1].select = ROLLOUT_SELECT_REST, "wave 2: select \"rest\"");
    BAD(plan.waves[1].percent = 0, "wave 2: percent");
    BAD(plan.waves[1].percent = 101, "wave 2: percent");
    BAD(plan.waves[0].percent = 5, "wave 1: percent is given");
    BAD(plan.waves[0].query[0] = 'x', "wave 1: a query is given");
    BAD(plan.waves[0].select = ROLLOUT_SELECT_QUERY, "wave 1: the query is empty");
    BAD((plan.waves[0].select = ROLLOUT_SELECT_QUERY, plan.waves[0].query[0] = '\xff'),
        "wave 1: the query is not UTF-8");
    BAD((plan.waves[0].select = ROLLOUT_SELECT_QUERY, memset(plan.waves[0].query, 'q', ROLLOUT_QUERY_MAX + 1)),
        "wave 1: the query is too long");
    BAD(plan.waves[3].max_concurrent = 0, "wave 4: max_concurrent");
    BAD(plan.waves[3].gate.ok_pct = 101, "wave 4: ok_pct");
    BAD(plan.waves[3].gate.unreachable_pct = 101, "wave 4: unreachable_pct");
    BAD(plan.waves[3].gate.min_sample = 0, "wave 4: min_sample");
    BAD(plan.waves[3].gate.soak_ms = -1, "wave 4: soak");
    BAD(plan.abort.failure_pct = 101, "abort: failure_pct");
    BAD(plan.abort.min_decided = 0, "abort: min_decided");
    BAD(plan.abort.action = (enum rollout_on_failure)0, "abort: action");
    BAD(plan.back_concurrent = 0, "back_concurrent");
    BAD(plan.terms.confirm_ms = 999, "confirm time");
    BAD(plan.terms.step_ms = 0, "step time");
    BAD(plan.terms.total_ms = plan.terms.step_ms - 1, "total time is below");
    BAD(plan.terms.postpone_max_ms = -1, "postpone time");
#undef BAD
}

static void goes_back_down_to_the_floor_only(void)
{
    struct rollout_back_ask ask = {.counter_before = 5, .floor_confirmed = 5};
    CU_ASSERT_EQUAL(rollout_back_check(&ask), ATTEMPT_CODE_NONE);
    ask.floor_confirmed = 6;
    CU_ASSERT_EQUAL(rollout_back_check(&ask), ATTEMPT_CODE_FLOOR);
    ask.two_people = true;
    CU_ASSERT_EQUAL(rollout_back_check(&ask), ATTEMPT_CODE_FLOOR);
    ask.device_consents = true;
    CU_ASSERT_EQUAL(rollout_back_check(&ask), ATTEMPT_CODE_NONE);
    ask.counter_before = 0;
    CU_ASSERT_EQUAL(rollout_back_check(&ask), ATTEMPT_CODE_UNKNOWN_BEFORE);
}

#define KEEPS(type, text_of, parse, first, ...)                                                                        \
    do {                                                                                                               \
        static const char *const texts_[] = {__VA_ARGS__};                                                             \
        for (size_t i_ = 0; i_ < sizeof(texts_) / sizeof(texts_[0]); i_++) {                                           \
            type back_ = (type)99;                                                                                     \
            CU_ASSERT_STRING_EQUAL(text_of((type)((int)i_ + (first))), texts_[i_]);                                    \
            CU_ASSERT_EQUAL(parse(gw_view_str(texts_[i_]), &back_), GW_OK);                                            \
            CU_ASSERT_EQUAL((int)back_, (int)i_ + (first));                                                            \
            CU_ASSERT_EQUAL(parse(gw_view_str("nothing"), &back_), GW_INVALID);                                        \
        }                                                                                                              \
        CU_ASSERT_STRING_EQUAL(text_of((type)99), "unknown");                                                          \
    } while (0)

/* Written in databases: neither number nor name may ever change. */
static void keeps_numbers_and_names(void)
{
    KEEPS(enum rollout_state, rollout_state_text, rollout_state_parse, 1, "draft", "running", "paused", "holding",
          "aborting", "aborted", "rolling_back", "rolled_back", "finished");
    static const char *const waves[] = {"unknown", "waiting", "open", "soaking", "passed", "stopped", "unknown"};
    for (int i = 0; i < 7; i++)
        CU_ASSERT_STRING_EQUAL(rollout_wave_state_text((enum rollout_wave_state)i), waves[i]);
    KEEPS(enum rollout_hold, rollout_hold_text, rollout_hold_parse, 0, "", "gate", "sample", "unreachable", "failures",
          "soak");
    KEEPS(enum rollout_select, rollout_select_text, rollout_select_parse, 1, "list", "percent", "rest", "query");
    KEEPS(enum rollout_on_failure, rollout_on_failure_text, rollout_on_failure_parse, 1, "hold", "abort", "rollback");
}

static const struct gw_test_case cases[] = {
    {"gives every device one wave and one place", gives_every_device_one_wave},
    {"gives the same waves again, whatever order devices come in", gives_the_same_waves_again},
    {"rounds small parts up", rounds_small_parts_up},
    {"a device goes to the first wave that takes it", a_device_goes_to_the_first_wave_that_takes_it},
    {"a query that selects nobody is refused", a_query_that_selects_nobody_is_refused},
    {"refuses lists that contradict", refuses_lists_that_contradict},
    {"refuses doubles and left-overs", refuses_doubles_and_left_overs},
    {"tells what is wrong with a plan", tells_what_is_wrong_with_a_plan},
    {"goes back down to the floor only", goes_back_down_to_the_floor_only},
    {"keeps numbers and names", keeps_numbers_and_names},
};

int main(void)
{
    return GW_TEST_RUN("rollout plan", cases);
}
