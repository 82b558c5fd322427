#include "journal_thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checkpoint.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "journal_queue.h"
#include "log_batch.h"
#include "log_progress.h"
#include "log_start.h"
#include "note.h"

#define PART     "journal"
#define SIGN_MAX 1024  /* logs in one round of signing */
#define LATE_MAX 16384 /* devices whose acknowledgements wait for room in the inbox */
#define RETRY_MS 500   /* after a commit that failed */

/* What core is to hear. */
struct telling {
    struct log_progress *progress; /* owned */
    size_t count, cap;
    int64_t audit_n;
};

struct journal_thread {
    struct journal_thread_config config;
    struct journal_queue *queue;
    pthread_t thread;
    bool started;
    struct note_key key;
    struct gw_mono next_sign;
    struct gw_mono malformed_said;                       /* once a second at most: no device fills the log */
    struct telling late;                                 /* what the inbox did not take */
    bool signing;                                        /* a round is with the workers */
    struct gw_device_id damaged[JOURNAL_THREAD_DAMAGED]; /* whose logs are */
    size_t damaged_count;
    atomic_bool full;
    pthread_mutex_t stats_lock;
    struct journal_thread_stats stats;
};

/* ---- what others hand in ----------------------------------------------------------------------------------------- */

static enum gw_rc give(struct journal_thread *t, enum journal_entry_kind kind, const struct gw_device_id *device,
                       struct gw_view bytes, int64_t n)
{
    struct journal_entry entry = {.kind = kind, .n = n, .arrived = gw_wall_now(), .len = bytes.len};
    if (device)
        entry.device = *device;
    entry.bytes = malloc(bytes.len ? bytes.len : 1);
    if (!entry.bytes)
        return GW_NO_MEMORY;
    if (bytes.len)
        memcpy(entry.bytes, bytes.ptr, bytes.len);
    enum gw_rc rc = journal_queue_put(t->queue, &entry);
    if (rc) {
        free(entry.bytes);
        (void)pthread_mutex_lock(&t->stats_lock);
        t->stats.dropped++;
        (void)pthread_mutex_unlock(&t->stats_lock);
    }
    return rc;
}

enum gw_rc journal_thread_batch(struct journal_thread *t, const struct gw_device_id *device, struct gw_view payload)
{
    return give(t, JOURNAL_ENTRY_BATCH, device, payload, 0);
}

enum gw_rc journal_thread_line(struct journal_thread *t, const struct gw_device_id *device, struct gw_view text)
{
    if (text.len > LOG_EVENT_MAX)
        text.len = LOG_EVENT_MAX;
    return give(t, JOURNAL_ENTRY_LINE, device, text, 0);
}

enum gw_rc journal_thread_audit(struct journal_thread *t, int64_t n, struct gw_view text)
{
    return give(t, JOURNAL_ENTRY_AUDIT, NULL, text, n);
}

enum gw_rc journal_thread_hello(struct journal_thread *t, const struct gw_device_id *device)
{
    return give(t, JOURNAL_ENTRY_HELLO, device, (struct gw_view){0}, 0);
}

void journal_thread_forget(struct journal_thread *t, const struct journal_feed *feed)
{
    struct journal_entry entry = {.kind = JOURNAL_ENTRY_FORGET, .arrived = gw_wall_now(), .len = sizeof(*feed)};
    struct journal_feed *copy = gw_xalloc(1, sizeof(*copy));
    *copy = *feed;
    entry.bytes = (uint8_t *)copy;
    if (journal_queue_put(t->queue, &entry))
        free(copy);
}

void journal_thread_signed(struct journal_thread *t, struct journal_signing *signings, size_t count)
{
    struct journal_entry entry = {
        .kind = JOURNAL_ENTRY_SIGNED, .arrived = gw_wall_now(), .bytes = (uint8_t *)signings, .n = (int64_t)count};
    journal_queue_force(t->queue, &entry); /* at most one round is under way: it always has its place */
}

uint64_t journal_thread_credit(const struct journal_thread *t)
{
    if (atomic_load(&t->full) || journal_queue_bytes(t->queue) >= JOURNAL_THREAD_CREDIT)
        return 0;
    return JOURNAL_THREAD_WINDOW;
}

