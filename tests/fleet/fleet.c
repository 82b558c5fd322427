#include "fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fleet_device.h"
#include "fleet_keep.h"
#include "fleet_ledger.h"
#include "gw_cleanup.h"
#include "gw_log.h"

#define PART         "fleet"
#define TICK_MS      10
#define ROUND_TICKS  10 /* ticks in which every device has its turn */
#define EVENTS_MAX   512
#define DRAIN_MS     10000
#define SPARE_FDS    (64 + FLEET_FETCH_AT_ONCE) /* beside the sessions */
#define FDS_EACH     1
#define KEEP_MAX     ((size_t)512 * 1024 * 1024)
#define CONNECT_HEAD 0.05 /* seconds' worth of connects that may begin at once */

struct fleet {
    struct fleet_common common;
    struct fleet_stats stats;
    struct fleet_span span;
    struct fleet_event_maker maker;
    struct note_key key;
    struct fleet_device *devices; /* owned */
    uint32_t count;
    struct fleet_enrol *enrol;
    int lock_fd, wake_fd, signal_fd;
    int64_t began_us, load_us, ticked_us, reported_us, drain_us;
    uint64_t acked_at_load, acked_at_report;
    uint32_t turn; /* the device whose turn is next */
    unsigned signals;
    bool done;
};

/* ---- start ------------------------------------------------------------------------------------------------------- */

static enum gw_rc raise_limit(const struct fleet_options *o, struct gw_err *err)
{
    struct rlimit limit;
    rlim_t need = (rlim_t)o->devices * FDS_EACH + SPARE_FDS;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return gw_err_sys(err, "descriptor limit");
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < need)
        return gw_err_set(err, GW_TOO_BIG,
                          "%u sessions need %llu descriptors, the limit is %llu: run several fleets, each with its own "
                          "--state and --first (or raise the limit)",
                          o->devices, (unsigned long long)need, (unsigned long long)limit.rlim_max);
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) ? gw_err_sys(err, "descriptor limit") : GW_OK;
}

static enum gw_rc open_state(struct fleet *f, const struct fleet_options *o, struct gw_err *err)
{
    char path[512];
    if (mkdir(o->state_dir, 0700) && errno != EEXIST)
        return gw_err_sys(err, "%s", o->state_dir);
    (void)snprintf(path, sizeof(path), "%s/lock", o->state_dir);
    f->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock_fd < 0)
        return gw_err_sys(err, "%s", path);
    if (flock(f->lock_fd, LOCK_EX | LOCK_NB))
        return gw_err_set(err, GW_EXISTS, "another fleet runs on %s", o->state_dir);
    (void)snprintf(path, sizeof(path), "%s/devices", o->state_dir);
    return mkdir(path, 0700) && errno != EEXIST ? gw_err_sys(err, "%s", path) : GW_OK;
}

static enum gw_rc add_fd(struct fleet *f, int fd, struct gw_err *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    return fd < 0 || epoll_ctl(f->common.epoll_fd, EPOLL_CTL_ADD, fd, &event) ? gw_err_sys(err, "event loop") : GW_OK;
}

static enum gw_rc open_loop(struct fleet *f, struct gw_err *err)
{
    sigset_t set;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL); /* before there are threads */
    f->common.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    f->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    f->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    enum gw_rc rc = f->common.epoll_fd < 0 ? gw_err_sys(err, "event loop") : add_fd(f, f->wake_fd, err);
    return rc ? rc : add_fd(f, f->signal_fd, err);
}

static void resume_one(void *ctx, const struct fleet_kept *kept)
{
    struct fleet *f = ctx;
    const char *dash = strrchr(kept->id.text, '-');
    unsigned long number = dash ? strtoul(dash + 1, NULL, 10) : 0;
    uint32_t first = f->common.options->first;
    if (number < first || number - first >= f->count)
        return;
    struct fleet_device *d = &f->devices[number - first];
    if (gw_device_id_eq(&d->identity.site.id, &kept->id))
        fleet_log_resume(&d->log, kept->epoch, kept->next, kept->has_range ? &kept->range : NULL);
}

static void load_kept(struct fleet *f)
{
    char path[512];
    GW_CLEANUP(gw_buf_done) struct gw_buf file;
    gw_buf_init(&file, KEEP_MAX);
    (void)snprintf(path, sizeof(path), "%s/logs", f->common.options->state_dir);
    if (gw_fs_read_file(path, &file, NULL))
        return;
    (void)unlink(path);
    if (fleet_keep_each(gw_buf_view(&file), resume_one, f))
        gw_log(GW_LOG_WARN, PART, "%s is damaged: logs begin anew", path);
}

