#include "blob_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto_hash.h"
#include "gw_cleanup.h"
#include "gw_id.h"

#define QUOTA 100000

static struct blob_store *open_limited(const char *dir, const struct gw_fs *fs, uint64_t max, uint64_t reserve)
{
    char path[256];
    struct blob_store *store = NULL;
    struct gw_err err = {0};
    (void)snprintf(path, sizeof(path), "%s/blobs", dir);
    const struct blob_store_options options = {
        .dir = path, .fs = fs, .sha = crypto_sha256(), .max_bytes = max, .reserve_bytes = reserve};
    GW_ASSERT_OK(blob_store_open(&options, &store, &err), &err);
    return store;
}

struct blob_store *blob_test_open(const char *dir, const struct gw_fs *fs)
{
    return open_limited(dir, fs, QUOTA, 0);
}

enum gw_rc blob_test_put(struct blob port, const char *text, struct gw_sha256 *ret_sha256, struct gw_err *err)
{
    struct gw_view rest = gw_view_str(text);
    struct blob_stage *stage = NULL;
    crypto_sha256()->digest(rest, ret_sha256);
    enum gw_rc rc = port.ops->stage(port.self, rest.len, &stage, err);
    while (!rc && rest.len > 0) {
        size_t len = rest.len < 5 ? rest.len : 5;
        rc = port.ops->append(port.self, stage, gw_view_make(rest.ptr, len), err);
        rest = gw_view_make(rest.ptr + len, rest.len - len);
    }
    if (rc) {
        port.ops->abort(port.self, stage);
        return rc;
    }
    return port.ops->commit(port.self, stage, ret_sha256, NULL, err);
}

static struct blob_stats stats_of(struct blob port)
{
    struct blob_stats stats = {0};
    struct gw_err err = {0};
    GW_ASSERT_OK(port.ops->stats(port.self, &stats, &err), &err);
    return stats;
}

static void path_of(const char *dir, const struct gw_sha256 *sha256, char out[256])
{
    char hex[65];
    gw_hex_format(sha256->bytes, GW_SHA256_LEN, hex);
    (void)snprintf(out, 256, "%s/blobs/%.2s/%s", dir, hex, hex);
}

static void gives_back_what_was_committed(void)
{
    struct blob_store *store = blob_test_open(gw_test_dir(), NULL);
    struct blob port = blob_store_port(store);
    struct gw_sha256 sha256;
    struct gw_err err = {0};
    char text[64] = "";
    uint64_t size = 0;
    GW_CLOSE int fd = -1;
    GW_ASSERT_OK(blob_test_put(port, "twenty-two characters!", &sha256, &err), &err);
    GW_ASSERT_OK(port.ops->open(port.self, &sha256, &fd, &size, &err), &err);
    CU_ASSERT_EQUAL(size, 22);
    CU_ASSERT_EQUAL(read(fd, text, sizeof(text)), 22);
    CU_ASSERT_STRING_EQUAL(text, "twenty-two characters!");
    GW_ASSERT_OK(port.ops->verify(port.self, &sha256, &err), &err);
    struct blob_stats stats = stats_of(port);
    CU_ASSERT(stats.count == 1 && stats.bytes == 22 && stats.staged_bytes == 0 && stats.free_bytes > 0);
    blob_store_close(store);
}

static void keeps_the_same_content_once(void)
{
    struct blob_store *store = blob_test_open(gw_test_dir(), NULL);
    struct blob port = blob_store_port(store);
    struct gw_sha256 sha256;
    struct gw_err err = {0};
    for (int i = 0; i < 3; i++)
        GW_ASSERT_OK(blob_test_put(port, "same", &sha256, &err), &err);
    GW_ASSERT_OK(blob_test_put(port, "", &sha256, &err), &err);
    struct blob_stats stats = stats_of(port);
    CU_ASSERT(stats.count == 2 && stats.bytes == 4);
    blob_store_close(store);
}

