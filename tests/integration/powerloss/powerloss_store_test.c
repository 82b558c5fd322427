/*
 * state.db on a disk that loses power: before every single change that a run makes, the disk is rebuilt as it would be,
 * opened, and held against what had been acknowledged by then. The same check must find a loss where a promise is
 * broken: synchronous=NORMAL, one sync of the WAL left out, a directory that is not synced.
 */
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_num.h"
#include "gw_test.h"
#include "repo.h"
#include "vfs_model.h"
#include "whole.h"

#define COMMITS       200
#define CHANGES_MAX   3           /* audit events in one commit, at most */
#define WAL_MAX_BYTES (768 << 10) /* small, so that the run sees many checkpoints */

static struct gw_err err;

/* A run, as far as it was acknowledged. */
struct run {
    struct disk_model *disk;
    struct vfs_model *vfs;
    char path[128];
    uint64_t acknowledged[COMMITS]; /* changes of the disk when commit n had returned */
    int commits;
    int skip_at, fail_at; /* the commit whose next sync of the WAL is left out, or fails; 0: none */
};

static enum gw_rc open_run(struct run *run, struct repo **ret_repo)
{
    struct repo_options options = {
        .wal_max_bytes = WAL_MAX_BYTES,
        .vfs = vfs_model_name(run->vfs),
        .fs = disk_model_fs(run->disk),
    };
    return repo_open(run->path, &options, ret_repo, &err);
}

static void make_rollout(struct rollout_entry *e)
{
    *e = (struct rollout_entry){.release = "0123456789abcdef", .product = "pump", .version = "2", .release_counter = 2};
    memcpy(e->id, "ro-aaaaaaaaaaaaaaaa", sizeof(e->id));
    rollout_plan_init(&e->plan);
    e->plan.wave_count = e->rollout.wave_count = 1;
    e->plan.waves[0] = (struct rollout_wave_plan){
        .select = ROLLOUT_SELECT_REST, .max_concurrent = 1, .gate = {.min_sample = 1, .unreachable_pct = 100}};
    e->rollout.state = ROLLOUT_RUNNING;
    e->rollout.waves[0] = (struct rollout_wave){.state = ROLLOUT_WAVE_OPEN, .total = COMMITS};
    e->rollout.waves[0].count[ATTEMPT_PLANNED] = COMMITS;
}

/* The rollout's counters and the attempts move together: attempt n comes, the one before it is offered. */
static enum gw_rc roll(struct store st, int n, const struct device *device)
{
    struct rollout_entry r;
    struct attempt_entry a = {.device = device->id, .place = (uint32_t)n, .attempt = {.state = ATTEMPT_PLANNED}};
    make_rollout(&r);
    memcpy(a.rollout, r.id, sizeof(a.rollout));
    attempt_id_format(r.id, (uint32_t)n, a.id);
    a.timer.ms = n + 1;
    enum gw_rc rc = n == 0 ? st.ops->rollout_add(st.self, &r, &err) : st.ops->rollout_get(st.self, r.id, &r, &err);
    if (!rc)
        rc = st.ops->attempt_add(st.self, &a, &err);
    struct inventory i = {.device = device->id, .product = "pump", .job_n = n, .seen = {n + 1}};
    if (!rc)
        rc = st.ops->inventory_put(st.self, &i, &err);
    if (rc || n == 0)
        return rc;
    attempt_id_format(r.id, (uint32_t)n - 1, a.id);
    rc = st.ops->attempt_get(st.self, a.id, &a, &err);
    a.attempt.state = ATTEMPT_OFFERED;
    if (!rc)
        rc = st.ops->attempt_put(st.self, &a, &err);
    r.attempts = (uint32_t)n + 1;
    r.rollout.waves[0].count[ATTEMPT_PLANNED]--;
    r.rollout.waves[0].count[ATTEMPT_OFFERED]++;
    return rc ? rc : st.ops->rollout_put(st.self, &r, &err);
}

/* Commit n, whole or not at all: device n, its certificate, n % 3 + 1 audit events, its attempt, and the setting "last"
 * = n. Every fourth also revokes the device of four commits ago. */
