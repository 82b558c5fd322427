#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "merkle_range.h"
#include "spool_fixture.h"

#define MAX_BYTES     (1024 * 1024)
#define SEGMENT_BYTES (64 * 1024)
#define TEST_WALL     ((struct gw_wall){1790000000000})

static const char *lines_from(struct spool_fixture *f, uint64_t from, struct gw_buf *lines)
{
    gw_buf_init(lines, 16 * 1024 * 1024);
    spool_fixture_read(f, from, lines);
    return gw_buf_str(lines);
}

static const char *drain(struct spool_fixture *f, struct gw_buf *lines)
{
    gw_buf_init(lines, 16 * 1024 * 1024);
    spool_fixture_drain(f, lines);
    return gw_buf_str(lines);
}

static void begins_with_log_start(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    spool_fixture_init(&f, MAX_BYTES, SEGMENT_BYTES);
    spool_fixture_add(&f, "one", 1);
    CU_ASSERT_EQUAL(spool_fixture_seal_all(&f), 1);
    const char *text = lines_from(&f, 0, &lines);
    CU_ASSERT_PTR_EQUAL(strstr(text, "{\"cls\":\"log.start\""), text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"reason\":\"new\""));
    CU_ASSERT_PTR_NULL(strstr(text, "prev_epoch"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\none\n"));
    spool_fixture_done(&f);
}

static void keeps_what_was_synced(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    spool_fixture_init(&f, MAX_BYTES, SEGMENT_BYTES);
    spool_fixture_add(&f, "one", 1);
    spool_fixture_add(&f, "two", 1);
    spool_fixture_sync(&f);
    spool_fixture_add(&f, "never accepted", 1);
    uint64_t epoch = agent_spool_state(f.spool).epoch;
    spool_fixture_reopen(&f);
    CU_ASSERT_EQUAL(agent_spool_state(f.spool).epoch, epoch);
    (void)spool_fixture_seal_all(&f);
    const char *text = lines_from(&f, 1, &lines);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\none\ntwo\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "never"));
    spool_fixture_done(&f);
}

static void shows_no_batch_before_it_is_durable(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    uint64_t end = 0;
    gw_buf_init(&payload, LOG_BATCH_BYTES_MAX);
    spool_fixture_init(&f, MAX_BYTES, SEGMENT_BYTES);
    GW_ASSERT_OK(agent_spool_seal(f.spool, TEST_WALL, &f.err), &f.err);
    CU_ASSERT_EQUAL(agent_spool_batch(f.spool, 0, &payload, &end, &f.err), GW_AGAIN);
    spool_fixture_sync(&f);
    GW_ASSERT_OK(agent_spool_batch(f.spool, 0, &payload, &end, &f.err), &f.err);
    CU_ASSERT_EQUAL(end, 1);
    spool_fixture_done(&f);
}

static void sends_the_same_bytes_again_after_a_restart(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf before, after;
    gw_buf_init(&before, LOG_BATCH_BYTES_MAX);
    gw_buf_init(&after, LOG_BATCH_BYTES_MAX);
    uint64_t end_before = 0, end_after = 0;
    spool_fixture_init(&f, MAX_BYTES, SEGMENT_BYTES);
    for (int i = 0; i < 2000; i++)
        spool_fixture_add(&f, "an event of some length", 2);
    CU_ASSERT_EQUAL(spool_fixture_seal_all(&f), 2);
    GW_ASSERT_OK(agent_spool_batch(f.spool, 1024, &before, &end_before, &f.err), &f.err);
    spool_fixture_reopen(&f);
    GW_ASSERT_OK(agent_spool_batch(f.spool, 1024, &after, &end_after, &f.err), &f.err);
    CU_ASSERT_EQUAL(end_before, end_after);
    CU_ASSERT_TRUE(gw_view_eq(gw_buf_view(&before), gw_buf_view(&after)));
    spool_fixture_done(&f);
}

/* The root over the sealed events of a spool, from their bytes alone. */
static void root_of_lines(struct gw_view lines, uint64_t size, struct gw_sha256 *ret_root)
{
    struct merkle_range range;
    merkle_range_init(&range);
    for (uint64_t i = 0; i < size; i++) {
        struct gw_sha256 leaf;
        bulk_hash_ops()->leaf(gw_view_cut(lines, '\n', &lines), &leaf);
        CU_ASSERT_EQUAL_FATAL(merkle_range_add(&range, bulk_hash_ops(), &leaf), GW_OK);
    }
    merkle_range_root(&range, bulk_hash_ops(), ret_root);
}

