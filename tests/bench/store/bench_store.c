/*
 * state.db alone with the attempts of one rollout: what a report costs at two sizes of the fleet, taken in turns in one
 * run, in two orders; and what touches many rows at once. A report here is all that the service asks the store for:
 * the attempt by its id, its rollout twice, the device's attempts, then both rows put; an attempt that has ended makes
 * room for the next planned one. Prints figures, judges nothing.
 *
 *     bench_store DIR [SMALL LARGE]
 *
 *     in order of waves   OPEN attempts are open at a time, as max_concurrent lets them; any of these reports next, and
 *                         the next planned one takes the place of one that is through: what a rollout does
 *     in random order     all attempts are open, any device of the whole fleet reports next: the worst there is
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw_cleanup.h"
#include "repo.h"

#define BATCH  256 /* turns that share a commit, as a busy core makes them */
#define OPEN   200
#define WARM   1024
#define ROUND  1024 /* reports */
#define ROUNDS 5
#define FLEETS 2

static struct gw_err err;

struct fleet {
    struct repo *repo;
    struct store st;
    struct rollout_entry r;
    unsigned devices, planned_next, open;
    unsigned *numbers; /* owned: of the attempts that are open */
    uint64_t random;
    int64_t now_ms;
    double wall_us[ROUNDS], cpu_us[ROUNDS], written[ROUNDS]; /* for each report; kB */
};

static double clock_s(clockid_t which)
{
    struct timespec t;
    (void)clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

static void must(enum gw_rc rc)
{
    if (rc) {
        printf("%s\n", gw_err_text(&err));
        exit(1);
    }
}

/* What this process has written so far, the write-ahead log and what is copied back out of it: pages, not disk time. */
static double written_kb(void)
{
    char line[128];
    double bytes = 0;
    FILE *f = fopen("/proc/self/io", "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "wchar: ", 7) == 0)
            bytes = strtod(line + 7, NULL);
    if (f)
        (void)fclose(f);
    return bytes / 1024;
}

static uint32_t next_random(struct fleet *f)
{
    f->random = f->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(f->random >> 33);
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
            .max_concurrent = OPEN,
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

static struct attempt_entry attempt_of(const struct fleet *f, unsigned n)
{
    struct attempt_entry e = {.attempt = {.state = ATTEMPT_PLANNED}, .release_counter = 2};
    e.wave = (uint16_t)(n / (f->devices / 5));
    e.place = n % (f->devices / 5);
    attempt_id_format(f->r.id, n, e.id);
    memcpy(e.rollout, f->r.id, sizeof(e.rollout));
    memcpy(e.release, f->r.release, sizeof(e.release));
    memcpy(e.version, f->r.version, sizeof(e.version));
    (void)snprintf(e.device.text, sizeof(e.device.text), "pump-%07u", device_of(n, f->devices));
    return e;
}

static void add_all(struct fleet *f)
{
    double began = now_s();
    must(f->st.ops->begin(f->st.self, &err));
    must(f->st.ops->rollout_add(f->st.self, &f->r, &err));
    for (unsigned n = 0; n < f->devices; n++) {
        struct attempt_entry e = attempt_of(f, n);
        must(f->st.ops->attempt_add(f->st.self, &e, &err));
    }
    must(f->st.ops->commit(f->st.self, &err));
    printf("%7u attempts added in one commit: %.2f s\n", f->devices, now_s() - began);
}

static void put(struct fleet *f, struct attempt_entry *e, enum attempt_state to)
{
    uint32_t *count = f->r.rollout.waves[e->wave].count;
    count[e->attempt.state]--;
    count[to]++;
    e->attempt.state = to;
    e->attempt.step_since.ms = e->changed.ms = ++f->now_ms;
    e->timer.ms = attempt_state_ended(to) ? 0 : f->now_ms + GW_HOUR_MS;
    must(f->st.ops->attempt_put(f->st.self, e, &err));
}

/* The next planned one, in order of wave and place. */
static unsigned offer_next(struct fleet *f)
{
    unsigned n = f->planned_next++;
    struct attempt_entry e;
    char id[ATTEMPT_ID_LEN + 1];
    attempt_id_format(f->r.id, n, id);
    must(f->st.ops->attempt_get(f->st.self, id, &e, &err));
    e.attempt.rev = 1;
    e.attempt.first_offer.ms = e.attempt.offered.ms = e.attempt.sent.ms = f->now_ms;
    memcpy(e.before_release, "fedcba9876543210", sizeof(e.before_release));
    memcpy(e.before_version, "1.9", 4);
    e.before_counter = 1;
    memcpy(e.attempt.boot_before, "0f2d1c4e-9a3b-4c5d-8e6f-708192a3b4c5", 37);
    put(f, &e, ATTEMPT_OFFERED);
    return n;
}

static bool skip_one(void *ctx, const struct attempt_entry *entry)
{
    (void)ctx;
    (void)entry;
    return true;
}

/* One device tells of its next step. */
static void report(struct fleet *f)
{
    struct attempt_entry e;
    struct rollout_entry stored;
    char id[ATTEMPT_ID_LEN + 1];
    unsigned at = next_random(f) % f->open;
    attempt_id_format(f->r.id, f->numbers[at], id);
    must(f->st.ops->attempt_get(f->st.self, id, &e, &err));
    must(f->st.ops->rollout_get(f->st.self, e.rollout, &stored, &err));
    put(f, &e, e.attempt.state == ATTEMPT_CONFIRMING ? ATTEMPT_OK : (enum attempt_state)(e.attempt.state + 1));
    must(f->st.ops->attempt_each_of(f->st.self, &e.device, 32, skip_one, NULL, &err));
    must(f->st.ops->rollout_get(f->st.self, e.rollout, &stored, &err));
    must(f->st.ops->rollout_put(f->st.self, &f->r, &err));
    if (e.attempt.state != ATTEMPT_OK)
        return;
    if (f->planned_next < f->devices)
        f->numbers[at] = offer_next(f);
    else
        f->numbers[at] = f->numbers[--f->open];
}

static void reports(struct fleet *f, unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        if (n % BATCH == 0)
            must(f->st.ops->begin(f->st.self, &err));
        report(f);
        if (n % BATCH == BATCH - 1 || n + 1 == count)
            must(f->st.ops->commit(f->st.self, &err));
    }
}

static void time_round(struct fleet *f, unsigned round)
{
    double wall = now_s(), cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID), written = written_kb();
    reports(f, ROUND);
    f->wall_us[round] = (now_s() - wall) * 1e6 / ROUND;
    f->cpu_us[round] = (clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / ROUND;
    f->written[round] = (written_kb() - written) / ROUND;
}

static void open_fleet(struct fleet *f, const char *dir, const char *name, unsigned devices, unsigned open)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s-%u.db", dir, name, devices);
    *f = (struct fleet){.devices = devices, .random = 4711, .now_ms = 1000000, .open = open};
    f->numbers = gw_xalloc(open, sizeof(*f->numbers));
    must(repo_open(path, NULL, &f->repo, &err));
    f->st = repo_store(f->repo);
    make_rollout(&f->r, devices);
    add_all(f);
    must(f->st.ops->begin(f->st.self, &err));
    for (unsigned i = 0; i < open; i++)
        f->numbers[i] = offer_next(f);
    must(f->st.ops->commit(f->st.self, &err));
    reports(f, WARM);
}

static void close_fleet(struct fleet *f)
{
    free(f->numbers);
    repo_close(f->repo);
}

static int below(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof(values[0]), below);
    return values[ROUNDS / 2];
}