void journal_thread_stats_get(struct journal_thread *t, struct journal_thread_stats *ret_stats)
{
    (void)pthread_mutex_lock(&t->stats_lock);
    *ret_stats = t->stats;
    ret_stats->full = atomic_load(&t->full);
    ret_stats->queued_bytes = journal_queue_bytes(t->queue);
    (void)pthread_mutex_unlock(&t->stats_lock);
}

/* ---- telling core ------------------------------------------------------------------------------------------------ */

static struct log_progress *tell_about(struct telling *telling, const struct gw_device_id *device)
{
    for (size_t i = telling->count; i > 0 && telling->count - i < 64; i--) /* batches of a device come close together */
        if (gw_device_id_eq(&telling->progress[i - 1].device, device))
            return &telling->progress[i - 1];
    if (telling->count == telling->cap) {
        size_t cap = telling->cap ? telling->cap * 2 : 64;
        struct log_progress *grown = gw_xalloc(cap, sizeof(*grown));
        if (telling->count)
            memcpy(grown, telling->progress, telling->count * sizeof(*grown));
        free(telling->progress);
        telling->progress = grown;
        telling->cap = cap;
    }
    struct log_progress *p = &telling->progress[telling->count++];
    *p = (struct log_progress){.device = *device, .gap = true}; /* until something better is told */
    return p;
}

static void set_position(struct log_progress *p, const struct journal_position *at)
{
    p->epoch = at->log.epoch;
    p->next = at->next;
    p->root = at->root;
}

/* Takes over telling->progress. */
static void tell(struct journal_thread *t, struct telling *telling)
{
    if (telling->count == 0 && telling->audit_n == 0) {
        free(telling->progress);
        return;
    }
    struct inbox_msg msg = {.kind = INBOX_PROGRESS,
                            .u.progress = {(uint32_t)telling->count, telling->audit_n},
                            .blob = (uint8_t *)telling->progress,
                            .blob_len = telling->count * sizeof(*telling->progress)};
    enum gw_rc rc = t->config.inbox.post(t->config.inbox.self, &msg);
    if (rc == GW_AGAIN && telling->count <= LATE_MAX) {
        gw_log(GW_LOG_WARN, PART, "the inbox is full: acknowledgements are late");
        t->late = *telling;
    } else if (rc) {
        gw_log(GW_LOG_WARN, PART, "acknowledgements are lost: %s", gw_rc_text(rc)); /* devices send again */
        free(telling->progress);
    }
}

/* What is to be told first: an earlier position of a device goes out before its newer one. */
static struct telling take_late(struct journal_thread *t)
{
    struct telling late = t->late;
    t->late = (struct telling){.count = 0};
    return late;
}

/* ---- committing -------------------------------------------------------------------------------------------------- */

/* Turns an entry into an item; false when its bytes are no batch (counted; the device is told by nothing: it resends,
 * and its repeated nonsense shows in the counter). */
static bool to_item(struct journal_thread *t, const struct journal_entry *entry, struct journal_item *item)
{
    *item = (struct journal_item){.device = entry->device, .arrived = entry->arrived, .audit_n = entry->n};
    struct gw_view bytes = gw_view_make(entry->bytes, entry->len);
    if (entry->kind != JOURNAL_ENTRY_BATCH) {
        item->kind = entry->kind == JOURNAL_ENTRY_LINE ? JOURNAL_LINE : JOURNAL_AUDIT;
        item->text = bytes;
        return true;
    }
    struct gw_err err = {0};
    struct log_batch batch;
    item->kind = JOURNAL_BATCH;
    if (log_batch_parse(bytes, &batch, &err)) {
        (void)pthread_mutex_lock(&t->stats_lock);
        struct gw_mono now = gw_mono_now();
        bool say = t->stats.malformed++ == 0 || now.ms - t->malformed_said.ms >= GW_SECOND_MS;
        t->stats.malformed_by = entry->device;
        if (say)
            t->malformed_said = now;
        (void)pthread_mutex_unlock(&t->stats_lock);
        gw_log(say ? GW_LOG_WARN : GW_LOG_DEBUG, PART, "%s sent a log batch that is none: %s", entry->device.text,
               gw_err_text(&err));
        return false;
    }
    item->head = batch.head;
    item->bundle = batch.bundle;
    struct gw_view rest = batch.bundle, event;
    item->has_start = batch.head.first == 0 && log_bundle_next(&rest, &event) && log_start_check(event);
    return true;
}

