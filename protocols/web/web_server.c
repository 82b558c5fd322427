#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "web_internal.h"

static enum gw_rc check_routes(const struct web_config *config, struct gw_err *err)
{
    for (size_t i = 0; i < config->route_count; i++) {
        const struct http_route *r = &config->routes[i];
        if (!r->pattern || r->pattern[0] != '/' || !r->handle == !r->open || !r->methods || !r->doors)
            return gw_err_set(err, GW_INVALID, "route %zu is not whole", i);
        if (r->body_max > HTTP_BODY_MAX || r->stream_max < 0 || r->stream_max > HTTP_STREAM_MAX)
            return gw_err_set(err, GW_INVALID, "route %s takes a body of more than %d bytes", r->pattern,
                              HTTP_BODY_MAX);
        if (r->body_max > HTTP_BODY_SMALL && !r->admit)
            return gw_err_set(err, GW_INVALID, "route %s takes long bodies from anybody", r->pattern);
    }
    return GW_OK;
}

static struct web_listener *add_listener(struct web *web, enum http_door door)
{
    struct web_listener *l = &web->listeners[web->listener_count++];
    *l = (struct web_listener){.web = web, .door = door, .fd = -1};
    TAILQ_INIT(&l->all);
    TAILQ_INIT(&l->half);
    TAILQ_INIT(&l->idle);
    TAILQ_INIT(&l->owing);
    return l;
}

static enum gw_rc make_vhost(struct web_listener *l, const char *name, const struct web_door *door, struct gw_err *err)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER, /* we accept ourselves, see web_listen.c */
        .vhost_name = name,
        .protocols = web_protocols,
        .user = l,
        /* The second option keeps it from making a TLS client context with the system's 144 CAs for each vhost. */
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG,
    };
    if (door) {
        info.alpn = "http/1.1";
        info.ssl_cert_filepath = door->cert_path;
        info.ssl_private_key_filepath = door->key_path;
    }
    l->web->tls_err = (struct gw_err){.rc = GW_OK};
    l->vhost = lws_create_vhost(l->web->context, &info);
    if (l->vhost)
        return GW_OK;
    if (l->web->tls_err.rc)
        return gw_err_set(err, l->web->tls_err.rc, "%s: %s", name, l->web->tls_err.text);
    return gw_err_set(err, GW_INVALID, "%s: certificate or key cannot be used", name);
}

static enum gw_rc copy_hosts(struct web_listener *l, const struct web_door *door, struct gw_err *err)
{
    if (door->host_count == 0 || door->host_count > WEB_HOSTS_MAX)
        return gw_err_set(err, GW_INVALID, "%s: 1 to %d host names are needed", l->address, WEB_HOSTS_MAX);
    for (size_t i = 0; i < door->host_count; i++)
        l->hosts[l->host_count++] = gw_xstrdup(door->hosts[i]);
    return GW_OK;
}

static enum gw_rc add_tls_door(struct web *web, enum http_door which, const struct web_door *door, struct gw_err *err)
{
    bool devices = which == HTTP_DOOR_DEVICES;
    if (!door->address)
        return GW_OK;
    struct web_listener *l = add_listener(web, which);
    l->port = door->port;
    l->conns_max = door->conns_max ? door->conns_max : devices ? WEB_DEVICES_CONNS : WEB_OPERATORS_CONNS;
    l->source_conns_max = door->source_conns_max ? door->source_conns_max : (l->conns_max + 1) / 2;
    if (gw_view_copy_str(gw_view_str(door->address), l->address, sizeof(l->address)))
        return gw_err_set(err, GW_INVALID, "address too long");
    if (!door->cert_path || !door->key_path || access(door->cert_path, R_OK) || access(door->key_path, R_OK))
        return gw_err_set(err, GW_INVALID, "%s: certificate or key cannot be read", l->address);
    enum gw_rc rc = copy_hosts(l, door, err);
    if (!rc)
        rc = make_vhost(l, devices ? "devices" : "operators", door, err);
    return rc ? rc : web_listener_bind(l, err);
}

