#include "fleet_enrol.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fleet_http.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "json.h"
#include "unsynced_fs.h"

#define PART        "enrol"
#define BODY_MAX    (128 * 1024)
#define RETRY_S     1
#define URL_MAX     512
#define THREADS_MAX 16

struct fleet_enrol {
    const struct fleet_options *options;
    char *identities; /* struct fleet_identity, one every `stride` bytes; borrowed */
    size_t stride;
    int wake_fd;
    pthread_t threads[THREADS_MAX];
    uint32_t thread_count;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t stopped;
    bool stop;
    uint32_t next;
    struct fleet_enrolled *done; /* owned; each device is in it once */
    uint32_t taken, done_count;
    bool trouble_told;
    pthread_mutex_t fetch_lock; /* held while the root or the log key is fetched */
    bool have_key;
    struct note_key key;
};

/* One thread with its connections. */
struct worker {
    struct fleet_enrol *e;
    struct fleet_http *admin; /* NULL until it is needed, as is the next */
    struct fleet_http *est;
    struct gw_buf others; /* the gateway's certificates, base64 PKCS#7; fetched once */
};

void fleet_enrol_identity(const struct fleet_options *options, uint32_t index, struct fleet_identity *ret_identity)
{
    struct fleet_identity *id = ret_identity;
    *id = (struct fleet_identity){.site = {.https_port = options->https_port, .mqtt_port = options->mqtt_port}};
    (void)snprintf(id->site.id.text, sizeof(id->site.id.text), "%s-%05u", options->name, options->first + index);
    (void)snprintf(id->site.host, sizeof(id->site.host), "%s", options->host);
    (void)snprintf(id->site.state_dir, sizeof(id->site.state_dir), "%s/devices/%s", options->state_dir,
                   id->site.id.text);
    agent_est_init(&id->est, &id->site, gw_fs_posix());
    (void)snprintf(id->est.root_path, sizeof(id->est.root_path), "%s/root.pem", options->state_dir);
}

/* ---- invitations ------------------------------------------------------------------------------------------------- */

static enum gw_rc invitation_from_dir(const struct fleet_enrol *e, const struct agent_site *site,
                                      struct invitation *ret_invitation, struct gw_err *err)
{
    char path[AGENT_PATH_MAX * 2];
    GW_CLEANUP(gw_buf_wipe) struct gw_buf text;
    gw_buf_init(&text, INVITATION_TEXT_MAX);
    (void)snprintf(path, sizeof(path), "%s/%s", e->options->invitations, site->id.text);
    enum gw_rc rc = gw_fs_read_file(path, &text, err);
    if (!rc)
        rc = invitation_parse(gw_buf_view(&text), ret_invitation, err);
    return rc ? gw_err_wrap(err, GW_DENIED, "%s", path) : GW_OK;
}

static enum gw_rc read_invitation(struct gw_buf *body, long status, struct invitation *ret_invitation,
                                  struct gw_err *err)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct gw_view text;
    if (status == 429 || status >= 500)
        return gw_err_set(err, GW_AGAIN, "the gateway is busy (%ld)", status);
    if (status != 200)
        return gw_err_set(err, GW_DENIED, "no invitation: the gateway answers %ld", status);
    enum gw_rc rc = json_read(gw_buf_view(body), BODY_MAX, &doc, err);
    if (!rc)
        rc = json_text(json_root(doc), "invitation", &text, err);
    return rc ? rc : invitation_parse(text, ret_invitation, err);
}

static enum gw_rc invitation_from_gateway(struct worker *w, const struct agent_site *site,
                                          struct invitation *ret_invitation, struct gw_err *err)
{
    char url[URL_MAX];
    long status = 0;
    GW_CLEANUP(gw_buf_wipe) struct gw_buf body;
    gw_buf_init(&body, BODY_MAX);
    (void)snprintf(url, sizeof(url), "http://gatehouse/api/v1/devices/%s/invite", site->id.text);
    const struct fleet_http_request request = {
        .url = url, .content_type = "application/json", .body = GW_VIEW_LIT("{}")};
    enum gw_rc rc = w->admin ? GW_OK : fleet_http_new(w->e->options->admin_socket, NULL, &w->admin, err);
    if (!rc)
        rc = fleet_http_run(w->admin, &request, &status, &body, err);
    return rc ? rc : read_invitation(&body, status, ret_invitation, err);
}

