/*
 * keyd's directory on a disk that loses power before every single change: whose signature has left is remembered, the
 * gateway stays the one that it said it is, and no start needs a hand. The test proves that it can see by leaving out
 * one sync of each kind.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto_hash.h"
#include "disk_model.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "keyd_handle.h"
#include "unsynced_fs.h"

#define LOGS          60
#define REQUESTS      240
#define BATCH_EVERY   8  /* requests; such a one is about all logs and longer than a page */
#define RESTART_EVERY 50 /* requests */
#define SIGNED_MAX    (REQUESTS + LOGS * REQUESTS / BATCH_EVERY)
#define BUILD_DAY     20000

static const struct gw_wall now = {INT64_C(1790000000000)};

/* A signature that left keyd when so many changes of the disk had been made. */
struct signed_mark {
    uint64_t changes;
    struct keyd_mark mark;
};

struct run {
    struct disk_model *disk;
    struct keyd_dir dir;
    struct keyd keyd;
    char gateway[KEYD_GATEWAY_MAX];
    uint64_t named_at; /* changes when it first told its name */
    uint64_t sizes[LOGS];
    struct signed_mark list[SIGNED_MAX];
    size_t count;
};

static struct run run;
static struct gw_err err;
static union keyd_request request;
static union keyd_reply reply;

static int open_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    return fd;
}

static void name_log(const char *gateway, unsigned log, char ret_origin[KEYD_ORIGIN_LEN])
{
    (void)snprintf(ret_origin, KEYD_ORIGIN_LEN, "%s/dev/device-%u/00000000000000%02x", gateway, log, log);
}

static struct keyd_mark mark_of(const char *gateway, unsigned log, uint64_t size)
{
    char origin[KEYD_ORIGIN_LEN];
    struct keyd_mark mark = {.size = size};
    name_log(gateway, log, origin);
    crypto_sha256()->digest(gw_view_str(origin), &mark.origin);
    memset(mark.root.bytes, (int)(size & 0xff), sizeof(mark.root.bytes));
    return mark;
}

/* Asks for logs first … first+count-1, each at its size of the list. */
static enum gw_rc ask(struct keyd *k, unsigned first, unsigned count, const uint64_t *sizes)
{
    struct keyd_checkpoints_request *q = &request.checkpoints;
    memset(q, 0, sizeof(*q));
    q->head = (struct keyd_head){.magic = KEYD_MAGIC, .version = KEYD_VERSION, .kind = KEYD_SIGN_CHECKPOINTS};
    q->count = count;
    for (unsigned i = 0; i < count; i++) {
        name_log(k->ca.gateway, first + i, q->items[i].origin);
        q->items[i].size = sizes[first + i];
        memset(q->items[i].root, (int)(sizes[first + i] & 0xff), KEYD_HASH_LEN);
    }
    (void)keyd_handle(k, now, gw_view_make(q, sizeof(*q)), &reply);
    return (enum gw_rc)reply.head.rc;
}

static void start(void)
{
    memset(&run.keyd, 0, sizeof(run.keyd));
    GW_ASSERT_OK(keyd_open(&run.keyd, &run.dir, now, BUILD_DAY, &err), &err);
    if (run.named_at == 0)
        run.named_at = disk_model_changes(run.disk);
    memcpy(run.gateway, run.keyd.ca.gateway, sizeof(run.gateway));
}

static void sign(unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++)
        run.sizes[i] += 1 + i % 3;
    CU_ASSERT_EQUAL_FATAL(ask(&run.keyd, first, count, run.sizes), GW_OK);
    for (unsigned i = 0; i < count; i++) {
        CU_ASSERT_EQUAL_FATAL(reply.checkpoints.items[i].rc, GW_OK);
        run.list[run.count++] = (struct signed_mark){.changes = disk_model_changes(run.disk),
                                                     .mark = mark_of(run.gateway, first + i, run.sizes[first + i])};
    }
}

