/* What a request must show before its content counts. */
#include <stdio.h>

#include "gw_num.h"
#include "rest_internal.h"

enum gw_rc rest_refuse(const struct rest *rest, struct http_ticket ticket, int status, const char *detail)
{
    struct http_reply reply;
    http_reply_problem(&reply, status, detail);
    (void)http_reply_header(&reply, "cache-control:", "no-store");
    rest->config.responder.respond(rest->config.responder.self, ticket, &reply);
    return GW_CANCELLED;
}

enum gw_rc rest_gate_denied(const struct rest_bound *bound, const struct http_request *request,
                            const struct actor *actor, struct gw_err *err)
{
    if (!actor->name[0])
        return GW_DENIED;
    struct inbox_msg msg = {.kind = INBOX_ACT, .asker = {ASKER_REST, request->ticket}};
    msg.u.act = (struct inbox_act){.kind = bound->op->kind, .refused = true, .actor = *actor, .if_rev = -1};
    (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "%s", err->text);
    if (bound->rest->config.inbox.post(bound->rest->config.inbox.self, &msg))
        return gw_err_set(err, GW_AGAIN, "the gateway is busy or stopping: try again");
    return GW_CANCELLED;
}

/* The kernel says who is at the other end of the socket; its directory's group says that they may act as admin. */
static void local_actor(const struct http_peer *peer, struct actor *ret_actor)
{
    *ret_actor = (struct actor){.role = USER_ADMIN, .local = true, .superuser = peer->uid == 0};
    (void)snprintf(ret_actor->name, sizeof(ret_actor->name), "local:%s", peer->uid_name);
}

/* RFC 6750 section 3.1; 429: RFC 6585 section 4. */
static enum gw_rc refuse_token(const struct rest *rest, struct http_ticket ticket, enum gw_rc rc)
{
    struct http_reply reply;
    bool many = rc == GW_AGAIN;
    http_reply_problem(&reply, many ? 429 : 401,
                       many ? "too many wrong tokens came from your address" : "the token is wrong, or has ended");
    (void)http_reply_header(&reply, "cache-control:", "no-store");
    (void)http_reply_header(&reply, "www-authenticate:", "Bearer realm=\"gatehouse\", error=\"invalid_token\"");
    if (many)
        (void)http_reply_header(&reply, "retry-after:", "60");
    rest->config.responder.respond(rest->config.responder.self, ticket, &reply);
    return GW_CANCELLED;
}

static enum gw_rc token_actor(const struct rest *rest, const struct http_request *request, struct actor *ret_actor,
                              struct gw_err *err)
{
    rest_token_fn *token_of = rest->config.token_of;
    if (request->cookie.len > 0)
        return gw_err_set(err, GW_INVALID, "send a cookie or Authorization, not both");
    enum gw_rc rc = token_of ? token_of(rest->config.token_ctx, request, ret_actor) : GW_NOT_FOUND;
    return rc ? refuse_token(rest, request->ticket, rc) : GW_OK;
}

static enum gw_rc session_actor(const struct rest *rest, const struct http_request *request, struct actor *ret_actor,
                                struct gw_err *err)
{
    rest_session_fn *session_of = rest->config.session_of;
    enum gw_rc rc = session_of ? session_of(rest->config.session_ctx, request, ret_actor) : GW_NOT_FOUND;
    if (rc == GW_NOT_FOUND)
        return rest_refuse(rest, request->ticket, 401, "sign in first");
    if (rc == GW_DENIED)
        return gw_err_set(err, rc, "the header X-GW-CSRF is missing, or not this session's token");
    return rc == GW_CANCELLED ? GW_AGAIN : rc;
}

enum gw_rc rest_gate_actor(const struct rest *rest, const struct rest_op *op, const struct http_request *request,
                           struct actor *ret_actor, struct gw_err *err)
{
    if (op->access == REST_ANONYMOUS)
        return GW_OK;
    bool token = request->authorization.len > 0;
    enum gw_rc rc = GW_OK;
    if (request->door != HTTP_DOOR_ADMIN) {
        rc = token ? token_actor(rest, request, ret_actor, err) : session_actor(rest, request, ret_actor, err);
        ret_actor->local = ret_actor->superuser = false;
    } else if (token) { /* who sends one means to have its role, not an admin's */
        rc = gw_err_set(err, GW_INVALID, "the admin socket takes no token: the kernel says who asks");
    } else {
        local_actor(request->peer, ret_actor);
    }
    if (rc)
        return rc;
    if (op->access == REST_SUPERUSER && !ret_actor->superuser)
        return gw_err_set(err, GW_DENIED, "only root (uid 0) on the gateway itself may do this");
    return GW_OK;
}

