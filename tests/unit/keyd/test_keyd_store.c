/* What keyd keeps on disk: keys that are whole or not there, and a memory that survives any stop. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto_key.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "keyd_dir.h"
#include "keyd_fixture.h"

#define RECORD_LEN 80
#define HEADER_LEN 16

static const struct gw_wall now = {INT64_C(1764000000000)};

static struct keyd_mark mark(unsigned origin, uint64_t size, uint8_t root)
{
    struct keyd_mark m = {.size = size};
    memcpy(m.origin.bytes, &origin, sizeof(origin));
    memset(m.root.bytes, root, sizeof(m.root.bytes));
    return m;
}

static enum gw_rc put_one(struct keyd_memory *m, struct keyd_mark one)
{
    size_t pending = 0;
    enum gw_rc rc = keyd_memory_check(m, &one, &pending);
    return rc ? rc : keyd_memory_put(m, &one, 1, NULL);
}

static struct keyd_memory *reopen(int dir, struct keyd_memory *old)
{
    struct keyd_memory *m = NULL;
    struct gw_err err;
    keyd_memory_free(old);
    GW_ASSERT_OK(keyd_memory_open(fixture_at(dir), KEYD_MEMORY_ORIGINS_MAX, &m, &err), &err);
    return m;
}

static void keeps_its_identity_over_a_restart(void)
{
    GW_CLOSE int dir = fixture_dir();
    struct keyd k;
    fixture_open(&k, dir, now);
    char gateway[KEYD_GATEWAY_MAX];
    memcpy(gateway, k.ca.gateway, sizeof(gateway));
    struct gw_view log = crypto_key_public(k.ca.log_key);
    uint8_t log_public[32];
    memcpy(log_public, log.ptr, sizeof(log_public));
    keyd_done(&k);
    fixture_open(&k, dir, (struct gw_wall){0}); /* the clock matters at the first start only */
    CU_ASSERT_STRING_EQUAL(k.ca.gateway, gateway);
    CU_ASSERT_EQUAL(memcmp(crypto_key_public(k.ca.log_key).ptr, log_public, sizeof(log_public)), 0);
    keyd_done(&k);
    static const char *const files[] = {"ca/root.key",   "ca/root.crt", "ca/issuer.key",
                                        "ca/issuer.crt", "ca/log.key",  "checkpoints"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct stat st;
        CU_ASSERT_EQUAL_FATAL(stat(fixture_path(files[i]), &st), 0);
        CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    }
}

static void refuses_a_clock_before_the_build(void)
{
    GW_CLOSE int dir = fixture_dir();
    struct keyd k = {0};
    struct gw_err err = {0};
    struct gw_wall early = {FIXTURE_BUILD_DAY * GW_DAY_MS - 1};
    CU_ASSERT_EQUAL(keyd_open(&k, fixture_at(dir), early, FIXTURE_BUILD_DAY, &err), GW_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "clock"));
    keyd_done(&k);
    CU_ASSERT_FALSE(keyd_ca_exists(dir));
    fixture_open(&k, dir, (struct gw_wall){early.ms + 1}); /* and nothing is in the way afterwards */
    keyd_done(&k);
}

static void refuses_a_directory_that_others_may_enter(void)
{
    GW_CLOSE int dir = fixture_dir();
    struct gw_err err = {0};
    static const mode_t modes[] = {0755, 0750, 0701, 0500, 02700};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        CU_ASSERT_EQUAL(fchmod(dir, modes[i]), 0);
        CU_ASSERT_EQUAL(keyd_dir_check(dir, &err), GW_DENIED);
    }
    CU_ASSERT_EQUAL(fchmod(dir, 0700), 0);
    CU_ASSERT_EQUAL(keyd_dir_check(dir, &err), GW_OK);
    GW_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL(keyd_dir_check(null, &err), GW_DENIED);
}

static void begins_again_after_a_stop_half_way(void)
{
    GW_CLOSE int dir = fixture_dir();
    struct gw_err err;
    struct keyd k;
    CU_ASSERT_EQUAL(mkdirat(dir, "ca.new", 0700), 0);
    GW_ASSERT_OK(keyd_dir_write(fixture_at(dir), "ca.new/root.key", GW_VIEW_LIT("-----BEGIN PRIV"), &err), &err);
    GW_ASSERT_OK(keyd_dir_write(fixture_at(dir), "checkpoints", GW_VIEW_LIT("gateho"), &err), &err);
    fixture_open(&k, dir, now);
    keyd_done(&k);
    CU_ASSERT_NOT_EQUAL(access(fixture_path("ca.new"), F_OK), 0);
}

