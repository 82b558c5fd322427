#include <string.h>

#include "crypto_pkcs7.h"
#include "daemon_internal.h"
#include "gw_cleanup.h"
#include "kept_port.h"

static void forward_respond(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    struct daemon *d = self;
    struct http_responder web = web_responder(d->web);
    web.respond(web.self, ticket, reply);
}

static void forward_resume(void *self)
{
    struct daemon *d = self;
    struct http_responder web = web_responder(d->web);
    web.resume(web.self);
}

static enum gw_rc certs_only(const struct gw_view *certs, size_t count, struct gw_buf *ret_der, struct gw_err *err)
{
    enum gw_rc rc = crypto_pkcs7_certs(certs, count, ret_der);
    return rc ? gw_err_set(err, rc, "certificates as PKCS#7") : GW_OK;
}

void daemon_init_responder(struct daemon *d)
{
    d->responder = (struct http_responder){d, forward_respond, forward_resume};
}

static void collect_routes(struct daemon *d)
{
    size_t counts[] = {0, 0, 0, 0, 1}, at = 0;
    const struct http_route *tables[] = {est_routes(d->est, &counts[0]), rest_routes(d->rest, &counts[1]),
                                         page_routes(d->page, &counts[2]), artifact_routes(d->artifact, &counts[3]),
                                         metrics_route(d->metrics)};
    d->route_count = counts[0] + counts[1] + counts[2] + counts[3] + counts[4];
    d->routes = gw_xalloc(d->route_count, sizeof(*d->routes));
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        memcpy(d->routes + at, tables[i], counts[i] * sizeof(*d->routes));
        at += counts[i];
    }
}

enum gw_rc daemon_init_adapters(struct daemon *d, struct gw_err *err)
{
    struct est_config est = {
        .inbox = inbox_queue_port(d->core.queue),
        .responder = d->responder,
        .certs_only = certs_only,
        .root_der = gw_view_make(d->identity.root_der, d->identity.root_len),
        .issuer_der = gw_view_make(d->identity.issuer_der, d->identity.issuer_len),
    };
    enum gw_rc rc = est_new(&est, &d->est, err);
    if (rc)
        return rc;
    struct rest_config rest = {.gateway = d->identity.gateway,
                               .inbox = inbox_queue_port(d->core.queue),
                               .responder = d->responder,
                               .imports = d->core.operate.releases.imports,
                               .session_of = door_session_of,
                               .session_ctx = &d->door,
                               .token_of = door_token_of,
                               .token_ctx = &d->programs};
    d->rest = rest_new(&rest);
    d->artifact = artifact_new(&(struct artifact_config){.inbox = est.inbox, .responder = d->responder});
    d->page = page_new(d->responder, page_files, page_file_count);
    daemon_make_metrics(d);
    collect_routes(d);
    return GW_OK;
}

/* A door's listener. A port that was chosen freely before and is taken now makes room for another free one. */
static void set_door(struct web_door *door, const struct config_listener *at, const char *kept_path, bool retry)
{
    door->address = at->address;
    door->port = retry ? at->port : kept_port_choose(kept_path, at->port);
}

static enum gw_rc listen_at(struct daemon *d, struct web_config *config, struct gw_err *err)
{
    char devices[OPTIONS_PATH_MAX + 64], operators[OPTIONS_PATH_MAX + 64];
    options_path(devices, d->options->state, "web/port-devices");
    options_path(operators, d->options->state, "web/port-operators");
    enum gw_rc rc = GW_EXISTS;
    for (int retry = 0; rc == GW_EXISTS && retry < 2; retry++) {
        set_door(&config->devices, &d->config.devices, devices, retry != 0);
        set_door(&config->operators, &d->config.operators, operators, retry != 0);
        rc = web_new(config, &d->web, err);
    }
    if (rc)
        return rc;
    d->core.facts.port_devices = web_port(d->web, HTTP_DOOR_DEVICES);
    d->core.facts.port_operators = web_port(d->web, HTTP_DOOR_OPERATORS);
    if (d->config.devices.port == 0)
        rc = kept_port_put(devices, d->core.facts.port_devices, err);
    if (!rc && d->config.operators.port == 0)
        rc = kept_port_put(operators, d->core.facts.port_operators, err);
    return rc;
}

enum gw_rc daemon_init_web(struct daemon *d, struct gw_err *err)
{
    char key[OPTIONS_PATH_MAX + 64], cert[OPTIONS_PATH_MAX + 64], ca[OPTIONS_PATH_MAX + 64];
    char admin[OPTIONS_PATH_MAX + 64];
    options_path(key, d->options->state, "web/server.key");
    options_path(cert, d->options->state, "web/server.crt");
    options_path(ca, d->options->state, "web/ca.crt");
    options_path(admin, d->options->run, "web/admin.sock");
    struct web_door door = {.cert_path = cert, .key_path = key, .hosts = d->names, .host_count = d->config.name_count};
    struct web_config config = {
        .routes = d->routes,
        .route_count = d->route_count,
        .live_routes = live_hub_route(d->live),
        .live_route_count = 1,
        .devices = door,
        .operators = door,
        .client_ca_path = ca,
        .admin_path = admin,
        .admin_mode = 0660,
        .doors_open = HTTP_DOOR_OPERATORS | HTTP_DOOR_ADMIN,
    };
    config.operators.conns_max = d->config.operators_max;
    enum gw_rc rc = listen_at(d, &config, err);
    if (rc)
        return rc;
    live_hub_attach(d->live, web_ws_port(d->web), web_port(d->web, HTTP_DOOR_OPERATORS));
    return web_start(d->web, err);
}
