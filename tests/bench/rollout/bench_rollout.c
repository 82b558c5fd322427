/*
 * The decisions of a rollout alone, without store and network: the time to plan, and the cost of one report (the step
 * of the attempt and the step of the rollout), for 1,000 and for 100,000 devices. Prints figures, judges nothing.
 *
 *     bench_rollout
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "attempt_step.h"
#include "gw_cleanup.h"
#include "rollout_members.h"
#include "rollout_step.h"

#define REPORTS 500000
#define ID_MAX  24

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(enum gw_rc rc, const struct gw_err *err)
{
    if (rc) {
        printf("%s\n", gw_err_text(err));
        exit(1);
    }
}

static void make_plan(struct rollout_plan *plan)
{
    rollout_plan_init(plan);
    plan->wave_count = 5;
    plan->seed = 42;
    for (int w = 0; w < 5; w++)
        plan->waves[w] =
            (struct rollout_wave_plan){.select = w == 0   ? ROLLOUT_SELECT_LIST
                                                 : w == 4 ? ROLLOUT_SELECT_REST
                                                          : ROLLOUT_SELECT_PERCENT,
                                       .percent = (uint8_t)(w == 0 || w == 4 ? 0 : 10 * w),
                                       .max_concurrent = 500,
                                       .gate = {.ok_pct = 95, .unreachable_pct = 100, .min_sample = 5, .soak_ms = 0}};
}

/* Devices with a list of 100, in the order of their names. */
static void plan_fleet(const struct rollout_plan *plan, size_t count, uint32_t *ret_totals)
{
    GW_FREE struct rollout_member *members = gw_xalloc(count, sizeof(*members));
    GW_FREE char *names = gw_xalloc(count, ID_MAX);
    struct rollout_pick picks[100];
    struct gw_err err = {0};
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names + i * ID_MAX, ID_MAX, "sensor-%08zu", i);
        members[i].id = gw_view_str(names + i * ID_MAX);
    }
    for (size_t i = 0; i < 100; i++)
        picks[i] = (struct rollout_pick){gw_view_str(names + i * (count / 100) * ID_MAX), 0};
    struct rollout_fleet fleet = {members, count, picks, 100};
    double start = now_s();
    must(rollout_assign(plan, &fleet, ret_totals, &err), &err);
    printf("plan over %zu devices: %.1f ms\n", count, 1000 * (now_s() - start));
}

/* Each report: one device says something new, the rollout hears of it. A device that is through starts again as the
 * next one, so the rollout stays in its last wave. */
static void run_reports(const struct rollout_plan *plan, const uint32_t *totals, size_t count)
{
    static const enum attempt_word words[] = {ATTEMPT_WORD_ACCEPTED, ATTEMPT_WORD_DOWNLOADING, ATTEMPT_WORD_DOWNLOADED,
                                              ATTEMPT_WORD_INSTALLING};
    struct rollout r;
    struct rollout_update ru;
    struct attempt_update au;
    struct gw_err err = {0};
    must(rollout_init(&r, plan, totals, &err), &err);
    must(rollout_step(&r, plan, &(struct rollout_event){.kind = ROLLOUT_EV_PLANNED, .rows = r.rest.unplanned}, &ru,
                      &err),
         &err);
    r = ru.next;
    must(rollout_step(&r, plan, &(struct rollout_event){.kind = ROLLOUT_EV_START, .now = {1000}}, &ru, &err), &err);
    struct attempt fresh = {.state = ATTEMPT_PLANNED}, a;
    must(attempt_step(&fresh, &plan->terms, &(struct attempt_event){.kind = ATTEMPT_EV_OFFER, .now = {1000}}, &au),
         NULL);
    fresh = a = au.next;
    struct rollout offered = ru.next;
    r = offered;
    double start = now_s();
    for (int i = 0; i < REPORTS; i++) {
        if (i % 4 == 0) {
            a = fresh;
            r = offered;
        }
        struct attempt_event said = {
            .kind = ATTEMPT_EV_REPORT, .now = {2000 + i}, .report = {.rev = 1, .word = words[i % 4]}, .boot = "boot-1"};
        must(attempt_step(&a, &plan->terms, &said, &au), NULL);
        struct rollout_event changed = {
            .kind = ROLLOUT_EV_CHANGED, .now = said.now, .from = a.state, .to = au.next.state};
        must(rollout_step(&r, plan, &changed, &ru, &err), &err);
        a = au.next;
        r = ru.next;
    }
    printf("one report at %zu devices: %.0f ns\n", count, 1e9 * (now_s() - start) / REPORTS);
}

int main(void)
{
    static const size_t counts[] = {1000, 100000};
    struct rollout_plan plan;
    uint32_t totals[ROLLOUT_WAVES_MAX];
    make_plan(&plan);
    for (int i = 0; i < 2; i++) {
        plan_fleet(&plan, counts[i], totals);
        run_reports(&plan, totals, counts[i]);
    }
    return 0;
}