static void never_becomes_another_gateway_by_itself(void)
{
    GW_CLOSE int dir = fixture_dir();
    struct gw_err err = {0};
    struct keyd k;
    fixture_open(&k, dir, now);
    CU_ASSERT_EQUAL(put_one(k.memory, mark(1, 1, 1)), GW_OK);
    keyd_done(&k);
    CU_ASSERT_EQUAL(renameat(dir, "ca", dir, "moved"), 0);
    CU_ASSERT_EQUAL(keyd_open(&k, fixture_at(dir), now, FIXTURE_BUILD_DAY, &err), GW_EXISTS);
    keyd_done(&k);
    CU_ASSERT_EQUAL(renameat(dir, "moved", dir, "ca"), 0);
    CU_ASSERT_EQUAL(unlinkat(dir, "checkpoints", 0), 0);
    CU_ASSERT_EQUAL(keyd_open(&k, fixture_at(dir), now, FIXTURE_BUILD_DAY, &err), GW_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "checkpoints"));
    keyd_done(&k);
}

enum damage { DAMAGE_BIT, DAMAGE_HALF, DAMAGE_GONE, DAMAGE_MODE, DAMAGE_COUNT };

static void damage(const char *path, struct gw_view content, enum damage how)
{
    struct gw_err err;
    GW_CLEANUP(gw_buf_done) struct gw_buf changed;
    gw_buf_init(&changed, 65536);
    CU_ASSERT_EQUAL(gw_buf_add_view(&changed, content), GW_OK);
    if (how == DAMAGE_BIT)
        changed.ptr[changed.len / 2] ^= 0x01; /* another content, or no base64 */
    if (how == DAMAGE_HALF)
        changed.len /= 2;
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_buf_view(&changed), 0600, &err), &err);
    if (how == DAMAGE_GONE)
        CU_ASSERT_EQUAL(unlink(path), 0);
    if (how == DAMAGE_MODE)
        CU_ASSERT_EQUAL(chmod(path, 0640), 0);
}

static void names_the_file_that_is_wrong(void)
{
    static const char *const files[] = {"ca/root.key",   "ca/root.crt", "ca/issuer.key",
                                        "ca/issuer.crt", "ca/log.key",  "ca/log.vkey"};
    GW_CLOSE int dir = fixture_dir();
    struct gw_err err = {0};
    struct keyd k;
    fixture_open(&k, dir, now);
    keyd_done(&k);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const char *path = fixture_path(files[i]);
        GW_CLEANUP(gw_buf_done) struct gw_buf content;
        gw_buf_init(&content, 65536);
        GW_ASSERT_OK(gw_fs_read_file(path, &content, &err), &err);
        for (int how = 0; how < DAMAGE_COUNT; how++) {
            damage(path, gw_buf_view(&content), (enum damage)how);
            CU_ASSERT_NOT_EQUAL(keyd_open(&k, fixture_at(dir), now, FIXTURE_BUILD_DAY, &err), GW_OK);
            keyd_done(&k);
            /* A changed key may be a valid other one: then it is its certificate that no longer fits. */
            char stem[16];
            (void)snprintf(stem, sizeof(stem), "%.*s", (int)strcspn(files[i] + 3, "."), files[i] + 3);
            CU_ASSERT_PTR_NOT_NULL(strstr(err.text, how == DAMAGE_BIT ? stem : files[i] + 3));
        }
        GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_buf_view(&content), 0600, &err), &err);
    }
    fixture_open(&k, dir, now); /* whole again */
    keyd_done(&k);
}

static void remembers_over_a_restart(void)
{
    GW_CLOSE int dir = fixture_dir();
    struct gw_err err;
    GW_ASSERT_OK(keyd_memory_create(fixture_at(dir), &err), &err);
    struct keyd_memory *m = reopen(dir, NULL);
    for (unsigned i = 0; i < 3000; i += 60) {
        struct keyd_mark batch[60];
        for (unsigned j = 0; j < 60; j++)
            batch[j] = mark(i + j, i + j + 1, (uint8_t)(i + j));
        CU_ASSERT_EQUAL(keyd_memory_put(m, batch, 60, &err), GW_OK);
    }
    m = reopen(dir, m);
    CU_ASSERT_EQUAL(keyd_memory_count(m), 3000);
    for (unsigned i = 0; i < 3000; i++) {
        CU_ASSERT_EQUAL(put_one(m, mark(i, i, (uint8_t)i)), GW_DENIED);
        CU_ASSERT_EQUAL(put_one(m, mark(i, i + 1, (uint8_t)(i + 1))), GW_DENIED);
        CU_ASSERT_EQUAL(put_one(m, mark(i, i + 1, (uint8_t)i)), GW_OK);
    }
    keyd_memory_free(m);
}