static bool origin_is_ours(const struct http_request *request)
{
    struct gw_view host = request->origin;
    if (!gw_view_starts(host, "https://"))
        return false;
    host.ptr += sizeof("https://") - 1;
    host.len -= sizeof("https://") - 1;
    char name[HTTP_PATH_MAX];
    return request->host.len > 0 && gw_view_copy_str(request->host, name, sizeof(name)) == GW_OK &&
           gw_view_eq_str_nocase(host, name);
}

/*
 * A page of another site can send a form here but neither this header nor, in browsers that tell, a Sec-Fetch-Site of
 * same-origin (W3C Fetch Metadata). The admin socket is out of a browser's reach. A token is in no cookie jar, so that
 * no other site can have it sent: a program needs no such header.
 */
enum gw_rc rest_gate_origin(const struct http_request *request, const struct actor *actor, struct gw_err *err)
{
    if (request->door != HTTP_DOOR_OPERATORS)
        return GW_OK;
    if (request->csrf.len == 0 && !actor_is_token(actor))
        return gw_err_set(err, GW_DENIED, "the header X-GW-CSRF is missing");
    if (request->fetch_site.len > 0 && !gw_view_eq_str(request->fetch_site, "same-origin"))
        return gw_err_set(err, GW_DENIED, "the request comes from another site");
    if (request->origin.len > 0 && !origin_is_ours(request))
        return gw_err_set(err, GW_DENIED, "the request comes from another origin");
    return GW_OK;
}

/* application/json, with or without charset=utf-8 (RFC 8259 section 11: the parameter has no meaning). */
static bool is_json(struct gw_view content_type)
{
    struct gw_view parameter;
    struct gw_view type = gw_view_trim(gw_view_cut(content_type, ';', &parameter));
    parameter = gw_view_trim(parameter);
    return gw_view_eq_str_nocase(type, "application/json") &&
           (parameter.len == 0 || gw_view_eq_str_nocase(parameter, "charset=utf-8"));
}

enum gw_rc rest_gate_body(const struct rest *rest, const struct rest_op *op, const struct http_request *request,
                          struct json_doc **ret_body, struct gw_err *err)
{
    static const char *const none[] = {NULL};
    if (request->body.len == 0)
        return GW_OK;
    if (!is_json(request->content_type))
        return rest_refuse(rest, request->ticket, 415, "the body must be application/json");
    struct json_doc *doc = NULL;
    enum gw_rc rc = json_read(request->body, rest_body_max(op), &doc, err);
    if (rc)
        return rc;
    rc = json_only_keys(json_root(doc), op->body_keys ? op->body_keys : none, err);
    if (rc)
        json_free(doc);
    else
        *ret_body = doc;
    return rc;
}

/* One strong entity tag that is a revision: "7" with its quotes (RFC 9110 section 13.1.1); "*" asks for nothing that
 * the act would not check itself. */
static enum gw_rc parse_match(struct gw_view tag, int64_t *ret_rev)
{
    uint64_t rev = 0;
    tag = gw_view_trim(tag);
    if (gw_view_eq_str(tag, "*"))
        return GW_OK;
    if (tag.len < 3 || tag.ptr[0] != '"' || tag.ptr[tag.len - 1] != '"')
        return GW_INVALID;
    enum gw_rc rc = gw_parse_u64(gw_view_make(tag.ptr + 1, tag.len - 2), INT64_MAX, &rev);
    if (!rc)
        *ret_rev = (int64_t)rev;
    return rc;
}

enum gw_rc rest_gate_match(const struct rest *rest, const struct rest_op *op, const struct http_request *request,
                           int64_t *ret_rev, struct gw_err *err)
{
    if (op->match == REST_NO_MATCH)
        return GW_OK;
    if (request->if_match.len == 0) {
        if (op->match == REST_MUST_MATCH && request->door == HTTP_DOOR_OPERATORS)
            return rest_refuse(rest, request->ticket, 428, "send If-Match with the revision");
        return GW_OK;
    }
    if (parse_match(request->if_match, ret_rev))
        return gw_err_set(err, GW_INVALID, "If-Match must be one revision in quotes, or *");
    return GW_OK;
}
