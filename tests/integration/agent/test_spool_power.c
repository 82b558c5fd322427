/*
 * The spool under a disk that loses power before every single change: nothing that was accepted is lost, no number
 * names two events. The test proves that it can see by leaving out one sync.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent_spool.h"
#include "bulk_hash.h"
#include "disk_model.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "log_batch.h"
#include "unsynced_fs.h"

#define BATCHES    220
#define PER_BATCH  3
#define POINTS_MAX 4096
#define EVENTS_MAX 4000
#define TEST_WALL  ((struct gw_wall){1790000000000})

/* What was promised when so many changes had been made. */
struct point {
    uint64_t changes;
    unsigned accepted; /* events 0 … accepted-1 */
    unsigned freed;    /* of those, proven stored by the gateway */
    uint64_t epoch;
    uint64_t shown; /* numbers below were given out */
};

struct run {
    struct disk_model *disk;
    struct agent_spool *spool;
    struct point points[POINTS_MAX];
    size_t count;
    struct gw_sha256 shown[BATCHES * PER_BATCH + 64]; /* leaf of each number that was given out */
    unsigned event_of[BATCHES * PER_BATCH + 64];
    unsigned accepted, freed;
    unsigned stride; /* every so many events one must not be shed; the others may */
    uint64_t shown_count;
    struct gw_err err;
};

static struct run run;
static char epoch_path[160];

static struct agent_spool_settings settings_in(const char *dir, const struct gw_fs *fs)
{
    (void)snprintf(epoch_path, sizeof(epoch_path), "%s/epoch", dir);
    return (struct agent_spool_settings){.fs = fs,
                                         .hash = bulk_hash_ops(),
                                         .dir = dir,
                                         .epoch_path = epoch_path,
                                         .max_bytes = AGENT_SPOOL_MIN_BYTES,
                                         .segment_bytes = 4096};
}

static void note_point(void)
{
    struct agent_spool_state state = agent_spool_state(run.spool);
    CU_ASSERT_FATAL(run.count < POINTS_MAX);
    run.points[run.count++] = (struct point){.changes = disk_model_changes(run.disk),
                                             .accepted = run.accepted,
                                             .freed = run.freed,
                                             .epoch = state.epoch,
                                             .shown = run.shown_count};
}

static unsigned number_of_event(struct gw_view event)
{
    unsigned number = UINT32_MAX;
    char text[64];
    struct gw_view start = gw_view_make(event.ptr, event.len < sizeof(text) ? event.len : sizeof(text) - 1);
    if (!gw_view_copy_str(start, text, sizeof(text)))
        (void)sscanf(text, "event %u ", &number);
    return number;
}

/* Gives out what is sealed, as the session would. */
static void show(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, LOG_BATCH_BYTES_MAX);
    struct log_batch batch;
    struct gw_view event;
    uint64_t end = 0;
    GW_ASSERT_OK(agent_spool_batch(run.spool, run.shown_count, &payload, &end, &run.err), &run.err);
    GW_ASSERT_OK(log_batch_parse(gw_buf_view(&payload), &batch, &run.err), &run.err);
    for (uint64_t seq = batch.head.first; log_bundle_next(&batch.bundle, &event); seq++) {
        bulk_hash_ops()->leaf(event, &run.shown[seq]);
        run.event_of[seq] = number_of_event(event);
    }
    run.shown_count = end;
}

static void free_all_but(uint64_t keep)
{
    if (run.shown_count <= keep)
        return;
    uint64_t size = run.shown_count - keep;
    GW_ASSERT_OK(agent_spool_free(run.spool, size, "a checkpoint", &run.err), &run.err);
    for (uint64_t seq = 0; seq < size; seq++)
        if (run.event_of[seq] != UINT32_MAX && run.event_of[seq] >= run.freed)
            run.freed = run.event_of[seq] + 1;
}

static void one_round(unsigned round)
{
    char text[64];
    for (unsigned i = 0; i < PER_BATCH; i++) {
        (void)snprintf(text, sizeof(text), "event %u of round %u", run.accepted, round);
        GW_ASSERT_OK(agent_spool_add(run.spool, gw_view_str(text), 1 + round % 6, TEST_WALL, &run.err), &run.err);
        run.accepted++;
    }
    GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
    note_point();
    GW_ASSERT_OK(agent_spool_seal(run.spool, TEST_WALL, &run.err), &run.err);
    GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
    show();
    note_point();
    if (round % 5 == 4) {
        free_all_but(4);
        note_point();
        GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
    }
}