/* Cuts and damages the file at every place that one unfinished batch can touch: what was durable before must stand. */
static void tolerates_any_torn_tail(void)
{
    GW_CLOSE int dir = fixture_dir();
    struct gw_err err;
    GW_ASSERT_OK(keyd_memory_create(fixture_at(dir), &err), &err);
    struct keyd_memory *m = reopen(dir, NULL);
    CU_ASSERT_EQUAL(put_one(m, mark(1, 50, 1)), GW_OK);
    CU_ASSERT_EQUAL(put_one(m, mark(2, 60, 1)), GW_OK);
    m = reopen(dir, m); /* written anew: header and two records */
    struct keyd_mark batch[3] = {mark(1, 51, 1), mark(2, 61, 1), mark(3, 1, 1)};
    CU_ASSERT_EQUAL(keyd_memory_put(m, batch, 3, &err), GW_OK);
    keyd_memory_free(m);
    GW_CLEANUP(gw_buf_done) struct gw_buf whole;
    gw_buf_init(&whole, 65536);
    GW_ASSERT_OK(gw_fs_read_file(fixture_path("checkpoints"), &whole, &err), &err);
    CU_ASSERT_EQUAL_FATAL(whole.len, HEADER_LEN + 5 * RECORD_LEN);
    for (size_t at = HEADER_LEN + 2 * RECORD_LEN; at < whole.len; at += 7) {
        for (int how = 0; how < 2; how++) {
            if (how == 1)
                whole.ptr[at] ^= 0xff;
            struct gw_view v = how == 0 ? gw_view_make(whole.ptr, at) : gw_buf_view(&whole);
            GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), fixture_path("checkpoints"), v, 0600, &err), &err);
            if (how == 1)
                whole.ptr[at] ^= 0xff;
            m = reopen(dir, NULL);
            CU_ASSERT_EQUAL(put_one(m, mark(1, 49, 1)), GW_DENIED);
            CU_ASSERT_EQUAL(put_one(m, mark(2, 59, 1)), GW_DENIED);
            CU_ASSERT_EQUAL(put_one(m, mark(2, 62, 1)), GW_OK);
            m = reopen(dir, m);
            CU_ASSERT_EQUAL(put_one(m, mark(2, 61, 1)), GW_DENIED);
            keyd_memory_free(m);
        }
    }
}

static void refuses_a_file_damaged_in_the_middle(void)
{
    GW_CLOSE int dir = fixture_dir();
    struct gw_err err;
    GW_ASSERT_OK(keyd_memory_create(fixture_at(dir), &err), &err);
    struct keyd_memory *m = reopen(dir, NULL);
    for (unsigned i = 0; i < 200; i++)
        CU_ASSERT_EQUAL(put_one(m, mark(i, 1, 1)), GW_OK);
    keyd_memory_free(m);
    GW_CLEANUP(gw_buf_done) struct gw_buf whole;
    gw_buf_init(&whole, 65536);
    GW_ASSERT_OK(gw_fs_read_file(fixture_path("checkpoints"), &whole, &err), &err);
    whole.ptr[HEADER_LEN + 10 * RECORD_LEN + 5] ^= 1;
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), fixture_path("checkpoints"), gw_buf_view(&whole), 0600, &err), &err);
    CU_ASSERT_EQUAL(keyd_memory_open(fixture_at(dir), KEYD_MEMORY_ORIGINS_MAX, &m, &err), GW_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "checkpoints"));
}

