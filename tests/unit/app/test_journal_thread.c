/* The journal's thread over a real journal: what it commits, tells, signs, and what a damaged log and nonsense do to
 * it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "crypto_ed25519.h"
#include "crypto_hash.h"
#include "crypto_init.h"
#include "gw_cleanup.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "journal_db.h"
#include "journal_severity.h"
#include "journal_thread.h"
#include "log_batch.h"
#include "log_progress.h"

#define LIMIT_MS 30000
#define REFUSED  "a line that the journal refuses"
#define START    "{\"cls\":\"log.start\",\"reason\":\"new\"}"

struct bench {
    char path[256];
    struct journal_db *db;
    struct journal_thread *thread;
    pthread_mutex_t lock;
    struct log_progress last[4]; /* newest of device "pump-<i>" */
    char note[4][LOG_PROGRESS_NOTE_MAX];
    size_t told[4];
    int64_t audit_n;
    uint8_t seed[32], pub[32];
    atomic_bool keyd_away;
    struct journal real; /* behind commit_through() */
    atomic_bool disk_full;
    atomic_int refusals, refused; /* of the inbox: still to come, and given */
    bool gate_shut;               /* under `lock`: commits wait */
    int at_gate;                  /* under `lock`: how many do */
    pthread_cond_t gate;
};

static struct bench *bench;

/* The journal's commit, over a disk that may be full and behind a gate that may be shut; it refuses REFUSED. */
static enum gw_rc commit_through(void *self, struct journal_item *items, size_t count, size_t *ret_taken,
                                 struct gw_err *err)
{
    (void)pthread_mutex_lock(&bench->lock);
    bench->at_gate++;
    (void)pthread_cond_broadcast(&bench->gate);
    while (bench->gate_shut)
        (void)pthread_cond_wait(&bench->gate, &bench->lock);
    bench->at_gate--;
    (void)pthread_mutex_unlock(&bench->lock);
    if (atomic_load(&bench->disk_full))
        return gw_err_set(err, GW_NO_SPACE, "journal.db: disk full");
    for (size_t i = 0; i < count; i++)
        if (items[i].kind == JOURNAL_LINE && gw_view_eq_str(items[i].text, REFUSED))
            return gw_err_set(err, GW_INVALID, "journal: no");
    return bench->real.ops->commit(self, items, count, ret_taken, err);
}

static void shut_gate(struct bench *b, bool shut)
{
    (void)pthread_mutex_lock(&b->lock);
    b->gate_shut = shut;
    (void)pthread_cond_broadcast(&b->gate);
    (void)pthread_mutex_unlock(&b->lock);
}

/* A commit has begun: what is shipped from now on goes into the next one. */
static void await_at_gate(struct bench *b)
{
    (void)pthread_mutex_lock(&b->lock);
    while (b->at_gate == 0)
        (void)pthread_cond_wait(&b->gate, &b->lock);
    (void)pthread_mutex_unlock(&b->lock);
}

static enum gw_rc take_progress(void *self, const struct inbox_msg *msg)
{
    struct bench *b = self;
    if (atomic_load(&b->refusals) > 0) {
        (void)atomic_fetch_sub(&b->refusals, 1);
        (void)atomic_fetch_add(&b->refused, 1);
        return GW_AGAIN;
    }
    const struct log_progress *p = (const struct log_progress *)(const void *)msg->blob;
    (void)pthread_mutex_lock(&b->lock);
    for (uint32_t i = 0; i < msg->u.progress.count; i++) {
        int at = p[i].device.text[5] - '0';
        b->last[at] = p[i];
        b->told[at]++;
        if (p[i].note[0])
            memcpy(b->note[at], p[i].note, sizeof(b->note[at]));
    }
    if (msg->u.progress.audit_n)
        b->audit_n = msg->u.progress.audit_n;
    (void)pthread_mutex_unlock(&b->lock);
    free(msg->blob);
    return GW_OK;
}