static void knows_the_root_at_every_size_it_still_holds(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    spool_fixture_init(&f, MAX_BYTES, SEGMENT_BYTES);
    for (int i = 0; i < 40; i++) {
        spool_fixture_add(&f, i % 2 ? "odd" : "even", 1);
        if (i % 7 == 6)
            (void)spool_fixture_seal_all(&f);
    }
    (void)spool_fixture_seal_all(&f);
    (void)lines_from(&f, 0, &lines);
    for (uint64_t size = 0; size <= 41; size++) {
        struct gw_sha256 expected, told;
        root_of_lines(gw_buf_view(&lines), size, &expected);
        GW_ASSERT_OK(agent_spool_root(f.spool, size, &told, &f.err), &f.err);
        CU_ASSERT_TRUE(gw_sha256_eq(&expected, &told));
        if (size == 20) {
            GW_ASSERT_OK(agent_spool_free(f.spool, 20, "a checkpoint", &f.err), &f.err);
            spool_fixture_sync(&f);
            spool_fixture_reopen(&f);
        }
    }
    struct gw_sha256 root;
    CU_ASSERT_EQUAL(agent_spool_root(f.spool, 19, &root, &f.err), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(agent_spool_root(f.spool, 42, &root, &f.err), GW_NOT_FOUND);
    GW_ASSERT_OK(agent_spool_new_epoch(f.spool, AGENT_SPOOL_GATEWAY_WENT_BACK, 41, TEST_WALL, &f.err), &f.err);
    (void)spool_fixture_seal_all(&f);
    gw_buf_done(&lines);
    CU_ASSERT_PTR_NOT_NULL(strstr(lines_from(&f, 0, &lines), "\"prev_checkpoint\":\"a checkpoint\""));
    spool_fixture_done(&f);
}

static void frees_files_behind_the_checkpoint(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    spool_fixture_init(&f, MAX_BYTES, SEGMENT_BYTES);
    for (int i = 0; i < 6000; i++) {
        spool_fixture_add(&f, "an event of about forty bytes, no more.", 2);
        if (i % 100 == 0)
            spool_fixture_sync(&f);
    }
    CU_ASSERT_TRUE(spool_fixture_files(&f) > 4);
    (void)drain(&f, &lines);
    CU_ASSERT_TRUE(spool_fixture_files(&f) <= 2);
    CU_ASSERT_EQUAL(agent_spool_state(f.spool).used_bytes, 0);
    spool_fixture_reopen(&f);
    struct agent_spool_state state = agent_spool_state(f.spool);
    CU_ASSERT_EQUAL(state.next, 6001);
    CU_ASSERT_EQUAL(state.freed, 6001);
    CU_ASSERT_EQUAL(state.queued, 0);
    spool_fixture_add(&f, "next", 1);
    (void)spool_fixture_seal_all(&f);
    CU_ASSERT_EQUAL(agent_spool_state(f.spool).next, 6002);
    spool_fixture_done(&f);
}

static void sheds_the_least_severe_first_and_tells(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    spool_fixture_init(&f, AGENT_SPOOL_MIN_BYTES, SEGMENT_BYTES);
    char text[1024];
    for (int i = 0; i < 600; i++) {
        (void)snprintf(text, sizeof(text), "%s %d %0900d", i % 3 ? "chatter" : "breach", i, 0);
        spool_fixture_add(&f, text, i % 3 ? 1 : 5);
    }
    struct agent_spool_state state = agent_spool_state(f.spool);
    CU_ASSERT_TRUE(state.used_bytes <= AGENT_SPOOL_MIN_BYTES);
    CU_ASSERT_TRUE(state.lost > 300);
    const char *told = drain(&f, &lines);
    unsigned breaches = 0;
    for (const char *p = told; (p = strstr(p, "breach")); p++)
        breaches++;
    CU_ASSERT_EQUAL(breaches, 200);
    const char *stone = strstr(told, "{\"cls\":\"log.tombstone\"");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stone);
    char expected[64];
    (void)snprintf(expected, sizeof(expected), "\"lost\":{\"1\":%llu}", (unsigned long long)state.lost);
    CU_ASSERT_PTR_NOT_NULL(strstr(stone, expected));
    CU_ASSERT_PTR_NOT_NULL(strstr(stone, "\"reason\":\"overflow\""));
    long long from_ms = -1, to_ms = -1;
    const char *span = strstr(stone, "\"t_from\":");
    CU_ASSERT_FATAL(span && sscanf(span, "\"t_from\":%lld,\"t_to\":%lld", &from_ms, &to_ms) == 2);
    CU_ASSERT(from_ms > 0 && from_ms <= to_ms && to_ms <= gw_wall_now().ms);
    CU_ASSERT_EQUAL(agent_spool_state(f.spool).lost, 0);
    spool_fixture_done(&f);
}

