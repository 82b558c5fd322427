/*
 * journal_kit: what tests of the journal share: a fresh journal, batches made of texts, and a simple notebook of what
 * must be in it.
 */
#pragma once

#include "gw_test.h"
#include "journal.h"
#include "journal_db.h"
#include "log_bundle.h"

struct kit {
    struct journal_db *db;
    struct journal port;
    char path[256];
};

/* A journal in a fresh directory; aborts the test program when that fails. */
void kit_open(struct kit *kit);
void kit_reopen(struct kit *kit); /* closes and opens the same file */
void kit_close(struct kit *kit);
/* Another, read-only handle on the same file. */
struct journal_db *kit_reader(const struct kit *kit);
struct journal_options kit_options(enum db_mode mode);
/* "sev=N" in an event's text is its severity; without it 1. */
enum event_sev kit_severity(struct gw_view event);

struct gw_device_id kit_device(const char *name);
struct log_id kit_log(const char *device, uint64_t epoch);

/* Appends events first … first + count - 1 of a stream to bundle: "<device> <epoch> <seq>", event 0 a log.start. */
void kit_events(struct gw_buf *bundle, const char *device, uint64_t epoch, uint64_t first, uint32_t count);
/* A batch item over a bundle that was made so. */
struct journal_item kit_batch(const char *device, uint64_t epoch, uint64_t first, uint32_t count,
                              struct gw_view bundle);
/* Makes, commits and frees one such batch; the item's results are in the return value. */
struct journal_item kit_send(struct kit *kit, const char *device, uint64_t epoch, uint64_t first, uint32_t count);
/* Commits one item and returns it with its results. */
struct journal_item kit_commit(struct kit *kit, struct journal_item item);

/* How many events of [0, to) of a log, read back, are those of its stream in order. */
uint64_t kit_count_good(struct journal *port, const char *device, uint64_t epoch, uint64_t to);
/* Root of the first n events of a stream, made by a range of its own. */
struct gw_sha256 kit_root(const char *device, uint64_t epoch, uint64_t n);
