#include "daemon.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker_conf.h"
#include "crypto_hash.h"
#include "crypto_init.h"
#include "daemon_internal.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "gw_num.h"
#include "server_cert.h"
#include "signer_keyd.h"
#include "supervisor.h"
#include "web.h"

#define PART            "daemon"
#define KEYD_WAIT_TRIES 12 /* of the signer's 5 seconds */
#define ADDRESS_WAIT_MS 1000

/* An address may come after us: a lease that is late, an interface that is slow, a word that is mended in the file.
 * Until then there is nothing to serve; SIGTERM and the end of the supervisor end us. */
static enum gw_rc init_config(struct daemon *d, struct gw_err *err)
{
    struct pollfd lifeline = {.fd = CTL_FD_LIFELINE, .events = POLLIN};
    enum gw_rc rc = config_load(d->options->config, &d->config, err);
    if (rc == GW_AGAIN)
        gw_log(GW_LOG_ERROR, PART, "%s; waiting for it", gw_err_text(err));
    while (rc == GW_AGAIN) {
        if (poll(&lifeline, 1, ADDRESS_WAIT_MS) != 0)
            return gw_err_set(err, GW_CANCELLED, "ended while waiting for an address");
        rc = config_load(d->options->config, &d->config, err);
    }
    if (!rc)
        gw_log_init("gatehoused", d->config.log_level);
    return rc;
}

/* A session needs a descriptor in the broker. We are another process under the same limit, and need what the doors'
 * ceilings add up to, a live connection's pair of sockets included, beside our own files. */