static enum gw_rc start(struct fleet *f, struct gw_err *err)
{
    const struct fleet_options *o = f->common.options;
    enum gw_rc rc = raise_limit(o, err);
    if (!rc)
        rc = open_state(f, o, err);
    if (!rc)
        rc = open_loop(f, err);
    if (!rc)
        rc = fleet_ledger_open(o->ledger, &f->common.ledger_fd, err);
    if (!rc)
        rc = fleet_updates_open(&f->common.updates, o, f->common.behaviour, &f->stats.updates, err);
    if (!rc)
        rc = add_fd(f, fleet_fetches_fd(f->common.updates.fetches), err);
    if (rc)
        return rc;
    fleet_event_init(&f->maker);
    f->devices = gw_xalloc(o->devices, sizeof(*f->devices));
    for (; f->count < o->devices; f->count++)
        fleet_device_init(&f->devices[f->count], &f->common, f->count);
    load_kept(f);
    f->stats.devices = o->devices;
    f->began_us = f->ticked_us = f->reported_us = fleet_now().us;
    return fleet_enrol_start(o, &f->devices[0].identity, sizeof(f->devices[0]), f->wake_fd, &f->enrol, err);
}

/* ---- end --------------------------------------------------------------------------------------------------------- */

static void save_kept(struct fleet *f)
{
    char path[512];
    GW_CLEANUP(gw_buf_done) struct gw_buf file;
    struct gw_err err = {0};
    gw_buf_init(&file, KEEP_MAX);
    fleet_keep_begin(&file);
    for (uint32_t i = 0; i < f->count; i++) {
        const struct fleet_log *log = &f->devices[i].log;
        if (log->epoch && log->acked == log->next && log->next)
            (void)fleet_keep_add(&file, &f->devices[i].identity.site.id, log);
    }
    (void)snprintf(path, sizeof(path), "%s/logs", f->common.options->state_dir);
    if (gw_buf_rc(&file) || gw_fs_replace(gw_fs_posix(), path, gw_buf_view(&file), 0600, &err))
        gw_log(GW_LOG_WARN, PART, "%s: %s; the logs begin anew next time", path, gw_err_text(&err));
}

static void print_report(struct fleet *f)
{
    const struct fleet_fetch_counts *fetched = fleet_fetches_counts(f->common.updates.fetches);
    f->stats.updates.downloads = fetched->done;
    f->stats.updates.download_bytes = fetched->bytes;
    f->stats.updates.download_cuts = fetched->cut;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 8192);
    if (fleet_stats_json(&f->stats, &f->span, &text) == GW_OK)
        (void)fwrite(text.ptr, 1, text.len, stdout);
    (void)fflush(stdout);
}

static void stop(struct fleet *f)
{
    fleet_enrol_free(f->enrol);
    if (f->count == f->common.options->devices)
        save_kept(f);
    for (uint32_t i = 0; i < f->count; i++)
        fleet_device_done(&f->devices[i]);
    free(f->devices);
    fleet_updates_close(&f->common.updates);
    gw_cleanup_fd(&f->common.epoll_fd);
    gw_cleanup_fd(&f->common.ledger_fd);
    gw_cleanup_fd(&f->wake_fd);
    gw_cleanup_fd(&f->signal_fd);
    gw_cleanup_fd(&f->lock_fd);
}

/* ---- load -------------------------------------------------------------------------------------------------------- */

static bool all_up(const struct fleet *f)
{
    return f->stats.enrolled + f->stats.refused == f->count && f->common.ever_up == f->stats.enrolled &&
           f->stats.enrolled > 0;
}

static void begin_load(struct fleet *f, const struct fleet_now *now)
{
    if (f->span.connect_s <= 0 && all_up(f))
        f->span.connect_s = (double)(now->us - f->began_us) / 1e6;
    if (f->common.load || f->common.drain || !(f->common.options->together ? all_up(f) : f->stats.up > 0))
        return;
    f->common.load = true;
    f->common.load_at_ms = now->mono.ms;
    f->load_us = now->us;
    f->acked_at_load = f->stats.events_acked;
    f->stats.latency = (struct fleet_histogram){0};
    gw_log(GW_LOG_INFO, PART, "load begins with %u sessions", f->stats.up);
}

static void begin_drain(struct fleet *f, const struct fleet_now *now)
{
    if (f->common.drain)
        return;
    f->common.drain = true;
    f->drain_us = now->us;
    if (f->load_us)
        f->span.load_s = (double)(now->us - f->load_us) / 1e6;
    f->span.events_acked = f->stats.events_acked - f->acked_at_load;
}