static void refuses_the_least_severe_newcomer_when_full_of_worse(void)
{
    struct spool_fixture f;
    spool_fixture_init(&f, AGENT_SPOOL_MIN_BYTES, SEGMENT_BYTES);
    char text[1024];
    (void)snprintf(text, sizeof(text), "%0900d", 0);
    for (int i = 0; i < 400; i++)
        spool_fixture_add(&f, text, 4);
    uint64_t lost = agent_spool_state(f.spool).lost;
    uint64_t queued = agent_spool_state(f.spool).queued;
    char small[901];
    (void)snprintf(small, sizeof(small), "%0*d", 900, 1);
    while (agent_spool_state(f.spool).lost == lost)
        spool_fixture_add(&f, small, 3);
    CU_ASSERT_TRUE(agent_spool_state(f.spool).queued >= queued);
    spool_fixture_done(&f);
}

static void never_sheds_a_numbered_event(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    spool_fixture_init(&f, AGENT_SPOOL_MIN_BYTES, SEGMENT_BYTES);
    for (int i = 0; i < 50; i++)
        spool_fixture_add(&f, "numbered", 1);
    (void)spool_fixture_seal_all(&f);
    char text[1024];
    (void)snprintf(text, sizeof(text), "%0900d", 0);
    for (int i = 0; i < 1000; i++)
        spool_fixture_add(&f, text, 6);
    spool_fixture_sync(&f);
    GW_ASSERT_OK(agent_spool_new_epoch(f.spool, AGENT_SPOOL_DIVERGED, 0, TEST_WALL, &f.err), &f.err);
    for (int i = 0; i < 1000; i++)
        spool_fixture_add(&f, text, 6);
    const char *told = drain(&f, &lines);
    unsigned numbered = 0;
    for (const char *p = told; (p = strstr(p, "numbered")); p++)
        numbered++;
    CU_ASSERT_EQUAL(numbered, 50);
    spool_fixture_done(&f);
}

