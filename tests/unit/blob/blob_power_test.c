/* The power goes before every change of the disk: what was committed is whole, and no name lies. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "blob_test.h"
#include "disk_model.h"

#define BLOBS 4

struct world {
    struct disk_model *disk;
    struct gw_sha256 sha256[BLOBS];
    uint64_t durable_at[BLOBS]; /* changes when commit returned */
    uint64_t removed_at;        /* of the last blob: changes when its removal began */
};

static const char *const texts[BLOBS] = {
    "first",
    "a second one that is longer than a sector would have to be to matter at all, which it is not",
    "third",
    "removed again",
};

/* Runs the product on a model: four commits, one abort, one removal. */
static void run(struct world *w, const char *dir, void (*spoil)(struct disk_model *disk))
{
    struct gw_err err = {0};
    w->disk = disk_model_new(dir);
    if (spoil)
        spoil(w->disk);
    struct blob_store *store = blob_test_open(dir, disk_model_fs(w->disk));
    struct blob port = blob_store_port(store);
    for (size_t i = 0; i < BLOBS; i++) {
        GW_ASSERT_OK(blob_test_put(port, texts[i], &w->sha256[i], &err), &err);
        w->durable_at[i] = disk_model_changes(w->disk);
    }
    struct blob_stage *stage = NULL;
    GW_ASSERT_OK(port.ops->stage(port.self, 7, &stage, &err), &err);
    GW_ASSERT_OK(port.ops->append(port.self, stage, GW_VIEW_LIT("aborted"), &err), &err);
    port.ops->abort(port.self, stage);
    w->removed_at = disk_model_changes(w->disk);
    GW_ASSERT_OK(port.ops->remove(port.self, &w->sha256[BLOBS - 1], &err), &err);
    blob_store_close(store);
}

struct judge {
    struct blob port;
    unsigned lies;
};

static bool check_name(void *ctx, const struct gw_sha256 *sha256, uint64_t size)
{
    struct judge *j = ctx;
    (void)size;
    if (j->port.ops->verify(j->port.self, sha256, NULL) != GW_OK)
        j->lies++;
    return true;
}

/* Breaches of the promise over every stop, with nothing kept and with parts kept; ends with the stop that has one. */
static unsigned breaches(struct world *w, const char *to)
{
    unsigned count = 0;
    for (uint64_t seed = 0; seed < 2; seed++)
        for (uint64_t k = 0; count == 0 && k <= disk_model_changes(w->disk); k++) {
            struct gw_err err = {0};
            disk_model_crash(w->disk, k, seed ? DISK_KEEP_SOME : DISK_KEEP_NONE, seed * 1000 + k, to);
            struct blob_store *store = blob_test_open(to, NULL);
            struct judge judge = {blob_store_port(store), 0};
            GW_ASSERT_OK(judge.port.ops->each(judge.port.self, check_name, &judge, &err), &err);
            count += judge.lies;
            for (size_t i = 0; i < BLOBS; i++) {
                bool gone = i == BLOBS - 1 && k > w->removed_at;
                if (w->durable_at[i] <= k && !gone && judge.port.ops->verify(judge.port.self, &w->sha256[i], &err))
                    count++;
            }
            if (k == disk_model_changes(w->disk) &&
                judge.port.ops->verify(judge.port.self, &w->sha256[BLOBS - 1], &err) != GW_NOT_FOUND)
                count++;
            blob_store_close(store);
        }
    return count;
}

static unsigned breaches_when(void (*spoil)(struct disk_model *disk))
{
    struct world w = {0};
    run(&w, gw_test_dir(), spoil);
    unsigned count = breaches(&w, gw_test_dir());
    disk_model_free(w.disk);
    return count;
}

static void keeps_its_promise_at_every_stop(void)
{
    CU_ASSERT_EQUAL(breaches_when(NULL), 0);
}

static void skip_one_sync(struct disk_model *disk)
{
    disk_model_skip_sync(disk, "1", 0); /* of tmp/…1: the second blob */
}

