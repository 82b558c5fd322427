#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "web_internal.h"

#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

static void forget_body(struct web_conn *c)
{
    c->listener->web->bodies -= c->body_room;
    c->body_room = 0;
    c->body_want = 0;
    gw_buf_wipe(&c->body);
}

void web_request_forget(struct web_conn *c)
{
    if (c->state == WEB_WAIT || c->state == WEB_STREAM)
        web_slots_void(&c->listener->web->slots, c->slot);
    web_stream_forget(c);
    forget_body(c);
    gw_buf_wipe(&c->head_bytes); /* credentials, cookies */
    if (c->head)
        explicit_bzero(c->head, sizeof(*c->head));
    free(c->head);
    c->head = NULL;
    c->route = NULL;
}

/* Answers before the handler was asked. What the client sends of a body from now on is not wanted. */
bool web_request_refuse(struct web_conn *c, int status, const char *detail, bool whole)
{
    if (!whole) {
        c->close_after = true;
        c->body_unread = true;
    }
    web_reply_problem(c, status, detail);
    (void)lws_callback_on_writable(c->wsi);
    return true;
}

static void add_method(char *out, size_t size, const char *name)
{
    size_t len = strlen(out);
    (void)snprintf(out + len, size - len, "%s%s", len ? ", " : "", name);
}

static bool refuse_method(struct web_conn *c, unsigned allowed, bool whole)
{
    static const struct {
        enum http_method method;
        const char *name;
    } table[] = {
        {HTTP_GET, "GET"}, {HTTP_HEAD, "HEAD"},   {HTTP_POST, "POST"},
        {HTTP_PUT, "PUT"}, {HTTP_PATCH, "PATCH"}, {HTTP_DELETE, "DELETE"},
    };
    struct http_reply reply;
    char list[64] = "";
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (allowed & table[i].method)
            add_method(list, sizeof(list), table[i].name);
    http_reply_problem(&reply, 405, NULL);
    (void)http_reply_header(&reply, "allow:", list);
    if (!whole) {
        c->close_after = true;
        c->body_unread = true;
    }
    web_conn_answer(c, &reply);
    return true;
}

static unsigned methods_of(const struct http_route *r)
{
    return r->methods & HTTP_GET ? r->methods | HTTP_HEAD : r->methods;
}

/* The route for path and method; without one *ret_allowed tells what the path would take (0: no such path). */
static const struct http_route *find_route(struct web_conn *c, unsigned *ret_allowed)
{
    struct web *web = c->listener->web;
    struct gw_view path = gw_view_make(c->head->path, c->head->path_len);
    *ret_allowed = 0;
    for (size_t i = 0; i < web->route_count; i++) {
        const struct http_route *r = &web->routes[i];
        struct gw_view param[4];
        if (!(r->doors & c->listener->door) || !http_pattern_match(r->pattern, path, param))
            continue;
        if (methods_of(r) & c->head->method) {
            memcpy(c->param, param, sizeof(c->param));
            return r;
        }
        *ret_allowed |= methods_of(r);
    }
    return NULL;
}

/* The certificate was good when it was shown; it may have expired since. */
static void recheck_cert(struct web_conn *c)
{
    if (c->peer.has_cert && gw_wall_now().ms > c->peer.cert_not_after.ms) {
        c->peer.has_cert = false;
        c->peer.bad_cert = true;
        c->peer.cert_fault = "has expired";
        web_refuse(c->listener, WEB_REFUSED_CERT, c->peer.source, c->peer.cert_fault);
    }
}

void web_request_fill(struct web_conn *c, struct http_request *ret_request)
{
    const struct web_head *h = c->head;
    bool as_get = h->method == HTTP_HEAD && c->route && !(c->route->methods & HTTP_HEAD);
    *ret_request = (struct http_request){
        .method = as_get ? HTTP_GET : h->method,
        .door = c->listener->door,
        .path = gw_view_make(h->path, h->path_len),
        .query = h->query,
        .authorization = h->authorization,
        .content_type = h->content_type,
        .cookie = h->cookie,
        .origin = h->origin,
        .host = h->host,
        .if_match = h->if_match,
        .if_none_match = h->if_none_match,
        .csrf = h->csrf,
        .fetch_site = h->fetch_site,
        .range = h->range,
        .if_range = h->if_range,
        .body = gw_buf_view(&c->body),
        .peer = &c->peer,
        .now = gw_wall_now(),
    };
    memcpy(ret_request->param, c->param, sizeof(c->param));
}

