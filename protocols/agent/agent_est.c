#include "agent_est.h"

#include <string.h>

#include "agent_backoff.h"
#include "gw_cleanup.h"

#define URL_MAX 512

void agent_est_init(struct agent_est *est, const struct agent_site *site, const struct gw_fs *fs)
{
    *est = (struct agent_est){.site = site, .fs = fs};
    agent_site_path(site, "root.pem", est->root_path);
    agent_site_path(site, "device.key", est->key_path);
    agent_site_path(site, "device.pem", est->cert_path);
}

static void url_of(const struct agent_est *est, const char *path, char out[URL_MAX])
{
    (void)snprintf(out, URL_MAX, "https://%s:%u%s", est->site->host, est->site->https_port, path);
}

/* What a status that nobody here waits for means to who asked. */
static enum gw_rc refused(const char *url, long status, struct gw_err *err)
{
    switch (status) {
    case 401:
    case 403:
        return gw_err_set(err, GW_DENIED, "%s: the gateway refuses (%ld)", url, status);
    case 429:
    case 503:
        return gw_err_set(err, GW_AGAIN, "%s: the gateway is busy (%ld)", url, status);
    default:
        return gw_err_set(err, GW_IO, "%s: unexpected answer %ld", url, status);
    }
}

static enum gw_rc get_certs(struct agent_est *est, bool unverified, STACK_OF(X509) * *ret_certs, struct gw_err *err)
{
    char url[URL_MAX];
    struct agent_http_answer answer;
    url_of(est, "/.well-known/est/cacerts", url);
    struct agent_http_request request = {
        .url = url, .unverified = unverified, .root_path = unverified ? NULL : est->root_path, .stop = est->stop};
    enum gw_rc rc = agent_http_run(&request, &answer, err);
    if (rc)
        return rc;
    if (answer.status != 200)
        rc = refused(url, answer.status, err);
    if (!rc)
        rc = agent_certs_parse(gw_buf_view(&answer.body), ret_certs, err);
    gw_buf_done(&answer.body);
    return rc;
}

/* The stored root still has to be the pinned one: the configuration may have changed. */
static enum gw_rc stored_root(const struct agent_est *est, struct gw_err *err)
{
    struct gw_sha256 hash;
    enum gw_rc rc = agent_spki_sha256(est->root_path, &hash, err);
    if (!rc && memcmp(hash.bytes, est->site->pin, est->site->pin_len) != 0)
        rc = gw_err_set(err, GW_INVALID, "%s is not the pinned root; a changed gateway needs another state.dir",
                        est->root_path);
    return rc;
}

enum gw_rc agent_est_root(struct agent_est *est, struct gw_err *err)
{
    enum gw_rc rc = stored_root(est, err);
    if (rc != GW_NOT_FOUND)
        return rc;
    STACK_OF(X509) *certs = NULL;
    GW_CLEANUP(gw_buf_done) struct gw_buf pem;
    gw_buf_init(&pem, AGENT_HTTP_BODY_MAX);
    rc = get_certs(est, true, &certs, err);
    if (!rc)
        rc = agent_root_find(certs, gw_view_make(est->site->pin, est->site->pin_len), &pem, err);
    agent_certs_free(certs);
    return rc ? rc : gw_fs_replace(est->fs, est->root_path, gw_buf_view(&pem), 0600, err);
}

static struct agent_cert_rules rules_of(const struct agent_est *est)
{
    return (struct agent_cert_rules){.root_path = est->root_path, .key = est->key, .id = &est->site->id};
}

/* Checks what was issued, with the gateway's intermediates, and stores it whole. */
static enum gw_rc keep(struct agent_est *est, struct gw_view body, struct gw_err *err)
{
    struct agent_cert_rules rules = rules_of(est);
    STACK_OF(X509) *issued = NULL, *others = NULL;
    GW_CLEANUP(gw_buf_done) struct gw_buf pem;
    gw_buf_init(&pem, AGENT_HTTP_BODY_MAX);
    enum gw_rc rc = agent_certs_parse(body, &issued, err);
    if (!rc)
        rc = get_certs(est, false, &others, err);
    if (!rc)
        rc = agent_chain_make(&rules, issued, others, &pem, err);
    if (rc == GW_DENIED) /* a wrong certificate is not a refusal of the secret */
        rc = gw_err_wrap(err, GW_CORRUPT, "the certificate issued");
    agent_certs_free(issued);
    agent_certs_free(others);
    return rc ? rc : gw_fs_replace(est->fs, est->cert_path, gw_buf_view(&pem), 0600, err);
}

static enum gw_rc ask(struct agent_est *est, struct agent_http_request *request, int64_t *ret_retry_s,
                      struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf der, base64;
    struct agent_http_answer answer;
    gw_buf_init(&der, 4096);
    gw_buf_init(&base64, 8192);
    enum gw_rc rc = agent_csr_make(est->key, &est->site->id, &der, err);
    if (!rc)
        rc = gw_base64_add(&base64, der.ptr, der.len);
    request->root_path = est->root_path;
    request->content_type = "application/pkcs10";
    request->body = gw_buf_view(&base64);
    request->stop = est->stop;
    if (!rc)
        rc = agent_http_run(request, &answer, err);
    if (rc == GW_DENIED) /* a stranger in the gateway's place has refused nothing: the secret stays good */
        return gw_err_wrap(err, GW_CORRUPT, "not our gateway");
    if (rc)
        return rc;
    *ret_retry_s = answer.retry_after_s;
    if (answer.status == 200)
        rc = keep(est, gw_buf_view(&answer.body), err);
    else if (answer.status == 202)
        rc = gw_err_set(err, GW_AGAIN, "the gateway waits for an operator's approval");
    else
        rc = refused(request->url, answer.status, err);
    gw_buf_done(&answer.body);
    return rc;
}

enum gw_rc agent_est_enrol(struct agent_est *est, const char *secret, int64_t *ret_retry_s, struct gw_err *err)
{
    char url[URL_MAX];
    url_of(est, "/.well-known/est/simpleenroll", url);
    struct agent_http_request request = {.url = url, .user = secret ? est->site->id.text : NULL, .secret = secret};
    *ret_retry_s = 0;
    return ask(est, &request, ret_retry_s, err);
}

enum gw_rc agent_est_renew(struct agent_est *est, int64_t *ret_retry_s, struct gw_err *err)
{
    char url[URL_MAX];
    url_of(est, "/.well-known/est/simplereenroll", url);
    struct agent_http_request request = {.url = url, .cert_path = est->cert_path, .key_path = est->key_path};
    *ret_retry_s = 0;
    return ask(est, &request, ret_retry_s, err);
}

enum gw_rc agent_est_cert(const struct agent_est *est, struct agent_cert *ret_cert, struct gw_err *err)
{
    struct agent_cert_rules rules = rules_of(est);
    return agent_cert_check(&rules, est->cert_path, ret_cert, err);
}

enum gw_rc agent_est_gateway_name(const struct agent_est *est, char out[24], struct gw_err *err)
{
    struct gw_sha256 hash;
    enum gw_rc rc = agent_spki_sha256(est->root_path, &hash, err);
    if (rc)
        return rc;
    memcpy(out, "gw-", 4);
    gw_hex_format(hash.bytes, 8, out + 3);
    return GW_OK;
}

int64_t agent_est_renewal_ms(const struct agent_cert *cert, struct gw_wall now)
{
    int64_t life = cert->not_after.ms - cert->not_before.ms;
    int64_t due = cert->not_before.ms + life / 3 * 2 + (agent_jitter_ms(life / 60) - life / 60);
    return due > now.ms ? due - now.ms : 0;
}
