#include "est.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "est_body.h"
#include "gw_cleanup.h"

#define EST_ROUTES   5
#define EST_CA_MAX   8192                                            /* bytes of the CA's PKCS#7 */
#define EST_CERT_MAX (DEVICE_CERT_DER_MAX + 1024)                    /* and of a device's */
#define PKCS7_TYPE   "application/pkcs7-mime; smime-type=certs-only" /* RFC 7030 section 4.2.3 */

struct est {
    struct inbox inbox;
    struct http_responder responder;
    est_certs_only_fn *certs_only;
    struct gw_buf cacerts; /* base64, ready to send */
    struct http_route routes[EST_ROUTES];
};

static void send(const struct est *est, struct http_ticket ticket, struct http_reply *reply)
{
    est->responder.respond(est->responder.self, ticket, reply);
}

/* Errors in plain text, for the logs of simple clients (RFC 7030 section 4.2.3). */
static void send_text(const struct est *est, struct http_ticket ticket, int status, const char *text)
{
    struct http_reply reply;
    http_reply_init(&reply, status);
    reply.content_type = "text/plain; charset=utf-8";
    (void)gw_buf_printf(&reply.body, "%s\n", text);
    send(est, ticket, &reply);
}

/* 76 characters a line, as MIME readers like it; RFC 8951 lets readers expect neither. */
static enum gw_rc add_base64_lines(struct gw_buf *out, struct gw_view der)
{
    for (size_t at = 0; at < der.len; at += 57) {
        size_t n = der.len - at < 57 ? der.len - at : 57;
        (void)gw_base64_add(out, der.ptr + at, n);
        (void)gw_buf_add_str(out, "\r\n");
    }
    return gw_buf_rc(out);
}

static void send_pkcs7(const struct est *est, struct http_ticket ticket, struct gw_view base64)
{
    struct http_reply reply;
    http_reply_init(&reply, 200);
    reply.content_type = PKCS7_TYPE;
    (void)http_reply_header(&reply, "content-transfer-encoding:", "base64");
    (void)gw_buf_add_view(&reply.body, base64);
    send(est, ticket, &reply);
}

static void send_unauthorized(const struct est *est, struct http_ticket ticket)
{
    struct http_reply reply;
    http_reply_init(&reply, 401);
    reply.content_type = "text/plain; charset=utf-8";
    (void)http_reply_header(&reply, "www-authenticate:", "Basic realm=\"gatehouse\"");
    (void)gw_buf_add_str(&reply.body, "enrolment needs a valid invitation\n");
    send(est, ticket, &reply);
}

static enum gw_rc on_cacerts(void *ctx, const struct http_request *request, struct gw_err *err)
{
    const struct est *est = ctx;
    (void)err;
    send_pkcs7(est, request->ticket, gw_buf_view(&est->cacerts));
    return GW_OK;
}

/* RFC 7030 section 4.5.2: 204 when nothing is required; the gateway writes subject and extensions itself. */
static enum gw_rc on_csrattrs(void *ctx, const struct http_request *request, struct gw_err *err)
{
    const struct est *est = ctx;
    struct http_reply reply;
    (void)err;
    http_reply_init(&reply, 204);
    send(est, request->ticket, &reply);
    return GW_OK;
}

/* Posts with the CSR as blob. A refusal that was answered here is GW_OK: the request is dealt with. */
static enum gw_rc post(const struct est *est, const struct http_request *request, struct inbox_msg *msg,
                       struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    gw_buf_init(&der, EST_CSR_MAX);
    if (!est_is_pkcs10(request->content_type)) {
        send_text(est, request->ticket, 415, "the content type must be application/pkcs10");
        return GW_OK;
    }
    enum gw_rc rc = est_csr_decode(request->body, &der);
    if (rc) {
        send_text(est, request->ticket, rc == GW_TOO_BIG ? 413 : 400, "the body is no base64 certificate request");
        return GW_OK;
    }
    msg->now = request->now;
    msg->asker = (struct asker){ASKER_EST, request->ticket};
    (void)snprintf(msg->u.enrol.source, sizeof(msg->u.enrol.source), "%s", request->peer->source);
    gw_buf_take(&der, &msg->blob, &msg->blob_len);
    rc = est->inbox.post(est->inbox.self, msg);
    if (rc) {
        free(msg->blob);
        return gw_err_set(err, rc, "the gateway is busy");
    }
    return GW_OK;
}

static enum gw_rc on_simpleenroll(void *ctx, const struct http_request *request, struct gw_err *err)
{
    const struct est *est = ctx;
    struct inbox_msg msg = {.kind = INBOX_ENROL};
    enum gw_rc rc = GW_OK;
    if (est_credentials_parse(request->authorization, &msg.u.enrol))
        send_unauthorized(est, request->ticket);
    else
        rc = post(est, request, &msg, err);
    explicit_bzero(msg.u.enrol.secret, sizeof(msg.u.enrol.secret));
    return rc;
}

static enum gw_rc on_simplereenroll(void *ctx, const struct http_request *request, struct gw_err *err)
{
    const struct est *est = ctx;
    struct inbox_msg msg = {.kind = INBOX_RENEW};
    if (!request->peer->has_cert || gw_device_id_parse(gw_view_str(request->peer->cert_cn), &msg.u.enrol.id)) {
        send_text(est, request->ticket, 403, "renewal needs the device's own certificate");
        return GW_OK;
    }
    msg.u.enrol.cert_sha256 = request->peer->cert_sha256;
    return post(est, request, &msg, err);
}