static struct gw_mono answer_by(const struct web_conn *c)
{
    return (struct gw_mono){gw_mono_now().ms + (c->route->answer_ms ? c->route->answer_ms : HTTP_ANSWER_MS)};
}

/* From here on the answer is waited for; without GW_OK it is the code. */
bool web_request_wait(struct web_conn *c, enum gw_rc rc, const struct gw_err *err)
{
    c->state = WEB_WAIT;
    c->deadline = answer_by(c);
    if (!rc)
        return true;
    web_slots_void(&c->listener->web->slots, c->slot);
    struct http_reply reply;
    http_reply_problem(&reply, http_status_of(rc), err->text);
    if (rc == GW_AGAIN)
        (void)http_reply_header(&reply, "retry-after:", "1");
    web_conn_answer(c, &reply);
    return true;
}

static bool call_handler(struct web_conn *c)
{
    struct http_request request;
    struct gw_err err = {.rc = GW_OK};
    web_request_fill(c, &request);
    c->state = WEB_WAIT;
    request.ticket = web_slots_ticket(&c->listener->web->slots, c->slot);
    request.answer_by = answer_by(c);
    enum gw_rc rc = c->route->handle(c->route->ctx, &request, &err);
    forget_body(c);
    return web_request_wait(c, rc, &err);
}

bool web_request_continue(struct web_conn *c)
{
    if (!c->head->expect_continue || c->rx.len > 0)
        return true;
    uint8_t text[LWS_PRE + sizeof(CONTINUE)];
    memcpy(text + LWS_PRE, CONTINUE, sizeof(CONTINUE) - 1);
    return lws_write(c->wsi, text + LWS_PRE, sizeof(CONTINUE) - 1, LWS_WRITE_RAW) >= 0;
}

bool web_request_unwanted(struct web_conn *c, enum gw_rc rc, const struct gw_err *err)
{
    if (c->head->length > 0) {
        c->close_after = true;
        c->body_unread = true;
    }
    return web_request_wait(c, rc == GW_CANCELLED ? GW_OK : rc, err);
}

static enum gw_rc ask_admit(struct web_conn *c, struct gw_err *err)
{
    struct web_slots *slots = &c->listener->web->slots;
    struct http_request request;
    web_request_fill(c, &request);
    request.ticket = web_slots_ticket(slots, c->slot);
    enum gw_rc rc = c->route->admit(c->route->ctx, &request, err);
    if (!rc)
        web_slots_void(slots, c->slot); /* the handler gets one of its own */
    return rc;
}

/* What its source has been promised already; nobody else's bodies wait for it. */
static size_t bodies_of_source(const struct web_conn *c)
{
    const struct web_conn *other;
    size_t sum = 0;
    TAILQ_FOREACH(other, &c->listener->all, all)
    if (memcmp(other->source_key, c->source_key, sizeof(c->source_key)) == 0)
        sum += other->body_room;
    return sum;
}

/* A short body needs no leave: what all connections can hold of those is bounded by their number. */
static bool begin_body(struct web_conn *c, size_t want)
{
    struct web *web = c->listener->web;
    struct gw_err err = {.rc = GW_OK};
    size_t room = want > HTTP_BODY_SMALL ? want : 0;
    enum gw_rc rc = room ? ask_admit(c, &err) : GW_OK;
    if (rc)
        return web_request_unwanted(c, rc, &err);
    if (room && room > WEB_BODIES_OF_ONE - bodies_of_source(c))
        return web_request_refuse(c, 429, "too many uploads at once from this address", false);
    if (room > WEB_BODIES_MAX - web->bodies)
        return web_request_refuse(c, 503, "too many uploads at once", false);
    web->bodies += room;
    c->body_room = room;
    c->body_want = want;
    gw_buf_init(&c->body, want);
    c->state = WEB_BODY;
    c->deadline.ms = gw_mono_now().ms + WEB_BODY_MS;
    if (!web_request_continue(c))
        return false;
    size_t used = 0;
    if (!web_request_body(c, gw_buf_view(&c->rx), &used))
        return false;
    gw_buf_drop(&c->rx, used);
    return true;
}

