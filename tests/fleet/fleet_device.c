#include "fleet_device.h"

#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <time.h>

#include "fleet_ledger.h"
#include "fleet_manners.h"
#include "gw_cleanup.h"
#include "gw_log.h"

#define RESEND_MS     5000
#define LINGER_MS     1000 /* a batch that is not full waits so long for company */
#define CONNECT_FIRST 1000
#define CONNECT_MAX   30000
#define TOLD_MAX      20 /* failures that are told one by one */
#define STATE_MAX     4096
#define DUE_MAX_S     60 /* what happened on a device without a session is kept so long */

struct fleet_now fleet_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (struct fleet_now){
        .mono = gw_mono_now(), .wall = gw_wall_now(), .us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000};
}

/* ---- the socket in the epoll set --------------------------------------------------------------------------------- */

static void watch(struct fleet_device *d)
{
    short events = 0;
    int fd = d->session ? agent_session_fd(d->session, &events) : -1;
    uint32_t interest = (events & POLLIN ? EPOLLIN : 0u) | (events & POLLOUT ? EPOLLOUT : 0u);
    struct epoll_event event = {.events = interest, .data.ptr = d};
    unsigned tries = d->session ? agent_session_tries(d->session) : 0;
    if (tries != d->tries)
        d->fd = -1;
    d->tries = tries;
    if (fd == d->fd && interest == d->interest)
        return;
    if (fd >= 0 && (fd != d->fd || epoll_ctl(d->common->epoll_fd, EPOLL_CTL_MOD, fd, &event)) &&
        epoll_ctl(d->common->epoll_fd, EPOLL_CTL_ADD, fd, &event))
        (void)epoll_ctl(d->common->epoll_fd, EPOLL_CTL_MOD, fd, &event);
    d->fd = fd;
    d->interest = interest;
}

/* ---- shipping ---------------------------------------------------------------------------------------------------- */

static void count_due(struct fleet_device *d, const struct fleet_now *now)
{
    const struct fleet_options *o = d->common->options;
    double per_s = (double)o->events_per_s / (double)o->devices;
    if (!d->common->load || d->common->drain)
        return;
    if (d->due_at_us)
        d->due += per_s * (double)(now->us - d->due_at_us) / 1e6;
    d->due_at_us = now->us;
    if (d->due > per_s * DUE_MAX_S + o->batch)
        d->due = per_s * DUE_MAX_S + o->batch;
}

/* Events for the next batch; false: not now. */
static bool next_events(struct fleet_device *d, const struct fleet_now *now, uint32_t *ret_events)
{
    const struct fleet_options *o = d->common->options;
    *ret_events = 0;
    if (fleet_log_full(&d->log) || d->common->drain)
        return false;
    if (d->log.next == 0 || d->log.said_count)
        return true; /* the log begins with its start alone; what the device says goes at once */
    if (!d->common->load)
        return false;
    *ret_events = o->saturate || d->due >= o->batch ? o->batch : (uint32_t)d->due;
    bool ripe = *ret_events == o->batch || now->mono.ms - d->made_at_ms >= LINGER_MS;
    return *ret_events > 0 && ripe;
}

static bool make_one(struct fleet_device *d, const struct fleet_now *now)
{
    struct fleet_common *c = d->common;
    uint32_t events;
    if (!next_events(d, now, &events))
        return false;
    uint64_t before = d->log.next;
    fleet_log_make(&d->log, c->maker, d->identity.site.id.text, events, c->options->event_bytes, now->wall);
    if (!c->options->saturate)
        d->due -= events;
    d->made_at_ms = now->mono.ms;
    c->stats->events_made += d->log.next - before;
    c->stats->batches_made++;
    return true;
}

/* True when the ledger, if there is one, knows that these events exist: from then on they may be out. */
static bool noted(struct fleet_device *d, const struct fleet_batch *batch)
{
    struct gw_err err = {0};
    if (batch->first_sent_us || !fleet_ledger_sent(d->common->ledger_fd, &d->identity.site.id, &d->log, batch, &err))
        return true;
    gw_log(GW_LOG_ERROR, "log", "%s: %s; nothing is sent", d->identity.site.id.text, gw_err_text(&err));
    return false;
}