static enum gw_rc fill(struct store st, int n)
{
    struct device d = {.state = DEVICE_ACTIVE, .created = {n}};
    (void)snprintf(d.id.text, sizeof(d.id.text), "dev-%03d", n);
    struct device_cert c = {.device = d.id, .der_len = (uint16_t)(600 + n), .not_before = {n}};
    memset(&c.sha256, n, sizeof(c.sha256));
    memset(c.der, n, c.der_len);
    enum gw_rc rc = st.ops->device_put(st.self, &d, &err);
    if (!rc)
        rc = st.ops->cert_put(st.self, &c, &err);
    for (int i = 0; !rc && i <= n % CHANGES_MAX; i++) {
        struct audit_event e = {.t = {n}, .sev = EVENT_SEV_INFO, .res = EVENT_OK, .cls = "device.enrol"};
        rc = st.ops->audit_put(st.self, &e, &err);
    }
    if (!rc)
        rc = roll(st, n, &d);
    char text[16];
    (void)snprintf(text, sizeof(text), "%d", n);
    if (!rc)
        rc = st.ops->setting_put(st.self, "last", gw_view_str(text), &err);
    if (rc || n % 4 != 0 || n < 4)
        return rc;
    (void)snprintf(d.id.text, sizeof(d.id.text), "dev-%03d", n - 4);
    rc = st.ops->device_get(st.self, &d.id, &d, &err);
    d.state = DEVICE_REVOKED;
    return rc ? rc : st.ops->device_put(st.self, &d, &err);
}

static enum gw_rc commit_one(struct store st, int n)
{
    enum gw_rc rc = st.ops->begin(st.self, &err);
    if (!rc)
        rc = fill(st, n);
    if (rc) {
        st.ops->rollback(st.self);
        return rc;
    }
    return st.ops->commit(st.self, &err);
}

static void start_in(struct run *run, const char *dir)
{
    *run = (struct run){.disk = disk_model_new(dir)};
    run->vfs = vfs_model_new(run->disk);
    (void)snprintf(run->path, sizeof(run->path), "%s/state.db", dir);
}

static void start(struct run *run)
{
    start_in(run, gw_test_dir());
}

/* Commits until the disk stops, or up to `commits`. */
static enum gw_rc go(struct run *run, int commits)
{
    struct repo *repo = NULL;
    enum gw_rc rc = open_run(run, &repo);
    while (!rc && run->commits < commits) {
        if (run->skip_at && run->commits == run->skip_at)
            disk_model_skip_sync(run->disk, "-wal", 0);
        if (run->fail_at && run->commits == run->fail_at)
            disk_model_fail_sync(run->disk, "-wal", 0);
        rc = commit_one(repo_store(repo), run->commits);
        if (!rc)
            run->acknowledged[run->commits++] = disk_model_changes(run->disk);
    }
    repo_close(repo);
    return rc;
}

static void end(struct run *run)
{
    vfs_model_free(run->vfs);
    disk_model_free(run->disk);
}

/* What a store holds, in numbers. */
struct found {
    int devices, revoked, events, certs;
    int64_t last_n;
    bool bad; /* a value that was never put there */
};

static bool count_device(void *ctx, const struct device *device)
{
    struct found *f = ctx;
    int n = f->devices++;
    f->bad |= device->created.ms != n || device->rev != (device->state == DEVICE_REVOKED ? 2 : 1);
    f->revoked += device->state == DEVICE_REVOKED;
    return true;
}

static bool count_event(void *ctx, const struct audit_event *event)
{
    struct found *f = ctx;
    f->bad |= event->n != f->last_n + 1;
    f->last_n = event->n;
    f->events++;
    return true;
}

static void check_cert(struct store st, int n, struct found *f)
{
    struct gw_sha256 digest;
    struct device_cert c;
    memset(&digest, n, sizeof(digest));
    bool whole = st.ops->cert_get(st.self, &digest, &c, &err) == GW_OK && c.der_len == 600 + n;
    for (int i = 0; whole && i < c.der_len; i++)
        whole = c.der[i] == (uint8_t)n;
    f->certs += whole;
}

struct counted {
    uint32_t planned, offered, other;
};

static bool count_attempts(void *ctx, const struct store_attempt_count *count)
{
    struct counted *c = ctx;
    *(count->state == ATTEMPT_PLANNED   ? &c->planned
      : count->state == ATTEMPT_OFFERED ? &c->offered
                                        : &c->other) = count->count;
    return true;
}

static bool count_inventory(void *ctx, const struct inventory *inventory)
{
    int *n = ctx;
    *n = inventory->job_n == *n && inventory->seen.ms == *n + 1 ? *n + 1 : -1;
    return *n >= 0;
}

/* What the rollout counts is what its attempts are, for so many commits. */
static bool rolled(struct store st, int commits)
{
    struct rollout_entry r, found;
    struct counted c = {0};
    struct gw_wall timer;
    struct store_inventory_after all = {.product = "pump"};
    int told = 0;
    make_rollout(&r);
    enum gw_rc rc = st.ops->rollout_get(st.self, r.id, &found, &err);
    if (commits == 0)
        return rc == GW_NOT_FOUND;
    if (rc || st.ops->attempt_count(st.self, r.id, count_attempts, &c, &err) ||
        st.ops->timer_next(st.self, &timer, &err) ||
        st.ops->inventory_each(st.self, &all, COMMITS, count_inventory, &told, &err))
        return false;
    return c.planned == 1 && c.offered == (uint32_t)commits - 1 && c.other == 0 && timer.ms == 1 && told == commits &&
           found.rollout.waves[0].count[ATTEMPT_OFFERED] == c.offered && found.rev == commits;
}

