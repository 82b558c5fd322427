#include "flood.h"

static int64_t refill(int64_t have_milli, int64_t rate, int64_t burst_s, int64_t elapsed_ms)
{
    int64_t full = rate * burst_s * 1000;
    int64_t more = rate * elapsed_ms; /* tokens per second times milliseconds = thousandths */
    return have_milli > full - more ? full : have_milli + more;
}

bool flood_take(struct flood_bucket *bucket, const struct flood_limits *limits, struct gw_mono now, size_t bytes)
{
    const int64_t longest_ms = (FLOOD_BURST_MESSAGES_S + FLOOD_BURST_BYTES_S) * 1000;
    int64_t elapsed = bucket->used ? now.ms - bucket->filled.ms : longest_ms;
    if (elapsed < 0)
        elapsed = 0;
    if (elapsed > longest_ms)
        elapsed = longest_ms;
    bucket->messages_milli = refill(bucket->messages_milli, limits->messages, FLOOD_BURST_MESSAGES_S, elapsed);
    bucket->bytes_milli = refill(bucket->bytes_milli, limits->bytes, FLOOD_BURST_BYTES_S, elapsed);
    bucket->filled = now;
    bucket->used = true;
    int64_t cost = (int64_t)bytes * 1000;
    if (bucket->messages_milli < 1000 || bucket->bytes_milli < cost)
        return false;
    bucket->messages_milli -= 1000;
    bucket->bytes_milli -= cost;
    return true;
}

bool flood_take_log(struct flood_bucket *bucket, const struct flood_limits *limits, struct gw_mono now, size_t bytes)
{
    int64_t full = limits->log_day * 1000;
    int64_t elapsed = bucket->log_used ? now.ms - bucket->log_filled.ms : GW_DAY_MS;
    if (elapsed < 0)
        elapsed = 0;
    if (elapsed > GW_DAY_MS)
        elapsed = GW_DAY_MS;
    int64_t more = limits->log_day * elapsed / (GW_DAY_MS / 1000);
    bucket->log_milli = bucket->log_milli > full - more ? full : bucket->log_milli + more;
    bucket->log_filled = now;
    bucket->log_used = true;
    int64_t cost = (int64_t)(bytes < FLOOD_LOG_LEAST ? FLOOD_LOG_LEAST : bytes) * 1000;
    if (bucket->log_milli < cost)
        return false;
    bucket->log_milli -= cost;
    return true;
}