/* In place of a worker and keyd: the same text, the same kind of key. */
static bool sign(void *ctx, struct journal_signing *signings, size_t count)
{
    struct bench *b = ctx;
    for (size_t i = 0; i < count; i++) {
        struct signer_checkpoint *c = &signings[i].checkpoint;
        GW_CLEANUP(gw_buf_done) struct gw_buf text;
        gw_buf_init(&text, CHECKPOINT_TEXT_MAX);
        c->rc = atomic_load(&b->keyd_away) ? GW_TIMEOUT : checkpoint_format(c->origin, c->size, &c->root, &text);
        if (!c->rc)
            c->rc = crypto_ed25519_sign(b->seed, b->pub, gw_buf_view(&text), c->signature, NULL);
    }
    journal_thread_signed(b->thread, signings, count);
    return true;
}

static void open_bench(struct bench *b)
{
    struct gw_err err = {0};
    const struct journal_options options = {
        .mode = DB_READ_WRITE, .hash = crypto_sha256(), .severity = journal_severity};
    GW_ASSERT_OK(journal_db_open(b->path, &options, &b->db, &err), &err);
    static struct journal_ops ops;
    b->real = journal_db_port(b->db);
    ops = *b->real.ops;
    ops.commit = commit_through;
    struct journal_thread_config config = {.journal = {&ops, b->real.self},
                                           .inbox = {b, take_progress},
                                           .sign = sign,
                                           .sign_ctx = b,
                                           .gateway = "gw-0123456789abcdef",
                                           .hash = crypto_sha256()};
    memcpy(config.log_pub, b->pub, sizeof(config.log_pub));
    GW_ASSERT_OK(journal_thread_new(&config, &b->thread, &err), &err);
}

static void close_bench(struct bench *b)
{
    journal_thread_free(b->thread);
    journal_db_close(b->db);
    b->thread = NULL;
    b->db = NULL;
}

static void make_bench(struct bench *b)
{
    *b = (struct bench){.lock = PTHREAD_MUTEX_INITIALIZER, .gate = PTHREAD_COND_INITIALIZER};
    bench = b;
    crypto_init();
    CU_ASSERT_EQUAL_FATAL(crypto_ed25519_make(b->seed, b->pub, NULL), GW_OK);
    (void)snprintf(b->path, sizeof(b->path), "%s/journal.db", gw_test_dir());
    open_bench(b);
}

static struct gw_device_id pump(int i)
{
    struct gw_device_id id = {"pump-0"};
    id.text[5] = (char)('0' + i);
    return id;
}

/* Sends `count` events from `first` on, in epoch 5 of this pump, all of this text but the first of the log. */
static void ship_text(struct bench *b, int i, uint64_t first, size_t count, const char *text)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, LOG_BATCH_BYTES_MAX);
    struct log_batch_writer w;
    CU_ASSERT_EQUAL_FATAL(log_batch_begin(&w, &payload, 5, first), GW_OK);
    for (size_t n = 0; n < count; n++)
        CU_ASSERT_EQUAL_FATAL(log_batch_add(&w, first + n == 0 ? GW_VIEW_LIT(START) : gw_view_str(text)), GW_OK);
    CU_ASSERT_EQUAL_FATAL(log_batch_end(&w), GW_OK);
    struct gw_device_id id = pump(i);
    CU_ASSERT_EQUAL(journal_thread_batch(b->thread, &id, gw_buf_view(&payload)), GW_OK);
}

static void ship(struct bench *b, int i, uint64_t first, size_t count)
{
    ship_text(b, i, first, count, "an event of some length");
}

struct wanting {
    int pump;
    uint64_t next;
    bool note;
};

static bool has_come(void *ctx)
{
    const struct wanting *w = ctx;
    (void)pthread_mutex_lock(&bench->lock);
    bool come = bench->last[w->pump].next == w->next && (!w->note || strstr(bench->note[w->pump], "dev/pump-"));
    (void)pthread_mutex_unlock(&bench->lock);
    return come;
}