static void record(const char *skip_suffix, uint64_t skip)
{
    const char *dir = gw_test_dir();
    memset(&run, 0, sizeof(run));
    run.stride = 1;
    run.disk = disk_model_new(dir);
    if (skip_suffix)
        disk_model_skip_sync(run.disk, skip_suffix, skip);
    struct agent_spool_settings settings = settings_in(dir, disk_model_fs(run.disk));
    GW_ASSERT_OK(agent_spool_open(&settings, TEST_WALL, &run.spool, &run.err), &run.err);
    GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
    note_point();
    for (unsigned round = 0; round < BATCHES; round++)
        one_round(round);
    agent_spool_close(run.spool);
}

/* The last promise made by then, and the next one, whose making may have been under way. */
static const struct point *promise(uint64_t change, const struct point **ret_next)
{
    size_t i = 0;
    while (i + 1 < run.count && run.points[i + 1].changes <= change)
        i++;
    *ret_next = &run.points[i + 1 < run.count ? i + 1 : i];
    return run.points[i].changes <= change ? &run.points[i] : NULL;
}

struct found {
    bool seen[EVENTS_MAX];
    unsigned wrong; /* numbers that name another event than before, events that come twice */
};

static void look_at(struct gw_view payload, const struct point *p, struct found *found)
{
    struct log_batch batch;
    struct gw_view event;
    struct gw_sha256 leaf;
    GW_ASSERT_OK(log_batch_parse(payload, &batch, NULL), NULL);
    for (uint64_t seq = batch.head.first; log_bundle_next(&batch.bundle, &event); seq++) {
        unsigned number = number_of_event(event);
        if (number < EVENTS_MAX) {
            found->wrong += found->seen[number];
            found->seen[number] = true;
        }
        bulk_hash_ops()->leaf(event, &leaf);
        if (batch.head.epoch == p->epoch && seq < p->shown && !gw_sha256_eq(&leaf, &run.shown[seq]))
            found->wrong++;
    }
}

/* Everything that the spool can still send, as far as its window goes each time. */
static void collect(struct agent_spool *spool, const struct point *p, struct found *found)
{
    enum gw_rc rc = GW_OK;
    struct gw_err err;
    while (!rc) {
        struct agent_spool_state state = agent_spool_state(spool);
        for (uint64_t from = state.freed; from < state.next;) {
            GW_CLEANUP(gw_buf_done) struct gw_buf payload;
            gw_buf_init(&payload, LOG_BATCH_BYTES_MAX);
            GW_ASSERT_OK(agent_spool_batch(spool, from, &payload, &from, &err), &err);
            look_at(gw_buf_view(&payload), p, found);
        }
        GW_ASSERT_OK(agent_spool_free(spool, state.next, "cp", &err), &err);
        rc = agent_spool_seal(spool, TEST_WALL, &err);
        GW_ASSERT_OK(agent_spool_sync(spool, &err), &err);
    }
    CU_ASSERT_EQUAL(rc, GW_NOT_FOUND);
}

/* How many promises are broken when power goes before this change. */
static unsigned broken_at(uint64_t change, enum disk_keep keep, uint64_t seed, const char *dir)
{
    const struct point *next = NULL;
    const struct point *p = promise(change, &next);
    if (!p)
        return 0;
    disk_model_crash(run.disk, change, keep, seed, dir);
    struct agent_spool_settings settings =
        settings_in(dir, unsynced_fs()); /* for a look: nobody cuts its power again */
    struct agent_spool *spool = NULL;
    struct found found = {0};
    if (agent_spool_open(&settings, TEST_WALL, &spool, &run.err))
        return 1;
    unsigned broken = agent_spool_state(spool).epoch != p->epoch;
    GW_ASSERT_OK(agent_spool_sync(spool, &run.err), &run.err);
    collect(spool, p, &found);
    agent_spool_close(spool);
    for (unsigned i = next->freed; i < p->accepted; i++)
        broken += i % run.stride == 0 && !found.seen[i];
    return broken + found.wrong;
}

static uint64_t broken_everywhere(enum disk_keep keep, uint64_t seed, const char *dir, uint64_t stride)
{
    uint64_t broken = 0;
    for (uint64_t change = 0; change <= disk_model_changes(run.disk); change += stride) {
        unsigned here = broken_at(change, keep, seed, dir);
        if (here > 0 && broken == 0)
            printf("#   first broken: power before change %llu, seed %llu: %u\n", (unsigned long long)change,
                   (unsigned long long)seed, here);
        broken += here;
    }
    return broken;
}

static void keeps_every_promise_when_nothing_unsafe_survives(void)
{
    record(NULL, 0);
    CU_ASSERT_EQUAL(broken_everywhere(DISK_KEEP_NONE, 0, gw_test_dir(), 1), 0);
    disk_model_free(run.disk);
}

static void keeps_every_promise_when_some_of_it_survives(void)
{
    record(NULL, 0);
    CU_ASSERT_EQUAL(broken_everywhere(DISK_KEEP_SOME, 1, gw_test_dir(), 1), 0);
    CU_ASSERT_EQUAL(broken_everywhere(DISK_KEEP_SOME, 20261123, gw_test_dir(), 3), 0);
    disk_model_free(run.disk);
}

