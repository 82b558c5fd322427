#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "broker_child.h"
#include "config.h"
#include "core_loop.h"
#include "crypto_hash.h"
#include "crypto_init.h"
#include "crypto_pkcs7.h"
#include "ctl.h"
#include "est.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "journal_db.h"
#include "journal_thread.h"
#include "mqtt.h"
#include "repo.h"
#include "rest.h"
#include "server_cert.h"
#include "signer_keyd.h"
#include "supervisor.h"
#include "web.h"
#include "workers.h"

#define PART            "daemon"
#define KEYD_WAIT_TRIES 12 /* of the signer's 5 seconds */

struct daemon {
    const struct options *options;
    struct config config;
    struct repo *repo;
    struct store store;
    struct signer signer;
    struct signer_identity identity;
    struct gateway_facts facts;
    uv_loop_t loop;
    uv_poll_t ctl, lifeline;
    uv_signal_t sigterm, sigint;
    struct core core;
    struct workers *workers;
    struct journal_db *journal;
    struct journal_thread *journal_thread;
    struct http_responder responder; /* forwards to web, which is made after the adapters that need it */
    struct est *est;
    struct rest *rest;
    struct http_route *routes;
    struct web *web;
    struct mqtt *mqtt;
    struct broker_child broker;
    char secret[CTL_BROKER_SECRET_CHARS + 1];
    bool loop_made, core_made, polls_made, broker_running, stopping;
};

/* ---- what the outside tells us ---------------------------------------------------------------------------------- */

static void close_poll(uv_poll_t *poll)
{
    if (!uv_is_closing((uv_handle_t *)poll))
        uv_close((uv_handle_t *)poll, NULL);
}

static void begin_stop(struct daemon *d)
{
    if (d->stopping)
        return;
    d->stopping = true;
    gw_log(GW_LOG_INFO, PART, "stopping");
    uv_stop(&d->loop);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)signum;
    begin_stop(handle->data);
}

static void on_lifeline(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    gw_log(GW_LOG_WARN, PART, "the supervisor has gone");
    begin_stop(handle->data);
}

static void tell_supervisor(enum ctl_kind kind, int32_t value)
{
    struct gw_err err = {0};
    if (ctl_send(CTL_FD_DAEMON_CTL, kind, value, &err))
        gw_log(GW_LOG_WARN, PART, "%s", gw_err_text(&err));
}

static void post_child(struct daemon *d, enum child_kind which, bool up, int status)
{
    struct inbox port = inbox_queue_inner_port(d->core.queue);
    struct inbox_msg msg = {.kind = INBOX_CHILD, .u.child = {which, up, status}};
    if (port.post(port.self, &msg))
        gw_log(GW_LOG_WARN, PART, "the inbox is full: the end of a process goes unnoted");
}

static void on_word(struct daemon *d, enum ctl_kind kind, int32_t value)
{
    switch (kind) {
    case CTL_BROKER_UP:
        d->broker_running = true;
        post_child(d, CHILD_BROKER, true, 0);
        return;
    case CTL_BROKER_DOWN:
        d->broker_running = false;
        post_child(d, CHILD_BROKER, false, value);
        return;
    case CTL_KEYD_UP:
        post_child(d, CHILD_KEYD, true, 0);
        return;
    case CTL_KEYD_DOWN:
        post_child(d, CHILD_KEYD, false, value);
        return;
    case CTL_BROKER_START:
    case CTL_BROKER_RELOAD:
    case CTL_PUBLISH:
    case CTL_READY:
        return; /* ours to say */
    }
}

static void on_ctl(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    struct daemon *d = handle->data;
    for (;;) {
        enum ctl_kind kind;
        int32_t value;
        struct gw_err err = {0};
        enum gw_rc rc = ctl_receive(CTL_FD_DAEMON_CTL, &kind, &value, &err);
        if (rc == GW_AGAIN)
            return;
        if (rc) {
            close_poll(handle); /* the lifeline tells the rest */
            return;
        }
        on_word(d, kind, value);
    }
}

/* ---- what core lets out ------------------------------------------------------------------------------------------ */

static void out_answer(void *ctx, const struct answer *answer)
{
    struct daemon *d = ctx;
    switch (answer->to) {
    case ANSWER_TO_EST:
        est_answer(d->est, answer);
        return;
    case ANSWER_TO_REST:
        rest_answer(d->rest, answer);
        return;
    }
}