const uint32_t journal_commit_bounds_us[JOURNAL_COMMIT_BOUNDS] = {500,   1000,   2000,   5000,    10000,  20000,
                                                                  50000, 100000, 500000, 1000000, 5000000};

static uint64_t now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void note_time(struct journal_thread *t, uint64_t took_us)
{
    size_t i = 0;
    while (i < JOURNAL_COMMIT_BOUNDS && took_us > journal_commit_bounds_us[i])
        i++;
    (void)pthread_mutex_lock(&t->stats_lock);
    t->stats.commit_buckets[i]++;
    t->stats.commit_sum_us += took_us;
    (void)pthread_mutex_unlock(&t->stats_lock);
}

static void note_commit(struct journal_thread *t, enum gw_rc rc, const struct journal_item *items, size_t count,
                        const struct gw_err *err)
{
    (void)pthread_mutex_lock(&t->stats_lock);
    t->stats.commits += rc == GW_OK;
    t->stats.failed_commits += rc != GW_OK;
    for (size_t i = 0; !rc && i < count; i++) {
        t->stats.batches += items[i].kind == JOURNAL_BATCH;
        if (items[i].kind == JOURNAL_BATCH)
            t->stats.verdicts[items[i].verdict]++;
        t->stats.events += items[i].stored;
        t->stats.bytes += items[i].kind == JOURNAL_BATCH ? items[i].bundle.len : items[i].text.len;
    }
    (void)pthread_mutex_unlock(&t->stats_lock);
    if (rc && !atomic_exchange(&t->full, true))
        gw_log(GW_LOG_ERROR, PART, "%s; nothing is acknowledged until it can be written again", gw_err_text(err));
    else if (!rc && atomic_exchange(&t->full, false))
        gw_log(GW_LOG_INFO, PART, "writing works again");
}

static bool is_gap(enum log_verdict verdict)
{
    return verdict == LOG_GAP || verdict == LOG_CLOSED_EPOCH || verdict == LOG_UNKNOWN_EPOCH;
}

static void set_note(struct journal_thread *t, struct log_progress *p, const struct log_id *log)
{
    const struct journal *journal = &t->config.journal;
    GW_CLEANUP(gw_buf_done) struct gw_buf note;
    gw_buf_init(&note, LOG_PROGRESS_NOTE_MAX - 1);
    uint64_t size;
    if (journal->ops->checkpoint_get(journal->self, log, &size, &note, NULL) == GW_OK)
        (void)snprintf(p->note, sizeof(p->note), "%s", gw_buf_str(&note));
}

static void tell_item(struct journal_thread *t, struct telling *telling, const struct journal_item *item)
{
    if (item->kind == JOURNAL_AUDIT && item->audit_n > telling->audit_n)
        telling->audit_n = item->audit_n;
    if (item->kind != JOURNAL_BATCH || item->verdict == LOG_EPOCH_LIMIT)
        return;
    struct log_progress *p = tell_about(telling, &item->device);
    if (item->has_position)
        set_position(p, &item->after);
    if (!is_gap(item->verdict))
        p->gap = false;
    if (item->verdict == LOG_EQUIVOCATION)
        set_note(t, p, &item->after.log);
}

/* Said and counted once: its device goes on sending. */
static void note_damaged(struct journal_thread *t, const struct gw_device_id *device, const struct gw_err *err)
{
    for (size_t i = 0; i < t->damaged_count; i++)
        if (gw_device_id_eq(&t->damaged[i], device))
            return;
    if (t->damaged_count < JOURNAL_THREAD_DAMAGED)
        t->damaged[t->damaged_count++] = *device;
    gw_log(GW_LOG_ERROR, PART, "the log of %s is damaged and takes nothing more: %s",
           device->text[0] ? device->text : "the gateway", gw_err_text(err));
    (void)pthread_mutex_lock(&t->stats_lock);
    t->stats.damaged++;
    t->stats.damaged_by = *device;
    (void)pthread_mutex_unlock(&t->stats_lock);
}

