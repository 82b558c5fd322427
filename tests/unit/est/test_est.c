#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "est.h"
#include "est_body.h"
#include "gw_cleanup.h"
#include "gw_test.h"

/* The other side of the ports: keeps what was posted and what was answered. */
static struct seen {
    struct inbox_msg msg;
    bool posted;
    enum gw_rc post_rc;
    struct http_reply reply;
    bool replied;
} seen;

static enum gw_rc take_post(void *self, const struct inbox_msg *msg)
{
    (void)self;
    if (seen.post_rc)
        return seen.post_rc;
    seen.msg = *msg;
    seen.posted = true;
    return GW_OK;
}

static void take_reply(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    (void)self;
    CU_ASSERT_EQUAL(ticket.generation, 9);
    seen.reply = *reply;
    gw_buf_init(&reply->body, 0);
    seen.replied = true;
}

static void forget(void)
{
    free(seen.msg.blob);
    if (seen.replied)
        http_reply_done(&seen.reply);
    seen = (struct seen){.posted = false};
}

/* Not PKCS#7, but shows which certificates came in which order. */
static enum gw_rc join(const struct gw_view *certs, size_t count, struct gw_buf *ret_der, struct gw_err *err)
{
    if (certs[0].len == 0)
        return gw_err_set(err, GW_INVALID, "empty certificate");
    for (size_t i = 0; i < count; i++)
        (void)gw_buf_add_view(ret_der, certs[i]);
    return gw_buf_rc(ret_der);
}

static struct est *make(void)
{
    struct est *est = NULL;
    struct gw_err err;
    const struct est_config config = {.inbox = {.post = take_post},
                                      .responder = {.respond = take_reply},
                                      .certs_only = join,
                                      .root_der = GW_VIEW_LIT("ROOT"),
                                      .issuer_der = GW_VIEW_LIT("ISSUER")};
    GW_ASSERT_OK(est_new(&config, &est, &err), &err);
    return est;
}

static enum gw_rc call(const struct est *est, const char *name, struct http_request *request)
{
    size_t count;
    char path[64];
    const struct http_route *routes = est_routes(est, &count);
    (void)snprintf(path, sizeof(path), "%s%s", name[0] == '/' ? "" : "/.well-known/est/", name);
    request->ticket = (struct http_ticket){3, 9};
    for (size_t i = 0; i < count; i++)
        if (strcmp(routes[i].pattern, path) == 0)
            return routes[i].handle(routes[i].ctx, request, NULL);
    return GW_NOT_FOUND;
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < HTTP_REPLY_HEADERS && seen.reply.headers[i].name; i++)
        if (strcmp(seen.reply.headers[i].name, name) == 0)
            return seen.reply.headers[i].value;
    return "";
}

/* 0x30 0x03 0x02 0x01 0x05 */
#define CSR_BASE64 "MAMCAQU="

static struct http_request enrol_request(const struct http_peer *peer, const char *authorization)
{
    return (struct http_request){.method = HTTP_POST,
                                 .content_type = GW_VIEW_LIT("application/pkcs10"),
                                 .authorization = gw_view_str(authorization),
                                 .body = GW_VIEW_LIT("MAMC\r\nAQU=\r\n"),
                                 .peer = peer};
}

static void cacerts_sends_issuer_and_root(void)
{
    struct est *est = make();
    struct http_request request = {.method = HTTP_GET};
    CU_ASSERT_EQUAL(call(est, "cacerts", &request), GW_OK);
    CU_ASSERT_EQUAL(seen.reply.status, 200);
    CU_ASSERT_STRING_EQUAL(seen.reply.content_type, "application/pkcs7-mime; smime-type=certs-only");
    CU_ASSERT_STRING_EQUAL(header("content-transfer-encoding:"), "base64");
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&seen.reply.body), "SVNTVUVSUk9PVA==\r\n");
    forget();
    CU_ASSERT_EQUAL(call(est, "csrattrs", &request), GW_OK);
    CU_ASSERT_EQUAL(seen.reply.status, 204);
    forget();
    est_free(est);
}

