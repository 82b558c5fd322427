/* EST over the devices' door as libcurl sees it, with core played by the inbox. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "est.h"
#include "gw_test.h"
#include "web.h"
#include "web_pki.h"

static struct {
    struct web *web;
    struct est *est;
    struct answer next; /* what core will say */
    struct inbox_msg last;
} gw;

/* A reply as curl reports it. */
struct got {
    long status;
    char type[128];
    char retry[32];
    double seconds;
    struct gw_buf body;
};

static void respond(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    (void)self;
    struct http_responder real = web_responder(gw.web);
    real.respond(real.self, ticket, reply);
}

static enum gw_rc post(void *self, const struct inbox_msg *msg)
{
    (void)self;
    free(gw.last.blob);
    gw.last = *msg;
    gw.next.asker = msg->asker;
    est_answer(gw.est, &gw.next);
    return GW_OK;
}

static enum gw_rc join(const struct gw_view *certs, size_t count, struct gw_buf *ret_der, struct gw_err *err)
{
    (void)err;
    for (size_t i = 0; i < count; i++)
        (void)gw_buf_add_view(ret_der, certs[i]);
    return gw_buf_rc(ret_der);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct got *got = ctx;
    return gw_buf_add(&got->body, bytes, size * count) ? 0 : size * count;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct got *got = ctx;
    struct gw_view value;
    struct gw_view name = gw_view_cut(gw_view_make(bytes, size * count), ':', &value);
    if (gw_view_eq_str_nocase(name, "retry-after"))
        (void)snprintf(got->retry, sizeof(got->retry), GW_VIEW_FMT, GW_VIEW_ARG(gw_view_trim(value)));
    return size * count;
}

/* One EST call; body NULL: GET. */
static struct got call(const char *name, const char *body, const char *userpwd, const char *cert)
{
    struct got got = {.status = 0};
    char url[256];
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/pkcs10");
    headers = curl_slist_append(headers, "Expect: 100-continue");
    gw_buf_init(&got.body, 65536);
    (void)snprintf(url, sizeof(url), "https://localhost:%u/.well-known/est/%s",
                   (unsigned)web_port(gw.web, HTTP_DOOR_DEVICES), name);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_CAINFO, web_pki()->root);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &got);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, &got);
    if (body) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    }
    if (userpwd)
        (void)curl_easy_setopt(curl, CURLOPT_USERPWD, userpwd);
    if (cert) {
        (void)curl_easy_setopt(curl, CURLOPT_SSLCERT, cert);
        (void)curl_easy_setopt(curl, CURLOPT_SSLKEY, cert);
    }
    CURLcode rc = curl_easy_perform(curl);
    if (rc)
        printf("#   curl: %s\n", curl_easy_strerror(rc));
    const char *type = NULL;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got.status);
    (void)curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &got.seconds);
    if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type)
        (void)snprintf(got.type, sizeof(got.type), "%s", type);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return got;
}

static void anybody_may_ask_for_the_ca(void)
{
    struct got got = call("cacerts", NULL, NULL, NULL);
    CU_ASSERT_EQUAL(got.status, 200);
    CU_ASSERT_STRING_EQUAL(got.type, "application/pkcs7-mime; smime-type=certs-only");
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&got.body), "SVNTVUVSUk9PVA==\r\n");
    gw_buf_done(&got.body);
    got = call("csrattrs", NULL, NULL, NULL);
    CU_ASSERT_EQUAL(got.status, 204);
    gw_buf_done(&got.body);
    got = call("cacerts", NULL, NULL, web_pki()->expired); /* a bad certificate does not bar the anonymous routes */
    CU_ASSERT_EQUAL(got.status, 200);
    gw_buf_done(&got.body);
}