static enum gw_rc commit_run(struct journal_thread *t, struct journal_item *items, size_t count, size_t *ret_taken,
                             struct telling *telling)
{
    const struct journal *journal = &t->config.journal;
    struct gw_err err = {0};
    *ret_taken = 0;
    uint64_t begin_us = now_us();
    enum gw_rc rc = journal->ops->commit(journal->self, items, count, ret_taken, &err);
    note_time(t, now_us() - begin_us);
    if (rc == GW_CORRUPT && count == 1) { /* one damaged log harms only itself */
        note_damaged(t, &items[0].device, &err);
        return rc;
    }
    if (rc != GW_CORRUPT)
        note_commit(t, rc, items, *ret_taken, &err);
    for (size_t i = 0; !rc && i < *ret_taken; i++)
        tell_item(t, telling, &items[i]);
    return rc;
}

/* All of them; a run that fails on a damaged log is committed item by item. Any other failure ends it: what was not
 * stored is not acknowledged. Returns how many were dealt with. */
static size_t commit_items(struct journal_thread *t, struct journal_item *items, size_t count, struct telling *telling)
{
    bool singly = count == 1;
    size_t done = 0;
    while (done < count) {
        size_t taken;
        enum gw_rc rc = commit_run(t, items + done, singly ? 1 : count - done, &taken, telling);
        if (rc == GW_CORRUPT && !singly) {
            singly = true;
            continue;
        }
        if (rc && rc != GW_CORRUPT)
            break;
        done += rc ? 1 : taken;
    }
    return done;
}

/* After a commit that failed. Devices send their batches again; core hands an audit event in once and drops it when a
 * later one is durable, so these wait here, in their order, for the next try. Lines are best effort: dropped, counted.
 */
static void keep_audit(struct journal_thread *t, struct journal_entry *const entries[], size_t count)
{
    struct journal_entry *kept = gw_xalloc(count, sizeof(*kept));
    size_t kept_count = 0, dropped = 0;
    for (size_t i = 0; i < count; i++) {
        dropped += entries[i]->kind == JOURNAL_ENTRY_LINE;
        if (entries[i]->kind == JOURNAL_ENTRY_AUDIT)
            kept[kept_count++] = *entries[i];
    }
    if (journal_queue_put_back(t->queue, kept, kept_count)) {
        for (size_t i = 0; i < count; i++)
            if (entries[i]->kind == JOURNAL_ENTRY_AUDIT)
                entries[i]->bytes = NULL;
    }
    free(kept);
    (void)pthread_mutex_lock(&t->stats_lock);
    t->stats.dropped += dropped;
    (void)pthread_mutex_unlock(&t->stats_lock);
}

/* ---- hello and checkpoints --------------------------------------------------------------------------------------- */

static void say_hello(struct journal_thread *t, const struct journal_entry *entry, struct telling *telling)
{
    const struct journal *journal = &t->config.journal;
    struct gw_err err = {0};
    struct journal_position at;
    enum gw_rc rc = journal->ops->position(journal->self, &entry->device, &at, &err);
    if (rc && rc != GW_NOT_FOUND) {
        gw_log(GW_LOG_WARN, PART, "%s: %s", entry->device.text, gw_err_text(&err));
        return;
    }
    struct log_progress *p = tell_about(telling, &entry->device);
    p->gap = false;
    if (rc)
        return;
    set_position(p, &at);
    set_note(t, p, &at.log);
}

/* The signed note of one signing; false when keyd refused it. */
static bool make_note(struct journal_thread *t, const struct journal_signing *s, struct gw_buf *note)
{
    if (s->checkpoint.rc) {
        (void)pthread_mutex_lock(&t->stats_lock);
        t->stats.checkpoints_refused++;
        t->stats.checkpoints_denied += s->checkpoint.rc == GW_DENIED;
        (void)pthread_mutex_unlock(&t->stats_lock);
        gw_log(s->checkpoint.rc == GW_DENIED ? GW_LOG_ERROR : GW_LOG_WARN, PART,
               "keyd did not sign the checkpoint of %s at %llu: %s", s->checkpoint.origin,
               (unsigned long long)s->checkpoint.size, gw_rc_text(s->checkpoint.rc));
        return false;
    }
    gw_buf_init(note, LOG_PROGRESS_NOTE_MAX - 1);
    enum gw_rc rc = checkpoint_format(s->checkpoint.origin, s->checkpoint.size, &s->checkpoint.root, note);
    if (!rc)
        rc = gw_buf_add_str(note, "\n");
    return !rc && !note_add_signature(note, t->key.name, t->key.key_id,
                                      gw_view_make(s->checkpoint.signature, sizeof(s->checkpoint.signature)));
}