static const char *path_of(const char *dir, unsigned number)
{
    static char path[256];
    (void)snprintf(path, sizeof(path), "%s/%016x.seg", dir, number);
    return path;
}

/* Offline and overflowing: the light events are shed, the files merge around the severe ones. */
static void record_overflow(void)
{
    const char *dir = gw_test_dir();
    char text[512];
    memset(&run, 0, sizeof(run));
    run.stride = 20;
    run.disk = disk_model_new(dir);
    struct agent_spool_settings settings = settings_in(dir, disk_model_fs(run.disk));
    settings.segment_bytes = 16384;
    GW_ASSERT_OK(agent_spool_open(&settings, TEST_WALL, &run.spool, &run.err), &run.err);
    GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
    note_point();
    for (run.accepted = 0; run.accepted < EVENTS_MAX;) {
        (void)snprintf(text, sizeof(text), "event %u %0400d", run.accepted, 0);
        unsigned severity = run.accepted % run.stride == 0 ? 6 : 1;
        GW_ASSERT_OK(agent_spool_add(run.spool, gw_view_str(text), severity, TEST_WALL, &run.err), &run.err);
        if (++run.accepted % 25 == 0) {
            GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
            note_point();
        }
    }
    CU_ASSERT_TRUE(agent_spool_state(run.spool).lost > 1000);
    agent_spool_close(run.spool);
    CU_ASSERT_NOT_EQUAL(access(path_of(dir, 2), F_OK), 0); /* merged into a later one */
    CU_ASSERT_EQUAL(access(path_of(dir, 80), F_OK), 0);
}

static void keeps_the_severe_while_it_sheds_and_merges(void)
{
    record_overflow();
    CU_ASSERT_EQUAL(broken_everywhere(DISK_KEEP_NONE, 0, gw_test_dir(), 3), 0);
    CU_ASSERT_EQUAL(broken_everywhere(DISK_KEEP_SOME, 7, gw_test_dir(), 5), 0);
    disk_model_free(run.disk);
}

/* Full of severe events: light ones find no room. What was said of them at a sync is what a crash may forget half of.
 */
static void record_refusals(struct disk_model **ret_disk, const char *skip_suffix)
{
    const char *dir = gw_test_dir();
    char text[512];
    memset(&run, 0, sizeof(run));
    *ret_disk = run.disk = disk_model_new(dir);
    struct agent_spool_settings settings = settings_in(dir, disk_model_fs(run.disk));
    GW_ASSERT_OK(agent_spool_open(&settings, TEST_WALL, &run.spool, &run.err), &run.err);
    (void)snprintf(text, sizeof(text), "event %0400d", 0);
    uint64_t need = strlen(text) + AGENT_SPOOL_EVENT_COST;
    while (agent_spool_state(run.spool).used_bytes + need <= AGENT_SPOOL_MIN_BYTES)
        GW_ASSERT_OK(agent_spool_add(run.spool, gw_view_str(text), 6, TEST_WALL, &run.err), &run.err);
    GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
    if (skip_suffix)
        disk_model_skip_sync(run.disk, skip_suffix, 0);
    note_point();
    for (unsigned turn = 1; turn <= 60; turn++) {
        struct gw_wall now = {TEST_WALL.ms + turn * 7000};
        for (unsigned i = 0; i < turn; i++, run.accepted++)
            GW_ASSERT_OK(agent_spool_add(run.spool, gw_view_str(text), 1, now, &run.err), &run.err);
        agent_spool_settle(run.spool, now, turn == 60);
        GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
        note_point();
    }
    CU_ASSERT_EQUAL(agent_spool_state(run.spool).lost, run.accepted);
    agent_spool_close(run.spool);
}

/* How often less than half, or more than there were, is left of the refusals that a sync had covered. */
static unsigned wrong_counts(enum disk_keep keep)
{
    const char *dir = gw_test_dir();
    unsigned wrong = 0;
    for (uint64_t change = run.points[0].changes; change <= disk_model_changes(run.disk); change++) {
        const struct point *next = NULL;
        const struct point *p = promise(change, &next);
        struct agent_spool *spool = NULL;
        disk_model_crash(run.disk, change, keep, 5, dir);
        struct agent_spool_settings settings =
            settings_in(dir, unsynced_fs()); /* for a look: nobody cuts its power again */
        GW_ASSERT_OK(agent_spool_open(&settings, TEST_WALL, &spool, &run.err), &run.err);
        uint64_t told = agent_spool_state(spool).lost;
        bool at_end = p == &run.points[run.count - 1];
        wrong += told * 2 < p->accepted || told > next->accepted || (at_end && told != p->accepted);
        agent_spool_close(spool);
    }
    return wrong;
}

