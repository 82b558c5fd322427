#include "rest_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum gw_rc fake_post(void *self, const struct inbox_msg *msg)
{
    struct rest_fixture *f = self;
    if (f->post_rc)
        return f->post_rc;
    free(f->msg.blob);
    f->msg = *msg;
    f->refused += msg->u.act.refused;
    f->posted += !msg->u.act.refused;
    return GW_OK;
}

static void fake_respond(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    struct rest_fixture *f = self;
    http_reply_done(&f->reply);
    f->reply = *reply;
    *reply = (struct http_reply){.file_fd = -1};
    f->ticket = ticket;
    f->replies++;
}

static enum gw_rc fake_session(void *ctx, const struct http_request *request, struct actor *ret_actor)
{
    struct rest_fixture *f = ctx;
    (void)request;
    if (!f->session_rc || f->session_rc == GW_DENIED)
        *ret_actor = f->actor;
    return f->session_rc;
}

static enum gw_rc fake_token(void *ctx, const struct http_request *request, struct actor *ret_actor)
{
    struct rest_fixture *f = ctx;
    if (!gw_view_eq_str(request->authorization, "Bearer right"))
        return f->token_rc ? f->token_rc : GW_NOT_FOUND;
    *ret_actor = f->program;
    return GW_OK;
}

static size_t sink_write(void *self, struct gw_view bytes)
{
    struct rest_fixture *f = self;
    f->import_bytes += bytes.len;
    return bytes.len;
}

static enum gw_rc sink_end(void *self, struct gw_err *err)
{
    (void)self, (void)err;
    return GW_OK;
}

static enum gw_rc fake_import(void *self, const struct import_request *request, struct http_sink *ret_sink,
                              struct gw_err *err)
{
    static const struct http_sink_ops ops = {.write = sink_write, .end = sink_end};
    struct rest_fixture *f = self;
    (void)err;
    f->import = *request;
    f->imports++;
    f->import_bytes = 0;
    *ret_sink = (struct http_sink){&ops, f};
    return GW_OK;
}

void rest_fixture_init(struct rest_fixture *f)
{
    *f = (struct rest_fixture){.session_rc = GW_NOT_FOUND, .reply = {.file_fd = -1}};
    f->actor = (struct actor){.name = "user:ann", .role = USER_OPERATOR};
    f->program = (struct actor){.name = "token:ci", .role = USER_OPERATOR, .token = {{7}}};
    static const struct import_ops imports = {.open = fake_import};
    struct rest_config config = {
        .imports = {&imports, f},
        .gateway = "gw-0123456789abcdef",
        .inbox = {f, fake_post},
        .responder = {.self = f, .respond = fake_respond},
        .session_of = fake_session,
        .session_ctx = f,
        .token_of = fake_token,
        .token_ctx = f,
    };
    f->rest = rest_new(&config);
}

void rest_fixture_done(struct rest_fixture *f)
{
    rest_free(f->rest);
    http_reply_done(&f->reply);
    free(f->msg.blob);
}

static void fill(const struct rest_ask *ask, const struct http_peer *peer, struct http_request *request)
{
    *request = (struct http_request){
        .method = ask->method,
        .door = ask->door,
        .path = gw_view_str(ask->path),
        .query = gw_view_str(ask->query),
        .body = gw_view_str(ask->body),
        .content_type = gw_view_str(ask->content_type ? ask->content_type
                                    : ask->body       ? "application/json"
                                                      : NULL),
        .csrf = gw_view_str(ask->csrf ? ask->csrf : "token"),
        .origin = gw_view_str(ask->origin),
        .fetch_site = gw_view_str(ask->fetch_site),
        .if_match = gw_view_str(ask->if_match),
        .authorization = gw_view_str(ask->authorization),
        .cookie = gw_view_str(ask->cookie),
        .host = gw_view_str("gate.example:9443"),
        .peer = peer,
        .ticket = {7, 9},
    };
}

/* As web does: the head first, then the body as it comes. */
static enum gw_rc stream(const struct http_route *route, struct http_request *request, struct gw_err *err)
{
    struct gw_view body = request->body;
    struct http_sink sink = {.ops = NULL};
    request->body = gw_view_make(NULL, 0);
    enum gw_rc rc = route->open(route->ctx, request, (int64_t)body.len, &sink, err);
    if (rc)
        return rc == GW_CANCELLED ? GW_OK : rc; /* cancelled: it has answered */
    (void)sink.ops->write(sink.self, body);
    return sink.ops->end(sink.self, err);
}

/* As web does with a long body: first the head alone. */
static enum gw_rc admit(const struct http_route *route, struct http_request request, struct gw_err *err)
{
    if (route->open || request.body.len <= HTTP_BODY_SMALL)
        return GW_OK;
    request.body = gw_view_make(NULL, 0);
    return route->admit(route->ctx, &request, err);
}

int rest_fixture_ask(struct rest_fixture *f, const struct rest_ask *ask, struct gw_err *err)
{
    struct http_peer peer = {.door = ask->door, .source = "192.0.2.7", .uid = ask->uid};
    (void)snprintf(peer.uid_name, sizeof(peer.uid_name), "%s", ask->uid ? "eve" : "root");
    struct http_request request;
    fill(ask, &peer, &request);
    size_t count = 0;
    const struct http_route *routes = rest_routes(f->rest, &count);
    int missing = 404, before = f->replies, refused = f->refused;
    for (size_t i = 0; i < count; i++) {
        if (!(routes[i].doors & ask->door) || !http_pattern_match(routes[i].pattern, request.path, request.param))
            continue;
        missing = 405;
        if (!(routes[i].methods & ask->method))
            continue;
        if (!routes[i].open && request.body.len > routes[i].body_max)
            return 413;
        enum gw_rc rc = admit(&routes[i], request, err);
        if (!rc)
            rc = routes[i].open ? stream(&routes[i], &request, err) : routes[i].handle(routes[i].ctx, &request, err);
        if (rc && rc != GW_CANCELLED)
            return http_status_of(rc);
        if (f->refused > refused) /* as core answers */
            return http_status_of(gw_err_set(err, GW_DENIED, "%s", f->msg.u.act.text));
        return f->replies > before ? f->reply.status : 0;
    }
    return missing;
}

const char *rest_fixture_body(struct rest_fixture *f)
{
    return gw_buf_str(&f->reply.body);
}

const char *rest_fixture_header(const struct rest_fixture *f, const char *name)
{
    for (size_t i = 0; i < HTTP_REPLY_HEADERS && f->reply.headers[i].name; i++)
        if (strcmp(f->reply.headers[i].name, name) == 0)
            return f->reply.headers[i].value;
    return NULL;
}