/* A device hears of checkpoints of its current log only. */
static void tell_checkpoint(struct journal_thread *t, struct telling *telling, const struct journal_signing *s,
                            struct gw_buf *note)
{
    const struct journal *journal = &t->config.journal;
    struct journal_position at;
    if (s->log.kind != LOG_DEVICE || journal->ops->position(journal->self, &s->log.device, &at, NULL) ||
        at.log.epoch != s->log.epoch)
        return;
    struct log_progress *p = tell_about(telling, &s->log.device);
    p->gap = false;
    set_position(p, &at);
    (void)snprintf(p->note, sizeof(p->note), "%s", gw_buf_str(note));
}

static void keep_signed(struct journal_thread *t, const struct journal_entry *entry, struct telling *telling)
{
    const struct journal_signing *signings = (const struct journal_signing *)(const void *)entry->bytes;
    size_t count = (size_t)entry->n, kept = 0;
    t->signing = false;
    struct gw_buf *notes = gw_xalloc(count, sizeof(*notes));
    struct journal_checkpoint *rows = gw_xalloc(count, sizeof(*rows));
    size_t *of = gw_xalloc(count, sizeof(*of)); /* which of the signings became rows[i] */
    for (size_t i = 0; i < count; i++) {
        if (!make_note(t, &signings[i], &notes[kept]))
            continue;
        rows[kept] =
            (struct journal_checkpoint){signings[i].log, signings[i].checkpoint.size, gw_buf_view(&notes[kept])};
        of[kept++] = i;
    }
    struct gw_err err = {0};
    const struct journal *journal = &t->config.journal;
    enum gw_rc rc = kept ? journal->ops->checkpoint_put(journal->self, rows, kept, entry->arrived, &err) : GW_OK;
    if (rc && !atomic_load(&t->full)) /* that the disk is full has been said */
        gw_log(GW_LOG_WARN, PART, "checkpoints: %s", gw_err_text(&err));
    for (size_t i = 0; i < kept; i++) {
        if (!rc)
            tell_checkpoint(t, telling, &signings[of[i]], &notes[i]);
        gw_buf_done(&notes[i]);
    }
    (void)pthread_mutex_lock(&t->stats_lock);
    t->stats.checkpoints += rc ? 0 : kept;
    (void)pthread_mutex_unlock(&t->stats_lock);
    free(of);
    free(rows);
    free(notes);
}

struct gathering {
    struct journal_thread *t;
    struct journal_signing *signings;
    size_t count;
};

static bool gather(void *ctx, const struct journal_log *log)
{
    struct gathering *g = ctx;
    struct journal_signing *s = &g->signings[g->count];
    s->log = log->id;
    s->checkpoint.size = log->next;
    if (log_id_origin(&log->id, g->t->config.gateway, s->checkpoint.origin) == GW_OK)
        g->count++;
    return g->count < SIGN_MAX;
}

