#include "fleet_stats.h"

#include <inttypes.h>
#include <stddef.h>

/* 32 buckets to a power of two. */
static unsigned bucket_of(int64_t us)
{
    uint64_t v = us < 1 ? 1 : (uint64_t)us;
    unsigned top = 63u - (unsigned)__builtin_clzll(v);
    unsigned fine = top >= 5 ? (unsigned)(v >> (top - 5)) & 31 : (unsigned)(v << (5 - top)) & 31;
    unsigned at = top * 32 + fine;
    return at < FLEET_BUCKETS ? at : FLEET_BUCKETS - 1;
}

static int64_t value_of(unsigned bucket)
{
    unsigned top = bucket / 32, fine = bucket % 32;
    uint64_t base = UINT64_C(1) << top;
    return (int64_t)(base + (top >= 5 ? (uint64_t)fine << (top - 5) : (uint64_t)fine >> (5 - top)));
}

void fleet_histogram_add(struct fleet_histogram *h, int64_t us)
{
    h->count++;
    h->bucket[bucket_of(us)]++;
    if (us > h->max_us)
        h->max_us = us;
}

int64_t fleet_histogram_at(const struct fleet_histogram *h, double pct)
{
    uint64_t want = (uint64_t)((double)h->count * pct / 100.0), seen = 0;
    for (unsigned i = 0; i < FLEET_BUCKETS && h->count; i++) {
        seen += h->bucket[i];
        if (seen > want)
            return value_of(i);
    }
    return h->max_us;
}

void fleet_stats_line(const struct fleet_stats *s, double seconds, uint64_t acked, struct gw_buf *ret_text)
{
    (void)gw_buf_printf(ret_text,
                        "enrolled %u/%u, up %u, %.0f events/s acknowledged, %" PRIu64 " waiting, ack p50 %.1f ms p99 "
                        "%.1f ms, reconnects %" PRIu64 ", cuts %" PRIu64 ", refused %u",
                        s->enrolled, s->devices, s->up, seconds > 0 ? (double)acked / seconds : 0.0,
                        s->events_made - s->events_acked, (double)fleet_histogram_at(&s->latency, 50) / 1000,
                        (double)fleet_histogram_at(&s->latency, 99) / 1000, s->reconnects, s->cuts, s->refused);
    const struct fleet_update_stats *u = &s->updates;
    if (u->jobs + u->rejected)
        (void)gw_buf_printf(ret_text,
                            ", jobs %" PRIu64 ", installed %" PRIu64 ", failed %" PRIu64 ", rolled back %" PRIu64
                            ", rejected %" PRIu64,
                            u->jobs, u->installed, u->failed, u->rolled_back, u->rejected);
}

static void put_latency(const struct fleet_histogram *h, struct gw_buf *out)
{
    (void)gw_buf_printf(out, "\"ack_ms\":{\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"max\":%.2f},",
                        (double)fleet_histogram_at(h, 50) / 1000, (double)fleet_histogram_at(h, 90) / 1000,
                        (double)fleet_histogram_at(h, 99) / 1000, (double)h->max_us / 1000);
}

enum gw_rc fleet_stats_json(const struct fleet_stats *s, const struct fleet_span *span, struct gw_buf *ret_text)
{
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        {"devices", s->devices},
        {"enrolled", s->enrolled},
        {"refused", s->refused},
        {"sessions_up", s->up},
        {"sessions_up_max", s->up_max},
        {"connects", s->connects},
        {"connect_failures", s->connect_failures},
        {"not_admitted", s->not_admitted},
        {"reconnects", s->reconnects},
        {"cuts", s->cuts},
        {"events_sent", s->events_made},
        {"events_acknowledged", s->events_acked},
        {"batches", s->batches_made},
        {"batches_sent", s->batches_sent},
        {"batches_resent", s->batches_again},
        {"batches_acknowledged", s->batches_acked},
        {"roots_checked", s->roots_checked},
        {"roots_wrong", s->roots_wrong},
        {"checkpoints_checked", s->checkpoints_checked},
        {"checkpoints_wrong", s->checkpoints_wrong},
        {"new_epochs", s->new_epochs},
        {"lies", s->lies},
        {"malformed", s->malformed},
        {"flood_messages", s->flood_messages},
        {"jobs", s->updates.jobs},
        {"installs_begun", s->updates.installs},
        {"reboots", s->updates.reboots},
        {"installed", s->updates.installed},
        {"failed", s->updates.failed},
        {"rejected", s->updates.rejected},
        {"rolled_back", s->updates.rolled_back},
        {"cancelled", s->updates.cancelled},
        {"deferred", s->updates.deferred},
        {"downloads", s->updates.downloads},
        {"download_bytes", s->updates.download_bytes},
        {"download_cuts", s->updates.download_cuts},
    };
    (void)gw_buf_add_str(ret_text, "{");
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        (void)gw_buf_printf(ret_text, "\"%s\":%" PRIu64 ",", counts[i].name, counts[i].value);
    put_latency(&s->latency, ret_text);
    (void)gw_buf_printf(ret_text,
                        "\"enrol_seconds\":%.3f,\"connect_seconds\":%.3f,\"load_seconds\":%.3f,"
                        "\"events_per_second\":%.0f}\n",
                        span->enrol_s, span->connect_s, span->load_s,
                        span->load_s > 0 ? (double)span->events_acked / span->load_s : 0.0);
    return gw_buf_rc(ret_text);
}
