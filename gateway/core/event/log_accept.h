/*
 * log_accept: whether a batch of a device's log is taken, and from which of its events on. Pure; docs: "Log batch".
 *
 *                      first = 0 and event 0 is log.start, fewer than 4 new epochs today
 *       (no log) ──────────────────────────────────────────────► epoch A, next = 0 … ──┐ batches: next rises
 *                                                                   │  ▲──────────────┘
 *                                                unknown epoch B,   │
 *                                                the same condition ▼
 *                                    A is closed for good, epoch B, next = 0 …
 *
 * Within the current epoch, by where the batch lies against `next`:
 *
 *       first > next                        GAP         nothing stored; the answer tells next
 *       first ≤ next < first + count        ACCEPT      the events below next are skipped, the rest is stored
 *       first + count ≤ next                DUPLICATE   nothing to store; the answer tells next
 *
 * What is stored first wins. The part that overlaps the last LOG_COMPARE_MAX stored events must be equal to them; if
 * not, nothing of the batch is stored and it is evidence (EQUIVOCATION), once per epoch. What lies before that is
 * skipped unread.
 *
 * Invariants, checked after every step: next never falls within an epoch and rises by exactly what is stored; the epoch
 * changes only by NEW_EPOCH; only ACCEPT and NEW_EPOCH store; a device has at most LOG_EPOCHS_PER_DAY new epochs a day.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_rc.h"
#include "gw_time.h"
#include "log_bundle.h"

#define LOG_COMPARE_MAX    1024 /* stored events that an overlap is compared with */
#define LOG_EPOCHS_PER_DAY 4    /* new epochs of one device in one UTC day of the gateway's clock */

enum log_verdict {
    LOG_ACCEPT = 1,
    LOG_NEW_EPOCH,     /* the previous log is closed, the whole batch is stored in a new one */
    LOG_DUPLICATE,     /* stored before */
    LOG_GAP,           /* first is above next */
    LOG_CLOSED_EPOCH,  /* of a log that was closed */
    LOG_UNKNOWN_EPOCH, /* neither known nor the proper start of a new one */
    LOG_EQUIVOCATION,  /* differs from what is stored */
    LOG_EPOCH_LIMIT,   /* too many new epochs today: the one verdict that is not answered */
};
const char *log_verdict_text(enum log_verdict verdict);

/* What acceptance remembers of one device. Zeroed: it has no log yet. */
struct log_state {
    bool open; /* there is a current epoch */
    uint64_t epoch;
    uint64_t next;       /* sequence number that comes next = events stored */
    bool equivocated;    /* evidence of this epoch is kept already */
    int64_t day;         /* days since 1970 that `epochs` counts for */
    uint32_t epochs;     /* begun that day */
    bool limit_reported; /* LOG_EPOCH_LIMIT was met that day */
};

struct log_offer {
    struct log_batch_head head;
    bool known;   /* the device has or had a log of this epoch */
    bool start;   /* event 0 of the batch is a well-formed log.start */
    bool differs; /* within log_accept_compare()'s range the batch is not what is stored */
    struct gw_wall now;
};

struct log_update {
    enum log_verdict verdict;
    struct log_state next;
    uint32_t skip;      /* events at the front of the batch that are not stored */
    uint32_t unread;    /* of those, how many were not compared either */
    bool keep_evidence; /* store the batch as evidence and report log.equivocation: the first of this epoch */
    bool report_limit;  /* report that the limit was met: the first time this day */
};

/* Which sequence numbers [*ret_from, *ret_to) of a batch of the current epoch have to be compared with what is stored;
 * empty when none. */
void log_accept_compare(const struct log_state *state, const struct log_batch_head *head, uint64_t *ret_from,
                        uint64_t *ret_to);
/* Decides; always fills ret_update. GW_CORRUPT when an invariant does not hold: store nothing, answer nothing. */
GW_MUST_CHECK enum gw_rc log_accept_step(const struct log_state *state, const struct log_offer *offer,
                                         struct log_update *ret_update);