static void would_be_caught_without_one_sync(void)
{
    CU_ASSERT(breaches_when(skip_one_sync) > 0);
}

static void would_be_caught_without_syncs_of_directories(void)
{
    CU_ASSERT(breaches_when(disk_model_skip_dir_syncs) > 0);
}

static void tells_a_sync_that_fails_and_shows_nothing(void)
{
    const char *dir = gw_test_dir();
    struct disk_model *disk = disk_model_new(dir);
    struct blob_store *store = blob_test_open(dir, disk_model_fs(disk));
    struct blob port = blob_store_port(store);
    struct gw_sha256 sha256;
    struct gw_err err = {0};
    disk_model_fail_sync(disk, "0", 0);
    CU_ASSERT_EQUAL(blob_test_put(port, "x", &sha256, &err), GW_IO);
    CU_ASSERT_EQUAL(port.ops->verify(port.self, &sha256, &err), GW_NOT_FOUND);
    GW_ASSERT_OK(blob_test_put(port, "x", &sha256, &err), &err);
    blob_store_close(store);
    disk_model_free(disk);
}

static void tells_a_full_disk_and_goes_on(void)
{
    const char *dir = gw_test_dir();
    struct disk_model *disk = disk_model_new(dir);
    struct blob_store *store = blob_test_open(dir, disk_model_fs(disk));
    struct blob port = blob_store_port(store);
    struct gw_sha256 sha256;
    struct blob_stats stats;
    struct gw_err err = {0};
    disk_model_room(disk, 12);
    CU_ASSERT_EQUAL(blob_test_put(port, "thirteen char", &sha256, &err), GW_NO_SPACE);
    GW_ASSERT_OK(port.ops->stats(port.self, &stats, &err), &err);
    CU_ASSERT(stats.count == 0 && stats.staged_bytes == 0);
    GW_ASSERT_OK(blob_test_put(port, "twelve chars", &sha256, &err), &err);
    blob_store_close(store);
    disk_model_free(disk);
}

/* Syncs of directories that the store asks for while it is opened, in order. */
static struct {
    const struct gw_fs *real;
    char last[512];
    char before_last[512];
} seen;

static int note_sync_dir(void *ctx, const char *path)
{
    (void)ctx;
    (void)snprintf(seen.before_last, sizeof(seen.before_last), "%s", seen.last);
    (void)snprintf(seen.last, sizeof(seen.last), "%s", path);
    return seen.real->sync_dir(seen.real->ctx, path);
}

static void makes_its_directories_durable_when_it_is_opened(void)
{
    const char *dir = gw_test_dir();
    char path[512];
    struct stat st;
    struct gw_fs fs = *gw_fs_posix();
    seen.real = gw_fs_posix();
    fs.sync_dir = note_sync_dir;
    struct blob_store *store = blob_test_open(dir, &fs);
    (void)snprintf(path, sizeof(path), "%s/blobs", dir);
    CU_ASSERT_STRING_EQUAL(seen.before_last, path);
    CU_ASSERT_STRING_EQUAL(seen.last, dir);
    (void)snprintf(path, sizeof(path), "%s/blobs/ff", dir);
    CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 07777) == 0700);
    blob_store_close(store);
}

const struct gw_test_case blob_power_cases[] = {
    {"keeps its promise at every stop", keeps_its_promise_at_every_stop},
    {"would be caught without one sync", would_be_caught_without_one_sync},
    {"would be caught without syncs of directories", would_be_caught_without_syncs_of_directories},
    {"tells a sync that fails, and shows nothing", tells_a_sync_that_fails_and_shows_nothing},
    {"tells a full disk and goes on", tells_a_full_disk_and_goes_on},
    {"makes its directories durable when it is opened", makes_its_directories_durable_when_it_is_opened},
};
const size_t blob_power_case_count = sizeof(blob_power_cases) / sizeof(blob_power_cases[0]);