static void begin(void (*spoil)(struct disk_model *disk))
{
    memset(&run, 0, sizeof(run));
    run.disk = disk_model_new(gw_test_dir());
    if (spoil)
        spoil(run.disk);
    keyd_dir_init(&run.dir, open_dir(disk_model_dir(run.disk)));
    run.dir.fs = *disk_model_fs(run.disk);
}

static void end(void)
{
    keyd_done(&run.keyd);
    (void)close(run.dir.fd);
    disk_model_free(run.disk);
}

/* A first start, signatures, restarts. The disk lies from the beginning or from the end of the first start on. */
static void record(void (*spoil_first)(struct disk_model *disk), void (*spoil)(struct disk_model *disk))
{
    begin(spoil_first);
    start();
    if (spoil)
        spoil(run.disk);
    for (unsigned i = 1; i <= REQUESTS; i++) {
        if (i % BATCH_EVERY == 0)
            sign(0, LOGS);
        else
            sign(i * 7 % LOGS, 1);
        if (i % RESTART_EVERY == 0) {
            keyd_done(&run.keyd);
            start();
        }
    }
}

/* What a crash left, for one look: nobody cuts its power again, so it need not wait for the test's own disk. */
static void look_at(struct keyd_dir *dir, int fd)
{
    keyd_dir_init(dir, fd);
    unsynced_fs_make(&dir->fs);
}

/* May a log get a second history? Counts those that may. */
static unsigned forgotten(const struct keyd_memory *m, uint64_t change)
{
    unsigned count = 0;
    for (size_t i = 0; i < run.count && run.list[i].changes <= change; i++) {
        struct keyd_mark smaller = run.list[i].mark, other = run.list[i].mark;
        size_t pending = 0;
        smaller.size--;
        other.root.bytes[31] ^= 1;
        count += keyd_memory_check(m, &smaller, &pending) != GW_DENIED ||
                 keyd_memory_check(m, &other, &pending) != GW_DENIED;
    }
    return count;
}

/* How many logs cannot go on: the last size of the run is too small for none, whatever the memory has kept. */
static unsigned stuck(const struct keyd_memory *m)
{
    unsigned count = 0;
    for (unsigned i = 0; i < LOGS; i++) {
        size_t pending = 0;
        struct keyd_mark last = mark_of(run.gateway, i, run.sizes[i]);
        count += run.sizes[i] > 0 && keyd_memory_check(m, &last, &pending) != GW_OK;
    }
    return count;
}

/* How many promises are broken when power goes before this change. */
static unsigned broken_at(uint64_t change, enum disk_keep keep, uint64_t seed, const char *path)
{
    struct keyd k = {0};
    struct keyd_dir dir;
    disk_model_crash(run.disk, change, keep, seed, path);
    GW_CLOSE int fd = open_dir(path);
    look_at(&dir, fd);
    enum gw_rc rc = keyd_open(&k, &dir, now, BUILD_DAY, &err);
    if (rc)
        printf("#   no start: %s\n", gw_err_text(&err));
    unsigned broken = rc != GW_OK;
    if (!rc) {
        broken += change >= run.named_at && strcmp(k.ca.gateway, run.gateway) != 0;
        broken += forgotten(k.memory, change);
        broken += stuck(k.memory);
        /* And it signs, which is the same act for each log that its memory does not refuse. */
        broken += ask(&k, (unsigned)(change % LOGS), 1, run.sizes) != GW_OK || reply.checkpoints.items[0].rc != GW_OK;
    }
    keyd_done(&k);
    return broken;
}

/* The first stop that breaks a promise ends it. */
static unsigned broken_everywhere(enum disk_keep keep, uint64_t seed, uint64_t stride)
{
    const char *path = gw_test_dir();
    unsigned broken = 0;
    for (uint64_t change = 0; broken == 0 && change <= disk_model_changes(run.disk); change += stride) {
        broken = broken_at(change, keep, seed, path);
        if (broken > 0)
            printf("#   broken: power before change %llu, seed %llu: %u\n", (unsigned long long)change,
                   (unsigned long long)seed, broken);
    }
    return broken;
}