static void a_device_enrols_with_its_invitation(void)
{
    gw.next = (struct answer){.kind = ANSWER_ENROLLED, .cert = {.der = "CERT", .der_len = 4}};
    struct got got = call("simpleenroll", "MAMC\nAQU=\n", "dev-1:aaaaa-aaaaa-aaaaa-aaaaa-aaaaa-a", NULL);
    CU_ASSERT_EQUAL(got.status, 200);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&got.body), "Q0VSVA==\r\n");
    CU_ASSERT_TRUE(got.seconds < 0.9); /* curl waits a second for a 100 Continue that does not come */
    CU_ASSERT_STRING_EQUAL(gw.last.u.enrol.id.text, "dev-1");
    CU_ASSERT_TRUE(gw.last.u.enrol.secret_readable && gw.last.blob_len == 5);
    gw_buf_done(&got.body);
    gw.next = (struct answer){.kind = ANSWER_RETRY, .retry_after_s = 20};
    got = call("simpleenroll", "MAMCAQU=", NULL, NULL);
    CU_ASSERT_EQUAL(got.status, 202);
    CU_ASSERT_STRING_EQUAL(got.retry, "20");
    gw_buf_done(&got.body);
    gw.next = (struct answer){.kind = ANSWER_UNAUTHORIZED};
    got = call("simpleenroll", "MAMCAQU=", "dev-1:wrong", NULL);
    CU_ASSERT_EQUAL(got.status, 401);
    gw_buf_done(&got.body);
}

static void only_a_device_renews(void)
{
    gw.next = (struct answer){.kind = ANSWER_ENROLLED, .cert = {.der = "NEXT", .der_len = 4}};
    struct got got = call("simplereenroll", "MAMCAQU=", NULL, web_pki()->good);
    CU_ASSERT_EQUAL(got.status, 200);
    CU_ASSERT_EQUAL(gw.last.kind, INBOX_RENEW);
    CU_ASSERT_STRING_EQUAL(gw.last.u.enrol.id.text, "dev-1");
    CU_ASSERT_STRING_EQUAL(gw.last.u.enrol.source, "127.0.0.1");
    gw_buf_done(&got.body);
    got = call("simplereenroll", "MAMCAQU=", NULL, NULL);
    CU_ASSERT_EQUAL(got.status, 403);
    gw_buf_done(&got.body);
    got = call("simplereenroll", "MAMCAQU=", NULL, web_pki()->stranger);
    CU_ASSERT_EQUAL(got.status, 403);
    gw_buf_done(&got.body);
}

static const struct gw_test_case cases[] = {
    {"anybody may ask for the CA's certificates", anybody_may_ask_for_the_ca},
    {"a device enrols with its invitation", a_device_enrols_with_its_invitation},
    {"only a device renews", only_a_device_renews},
};

static enum gw_rc start(struct gw_err *err)
{
    static const char *const hosts[] = {"localhost"};
    const struct est_config est = {.inbox = {.post = post},
                                   .responder = {.respond = respond},
                                   .certs_only = join,
                                   .root_der = GW_VIEW_LIT("ROOT"),
                                   .issuer_der = GW_VIEW_LIT("ISSUER")};
    struct web_config config = {.devices = {.address = "127.0.0.1",
                                            .cert_path = web_pki()->server_cert,
                                            .key_path = web_pki()->server_key,
                                            .hosts = hosts,
                                            .host_count = 1},
                                .client_ca_path = web_pki()->ca,
                                .doors_open = HTTP_DOOR_DEVICES};
    enum gw_rc rc = est_new(&est, &gw.est, err);
    if (rc)
        return rc;
    config.routes = est_routes(gw.est, &config.route_count);
    rc = web_new(&config, &gw.web, err);
    return rc ? rc : web_start(gw.web, err);
}

int main(void)
{
    struct gw_err err;
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    enum gw_rc rc = start(&err);
    gw_test_note(rc, &err, "start");
    int failed = rc ? 1 : GW_TEST_RUN("web est", cases);
    web_free(gw.web);
    est_free(gw.est);
    free(gw.last.blob);
    curl_global_cleanup();
    return failed;
}
