/* From the REST call to the device that sees its session end. */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "agent_session.h"
#include "bench_kit.h"
#include "fleet_enrol.h"
#include "gw_cleanup.h"

#define DEVICES 200

struct seen {
    bool up, down;
};

static void on_up(void *ctx)
{
    ((struct seen *)ctx)->up = true;
}

static void on_down(void *ctx, const char *why, bool refused)
{
    (void)why;
    (void)refused;
    ((struct seen *)ctx)->down = true;
}

static void on_message(void *ctx, enum topic_kind kind, struct gw_view payload)
{
    (void)ctx;
    (void)kind;
    (void)payload;
}

/* Steps the session until it is up, or until both the device has seen the end and the caller has its answer. */
static void wait_for(struct agent_session *session, const bool *flag, int admin, double *ret_answer_s)
{
    double limit = bench_now_s() + 30;
    while ((!*flag || (admin >= 0 && *ret_answer_s <= 0)) && bench_now_s() < limit) {
        struct pollfd fds[2] = {{.fd = -1}, {.fd = admin >= 0 && *ret_answer_s <= 0 ? admin : -1, .events = POLLIN}};
        fds[0].fd = agent_session_fd(session, &fds[0].events);
        (void)poll(fds, 2, 100);
        if (fds[1].revents && ret_answer_s) {
            char answer[4096];
            ssize_t n = read(admin, answer, sizeof(answer) - 1);
            answer[n > 0 ? n : 0] = '\0';
            if (!strstr(answer, " 200 "))
                bench_fail("revoke", answer);
            *ret_answer_s = bench_now_s();
        }
        agent_session_step(session, fds[0].revents, gw_mono_now());
    }
    if (!*flag)
        bench_fail("session", "nothing happened in 30 seconds");
}

static void one(const struct gw_gateway *g, const struct fleet_options *options, uint32_t index, double *ret_close_ms,
                double *ret_answer_ms)
{
    static const struct agent_session_ops ops = {.up = on_up, .down = on_down, .message = on_message};
    struct seen seen = {0};
    struct fleet_identity identity;
    fleet_enrol_identity(options, index, &identity);
    struct agent_session *session = agent_session_new(&identity.est, &ops, &seen);
    agent_session_connect(session, gw_mono_now());
    wait_for(session, &seen.up, -1, NULL);
    GW_CLOSE int admin = bench_admin(g);
    double began = bench_now_s(), answer = 0, closed;
    bench_act(admin, identity.site.id.text, "revoke");
    wait_for(session, &seen.down, -1, NULL);
    closed = bench_now_s();
    bool done = true;
    if (agent_session_active(session))
        agent_session_disconnect(session);
    wait_for(session, &done, admin, &answer);
    *ret_close_ms = 1000 * (closed - began);
    *ret_answer_ms = 1000 * (answer - began);
    agent_session_free(session);
}

void bench_revoke(void)
{
    static double close_ms[DEVICES], answer_ms[DEVICES];
    struct gw_gateway gateway;
    struct gw_fleet fleet;
    bench_gateway_start(&gateway, 1000, 0);
    bench_enrol(&gateway, &fleet, "200");
    struct fleet_options options = {.first = 1,
                                    .name = "sim",
                                    .host = "127.0.0.1",
                                    .https_port = gateway.port_devices,
                                    .mqtt_port = gateway.port_mqtt,
                                    .state_dir = fleet.state};
    for (uint32_t i = 0; i < DEVICES; i++)
        one(&gateway, &options, i, &close_ms[i], &answer_ms[i]);
    double middle = bench_median(close_ms, DEVICES); /* sorts */
    printf("revoke, %d times, from the call over the admin socket: the device sees the end after %.1f ms (p99 %.1f ms, "
           "max %.1f ms); the answer that it is cut comes after %.1f ms (p99 %.1f ms)\n",
           DEVICES, middle, bench_percentile(close_ms, DEVICES, 99), close_ms[DEVICES - 1],
           bench_median(answer_ms, DEVICES), bench_percentile(answer_ms, DEVICES, 99));
    gw_fleet_done(&fleet);
    gw_gateway_done(&gateway);
}
