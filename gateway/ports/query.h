/*
 * query: a read of the security logs, or of the rows that fit a filter, as a value. The adapter that was asked fills
 * it; core says whether the asker may, and hands it to the query threads, each with a read-only journal and store of
 * its own, so that no search holds up a decision. Every query gets one answer, also when it fails. Implementation:
 * gateway/app/query_threads.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "asker.h"
#include "filter.h"
#include "journal.h"
#include "live.h"
#include "store.h"
#include "user.h"

#define QUERY_TEXT_MAX   256                /* bytes that a search looks for */
#define QUERY_EVENTS_MAX 1000               /* events or logs of one answer */
#define QUERY_BYTES_MAX  (4 * 1024 * 1024)  /* of events in one answer, as JSON; always one event */
#define QUERY_SEARCH_MS  2000               /* a search ends by then, and tells where it goes on */
#define QUERY_TILE_MAX   (16 * 1024 * 1024) /* the largest entry bundle: 256 of JOURNAL_EVENT_MAX */
#define QUERY_QUEUE_MAX  1024               /* queries that wait; one more is GW_AGAIN */
#define QUERY_PERSON_MAX 64                 /* of one actor */
#define QUERY_ROWS_MS    200                /* rows are looked at for so long; the answer tells where it goes on */
#define QUERY_ROWS_MAX   500                /* rows of one answer */

enum query_kind {
    QUERY_LOGS = 1,   /* device or all; behind `log` when has_log; limit */
    QUERY_EVENTS,     /* log, from, limit */
    QUERY_SEARCH,     /* filter and text, cursor, limit */
    QUERY_CHECKPOINT, /* log */
    QUERY_TILE,       /* log, tile */
    QUERY_EVIDENCE,   /* log */
    QUERY_TAIL,       /* what came behind `feed`; with an epoch of 0 nothing, but where to begin; limit */
    QUERY_ROWS,       /* rows, limit */
};

/* Where a search goes on: behind `last` when has_last, in the row that follows `at`. */
struct query_cursor {
    struct journal_cursor at;
    bool has_last;
    struct log_id last_log;
    uint64_t last_seq;
};

/* Rows of one topic, as people see them, that fit. */
struct query_rows {
    enum live_topic topic; /* DEVICES, RELEASES, ROLLOUTS or ALERTS */
    struct filter filter;
    char behind[LIVE_KEY_MAX];  /* id of the row to go on behind, "": from the start; ALERTS: alerts.after_* instead */
    struct store_alerts alerts; /* ALERTS */
};

struct query {
    enum query_kind kind;
    struct asker asker;                             /* filled by core, but for ASKER_LIVE */
    char person[sizeof(((struct actor *)0)->name)]; /* by core: actors are served in turn. "": nobody's */
    bool has_device;
    struct gw_device_id device; /* LOGS */
    bool has_log;
    struct log_id log;
    uint64_t from;
    uint32_t limit; /* 1 to QUERY_EVENTS_MAX */
    struct tile_path tile;
    struct journal_filter filter; /* its text is set by the query thread from the following */
    uint8_t text[QUERY_TEXT_MAX];
    size_t text_len;
    struct query_cursor cursor;
    struct journal_feed feed;
    struct query_rows rows;
};
