/*
 * journal: the security logs, as the inside sees them: append-only logs of opaque events, each with its tree. Domain
 * values only; no SQL, cursor or handle of a database crosses this line. Implementation: storage/journal.
 *
 * Writing is one call, commit(): a run of items becomes durable in one transaction, or none of it does. Nothing may be
 * acknowledged before commit has returned GW_OK; after it everything that a verdict says is stored survives power loss.
 * Items are applied in order, so a later one sees what an earlier one of the same run has stored.
 *
 * Thread: a journal belongs to one thread. Exactly one is writable (the journal thread's); read-only ones (query and
 * worker threads) answer GW_DENIED to commit and checkpoint_put. What a reader sees was committed. No call of a reader
 * holds a snapshot when it returns.
 *
 * Errors every call may give: GW_IO, GW_NO_SPACE (disk full: nothing of the run is stored, try again later),
 * GW_CORRUPT, GW_DENIED. A damaged log (GW_CORRUPT) fails the run that it takes part in; the rest of that run can be
 * committed apart from it, item by item. Visitors return false to stop; what they are shown is borrowed until they
 * return, and they do not call the journal.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event.h"
#include "gw_err.h"
#include "gw_hash.h"
#include "log_accept.h"
#include "log_bundle.h"
#include "log_id.h"
#include "merkle_proof.h"
#include "tile_path.h"

#define JOURNAL_COMMIT_BYTES ((size_t)4 << 20) /* one commit takes no more than this, but always one item */
#define JOURNAL_COMMIT_ITEMS 4096
/* Longest event; as long as one batch can carry, so that 256 of them stay below what a database keeps in one row. */
#define JOURNAL_EVENT_MAX (LOG_BATCH_BYTES_MAX - 24)
#define JOURNAL_NOTE_MAX  8192 /* one signed checkpoint */
#define JOURNAL_SLICE_MS  200  /* one call of search() ends within about this time */

enum journal_item_kind {
    JOURNAL_BATCH = 1, /* a device's batch: head, bundle, has_start */
    JOURNAL_LINE,      /* one event about a device that has no sequence number: text */
    JOURNAL_AUDIT,     /* one event of the gateway itself: text, audit_n */
};

/* Where a log stands. */
struct journal_position {
    struct log_id log;
    uint64_t next;         /* events stored */
    struct gw_sha256 root; /* over all of them */
};

struct journal_item {
    enum journal_item_kind kind;
    struct gw_device_id device; /* BATCH, LINE */
    struct gw_wall arrived;
    struct log_batch_head head; /* BATCH; checked by whoever read it off the wire */
    struct gw_view bundle;      /* BATCH: exactly head.count events */
    bool has_start;             /* BATCH: its event 0 is a well-formed log.start */
    struct gw_view text;        /* LINE, AUDIT: the event's bytes, at most JOURNAL_EVENT_MAX */
    int64_t audit_n;            /* AUDIT: rising; a number that is not above the last one is DUPLICATE */

    /* Filled by commit(), meaningless unless it returned GW_OK. */
    enum log_verdict verdict;
    uint32_t stored;               /* events of this item that are stored now */
    uint32_t unread;               /* events of old overlap, dropped without comparing */
    bool has_position;             /* false: the device has no log; the answer is epoch 0, next 0 */
    struct journal_position after; /* of the device's current log, of the line log or of the audit log */
    bool reported;                 /* log.epoch_changed, log.equivocation or log.epoch_limit went to the line log */
};

struct journal_event {
    struct log_id log;
    uint64_t seq;
    struct gw_wall arrived; /* when the gateway took it */
    struct gw_view bytes;
};
/* Sequence numbers [from, to) of one log. */
struct journal_span {
    struct log_id log;
    uint64_t from, to;
};
typedef bool journal_event_fn(void *ctx, const struct journal_event *event);

struct journal_log {
    struct log_id id;
    uint64_t next;
    uint64_t signed_size; /* of its newest checkpoint, 0 when there is none */
    bool closed;
    bool equivocated;
    struct gw_wall opened, changed;
    uint64_t raw_bytes; /* of its events, with their length fields */
};
typedef bool journal_log_fn(void *ctx, const struct journal_log *log);

/* One signed checkpoint to keep. The note's text must be that of (origin, size, root): the caller made it. */
struct journal_checkpoint {
    struct log_id log;
    uint64_t size;
    struct gw_view note;
};

struct journal_filter {
    bool has_device;
    struct gw_device_id device; /* with has_device: that device's logs and lines alone */
    bool audit;                 /* the gateway's own log instead */
    struct gw_wall from, to;    /* arrival, from ≤ t < to */
    enum event_sev min_sev;     /* EVENT_SEV_INFO for all */
    struct gw_view text;        /* bytes that the event must contain; empty for all */
};

/* Where a search goes on; zeroed to begin. Opaque to callers. */
struct journal_cursor {
    bool done;
    uint32_t stage;
    int64_t t; /* bundles come newest first */
    char device[GW_DEVICE_ID_MAX + 1];
    int64_t log, at;
};

/* How far somebody has read along the order in which logs grew. Zeroed: from the beginning. */
struct journal_feed {
    uint64_t epoch;   /* the journal's own */
    int64_t n;        /* behind the append with this number */
    uint64_t damaged; /* appends that could not be read and were passed over */
};

