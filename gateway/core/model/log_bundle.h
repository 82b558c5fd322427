/*
 * log_bundle: a run of log events as they travel and as they are kept: (u16 length, big-endian ‖ bytes) repeated, which
 * is exactly an entry bundle of C2SP tlog-tiles. Opaque bytes: nothing here looks into an event.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_buf.h"
#include "gw_rc.h"
#include "gw_view.h"

#define LOG_EVENT_MAX       65535 /* bytes of one event, by the format */
#define LOG_BATCH_COUNT_MAX 1024  /* events of one batch */
#define LOG_BATCH_BYTES_MAX 65536 /* one batch with its header */
#define LOG_SEQ_MAX         ((uint64_t)INT64_MAX)

/* What a device says about a batch: which of its logs, and where it begins. */
struct log_batch_head {
    uint64_t epoch;
    uint64_t first; /* sequence number of the first event: its leaf index */
    uint32_t count; /* 1 to LOG_BATCH_COUNT_MAX */
};

/* GW_OK when the bytes are exactly `count` events, GW_INVALID otherwise. */
GW_MUST_CHECK enum gw_rc log_bundle_check(struct gw_view bundle, uint32_t count);
/* Takes the next event off the front of *rest: `while (log_bundle_next(&rest, &event))`. False at the end and at the
 * first event that is cut short (what log_bundle_check() has passed holds none). */
bool log_bundle_next(struct gw_view *rest, struct gw_view *ret_event);
/* Cuts *rest behind its first `count` events and returns those; fewer when there are fewer. */
struct gw_view log_bundle_take(struct gw_view *rest, uint32_t count);
/* GW_TOO_BIG for an event above LOG_EVENT_MAX or a full buffer. */
enum gw_rc log_bundle_add(struct gw_buf *bundle, struct gw_view event);