static void stops_at_its_ceiling_of_logs(void)
{
    GW_CLOSE int dir = fixture_dir();
    struct gw_err err;
    struct keyd_memory *m = NULL;
    GW_ASSERT_OK(keyd_memory_create(fixture_at(dir), &err), &err);
    GW_ASSERT_OK(keyd_memory_open(fixture_at(dir), 10, &m, &err), &err);
    for (unsigned i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(put_one(m, mark(i, 1, 1)), GW_OK);
    CU_ASSERT_EQUAL(put_one(m, mark(10, 1, 1)), GW_TOO_BIG);
    CU_ASSERT_EQUAL(put_one(m, mark(9, 2, 1)), GW_OK); /* those that are known go on */
    keyd_memory_free(m);
    CU_ASSERT_EQUAL(keyd_memory_open(fixture_at(dir), 9, &m, &err), GW_TOO_BIG);
}

static void writes_its_file_anew_when_it_has_grown(void)
{
    GW_CLOSE int dir = fixture_dir();
    struct gw_err err;
    struct stat st;
    int64_t largest = 0;
    GW_ASSERT_OK(keyd_memory_create(fixture_at(dir), &err), &err);
    struct keyd_memory *m = reopen(dir, NULL);
    uint64_t size = 0;
    for (int round = 0; round < 1750; round++) { /* 1,750 batches of 64 records: 9 MB */
        struct keyd_mark batch[KEYD_MEMORY_BATCH_MAX];
        size++;
        for (unsigned i = 0; i < KEYD_MEMORY_BATCH_MAX; i++)
            batch[i] = mark(i, size, 1);
        CU_ASSERT_EQUAL_FATAL(keyd_memory_put(m, batch, KEYD_MEMORY_BATCH_MAX, &err), GW_OK);
        CU_ASSERT_EQUAL_FATAL(fstatat(dir, "checkpoints", &st, 0), 0);
        largest = st.st_size > largest ? st.st_size : largest;
    }
    CU_ASSERT_TRUE(largest < INT64_C(9) * 1024 * 1024);
    CU_ASSERT_TRUE(st.st_size < largest / 2);
    m = reopen(dir, m);
    CU_ASSERT_EQUAL(put_one(m, mark(63, size - 1, 1)), GW_DENIED);
    CU_ASSERT_EQUAL(put_one(m, mark(63, size, 1)), GW_OK);
    keyd_memory_free(m);
}

/* RLIMIT_FSIZE stands in for a full disk: the write fails, nothing of the batch counts, and all goes on afterwards. */
static void counts_nothing_of_a_write_that_failed(void)
{
    GW_CLOSE int dir = fixture_dir();
    struct gw_err err;
    struct rlimit old;
    GW_ASSERT_OK(keyd_memory_create(fixture_at(dir), &err), &err);
    struct keyd_memory *m = reopen(dir, NULL);
    CU_ASSERT_EQUAL(put_one(m, mark(1, 5, 1)), GW_OK);
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit tight = {HEADER_LEN + RECORD_LEN + RECORD_LEN / 2, old.rlim_max};
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &tight), 0);
    struct keyd_mark next = mark(1, 6, 1);
    CU_ASSERT_NOT_EQUAL(keyd_memory_put(m, &next, 1, &err), GW_OK);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &old), 0);
    CU_ASSERT_FALSE(keyd_memory_broken(m));
    CU_ASSERT_EQUAL(put_one(m, mark(1, 6, 2)), GW_OK); /* the failed root was never signed */
    m = reopen(dir, m);
    CU_ASSERT_EQUAL(put_one(m, mark(1, 6, 1)), GW_DENIED);
    CU_ASSERT_EQUAL(put_one(m, mark(1, 6, 2)), GW_OK);
    keyd_memory_free(m);
}

int main(void)
{
    static const struct gw_test_case cases[] = {
        {"keeps its identity over a restart", keeps_its_identity_over_a_restart},
        {"refuses a clock before the build", refuses_a_clock_before_the_build},
        {"refuses a directory that others may enter", refuses_a_directory_that_others_may_enter},
        {"begins again after a stop half way", begins_again_after_a_stop_half_way},
        {"never becomes another gateway by itself", never_becomes_another_gateway_by_itself},
        {"names the file that is wrong", names_the_file_that_is_wrong},
        {"remembers over a restart", remembers_over_a_restart},
        {"tolerates any torn tail", tolerates_any_torn_tail},
        {"refuses a file damaged in the middle", refuses_a_file_damaged_in_the_middle},
        {"stops at its ceiling of logs", stops_at_its_ceiling_of_logs},
        {"writes its file anew when it has grown", writes_its_file_anew_when_it_has_grown},
        {"counts nothing of a write that failed", counts_nothing_of_a_write_that_failed},
    };
    (void)signal(SIGXFSZ, SIG_IGN);
    return GW_TEST_RUN("keyd store", cases);
}
