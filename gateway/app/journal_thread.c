#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_log.h"
#include "journal_thread_internal.h"

#define RETRY_MS 500 /* after a commit that failed */

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
        t->stats.dropped += kind != JOURNAL_ENTRY_HELLO;
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
    if (text.len > JOURNAL_EVENT_MAX)
        text.len = JOURNAL_EVENT_MAX;
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
    journal_queue_force(t->queue, &entry); /* at most one page is under way: it always has its place */
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
    struct telling telling = journal_tell_late(t);
    bool stored = journal_store(t, entries, count, &telling);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].kind == JOURNAL_ENTRY_HELLO)
            journal_tell_hello(t, &entries[i], &telling);
        else if (entries[i].kind == JOURNAL_ENTRY_SIGNED)
            journal_sign_keep(t, &entries[i], &telling);
        else if (entries[i].kind == JOURNAL_ENTRY_FORGET)
            forget_growth(t, &entries[i]);
    }
    journal_tell(t, &telling);
    for (size_t i = 0; i < count; i++)
        free(entries[i].bytes);
    return stored;
}

static void tell_late(struct journal_thread *t)
{
    struct telling late = journal_tell_late(t);
    journal_tell(t, &late);
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
        journal_store_look(t);
        journal_sign_go(t);
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
