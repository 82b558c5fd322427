#include "fleet_http.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "gw_cleanup.h"

#define TIMEOUT_MS 30000L

struct fleet_http {
    CURL *curl;
    char *socket_path; /* owned, as is the next */
    char *root_path;
    char reason[CURL_ERROR_SIZE];
};

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    return gw_buf_add(ctx, bytes, size * count) ? 0 : size * count;
}

void fleet_http_free(struct fleet_http *h)
{
    if (!h)
        return;
    curl_easy_cleanup(h->curl);
    free(h->socket_path);
    free(h->root_path);
    free(h);
}

enum gw_rc fleet_http_new(const char *socket_path, const char *root_path, struct fleet_http **ret_http,
                          struct gw_err *err)
{
    struct fleet_http *h = gw_xalloc(1, sizeof(*h));
    h->curl = curl_easy_init();
    if (!h->curl) {
        free(h);
        return gw_err_set(err, GW_NO_MEMORY, "libcurl does not start");
    }
    h->socket_path = socket_path ? gw_xstrdup(socket_path) : NULL;
    h->root_path = root_path ? gw_xstrdup(root_path) : NULL;
    *ret_http = h;
    return GW_OK;
}

static CURLcode set(struct fleet_http *h, CURLoption option, const void *value, CURLcode before)
{
    return before ? before : curl_easy_setopt(h->curl, option, value);
}

static CURLcode set_long(struct fleet_http *h, CURLoption option, long value, CURLcode before)
{
    return before ? before : curl_easy_setopt(h->curl, option, value);
}

/* curl_easy_reset() keeps the connection. */
static CURLcode prepare(struct fleet_http *h, const struct fleet_http_request *request, struct curl_slist *headers)
{
    curl_easy_reset(h->curl);
    CURLcode rc = set(h, CURLOPT_URL, request->url, CURLE_OK);
    rc = set_long(h, CURLOPT_NOSIGNAL, 1, rc);
    rc = set_long(h, CURLOPT_TIMEOUT_MS, TIMEOUT_MS, rc);
    rc = set_long(h, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1, rc);
    rc = set(h, CURLOPT_PROXY, "", rc);
    rc = set(h, CURLOPT_ERRORBUFFER, h->reason, rc);
    rc = set(h, CURLOPT_PROTOCOLS_STR, h->socket_path ? "http" : "https", rc);
    if (h->socket_path)
        rc = set(h, CURLOPT_UNIX_SOCKET_PATH, h->socket_path, rc);
    else {
        rc = set(h, CURLOPT_CAPATH, NULL, rc);
        rc = set(h, CURLOPT_CAINFO, h->root_path, rc);
    }
    if (request->user) {
        rc = set_long(h, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC, rc);
        rc = set(h, CURLOPT_USERNAME, request->user, rc);
        rc = set(h, CURLOPT_PASSWORD, request->secret, rc);
    }
    if (request->content_type) {
        rc = set_long(h, CURLOPT_POST, 1, rc);
        rc = set_long(h, CURLOPT_POSTFIELDSIZE, (long)request->body.len, rc);
        rc = set(h, CURLOPT_POSTFIELDS, request->body.len ? request->body.ptr : (const void *)"", rc);
        rc = set(h, CURLOPT_HTTPHEADER, headers, rc);
    }
    return rc;
}

enum gw_rc fleet_http_run(struct fleet_http *h, const struct fleet_http_request *request, long *ret_status,
                          struct gw_buf *ret_body, struct gw_err *err)
{
    struct curl_slist *headers = NULL;
    if (request->content_type) {
        char type[128];
        (void)snprintf(type, sizeof(type), "Content-Type: %s", request->content_type);
        headers = curl_slist_append(curl_slist_append(NULL, type), "Expect:");
    }
    h->reason[0] = '\0';
    CURLcode rc = prepare(h, request, headers);
    if (!rc)
        rc = curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, on_body);
    rc = set(h, CURLOPT_WRITEDATA, ret_body, rc);
    if (!rc)
        rc = curl_easy_perform(h->curl);
    curl_slist_free_all(headers);
    if (rc)
        return gw_err_set(err, GW_IO, "%s: %s", request->url, h->reason[0] ? h->reason : curl_easy_strerror(rc));
    (void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, ret_status);
    return GW_OK;
}