static void counts_at_least_half_of_what_found_no_room(void)
{
    struct disk_model *disk = NULL;
    record_refusals(&disk, NULL);
    CU_ASSERT_EQUAL(wrong_counts(DISK_KEEP_NONE), 0);
    CU_ASSERT_EQUAL(wrong_counts(DISK_KEEP_SOME), 0);
    disk_model_free(disk);
    record_refusals(&disk, ".seg");
    CU_ASSERT_NOT_EQUAL(wrong_counts(DISK_KEEP_NONE), 0); /* this test sees one missing sync */
    disk_model_free(disk);
}

static void sees_one_missing_sync_of_a_file(void)
{
    record(".seg", 60);
    CU_ASSERT_NOT_EQUAL(broken_everywhere(DISK_KEEP_NONE, 0, gw_test_dir(), 1), 0);
    disk_model_free(run.disk);
}

static void sees_missing_syncs_of_the_directory(void)
{
    const char *dir = gw_test_dir();
    memset(&run, 0, sizeof(run));
    run.stride = 1;
    run.disk = disk_model_new(dir);
    disk_model_skip_dir_syncs(run.disk);
    struct agent_spool_settings settings = settings_in(dir, disk_model_fs(run.disk));
    GW_ASSERT_OK(agent_spool_open(&settings, TEST_WALL, &run.spool, &run.err), &run.err);
    GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
    note_point();
    one_round(0);
    agent_spool_close(run.spool);
    CU_ASSERT_NOT_EQUAL(broken_everywhere(DISK_KEEP_NONE, 0, gw_test_dir(), 1), 0);
    disk_model_free(run.disk);
}

static void a_full_disk_loses_nothing_that_was_accepted(void)
{
    const char *dir = gw_test_dir();
    memset(&run, 0, sizeof(run));
    run.disk = disk_model_new(dir);
    struct agent_spool_settings settings = settings_in(dir, disk_model_fs(run.disk));
    GW_ASSERT_OK(agent_spool_open(&settings, TEST_WALL, &run.spool, &run.err), &run.err);
    GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
    one_round(0);
    disk_model_room(run.disk, 100);
    char text[512];
    (void)snprintf(text, sizeof(text), "event %u %0400d", run.accepted, 0);
    GW_ASSERT_OK(agent_spool_add(run.spool, gw_view_str(text), 6, TEST_WALL, &run.err), &run.err);
    CU_ASSERT_EQUAL(agent_spool_sync(run.spool, &run.err), GW_NO_SPACE);
    CU_ASSERT_EQUAL(agent_spool_sync(run.spool, &run.err), GW_NO_SPACE);
    disk_model_room(run.disk, -1);
    GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
    CU_ASSERT_EQUAL(agent_spool_state(run.spool).queued, 1);
    agent_spool_close(run.spool);
    disk_model_free(run.disk);
}

static void promises_nothing_more_after_a_failed_sync(void)
{
    const char *dir = gw_test_dir();
    memset(&run, 0, sizeof(run));
    run.disk = disk_model_new(dir);
    struct agent_spool_settings settings = settings_in(dir, disk_model_fs(run.disk));
    GW_ASSERT_OK(agent_spool_open(&settings, TEST_WALL, &run.spool, &run.err), &run.err);
    GW_ASSERT_OK(agent_spool_sync(run.spool, &run.err), &run.err);
    disk_model_fail_sync(run.disk, ".seg", 0);
    GW_ASSERT_OK(agent_spool_add(run.spool, GW_VIEW_LIT("event 0 x"), 6, TEST_WALL, &run.err), &run.err);
    CU_ASSERT_EQUAL(agent_spool_sync(run.spool, &run.err), GW_IO);
    CU_ASSERT_EQUAL(agent_spool_sync(run.spool, &run.err), GW_IO); /* a second sync would succeed, and lie */
    agent_spool_close(run.spool);
    disk_model_free(run.disk);
}

static const struct gw_test_case cases[] = {
    {"keeps every promise when nothing unsafe survives", keeps_every_promise_when_nothing_unsafe_survives},
    {"keeps every promise when some of it survives", keeps_every_promise_when_some_of_it_survives},
    {"keeps the severe while it sheds and merges", keeps_the_severe_while_it_sheds_and_merges},
    {"counts at least half of what found no room", counts_at_least_half_of_what_found_no_room},
    {"this test sees one missing sync of a file", sees_one_missing_sync_of_a_file},
    {"this test sees missing syncs of the directory", sees_missing_syncs_of_the_directory},
    {"a full disk loses nothing that was accepted", a_full_disk_loses_nothing_that_was_accepted},
    {"promises nothing more after a failed sync", promises_nothing_more_after_a_failed_sync},
};

int main(void)
{
    return GW_TEST_RUN("spool under power loss", cases);
}
