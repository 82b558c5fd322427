/* libwebsockets with its own sockets, TLS and WebSockets, on libuv: nothing asks who comes, nothing waits in line. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <libwebsockets.h>

#include "live_server.h"
#include "web_pki.h"

static struct {
    struct lws_context *context;
    struct lws_vhost *vhost;
    pthread_t thread;
    _Atomic bool cue;
    unsigned char text[LWS_PRE + LIVE_TEXT + 1];
} bare;

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    (void)user;
    (void)in;
    (void)len;
    switch ((int)reason) {
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        if (!atomic_exchange(&bare.cue, false))
            return 0;
        live_text((char *)bare.text + LWS_PRE);
        return lws_callback_on_writable_all_protocol(bare.context, lws_get_protocol(wsi)) < 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        if (bare.text[LWS_PRE] == '\0') /* the first of the connection */
            return 0;
        return lws_write(wsi, bare.text + LWS_PRE, LIVE_TEXT, LWS_WRITE_TEXT) < 0 ? -1 : 0;
    }
    return 0;
}

static const struct lws_protocols protocols[] = {{.name = "gw.v1", .callback = on_event}, {.name = NULL}};

static void *run(void *arg)
{
    (void)arg;
    while (lws_service(bare.context, 0) >= 0)
        ;
    return NULL;
}

static uint16_t start(void)
{
    static const lws_retry_bo_t no_pings = {.secs_since_valid_ping = 3000, .secs_since_valid_hangup = 6000};
    const struct web_pki *pki = web_pki();
    struct lws_context_creation_info info = {
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .port = 0,
        .iface = "127.0.0.1",
        .protocols = protocols,
        .ssl_cert_filepath = pki->server_cert,
        .ssl_private_key_filepath = pki->server_key,
        .alpn = "http/1.1",
        .retry_and_idle_policy = &no_pings,
    };
    lws_set_log_level(LLL_ERR, NULL);
    bare.context = lws_create_context(&info);
    bare.vhost = bare.context ? lws_create_vhost(bare.context, &info) : NULL;
    if (!bare.vhost || pthread_create(&bare.thread, NULL, run, NULL))
        live_die("libwebsockets does not start");
    return (uint16_t)lws_get_vhost_listen_port(bare.vhost);
}

static void cue(void)
{
    atomic_store(&bare.cue, true);
    lws_cancel_service(bare.context);
}

static void stop(void)
{
    /* its loop has no end from outside; it goes with the process */
}

const struct live_server live_server_bare = {"bare libwebsockets", start, cue, stop};
