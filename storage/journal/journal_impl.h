/*
 * journal_impl: what the files of storage/journal share among themselves.
 *
 * Nothing here begins or ends a transaction but the port's own functions: the writing ones one transaction, the reading
 * ones one snapshot (journal_snapshot_*), so that a log's row, its bundles and its inbox rows belong together.
 */
#pragma once

#include <zstd.h>

#include "gw_cleanup.h"
#include "journal_db.h"
#include "merkle_range.h"
#include "sql_journal.h"

#define JOURNAL_GATEWAY     "gateway" /* device column of the gateway's own logs; no device id can be this */
#define JOURNAL_BUNDLE      TILE_WIDTH
#define JOURNAL_BUNDLE_MAX  ((size_t)JOURNAL_BUNDLE * (2 + LOG_EVENT_MAX)) /* bytes of one bundle, uncompressed */
#define JOURNAL_ZSTD_LEVEL  3
#define JOURNAL_RUN_BYTES   10 /* one run of arrivals */
#define JOURNAL_NODE_LEVELS 7  /* tile levels 1 to 7 */

struct journal_db {
    struct db *db;
    const struct gw_sha256_ops *hash;
    enum event_sev (*severity)(struct gw_view event);
    uint64_t epoch;       /* of line, audit and root logs */
    int64_t growth;       /* number of the last append, journal_growth.c */
    uint64_t seal_credit; /* events that the open transaction may still seal, journal_seal.c */
    ZSTD_CCtx *zstd_out;
    ZSTD_DCtx *zstd_in;
};

/* One row of `log`. */
struct journal_row {
    char device[GW_DEVICE_ID_MAX + 1];
    int64_t n;
    struct journal_log log;
    uint64_t sealed; /* bundles */
    uint64_t bundle_raw_bytes, bundle_bytes;
    struct merkle_range range;
};

/* --- journal_row.c: rows of log and source */
/* What its column `device` says. Points into the id, or is static. */
const char *journal_row_device(const struct log_id *id);
GW_MUST_CHECK enum gw_rc journal_row_find(struct journal_db *j, const struct log_id *id, struct journal_row *ret_row,
                                          struct gw_err *err);
GW_MUST_CHECK enum gw_rc journal_row_get(struct journal_db *j, const char *device, int64_t n,
                                         struct journal_row *ret_row, struct gw_err *err);
/* Reads the current row of a statement over log's columns. */
GW_MUST_CHECK enum gw_rc journal_row_read(struct db_stmt *s, struct journal_row *ret_row, struct gw_err *err);
/* Makes an empty log, numbered behind the device's others. */
GW_MUST_CHECK enum gw_rc journal_row_new(struct journal_db *j, const struct log_id *id, struct gw_wall now,
                                         struct journal_row *ret_row, struct gw_err *err);
/* Finds a log of the gateway's own numbering (LINE, AUDIT, ROOT), or makes it. */
GW_MUST_CHECK enum gw_rc journal_row_own(struct journal_db *j, enum log_kind kind, const struct gw_device_id *device,
                                         struct gw_wall now, struct journal_row *ret_row, struct gw_err *err);
GW_MUST_CHECK enum gw_rc journal_row_save(struct journal_db *j, const struct journal_row *row, struct gw_err *err);
void journal_row_position(struct journal_db *j, const struct journal_row *row, struct journal_position *ret_position);

/* --- journal_append.c */
/* Adds `count` checked events to an open log and seals what is full; changes and saves *row. */
GW_MUST_CHECK enum gw_rc journal_append(struct journal_db *j, struct journal_row *row, struct gw_view bundle,
                                        uint32_t count, struct gw_wall arrived, struct gw_err *err);
/* --- journal_growth.c */
/* At the beginning of a transaction: the number of the last append. */
GW_MUST_CHECK enum gw_rc journal_growth_begin(struct journal_db *j, struct gw_err *err);
/* `count` events are appended to *row, behind the row's next. */
GW_MUST_CHECK enum gw_rc journal_growth_note(struct journal_db *j, const struct journal_row *row, uint32_t count,
                                             struct gw_err *err);
/* --- journal_seal.c */
/* At the beginning of a transaction. Each transaction may seal one bundle, and twice as many events as it appends: so
 * logs that fill up together do not make one commit slow, and what waits for sealing never piles up. */