static void keeps_every_promise_when_nothing_unsafe_survives(void)
{
    record(NULL, NULL);
    CU_ASSERT_EQUAL(broken_everywhere(DISK_KEEP_NONE, 0, 1), 0);
    end();
}

static void keeps_every_promise_when_some_of_it_survives(void)
{
    record(NULL, NULL);
    CU_ASSERT_EQUAL(broken_everywhere(DISK_KEEP_SOME, 1, 1), 0);
    CU_ASSERT_EQUAL(broken_everywhere(DISK_KEEP_SOME, 20261123, 3), 0);
    end();
}

static unsigned broken_when(void (*spoil_first)(struct disk_model *disk), void (*spoil)(struct disk_model *disk))
{
    record(spoil_first, spoil);
    unsigned broken = broken_everywhere(DISK_KEEP_NONE, 0, 1);
    end();
    return broken;
}

static void skip_one_append(struct disk_model *disk)
{
    disk_model_skip_sync(disk, "checkpoints", 120);
}

static void sees_one_append_that_is_not_synced(void)
{
    CU_ASSERT_NOT_EQUAL(broken_when(NULL, skip_one_append), 0);
}

static void skip_one_successor(struct disk_model *disk)
{
    disk_model_skip_sync(disk, "checkpoints.new", 0);
}

static void sees_a_file_written_anew_that_is_not_synced(void)
{
    CU_ASSERT_NOT_EQUAL(broken_when(NULL, skip_one_successor), 0);
}

static void sees_missing_syncs_of_the_directory(void)
{
    CU_ASSERT_NOT_EQUAL(broken_when(NULL, disk_model_skip_dir_syncs), 0);
}

static void skip_one_key(struct disk_model *disk)
{
    disk_model_skip_sync(disk, "log.key", 0);
}

static void sees_a_key_that_is_not_synced(void)
{
    CU_ASSERT_NOT_EQUAL(broken_when(skip_one_key, NULL), 0);
}

static void sees_missing_syncs_of_directories_at_the_first_start(void)
{
    CU_ASSERT_NOT_EQUAL(broken_when(disk_model_skip_dir_syncs, NULL), 0);
}

/* Signs for all logs until the file has been written anew in the middle of it, then once more. The changes from the
 * request that did it on are the interesting ones. */
static uint64_t grow_until_written_anew(void (*spoil)(struct disk_model *disk))
{
    struct keyd_mark marks[LOGS];
    struct stat st;
    int64_t before = 0;
    uint64_t from = 0;
    begin(NULL);
    GW_ASSERT_OK(keyd_memory_create(&run.dir, &err), &err);
    GW_ASSERT_OK(keyd_memory_open(&run.dir, LOGS, &run.keyd.memory, &err), &err);
    if (spoil)
        spoil(run.disk);
    for (bool anew = false, more = true; more;) {
        more = !anew;
        from = anew ? from : disk_model_changes(run.disk);
        for (unsigned i = 0; i < LOGS; i++)
            marks[i] = mark_of("gw-0123456789abcdef", i, ++run.sizes[i]);
        GW_ASSERT_OK(keyd_memory_put(run.keyd.memory, marks, LOGS, &err), &err);
        CU_ASSERT_EQUAL_FATAL(fstatat(run.dir.fd, "checkpoints", &st, 0), 0);
        anew = st.st_size < before || anew;
        before = st.st_size;
        for (unsigned i = 0; i < LOGS; i++)
            run.list[anew ? LOGS + i : i] = (struct signed_mark){disk_model_changes(run.disk), marks[i]};
    }
    run.count = 2 * (size_t)LOGS;
    return from;
}