static enum gw_rc init_limits(struct daemon *d, struct gw_err *err)
{
    const rlim_t reserve = BROKER_CONF_SPARE + 256;
    const rlim_t own = (rlim_t)WEB_DESCRIPTORS(d->config.operators_max) + 256;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return gw_err_sys(err, "descriptor limit");
    if (limit.rlim_cur < (rlim_t)d->config.devices_max + reserve)
        return gw_err_set(
            err, GW_INVALID,
            "devices.max = %d needs %d descriptors, the limit is %llu: raise LimitNOFILE (or ulimit -n) or "
            "lower devices.max",
            d->config.devices_max, d->config.devices_max + (int)reserve, (unsigned long long)limit.rlim_cur);
    if (limit.rlim_cur < own)
        return gw_err_set(
            err, GW_INVALID,
            "the gateway's doors need %d descriptors, the limit is %llu: raise LimitNOFILE (or ulimit -n) or lower "
            "operators.max_connections",
            (int)own, (unsigned long long)limit.rlim_cur);
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

/* The broker's plugin refuses a registry above devices.max, and then nobody gets in. */
static enum gw_rc init_room(struct daemon *d, struct gw_err *err)
{
    int64_t admitted = 0;
    enum gw_rc rc = enrol_admitted(&d->store, &admitted, err);
    if (rc || admitted <= d->config.devices_max)
        return rc;
    return gw_err_set(err, GW_INVALID,
                      "devices.max = %d, but %lld device%s active or quarantined: raise devices.max; to have fewer, "
                      "start with more, then revoke or retire some",
                      d->config.devices_max, (long long)admitted, admitted == 1 ? " is" : "s are");
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

/* The broker's local secret: the plugin has the same. */
static enum gw_rc init_secret(struct daemon *d, struct gw_err *err)
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
    (void)snprintf(d->facts.devices_host, sizeof(d->facts.devices_host), "%s", d->config.hosts[0]);
}

static enum gw_rc init_certs(struct daemon *d, struct gw_err *err)
{
    char key[OPTIONS_PATH_MAX + 64], cert[OPTIONS_PATH_MAX + 64], ca[OPTIONS_PATH_MAX + 64];
    options_path(key, d->options->state, "web/server.key");
    options_path(cert, d->options->state, "web/server.crt");
    options_path(ca, d->options->state, "web/ca.crt");
    fill_facts(d);
    struct server_cert_files files = {key, cert, 0600};
    struct server_cert_state cert_state;
    enum gw_rc rc = server_cert_ensure(&files, &d->config, &d->signer, &d->identity, &cert_state, err);
    if (!rc)
        rc = server_cert_write_ca(ca, &d->identity, err);
    if (rc)
        return rc;
    d->facts.server_key = cert_state.spki;
    d->cert_until = cert_state.until;
    d->broker.options = d->options;
    d->broker.config = &d->config;
    options_path(d->broker.socket, d->options->run, "broker/broker.sock");
    /* a broker that outlived an earlier daemon was told of before anything else */
    d->has_first = ctl_receive(CTL_FD_DAEMON_CTL, &d->first_word, &d->first_value, NULL) == GW_OK;
    d->broker_running = d->has_first && d->first_word == CTL_BROKER_UP;
    rc = broker_child_prepare(&d->broker, d->broker_running, &d->signer, &d->identity, err);
    d->facts.port_mqtt = d->broker.port;
    return rc;
}

static enum gw_rc init_core(struct daemon *d, struct gw_err *err)
{
    d->door = (struct door_session){session_table_new(), crypto_sha256()};
    door_tokens_init(&d->programs, token_table_new(), crypto_sha256());
    struct core_parts parts = {
        .loop = &d->loop,
        .sessions = d->door.sessions,
        .tokens = d->programs.table,
        .store = &d->store,
        .hash = crypto_sha256(),
        .facts = &d->facts,
        .advice = &d->config.advice,
        .outlets = daemon_outlets(d),
    };
    d->core_made = true; /* also half of it is ended */
    enum gw_rc rc = core_init(&d->core, &parts, err);
    if (!rc)
        rc = tokens_load(d->programs.table, &d->store, err);
    if (rc)
        return rc;
    struct workers_config workers = {
        .threads = d->config.workers,
        .inbox = inbox_queue_inner_port(d->core.queue),
        .signer = d->signer,
        .signed_fn = daemon_signed,
        .signed_ctx = d,
        .artifact_fn = daemon_artifact,
        .artifact_ctx = d,
    };
    d->core.operate.enrol.devices_max = d->config.devices_max;
    rc = workers_new(&workers, &d->workers, err);
    d->core.workers = d->workers;
    return rc;
}

static enum gw_rc init_bus(struct daemon *d, struct gw_err *err)
{
    struct mqtt_config config = {
        .loop = &d->loop,
        .socket_path = d->broker.socket,
        .secret = d->secret,
        .sha256 = crypto_sha256(),
        .event = daemon_on_bus,
        .ctx = d,
    };
    enum gw_rc rc = mqtt_new(&config, &d->mqtt, err);
    explicit_bzero(d->secret, sizeof(d->secret));
    if (rc)
        return rc;
    d->core.session.bus = mqtt_bus(d->mqtt);
    daemon_listen_ctl(d);
    return GW_OK;
}

static enum gw_rc init_doors(struct daemon *d, struct gw_err *err)
{
    (void)err;
    core_start(&d->core);
    daemon_tell_supervisor(CTL_PUBLISH, 0);
    if (d->core.operate.access.claimed)
        daemon_open_devices(d);
    const struct gateway_facts *f = &d->core.facts;
    gw_log(GW_LOG_INFO, PART, "%s: people at https://%s:%u, devices at ports %u (HTTPS) and %u (MQTT)%s", f->gateway,
           d->config.hosts[0], f->port_operators, f->port_devices, f->port_mqtt,
           d->core.operate.access.claimed ? "" : " once it is claimed: run `gatehouse claim`");
    daemon_tell_supervisor(CTL_READY, 0);
    return GW_OK;
}

/* Where files of the state are to blame: which state, and what helps. */
static enum gw_rc blame_state(const struct daemon *d, enum gw_rc rc, struct gw_err *err)
{
    char why[GW_ERR_TEXT_MAX];
    (void)snprintf(why, sizeof(why), "%s", gw_err_text(err));
    if (rc == GW_CORRUPT)
        return gw_err_set(err, rc, "%s; the state in %s is damaged: restore it from a backup", why, d->options->state);
    if (rc == GW_DENIED) {
        const struct passwd *user = getpwuid(geteuid());
        return gw_err_set(err, rc, "%s; what lies in %s must belong to the user that the daemon runs as, %s", why,
                          d->options->state, user ? user->pw_name : "who has no name here");
    }
    return rc;
}

static enum gw_rc init_all(struct daemon *d, struct gw_err *err)
{
    static daemon_init_fn *const list[] = {init_config,
                                           init_limits,
                                           init_store,
                                           init_room,
                                           init_keys,
                                           init_secret,
                                           daemon_init_signals,
                                           init_certs,
                                           init_core,
                                           daemon_init_journal,
                                           daemon_init_feed,
                                           daemon_init_releases,
                                           daemon_init_adapters,
                                           daemon_init_live,
                                           daemon_init_queries,
                                           daemon_init_web,
                                           init_bus,
                                           init_doors};
    enum gw_rc rc = GW_OK;
    for (size_t i = 0; !rc && i < sizeof(list) / sizeof(list[0]); i++) {
        rc = list[i](d, err);
        if (rc && list[i] != init_config) /* that file lies elsewhere */
            rc = blame_state(d, rc, err);
    }
    return rc;
}

static void close_handles(struct daemon *d)
{
    daemon_close_signals(d);
    if (d->loop_made) {
        (void)uv_run(&d->loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&d->loop);
    }
}

/* The network first, then who answers it, then what they stand on. */
static void end_all(struct daemon *d)
{
    if (d->core.started)
        daemon_hear_last(d);
    if (d->web)
        web_stop(d->web);
    import_thread_stop(d->imports);
    journal_thread_stop(d->journal_thread); /* commits what is queued; acknowledgements that it causes still leave */
    workers_stop(d->workers);
    if (d->core_made)
        core_stop(&d->core, d->asked); /* what is queued may still ask for work: there is none to be had */
    workers_free(d->workers);
    daemon_end_queries(d);
    daemon_end_feed(d);
    mqtt_free(d->mqtt);
    close_handles(d);
    if (d->core_made)
        core_done(&d->core);
    broker_child_release(&d->broker);
    web_free(d->web);
    live_hub_free(d->live);
    rest_free(d->rest);
    metrics_free(d->metrics);
    page_free(d->page);
    est_free(d->est);
    artifact_free(d->artifact);
    free(d->routes);
    session_table_free(d->door.sessions);
    door_tokens_done(&d->programs);
    token_table_free(d->programs.table);
    journal_thread_free(d->journal_thread);
    journal_db_close(d->journal);
    signer_keyd_free(&d->signer);
    import_thread_free(d->imports);
    repo_close(d->import_repo);
    blob_store_close(d->blobs);
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
    d->broker.held_fd = -1;
    struct gw_err err = {0};
    (void)umask(077);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is a full disk, not our end */
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