/* How many commits a store holds, whole; -1 when one is there in part or a value is wrong. */
static int whole_commits(struct store st)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf last;
    struct found f = {0};
    int64_t n = -1;
    gw_buf_init(&last, 16);
    if (st.ops->device_each(st.self, NULL, 1000, count_device, &f, &err) ||
        st.ops->audit_each(st.self, 0, 10000, count_event, &f, &err))
        return -1;
    for (int i = 0; i < f.devices; i++)
        check_cert(st, i, &f);
    enum gw_rc rc = st.ops->setting_get(st.self, "last", &last, &err);
    if (!rc && gw_parse_i64(gw_buf_view(&last), 0, COMMITS, &n) != GW_OK)
        return -1;
    int events = 0;
    for (int i = 0; i < f.devices; i++)
        events += i % CHANGES_MAX + 1;
    bool whole = !f.bad && (rc == GW_OK || rc == GW_NOT_FOUND) && n == f.devices - 1 && f.certs == f.devices &&
                 f.events == events && rolled(st, f.devices) && f.revoked == (f.devices > 0 ? (f.devices - 1) / 4 : 0);
    return whole ? f.devices : -1;
}

enum verdict {
    KEPT = 1, /* everything acknowledged is there, whole */
    LOST,     /* something acknowledged is gone */
    BROKEN,   /* a part of a commit, a damaged file, or one that cannot be opened */
};

/* The image is opened on a model too: it answers syncs at once, and thousands of them follow. */
static int commits_in(const char *dir)
{
    struct run image;
    struct repo *repo = NULL;
    start_in(&image, dir);
    int commits = open_run(&image, &repo) || whole_repo(repo, &err) ? -1 : whole_commits(repo_store(repo));
    repo_close(repo);
    end(&image);
    return commits;
}

static enum verdict judge(const char *dir, int acknowledged)
{
    int commits = commits_in(dir);
    return commits < 0 ? BROKEN : commits < acknowledged ? LOST : KEPT;
}

struct tally {
    uint64_t kept, lost, broken;
    uint64_t first_bad; /* change */
};

static int acknowledged_at(const struct run *run, uint64_t change)
{
    int n = 0;
    while (n < run->commits && run->acknowledged[n] <= change)
        n++;
    return n;
}

static struct tally judge_all(struct run *run, enum disk_keep keep, uint64_t seed, uint64_t step)
{
    struct tally t = {.first_bad = UINT64_MAX};
    const char *image = gw_test_dir();
    for (uint64_t k = 0; k <= disk_model_changes(run->disk); k += step) {
        disk_model_crash(run->disk, k, keep, seed, image);
        enum verdict v = judge(image, acknowledged_at(run, k));
        t.kept += v == KEPT;
        t.lost += v == LOST;
        t.broken += v == BROKEN;
        if (v != KEPT && t.first_bad == UINT64_MAX)
            t.first_bad = k;
    }
    return t;
}

static void show(const char *what, const struct run *run, const struct tally *t)
{
    printf("#   %s: %llu changes, %d commits; kept %llu, lost %llu, broken %llu\n", what,
           (unsigned long long)disk_model_changes(run->disk), run->commits, (unsigned long long)t->kept,
           (unsigned long long)t->lost, (unsigned long long)t->broken);
    if (t->first_bad != UINT64_MAX)
        printf("#   first at change %llu: %s\n", (unsigned long long)t->first_bad, gw_err_text(&err));
}

static void keeps_every_acknowledged_commit(enum disk_keep keep, uint64_t seed, const char *what)
{
    struct run run;
    start(&run);
    GW_ASSERT_OK(go(&run, COMMITS), &err);
    struct tally t = judge_all(&run, keep, seed, 1);
    show(what, &run, &t);
    CU_ASSERT_EQUAL(t.kept, disk_model_changes(run.disk) + 1);
    CU_ASSERT(disk_model_changes(run.disk) > 4 * COMMITS);
    end(&run);
}

static void keeps_when_all_unsynced_is_gone(void)
{
    keeps_every_acknowledged_commit(DISK_KEEP_NONE, 0, "nothing unsynced is kept");
}