static bool await_next(int i, uint64_t next, bool note)
{
    struct wanting w = {i, next, note};
    return gw_await(has_come, &w, LIMIT_MS);
}

static void commits_tells_and_signs(void)
{
    struct bench b;
    make_bench(&b);
    ship(&b, 1, 0, 300);
    CU_ASSERT(await_next(1, 300, true));
    ship(&b, 1, 300, 10);
    CU_ASSERT(await_next(1, 310, false));
    CU_ASSERT_EQUAL(b.last[1].epoch, 5);
    struct gw_device_id id = pump(1);
    CU_ASSERT_EQUAL(journal_thread_hello(b.thread, &id), GW_OK);
    CU_ASSERT(await_next(1, 310, true));
    id = pump(2);
    CU_ASSERT_EQUAL(journal_thread_hello(b.thread, &id), GW_OK); /* a device without a log hears epoch 0, next 0 */
    CU_ASSERT_EQUAL(journal_thread_credit(b.thread), JOURNAL_THREAD_WINDOW);
    close_bench(&b);
}

static void commits_what_is_queued_when_it_stops(void)
{
    struct bench b;
    make_bench(&b);
    for (uint64_t first = 0; first < 1000; first += 100)
        ship(&b, 1, first, 100);
    close_bench(&b);
    CU_ASSERT_EQUAL(b.last[1].next, 1000);
}

static void nonsense_harms_nobody(void)
{
    struct bench b;
    make_bench(&b);
    struct gw_device_id id = pump(3);
    CU_ASSERT_EQUAL(journal_thread_batch(b.thread, &id, GW_VIEW_LIT("GWL1 but not really a batch")), GW_OK);
    ship(&b, 1, 0, 5);
    CU_ASSERT(await_next(1, 5, false));
    struct journal_thread_stats stats;
    journal_thread_stats_get(b.thread, &stats);
    CU_ASSERT_EQUAL(stats.malformed, 1);
    CU_ASSERT_EQUAL(stats.events, 5);
    CU_ASSERT_EQUAL(b.told[3], 0);
    close_bench(&b);
}

static void counts_batches_by_what_became_of_them(void)
{
    struct bench b;
    struct journal_thread_stats stats;
    make_bench(&b);
    ship(&b, 1, 0, 5);
    ship(&b, 1, 0, 5);  /* replayed */
    ship(&b, 1, 90, 5); /* out of place */
    ship(&b, 1, 5, 5);
    CU_ASSERT(await_next(1, 10, false));
    journal_thread_stats_get(b.thread, &stats);
    CU_ASSERT_EQUAL(stats.batches, 4);
    CU_ASSERT_EQUAL(stats.verdicts[LOG_NEW_EPOCH], 1);
    CU_ASSERT_EQUAL(stats.verdicts[LOG_DUPLICATE], 1);
    CU_ASSERT_EQUAL(stats.verdicts[LOG_GAP], 1);
    CU_ASSERT_EQUAL(stats.verdicts[LOG_ACCEPT], 1);
    CU_ASSERT_EQUAL(stats.unread, 0);
    for (uint64_t first = 10; first < 1210; first += 100)
        ship(&b, 1, first, 100);
    ship(&b, 1, 0, 5); /* too long ago to be compared */
    ship(&b, 1, 1210, 1);
    CU_ASSERT(await_next(1, 1211, false));
    journal_thread_stats_get(b.thread, &stats);
    CU_ASSERT_EQUAL(stats.unread, 5);
    close_bench(&b);
}

static bool nothing_is_signed(void *ctx)
{
    struct journal_thread_stats stats;
    journal_thread_stats_get(((struct bench *)ctx)->thread, &stats);
    return stats.unsigned_now;
}

