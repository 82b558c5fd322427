/*
 * flood: token buckets per device, so that no device can fill the broker's queues, the journal's inbox or the disk.
 *
 * Two currencies, messages and payload bytes; each bucket holds some seconds of its rate, so that a device may catch
 * up with full log batches after an outage. What goes into the logs for good has a bucket of its own, which holds a
 * day. Values only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_time.h"

#define FLOOD_RATE_MESSAGES    200               /* default, per second */
#define FLOOD_RATE_BYTES       (4 * 1024 * 1024) /* default, per second */
#define FLOOD_RATE_MAX         (INT64_C(1) << 30)
#define FLOOD_BURST_MESSAGES_S 10 /* a full bucket holds this many seconds of the message rate: 2,000 by default */
#define FLOOD_BURST_BYTES_S    8  /* and of the byte rate: 32 MiB by default */

#define FLOOD_LOG_MIB_DAY     2048 /* default */
#define FLOOD_LOG_MIB_DAY_MAX 65536
#define FLOOD_LOG_LEAST       256 /* bytes that a message costs at least: about what it takes beside its payload */

struct flood_limits {
    int64_t messages; /* per second */
    int64_t bytes;    /* per second */
    int64_t log_day;  /* bytes that may go into the logs in a day */
};

/* Zeroed means full. Tokens are thousandths, so that a millisecond's refill is whole. */
struct flood_bucket {
    bool used;
    int64_t messages_milli;
    int64_t bytes_milli;
    struct gw_mono filled;
    bool log_used;
    int64_t log_milli;
    struct gw_mono log_filled;
};

/* Takes one message of this size; false when the bucket does not hold it (then nothing is taken). */
bool flood_take(struct flood_bucket *bucket, const struct flood_limits *limits, struct gw_mono now, size_t bytes);
/* The same for what will be kept in the logs. */
bool flood_take_log(struct flood_bucket *bucket, const struct flood_limits *limits, struct gw_mono now, size_t bytes);
