/* What a connection is told beside rows: short answers, and its end. */
#include "json.h"
#include "live_internal.h"

void live_conn_end(struct live_conn *c, int code, const char *reason)
{
    if (c->closing)
        return;
    c->closing = true;
    c->hub->port.close(c->hub->port.self, c->ws, code, reason);
}

static struct gw_buf *begin_words(struct live_conn *c, struct json_writer *w, const char *t)
{
    struct gw_buf *out = &c->hub->scratch;
    gw_buf_reset(out);
    json_writer_begin(w, out);
    json_put_object(w, NULL);
    json_put_str(w, "t", t);
    return out;
}

/* Short answers are not numbered. They are answers: a page for which they do not fit asks without reading. */
static void send_words(struct live_conn *c, struct json_writer *w)
{
    const struct ws_port *port = &c->hub->port;
    json_put_end(w);
    if (json_writer_end(w) || c->closing)
        return;
    if (port->send(port->self, c->ws, gw_buf_view(&c->hub->scratch)) != GW_AGAIN)
        return;
    c->hub->stats.closed_dead++;
    live_conn_end(c, LIVE_CLOSE_DEAD, "asks without reading");
}

void live_say_err(struct live_conn *c, int32_t id, const char *code, const char *detail)
{
    struct json_writer w;
    (void)begin_words(c, &w, "err");
    if (id)
        json_put_i64(&w, "id", id);
    json_put_str(&w, "code", code);
    json_put_str(&w, "detail", detail);
    send_words(c, &w);
}

void live_say_ok(struct live_conn *c, int32_t id)
{
    struct json_writer w;
    (void)begin_words(c, &w, "ok");
    json_put_i64(&w, "id", id);
    send_words(c, &w);
}

void live_say_resync(struct live_conn *c, int32_t id, const char *why)
{
    struct json_writer w;
    (void)begin_words(c, &w, "resync");
    json_put_i64(&w, "id", id);
    json_put_str(&w, "why", why);
    send_words(c, &w);
}

void live_say_hello(struct live_conn *c, struct gw_wall now)
{
    struct json_writer w;
    (void)begin_words(c, &w, "hello");
    json_put_i64(&w, "v", LIVE_VERSION);
    json_put_str(&w, "epoch", c->hub->epoch);
    json_put_str(&w, "gateway", c->hub->gateway);
    json_put_str(&w, "name", c->actor.name);
    json_put_str(&w, "role", user_role_text(c->actor.role));
    json_put_time(&w, "now", now);
    send_words(c, &w);
}

void live_say_pong(struct live_conn *c, struct gw_wall now)
{
    struct json_writer w;
    (void)begin_words(c, &w, "pong");
    json_put_time(&w, "now", now);
    send_words(c, &w);
}
