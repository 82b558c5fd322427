/*
 * journal_queue: what waits for the journal thread, bounded by bytes and by number. Many threads put, one takes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_id.h"
#include "gw_rc.h"
#include "gw_time.h"

enum journal_entry_kind {
    JOURNAL_ENTRY_BATCH = 1,
    JOURNAL_ENTRY_LINE,
    JOURNAL_ENTRY_AUDIT,
    JOURNAL_ENTRY_HELLO,
    JOURNAL_ENTRY_SIGNED,
    JOURNAL_ENTRY_FORGET, /* bytes: a struct journal_feed */
};

struct journal_entry {
    enum journal_entry_kind kind;
    struct gw_device_id device;
    struct gw_wall arrived;
    int64_t n;
    uint8_t *bytes; /* owned, malloc(3) */
    size_t len;
};

struct journal_queue;

struct journal_queue *journal_queue_new(size_t max_bytes, size_t max_entries);
/* With all that is in it. */
void journal_queue_free(struct journal_queue *q);
/* Takes entry->bytes over; GW_AGAIN when a ceiling is met, GW_CANCELLED after close (the caller keeps the bytes). */
GW_MUST_CHECK enum gw_rc journal_queue_put(struct journal_queue *q, const struct journal_entry *entry);
/* The same without ceilings, also after close: for what comes back from our own threads. */
void journal_queue_force(struct journal_queue *q, const struct journal_entry *entry);
/* Waits up to wait_ms for the first; then takes what is there, at most `max` entries and about max_bytes. 0: nothing
 * came. */
size_t journal_queue_take(struct journal_queue *q, struct journal_entry *out, size_t max, size_t max_bytes,
                          int64_t wait_ms);
/* Puts entries that were taken back in front of all others, in their order, past the ceilings (they had their places a
 * moment ago). False, and nothing is taken over, after close: nobody would wait for them any more. */
GW_MUST_CHECK bool journal_queue_put_back(struct journal_queue *q, const struct journal_entry *entries, size_t count);
/* Waits this long, whatever comes in; not after close. */
void journal_queue_rest(struct journal_queue *q, int64_t wait_ms);
size_t journal_queue_bytes(struct journal_queue *q);
void journal_queue_close(struct journal_queue *q); /* take no longer waits */
bool journal_queue_closed(struct journal_queue *q);