static void out_cut(void *ctx, const struct gw_sha256 *cert_sha256)
{
    struct daemon *d = ctx;
    web_cut_device(d->web, cert_sha256);
}

static void out_child(void *ctx, const struct inbox_child *child)
{
    (void)ctx;
    gw_log(child->up ? GW_LOG_INFO : GW_LOG_WARN, PART, "%s is %s",
           child->which == CHILD_KEYD ? "gatehouse-keyd" : "the broker", child->up ? "up" : "down");
}

static void out_open_devices(void *ctx)
{
    struct daemon *d = ctx;
    tell_supervisor(CTL_BROKER_START, d->broker_running && d->broker.changed);
    d->broker.changed = false;
    web_doors_set(d->web, HTTP_DOOR_DEVICES | HTTP_DOOR_OPERATORS | HTTP_DOOR_ADMIN);
}

static void forward_respond(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    struct daemon *d = self;
    struct http_responder web = web_responder(d->web);
    web.respond(web.self, ticket, reply);
}

static uint64_t out_credit(void *ctx)
{
    struct daemon *d = ctx;
    return journal_thread_credit(d->journal_thread);
}

static enum gw_rc out_audit(void *ctx, int64_t n, struct gw_view event)
{
    struct daemon *d = ctx;
    return journal_thread_audit(d->journal_thread, n, event);
}

/* Logs go to the journal's queue; core hears of them when they are durable. A full queue drops: the device has them. */
static void on_bus(void *ctx, const struct bus_event *event)
{
    struct daemon *d = ctx;
    if (event->kind != BUS_MESSAGE) {
        core_post_bus(&d->core, event);
        return;
    }
    switch (event->topic) {
    case BUS_TOPIC_LOG:
        (void)!journal_thread_batch(d->journal_thread, &event->device, event->payload);
        return;
    case BUS_TOPIC_LINE:
        (void)!journal_thread_line(d->journal_thread, &event->device, event->payload);
        return;
    case BUS_TOPIC_STATE:
        (void)!journal_thread_hello(d->journal_thread, &event->device);
        return;
    case BUS_TOPIC_JOB:
        return; /* no job has been given to any device */
    }
}

/* ---- the init list ----------------------------------------------------------------------------------------------- */

static enum gw_rc init_config(struct daemon *d, struct gw_err *err)
{
    enum gw_rc rc = config_load(d->options->config, &d->config, err);
    if (!rc)
        gw_log_init("gatehoused", d->config.log_level);
    return rc;
}

/* A session needs a descriptor in the broker; ours is a second process with its own. */
static enum gw_rc init_limits(struct daemon *d, struct gw_err *err)
{
    const rlim_t reserve = 256;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return gw_err_sys(err, "descriptor limit");
    if (limit.rlim_cur < (rlim_t)d->config.devices_max + reserve)
        return gw_err_set(
            err, GW_INVALID,
            "devices.max = %d needs %d descriptors, the limit is %llu: raise LimitNOFILE (or ulimit -n) or "
            "lower devices.max",
            d->config.devices_max, d->config.devices_max + (int)reserve, (unsigned long long)limit.rlim_cur);
    return GW_OK;
}

static enum gw_rc init_store(struct daemon *d, struct gw_err *err)
{
    char path[OPTIONS_PATH_MAX + 64];
    options_path(path, d->options->state, "state.db");
    enum gw_rc rc = repo_open(path, NULL, &d->repo, err);
    if (!rc)
        d->store = repo_store(d->repo);
    return rc;
}

static enum gw_rc init_keys(struct daemon *d, struct gw_err *err)
{
    crypto_init();
    d->signer = signer_keyd_new(CTL_FD_DAEMON_KEYD);
    enum gw_rc rc = GW_AGAIN;
    for (int i = 0; rc && i < KEYD_WAIT_TRIES; i++)
        rc = d->signer.ops->identity(d->signer.self, &d->identity, err);
    return rc ? gw_err_wrap(err, rc, "gatehouse-keyd does not answer") : GW_OK;
}