static bool send_one(struct fleet_device *d, bool probe, const struct fleet_now *now)
{
    struct fleet_batch *batch = fleet_log_next(&d->log, probe);
    if (!batch || !noted(d, batch) || agent_session_publish(d->session, TOPIC_UP_LOG, gw_buf_view(&batch->payload)))
        return false;
    if (d->log.sent == 0)
        d->resend_at_ms = now->mono.ms + agent_jitter_ms(RESEND_MS);
    d->common->stats->batches_again += batch->first_sent_us != 0;
    d->common->stats->batches_sent++;
    fleet_log_sent(&d->log, now->us);
    return true;
}

static void ship(struct fleet_device *d, const struct fleet_now *now)
{
    if (!agent_session_up(d->session))
        return;
    bool overdue = d->log.count > 0 && now->mono.ms >= d->resend_at_ms;
    if (overdue) {
        fleet_log_rewind(&d->log);
        d->resend_at_ms = now->mono.ms + agent_jitter_ms(RESEND_MS);
    }
    count_due(d, now);
    do
        while (send_one(d, overdue, now))
            ;
    while (make_one(d, now));
}

/* ---- what the session tells -------------------------------------------------------------------------------------- */

static void send_state(struct fleet_device *d)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, STATE_MAX);
    if (fleet_update_state(&d->update, &payload) == GW_OK)
        (void)!agent_session_publish(d->session, TOPIC_UP_STATE, gw_buf_view(&payload));
}

static void on_up(void *ctx)
{
    struct fleet_device *d = ctx;
    struct fleet_stats *stats = d->common->stats;
    d->up = true;
    stats->up++;
    stats->up_max = stats->up > stats->up_max ? stats->up : stats->up_max;
    stats->connects++;
    stats->reconnects += d->ever_up;
    d->common->ever_up += !d->ever_up;
    d->ever_up = true;
    agent_backoff_reset(&d->backoff);
    fleet_log_rewind(&d->log);
    if (d->log.credit_bytes == 0)
        d->log.credit_bytes = LOG_BATCH_BYTES_MAX;
    send_state(d);
    fleet_update_session(&d->update, true);
    struct fleet_now now = fleet_now();
    ship(d, &now);
}

static void on_down(void *ctx, const char *why, bool refused)
{
    struct fleet_device *d = ctx;
    struct fleet_stats *stats = d->common->stats;
    if (stats->cuts + stats->connect_failures < TOLD_MAX)
        gw_log(GW_LOG_WARN, "session", "%s: %s: %s", d->identity.site.id.text, d->up ? "lost" : "not made", why);
    d->fd = -1;
    stats->up -= d->up;
    stats->cuts += d->up;
    stats->connect_failures += !d->up;
    stats->not_admitted += refused;
    d->up = false;
    fleet_update_session(&d->update, false);
    d->connect_at_ms = gw_mono_now().ms + agent_backoff_next_ms(&d->backoff, CONNECT_FIRST, CONNECT_MAX);
}

static void take_news(struct fleet_device *d, const struct fleet_news *news)
{
    struct fleet_stats *s = d->common->stats;
    s->events_acked += news->events;
    s->batches_acked += news->batches;
    s->roots_checked += news->roots_checked;
    s->roots_wrong += news->roots_wrong;
    s->checkpoints_checked += news->checkpoints_checked;
    s->checkpoints_wrong += news->checkpoints_wrong;
    s->new_epochs += news->new_epoch;
    for (uint32_t i = 0; i < news->batches; i++)
        fleet_histogram_add(&s->latency, news->latency_us[i]);
}

static void note_acked(struct fleet_device *d, const struct fleet_news *news)
{
    struct gw_err err = {0};
    if (news->events && fleet_ledger_acked(d->common->ledger_fd, &d->identity.site.id, &d->log, &err))
        gw_log(GW_LOG_ERROR, "log", "%s: %s", d->identity.site.id.text, gw_err_text(&err));
}

static void on_message(void *ctx, enum topic_kind kind, struct gw_view payload)
{
    struct fleet_device *d = ctx;
    struct ack ack;
    struct fleet_news news;
    fleet_update_message(&d->update, kind, payload);
    if (kind != TOPIC_DN_ACK || ack_parse(payload, &ack, NULL))
        return;
    struct fleet_now now = fleet_now();
    fleet_log_ack(&d->log, &ack, d->common->key, d->origin, now.us, &news);
    take_news(d, &news);
    note_acked(d, &news);
    if (news.batches)
        d->resend_at_ms = now.mono.ms + agent_jitter_ms(RESEND_MS);
    ship(d, &now);
}