static void simpleenroll_posts_the_csr_with_its_credentials(void)
{
    struct est *est = make();
    const struct http_peer peer = {.source = "192.0.2.7"};
    /* pump-7:AAAAAAAAAAAAAAAAAAAAAAAAAB is no 128-bit text (spare bits), 26 a's are zero */
    struct http_request request = enrol_request(&peer, "Basic cHVtcC03OmFhYWFhLWFhYWFhLWFhYWFhLWFhYWFhLWFhYWFhLWE=");
    CU_ASSERT_EQUAL(call(est, "simpleenroll", &request), GW_OK);
    CU_ASSERT_TRUE_FATAL(seen.posted);
    CU_ASSERT_EQUAL(seen.msg.kind, INBOX_ENROL);
    CU_ASSERT_EQUAL(seen.msg.asker.kind, ASKER_EST);
    CU_ASSERT_EQUAL(seen.msg.asker.ticket.slot, 3);
    CU_ASSERT_STRING_EQUAL(seen.msg.u.enrol.id.text, "pump-7");
    CU_ASSERT_STRING_EQUAL(seen.msg.u.enrol.source, "192.0.2.7");
    CU_ASSERT_TRUE(seen.msg.u.enrol.has_secret && seen.msg.u.enrol.secret_readable);
    CU_ASSERT_TRUE(seen.msg.blob_len == 5 && memcmp(seen.msg.blob, "\x30\x03\x02\x01\x05", 5) == 0);
    CU_ASSERT_FALSE(seen.replied);
    forget();
    request.authorization = gw_view_str("Basic cHVtcC03Ondyb25n"); /* pump-7:wrong */
    CU_ASSERT_EQUAL(call(est, "simpleenroll", &request), GW_OK);
    CU_ASSERT_TRUE(seen.posted && seen.msg.u.enrol.has_secret && !seen.msg.u.enrol.secret_readable);
    forget();
    request.authorization = gw_view_str("");
    CU_ASSERT_EQUAL(call(est, "simpleenroll", &request), GW_OK);
    CU_ASSERT_TRUE(seen.posted && !seen.msg.u.enrol.has_secret && seen.msg.u.enrol.id.text[0] == '\0');
    forget();
    est_free(est);
}

static void simpleenroll_refuses_what_it_cannot_read(void)
{
    struct est *est = make();
    const struct http_peer peer = {.source = "192.0.2.7"};
    struct http_request request = enrol_request(&peer, "Bearer abc");
    CU_ASSERT_EQUAL(call(est, "simpleenroll", &request), GW_OK);
    CU_ASSERT_TRUE(!seen.posted && seen.reply.status == 401);
    CU_ASSERT_STRING_EQUAL(header("www-authenticate:"), "Basic realm=\"gatehouse\"");
    forget();
    request = enrol_request(&peer, "");
    request.content_type = gw_view_str("text/plain");
    CU_ASSERT_EQUAL(call(est, "simpleenroll", &request), GW_OK);
    CU_ASSERT_TRUE(!seen.posted && seen.reply.status == 415);
    forget();
    request = enrol_request(&peer, "");
    request.body = gw_view_str("!!!!");
    CU_ASSERT_EQUAL(call(est, "simpleenroll", &request), GW_OK);
    CU_ASSERT_TRUE(!seen.posted && seen.reply.status == 400);
    forget();
    request = enrol_request(&peer, "");
    seen.post_rc = GW_AGAIN;
    CU_ASSERT_EQUAL(call(est, "simpleenroll", &request), GW_AGAIN); /* web says 503 */
    CU_ASSERT_FALSE(seen.replied);
    forget();
    est_free(est);
}

static void simplereenroll_needs_the_device_s_certificate(void)
{
    struct est *est = make();
    struct http_peer peer = {.source = "192.0.2.7"};
    struct http_request request = enrol_request(&peer, "");
    CU_ASSERT_EQUAL(call(est, "simplereenroll", &request), GW_OK);
    CU_ASSERT_TRUE(!seen.posted && seen.reply.status == 403);
    forget();
    peer.has_cert = true;
    (void)snprintf(peer.cert_cn, sizeof(peer.cert_cn), "pump-7");
    peer.cert_sha256.bytes[0] = 0xab;
    CU_ASSERT_EQUAL(call(est, "simplereenroll", &request), GW_OK);
    CU_ASSERT_TRUE(seen.posted && seen.msg.kind == INBOX_RENEW);
    CU_ASSERT_STRING_EQUAL(seen.msg.u.enrol.id.text, "pump-7");
    CU_ASSERT_EQUAL(seen.msg.u.enrol.cert_sha256.bytes[0], 0xab);
    forget();
    est_free(est);
}

static void the_log_s_key_is_for_devices(void)
{
    struct est *est = make();
    struct http_peer peer = {.has_cert = true, .cert_cn = "pump-7", .cert_sha256 = {{0xab}}};
    struct http_request request = {.method = HTTP_GET, .peer = &peer};
    CU_ASSERT_EQUAL(call(est, "/device/v1/trust", &request), GW_OK);
    CU_ASSERT_TRUE(seen.posted && seen.msg.kind == INBOX_TRUST);
    CU_ASSERT_STRING_EQUAL(seen.msg.u.enrol.id.text, "pump-7");
    CU_ASSERT_EQUAL(seen.msg.u.enrol.cert_sha256.bytes[0], 0xab);
    forget();
    (void)snprintf(peer.cert_cn, sizeof(peer.cert_cn), "No Device");
    CU_ASSERT_EQUAL(call(est, "/device/v1/trust", &request), GW_OK);
    CU_ASSERT_TRUE(!seen.posted && seen.reply.status == 403);
    forget();
    struct answer answer = {.kind = ANSWER_TRUST, .asker = {ASKER_EST, {3, 9}}, .text = "gw-1+0+key"};
    est_answer(est, &answer);
    CU_ASSERT_EQUAL(seen.reply.status, 200);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&seen.reply.body), "gw-1+0+key\n");
    forget();
    est_free(est);
}

