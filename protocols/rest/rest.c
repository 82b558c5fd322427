#include "rest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "rest_internal.h"

/* A blob that did not get posted may be a password. */
static void wipe_blob(struct inbox_msg *msg)
{
    if (msg->blob)
        explicit_bzero(msg->blob, msg->blob_len);
    free(msg->blob);
    msg->blob = NULL;
}

static enum gw_rc answer_at_once(const struct rest_bound *bound, const struct http_request *request)
{
    struct http_reply reply;
    http_reply_init(&reply, 200);
    bound->op->reply(&reply);
    bound->rest->config.responder.respond(bound->rest->config.responder.self, request->ticket, &reply);
    return GW_OK;
}

static bool is_write(enum http_method method)
{
    return method != HTTP_GET && method != HTTP_HEAD;
}

/* Everything that must hold before the request's content is looked at, then the content. */
static enum gw_rc decode(const struct rest_bound *bound, const struct http_request *request, struct inbox_msg *msg,
                         struct gw_err *err)
{
    const struct rest_op *op = bound->op;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum gw_rc rc = rest_gate_actor(bound->rest, op, request, &msg->u.act.actor, err);
    if (!rc && is_write(op->method))
        rc = rest_gate_origin(request, &msg->u.act.actor, err);
    if (!rc)
        rc = rest_gate_body(bound->rest, op, request, &doc, err);
    if (!rc)
        rc = rest_gate_match(bound->rest, op, request, &msg->u.act.if_rev, err);
    if (rc || !op->decode)
        return rc;
    struct rest_call call = {.request = request, .body = doc ? json_root(doc) : NULL, .msg = msg};
    return op->decode(&call, err);
}

static enum gw_rc handle(void *ctx, const struct http_request *request, struct gw_err *err)
{
    const struct rest_bound *bound = ctx;
    if (bound->op->access == REST_PUBLIC)
        return answer_at_once(bound, request);
    GW_CLEANUP(wipe_blob) struct inbox_msg msg = {.kind = INBOX_ACT, .asker = {ASKER_REST, request->ticket}};
    msg.u.act.kind = bound->op->kind;
    msg.u.act.if_rev = -1;
    msg.u.act.answer_by = request->answer_by;
    enum gw_rc rc = gw_view_copy_str(gw_view_str(request->peer->source), msg.u.act.source, sizeof(msg.u.act.source));
    if (!rc)
        rc = decode(bound, request, &msg, err);
    if (rc == GW_DENIED)
        rc = rest_gate_denied(bound, request, &msg.u.act.actor, err);
    if (rc == GW_CANCELLED)
        return GW_OK;
    if (rc)
        return rc;
    rc = bound->rest->config.inbox.post(bound->rest->config.inbox.self, &msg);
    if (rc)
        return gw_err_set(err, GW_AGAIN, "the gateway is busy or stopping: try again");
    msg.blob = NULL; /* the inbox has it */
    return GW_OK;
}

/* A long body: who asks is found before it comes, and again with it. */
static enum gw_rc admit(void *ctx, const struct http_request *request, struct gw_err *err)
{
    const struct rest_bound *bound = ctx;
    struct actor actor = {.local = false};
    enum gw_rc rc = rest_gate_actor(bound->rest, bound->op, request, &actor, err);
    if (!rc)
        rc = rest_gate_origin(request, &actor, err);
    return rc == GW_DENIED ? rest_gate_denied(bound, request, &actor, err) : rc;
}

struct rest *rest_new(const struct rest_config *config)
{
    struct rest *rest = gw_xalloc(1, sizeof(*rest));
    rest->config = *config;
    rest->config.gateway = rest->gateway;
    (void)snprintf(rest->gateway, sizeof(rest->gateway), "%s", config->gateway ? config->gateway : "");
    const struct rest_op *ops = rest_ops(&rest->count);
    assert(rest->count <= REST_OPS_MAX);
    for (size_t i = 0; i < rest->count; i++) {
        rest->bound[i] = (struct rest_bound){rest, &ops[i]};
        rest->routes[i] = (struct http_route){
            .methods = ops[i].method,
            .doors = ops[i].doors,
            .pattern = ops[i].pattern,
            .body_max = is_write(ops[i].method) && !ops[i].import ? rest_body_max(&ops[i]) : 0,
            .handle = ops[i].import ? NULL : handle,
            .admit = ops[i].import ? NULL : admit,
            .open = ops[i].import ? rest_import_open : NULL,
            .stream_max = ops[i].import ? HTTP_STREAM_MAX : 0,
            .answer_ms = ops[i].answer_ms,
            .ctx = &rest->bound[i],
        };
    }
    return rest;
}

void rest_free(struct rest *rest)
{
    free(rest);
}

const struct http_route *rest_routes(const struct rest *rest, size_t *ret_count)
{
    *ret_count = rest->count;
    return rest->routes;
}

void rest_answer(const struct rest *rest, const struct answer *answer)
{
    struct http_reply reply;
    rest_format(rest, answer, &reply);
    rest->config.responder.respond(rest->config.responder.self, answer->asker.ticket, &reply);
}
