/*
 * flood: a token bucket per device, so that no device can fill the broker's queues or the journal's inbox.
 *
 * Two currencies, messages and payload bytes; each bucket holds some seconds of its rate, so that a device may catch
 * up with full log batches after an outage. Values only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_time.h"

#define FLOOD_RATE_MESSAGES    200               /* default, per second */
#define FLOOD_RATE_BYTES       (4 * 1024 * 1024) /* default, per second */
#define FLOOD_RATE_MAX         INT64_C(1000000000)
#define FLOOD_BURST_MESSAGES_S 10 /* a full bucket holds this many seconds of the message rate: 2,000 by default */
#define FLOOD_BURST_BYTES_S    8  /* and of the byte rate: 32 MiB by default */

struct flood_limits {
    int64_t messages; /* per second */
    int64_t bytes;    /* per second */
};

/* Zeroed means full. Tokens are thousandths, so that a millisecond's refill is whole. */
struct flood_bucket {
    bool used;
    int64_t messages_milli;
    int64_t bytes_milli;
    struct gw_mono filled;
};

/* Takes one message of this size; false when the bucket does not hold it (then nothing is taken). */
bool flood_take(struct flood_bucket *bucket, const struct flood_limits *limits, struct gw_mono now, size_t bytes);