static void keyd_away_delays_checkpoints_only(void)
{
    struct bench b;
    make_bench(&b);
    atomic_store(&b.keyd_away, true);
    ship(&b, 1, 0, 5);
    CU_ASSERT(await_next(1, 5, false));
    ship(&b, 1, 5, 5);
    CU_ASSERT(await_next(1, 10, false));
    CU_ASSERT_STRING_EQUAL(b.note[1], "");
    CU_ASSERT(gw_await(nothing_is_signed, &b, LIMIT_MS));
    atomic_store(&b.keyd_away, false);
    CU_ASSERT(await_next(1, 10, true));
    close_bench(&b);
}

static bool audit_has_come(void *ctx)
{
    (void)pthread_mutex_lock(&bench->lock);
    bool come = bench->audit_n == *(int64_t *)ctx;
    (void)pthread_mutex_unlock(&bench->lock);
    return come;
}

static void audit_events_are_taken_once(void)
{
    struct bench b;
    make_bench(&b);
    for (int64_t n = 1; n <= 3; n++)
        CU_ASSERT_EQUAL(journal_thread_audit(b.thread, n, GW_VIEW_LIT("{\"cls\":\"a\"}")), GW_OK);
    int64_t want = 3;
    CU_ASSERT(gw_await(audit_has_come, &want, LIMIT_MS));
    close_bench(&b);
    open_bench(&b);
    b.audit_n = 0;
    for (int64_t n = 2; n <= 4; n++) /* 2 and 3 come again after a crash */
        CU_ASSERT_EQUAL(journal_thread_audit(b.thread, n, GW_VIEW_LIT("{\"cls\":\"a\"}")), GW_OK);
    want = 4;
    CU_ASSERT(gw_await(audit_has_come, &want, LIMIT_MS));
    struct journal_thread_stats stats;
    journal_thread_stats_get(b.thread, &stats);
    CU_ASSERT_EQUAL(stats.events, 1);
    close_bench(&b);
}

static void a_damaged_log_harms_only_itself(void)
{
    struct bench b;
    make_bench(&b);
    atomic_store(&b.keyd_away, true); /* so that the damaged log is one that waits for its signature */
    ship(&b, 1, 0, 10);
    CU_ASSERT(await_next(1, 10, false));
    close_bench(&b);
    atomic_store(&b.keyd_away, false);
    const char *const damage[] = {"sqlite3", b.path, "UPDATE log SET range = x'00' WHERE device = 'pump-1'", NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_proc_run(damage, &out), 0);
    open_bench(&b);
    for (int i = 1; i <= 2; i++)
        ship(&b, i, i == 1 ? 10 : 0, 10);
    CU_ASSERT(await_next(2, 10, false));
    ship(&b, 2, 10, 10);
    CU_ASSERT(await_next(2, 20, true));
    CU_ASSERT_EQUAL(b.last[1].next, 10);
    struct journal_thread_stats stats;
    ship(&b, 1, 10, 10); /* the device tries again */
    ship(&b, 2, 20, 10);
    CU_ASSERT(await_next(2, 30, true));
    journal_thread_stats_get(b.thread, &stats);
    CU_ASSERT_EQUAL(stats.damaged, 1); /* told once */
    CU_ASSERT_STRING_EQUAL(stats.damaged_by.text, "pump-1");
    close_bench(&b);
}

/* Nothing more comes from the device, and keyd is away: only the thread itself can tell again. */
/* Ships batches of two devices and a line of a third that goes into the same commit. */
static void ship_around_a_line(struct bench *b, struct gw_view line)
{
    struct gw_device_id id = pump(1);
    shut_gate(b, true);
    ship(b, 3, 0, 1);
    await_at_gate(b);
    ship(b, 0, 0, 10);
    CU_ASSERT_EQUAL(journal_thread_line(b->thread, &id, line), GW_OK);
    ship(b, 2, 0, 10);
    shut_gate(b, false);
    CU_ASSERT_TRUE(await_next(0, 10, false));
    CU_ASSERT_TRUE(await_next(2, 10, false));
}