static enum gw_rc find_invitation(struct worker *w, struct fleet_identity *id, struct invitation *ret_invitation,
                                  struct gw_err *err)
{
    enum gw_rc rc = GW_DENIED;
    if (w->e->options->admin_socket)
        rc = invitation_from_gateway(w, &id->site, ret_invitation, err);
    else if (w->e->options->invitations)
        rc = invitation_from_dir(w->e, &id->site, ret_invitation, err);
    else
        (void)gw_err_set(err, rc, "no certificate, and neither --admin-socket nor --invitations");
    if (rc)
        return rc;
    if (!gw_device_id_eq(&ret_invitation->device, &id->site.id))
        return gw_err_set(err, GW_DENIED, "the invitation is for another device");
    memcpy(id->site.pin, ret_invitation->root, INVITATION_ROOT_LEN);
    id->site.pin_len = INVITATION_ROOT_LEN;
    return GW_OK;
}

/* ---- certificates ------------------------------------------------------------------------------------------------ */

static enum gw_rc ask(struct worker *w, struct fleet_identity *id, const struct fleet_http_request *request,
                      struct gw_buf *ret_body, struct gw_err *err)
{
    long status = 0;
    enum gw_rc rc = w->est ? GW_OK : fleet_http_new(NULL, id->est.root_path, &w->est, err);
    if (!rc)
        rc = fleet_http_run(w->est, request, &status, ret_body, err);
    if (rc || status == 200)
        return rc;
    return gw_err_set(err, status == 401 || status == 403 ? GW_DENIED : GW_AGAIN, "%s: the gateway answers %ld",
                      request->url, status);
}

/* What stands between a device's certificate and the root; the same for all. */
static enum gw_rc get_others(struct worker *w, struct fleet_identity *id, struct gw_err *err)
{
    char url[URL_MAX];
    if (w->others.len)
        return GW_OK;
    (void)snprintf(url, sizeof(url), "https://%s:%u/.well-known/est/cacerts", id->site.host, id->site.https_port);
    const struct fleet_http_request request = {.url = url};
    return ask(w, id, &request, &w->others, err);
}

static enum gw_rc keep(struct worker *w, struct fleet_identity *id, struct gw_view body, struct gw_err *err)
{
    const struct agent_cert_rules rules = {id->est.root_path, id->est.key, &id->site.id};
    STACK_OF(X509) *issued = NULL, *others = NULL;
    GW_CLEANUP(gw_buf_done) struct gw_buf pem;
    gw_buf_init(&pem, BODY_MAX);
    enum gw_rc rc = agent_certs_parse(body, &issued, err);
    if (!rc)
        rc = agent_certs_parse(gw_buf_view(&w->others), &others, err);
    if (!rc)
        rc = agent_chain_make(&rules, issued, others, &pem, err);
    agent_certs_free(issued);
    agent_certs_free(others);
    return rc ? rc : gw_fs_replace(id->est.fs, id->est.cert_path, gw_buf_view(&pem), 0600, err);
}

static enum gw_rc simple_enroll(struct worker *w, struct fleet_identity *id, const char *secret, struct gw_err *err)
{
    char url[URL_MAX];
    GW_CLEANUP(gw_buf_done) struct gw_buf der, base64, body;
    gw_buf_init(&der, 4096);
    gw_buf_init(&base64, 8192);
    gw_buf_init(&body, BODY_MAX);
    (void)snprintf(url, sizeof(url), "https://%s:%u/.well-known/est/simpleenroll", id->site.host, id->site.https_port);
    enum gw_rc rc = agent_csr_make(id->est.key, &id->site.id, &der, err);
    if (!rc)
        rc = gw_base64_add(&base64, der.ptr, der.len);
    const struct fleet_http_request request = {.url = url,
                                               .user = id->site.id.text,
                                               .secret = secret,
                                               .content_type = "application/pkcs10",
                                               .body = gw_buf_view(&base64)};
    if (!rc)
        rc = ask(w, id, &request, &body, err);
    return rc ? rc : keep(w, id, gw_buf_view(&body), err);
}