static void shows_nothing_that_is_wrong_or_aborted(void)
{
    struct blob_store *store = blob_test_open(gw_test_dir(), NULL);
    struct blob port = blob_store_port(store);
    struct gw_sha256 good, wrong, actual;
    struct blob_stage *stage = NULL;
    struct gw_err err = {0};
    crypto_sha256()->digest(GW_VIEW_LIT("hello"), &good);
    crypto_sha256()->digest(GW_VIEW_LIT("other"), &wrong);
    GW_ASSERT_OK(port.ops->stage(port.self, 5, &stage, &err), &err);
    GW_ASSERT_OK(port.ops->append(port.self, stage, GW_VIEW_LIT("hello"), &err), &err);
    CU_ASSERT_EQUAL(port.ops->verify(port.self, &good, &err), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(port.ops->commit(port.self, stage, &wrong, &actual, &err), GW_CORRUPT);
    CU_ASSERT(gw_sha256_eq(&actual, &good));
    GW_ASSERT_OK(port.ops->stage(port.self, 6, &stage, &err), &err);
    GW_ASSERT_OK(port.ops->append(port.self, stage, GW_VIEW_LIT("hello"), &err), &err);
    CU_ASSERT_EQUAL(port.ops->commit(port.self, stage, &good, NULL, &err), GW_CORRUPT);
    GW_ASSERT_OK(port.ops->stage(port.self, 5, &stage, &err), &err);
    CU_ASSERT_EQUAL(port.ops->append(port.self, stage, GW_VIEW_LIT("hello!"), &err), GW_TOO_BIG);
    CU_ASSERT_EQUAL(port.ops->append(port.self, stage, GW_VIEW_LIT("hello"), &err), GW_IO);
    port.ops->abort(port.self, stage);
    port.ops->abort(port.self, NULL);
    CU_ASSERT_EQUAL(port.ops->verify(port.self, &good, &err), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(port.ops->verify(port.self, &wrong, &err), GW_NOT_FOUND);
    struct blob_stats stats = stats_of(port);
    CU_ASSERT(stats.count == 0 && stats.bytes == 0 && stats.staged_bytes == 0);
    blob_store_close(store);
}

static void keeps_its_quota_with_what_is_staged(void)
{
    struct blob_store *store = open_limited(gw_test_dir(), NULL, 20, 0);
    struct blob port = blob_store_port(store);
    struct blob_stage *stage = NULL, *other = NULL;
    struct gw_sha256 sha256;
    struct gw_err err = {0};
    GW_ASSERT_OK(blob_test_put(port, "eight by", &sha256, &err), &err);
    GW_ASSERT_OK(port.ops->stage(port.self, 12, &stage, &err), &err);
    CU_ASSERT_EQUAL(port.ops->stage(port.self, 1, &other, &err), GW_NO_SPACE);
    CU_ASSERT_EQUAL(port.ops->stage(port.self, UINT64_MAX, &other, &err), GW_NO_SPACE);
    port.ops->abort(port.self, stage);
    CU_ASSERT_EQUAL(port.ops->stage(port.self, 13, &other, &err), GW_NO_SPACE);
    GW_ASSERT_OK(port.ops->remove(port.self, &sha256, &err), &err);
    GW_ASSERT_OK(port.ops->stage(port.self, 20, &stage, &err), &err);
    port.ops->abort(port.self, stage);
    CU_ASSERT_EQUAL(port.ops->remove(port.self, &sha256, &err), GW_NOT_FOUND);
    blob_store_close(store);
}

static void leaves_the_reserve_of_the_disk_alone(void)
{
    const char *dir = gw_test_dir();
    struct blob_store *store = blob_test_open(dir, NULL);
    uint64_t free_bytes = stats_of(blob_store_port(store)).free_bytes;
    blob_store_close(store);
    store = open_limited(dir, NULL, UINT64_MAX, free_bytes * 2);
    struct blob port = blob_store_port(store);
    struct blob_stage *stage = NULL;
    struct gw_err err = {0};
    CU_ASSERT_EQUAL(port.ops->stage(port.self, 1, &stage, &err), GW_NO_SPACE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "disk"));
    blob_store_close(store);
    store = open_limited(dir, NULL, UINT64_MAX, 0);
    port = blob_store_port(store);
    CU_ASSERT_EQUAL(port.ops->stage(port.self, free_bytes * 2, &stage, &err), GW_NO_SPACE);
    blob_store_close(store);
}

static void takes_no_more_stages_than_its_ceiling(void)
{
    struct blob_store *store = blob_test_open(gw_test_dir(), NULL);
    struct blob port = blob_store_port(store);
    struct blob_stage *stages[BLOB_STAGES_MAX], *more = NULL;
    struct gw_err err = {0};
    for (size_t i = 0; i < BLOB_STAGES_MAX; i++)
        GW_ASSERT_OK(port.ops->stage(port.self, 1, &stages[i], &err), &err);
    CU_ASSERT_EQUAL(port.ops->stage(port.self, 1, &more, &err), GW_AGAIN);
    for (size_t i = 0; i < BLOB_STAGES_MAX; i++)
        port.ops->abort(port.self, stages[i]);
    GW_ASSERT_OK(port.ops->stage(port.self, 1, &more, &err), &err);
    port.ops->abort(port.self, more);
    blob_store_close(store);
}

static void finds_a_flipped_byte_and_heals_by_the_same_content(void)
{
    const char *dir = gw_test_dir();
    struct blob_store *store = blob_test_open(dir, NULL);
    struct blob port = blob_store_port(store);
    struct gw_sha256 sha256;
    struct gw_err err = {0};
    char path[256];
    GW_ASSERT_OK(blob_test_put(port, "precious bytes", &sha256, &err), &err);
    path_of(dir, &sha256, path);
    CU_ASSERT_EQUAL_FATAL(chmod(path, 0600), 0);
    GW_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL_FATAL(pwrite(fd, "P", 1, 0), 1);
    CU_ASSERT_EQUAL(port.ops->verify(port.self, &sha256, &err), GW_CORRUPT);
    GW_ASSERT_OK(blob_test_put(port, "precious bytes", &sha256, &err), &err);
    GW_ASSERT_OK(port.ops->verify(port.self, &sha256, &err), &err);
    CU_ASSERT_EQUAL(stats_of(port).count, 1);
    blob_store_close(store);
}

static void keeps_a_removed_blob_readable_for_who_has_it_open(void)
{
    struct blob_store *store = blob_test_open(gw_test_dir(), NULL);
    struct blob port = blob_store_port(store);
    struct gw_sha256 sha256;
    struct gw_err err = {0};
    uint64_t size;
    char c = 0;
    GW_CLOSE int fd = -1;
    GW_ASSERT_OK(blob_test_put(port, "x", &sha256, &err), &err);
    GW_ASSERT_OK(port.ops->open(port.self, &sha256, &fd, &size, &err), &err);
    GW_ASSERT_OK(port.ops->remove(port.self, &sha256, &err), &err);
    CU_ASSERT_EQUAL(port.ops->open(port.self, &sha256, &(int){-1}, &size, &err), GW_NOT_FOUND);
    CU_ASSERT(read(fd, &c, 1) == 1 && c == 'x');
    blob_store_close(store);
}

static bool add_size(void *ctx, const struct gw_sha256 *sha256, uint64_t size)
{
    (void)sha256;
    *(uint64_t *)ctx += size;
    return *(uint64_t *)ctx < 1000;
}

static void counts_again_and_cleans_up_when_it_is_opened(void)
{
    const char *dir = gw_test_dir();
    struct blob_store *store = blob_test_open(dir, NULL);
    struct blob port = blob_store_port(store);
    struct gw_sha256 sha256;
    struct gw_err err = {0};
    char path[256];
    uint64_t sum = 0;
    GW_ASSERT_OK(blob_test_put(port, "one", &sha256, &err), &err);
    GW_ASSERT_OK(blob_test_put(port, "four", &sha256, &err), &err);
    blob_store_close(store);
    (void)snprintf(path, sizeof(path), "%s/blobs/tmp/0000000000000000", dir);
    GW_CLOSE int left = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    (void)snprintf(path, sizeof(path), "%s/blobs/00/not-a-blob", dir);
    GW_CLOSE int stray = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT(left >= 0 && stray >= 0);
    store = blob_test_open(dir, NULL);
    port = blob_store_port(store);
    struct blob_stats stats = stats_of(port);
    CU_ASSERT(stats.count == 2 && stats.bytes == 7);
    GW_ASSERT_OK(port.ops->each(port.self, add_size, &sum, &err), &err);
    CU_ASSERT_EQUAL(sum, 7);
    sum = 1000;
    GW_ASSERT_OK(port.ops->each(port.self, add_size, &sum, &err), &err);
    CU_ASSERT(sum == 1003 || sum == 1004); /* it stopped at the first */
    (void)snprintf(path, sizeof(path), "%s/blobs/tmp/0000000000000000", dir);
    CU_ASSERT_EQUAL(access(path, F_OK), -1);
    blob_store_close(store);
}

static void refuses_a_directory_that_is_none(void)
{
    const char *dir = gw_test_dir();
    char path[256];
    struct blob_store *store = NULL;
    struct gw_err err = {0};
    (void)snprintf(path, sizeof(path), "%s/blobs", dir);
    CU_ASSERT_EQUAL_FATAL(symlink("/", path), 0);
    const struct blob_store_options options = {.dir = path, .sha = crypto_sha256(), .max_bytes = 1};
    CU_ASSERT_EQUAL(blob_store_open(&options, &store, &err), GW_INVALID);
    CU_ASSERT_PTR_NULL(store);
}

struct writer {
    struct blob port;
    int id;
    enum gw_rc rc;
};

static void *write_many(void *arg)
{
    struct writer *w = arg;
    struct gw_sha256 sha256;
    for (int i = 0; i < 20 && !w->rc; i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "shared %d", i); /* all threads write the same ones */
        w->rc = blob_test_put(w->port, text, &sha256, NULL);
        (void)snprintf(text, sizeof(text), "own %d of %d", i, w->id);
        if (!w->rc)
            w->rc = blob_test_put(w->port, text, &sha256, NULL);
        if (!w->rc)
            w->rc = w->port.ops->remove(w->port.self, &sha256, NULL);
    }
    return NULL;
}

