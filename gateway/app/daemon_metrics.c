#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon_internal.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "lanes.h"

/* proc(5): size and resident set, in pages. */
static void read_memory(struct metrics_figures *figures)
{
    GW_FCLOSE FILE *f = fopen("/proc/self/statm", "re");
    char line[128];
    uint64_t size = 0, resident = 0;
    if (!f || !fgets(line, sizeof(line), f))
        return;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), most = INT64_MAX / page;
    struct gw_view rest, first = gw_view_cut(gw_view_str(line), ' ', &rest);
    if (gw_parse_u64(first, most, &size) || gw_parse_u64(gw_view_cut(rest, ' ', &rest), most, &resident))
        return;
    figures->virtual_bytes = size * page;
    figures->resident_bytes = resident * page;
}

static void read_disk(const struct daemon *d, struct metrics_figures *figures)
{
    struct statvfs fs;
    if (statvfs(d->options->state, &fs))
        return;
    figures->disk_free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    figures->disk_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
}

/* In web's thread, while the parts that it reads live: web is stopped before them. */
static void collect(void *ctx, struct metrics_figures *figures)
{
    struct daemon *d = ctx;
    web_stats_get(d->web, &figures->web);
    journal_thread_stats_get(d->journal_thread, &figures->journal);
    feed_thread_stats_get(d->feed, &figures->feed);
    live_hub_stats_get(d->live, &figures->live);
    figures->sessions = session_table_live(d->door.sessions, gw_wall_now());
    read_memory(figures);
    read_disk(d, figures);
    figures->queued[METRICS_QUEUE_INBOX] = inbox_queue_count(d->core.queue);
    figures->queue_max[METRICS_QUEUE_INBOX] = INBOX_QUEUE_MESSAGES;
    figures->queued[METRICS_QUEUE_WORK] = workers_waiting(d->workers);
    figures->queue_max[METRICS_QUEUE_WORK] = WORKERS_QUEUE_MAX + WORK_LANES * LANES_MAX;
    figures->queued[METRICS_QUEUE_JOURNAL] = figures->journal.queued_bytes;
    figures->queue_max[METRICS_QUEUE_JOURNAL] = JOURNAL_THREAD_BYTES;
    figures->queued[METRICS_QUEUE_QUERY] = query_threads_waiting(d->query_threads);
    figures->queue_max[METRICS_QUEUE_QUERY] = QUERY_QUEUE_MAX + ROLLOUT_SURVEYS_MAX;
    figures->broker_lines_left_out = broker_pipe_left_out(&d->broker_pipe);
    figures->certs[0] = (struct metrics_cert){"https", d->cert_until};
    figures->certs[1] = (struct metrics_cert){"mqtt", d->broker.cert_until};
    figures->started = d->facts.started;
}

void daemon_make_metrics(struct daemon *d)
{
    struct metrics_config config = {
        .responder = d->responder, .token_of = door_token_of, .token_ctx = &d->programs, .collect = collect, .ctx = d};
    struct core_figures figures; /* the first tick is a second away */
    core_figures_get(&d->core, &figures);
    d->metrics = metrics_new(&config);
    metrics_set_core(d->metrics, &figures);
}
