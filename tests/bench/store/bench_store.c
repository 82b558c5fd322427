/*
 * state.db alone with the attempts of a large rollout: the time to add them in one transaction, and then what a report
 * costs (find the device's attempts, put one, put the rollout), the next planned ones, counting, cancelling the rest.
 * Prints figures, judges nothing.
 *
 *     bench_store DIR [DEVICES]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "repo.h"

#define REPORTS 20000
#define BATCH   256 /* turns that share a commit */

static struct gw_err err;

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(enum gw_rc rc)
{
    if (rc) {
        printf("%s\n", gw_err_text(&err));
        exit(1);
    }
}

static void make_rollout(struct rollout_entry *e, uint32_t devices)
{
    *e = (struct rollout_entry){.release = "0123456789abcdef", .product = "pump", .version = "2.0"};
    memcpy(e->id, "ro-aaaaaaaaaaaaaaaa", sizeof(e->id));
    e->release_counter = 2;
    rollout_plan_init(&e->plan);
    e->plan.wave_count = e->rollout.wave_count = 5;
    for (int w = 0; w < 5; w++) {
        e->plan.waves[w] = (struct rollout_wave_plan){
            .select = w == 4 ? ROLLOUT_SELECT_REST : ROLLOUT_SELECT_PERCENT,
            .percent = w == 4 ? 0 : 20,
            .max_concurrent = 500,
            .gate = {.ok_pct = 90, .min_sample = 1, .unreachable_pct = 100},
        };
        e->rollout.waves[w] = (struct rollout_wave){.state = ROLLOUT_WAVE_WAITING, .total = devices / 5};
        e->rollout.waves[w].count[ATTEMPT_PLANNED] = devices / 5;
    }
    e->rollout.state = ROLLOUT_DRAFT;
}

/* Devices stand in the waves in an order that has nothing to do with their names. */
static unsigned device_of(unsigned n, unsigned devices)
{
    return (unsigned)((n * UINT64_C(2654435761)) % devices);
}

static struct attempt_entry attempt_of(const struct rollout_entry *r, unsigned n, unsigned devices)
{
    struct attempt_entry e = {.attempt = {.state = ATTEMPT_PLANNED}, .release_counter = 2};
    e.wave = (uint16_t)(n / (devices / 5));
    e.place = n % (devices / 5);
    attempt_id_format(r->id, n, e.id);
    memcpy(e.rollout, r->id, sizeof(e.rollout));
    memcpy(e.release, r->release, sizeof(e.release));
    memcpy(e.version, r->version, sizeof(e.version));
    (void)snprintf(e.device.text, sizeof(e.device.text), "pump-%07u", device_of(n, devices));
    return e;
}

static void add_all(struct store st, struct rollout_entry *r, unsigned devices)
{
    double began = now_s();
    must(st.ops->begin(st.self, &err));
    must(st.ops->rollout_add(st.self, r, &err));
    for (unsigned n = 0; n < devices; n++) {
        struct attempt_entry e = attempt_of(r, n, devices);
        must(st.ops->attempt_add(st.self, &e, &err));
    }
    double added = now_s();
    must(st.ops->commit(st.self, &err));
    printf("%u attempts added in %.1f s, committed in %.1f s\n", devices, added - began, now_s() - added);
}

static bool take_first(void *ctx, const struct attempt_entry *entry)
{
    *(struct attempt_entry *)ctx = *entry;
    return false;
}

/* One device tells of a step: its attempts are found, one changes its state and its timer, the rollout its counters. */
static void report(struct store st, struct rollout_entry *r, unsigned devices, unsigned n)
{
    struct attempt_entry e;
    struct gw_device_id id = attempt_of(r, n, devices).device;
    must(st.ops->attempt_each_of(st.self, &id, 8, take_first, &e, &err));
    e.attempt.state = ATTEMPT_DOWNLOADING;
    e.timer.ms = 1000000 + n % 3600;
    must(st.ops->attempt_put(st.self, &e, &err));
    r->rollout.waves[e.wave].count[ATTEMPT_PLANNED]--;
    r->rollout.waves[e.wave].count[ATTEMPT_DOWNLOADING]++;
    must(st.ops->rollout_put(st.self, r, &err));
}

static void run_reports(struct store st, struct rollout_entry *r, unsigned devices)
{
    unsigned reports = devices < REPORTS ? devices : REPORTS;
    double began = now_s();
    for (unsigned n = 0; n < reports; n++) {
        if (n % BATCH == 0)
            must(st.ops->begin(st.self, &err));
        report(st, r, devices, n * (devices / reports));
        if (n % BATCH == BATCH - 1 || n + 1 == reports)
            must(st.ops->commit(st.self, &err));
    }
    printf("%u reports, %d a commit: %.1f us each\n", reports, BATCH, (now_s() - began) / reports * 1e6);
}

static bool count_one(void *ctx, const struct attempt_entry *entry)
{
    (void)entry;
    ++*(int *)ctx;
    return true;
}

static bool count_rows(void *ctx, const struct store_attempt_count *count)
{
    *(uint64_t *)ctx += count->count;
    return true;
}

static void run_rest(struct store st, const struct rollout_entry *r)
{
    struct store_attempt_filter f = {.state = ATTEMPT_PLANNED, .wave = 2, .wave_last = 2, .place = 0};
    int found = 0;
    uint64_t all = 0;
    struct gw_wall next;
    memcpy(f.rollout, r->id, sizeof(f.rollout));
    double began = now_s();
    for (int i = 0; i < 100; i++)
        must(st.ops->attempt_each(st.self, &f, 256, count_one, &found, &err));
    printf("the next 256 planned of a wave: %.2f ms\n", (now_s() - began) * 10);
    began = now_s();
    for (int i = 0; i < 1000; i++)
        must(st.ops->timer_next(st.self, &next, &err));
    printf("the earliest timer: %.1f us\n", (now_s() - began) * 1000);
    began = now_s();
    must(st.ops->attempt_count(st.self, r->id, count_rows, &all, &err));
    printf("counting all %llu again: %.2f s\n", (unsigned long long)all, now_s() - began);
    began = now_s();
    must(st.ops->begin(st.self, &err));
    must(st.ops->attempt_cancel_planned(st.self, r->id, false, (struct gw_wall){1}, &err));
    must(st.ops->commit(st.self, &err));
    printf("cancelling all that is planned: %.2f s\n", now_s() - began);
}

int main(int argc, char **argv)
{
    char path[512];
    static struct rollout_entry r;
    struct repo *repo = NULL;
    unsigned devices = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000000;
    if (argc < 2 || devices < 5 || devices > ROLLOUT_DEVICES_MAX) {
        (void)fprintf(stderr, "Usage: bench_store DIR [DEVICES]\n");
        return 2;
    }
    devices -= devices % 5;
    (void)snprintf(path, sizeof(path), "%s/state.db", argv[1]);
    must(repo_open(path, NULL, &repo, &err));
    make_rollout(&r, devices);
    add_all(repo_store(repo), &r, devices);
    run_reports(repo_store(repo), &r, devices);
    run_rest(repo_store(repo), &r);
    repo_close(repo);
    return 0;
}