static void serves_threads_that_write_the_same(void)
{
    struct blob_store *store = blob_test_open(gw_test_dir(), NULL);
    struct writer writers[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        writers[i] = (struct writer){blob_store_port(store), i, GW_OK};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(writers[i].rc, GW_OK);
    }
    struct blob_stats stats = stats_of(blob_store_port(store));
    CU_ASSERT_EQUAL(stats.count, 20);
    CU_ASSERT_EQUAL(stats.bytes, 10 * 8 + 10 * 9);
    CU_ASSERT_EQUAL(stats.staged_bytes, 0);
    blob_store_close(store);
}

static const struct gw_test_case cases[] = {
    {"gives back what was committed", gives_back_what_was_committed},
    {"keeps the same content once", keeps_the_same_content_once},
    {"shows nothing that is wrong or aborted", shows_nothing_that_is_wrong_or_aborted},
    {"keeps its quota with what is staged", keeps_its_quota_with_what_is_staged},
    {"leaves the reserve of the disk alone", leaves_the_reserve_of_the_disk_alone},
    {"takes no more stages than its ceiling", takes_no_more_stages_than_its_ceiling},
    {"finds a flipped byte, and heals by the same content", finds_a_flipped_byte_and_heals_by_the_same_content},
    {"keeps a removed blob readable for who has it open", keeps_a_removed_blob_readable_for_who_has_it_open},
    {"counts again and cleans up when it is opened", counts_again_and_cleans_up_when_it_is_opened},
    {"refuses a directory that is none", refuses_a_directory_that_is_none},
    {"serves threads that write the same", serves_threads_that_write_the_same},
};

int main(void)
{
    int failures = GW_TEST_RUN("blob", cases);
    return failures + gw_test_run("blob and power", blob_power_cases, blob_power_case_count);
}