static bool line_is_counted(void *ctx)
{
    struct journal_thread_stats stats;
    journal_thread_stats_get(bench->thread, &stats);
    return stats.events == 22 && !stats.full && *(uint64_t *)ctx == stats.malformed;
}

static void a_line_as_long_as_a_packet_harms_nobody(void)
{
    struct bench b;
    make_bench(&b);
    static char text[72 * 1024];
    uint64_t malformed = 0;
    memset(text, 'x', sizeof(text));
    ship_around_a_line(&b, gw_view_make((const uint8_t *)text, sizeof(text)));
    CU_ASSERT_TRUE(gw_await(line_is_counted, &malformed, LIMIT_MS)); /* it is stored, cut */
    close_bench(&b);
}

static void what_the_journal_refuses_harms_nobody(void)
{
    struct bench b;
    struct journal_thread_stats stats;
    make_bench(&b);
    ship_around_a_line(&b, GW_VIEW_LIT(REFUSED));
    journal_thread_stats_get(b.thread, &stats);
    CU_ASSERT(stats.events == 21 && stats.malformed == 1 && stats.failed_commits == 0 && !stats.full);
    CU_ASSERT_STRING_EQUAL(stats.malformed_by.text, "pump-1");
    close_bench(&b);
}

static void what_a_full_inbox_did_not_take_is_told_again(void)
{
    struct bench b;
    make_bench(&b);
    atomic_store(&b.keyd_away, true);
    atomic_store(&b.refusals, 2);
    ship(&b, 1, 0, 10);
    CU_ASSERT_EQUAL(journal_thread_audit(b.thread, 1, GW_VIEW_LIT("{\"cls\":\"a\"}")), GW_OK);
    CU_ASSERT(await_next(1, 10, false));
    int64_t want = 1;
    CU_ASSERT(gw_await(audit_has_come, &want, LIMIT_MS));
    CU_ASSERT_EQUAL(atomic_load(&b.refused), 2);
    close_bench(&b);
}

static bool commit_has_failed(void *ctx)
{
    struct journal_thread_stats stats;
    journal_thread_stats_get(((struct bench *)ctx)->thread, &stats);
    return stats.failed_commits > 0;
}

/* Core feeds an audit event once and forgets it when a later number is confirmed: the thread must not lose one. */
static bool count_audits(void *ctx, const struct journal_log *log)
{
    if (log->id.kind == LOG_AUDIT)
        *(uint64_t *)ctx += log->next;
    return true;
}

static void a_full_disk_loses_no_audit_event(void)
{
    struct bench b;
    make_bench(&b);
    atomic_store(&b.disk_full, true);
    for (int64_t n = 1; n <= 2; n++)
        CU_ASSERT_EQUAL(journal_thread_audit(b.thread, n, GW_VIEW_LIT("{\"cls\":\"a\"}")), GW_OK);
    ship(&b, 1, 0, 5);
    CU_ASSERT(gw_await(commit_has_failed, &b, LIMIT_MS));
    CU_ASSERT_EQUAL(journal_thread_credit(b.thread), 0);
    CU_ASSERT_EQUAL(b.told[1], 0);
    CU_ASSERT_EQUAL(b.audit_n, 0);
    CU_ASSERT_EQUAL(journal_thread_audit(b.thread, 3, GW_VIEW_LIT("{\"cls\":\"a\"}")), GW_OK);
    atomic_store(&b.disk_full, false);
    int64_t want = 3;
    CU_ASSERT(gw_await(audit_has_come, &want, LIMIT_MS)); /* nothing else is given: it tries again by itself */
    CU_ASSERT_EQUAL(journal_thread_credit(b.thread), JOURNAL_THREAD_WINDOW);
    struct journal_thread_stats stats;
    journal_thread_stats_get(b.thread, &stats);
    CU_ASSERT(stats.events >= 3);
    ship(&b, 1, 0, 5);
    CU_ASSERT(await_next(1, 5, false));
    close_bench(&b);
    open_bench(&b);
    uint64_t audits = 0;
    CU_ASSERT_EQUAL(b.real.ops->log_each(b.real.self, NULL, count_audits, &audits, NULL), GW_OK);
    CU_ASSERT_EQUAL(audits, 3);
    close_bench(&b);
}