static void a_new_epoch_sends_again_what_was_not_proven(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    spool_fixture_init(&f, MAX_BYTES, SEGMENT_BYTES);
    spool_fixture_add(&f, "one", 1);
    spool_fixture_add(&f, "two", 1);
    (void)spool_fixture_seal_all(&f);
    spool_fixture_add(&f, "three", 1);
    uint64_t old_epoch = agent_spool_state(f.spool).epoch;
    GW_ASSERT_OK(agent_spool_free(f.spool, 2, "the last word", &f.err), &f.err);
    GW_ASSERT_OK(agent_spool_new_epoch(f.spool, AGENT_SPOOL_GATEWAY_WENT_BACK, 3, TEST_WALL, &f.err), &f.err);
    spool_fixture_sync(&f);
    spool_fixture_reopen(&f);
    CU_ASSERT_NOT_EQUAL(agent_spool_state(f.spool).epoch, old_epoch);
    (void)spool_fixture_seal_all(&f);
    const char *text = lines_from(&f, 0, &lines);
    char prev[64];
    (void)snprintf(prev, sizeof(prev), "\"prev_epoch\":\"%llu\",\"prev_next\":\"3\"", (unsigned long long)old_epoch);
    CU_ASSERT_PTR_EQUAL(strstr(text, "{\"cls\":\"log.start\""), text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"reason\":\"gateway_went_back\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, prev));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"prev_checkpoint\":\"the last word\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\ntwo\nthree\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "\none\n"));
    spool_fixture_done(&f);
}

static void path_of_file(const struct spool_fixture *f, unsigned number, char *out, size_t size)
{
    (void)snprintf(out, size, "%s/%016x.seg", f->dir, number);
}

static void cuts_a_torn_tail(void)
{
    struct spool_fixture f;
    char path[256];
    spool_fixture_init(&f, MAX_BYTES, SEGMENT_BYTES);
    spool_fixture_add(&f, "one", 1);
    spool_fixture_sync(&f);
    struct stat before, after;
    path_of_file(&f, 1, path, sizeof(path));
    CU_ASSERT_EQUAL(stat(path, &before), 0);
    spool_fixture_add(&f, "two", 1);
    spool_fixture_sync(&f);
    CU_ASSERT_EQUAL(stat(path, &after), 0);
    for (off_t cut = after.st_size - 1; cut > before.st_size; cut -= 5) {
        CU_ASSERT_EQUAL(truncate(path, cut), 0);
        spool_fixture_reopen(&f);
        CU_ASSERT_EQUAL(agent_spool_state(f.spool).queued, 2);
        CU_ASSERT_EQUAL(stat(path, &after), 0);
        CU_ASSERT_EQUAL(after.st_size, before.st_size);
        spool_fixture_add(&f, "two", 1);
        spool_fixture_sync(&f);
    }
    spool_fixture_done(&f);
}

/* Full of what may not go for a light event: those are refused from now on. ret_text: an event as long as each of them.
 */
static void open_full_of_severe(struct spool_fixture *f, char ret_text[512])
{
    (void)snprintf(ret_text, 512, "%0400d", 0);
    spool_fixture_init(f, AGENT_SPOOL_MIN_BYTES, 65536);
    uint64_t need = strlen(ret_text) + AGENT_SPOOL_EVENT_COST;
    while (agent_spool_state(f->spool).used_bytes + need <= f->settings.max_bytes)
        spool_fixture_add(f, ret_text, 6);
    spool_fixture_sync(f);
    CU_ASSERT_EQUAL(agent_spool_state(f->spool).lost, 0);
}

static void what_finds_no_room_is_counted_on_the_disk(void)
{
    struct spool_fixture f;
    char text[512];
    open_full_of_severe(&f, text);
    spool_fixture_add(&f, text, 1);
    spool_fixture_sync(&f);
    spool_fixture_reopen(&f); /* without a word: as a kill does */
    CU_ASSERT_EQUAL(agent_spool_state(f.spool).lost, 1);
    uint64_t bytes = spool_fixture_bytes(&f);
    for (uint64_t refused = 2; refused <= 10000; refused++) {
        spool_fixture_add(&f, text, 1 + refused % 2);
        CU_ASSERT_EQUAL(agent_spool_state(f.spool).lost, refused);
    }
    spool_fixture_sync(&f);
    CU_ASSERT_TRUE(spool_fixture_bytes(&f) < bytes + 4096); /* few words for many events */
    spool_fixture_reopen(&f);
    uint64_t told = agent_spool_state(f.spool).lost;
    CU_ASSERT_TRUE(told > 5000 && told <= 10000);
    spool_fixture_done(&f);
}

static void what_finds_no_room_is_all_on_the_disk_in_time(void)
{
    struct spool_fixture f;
    char text[512];
    open_full_of_severe(&f, text);
    for (unsigned i = 0; i < 100; i++)
        spool_fixture_add(&f, text, 1);
    struct gw_wall later = {TEST_WALL.ms + GW_MINUTE_MS - 1};
    agent_spool_settle(f.spool, later, false);
    spool_fixture_sync(&f);
    spool_fixture_reopen(&f);
    CU_ASSERT_TRUE(agent_spool_state(f.spool).lost < 100); /* not yet all */
    for (uint64_t i = agent_spool_state(f.spool).lost; i < 100; i++)
        spool_fixture_add(&f, text, 1);
    later.ms++;
    agent_spool_settle(f.spool, later, false);
    spool_fixture_sync(&f);
    spool_fixture_reopen(&f);
    CU_ASSERT_EQUAL(agent_spool_state(f.spool).lost, 100);
    for (unsigned i = 0; i < 100; i++)
        spool_fixture_add(&f, text, 1);
    agent_spool_settle(f.spool, TEST_WALL, true); /* the end of the program */
    spool_fixture_sync(&f);
    spool_fixture_reopen(&f);
    CU_ASSERT_EQUAL(agent_spool_state(f.spool).lost, 200);
    spool_fixture_done(&f);
}

static void a_lost_directory_begins_a_new_epoch(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    char path[256];
    spool_fixture_init(&f, MAX_BYTES, SEGMENT_BYTES);
    spool_fixture_sync(&f);
    uint64_t old_epoch = agent_spool_state(f.spool).epoch;
    path_of_file(&f, 1, path, sizeof(path));
    CU_ASSERT_EQUAL(unlink(path), 0);
    spool_fixture_reopen(&f);
    CU_ASSERT_NOT_EQUAL(agent_spool_state(f.spool).epoch, old_epoch);
    (void)spool_fixture_seal_all(&f);
    char prev[64];
    (void)snprintf(prev, sizeof(prev), "\"prev_epoch\":\"%llu\"", (unsigned long long)old_epoch);
    const char *text = lines_from(&f, 0, &lines);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"reason\":\"spool_lost\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, prev));
    spool_fixture_done(&f);
}

static void damage_in_the_middle_loses_only_that_file(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    char path[256], text[64];
    spool_fixture_init(&f, MAX_BYTES, 4096);
    for (int i = 0; i < 300; i++) {
        (void)snprintf(text, sizeof(text), "event number %d end", i);
        spool_fixture_add(&f, text, 1);
        spool_fixture_sync(&f);
        if (i == 150)
            (void)spool_fixture_seal_all(&f);
    }
    uint64_t old_epoch = agent_spool_state(f.spool).epoch;
    path_of_file(&f, 2, path, sizeof(path));
    GW_CLOSE int fd = open(path, O_RDWR);
    CU_ASSERT_EQUAL(pwrite(fd, "!", 1, 2000), 1);
    spool_fixture_reopen(&f);
    CU_ASSERT_NOT_EQUAL(agent_spool_state(f.spool).epoch, old_epoch);
    const char *told = drain(&f, &lines);
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "\"reason\":\"spool_lost\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "event number 0 end"));
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "event number 299 end"));
    spool_fixture_reopen(&f);
    CU_ASSERT_EQUAL(agent_spool_state(f.spool).queued, 0);
    spool_fixture_done(&f);
}