static enum gw_rc read_secret(struct daemon *d, struct gw_err *err)
{
    size_t have = 0;
    while (have < CTL_BROKER_SECRET_CHARS) {
        ssize_t n = read(CTL_FD_DAEMON_SECRET, d->secret + have, CTL_BROKER_SECRET_CHARS - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return gw_err_set(err, GW_INVALID, "no broker secret: start gatehoused, not its daemon");
        have += (size_t)n;
    }
    return close(CTL_FD_DAEMON_SECRET) ? gw_err_sys(err, "secret") : GW_OK;
}

static enum gw_rc init_loop(struct daemon *d, struct gw_err *err)
{
    enum gw_rc rc = read_secret(d, err);
    if (rc)
        return rc;
    (void)signal(SIGPIPE, SIG_IGN);
    if (uv_loop_init(&d->loop))
        return gw_err_set(err, GW_IO, "event loop");
    d->loop_made = true;
    if (uv_poll_init(&d->loop, &d->ctl, CTL_FD_DAEMON_CTL) || uv_poll_init(&d->loop, &d->lifeline, CTL_FD_LIFELINE) ||
        uv_signal_init(&d->loop, &d->sigterm) || uv_signal_init(&d->loop, &d->sigint))
        return gw_err_set(err, GW_IO, "event loop");
    d->ctl.data = d->lifeline.data = d->sigterm.data = d->sigint.data = d;
    d->polls_made = true;
    (void)uv_signal_start(&d->sigterm, on_signal, SIGTERM);
    (void)uv_signal_start(&d->sigint, on_signal, SIGINT);
    (void)uv_poll_start(&d->lifeline, UV_READABLE | UV_DISCONNECT, on_lifeline);
    return GW_OK;
}

static void fill_facts(struct daemon *d)
{
    struct stat st;
    char pki[OPTIONS_PATH_MAX + 64];
    options_path(pki, d->options->state, "pki");
    d->facts.keys_separated = stat(pki, &st) == 0 && st.st_uid != geteuid();
    d->facts.keyd_up = true;
    d->facts.root_spki = d->identity.root_spki;
    d->facts.started = gw_wall_now();
    (void)snprintf(d->facts.gateway, sizeof(d->facts.gateway), "%s", d->identity.gateway);
    (void)snprintf(d->facts.log_vkey, sizeof(d->facts.log_vkey), "%s", d->identity.log_vkey);
    (void)snprintf(d->facts.devices_host, sizeof(d->facts.devices_host), "%s", d->config.names[0]);
}

static enum gw_rc init_certs(struct daemon *d, struct gw_err *err)
{
    char key[OPTIONS_PATH_MAX + 64], cert[OPTIONS_PATH_MAX + 64], ca[OPTIONS_PATH_MAX + 64];
    options_path(key, d->options->state, "web/server.key");
    options_path(cert, d->options->state, "web/server.crt");
    options_path(ca, d->options->state, "web/ca.crt");
    fill_facts(d);
    struct server_cert_files files = {key, cert, 0600};
    bool changed = false;
    enum gw_rc rc =
        server_cert_ensure(&files, &d->config, &d->signer, &d->identity, &d->facts.server_key, &changed, err);
    if (!rc)
        rc = server_cert_write_ca(ca, &d->identity, err);
    if (rc)
        return rc;
    d->broker.options = d->options;
    d->broker.config = &d->config;
    options_path(d->broker.socket, d->options->run, "broker/broker.sock");
    enum ctl_kind kind; /* a broker that outlived an earlier daemon was told of before anything else */
    int32_t value;
    d->broker_running = ctl_receive(CTL_FD_DAEMON_CTL, &kind, &value, NULL) == GW_OK && kind == CTL_BROKER_UP;
    rc = broker_child_prepare(&d->broker, d->broker_running, &d->signer, &d->identity, err);
    d->facts.port_mqtt = d->broker.port;
    return rc;
}

static void signed_by_worker(void *ctx, struct journal_signing *signings, size_t count)
{
    struct daemon *d = ctx;
    journal_thread_signed(d->journal_thread, signings, count);
}

static enum gw_rc init_core(struct daemon *d, struct gw_err *err)
{
    struct core_parts parts = {
        .loop = &d->loop,
        .store = &d->store,
        .hash = crypto_sha256(),
        .facts = &d->facts,
        .outlets = {.ctx = d,
                    .answer = out_answer,
                    .cut = out_cut,
                    .open_devices = out_open_devices,
                    .child = out_child,
                    .credit = out_credit,
                    .audit = out_audit},
    };
    enum gw_rc rc = core_init(&d->core, &parts, err);
    d->core_made = true;
    if (rc)
        return rc;
    struct workers_config workers = {
        .threads = d->config.workers,
        .inbox = inbox_queue_inner_port(d->core.queue),
        .signer = d->signer,
        .signed_fn = signed_by_worker,
        .signed_ctx = d,
    };
    rc = workers_new(&workers, &d->workers, err);
    d->core.workers = d->workers;
    return rc;
}

static bool sign_by_worker(void *ctx, struct journal_signing *signings, size_t count)
{
    struct daemon *d = ctx;
    struct work *work = gw_xalloc(1, sizeof(*work));
    work->kind = WORK_SIGN;
    work->blob = (uint8_t *)signings;
    work->blob_len = count * sizeof(*signings);
    if (workers_give(d->workers, work) == GW_OK)
        return true;
    free(work);
    return false;
}

static enum event_sev severity(struct gw_view event)
{
    (void)event;
    return EVENT_SEV_INFO;
}

static enum gw_rc init_journal(struct daemon *d, struct gw_err *err)
{
    char path[OPTIONS_PATH_MAX + 64];
    options_path(path, d->options->state, "journal/journal.db");
    const struct journal_options options = {
        .mode = DB_READ_WRITE, .hash = crypto_sha256(), .severity = severity};
    enum gw_rc rc = journal_db_open(path, &options, &d->journal, err);
    if (rc)
        return rc;
    struct journal_thread_config config = {
        .journal = journal_db_port(d->journal),
        .inbox = inbox_queue_inner_port(d->core.queue),
        .sign = sign_by_worker,
        .sign_ctx = d,
        .hash = crypto_sha256(),
    };
    (void)snprintf(config.gateway, sizeof(config.gateway), "%s", d->identity.gateway);
    memcpy(config.log_pub, d->identity.log_pub, sizeof(config.log_pub));
    return journal_thread_new(&config, &d->journal_thread, err);
}

static enum gw_rc certs_only(const struct gw_view *certs, size_t count, struct gw_buf *ret_der, struct gw_err *err)
{
    enum gw_rc rc = crypto_pkcs7_certs(certs, count, ret_der);
    return rc ? gw_err_set(err, rc, "certificates as PKCS#7") : GW_OK;
}

static enum gw_rc init_adapters(struct daemon *d, struct gw_err *err)
{
    d->responder = (struct http_responder){d, forward_respond};
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
    struct rest_config rest = {.inbox = inbox_queue_port(d->core.queue), .responder = d->responder};
    d->rest = rest_new(&rest);
    size_t est_count, rest_count;
    const struct http_route *est_table = est_routes(d->est, &est_count);
    const struct http_route *rest_table = rest_routes(d->rest, &rest_count);
    d->routes = gw_xalloc(est_count + rest_count, sizeof(*d->routes));
    memcpy(d->routes, est_table, est_count * sizeof(*est_table));
    memcpy(d->routes + est_count, rest_table, rest_count * sizeof(*rest_table));
    return GW_OK;
}

static enum gw_rc init_web(struct daemon *d, struct gw_err *err)
{
    size_t est_count, rest_count;
    (void)est_routes(d->est, &est_count);
    (void)rest_routes(d->rest, &rest_count);
    char key[OPTIONS_PATH_MAX + 64], cert[OPTIONS_PATH_MAX + 64], ca[OPTIONS_PATH_MAX + 64];
    char admin[OPTIONS_PATH_MAX + 64];
    options_path(key, d->options->state, "web/server.key");
    options_path(cert, d->options->state, "web/server.crt");
    options_path(ca, d->options->state, "web/ca.crt");
    options_path(admin, d->options->run, "web/admin.sock");
    const char *hosts[CONFIG_NAMES_MAX];
    for (size_t i = 0; i < d->config.name_count; i++)
        hosts[i] = d->config.names[i];
    struct web_door door = {.cert_path = cert, .key_path = key, .hosts = hosts, .host_count = d->config.name_count};
    struct web_config config = {
        .routes = d->routes,
        .route_count = est_count + rest_count,
        .devices = door,
        .operators = door,
        .client_ca_path = ca,
        .admin_path = admin,
        .admin_mode = 0660,
        .doors_open = HTTP_DOOR_OPERATORS | HTTP_DOOR_ADMIN,
    };
    config.devices.address = d->config.devices.address;
    config.devices.port = d->config.devices.port;
    config.operators.address = d->config.operators.address;
    config.operators.port = d->config.operators.port;
    config.operators.conns_max = d->config.operators_max;
    enum gw_rc rc = web_new(&config, &d->web, err);
    if (rc)
        return rc;
    d->core.facts.port_devices = web_port(d->web, HTTP_DOOR_DEVICES);
    d->core.facts.port_operators = web_port(d->web, HTTP_DOOR_OPERATORS);
    return web_start(d->web, err);
}

static enum gw_rc init_bus(struct daemon *d, struct gw_err *err)
{
    struct mqtt_config config = {
        .loop = &d->loop,
        .socket_path = d->broker.socket,
        .secret = d->secret,
        .sha256 = crypto_sha256(),
        .event = on_bus,
        .ctx = d,
    };
    enum gw_rc rc = mqtt_new(&config, &d->mqtt, err);
    explicit_bzero(d->secret, sizeof(d->secret));
    if (rc)
        return rc;
    d->core.session.bus = mqtt_bus(d->mqtt);
    (void)uv_poll_start(&d->ctl, UV_READABLE | UV_DISCONNECT, on_ctl);
    return GW_OK;
}

static enum gw_rc init_doors(struct daemon *d, struct gw_err *err)
{
    (void)err;
    tell_supervisor(CTL_PUBLISH, 0);
    if (d->core.operate.access.claimed)
        out_open_devices(d);
    const struct gateway_facts *f = &d->core.facts;
    gw_log(GW_LOG_INFO, PART, "%s: people at https://%s:%u, devices at ports %u (HTTPS) and %u (MQTT)%s", f->gateway,
           d->config.names[0], f->port_operators, f->port_devices, f->port_mqtt,
           d->core.operate.access.claimed ? "" : " once it is claimed: run `gatehouse claim`");
    tell_supervisor(CTL_READY, 0);
    return GW_OK;
}

typedef enum gw_rc init_fn(struct daemon *d, struct gw_err *err);

static enum gw_rc init_all(struct daemon *d, struct gw_err *err)
{
    static init_fn *const list[] = {init_config, init_limits,  init_store,    init_keys, init_loop, init_certs,
                                    init_core,   init_journal, init_adapters, init_web,  init_bus,  init_doors};
    enum gw_rc rc = GW_OK;
    for (size_t i = 0; !rc && i < sizeof(list) / sizeof(list[0]); i++)
        rc = list[i](d, err);
    return rc;
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

static void close_handles(struct daemon *d)
{
    if (d->polls_made) {
        close_poll(&d->ctl);
        close_poll(&d->lifeline);
        uv_close((uv_handle_t *)&d->sigterm, NULL);
        uv_close((uv_handle_t *)&d->sigint, NULL);
    }
    if (d->loop_made) {
        (void)uv_run(&d->loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&d->loop);
    }
}

/* The network first, then who answers it, then what they stand on. */
static void end_all(struct daemon *d)
{
    if (d->web)
        web_stop(d->web);
    journal_thread_stop(d->journal_thread); /* commits what is queued; acknowledgements that it causes still leave */
    workers_free(d->workers);
    if (d->core_made)
        core_stop(&d->core);
    mqtt_free(d->mqtt);
    close_handles(d);
    if (d->core_made)
        core_done(&d->core);
    web_free(d->web);
    rest_free(d->rest);
    est_free(d->est);
    free(d->routes);
    journal_thread_free(d->journal_thread);
    journal_db_close(d->journal);
    signer_keyd_free(&d->signer);
    repo_close(d->repo);
}

/* Errors that a restart does not mend: configuration, a newer or damaged database, a taken port, missing rights. */
static bool hopeless(enum gw_rc rc)
{
    return rc == GW_INVALID || rc == GW_CORRUPT || rc == GW_EXISTS || rc == GW_DENIED || rc == GW_UNSUPPORTED ||
           rc == GW_NOT_FOUND || rc == GW_TOO_BIG;
}

int daemon_run(const struct options *o)
{
    struct daemon *d = gw_xalloc(1, sizeof(*d));
    d->options = o;
    struct gw_err err = {0};
    (void)umask(077);
    enum gw_rc rc = init_all(d, &err);
    if (rc)
        gw_log(GW_LOG_ERROR, PART, "%s", gw_err_text(&err));
    else
        (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    end_all(d);
    if (!rc)
        gw_log(GW_LOG_INFO, PART, "stopped");
    free(d);
    return rc == GW_OK ? 0 : hopeless(rc) ? SUPERVISOR_EXIT_HOPELESS : 1;
}