static bool refuse_cert(struct web_conn *c, bool whole)
{
    char why[160];
    if (!c->peer.bad_cert)
        return web_request_refuse(c, 403, "a client certificate of this gateway is required, and none was shown",
                                  whole);
    (void)snprintf(why, sizeof(why), "a client certificate of this gateway is required: the one that was shown %s",
                   c->peer.cert_fault);
    return web_request_refuse(c, 403, why, whole);
}

/* What can be said from the head alone, in the order in which it is safe to say it. */
static bool dispatch(struct web_conn *c)
{
    struct web_head *h = c->head;
    struct web_listener *l = c->listener;
    const char *const *hosts = (const char *const *)l->hosts;
    bool whole = !h->has_coding && h->length == 0; /* there is no body to come */
    unsigned allowed;
    c->close_after = h->close || ++c->requests >= WEB_REQUESTS_PER_CONN;
    if (l->door != HTTP_DOOR_ADMIN && !web_host_match(h->host, hosts, l->host_count, l->port))
        return web_request_refuse(
            c, 421,
            "the gateway is not called so: use one of the names in its configuration (gateway.names), or add this one",
            whole);
    recheck_cert(c);
    const struct ws_route *live = web_upgrade_route(c);
    if (live)
        return web_upgrade(c, live, whole);
    c->route = find_route(c, &allowed);
    if (!c->route)
        return allowed ? refuse_method(c, allowed, whole) : web_request_refuse(c, 404, NULL, whole);
    if (l->door == HTTP_DOOR_DEVICES && !c->route->anonymous && !c->peer.has_cert)
        return refuse_cert(c, whole);
    if (h->has_coding)
        return web_request_refuse(c, 411, "send a content-length", false);
    if (!h->has_length && (h->method == HTTP_POST || h->method == HTTP_PUT || h->method == HTTP_PATCH))
        return web_request_refuse(c, 411, "send a content-length", whole);
    if (c->route->open)
        return h->length > (uint64_t)c->route->stream_max ? web_request_refuse(c, 413, NULL, false)
                                                          : web_stream_begin(c);
    if (h->length > c->route->body_max)
        return web_request_refuse(c, 413, NULL, false);
    return h->length > 0 ? begin_body(c, (size_t)h->length) : call_handler(c);
}

bool web_request_body(struct web_conn *c, struct gw_view bytes, size_t *ret_used)
{
    size_t left = c->body_want - c->body.len;
    size_t n = bytes.len < left ? bytes.len : left;
    *ret_used = n;
    if (gw_buf_add(&c->body, bytes.ptr, n))
        return false;
    web_conn_rank(c, c->body.len < c->body_want ? WEB_OWING : WEB_UNRANKED);
    return c->body.len < c->body_want || call_handler(c);
}

bool web_request_feed(struct web_conn *c)
{
    if (c->state != WEB_HEAD)
        return true;
    size_t skip;
    size_t len = web_head_find(gw_buf_view(&c->rx), &skip);
    gw_buf_drop(&c->rx, skip);
    if (len == 0 && c->rx.len <= WEB_HEAD_MAX)
        return true;
    web_conn_rank(c, WEB_UNRANKED);
    if (len == 0 || len > WEB_HEAD_MAX)
        return web_request_refuse(c, 431, NULL, false);
    web_bump(&c->listener->web->count.requests);
    gw_buf_init(&c->head_bytes, WEB_HEAD_MAX);
    (void)gw_buf_add(&c->head_bytes, c->rx.ptr, len);
    gw_buf_drop(&c->rx, len);
    c->head = gw_xalloc(1, sizeof(*c->head));
    int status = web_head_parse(gw_buf_view(&c->head_bytes), c->head);
    return status ? web_request_refuse(c, status, NULL, false) : dispatch(c);
}