static void keeps_when_a_part_of_the_unsynced_stays(void)
{
    keeps_every_acknowledged_commit(DISK_KEEP_SOME, 20260101, "a torn part is kept");
}

/* The program itself meets the end of power, comes back on what is left, goes on, and meets it again. */
static void goes_on_after_each_of_many_power_cuts(void)
{
    const char *dirs[2] = {gw_test_dir(), gw_test_dir()};
    int commits = 0, cuts = 0;
    while (commits < COMMITS && cuts < 500) {
        struct run run;
        start_in(&run, dirs[cuts % 2]);
        run.commits = commits;
        disk_model_stop_at(run.disk, 20 + 37 * (uint64_t)(cuts % 7));
        enum gw_rc rc = go(&run, COMMITS);
        CU_ASSERT(run.commits == COMMITS || rc == GW_IO);
        cuts++;
        disk_model_crash(run.disk, disk_model_changes(run.disk), DISK_KEEP_SOME, (uint64_t)cuts, dirs[cuts % 2]);
        commits = commits_in(dirs[cuts % 2]);
        CU_ASSERT(commits >= run.commits);
        end(&run);
    }
    printf("#   %d power cuts\n", cuts);
    CU_ASSERT_EQUAL(commits, COMMITS);
    CU_ASSERT(cuts > 10);
}

static void notices_synchronous_normal(void)
{
    struct run run;
    start(&run);
    vfs_model_weaken(run.vfs);
    GW_ASSERT_OK(go(&run, COMMITS), &err);
    struct tally t = judge_all(&run, DISK_KEEP_NONE, 0, 7);
    show("synchronous=NORMAL", &run, &t);
    CU_ASSERT(t.lost > 0);
    CU_ASSERT_EQUAL(t.broken, 0); /* NORMAL loses, it does not damage */
    end(&run);
}

/* The next sync heals it, so the loss shows in a window of a few changes. Where the WAL has just been emptied the next
 * sync is that of its new header, which the commit's own sync heals before anything is acknowledged. */
static void notices_one_sync_of_the_wal_left_out(void)
{
    const char *image = gw_test_dir();
    int noticed = 0;
    for (int at = 20; at < 30; at++) {
        struct run run;
        uint64_t bad = 0;
        start(&run);
        run.skip_at = at;
        GW_ASSERT_OK(go(&run, at + 3), &err);
        for (uint64_t k = run.acknowledged[at - 1]; k <= run.acknowledged[at + 1]; k++) {
            disk_model_crash(run.disk, k, DISK_KEEP_NONE, 0, image);
            bad += judge(image, acknowledged_at(&run, k)) != KEPT;
        }
        noticed += bad > 0;
        end(&run);
    }
    printf("#   noticed for %d of 10 commits\n", noticed);
    CU_ASSERT(noticed > 5);
}

static void notices_a_directory_that_is_not_synced(void)
{
    struct run run;
    start(&run);
    disk_model_skip_dir_syncs(run.disk);
    GW_ASSERT_OK(go(&run, COMMITS), &err);
    struct tally t = judge_all(&run, DISK_KEEP_NONE, 0, 29);
    show("no directory is synced", &run, &t);
    CU_ASSERT(t.lost > 0);
    end(&run);
}

/* After a sync has failed, nothing may be taken for safe that only that sync could have made safe. */
static void trusts_no_commit_whose_sync_failed(void)
{
    struct run run;
    start(&run);
    run.fail_at = 50;
    CU_ASSERT_EQUAL(go(&run, COMMITS), GW_IO);
    CU_ASSERT_EQUAL(run.commits, 50);
    run.fail_at = 0;
    GW_ASSERT_OK(go(&run, 100), &err);
    struct tally t = judge_all(&run, DISK_KEEP_NONE, 0, 3);
    show("one sync of the WAL failed", &run, &t);
    CU_ASSERT_EQUAL(t.lost + t.broken, 0);
    end(&run);
}

static const struct gw_test_case cases[] = {
    {"keeps every acknowledged commit when all that was not synced is gone", keeps_when_all_unsynced_is_gone},
    {"keeps every acknowledged commit when a torn part stays", keeps_when_a_part_of_the_unsynced_stays},
    {"goes on after each of many power cuts", goes_on_after_each_of_many_power_cuts},
    {"notices synchronous=NORMAL", notices_synchronous_normal},
    {"notices that one sync of the WAL was left out", notices_one_sync_of_the_wal_left_out},
    {"notices that no directory was synced", notices_a_directory_that_is_not_synced},
    {"trusts no commit whose sync failed", trusts_no_commit_whose_sync_failed},
};

int main(void)
{
    return GW_TEST_RUN("state.db and power loss", cases);
}