static void a_full_disk_does_not_keep_it_from_ending(void)
{
    struct bench b;
    make_bench(&b);
    atomic_store(&b.disk_full, true);
    CU_ASSERT_EQUAL(journal_thread_audit(b.thread, 1, GW_VIEW_LIT("{\"cls\":\"a\"}")), GW_OK);
    CU_ASSERT(gw_await(commit_has_failed, &b, LIMIT_MS));
    close_bench(&b);
    CU_ASSERT_EQUAL(b.audit_n, 0);
}

/* What core may leave unanswered for a second is only what brought nothing: a gap beside an accepted batch of the same
 * commit must not take the acknowledgement with it. */
static void a_gap_does_not_hide_an_acknowledgement(void)
{
    struct bench b;
    make_bench(&b);
    atomic_store(&b.keyd_away, true); /* a checkpoint would be told as well */
    shut_gate(&b, true);
    ship(&b, 1, 0, 5);
    await_at_gate(&b);
    ship(&b, 2, 0, 5);
    ship(&b, 2, 50, 5);
    ship(&b, 3, 50, 5);
    shut_gate(&b, false);
    CU_ASSERT(await_next(2, 5, false));
    CU_ASSERT_FALSE(b.last[2].gap);
    ship(&b, 1, 50, 5);
    close_bench(&b);
    CU_ASSERT_EQUAL(b.last[1].next, 5);
    CU_ASSERT_TRUE(b.last[1].gap);
}

static void other_events_are_answered_with_the_checkpoint(void)
{
    struct bench b;
    make_bench(&b);
    ship(&b, 1, 0, 5);
    CU_ASSERT(await_next(1, 5, true));
    (void)pthread_mutex_lock(&b.lock);
    b.note[1][0] = '\0';
    (void)pthread_mutex_unlock(&b.lock);
    ship_text(&b, 1, 1, 3, "something else");
    close_bench(&b); /* commits what is queued; the log has not grown, so nothing is signed again */
    CU_ASSERT_PTR_NOT_NULL(strstr(b.note[1], "/dev/pump-1/0000000000000005\n5\n"));
    CU_ASSERT_EQUAL(b.last[1].next, 5);
    CU_ASSERT_FALSE(b.last[1].gap);
}

static const struct gw_test_case cases[] = {
    {"commits, tells and has signed", commits_tells_and_signs},
    {"commits what is queued when it stops", commits_what_is_queued_when_it_stops},
    {"counts batches by what became of them", counts_batches_by_what_became_of_them},
    {"nonsense harms nobody", nonsense_harms_nobody},
    {"keyd away delays checkpoints only", keyd_away_delays_checkpoints_only},
    {"audit events are taken once", audit_events_are_taken_once},
    {"a damaged log harms only itself", a_damaged_log_harms_only_itself},
    {"a line as long as a packet harms nobody", a_line_as_long_as_a_packet_harms_nobody},
    {"what the journal refuses harms nobody", what_the_journal_refuses_harms_nobody},
    {"what a full inbox did not take is told again", what_a_full_inbox_did_not_take_is_told_again},
    {"a full disk loses no audit event", a_full_disk_loses_no_audit_event},
    {"a full disk does not keep it from ending", a_full_disk_does_not_keep_it_from_ending},
    {"a gap does not hide an acknowledgement", a_gap_does_not_hide_an_acknowledgement},
    {"other events for stored numbers are answered with the checkpoint", other_events_are_answered_with_the_checkpoint},
};

int main(void)
{
    return GW_TEST_RUN("journal thread", cases);
}
