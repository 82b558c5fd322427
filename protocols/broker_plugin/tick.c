#include "tick.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "control.h"

/* Nothing is ever written to the lifeline: readable or hung up means that its other end is gone. mosquitto leaves its
 * loop on SIGTERM; the alarm ends it when something holds it up. */
static void check_lifeline(struct plugin *p)
{
    struct pollfd line = {.fd = p->lifeline_fd, .events = POLLIN};
    if (p->dying || poll(&line, 1, 0) <= 0)
        return;
    p->dying = true;
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "gatehouse: the gateway is gone, the broker ends");
    (void)alarm(TICK_STUCK_S);
    (void)raise(SIGTERM);
}

struct scan {
    struct plugin *p;
    struct gw_wall now;
    struct gw_wall next;
};

static void cut_if_ended(void *ctx, struct devtable_device *device)
{
    struct scan *scan = ctx;
    const struct devtable_session *session = &device->session;
    if (!session->client)
        return;
    if (session->not_after.ms > scan->now.ms) {
        if (session->not_after.ms < scan->next.ms)
            scan->next = session->not_after;
        return;
    }
    security_note(&scan->p->security, REGISTRY_SESSION_EXPIRED, &device->id, session->source, NULL);
    plugin_kick(scan->p, device);
}

static void check_expiry(struct plugin *p, struct gw_mono now)
{
    struct scan scan = {p, gw_wall_now(), {INT64_MAX}};
    if (scan.now.ms < p->next_expiry.ms || now.ms - p->expiry_scanned.ms < TICK_EXPIRY_MS)
        return;
    p->expiry_scanned = now;
    devtable_each(&p->table, cut_if_ended, &scan);
    p->next_expiry = scan.next;
}

void tick_run(struct plugin *p)
{
    struct gw_mono now = gw_mono_now();
    p->reloading = false;
    check_lifeline(p);
    check_expiry(p, now);
    control_tick(p, now);
    presence_flush(p, now);
    security_flush(p, now);
}