static enum gw_rc add_admin_door(struct web *web, const struct web_config *config, struct gw_err *err)
{
    if (!config->admin_path)
        return GW_OK;
    struct web_listener *l = add_listener(web, HTTP_DOOR_ADMIN);
    l->unix_path = gw_xstrdup(config->admin_path);
    l->mode = config->admin_mode;
    l->conns_max = WEB_ADMIN_CONNS;
    enum gw_rc rc = make_vhost(l, "admin", NULL, err);
    return rc ? rc : web_listener_bind(l, err);
}

static enum gw_rc make_context(struct web *web, struct gw_err *err)
{
    void *loops[1] = {&web->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_LIBUV |
                   LWS_SERVER_OPTION_VALIDATE_UTF8,
        .foreign_loops = loops,
        .pt_serv_buf_size = WEB_SERVICE_BUF,
        .timeout_secs = 60, /* above WEB_HANDSHAKE_MS: ours comes first */
        .count_threads = 1,
        .user = web,
        .pcontext = &web->context,
    };
    web_log_init();
    web->context = lws_create_context(&info);
    return web->context ? GW_OK : gw_err_set(err, GW_IO, "libwebsockets cannot start with libuv");
}

static enum gw_rc build(struct web *web, const struct web_config *config, struct gw_err *err)
{
    enum gw_rc rc = web_thread_init(web, err);
    if (!rc)
        rc = make_context(web, err);
    if (!rc)
        rc = add_tls_door(web, HTTP_DOOR_DEVICES, &config->devices, err);
    if (!rc)
        rc = add_tls_door(web, HTTP_DOOR_OPERATORS, &config->operators, err);
    if (!rc)
        rc = add_admin_door(web, config, err);
    if (!rc)
        rc = web_live_init(web, config, err);
    if (rc)
        return rc;
    uint32_t total = 0;
    for (size_t i = 0; i < web->listener_count; i++)
        total += (uint32_t)web->listeners[i].conns_max;
    web_slots_init(&web->slots, total);
    return GW_OK;
}

enum gw_rc web_new(const struct web_config *config, struct web **ret_web, struct gw_err *err)
{
    enum gw_rc rc = check_routes(config, err);
    if (rc)
        return rc;
    if (config->devices.address && !config->client_ca_path)
        return gw_err_set(err, GW_INVALID, "the devices' door needs a client CA file");
    struct web *web = gw_xalloc(1, sizeof(*web));
    web->routes = config->routes;
    web->route_count = config->route_count;
    web->client_ca_path = config->client_ca_path ? gw_xstrdup(config->client_ca_path) : NULL;
    web->doors_start = config->doors_open;
    web->shut = true; /* until there is a loop */
    web->chunk = gw_xalloc(1, LWS_PRE + WEB_FRAME_OUT_MAX + WEB_CHUNK);
    web->mail.doors = config->doors_open;
    web->mail.cuts = gw_xalloc(WEB_CUTS_MAX, sizeof(web->mail.cuts[0]));
    STAILQ_INIT(&web->mail.answers);
    TAILQ_INIT(&web->stalled);
    (void)pthread_mutex_init(&web->mail.lock, NULL);
    (void)pthread_mutex_init(&web->refused_lock, NULL);
    rc = build(web, config, err);
    if (rc) {
        web_free(web);
        return rc;
    }
    *ret_web = web;
    return GW_OK;
}

enum gw_rc web_start(struct web *web, struct gw_err *err)
{
    for (size_t i = 0; i < web->listener_count; i++) {
        struct web_listener *l = &web->listeners[i];
        enum gw_rc rc = (web->doors_start & l->door) ? web_listener_open(l, err) : GW_OK;
        if (rc)
            return rc;
    }
    /* Signals are the main thread's: none may be delivered here. */
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&web->thread, NULL, web_thread_main, web);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return gw_err_set(err, GW_IO, "cannot start the web thread");
    web->started = true;
    return GW_OK;
}