struct journal_stats {
    uint64_t logs, events, raw_bytes;
    uint64_t bundles, bundle_raw_bytes, bundle_bytes; /* sealed: before and after compression */
    uint64_t inbox_rows;                              /* batches that are not sealed yet */
    uint64_t unread;                                  /* overlap dropped without comparing */
    uint64_t evidence;
};

struct journal_ops {
    /* Takes items from the front until JOURNAL_COMMIT_BYTES or JOURNAL_COMMIT_ITEMS; *ret_taken tells how many. A
     * malformed item (a bundle that is not head.count events, an event that is too long) is GW_INVALID for the whole
     * run: it is the caller's bug. */
    enum gw_rc (*commit)(void *self, struct journal_item *items, size_t count, size_t *ret_taken, struct gw_err *err);

    /* Keeps checkpoints, the newest of each log, and makes each a leaf of the root log (but the root log's own). A
     * smaller size than the kept one is GW_CONFLICT, a size above the log's is GW_INVALID: nothing of the run stays. */
    enum gw_rc (*checkpoint_put)(void *self, const struct journal_checkpoint *notes, size_t count, struct gw_wall now,
                                 struct gw_err *err);
    /* Appends the newest note; *ret_size is what it speaks of. GW_NOT_FOUND when there is none. */
    enum gw_rc (*checkpoint_get)(void *self, const struct log_id *log, uint64_t *ret_size, struct gw_buf *ret_note,
                                 struct gw_err *err);
    /* Logs that have grown since their newest checkpoint, by name, of those that stand behind all logs of the one that
     * `after` names (NULL: all), until fn has enough. One whose own record is damaged is passed over: it must not keep
     * the others from being signed. */
    enum gw_rc (*unsigned_each)(void *self, const struct log_id *after, journal_log_fn *fn, void *ctx,
                                struct gw_err *err);

    /* The device's current log. GW_NOT_FOUND when it has none. */
    enum gw_rc (*position)(void *self, const struct gw_device_id *device, struct journal_position *ret_position,
                           struct gw_err *err);
    /* Root of the first `size` events of any log; GW_INVALID above its length, GW_NOT_FOUND for an unknown log. */
    enum gw_rc (*root_at)(void *self, const struct log_id *log, uint64_t size, struct gw_sha256 *ret_root,
                          struct gw_err *err);
    /* All logs, or those of one device; in order of device and opening. */
    enum gw_rc (*log_each)(void *self, const struct gw_device_id *device, journal_log_fn *fn, void *ctx,
                           struct gw_err *err);
    /* The events of a span, in order; fewer at the log's end. GW_NOT_FOUND for an unknown log. */
    enum gw_rc (*read)(void *self, const struct journal_span *span, journal_event_fn *fn, void *ctx,
                       struct gw_err *err);
    /* Shows events that fit, roughly newest first (by bundle; within a bundle in order), for at most about
     * JOURNAL_SLICE_MS. Call again with the same cursor until cursor->done. A visitor that returns false ends the call
     * when the bundle at hand is through, so that going on misses nothing. What is sealed between two calls may be
     * shown twice: (log, seq) tells. */
    enum gw_rc (*search)(void *self, const struct journal_filter *filter, struct journal_cursor *cursor,
                         journal_event_fn *fn, void *ctx, struct gw_err *err);

    /* Shows every event behind *feed, but those of the root log, in the order of their commits, and moves *feed along:
     * until there is nothing more, for at most about JOURNAL_SLICE_MS, or until the visitor has returned false and the
     * append at hand (at most LOG_BATCH_COUNT_MAX events of one log) is through. A feed that is not of this journal, or
     * is ahead of it, begins anew; so does one of a journal whose epoch is new. */
    enum gw_rc (*grown)(void *self, struct journal_feed *feed, journal_event_fn *fn, void *ctx, struct gw_err *err);
    /* Where a feed stands that has read all there is. */
    enum gw_rc (*grown_end)(void *self, struct journal_feed *ret_end, struct gw_err *err);
    /* Writes: nobody will ask for what lies up to this feed again. Only the order goes, the events stay. */
    enum gw_rc (*grown_forget)(void *self, const struct journal_feed *feed, struct gw_err *err);

    /* Proofs over the stored log. Errors as merkle_proof.h, and those of root_at. */
    enum gw_rc (*prove_inclusion)(void *self, const struct log_id *log, uint64_t index, uint64_t size,
                                  struct merkle_proof *ret_proof, struct gw_err *err);
    enum gw_rc (*prove_consistency)(void *self, const struct log_id *log, uint64_t old_size, uint64_t new_size,
                                    struct merkle_proof *ret_proof, struct gw_err *err);
    /* A tile or an entry bundle of C2SP tlog-tiles, as its bytes. GW_NOT_FOUND when the log is not that long. */
    enum gw_rc (*tile)(void *self, const struct log_id *log, const struct tile_path *path, struct gw_buf *ret_bytes,
                       struct gw_err *err);
    /* The batch that contradicted this log, appended as it came. GW_NOT_FOUND when there was none. */
    enum gw_rc (*evidence)(void *self, const struct log_id *log, struct log_batch_head *ret_head,
                           struct gw_buf *ret_bundle, struct gw_err *err);
    enum gw_rc (*stats)(void *self, struct journal_stats *ret_stats, struct gw_err *err);
};

struct journal {
    const struct journal_ops *ops;
    void *self;
};