static void answers_become_responses(void)
{
    struct est *est = make();
    struct answer answer = {
        .kind = ANSWER_ENROLLED, .asker = {ASKER_EST, {3, 9}}, .cert = {.der = "CERT", .der_len = 4}};
    est_answer(est, &answer);
    CU_ASSERT_EQUAL(seen.reply.status, 200);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&seen.reply.body), "Q0VSVA==\r\n");
    forget();
    answer.kind = ANSWER_RETRY;
    answer.retry_after_s = 30;
    est_answer(est, &answer);
    CU_ASSERT_EQUAL(seen.reply.status, 202);
    CU_ASSERT_STRING_EQUAL(header("retry-after:"), "30");
    forget();
    answer.kind = ANSWER_UNAUTHORIZED;
    est_answer(est, &answer);
    CU_ASSERT_EQUAL(seen.reply.status, 401);
    forget();
    answer.kind = ANSWER_DONE;
    answer.rc = GW_DENIED;
    (void)snprintf(answer.text, sizeof(answer.text), "the device is revoked");
    est_answer(est, &answer);
    CU_ASSERT_EQUAL(seen.reply.status, 403);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&seen.reply.body), "the device is revoked\n");
    forget();
    answer.kind = ANSWER_STATUS;
    est_answer(est, &answer);
    CU_ASSERT_EQUAL(seen.reply.status, 500);
    forget();
    est_free(est);
}

static enum gw_rc decode(const char *text)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    gw_buf_init(&der, EST_CSR_MAX);
    return est_csr_decode(gw_view_str(text), &der);
}

static void a_body_is_base64_of_one_sequence(void)
{
    CU_ASSERT_EQUAL(decode(CSR_BASE64), GW_OK);
    CU_ASSERT_EQUAL(decode("  M A\tMC\nAQU= \r\n"), GW_OK);
    CU_ASSERT_EQUAL(decode(""), GW_INVALID);
    CU_ASSERT_EQUAL(decode("MAMCAQ=="), GW_INVALID);     /* shorter than it says */
    CU_ASSERT_EQUAL(decode("MAMCAQUA"), GW_INVALID);     /* longer */
    CU_ASSERT_EQUAL(decode("MQMCAQU="), GW_INVALID);     /* a SET */
    CU_ASSERT_EQUAL(decode("MIADAgEF"), GW_INVALID);     /* indefinite length is BER */
    CU_ASSERT_EQUAL(decode("MIEDAgEF"), GW_INVALID);     /* length not in its shortest form */
    CU_ASSERT_EQUAL(decode("-----BEGIN X"), GW_INVALID); /* PEM */
    char big[EST_BODY_MAX + 2];
    memset(big, 'A', sizeof(big));
    big[sizeof(big) - 1] = '\0';
    CU_ASSERT_EQUAL(decode(big), GW_TOO_BIG);
    big[EST_BODY_MAX] = '\0';
    CU_ASSERT_EQUAL(decode(big), GW_TOO_BIG); /* as DER */
    CU_ASSERT_TRUE(est_is_pkcs10(gw_view_str("Application/PKCS10; charset=x")));
    CU_ASSERT_FALSE(est_is_pkcs10(gw_view_str("application/pkcs10x")));
}

static void reports_a_ca_that_cannot_be_wrapped(void)
{
    struct est *est = NULL;
    struct gw_err err;
    const struct est_config config = {.certs_only = join};
    CU_ASSERT_EQUAL(est_new(&config, &est, &err), GW_INVALID);
    CU_ASSERT_PTR_NULL(est);
}

static const struct gw_test_case cases[] = {
    {"cacerts sends issuer and root", cacerts_sends_issuer_and_root},
    {"simpleenroll posts the request with its credentials", simpleenroll_posts_the_csr_with_its_credentials},
    {"simpleenroll refuses what it cannot read", simpleenroll_refuses_what_it_cannot_read},
    {"simplereenroll needs the device's certificate", simplereenroll_needs_the_device_s_certificate},
    {"the log's key is for devices", the_log_s_key_is_for_devices},
    {"answers become responses", answers_become_responses},
    {"a body is base64 of exactly one sequence", a_body_is_base64_of_one_sequence},
    {"reports a CA that cannot be wrapped", reports_a_ca_that_cannot_be_wrapped},
};

int main(void)
{
    return GW_TEST_RUN("est", cases);
}
