/*
 * journal.db on a disk that loses power: before every single change that a run makes, the disk is rebuilt as it would
 * be, opened, verified whole (every event, every tree), and held against what had been acknowledged by then. The same
 * check must find a loss where a promise is broken.
 */
#include <inttypes.h>
#include <stdio.h>

#include "journal_kit.h"
#include "vfs_model.h"
#include "whole.h"

#define COMMITS       220
#define DEVICES       2
#define EPOCH         3
#define WAL_MAX_BYTES (256 << 10) /* small, so that the run sees many checkpoints */

static struct gw_err err;
static const char *const names[DEVICES] = {"pump-1", "pump-2"};

/* What had been acknowledged when a commit returned. */
struct promise {
    uint64_t change; /* of the disk */
    uint64_t next[DEVICES];
    int64_t audit_n;
};

struct run {
    struct disk_model *disk;
    struct vfs_model *vfs;
    char path[128];
    struct promise promises[COMMITS];
    int commits;
    int skip_at, fail_at; /* the commit whose next sync of the WAL is left out, or fails; 0: none */
};

static void start_in(struct run *run, const char *dir)
{
    *run = (struct run){.disk = disk_model_new(dir)};
    run->vfs = vfs_model_new(run->disk);
    (void)snprintf(run->path, sizeof(run->path), "%s/journal.db", dir);
}

static void end(struct run *run)
{
    vfs_model_free(run->vfs);
    disk_model_free(run->disk);
}

static enum gw_rc open_run(struct run *run, struct journal_db **ret_journal)
{
    struct journal_options options = kit_options(DB_READ_WRITE);
    options.wal_max_bytes = WAL_MAX_BYTES;
    options.vfs = vfs_model_name(run->vfs);
    options.fs = disk_model_fs(run->disk);
    return journal_db_open(run->path, &options, ret_journal, &err);
}

/* Commit n: a batch of each device, some of them overlapping the one before, and an audit event. */
static enum gw_rc commit_one(struct journal_db *db, int n, struct promise *now)
{
    struct journal port = journal_db_port(db);
    struct journal_item items[DEVICES + 1];
    struct gw_buf bundles[DEVICES];
    size_t taken = 0;
    for (int d = 0; d < DEVICES; d++) {
        uint64_t first = n % 5 == 4 ? now->next[d] - 3 : now->next[d];
        gw_buf_init(&bundles[d], LOG_BATCH_BYTES_MAX);
        uint32_t count = 4 + (uint32_t)(n * 7 + d * 3) % 9;
        kit_events(&bundles[d], names[d], EPOCH, first, count);
        items[d] = kit_batch(names[d], EPOCH, first, count, gw_buf_view(&bundles[d]));
    }
    items[DEVICES] =
        (struct journal_item){.kind = JOURNAL_AUDIT, .audit_n = n + 1, .text = GW_VIEW_LIT("{\"cls\":\"x.y\"}")};
    enum gw_rc rc = port.ops->commit(port.self, items, DEVICES + 1, &taken, &err);
    for (int d = 0; d < DEVICES; d++) {
        gw_buf_done(&bundles[d]);
        if (!rc)
            now->next[d] = items[d].after.next;
    }
    now->audit_n = rc ? now->audit_n : n + 1;
    return rc;
}

static enum gw_rc go(struct run *run, int commits)
{
    struct journal_db *db = NULL;
    struct promise now = run->commits ? run->promises[run->commits - 1] : (struct promise){0};
    enum gw_rc rc = open_run(run, &db);
    while (!rc && run->commits < commits) {
        if (run->skip_at && run->commits == run->skip_at)
            disk_model_skip_sync(run->disk, "-wal", 0);
        if (run->fail_at && run->commits == run->fail_at)
            disk_model_fail_sync(run->disk, "-wal", 0);
        rc = commit_one(db, run->commits, &now);
        now.change = disk_model_changes(run->disk);
        if (!rc)
            run->promises[run->commits++] = now;
    }
    journal_db_close(db);
    return rc;
}

enum verdict {
    KEPT = 1, /* everything acknowledged is there */
    LOST,     /* something acknowledged is gone */
    BROKEN,   /* what is there is not whole, or not what was sent */
};

static bool count_audits(void *ctx, const struct journal_log *log)
{
    if (log->id.kind == LOG_AUDIT)
        *(uint64_t *)ctx += log->next;
    return true;
}

static enum verdict judge_open(struct journal_db *db, const struct promise *p)
{
    struct journal port = journal_db_port(db);
    enum verdict v = KEPT;
    uint64_t audits = 0; /* their numbers have no holes here */
    if (whole_journal(db, &err) || port.ops->log_each(port.self, NULL, count_audits, &audits, &err))
        return BROKEN;
    for (int d = 0; d < DEVICES; d++) {
        struct gw_device_id id = kit_device(names[d]);
        struct journal_position at = {.next = 0};
        enum gw_rc rc = port.ops->position(port.self, &id, &at, &err);
        if (rc && rc != GW_NOT_FOUND)
            return BROKEN;
        if (!rc && kit_count_good(&port, names[d], EPOCH, UINT64_MAX) != at.next)
            return BROKEN;
        if (at.next < p->next[d])
            v = LOST;
    }
    return audits < (uint64_t)p->audit_n ? LOST : v;
}

static enum verdict judge(const char *dir, const struct promise *p)
{
    struct run image;
    struct journal_db *db = NULL;
    start_in(&image, dir);
    enum verdict v = open_run(&image, &db) ? BROKEN : judge_open(db, p);
    journal_db_close(db);
    end(&image);
    return v;
}