/* Beside EST, over the same door and to the same clients: the key by which a device checks the gateway's checkpoints.
 */
static enum gw_rc on_trust(void *ctx, const struct http_request *request, struct gw_err *err)
{
    const struct est *est = ctx;
    struct inbox_msg msg = {.kind = INBOX_TRUST, .now = request->now, .asker = {ASKER_EST, request->ticket}};
    if (gw_device_id_parse(gw_view_str(request->peer->cert_cn), &msg.u.enrol.id)) {
        send_text(est, request->ticket, 403, "the certificate is no device's");
        return GW_OK;
    }
    msg.u.enrol.cert_sha256 = request->peer->cert_sha256;
    (void)snprintf(msg.u.enrol.source, sizeof(msg.u.enrol.source), "%s", request->peer->source);
    enum gw_rc rc = est->inbox.post(est->inbox.self, &msg);
    return rc ? gw_err_set(err, rc, "the gateway is busy") : GW_OK;
}

static void fill_routes(struct est *est)
{
    const struct {
        const char *pattern;
        unsigned methods;
        size_t body_max;
        bool anonymous;
        http_handler *handle;
    } table[EST_ROUTES] = {
        {"/.well-known/est/cacerts", HTTP_GET, 0, true, on_cacerts},
        {"/.well-known/est/csrattrs", HTTP_GET, 0, true, on_csrattrs},
        {"/.well-known/est/simpleenroll", HTTP_POST, EST_BODY_MAX, true, on_simpleenroll},
        {"/.well-known/est/simplereenroll", HTTP_POST, EST_BODY_MAX, false, on_simplereenroll},
        {"/device/v1/trust", HTTP_GET, 0, false, on_trust},
    };
    for (size_t i = 0; i < EST_ROUTES; i++)
        est->routes[i] = (struct http_route){.methods = table[i].methods,
                                             .doors = HTTP_DOOR_DEVICES,
                                             .pattern = table[i].pattern,
                                             .body_max = table[i].body_max,
                                             .anonymous = table[i].anonymous,
                                             .handle = table[i].handle,
                                             .ctx = est};
}

enum gw_rc est_new(const struct est_config *config, struct est **ret_est, struct gw_err *err)
{
    const struct gw_view chain[] = {config->issuer_der, config->root_der};
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    gw_buf_init(&der, EST_CA_MAX);
    enum gw_rc rc = config->certs_only(chain, 2, &der, err);
    if (rc)
        return gw_err_wrap(err, rc, "EST: CA certificates");
    struct est *est = gw_xalloc(1, sizeof(*est));
    est->inbox = config->inbox;
    est->responder = config->responder;
    est->certs_only = config->certs_only;
    gw_buf_init(&est->cacerts, 2 * EST_CA_MAX);
    rc = add_base64_lines(&est->cacerts, gw_buf_view(&der));
    if (rc) {
        est_free(est);
        return gw_err_set(err, rc, "EST: CA certificates are too large");
    }
    fill_routes(est);
    *ret_est = est;
    return GW_OK;
}

void est_free(struct est *est)
{
    if (!est)
        return;
    gw_buf_done(&est->cacerts);
    free(est);
}

const struct http_route *est_routes(const struct est *est, size_t *ret_count)
{
    *ret_count = EST_ROUTES;
    return est->routes;
}

static void send_enrolled(const struct est *est, const struct answer *answer)
{
    const struct gw_view cert = gw_view_make(answer->cert.der, answer->cert.der_len);
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&der, EST_CERT_MAX);
    gw_buf_init(&text, 2 * EST_CERT_MAX);
    if (est->certs_only(&cert, 1, &der, NULL) || add_base64_lines(&text, gw_buf_view(&der)))
        send_text(est, answer->asker.ticket, 500, "the certificate could not be wrapped; ask again");
    else
        send_pkcs7(est, answer->asker.ticket, gw_buf_view(&text));
}

/* RFC 7030 section 4.2.3: 202 with Retry-After in seconds. */
static void send_retry(const struct est *est, const struct answer *answer)
{
    struct http_reply reply;
    char seconds[16];
    http_reply_init(&reply, 202);
    reply.content_type = "text/plain; charset=utf-8";
    (void)snprintf(seconds, sizeof(seconds), "%d", answer->retry_after_s > 0 ? answer->retry_after_s : 1);
    (void)http_reply_header(&reply, "retry-after:", seconds);
    (void)gw_buf_add_str(&reply.body, "waiting for approval\n");
    send(est, answer->asker.ticket, &reply);
}

static void send_trust(const struct est *est, const struct answer *answer)
{
    struct http_reply reply;
    http_reply_init(&reply, 200);
    reply.content_type = "text/plain; charset=utf-8";
    (void)gw_buf_printf(&reply.body, "%s\n", answer->text);
    send(est, answer->asker.ticket, &reply);
}

void est_answer(const struct est *est, const struct answer *answer)
{
    if (answer->kind == ANSWER_ENROLLED)
        send_enrolled(est, answer);
    else if (answer->kind == ANSWER_RETRY)
        send_retry(est, answer);
    else if (answer->kind == ANSWER_TRUST)
        send_trust(est, answer);
    else if (answer->kind == ANSWER_UNAUTHORIZED)
        send_unauthorized(est, answer->asker.ticket);
    else if (answer->kind == ANSWER_DONE)
        send_text(est, answer->asker.ticket, http_status_of(answer->rc),
                  answer->text[0] ? answer->text : gw_rc_text(answer->rc));
    else
        send_text(est, answer->asker.ticket, 500, "no answer to an enrolment request");
}
