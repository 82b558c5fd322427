/* The worker threads and passwords: compared, hashed, and never in the way of other work. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto_init.h"
#include "crypto_password.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "lanes.h"
#include "workers.h"

#define RESULTS_MAX 64

struct bench {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct inbox_msg results[RESULTS_MAX];
    size_t count;
    struct workers *workers;
    bool held; /* whoever opens an artifact stands still */
};

static enum gw_rc take_result(void *self, const struct inbox_msg *msg)
{
    struct bench *b = self;
    (void)pthread_mutex_lock(&b->lock);
    if (b->count < RESULTS_MAX)
        b->results[b->count++] = *msg;
    else
        free(msg->blob);
    (void)pthread_cond_signal(&b->more);
    (void)pthread_mutex_unlock(&b->lock);
    return GW_OK;
}

static void hold(void *ctx, const struct work *work)
{
    struct bench *b = ctx;
    (void)work;
    (void)pthread_mutex_lock(&b->lock);
    while (b->held)
        (void)pthread_cond_wait(&b->more, &b->lock);
    (void)pthread_mutex_unlock(&b->lock);
}

static void bench_open(struct bench *b, int threads)
{
    *b = (struct bench){.count = 0};
    crypto_init();
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_cond_init(&b->more, NULL);
    struct workers_config config = {
        .threads = threads, .inbox = {b, take_result}, .artifact_fn = hold, .artifact_ctx = b};
    struct gw_err err = {0};
    GW_ASSERT_OK(workers_new(&config, &b->workers, &err), &err);
}

static void bench_close(struct bench *b)
{
    workers_free(b->workers);
    for (size_t i = 0; i < b->count; i++)
        free(b->results[i].blob);
    (void)pthread_cond_destroy(&b->more);
    (void)pthread_mutex_destroy(&b->lock);
}

/* Waits until `n` results are there, or one of this kind (0: any); how many there are. */
static size_t await(struct bench *b, size_t n, enum inbox_kind kind)
{
    (void)pthread_mutex_lock(&b->lock);
    while (b->count < n && (kind == 0 || b->count == 0 || b->results[b->count - 1].kind != kind))
        (void)pthread_cond_wait(&b->more, &b->lock);
    size_t count = b->count;
    (void)pthread_mutex_unlock(&b->lock);
    return count;
}

/* A password to be hashed; text tells them apart. */
static enum gw_rc give_in(struct bench *b, enum work_lane lane, const char *key, int n)
{
    struct work *work = gw_xalloc(1, sizeof(*work));
    work->kind = WORK_PASSWORD;
    work->lane = lane;
    (void)snprintf(work->lane_key, sizeof(work->lane_key), "%s", key);
    work->act.number = n;
    work->blob = gw_xalloc(1, 10);
    memcpy(work->blob, "a password", 10);
    work->blob_len = 10;
    struct work *gave_way = NULL;
    enum gw_rc rc = workers_give(b->workers, work, &gave_way);
    CU_ASSERT(rc || !gave_way);
    if (rc) {
        free(work->blob);
        free(work);
    }
    return rc;
}

static enum gw_rc give(struct bench *b, enum work_kind kind, const char *hash, const char *bytes, size_t len)
{
    struct work *work = gw_xalloc(1, sizeof(*work));
    work->kind = kind;
    (void)snprintf(work->password_hash, sizeof(work->password_hash), "%s", hash);
    work->blob = gw_xalloc(1, len);
    memcpy(work->blob, bytes, len);
    work->blob_len = len;
    struct work *gave_way = NULL;
    enum gw_rc rc = workers_give(b->workers, work, &gave_way);
    CU_ASSERT(rc || !gave_way);
    if (rc) {
        free(work->blob);
        free(work);
    }
    return rc;
}

static void checks_a_password_and_hashes_the_next_one(void)
{
    static const char both[] = "the right one\0the next one";
    char hash[USER_PASSWORD_HASH_MAX], next[USER_PASSWORD_HASH_MAX];
    struct bench b;
    bench_open(&b, 1);
    CU_ASSERT_EQUAL_FATAL(crypto_password_hash(GW_VIEW_LIT("the right one"), hash, NULL), GW_OK);
    CU_ASSERT_EQUAL(give(&b, WORK_CHECK, hash, "the right one", 13), GW_OK);
    (void)await(&b, 1, 0);
    CU_ASSERT_EQUAL(give(&b, WORK_CHECK, hash, "a wrong one", 11), GW_OK);
    (void)await(&b, 2, 0);
    CU_ASSERT_EQUAL(give(&b, WORK_CHECK, hash, both, sizeof(both) - 1), GW_OK);
    (void)await(&b, 3, 0);
    CU_ASSERT_EQUAL(give(&b, WORK_CHECK, "no hash", "the right one", 13), GW_OK);
    (void)await(&b, 4, 0);
    CU_ASSERT(b.results[0].kind == INBOX_CHECKED && b.results[0].u.act.checked == GW_OK);
    CU_ASSERT_EQUAL(b.results[0].blob_len, 0);
    CU_ASSERT_EQUAL(b.results[1].u.act.checked, GW_DENIED);
    CU_ASSERT_EQUAL(b.results[2].u.act.checked, GW_OK);
    CU_ASSERT_EQUAL(gw_view_copy_str(gw_view_make(b.results[2].blob, b.results[2].blob_len), next, sizeof(next)),
                    GW_OK);
    CU_ASSERT_EQUAL(crypto_password_verify(next, GW_VIEW_LIT("the next one"), NULL), GW_OK);
    CU_ASSERT_EQUAL(b.results[3].u.act.checked, GW_CORRUPT);
    bench_close(&b);
}

