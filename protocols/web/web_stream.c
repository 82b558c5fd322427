/* Bodies that are handed on as they come. */
#include "web_internal.h"

static void set_deadline(struct web_conn *c, int64_t ms)
{
    c->stream_pace = 0;
    c->deadline.ms = gw_mono_now().ms + ms;
}

static void stall(struct web_conn *c, bool stalled)
{
    struct web *web = c->listener->web;
    if (c->stalled == stalled)
        return;
    c->stalled = stalled;
    if (stalled)
        TAILQ_INSERT_TAIL(&web->stalled, c, stall);
    else
        TAILQ_REMOVE(&web->stalled, c, stall);
    set_deadline(c, stalled ? WEB_STALL_MS : WEB_STREAM_MS);
}

/* The sink is not called any more. */
static struct http_sink release(struct web_conn *c)
{
    struct http_sink sink = c->sink;
    if (sink.ops) {
        stall(c, false);
        c->listener->web->streams--;
        c->sink = (struct http_sink){0};
    }
    return sink;
}

void web_stream_forget(struct web_conn *c)
{
    struct http_sink sink = release(c);
    if (sink.ops)
        sink.ops->abort(sink.self);
}

void web_stream_cut(struct web_conn *c)
{
    web_stream_forget(c);
    c->close_after = true;
    c->body_unread = true;
}

static bool complete(struct web_conn *c)
{
    struct gw_err err = {.rc = GW_OK};
    struct http_sink sink = release(c);
    enum gw_rc rc = sink.ops->end(sink.self, &err);
    return web_request_wait(c, rc, &err);
}

bool web_stream_feed(struct web_conn *c, struct gw_view *bytes)
{
    size_t n = bytes->len < c->stream_left ? bytes->len : (size_t)c->stream_left;
    size_t taken = n ? c->sink.ops->write(c->sink.self, gw_view_make(bytes->ptr, n)) : 0;
    *bytes = gw_view_make(bytes->ptr + taken, bytes->len - taken);
    c->stream_left -= taken;
    c->stream_pace += taken;
    stall(c, taken < n);
    if (c->stream_left == 0)
        return complete(c);
    if (c->stream_pace >= WEB_CHUNK)
        set_deadline(c, c->stalled ? WEB_STALL_MS : WEB_STREAM_MS);
    return true;
}

/* What has come already. */
static bool feed_rx(struct web_conn *c)
{
    struct gw_view bytes = gw_buf_view(&c->rx);
    size_t had = bytes.len;
    bool ok = web_stream_feed(c, &bytes);
    gw_buf_drop(&c->rx, had - bytes.len);
    return ok;
}

void web_stream_resume(struct web *web)
{
    struct web_conn *next;
    for (struct web_conn *c = TAILQ_FIRST(&web->stalled); c; c = next) {
        next = TAILQ_NEXT(c, stall);
        if (!feed_rx(c))
            web_conn_close(c);
        else if (c->state == WEB_STREAM && !c->stalled)
            (void)lws_rx_flow_control(c->wsi, 1);
    }
}

bool web_stream_begin(struct web_conn *c)
{
    struct web *web = c->listener->web;
    struct gw_err err = {.rc = GW_OK};
    struct http_request request;
    if (web->streams >= WEB_STREAMS_MAX)
        return web_request_refuse(c, 503, "too many uploads at once", false);
    web_request_fill(c, &request);
    request.ticket = web_slots_ticket(&web->slots, c->slot);
    c->state = WEB_STREAM;
    enum gw_rc rc = c->route->open(c->route->ctx, &request, (int64_t)c->head->length, &c->sink, &err);
    if (rc) {
        c->sink = (struct http_sink){0};
        return web_request_unwanted(c, rc, &err);
    }
    web->streams++;
    c->stream_left = c->head->length;
    set_deadline(c, WEB_STREAM_MS);
    return web_request_continue(c) && feed_rx(c);
}