void journal_seal_begin(struct journal_db *j);
/* Turns every 256 events of the inbox into a bundle, as far as the credit goes; changes *row, does not save it. */
GW_MUST_CHECK enum gw_rc journal_seal(struct journal_db *j, struct journal_row *row, struct gw_err *err);

/* --- journal_events.c */
/* Walks events [from, to) of one log within the caller's transaction. */
GW_MUST_CHECK enum gw_rc journal_events(struct journal_db *j, const struct journal_row *row,
                                        const struct journal_span *span, journal_event_fn *fn, void *ctx,
                                        struct gw_err *err);
/* A bundle's bytes from columns (raw_bytes, arrivals, z) that begin at `column`. */
GW_MUST_CHECK enum gw_rc journal_bundle_open(struct journal_db *j, struct db_stmt *s, int column,
                                             struct gw_buf *ret_raw, struct gw_err *err);
/* Arrival of the event with this place in the bundle, from its runs; walks forward only. */
struct journal_arrivals {
    struct gw_reader in;
    uint32_t left;
    int64_t ms;
};
GW_MUST_CHECK enum gw_rc journal_arrivals_next(struct journal_arrivals *a, struct gw_wall *ret_arrived);

/* --- journal_read.c: the port's readers and their snapshot */
GW_MUST_CHECK enum gw_rc journal_snapshot_begin(struct journal_db *j, struct gw_err *err);
void journal_snapshot_end(struct journal_db **j); /* for GW_CLEANUP; accepts a pointer to NULL */

/* --- the port's functions, by file */
enum gw_rc journal_commit(void *self, struct journal_item *items, size_t count, size_t *ret_taken, struct gw_err *err);
enum gw_rc journal_checkpoint_put(void *self, const struct journal_checkpoint *notes, size_t count, struct gw_wall now,
                                  struct gw_err *err);
enum gw_rc journal_checkpoint_get(void *self, const struct log_id *log, uint64_t *ret_size, struct gw_buf *ret_note,
                                  struct gw_err *err);
enum gw_rc journal_unsigned_each(void *self, const struct log_id *after, journal_log_fn *fn, void *ctx,
                                 struct gw_err *err);
enum gw_rc journal_position(void *self, const struct gw_device_id *device, struct journal_position *ret_position,
                            struct gw_err *err);
enum gw_rc journal_root_at(void *self, const struct log_id *log, uint64_t size, struct gw_sha256 *ret_root,
                           struct gw_err *err);
enum gw_rc journal_log_each(void *self, const struct gw_device_id *device, journal_log_fn *fn, void *ctx,
                            struct gw_err *err);
enum gw_rc journal_read(void *self, const struct journal_span *span, journal_event_fn *fn, void *ctx,
                        struct gw_err *err);
enum gw_rc journal_search(void *self, const struct journal_filter *filter, struct journal_cursor *cursor,
                          journal_event_fn *fn, void *ctx, struct gw_err *err);
enum gw_rc journal_grown(void *self, struct journal_feed *feed, journal_event_fn *fn, void *ctx, struct gw_err *err);
enum gw_rc journal_grown_end(void *self, struct journal_feed *ret_end, struct gw_err *err);
enum gw_rc journal_grown_forget(void *self, const struct journal_feed *feed, struct gw_err *err);
enum gw_rc journal_prove_inclusion(void *self, const struct log_id *log, uint64_t index, uint64_t size,
                                   struct merkle_proof *ret_proof, struct gw_err *err);
enum gw_rc journal_prove_consistency(void *self, const struct log_id *log, uint64_t old_size, uint64_t new_size,
                                     struct merkle_proof *ret_proof, struct gw_err *err);
enum gw_rc journal_tile(void *self, const struct log_id *log, const struct tile_path *path, struct gw_buf *ret_bytes,
                        struct gw_err *err);
enum gw_rc journal_evidence(void *self, const struct log_id *log, struct log_batch_head *ret_head,
                            struct gw_buf *ret_bundle, struct gw_err *err);
enum gw_rc journal_stats_get(void *self, struct journal_stats *ret_stats, struct gw_err *err);
