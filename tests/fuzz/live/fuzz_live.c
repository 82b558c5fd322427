/* A page that says anything: each line of the input is one message. The hub must go on, hold its limits, and send
 * nothing but whole messages within the port's bounds. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gw_utf8.h"
#include "live_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool closed;

static void require(bool held)
{
    if (!held)
        abort();
}

static enum gw_rc port_send(void *self, struct ws_conn *conn, struct gw_view text)
{
    (void)self;
    (void)conn;
    require(text.len > 1 && text.len <= WS_MESSAGE_MAX && gw_utf8_valid(text));
    require(text.ptr[0] == '{' && text.ptr[text.len - 1] == '}');
    return closed ? GW_CANCELLED : GW_OK;
}

static void port_close(void *self, struct ws_conn *conn, int code, const char *reason)
{
    (void)self;
    (void)conn;
    require(code >= 4400 && strlen(reason) <= 100);
    closed = true;
}

static enum gw_rc session_of(void *ctx, const struct http_request *request, struct actor *ret_actor)
{
    (void)ctx;
    (void)request;
    *ret_actor = (struct actor){.name = "user:fuzz", .role = USER_VIEWER};
    return GW_OK;
}

static bool lives(void *ctx, const struct gw_sha256 *session, struct gw_wall now, enum user_role *ret_role)
{
    (void)ctx;
    (void)session;
    (void)now;
    *ret_role = USER_VIEWER;
    return true;
}

static uint64_t changes(void *ctx)
{
    (void)ctx;
    return 1;
}

static bool may(void *ctx, enum live_topic topic, enum user_role role)
{
    (void)ctx;
    (void)role;
    return topic != LIVE_ALERTS;
}

static bool refresh(void *ctx)
{
    (void)ctx;
    return true;
}

static bool tail(void *ctx, const struct journal_feed *from)
{
    (void)ctx;
    (void)from;
    return true;
}

static struct live_hub *make_hub(void)
{
    static const char *const names[] = {"gw"};
    const struct live_config config = {.gateway = "gw-0000000000000000",
                                       .names = names,
                                       .name_count = 1,
                                       .people = {NULL, session_of, lives, changes, may},
                                       .refresh = refresh,
                                       .tail = tail};
    struct live_hub *hub = live_hub_new(&config);
    live_hub_attach(hub, (struct ws_port){.send = port_send, .close = port_close}, 9443);
    for (enum live_topic t = LIVE_DEVICES; t < LIVE_LOG; t++) {
        live_hub_sweep(hub, t, true);
        live_hub_sweep(hub, t, false);
    }
    live_hub_put(hub, LIVE_DEVICES, "a", gw_view_str("{\"id\":\"a\",\"state\":\"active\",\"online\":true,\"n\":1.5}"));
    live_hub_put(hub, LIVE_DEVICES, "b", gw_view_str("{\"id\":\"b\",\"seen\":\"2026-01-01T00:00:00Z\",\"t\":[1,[]]}"));
    return hub;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct http_peer peer = {.source = "::1"};
    const struct http_request request = {.origin = gw_view_str("https://gw:9443"), .peer = &peer};
    struct live_now now = {{INT64_C(1800000000000)}, {1000}};
    struct live_hub *hub = make_hub();
    struct live_conn *c = NULL;
    struct gw_view rest = {data, size};
    closed = false;
    require(live_hub_open(hub, &request, NULL, now.mono, &c, NULL) == GW_OK);
    live_conn_message(c, gw_view_str("{\"t\":\"hello\",\"v\":1}"), &now);
    while (rest.len && !closed) {
        struct gw_view line = gw_view_cut(rest, '\n', &rest);
        now.wall.ms += 50;
        now.mono.ms += 50;
        live_conn_message(c, line, &now);
        live_hub_put(hub, LIVE_DEVICES, line.len % 2 ? "a" : "c",
                     gw_view_str(line.len % 3 ? "{\"v\":1}" : "{\"v\":2}"));
        live_hub_tick(hub, &now);
        require(hub->view_count <= LIVE_SUBS_MAX);
    }
    live_hub_free(hub);
    return 0;
}