/* *invitation is kept from one try to the next: a gateway whose door is still closed is asked for one only. */
static enum gw_rc enrol(struct worker *w, struct fleet_identity *id, struct invitation *invitation, struct gw_err *err)
{
    struct fleet_enrol *e = w->e;
    char secret[GW_BASE32_LEN(INVITATION_SECRET_LEN) + 1] = "";
    enum gw_rc rc = invitation->port ? GW_OK : find_invitation(w, id, invitation, err);
    if (rc)
        return rc;
    (void)pthread_mutex_lock(&e->fetch_lock);
    rc = agent_est_root(&id->est, err);
    (void)pthread_mutex_unlock(&e->fetch_lock);
    if (!rc)
        rc = get_others(w, id, err);
    invitation_secret_text(invitation, secret);
    if (!rc)
        rc = simple_enroll(w, id, secret, err);
    explicit_bzero(secret, sizeof(secret));
    return rc;
}

/* ---- one device -------------------------------------------------------------------------------------------------- */

/* One key signs for all logs: the first device that can asks for it. */
static void get_log_key(struct fleet_enrol *e, struct fleet_identity *id)
{
    (void)pthread_mutex_lock(&e->fetch_lock);
    struct gw_err err = {0};
    struct note_key key;
    if (!e->have_key && agent_est_log_key(&id->est, false, &key, &err) == GW_OK) {
        (void)pthread_mutex_lock(&e->lock);
        e->key = key;
        e->have_key = true;
        (void)pthread_mutex_unlock(&e->lock);
    }
    (void)pthread_mutex_unlock(&e->fetch_lock);
}

static enum gw_rc try_one(struct worker *w, struct fleet_identity *id, struct invitation *invitation, bool *ret_known,
                          struct gw_err *err)
{
    struct agent_cert cert;
    id->est.fs = unsynced_fs(); /* the fleet's keys are not worth a flush each */
    if (mkdir(id->site.state_dir, 0700) && errno != EEXIST)
        return gw_err_sys(err, "%s", id->site.state_dir);
    enum gw_rc rc = agent_key_open(id->est.fs, id->est.key_path, false, &id->est.key, err);
    if (rc)
        return rc;
    *ret_known = agent_est_cert(&id->est, &cert, NULL) == GW_OK && cert.not_after.ms > gw_wall_now().ms;
    if (!*ret_known)
        rc = enrol(w, id, invitation, err);
    EVP_PKEY_free(id->est.key);
    id->est.key = NULL;
    return rc;
}

/* False when the thread is to end. */
static bool wait_to_retry(struct fleet_enrol *e, const struct fleet_identity *id, const struct gw_err *err)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += RETRY_S;
    (void)pthread_mutex_lock(&e->lock);
    if (!e->trouble_told)
        gw_log(GW_LOG_WARN, PART, "%s: %s; trying again until it works", id->site.id.text, gw_err_text(err));
    e->trouble_told = true;
    while (!e->stop && pthread_cond_timedwait(&e->stopped, &e->lock, &at) != ETIMEDOUT)
        ;
    bool go_on = !e->stop;
    (void)pthread_mutex_unlock(&e->lock);
    return go_on;
}

static void report(struct fleet_enrol *e, uint32_t index, bool ok, bool known)
{
    uint64_t one = 1;
    (void)pthread_mutex_lock(&e->lock);
    e->done[e->done_count++] = (struct fleet_enrolled){index, ok, known};
    (void)pthread_mutex_unlock(&e->lock);
    (void)!write(e->wake_fd, &one, sizeof(one));
}