static void files_stay_within_their_ceiling_when_severe_events_pin_them(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    char text[600];
    spool_fixture_init(&f, AGENT_SPOOL_MIN_BYTES, 16 * 1024);
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(text, sizeof(text), "%s %d %0400d", i % 100 ? "chatter" : "breach", i, 0);
        spool_fixture_add(&f, text, i % 100 ? 1 : 6);
        if (i % 20 == 0)
            spool_fixture_sync(&f);
    }
    spool_fixture_sync(&f);
    CU_ASSERT_TRUE(spool_fixture_files(&f) <= 2 * AGENT_SPOOL_MIN_BYTES / (16 * 1024) + 33);
    CU_ASSERT_TRUE(spool_fixture_bytes(&f) <= 2 * AGENT_SPOOL_MIN_BYTES + 32 * 1024);
    uint64_t used = agent_spool_state(f.spool).used_bytes;
    spool_fixture_reopen(&f);
    CU_ASSERT_EQUAL(agent_spool_state(f.spool).used_bytes, used);
    const char *told = drain(&f, &lines);
    unsigned breaches = 0;
    for (const char *p = told; (p = strstr(p, "breach")); p++)
        breaches++;
    CU_ASSERT_EQUAL(breaches, 100);
    spool_fixture_done(&f);
}

static unsigned dir_syncs;

/* As without a free descriptor: it would have to open the directory. */
static int sync_dir_now_and_then(void *ctx, const char *dir)
{
    if (++dir_syncs % 3 == 0) {
        errno = EMFILE;
        return -1;
    }
    return gw_fs_posix()->sync_dir(ctx, dir);
}

static void tidies_up_though_the_directory_is_not_always_synced(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    struct gw_fs fs = *gw_fs_posix();
    char text[600];
    fs.sync_dir = sync_dir_now_and_then;
    spool_fixture_init(&f, AGENT_SPOOL_MIN_BYTES, 16 * 1024);
    f.settings.fs = &fs;
    spool_fixture_reopen(&f);
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(text, sizeof(text), "%s %d %0400d", i % 100 ? "chatter" : "breach", i, 0);
        spool_fixture_add(&f, text, i % 100 ? 1 : 6);
        if (i % 20 == 0)
            spool_fixture_sync(&f);
    }
    spool_fixture_sync(&f);
    f.settings.fs = gw_fs_posix();
    uint64_t epoch = agent_spool_state(f.spool).epoch;
    spool_fixture_reopen(&f);
    CU_ASSERT_EQUAL(agent_spool_state(f.spool).epoch, epoch); /* nothing was found damaged */
    unsigned breaches = 0;
    for (const char *p = drain(&f, &lines); (p = strstr(p, "breach")); p++)
        breaches++;
    CU_ASSERT_EQUAL(breaches, 100);
    CU_ASSERT_TRUE(spool_fixture_files(&f) <= 2);
    spool_fixture_done(&f);
}

