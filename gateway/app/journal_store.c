#include <stdlib.h>
#include <time.h>

#include "gw_cleanup.h"
#include "gw_log.h"
#include "gw_utf8.h"
#include "journal_thread_internal.h"
#include "log_batch.h"
#include "log_start.h"

/* core says it, summed over a minute: no device fills the log. */
static void note_malformed(struct journal_thread *t, const struct gw_device_id *device, const char *what,
                           const struct gw_err *err)
{
    (void)pthread_mutex_lock(&t->stats_lock);
    t->stats.malformed++;
    t->stats.malformed_by = *device;
    (void)gw_utf8_clean(gw_view_str(gw_err_text(err)), t->stats.malformed_why, sizeof(t->stats.malformed_why));
    (void)pthread_mutex_unlock(&t->stats_lock);
    gw_log(GW_LOG_DEBUG, PART, "%s sent %s: %s", device->text, what, gw_err_text(err));
}

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
        note_malformed(t, &entry->device, "a log batch that is none", &err);
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
        t->stats.unread += items[i].unread;
        t->stats.bytes += items[i].kind == JOURNAL_BATCH ? items[i].bundle.len : items[i].text.len;
    }
    (void)pthread_mutex_unlock(&t->stats_lock);
    atomic_store(&t->full, rc != GW_OK);
    outage_note_writing(&t->writing, PART, "journal.db", rc, err);
}

void journal_store_look(struct journal_thread *t)
{
    if (!atomic_load(&t->full))
        outage_note_writing(&t->writing, PART, "journal.db", GW_OK, NULL);
}

static bool is_gap(enum log_verdict verdict)
{
    return verdict == LOG_GAP || verdict == LOG_CLOSED_EPOCH || verdict == LOG_UNKNOWN_EPOCH;
}

static void tell_item(struct journal_thread *t, struct telling *telling, const struct journal_item *item)
{
    if (item->kind == JOURNAL_AUDIT && item->audit_n > telling->audit_n)
        telling->audit_n = item->audit_n;
    if (item->kind != JOURNAL_BATCH || item->verdict == LOG_EPOCH_LIMIT)
        return;
    struct log_progress *p = journal_tell_about(telling, &item->device);
    if (item->has_position)
        journal_tell_position(p, &item->after);
    if (!is_gap(item->verdict))
        p->gap = false;
    if (item->verdict == LOG_EQUIVOCATION)
        journal_tell_note(t, p, &item->after.log);
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

/* Is it the fault of one item, of its log or of its bytes? Then it must harm no other one. */
static bool is_of_an_item(enum gw_rc rc)
{
    return rc == GW_CORRUPT || rc == GW_INVALID || rc == GW_TOO_BIG;
}

static void note_item(struct journal_thread *t, const struct journal_item *item, const struct gw_err *err)
{
    if (err->rc == GW_CORRUPT)
        note_damaged(t, &item->device, err);
    else if (item->kind == JOURNAL_AUDIT)
        gw_log(GW_LOG_ERROR, PART, "an event of the gateway itself is refused and lost: %s", gw_err_text(err));
    else
        note_malformed(t, &item->device, "what the journal refuses", err);
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
    if (is_of_an_item(rc) && count == 1) {
        note_item(t, &items[0], &err);
        return rc;
    }
    if (!is_of_an_item(rc))
        note_commit(t, rc, items, *ret_taken, &err);
    for (size_t i = 0; !rc && i < *ret_taken; i++)
        tell_item(t, telling, &items[i]);
    return rc;
}

/* All of them; a run that fails on a damaged log, or on bytes that the journal refuses, is committed item by item. Any
 * other failure ends it: what was not stored is not acknowledged. Returns how many were dealt with. */
static size_t commit_items(struct journal_thread *t, struct journal_item *items, size_t count, struct telling *telling)
{
    bool singly = count == 1;
    size_t done = 0;
    while (done < count) {
        size_t taken;
        enum gw_rc rc = commit_run(t, items + done, singly ? 1 : count - done, &taken, telling);
        if (is_of_an_item(rc) && !singly) {
            singly = true;
            continue;
        }
        if (rc && !is_of_an_item(rc))
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

bool journal_store(struct journal_thread *t, struct journal_entry *entries, size_t count, struct telling *telling)
{
    struct journal_item *items = gw_xalloc(count, sizeof(*items));
    struct journal_entry **of = gw_xalloc(count, sizeof(struct journal_entry *)); /* what became items[i] */
    size_t item_count = 0;
    for (size_t i = 0; i < count; i++)
        if (entries[i].kind <= JOURNAL_ENTRY_AUDIT && to_item(t, &entries[i], &items[item_count]))
            of[item_count++] = &entries[i];
    size_t done = commit_items(t, items, item_count, telling);
    if (done < item_count)
        keep_audit(t, of + done, item_count - done);
    free(of);
    free(items);
    return done == item_count;
}