static void serve(struct worker *w, uint32_t index)
{
    struct fleet_enrol *e = w->e;
    GW_CLEANUP(invitation_wipe) struct invitation invitation = {0};
    struct fleet_identity *id = (struct fleet_identity *)(void *)(e->identities + index * e->stride);
    for (;;) {
        struct gw_err err = {0};
        bool known = false;
        enum gw_rc rc = try_one(w, id, &invitation, &known, &err);
        if (rc == GW_DENIED || rc == GW_CORRUPT || rc == GW_INVALID)
            gw_log(GW_LOG_ERROR, PART, "%s: %s", id->site.id.text, gw_err_text(&err));
        else if (rc) {
            if (!wait_to_retry(e, id, &err))
                return;
            continue;
        }
        if (!rc)
            get_log_key(e, id);
        report(e, index, rc == GW_OK, known);
        return;
    }
}

static void *run(void *arg)
{
    struct worker w = {.e = arg};
    gw_buf_init(&w.others, BODY_MAX);
    for (;;) {
        (void)pthread_mutex_lock(&w.e->lock);
        bool any = !w.e->stop && w.e->next < w.e->options->devices;
        uint32_t index = w.e->next;
        w.e->next += any;
        (void)pthread_mutex_unlock(&w.e->lock);
        if (!any)
            break;
        serve(&w, index);
    }
    fleet_http_free(w.admin);
    fleet_http_free(w.est);
    gw_buf_done(&w.others);
    return NULL;
}

/* ---- for the main thread ----------------------------------------------------------------------------------------- */

enum gw_rc fleet_enrol_start(const struct fleet_options *options, struct fleet_identity *identities, size_t stride,
                             int wake_fd, struct fleet_enrol **ret_enrol, struct gw_err *err)
{
    struct fleet_enrol *e = gw_xalloc(1, sizeof(*e));
    e->options = options;
    e->identities = (char *)identities;
    e->stride = stride;
    e->wake_fd = wake_fd;
    e->done = gw_xalloc(options->devices, sizeof(*e->done));
    (void)pthread_mutex_init(&e->lock, NULL);
    (void)pthread_mutex_init(&e->fetch_lock, NULL);
    (void)pthread_cond_init(&e->stopped, NULL);
    while (e->thread_count < options->workers && !pthread_create(&e->threads[e->thread_count], NULL, run, e))
        e->thread_count++;
    if (e->thread_count < options->workers) {
        fleet_enrol_free(e);
        return gw_err_set(err, GW_NO_MEMORY, "a thread could not be started");
    }
    *ret_enrol = e;
    return GW_OK;
}

void fleet_enrol_free(struct fleet_enrol *e)
{
    if (!e)
        return;
    (void)pthread_mutex_lock(&e->lock);
    e->stop = true;
    (void)pthread_cond_broadcast(&e->stopped);
    (void)pthread_mutex_unlock(&e->lock);
    for (uint32_t i = 0; i < e->thread_count; i++)
        (void)pthread_join(e->threads[i], NULL);
    (void)pthread_cond_destroy(&e->stopped);
    (void)pthread_mutex_destroy(&e->fetch_lock);
    (void)pthread_mutex_destroy(&e->lock);
    free(e->done);
    free(e);
}

bool fleet_enrol_take(struct fleet_enrol *e, struct fleet_enrolled *ret_done)
{
    (void)pthread_mutex_lock(&e->lock);
    bool any = e->taken < e->done_count;
    if (any)
        *ret_done = e->done[e->taken++];
    (void)pthread_mutex_unlock(&e->lock);
    return any;
}

bool fleet_enrol_log_key(struct fleet_enrol *e, struct note_key *ret_key)
{
    (void)pthread_mutex_lock(&e->lock);
    bool have = e->have_key;
    if (have)
        *ret_key = e->key;
    (void)pthread_mutex_unlock(&e->lock);
    return have;
}