static void end_drain(struct fleet *f, const struct fleet_now *now)
{
    bool late = now->us - f->drain_us > (int64_t)DRAIN_MS * 1000;
    bool settled = true;
    for (uint32_t i = 0; i < f->count && settled; i++)
        settled = fleet_device_settled(&f->devices[i]);
    f->done = settled || late || f->signals > 1;
    if (f->done && !settled)
        gw_log(GW_LOG_WARN, PART, "%llu events are not acknowledged",
               (unsigned long long)(f->stats.events_made - f->stats.events_acked));
}

static void tell_figures(struct fleet *f, const struct fleet_now *now)
{
    int64_t every_us = (int64_t)f->common.options->figures_s * 1000000;
    if (every_us == 0 || now->us - f->reported_us < every_us)
        return;
    GW_CLEANUP(gw_buf_done) struct gw_buf line;
    gw_buf_init(&line, 1024);
    fleet_stats_line(&f->stats, (double)(now->us - f->reported_us) / 1e6, f->stats.events_acked - f->acked_at_report,
                     &line);
    (void)fprintf(stderr, "%s\n", gw_buf_str(&line));
    f->reported_us = now->us;
    f->acked_at_report = f->stats.events_acked;
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static void take_enrolled(struct fleet *f, const struct fleet_now *now)
{
    uint64_t count;
    struct fleet_enrolled done;
    (void)!read(f->wake_fd, &count, sizeof(count));
    while (fleet_enrol_take(f->enrol, &done)) {
        if (done.ok)
            fleet_device_enrolled(&f->devices[done.index], done.known);
        else
            f->stats.refused++;
    }
    if (!f->common.key && fleet_enrol_log_key(f->enrol, &f->key))
        f->common.key = &f->key;
    if (f->span.enrol_s <= 0 && f->stats.enrolled + f->stats.refused == f->count) {
        f->span.enrol_s = (double)(now->us - f->began_us) / 1e6;
        gw_log(GW_LOG_INFO, PART, "all enrolled: %u, refused: %u", f->stats.enrolled, f->stats.refused);
    }
}

static void take_signals(struct fleet *f, const struct fleet_now *now)
{
    struct signalfd_siginfo info;
    while (read(f->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        f->signals++;
        begin_drain(f, now);
    }
}

/* A tenth of the devices, so that each has ten turns a second. */
static void give_turns(struct fleet *f, const struct fleet_now *now)
{
    uint32_t turns = f->count / ROUND_TICKS + (f->count % ROUND_TICKS > 0);
    for (uint32_t i = 0; i < turns; i++) {
        fleet_device_tick(&f->devices[f->turn], now);
        f->turn = (f->turn + 1) % f->count;
    }
}

static void tick(struct fleet *f, const struct fleet_now *now)
{
    const struct fleet_options *o = f->common.options;
    double ceiling = 1 + o->connect_rate * CONNECT_HEAD;
    f->common.connects_due += o->connect_rate * (double)(now->us - f->ticked_us) / 1e6;
    if (f->common.connects_due > ceiling)
        f->common.connects_due = ceiling;
    f->ticked_us = now->us;
    take_enrolled(f, now);
    take_signals(f, now);
    begin_load(f, now);
    give_turns(f, now);
    if (o->seconds && f->common.load && now->us - f->load_us >= (int64_t)o->seconds * 1000000)
        begin_drain(f, now);
    if (f->common.drain)
        end_drain(f, now);
    tell_figures(f, now);
}

static void loop(struct fleet *f)
{
    struct epoll_event events[EVENTS_MAX];
    while (!f->done) {
        struct fleet_now now = fleet_now();
        int64_t left_ms = TICK_MS - (now.us - f->ticked_us) / 1000;
        int n = epoll_wait(f->common.epoll_fd, events, EVENTS_MAX, left_ms > 0 ? (int)left_ms : 0);
        now = fleet_now();
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr)
                fleet_device_ready(events[i].data.ptr, events[i].events, &now);
        fleet_fetches_step(f->common.updates.fetches, now.mono);
        if (now.us - f->ticked_us >= (int64_t)TICK_MS * 1000)
            tick(f, &now);
    }
}

enum gw_rc fleet_run(const struct fleet_options *options, const struct fleet_behaviour *behaviour, struct gw_err *err)
{
    struct fleet *f = gw_xalloc(1, sizeof(*f));
    f->common = (struct fleet_common){.options = options,
                                      .behaviour = behaviour,
                                      .stats = &f->stats,
                                      .maker = &f->maker,
                                      .epoll_fd = -1,
                                      .ledger_fd = -1};
    f->common.updates.journal_fd = f->lock_fd = f->wake_fd = f->signal_fd = -1;
    enum gw_rc rc = start(f, err);
    if (!rc) {
        loop(f);
        if (options->json)
            print_report(f);
    }
    stop(f);
    free(f);
    return rc;
}