static unsigned broken_around_a_file_written_anew(void (*spoil)(struct disk_model *disk), enum disk_keep keep)
{
    const char *path = gw_test_dir();
    uint64_t from = grow_until_written_anew(spoil);
    unsigned broken = 0;
    CU_ASSERT_TRUE(disk_model_changes(run.disk) > from + 6);
    for (uint64_t change = from; change <= disk_model_changes(run.disk); change++) {
        struct keyd_memory *m = NULL;
        struct keyd_dir dir;
        disk_model_crash(run.disk, change, keep, 3, path);
        GW_CLOSE int fd = open_dir(path);
        look_at(&dir, fd);
        broken += keyd_memory_open(&dir, LOGS, &m, &err) != GW_OK || forgotten(m, change) > 0;
        keyd_memory_free(m);
    }
    end();
    return broken;
}

static void keeps_every_promise_while_its_file_is_written_anew(void)
{
    CU_ASSERT_EQUAL(broken_around_a_file_written_anew(NULL, DISK_KEEP_NONE), 0);
    CU_ASSERT_EQUAL(broken_around_a_file_written_anew(NULL, DISK_KEEP_SOME), 0);
    CU_ASSERT_NOT_EQUAL(broken_around_a_file_written_anew(disk_model_skip_dir_syncs, DISK_KEEP_NONE), 0);
}

static void a_full_disk_signs_nothing_and_goes_on_afterwards(void)
{
    begin(NULL);
    start();
    sign(0, 1);
    disk_model_room(run.disk, 79);
    uint64_t next[LOGS] = {run.sizes[0] + 1};
    CU_ASSERT_EQUAL(ask(&run.keyd, 0, 1, next), GW_NO_SPACE);
    CU_ASSERT_FALSE(keyd_memory_broken(run.keyd.memory));
    CU_ASSERT_EQUAL(ask(&run.keyd, 0, 1, run.sizes), GW_OK); /* known before: needs no room */
    disk_model_room(run.disk, -1);
    sign(0, LOGS);
    CU_ASSERT_EQUAL(broken_everywhere(DISK_KEEP_NONE, 0, 1), 0);
    end();
}

static void signs_nothing_more_after_a_failed_sync(void)
{
    begin(NULL);
    start();
    sign(0, 1);
    disk_model_fail_sync(run.disk, "checkpoints", 0);
    uint64_t next[LOGS] = {run.sizes[0] + 1};
    CU_ASSERT_EQUAL(ask(&run.keyd, 0, 1, next), GW_IO);
    CU_ASSERT_TRUE(keyd_memory_broken(run.keyd.memory));
    CU_ASSERT_EQUAL(ask(&run.keyd, 0, 1, next), GW_IO); /* a second sync would succeed, and lie */
    keyd_done(&run.keyd);
    start();
    sign(0, LOGS);
    CU_ASSERT_EQUAL(broken_everywhere(DISK_KEEP_NONE, 0, 1), 0);
    end();
}

static const struct gw_test_case cases[] = {
    {"keeps every promise when nothing unsafe survives", keeps_every_promise_when_nothing_unsafe_survives},
    {"keeps every promise when some of it survives", keeps_every_promise_when_some_of_it_survives},
    {"keeps every promise while its file is written anew", keeps_every_promise_while_its_file_is_written_anew},
    {"this test sees one append that is not synced", sees_one_append_that_is_not_synced},
    {"this test sees a file written anew that is not synced", sees_a_file_written_anew_that_is_not_synced},
    {"this test sees missing syncs of the directory", sees_missing_syncs_of_the_directory},
    {"this test sees a key that is not synced", sees_a_key_that_is_not_synced},
    {"this test sees missing syncs of directories at the first start",
     sees_missing_syncs_of_directories_at_the_first_start},
    {"a full disk signs nothing, and goes on afterwards", a_full_disk_signs_nothing_and_goes_on_afterwards},
    {"signs nothing more after a failed sync", signs_nothing_more_after_a_failed_sync},
};

int main(void)
{
    return GW_TEST_RUN("keyd under power loss", cases);
}