void web_stop(struct web *web)
{
    if (!web->started)
        return;
    (void)pthread_mutex_lock(&web->mail.lock);
    web->mail.closed = true;
    web->mail.stop = true;
    (void)pthread_mutex_unlock(&web->mail.lock);
    web_thread_wake(web);
    (void)pthread_join(web->thread, NULL);
    web->started = false;
}

void web_free(struct web *web)
{
    if (!web)
        return;
    web_stop(web);
    web_thread_shut(web);
    for (size_t i = 0; i < web->listener_count; i++) {
        struct web_listener *l = &web->listeners[i];
        for (size_t h = 0; h < l->host_count; h++)
            free(l->hosts[h]);
        free(l->unix_path);
    }
    web_slots_done(&web->slots);
    (void)pthread_mutex_destroy(&web->mail.lock);
    (void)pthread_mutex_destroy(&web->refused_lock);
    free(web->mail.cuts);
    free(web->client_ca_path);
    free(web->chunk);
    free(web);
}

struct http_responder web_responder(struct web *web)
{
    return (struct http_responder){.self = web, .respond = web_respond, .resume = web_resume};
}

uint16_t web_port(const struct web *web, enum http_door door)
{
    for (size_t i = 0; i < web->listener_count; i++)
        if (web->listeners[i].door == door)
            return web->listeners[i].port;
    return 0;
}

void web_doors_set(struct web *web, unsigned doors)
{
    (void)pthread_mutex_lock(&web->mail.lock);
    web->mail.doors = doors;
    (void)pthread_mutex_unlock(&web->mail.lock);
    web_thread_wake(web);
}

unsigned web_doors_open(const struct web *web)
{
    return atomic_load(&web->doors_open);
}

void web_cut_device(struct web *web, const struct gw_sha256 *cert_sha256)
{
    (void)pthread_mutex_lock(&web->mail.lock);
    if (web->mail.cut_count < WEB_CUTS_MAX)
        web->mail.cuts[web->mail.cut_count++] = *cert_sha256;
    else
        web->mail.cut_all = true;
    (void)pthread_mutex_unlock(&web->mail.lock);
    web_thread_wake(web);
}

void web_stats_get(const struct web *web, struct web_stats *ret_stats)
{
    const struct web_counters *n = &web->count;
    *ret_stats = (struct web_stats){
        .connections = atomic_load(&n->connections),
        .accepted = atomic_load(&n->accepted),
        .requests = atomic_load(&n->requests),
        .errors_4xx = atomic_load(&n->errors_4xx),
        .errors_5xx = atomic_load(&n->errors_5xx),
        .unanswered = atomic_load(&n->unanswered),
        .answers_dropped = atomic_load(&n->answers_dropped),
        .cut = atomic_load(&n->cut),
        .live = atomic_load(&n->live),
        .live_opened = atomic_load(&n->live_opened),
        .live_refused = atomic_load(&n->live_refused),
        .live_full = atomic_load(&n->live_full),
    };
}

void web_refuse(struct web_listener *l, enum web_refusal why, const char *source, const char *fault)
{
    struct web_refused *r = &l->refused[why - 1];
    (void)pthread_mutex_lock(&l->web->refused_lock);
    r->count++;
    (void)snprintf(r->source, sizeof(r->source), "%s", source);
    r->fault = fault;
    (void)pthread_mutex_unlock(&l->web->refused_lock);
}

void web_refused_get(struct web *web, enum http_door door, enum web_refusal why, struct web_refused *ret_refused)
{
    *ret_refused = (struct web_refused){.count = 0};
    (void)pthread_mutex_lock(&web->refused_lock);
    for (size_t i = 0; i < web->listener_count; i++)
        if (web->listeners[i].door == door)
            *ret_refused = web->listeners[i].refused[why - 1];
    (void)pthread_mutex_unlock(&web->refused_lock);
}