static void compare(struct fleet fleets[FLEETS], const char *order)
{
    double cpu[FLEETS], wall[FLEETS];
    for (unsigned round = 0; round < ROUNDS; round++)
        for (int i = 0; i < FLEETS; i++)
            time_round(&fleets[i], round);
    for (int i = 0; i < FLEETS; i++) {
        cpu[i] = median(fleets[i].cpu_us);
        wall[i] = median(fleets[i].wall_us);
        printf("%7u devices, %s: a report %.1f us of CPU, %.1f us by the clock, %.1f kB written\n", fleets[i].devices,
               order, cpu[i], wall[i], median(fleets[i].written));
    }
    printf("%s: %u to %u devices %.2f of CPU, %.2f by the clock\n", order, fleets[0].devices, fleets[1].devices,
           cpu[1] / cpu[0], wall[1] / wall[0]);
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

static void run_rest(struct fleet *f)
{
    struct store st = f->st;
    struct store_attempt_filter filter = {.state = ATTEMPT_PLANNED, .wave = 2, .wave_last = 2, .place = 0};
    int found = 0;
    uint64_t all = 0;
    struct gw_wall next;
    memcpy(filter.rollout, f->r.id, sizeof(filter.rollout));
    double began = now_s();
    for (int i = 0; i < 100; i++)
        must(st.ops->attempt_each(st.self, &filter, 256, count_one, &found, &err));
    printf("%7u devices: the next 256 planned of a wave %.2f ms", f->devices, (now_s() - began) * 10);
    began = now_s();
    for (int i = 0; i < 1000; i++)
        must(st.ops->timer_next(st.self, &next, &err));
    printf(", the earliest timer %.1f us", (now_s() - began) * 1000);
    began = now_s();
    must(st.ops->attempt_count(st.self, f->r.id, count_rows, &all, &err));
    printf(", counting all again %.2f s\n", now_s() - began);
}

static void run_order(const char *dir, const char *name, const char *order, const unsigned sizes[FLEETS], bool random)
{
    struct fleet fleets[FLEETS];
    for (int i = 0; i < FLEETS; i++)
        open_fleet(&fleets[i], dir, name, sizes[i], random ? sizes[i] : OPEN);
    compare(fleets, order);
    for (int i = 0; i < FLEETS; i++) {
        if (!random)
            run_rest(&fleets[i]);
        close_fleet(&fleets[i]);
    }
}

int main(int argc, char **argv)
{
    unsigned sizes[FLEETS] = {1000, 100000};
    for (int i = 0; i < FLEETS && argc == 2 + FLEETS; i++)
        sizes[i] = (unsigned)strtoul(argv[2 + i], NULL, 10) / 5 * 5;
    if ((argc != 2 && argc != 2 + FLEETS) || sizes[0] < 1000 || sizes[1] < 1000 || sizes[0] > ROLLOUT_DEVICES_MAX ||
        sizes[1] > ROLLOUT_DEVICES_MAX) {
        (void)fprintf(stderr, "Usage: bench_store DIR [SMALL LARGE], at least 1000 devices each\n");
        return 2;
    }
    run_order(argv[1], "waves", "in order of waves", sizes, false);
    run_order(argv[1], "random", "in random order", sizes, true);
    return 0;
}
