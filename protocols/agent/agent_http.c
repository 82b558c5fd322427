#include "agent_http.h"

#include <curl/curl.h>

#define CONNECT_TIMEOUT_MS 10000L

struct exchange {
    CURL *curl;
    struct curl_slist *headers;
    struct agent_http_answer *answer;
    const volatile sig_atomic_t *stop;
    char reason[CURL_ERROR_SIZE];
};

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct exchange *x = ctx;
    return gw_buf_add(&x->answer->body, bytes, size * count) ? 0 : size * count;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct exchange *x = ctx;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return x->stop && *x->stop;
}

/* One step that may fail; keeps the first failure. */
#define SET(x, rc, option, value)                                                                                      \
    do {                                                                                                               \
        if (!(rc))                                                                                                     \
            (rc) = curl_easy_setopt((x)->curl, option, value);                                                         \
    } while (0)

static CURLcode set_trust(struct exchange *x, const struct agent_http_request *request)
{
    CURLcode rc = CURLE_OK;
    SET(x, rc, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(x, rc, CURLOPT_CAPATH, NULL); /* the distribution's own roots are not ours */
    SET(x, rc, CURLOPT_CAINFO, request->root_path);
    SET(x, rc, CURLOPT_SSL_VERIFYPEER, request->unverified ? 0L : 1L);
    SET(x, rc, CURLOPT_SSL_VERIFYHOST, request->unverified ? 0L : 2L);
    if (request->cert_path) {
        SET(x, rc, CURLOPT_SSLCERT, request->cert_path);
        SET(x, rc, CURLOPT_SSLKEY, request->key_path);
    }
    return rc;
}

static CURLcode set_limits(struct exchange *x)
{
    CURLcode rc = CURLE_OK;
    SET(x, rc, CURLOPT_NOSIGNAL, 1L);
    SET(x, rc, CURLOPT_PROTOCOLS_STR, "https");
    SET(x, rc, CURLOPT_FOLLOWLOCATION, 0L);
    SET(x, rc, CURLOPT_PROXY, "");
    SET(x, rc, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(x, rc, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    SET(x, rc, CURLOPT_TIMEOUT_MS, (long)AGENT_HTTP_TIMEOUT_MS);
    SET(x, rc, CURLOPT_NOPROGRESS, 0L);
    SET(x, rc, CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(x, rc, CURLOPT_XFERINFODATA, x);
    SET(x, rc, CURLOPT_WRITEFUNCTION, on_body);
    SET(x, rc, CURLOPT_WRITEDATA, x);
    SET(x, rc, CURLOPT_ERRORBUFFER, x->reason);
    SET(x, rc, CURLOPT_USERAGENT, "gatehouse-agent/" GATEHOUSE_VERSION);
    return rc;
}

static bool add_header(struct exchange *x, const char *text)
{
    struct curl_slist *longer = curl_slist_append(x->headers, text);
    if (longer)
        x->headers = longer;
    return longer != NULL;
}

static CURLcode set_content(struct exchange *x, const struct agent_http_request *request)
{
    CURLcode rc = CURLE_OK;
    char type[128];
    SET(x, rc, CURLOPT_URL, request->url);
    if (request->user) {
        SET(x, rc, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(x, rc, CURLOPT_USERNAME, request->user);
        SET(x, rc, CURLOPT_PASSWORD, request->secret);
    }
    if (request->content_type) {
        (void)snprintf(type, sizeof(type), "Content-Type: %s", request->content_type);
        if (!add_header(x, type) || !add_header(x, "Content-Transfer-Encoding: base64") || !add_header(x, "Expect:"))
            return CURLE_OUT_OF_MEMORY;
        SET(x, rc, CURLOPT_POST, 1L);
        SET(x, rc, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        SET(x, rc, CURLOPT_POSTFIELDS, (const char *)request->body.ptr);
        SET(x, rc, CURLOPT_HTTPHEADER, x->headers);
    }
    return rc;
}

static enum gw_rc rc_of(const struct exchange *x, CURLcode rc)
{
    switch ((int)rc) {
    case CURLE_OK:
        return GW_OK;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
        return GW_DENIED;
    case CURLE_OPERATION_TIMEDOUT:
        return GW_TIMEOUT;
    case CURLE_ABORTED_BY_CALLBACK:
        return GW_CANCELLED;
    case CURLE_WRITE_ERROR:
        return gw_buf_rc(&x->answer->body) ? gw_buf_rc(&x->answer->body) : GW_IO;
    default: /* of curl's hundred codes: all others mean that no answer came */
        return GW_IO;
    }
}

static enum gw_rc run(struct exchange *x, const struct agent_http_request *request, struct gw_err *err)
{
    curl_off_t retry_after = 0;
    CURLcode rc = set_limits(x);
    if (!rc)
        rc = set_trust(x, request);
    if (!rc)
        rc = set_content(x, request);
    if (!rc)
        rc = curl_easy_perform(x->curl);
    if (rc)
        return gw_err_set(err, rc_of(x, rc), "%s: %s", request->url, x->reason[0] ? x->reason : curl_easy_strerror(rc));
    (void)curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &x->answer->status);
    (void)curl_easy_getinfo(x->curl, CURLINFO_RETRY_AFTER, &retry_after);
    x->answer->retry_after_s = retry_after;
    return GW_OK;
}

enum gw_rc agent_http_run(const struct agent_http_request *request, struct agent_http_answer *ret_answer,
                          struct gw_err *err)
{
    if (request->unverified == (request->root_path != NULL) ||
        (request->unverified && (request->user || request->cert_path || request->content_type)))
        return gw_err_set(err, GW_INVALID, "%s: credentials go to a verified server only", request->url);
    struct agent_http_answer answer = {0};
    struct exchange x = {.curl = curl_easy_init(), .answer = &answer, .stop = request->stop};
    gw_buf_init(&answer.body, AGENT_HTTP_BODY_MAX);
    if (!x.curl)
        return gw_err_set(err, GW_NO_MEMORY, "libcurl does not start");
    enum gw_rc rc = run(&x, request, err);
    curl_easy_cleanup(x.curl);
    curl_slist_free_all(x.headers);
    if (rc)
        gw_buf_done(&answer.body);
    else
        *ret_answer = answer;
    return rc;
}