static struct promise promised_at(const struct run *run, uint64_t change)
{
    struct promise p = {0};
    for (int n = 0; n < run->commits && run->promises[n].change <= change; n++)
        p = run->promises[n];
    return p;
}

struct tally {
    uint64_t kept, lost, broken;
};

static struct tally judge_all(struct run *run, enum disk_keep keep, uint64_t seed, uint64_t step)
{
    struct tally t = {0};
    const char *image = gw_test_dir();
    for (uint64_t k = 0; k <= disk_model_changes(run->disk); k += step) {
        struct promise p = promised_at(run, k);
        disk_model_crash(run->disk, k, keep, seed, image);
        enum verdict v = judge(image, &p);
        t.kept += v == KEPT;
        t.lost += v == LOST;
        t.broken += v == BROKEN;
        if (v != KEPT && t.lost + t.broken == 1)
            printf("#   first at change %" PRIu64 ": %s\n", k, gw_err_text(&err));
    }
    printf("#   %" PRIu64 " changes, %d commits: kept %" PRIu64 ", lost %" PRIu64 ", broken %" PRIu64 "\n",
           disk_model_changes(run->disk), run->commits, t.kept, t.lost, t.broken);
    return t;
}

static void keeps_everything(enum disk_keep keep)
{
    struct run run;
    start_in(&run, gw_test_dir());
    GW_ASSERT_OK(go(&run, COMMITS), &err);
    struct tally t = judge_all(&run, keep, 20260301, 1);
    CU_ASSERT_EQUAL(t.kept, disk_model_changes(run.disk) + 1);
    CU_ASSERT(run.promises[COMMITS - 1].next[0] > 4 * 256); /* bundles were sealed on the way */
    end(&run);
}

static void keeps_when_all_unsynced_is_gone(void)
{
    keeps_everything(DISK_KEEP_NONE);
}

static void keeps_when_a_part_stays(void)
{
    keeps_everything(DISK_KEEP_SOME);
}

static void notices_synchronous_normal(void)
{
    struct run run;
    start_in(&run, gw_test_dir());
    vfs_model_weaken(run.vfs);
    GW_ASSERT_OK(go(&run, COMMITS), &err);
    struct tally t = judge_all(&run, DISK_KEEP_NONE, 0, 7);
    CU_ASSERT(t.lost > 0);
    CU_ASSERT_EQUAL(t.broken, 0);
    end(&run);
}

static void notices_one_sync_left_out(void)
{
    const char *image = gw_test_dir();
    int noticed = 0;
    for (int at = 20; at < 30; at++) {
        struct run run;
        bool bad = false;
        start_in(&run, gw_test_dir());
        run.skip_at = at;
        GW_ASSERT_OK(go(&run, at + 3), &err);
        for (uint64_t k = run.promises[at - 1].change; k <= run.promises[at + 1].change; k++) {
            struct promise p = promised_at(&run, k);
            disk_model_crash(run.disk, k, DISK_KEEP_NONE, 0, image);
            bad |= judge(image, &p) != KEPT;
        }
        noticed += bad;
        end(&run);
    }
    printf("#   noticed for %d of 10 commits\n", noticed);
    CU_ASSERT(noticed > 5);
}

static void notices_a_directory_that_is_not_synced(void)
{
    struct run run;
    start_in(&run, gw_test_dir());
    disk_model_skip_dir_syncs(run.disk);
    GW_ASSERT_OK(go(&run, COMMITS), &err);
    struct tally t = judge_all(&run, DISK_KEEP_NONE, 0, 29);
    CU_ASSERT(t.lost > 0);
    end(&run);
}

static void trusts_no_commit_whose_sync_failed(void)
{
    struct run run;
    start_in(&run, gw_test_dir());
    run.fail_at = 50;
    CU_ASSERT_EQUAL(go(&run, COMMITS), GW_IO);
    CU_ASSERT_EQUAL(run.commits, 50);
    run.fail_at = 0;
    GW_ASSERT_OK(go(&run, 100), &err); /* the journal may hold commit 50 already: then it is a duplicate */
    struct tally t = judge_all(&run, DISK_KEEP_NONE, 0, 5);
    CU_ASSERT_EQUAL(t.lost + t.broken, 0);
    end(&run);
}

/* A full disk stops acknowledging, harms nothing, and is over when there is room again. */
static void goes_on_after_a_full_disk(void)
{
    struct run run;
    start_in(&run, gw_test_dir());
    GW_ASSERT_OK(go(&run, 40), &err);
    disk_model_room(run.disk, 12000);
    enum gw_rc rc = go(&run, COMMITS);
    CU_ASSERT_EQUAL(rc, GW_NO_SPACE);
    CU_ASSERT(run.commits >= 40 && run.commits < COMMITS);
    disk_model_room(run.disk, -1);
    GW_ASSERT_OK(go(&run, COMMITS), &err);
    struct tally t = judge_all(&run, DISK_KEEP_NONE, 0, 23);
    CU_ASSERT_EQUAL(t.lost + t.broken, 0);
    end(&run);
}

static const struct gw_test_case cases[] = {
    {"keeps everything acknowledged when all that was not synced is gone", keeps_when_all_unsynced_is_gone},
    {"keeps everything acknowledged when a torn part stays", keeps_when_a_part_stays},
    {"notices synchronous=NORMAL", notices_synchronous_normal},
    {"notices that one sync of the WAL was left out", notices_one_sync_left_out},
    {"notices that no directory was synced", notices_a_directory_that_is_not_synced},
    {"trusts no commit whose sync failed", trusts_no_commit_whose_sync_failed},
    {"goes on after a full disk", goes_on_after_a_full_disk},
};

int main(void)
{
    return GW_TEST_RUN("journal and power loss", cases);
}
