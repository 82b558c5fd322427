/*
 * fleet_stats: what the fleet counts, and a histogram of acknowledgement latencies (buckets 3 % wide).
 */
#pragma once

#include <stdint.h>

#include "gw_buf.h"

#define FLEET_BUCKETS 1024

struct fleet_histogram {
    uint64_t count;
    int64_t max_us;
    uint64_t bucket[FLEET_BUCKETS];
};
void fleet_histogram_add(struct fleet_histogram *h, int64_t us);
/* The latency below which `pct` percent lie, in µs; 0 when empty. */
int64_t fleet_histogram_at(const struct fleet_histogram *h, double pct);

struct fleet_update_stats {
    uint64_t jobs;      /* taken up */
    uint64_t installs;  /* begun, as in the handler journal */
    uint64_t reboots;   /* for any reason */
    uint64_t installed; /* ends, as reported */
    uint64_t failed, rejected, rolled_back, cancelled, deferred;
    uint64_t downloads, download_bytes, download_cuts;
};

struct fleet_stats {
    uint32_t devices, enrolled, refused; /* refused: the gateway does not let them enrol */
    uint32_t up, up_max;
    uint64_t connects, connect_failures, not_admitted; /* the last: of connect_failures, by the gateway's word */
    uint64_t cuts, reconnects;                         /* cuts: sessions lost that nobody here had ended */
    uint64_t events_made, events_acked, batches_made, batches_sent, batches_again, batches_acked;
    uint64_t roots_checked, roots_wrong, checkpoints_checked, checkpoints_wrong;
    uint64_t new_epochs, lies, malformed, flood_messages;
    struct fleet_update_stats updates;
    struct fleet_histogram latency;
};

/* The figures of the load alone: events per second and latency count from its begin. */
struct fleet_span {
    double enrol_s, connect_s; /* until all had a certificate, a session; 0: never */
    double load_s;
    uint64_t events_acked; /* within load_s */
};

/* One line for people. seconds: since the one before; acked: within them. */
void fleet_stats_line(const struct fleet_stats *s, double seconds, uint64_t acked, struct gw_buf *ret_text);
GW_MUST_CHECK enum gw_rc fleet_stats_json(const struct fleet_stats *s, const struct fleet_span *span,
                                          struct gw_buf *ret_text);