/* Hands logs that grew to a worker, once a second, one round at a time. */
static void sign_round(struct journal_thread *t)
{
    struct gw_mono now = gw_mono_now();
    if (t->signing || now.ms < t->next_sign.ms)
        return;
    t->next_sign.ms = now.ms + JOURNAL_THREAD_SIGN_MS;
    struct gathering g = {.t = t, .signings = gw_xalloc(SIGN_MAX, sizeof(*g.signings))};
    const struct journal *journal = &t->config.journal;
    struct gw_err err = {0};
    enum gw_rc rc = journal->ops->unsigned_each(journal->self, SIGN_MAX, gather, &g, &err);
    size_t kept = 0;
    for (size_t i = 0; !rc && i < g.count; i++) { /* a log whose root cannot be told is left out, the others go on */
        struct journal_signing s = g.signings[i];
        if (journal->ops->root_at(journal->self, &s.log, s.checkpoint.size, &s.checkpoint.root, &err) == GW_OK)
            g.signings[kept++] = s;
    }
    g.count = kept;
    if (rc)
        gw_log(GW_LOG_WARN, PART, "logs to sign: %s", gw_err_text(&err));
    if (!rc && g.count && t->config.sign(t->config.sign_ctx, g.signings, g.count))
        t->signing = true;
    else
        free(g.signings);
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

/* A failure costs nothing but room: the next time takes these rows too. */
static void forget_growth(struct journal_thread *t, const struct journal_entry *entry)
{
    const struct journal *journal = &t->config.journal;
    struct gw_err err = {0};
    if (journal->ops->grown_forget(journal->self, (const struct journal_feed *)(const void *)entry->bytes, &err) &&
        !atomic_load(&t->full))
        gw_log(GW_LOG_WARN, PART, "the order of appends: %s", gw_err_text(&err));
}

/* False when a commit failed: the next one should not follow at once. */
static bool take_entries(struct journal_thread *t, struct journal_entry *entries, size_t count)
{
    struct telling telling = take_late(t);
    struct journal_item *items = gw_xalloc(count, sizeof(*items));
    struct journal_entry **of = gw_xalloc(count, sizeof(struct journal_entry *)); /* what became items[i] */
    size_t item_count = 0;
    for (size_t i = 0; i < count; i++)
        if (entries[i].kind <= JOURNAL_ENTRY_AUDIT && to_item(t, &entries[i], &items[item_count]))
            of[item_count++] = &entries[i];
    size_t done = commit_items(t, items, item_count, &telling);
    if (done < item_count)
        keep_audit(t, of + done, item_count - done);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].kind == JOURNAL_ENTRY_HELLO)
            say_hello(t, &entries[i], &telling);
        else if (entries[i].kind == JOURNAL_ENTRY_SIGNED)
            keep_signed(t, &entries[i], &telling);
        else if (entries[i].kind == JOURNAL_ENTRY_FORGET)
            forget_growth(t, &entries[i]);
    }
    tell(t, &telling);
    for (size_t i = 0; i < count; i++)
        free(entries[i].bytes);
    free(of);
    free(items);
    return done == item_count;
}

static void tell_late(struct journal_thread *t)
{
    struct telling late = take_late(t);
    tell(t, &late);
}

static void *run(void *arg)
{
    struct journal_thread *t = arg;
    struct journal_entry *entries = gw_xalloc(JOURNAL_COMMIT_ITEMS, sizeof(*entries));
    for (;;) {
        size_t count =
            journal_queue_take(t->queue, entries, JOURNAL_COMMIT_ITEMS, JOURNAL_COMMIT_BYTES, JOURNAL_THREAD_SIGN_MS);
        if (count && !take_entries(t, entries, count))
            journal_queue_rest(t->queue, RETRY_MS);
        else if (!count && journal_queue_closed(t->queue))
            break;
        else if (!count)
            tell_late(t);
        sign_round(t);
    }
    free(t->late.progress);
    free(entries);
    return NULL;
}

enum gw_rc journal_thread_new(const struct journal_thread_config *config, struct journal_thread **ret_thread,
                              struct gw_err *err)
{
    struct journal_thread *t = gw_xalloc(1, sizeof(*t));
    t->config = *config;
    (void)pthread_mutex_init(&t->stats_lock, NULL);
    t->queue = journal_queue_new(JOURNAL_THREAD_BYTES, JOURNAL_THREAD_ITEMS);
    enum gw_rc rc = note_key_make(config->hash, config->gateway, config->log_pub, &t->key);
    if (rc)
        rc = gw_err_set(err, rc, "log key of %s", config->gateway);
    else if (pthread_create(&t->thread, NULL, run, t))
        rc = gw_err_set(err, GW_IO, "the journal's thread could not be started");
    t->started = rc == GW_OK;
    if (rc) {
        journal_thread_free(t);
        return rc;
    }
    *ret_thread = t;
    return GW_OK;
}

void journal_thread_stop(struct journal_thread *t)
{
    if (!t || !t->started)
        return;
    journal_queue_close(t->queue);
    (void)pthread_join(t->thread, NULL);
    t->started = false;
}

void journal_thread_free(struct journal_thread *t)
{
    if (!t)
        return;
    journal_thread_stop(t);
    journal_queue_free(t->queue);
    (void)pthread_mutex_destroy(&t->stats_lock);
    free(t);
}