static void drops_a_file_that_was_unlinked_but_not_synced(void)
{
    struct spool_fixture f;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    struct gw_fs fs = *gw_fs_posix();
    fs.sync_dir = sync_dir_now_and_then;
    spool_fixture_init(&f, MAX_BYTES, 4096);
    f.settings.fs = &fs;
    spool_fixture_reopen(&f);
    for (int i = 0; i < 2000; i++) {
        spool_fixture_add(&f, "one event of many", 1);
        if (i % 20 == 0) {
            (void)drain(&f, &lines);
            gw_buf_done(&lines);
        }
    }
    (void)drain(&f, &lines);
    for (int i = 0; i < 3; i++)
        spool_fixture_sync(&f);
    CU_ASSERT_TRUE(spool_fixture_files(&f) <= 2);
    spool_fixture_done(&f);
}

static void refuses_an_event_that_no_batch_can_hold(void)
{
    struct spool_fixture f;
    static uint8_t big[AGENT_SPOOL_EVENT_MAX + 1];
    spool_fixture_init(&f, MAX_BYTES, SEGMENT_BYTES);
    CU_ASSERT_EQUAL(agent_spool_add(f.spool, gw_view_make(big, sizeof(big)), 1, TEST_WALL, &f.err), GW_INVALID);
    GW_ASSERT_OK(agent_spool_add(f.spool, gw_view_make(big, sizeof(big) - 1), 1, TEST_WALL, &f.err), &f.err);
    CU_ASSERT_EQUAL(spool_fixture_seal_all(&f), 2);
    spool_fixture_done(&f);
}

static void numbers_no_more_than_its_ceiling_ahead_of_the_gateway(void)
{
    struct spool_fixture f;
    spool_fixture_init(&f, MAX_BYTES, SEGMENT_BYTES);
    for (int i = 0; i < AGENT_SPOOL_SEALED_MAX; i++) {
        spool_fixture_add(&f, "one", 1);
        GW_ASSERT_OK(agent_spool_seal(f.spool, TEST_WALL, &f.err), &f.err);
    }
    spool_fixture_add(&f, "one more", 1);
    CU_ASSERT_EQUAL(agent_spool_seal(f.spool, TEST_WALL, &f.err), GW_AGAIN);
    GW_ASSERT_OK(agent_spool_free(f.spool, 2, "cp", &f.err), &f.err);
    GW_ASSERT_OK(agent_spool_seal(f.spool, TEST_WALL, &f.err), &f.err);
    spool_fixture_done(&f);
}

static const struct gw_test_case cases[] = {
    {"a new spool begins with log.start", begins_with_log_start},
    {"keeps what was synced and nothing else", keeps_what_was_synced},
    {"shows no batch before its numbers are durable", shows_no_batch_before_it_is_durable},
    {"sends the same bytes again after a restart", sends_the_same_bytes_again_after_a_restart},
    {"knows the root at every size it still holds", knows_the_root_at_every_size_it_still_holds},
    {"frees files behind the checkpoint", frees_files_behind_the_checkpoint},
    {"sheds the least severe first and tells how many", sheds_the_least_severe_first_and_tells},
    {"refuses a lesser newcomer when full of worse", refuses_the_least_severe_newcomer_when_full_of_worse},
    {"never sheds a numbered event, even after a new epoch", never_sheds_a_numbered_event},
    {"a new epoch sends again what was not proven stored", a_new_epoch_sends_again_what_was_not_proven},
    {"cuts a torn tail", cuts_a_torn_tail},
    {"what finds no room is counted on the disk", what_finds_no_room_is_counted_on_the_disk},
    {"what finds no room is all on the disk in time", what_finds_no_room_is_all_on_the_disk_in_time},
    {"a lost directory begins a new epoch", a_lost_directory_begins_a_new_epoch},
    {"damage in the middle loses only that file", damage_in_the_middle_loses_only_that_file},
    {"files stay within their ceiling when severe events pin them",
     files_stay_within_their_ceiling_when_severe_events_pin_them},
    {"tidies up though the directory is not always synced", tidies_up_though_the_directory_is_not_always_synced},
    {"drops a file that was unlinked but not synced", drops_a_file_that_was_unlinked_but_not_synced},
    {"refuses an event that no batch can hold", refuses_an_event_that_no_batch_can_hold},
    {"numbers no more than its ceiling ahead of the gateway", numbers_no_more_than_its_ceiling_ahead_of_the_gateway},
};

int main(void)
{
    return GW_TEST_RUN("agent spool", cases);
}