static const struct agent_session_ops session_ops = {.up = on_up, .down = on_down, .message = on_message};

/* ---- what its update tells ------------------------------------------------------------------------------------- */

static enum gw_rc send_report(void *ctx, struct gw_view payload)
{
    struct fleet_device *d = ctx;
    return agent_session_publish(d->session, TOPIC_UP_JOB, payload);
}

static void put_event(void *ctx, struct gw_view event)
{
    struct fleet_device *d = ctx;
    (void)fleet_log_say(&d->log, event);
}

static void leave(void *ctx)
{
    struct fleet_device *d = ctx;
    d->away = true;
    fleet_device_hang_up(d);
}

static void come_back(void *ctx)
{
    struct fleet_device *d = ctx;
    d->away = false;
    d->connect_at_ms = 0;
}

static const struct fleet_update_hooks update_hooks = {
    .report = send_report, .event = put_event, .leave = leave, .come_back = come_back};

/* ---- life -------------------------------------------------------------------------------------------------------- */

void fleet_device_init(struct fleet_device *d, struct fleet_common *common, uint32_t index)
{
    const struct fleet_options *o = common->options;
    *d = (struct fleet_device){.common = common, .fd = -1, .kind = (enum fleet_kind)common->behaviour->kind[index]};
    fleet_enrol_identity(o, index, &d->identity);
    fleet_update_init(&d->update, &common->updates, &d->identity, d->kind, o->first + index);
    fleet_log_init(&d->log, o->window, o->check_every && (o->first + index) % o->check_every == 0);
}

void fleet_device_done(struct fleet_device *d)
{
    fleet_update_done(&d->update);
    agent_session_free(d->session);
    fleet_log_done(&d->log);
}

void fleet_device_enrolled(struct fleet_device *d, bool known)
{
    char gateway[24] = "";
    if (d->log.epoch == 0)
        fleet_log_begin(&d->log, known ? FLEET_SPOOL_LOST : FLEET_NEW);
    (void)!agent_est_gateway_name(&d->identity.est, gateway, NULL);
    (void)snprintf(d->origin, sizeof(d->origin), "%s/dev/%s/", gateway, d->identity.site.id.text);
    d->session = agent_session_new(&d->identity.est, &session_ops, d);
    fleet_update_begin(&d->update, &update_hooks, d);
    d->enrolled = true;
    d->common->stats->enrolled++;
}

void fleet_device_hang_up(struct fleet_device *d)
{
    d->common->stats->up -= d->up;
    d->up = false;
    fleet_update_session(&d->update, false);
    agent_session_disconnect(d->session);
    d->fd = -1;
}

void fleet_device_ready(struct fleet_device *d, uint32_t events, const struct fleet_now *now)
{
    short revents = (short)((events & EPOLLIN ? POLLIN : 0) | (events & EPOLLOUT ? POLLOUT : 0) |
                            (events & EPOLLHUP ? POLLHUP : 0) | (events & EPOLLERR ? POLLERR : 0));
    agent_session_step(d->session, revents, now->mono);
    watch(d);
}

static void connect_when_due(struct fleet_device *d, const struct fleet_now *now)
{
    if (d->away || now->mono.ms < d->connect_at_ms || d->common->connects_due < 1)
        return;
    d->common->connects_due -= 1;
    agent_session_connect(d->session, now->mono);
}

void fleet_device_tick(struct fleet_device *d, const struct fleet_now *now)
{
    if (!d->enrolled)
        return;
    if (agent_session_active(d->session))
        agent_session_step(d->session, 0, now->mono);
    else
        connect_when_due(d, now);
    if (d->common->load && !d->common->drain)
        fleet_manners_tick(d, now);
    fleet_update_tick(&d->update, now->mono);
    if (agent_session_up(d->session))
        ship(d, now);
    watch(d);
}

bool fleet_device_settled(const struct fleet_device *d)
{
    return d->log.count == 0 || d->away || !d->enrolled;
}