static void other_work_goes_past_a_flood_of_sign_ins(void)
{
    struct bench b;
    bench_open(&b, 2);
    size_t taken = 0;
    char key[16];
    do
        (void)snprintf(key, sizeof(key), "%zu", taken);
    while (taken < 1000 && give_in(&b, WORK_LANE_STRANGER, key, 0) == GW_OK && ++taken);
    CU_ASSERT(taken >= LANES_MAX && taken < 2 * LANES_MAX); /* the rest hears 503 */
    CU_ASSERT_EQUAL(give(&b, WORK_KEY, "", "no key", 6), GW_OK);
    CU_ASSERT(await(&b, taken, INBOX_KEY_READ) < taken / 2);
    bench_close(&b);
}

/* The one thread stands still while the strangers' lane is filled to its last place. */
static void strangers_fill_no_lane_but_their_own(void)
{
    struct bench b;
    char key[16];
    bench_open(&b, 1);
    b.held = true;
    CU_ASSERT_EQUAL_FATAL(give(&b, WORK_ARTIFACT, "", "x", 1), GW_OK);
    while (workers_waiting(b.workers) > 0)
        CU_ASSERT_EQUAL(sched_yield(), 0);
    for (int i = 0; i < LANES_MAX; i++) {
        (void)snprintf(key, sizeof(key), "%d", i);
        CU_ASSERT_EQUAL(give_in(&b, WORK_LANE_STRANGER, key, 100 + i), GW_OK);
    }
    CU_ASSERT_EQUAL(give_in(&b, WORK_LANE_STRANGER, "another", 0), GW_AGAIN);
    for (int i = 0; i < LANES_OF_ONE; i++)
        CU_ASSERT_EQUAL(give_in(&b, WORK_LANE_FAMILIAR, "192.0.2.1", 10 + i), GW_OK);
    CU_ASSERT_EQUAL(give_in(&b, WORK_LANE_FAMILIAR, "192.0.2.1", 0), GW_AGAIN); /* its share */
    CU_ASSERT_EQUAL(give_in(&b, WORK_LANE_FAMILIAR, "192.0.2.2", 20), GW_OK);
    CU_ASSERT_EQUAL(give_in(&b, WORK_LANE_KNOWN, "ann", 1), GW_OK);
    CU_ASSERT_EQUAL(give_in(&b, WORK_LANE_KNOWN, "olga", 2), GW_OK);
    (void)pthread_mutex_lock(&b.lock);
    b.held = false;
    (void)pthread_cond_broadcast(&b.more);
    (void)pthread_mutex_unlock(&b.lock);
    (void)await(&b, 8, 0);
    static const int wanted[] = {1, 10, 2, 100, 20, 101, 11, 102};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        CU_ASSERT_EQUAL(b.results[i].u.act.number, wanted[i]);
    bench_close(&b);
}

/* The crypto library keeps tables for each thread that checks signatures; AddressSanitizer tells when they stay. */
/* As core gives it work while it takes what is still queued at the end. */
static void a_stop_leaves_room_for_nothing(void)
{
    struct bench b;
    bench_open(&b, 2);
    CU_ASSERT_EQUAL(give_in(&b, WORK_LANE_STRANGER, "before", 1), GW_OK);
    CU_ASSERT_EQUAL(await(&b, 1, 0), 1);
    workers_stop(b.workers);
    CU_ASSERT_EQUAL(give_in(&b, WORK_LANE_STRANGER, "after", 2), GW_AGAIN);
    CU_ASSERT_EQUAL(give(&b, WORK_CHECK, "", "x", 1), GW_AGAIN);
    CU_ASSERT_EQUAL(give(&b, WORK_ARTIFACT, "", "x", 1), GW_AGAIN);
    CU_ASSERT_EQUAL(workers_waiting(b.workers), 0);
    CU_ASSERT_EQUAL(b.count, 1);
    bench_close(&b);
}

static void a_thread_that_ends_leaves_nothing(void)
{
    struct bench b;
    char csr[1024];
    GW_FCLOSE FILE *f = fopen(GW_SOURCE_DIR "/tests/fuzz/corpus/fuzz_csr/p256", "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    size_t len = fread(csr, 1, sizeof(csr), f);
    bench_open(&b, 1);
    for (size_t i = 1; i <= 5; i++) {
        CU_ASSERT_EQUAL(give(&b, WORK_CSR, "", csr, len), GW_OK);
        (void)await(&b, i, 0);
        CU_ASSERT_EQUAL(b.results[i - 1].u.csr.rc, GW_OK);
    }
    bench_close(&b);
}

static const struct gw_test_case cases[] = {
    {"lets strangers fill no lane but their own", strangers_fill_no_lane_but_their_own},
    {"checks a password and hashes the next one", checks_a_password_and_hashes_the_next_one},
    {"lets other work go past a flood of sign-ins", other_work_goes_past_a_flood_of_sign_ins},
    {"a stop leaves room for nothing", a_stop_leaves_room_for_nothing},
    {"a thread that ends leaves nothing in memory", a_thread_that_ends_leaves_nothing},
};

int main(void)
{
    return GW_TEST_RUN("workers", cases);
}
