/* One connection: what the page says, and what it is sent. */
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "live_internal.h"

void live_conn_open(struct live_conn *c, struct live_hub *hub, struct ws_conn *ws, const struct actor *actor,
                    struct gw_mono now)
{
    *c = (struct live_conn){.hub = hub, .ws = ws, .actor = *actor, .heard = now, .looked = now};
}

static void drop_sub(struct live_conn *c, struct live_sub *s)
{
    live_hub_view_drop(c->hub, s->view);
    live_walk_leave(c->hub, s->tail);
    live_sub_done(s);
}

void live_conn_close(struct live_conn *c)
{
    for (size_t i = 0; i < LIVE_SUBS_MAX; i++)
        if (c->subs[i].id)
            drop_sub(c, &c->subs[i]);
}

/* ---- words of the page ------------------------------------------------------------------------------------------- */

static struct live_sub *sub_of(struct live_conn *c, int32_t id)
{
    for (size_t i = 0; i < LIVE_SUBS_MAX; i++)
        if (c->subs[i].id == id)
            return &c->subs[i];
    return NULL;
}

static bool topic_parse(const char *text, enum live_topic *ret_topic)
{
    for (enum live_topic t = LIVE_OVERVIEW; t < LIVE_TOPICS; t++)
        if (strcmp(live_topic_text(t), text) == 0) {
            *ret_topic = t;
            return true;
        }
    *ret_topic = LIVE_LOG;
    return strcmp(text, "log") == 0;
}

static bool may(const struct live_conn *c, enum live_topic topic)
{
    const struct live_people *people = &c->hub->config.people;
    return people->may(people->ctx, topic, c->actor.role);
}

/* Why this subscription cannot be; NULL: it can. */
static const char *objection(struct live_conn *c, const struct live_message *m, const struct live_sub *old,
                             enum live_topic *ret_topic, const char **ret_detail)
{
    *ret_detail = "there is no such topic";
    if (!topic_parse(m->topic, ret_topic))
        return "topic";
    *ret_detail = "the id is in use for another topic: unsub first";
    if (old && old->topic != *ret_topic)
        return "topic";
    *ret_detail = "your role does not allow it";
    if (!may(c, *ret_topic))
        return "denied";
    *ret_detail = "too many subscriptions on this connection";
    return old || sub_of(c, 0) ? NULL : "limit";
}

static void begin_rows(struct live_conn *c, struct live_sub *s, const struct live_message *m)
{
    const char *why = NULL;
    s->filling = true;
    if (!m->has_resume)
        return;
    if (strcmp(m->epoch, c->hub->epoch) != 0 || m->seq > s->view->table->seq)
        why = "epoch";
    else if (live_sub_resume(s, m->seq, &why))
        return;
    live_say_resync(c, s->id, why);
}

/* False, and nothing changed, when too many different queries are watched. */
static bool watch_rows(struct live_conn *c, struct live_sub *s, const struct live_message *m, enum live_topic topic,
                       struct gw_wall now)
{
    if (!live_share_rows(c, s, topic, &m->filter)) {
        live_say_err(c, m->id, "limit", "you watch too many different queries: close some");
        return false;
    }
    struct live_view *view = live_hub_view(c->hub, topic, &m->filter, now);
    if (!view) {
        live_say_err(c, m->id, "limit", "too many different queries are watched on this gateway");
        return false;
    }
    live_hub_view_drop(c->hub, s->view);
    s->view = view;
    s->offset = m->offset;
    s->window = m->window;
    s->due = true;
    return true;
}

/* Another query begins a new tail: what waited for the old one is not told any more. */
static bool watch_logs(struct live_conn *c, struct live_sub *s, struct live_message *m)
{
    struct gw_err err = {0};
    if (live_tail_prepare(&m->filter, &err)) {
        live_say_err(c, m->id, "query", gw_err_text(&err));
        return false;
    }
    if (!live_share_logs(c, s, &m->filter)) {
        live_say_err(c, m->id, "limit", "you watch the logs with too many different queries: close some");
        return false;
    }
    struct live_tail *tail = live_walk_join(c->hub, &m->filter);
    if (!tail) {
        live_say_err(c, m->id, "busy", "too many different queries watch the logs: try again");
        return false;
    }
    live_walk_leave(c->hub, s->tail);
    s->tail = tail;
    return true;
}

static void take_sub(struct live_conn *c, struct live_message *m, const struct live_now *now)
{
    struct live_sub *old = sub_of(c, m->id);
    enum live_topic topic;
    const char *detail, *code = objection(c, m, old, &topic, &detail);
    if (code) {
        live_say_err(c, m->id, code, detail);
        return;
    }
    if (!live_bucket_take(&c->sub_bucket, LIVE_SUB_BURST, LIVE_SUB_PER_S, now->mono)) {
        live_say_err(c, m->id, "limit", "too many subscriptions in a short time: wait a little");
        return;
    }
    struct live_sub *s = old ? old : sub_of(c, 0);
    if (topic == LIVE_LOG ? !watch_logs(c, s, m) : !watch_rows(c, s, m, topic, now->wall))
        return;
    s->id = m->id;
    s->topic = topic;
    s->owes_ok = topic == LIVE_LOG;
    if (s->owes_ok)
        live_walk_tick(c->hub, now);
    else
        live_say_ok(c, m->id);
    if (!old && s->view)
        begin_rows(c, s, m);
    live_conn_flush(c, now);
}

static void take_unsub(struct live_conn *c, const struct live_message *m)
{
    struct live_sub *s = sub_of(c, m->id);
    if (!s) {
        live_say_err(c, m->id, "id", "there is no subscription with this id");
        return;
    }
    drop_sub(c, s);
    live_say_ok(c, m->id);
}

static void take_ack(struct live_conn *c, uint64_t n, const struct live_now *now)
{
    if (n > c->n) {
        live_say_err(c, 0, "message", "n is above what was sent");
        return;
    }
    while (c->sent_count && c->sent[c->sent_head].n <= n) {
        c->unacked -= c->sent[c->sent_head].bytes;
        c->sent_head = (c->sent_head + 1) % LIVE_SENT_MAX;
        c->sent_count--;
    }
    if (c->held_back)
        live_conn_flush(c, now);
}

static void take_hello(struct live_conn *c, const struct live_message *m, const struct live_now *now)
{
    if (m->version != LIVE_VERSION) {
        live_say_err(c, 0, "hello", "only version 1 is spoken");
        return;
    }
    c->hello = true;
    live_say_hello(c, now->wall);
}

static void take_unreadable(struct live_conn *c, const struct live_message *m, const char *code,
                            const struct gw_err *err)
{
    live_say_err(c, m->id, code, gw_err_text(err));
    if (strcmp(code, "message") != 0 || ++c->unreadable < LIVE_UNREADABLE)
        return;
    c->hub->stats.closed_unreadable++;
    live_conn_end(c, LIVE_CLOSE_UNREADABLE, "too many messages that cannot be read");
}

void live_conn_message(struct live_conn *c, struct gw_view text, const struct live_now *now)
{
    GW_FREE struct live_message *m = gw_xalloc(1, sizeof(*m));
    struct gw_err err = {0};
    const char *code = "message";
    if (c->closing)
        return;
    c->heard = now->mono;
    if (live_message_parse(text, m, &code, &err)) {
        take_unreadable(c, m, code, &err);
        return;
    }
    if (!c->hello && m->kind != LIVE_HELLO) {
        live_say_err(c, m->id, "hello", "say hello first");
        return;
    }
    switch (m->kind) {
    case LIVE_HELLO:
        take_hello(c, m, now);
        return;
    case LIVE_SUB:
        take_sub(c, m, now);
        return;
    case LIVE_UNSUB:
        take_unsub(c, m);
        return;
    case LIVE_ACK:
        take_ack(c, m->n, now);
        return;
    case LIVE_PING:
        live_say_pong(c, now->wall);
        return;
    }
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static const struct live_sent *oldest_sent(const struct live_conn *c)
{
    return c->sent_count ? &c->sent[c->sent_head] : NULL;
}

static bool is_late(const struct live_conn *c, const struct live_now *now, int64_t ms)
{
    const struct live_sent *oldest = oldest_sent(c);
    return oldest && now->mono.ms - oldest->at.ms > ms;
}

static bool may_send(const struct live_conn *c)
{
    return !c->closing && !c->blocked && c->unacked < LIVE_UNACKED_MAX && c->sent_count < LIVE_SENT_MAX;
}

static void note_sent(struct live_conn *c, size_t bytes, const struct live_now *now)
{
    c->sent[(c->sent_head + c->sent_count++) % LIVE_SENT_MAX] = (struct live_sent){++c->n, bytes, now->mono};
    c->unacked += bytes;
    c->hub->stats.messages++;
}

/* False when nothing more may be sent now. */
static bool send_one(struct live_conn *c, struct live_sub *s, const struct live_now *now)
{
    const struct ws_port *port = &c->hub->port;
    struct gw_buf *out = &c->hub->scratch;
    size_t max = is_late(c, now, LIVE_SLOW_MS) ? LIVE_SLOW_BYTES : LIVE_PAGE_BYTES;
    gw_buf_reset(out);
    enum gw_rc rc = s->tail ? live_tail_frame(s->tail, s->id, c->n + 1, max, out)
                            : live_sub_frame(s, c->hub->epoch, c->n + 1, max, out);
    if (!rc)
        rc = port->send(port->self, c->ws, gw_buf_view(out));
    c->blocked = rc == GW_AGAIN;
    if (rc) {
        live_sub_kept(s);
        return false;
    }
    c->hub->stats.rows += s->tail ? s->tail->taken : s->up_count;
    note_sent(c, out->len, now);
    if (s->tail)
        live_tail_sent(s->tail);
    else
        live_sub_sent(s);
    return true;
}

/* One message of this subscription, when something differs and its page may see it still. */
static bool serve(struct live_conn *c, struct live_sub *s, const struct live_now *now, bool *ret_sent)
{
    if (!may(c, s->topic)) {
        int32_t id = s->id;
        drop_sub(c, s);
        live_say_err(c, id, "denied", "your role does not allow it any more");
        return true;
    }
    if (s->owes_ok && c->hub->walk.feed.epoch) { /* from here on nothing is missed unsaid */
        s->owes_ok = false;
        live_say_ok(c, s->id);
    }
    if (s->view)
        live_view_update(s->view, now->wall);
    if (s->tail ? !live_tail_differs(s->tail) : !live_sub_differs(s))
        return true;
    *ret_sent = true;
    return send_one(c, s, now);
}

/* A message of each in turn, so that no long list holds up the others. */
void live_conn_flush(struct live_conn *c, const struct live_now *now)
{
    bool sent = true, go = true;
    while (sent && go) {
        sent = false;
        for (size_t i = 0; go && i < LIVE_SUBS_MAX; i++) {
            struct live_sub *s = &c->subs[c->next];
            go = may_send(c) && (!s->id || serve(c, s, now, &sent));
            if (go)
                c->next = (c->next + 1) % LIVE_SUBS_MAX;
        }
        if (sent)
            c->flushed = now->mono;
    }
    c->held_back = !go;
}

/* ---- time -------------------------------------------------------------------------------------------------------- */

static bool session_lives(struct live_conn *c, const struct live_now *now)
{
    const struct live_people *people = &c->hub->config.people;
    c->looked = now->mono;
    return people->lives(people->ctx, &c->actor.session, now->wall, &c->actor.role);
}

void live_conn_tick(struct live_conn *c, bool look, const struct live_now *now)
{
    if (c->closing)
        return;
    if ((look || now->mono.ms - c->looked.ms >= GW_SECOND_MS / 2) && !session_lives(c, now)) {
        c->hub->stats.closed_session++;
        live_conn_end(c, LIVE_CLOSE_SESSION, "the session has ended");
        return;
    }
    if (now->mono.ms - c->heard.ms > LIVE_DEAD_MS || is_late(c, now, LIVE_DEAD_MS)) {
        c->hub->stats.closed_dead++;
        live_conn_end(c, LIVE_CLOSE_DEAD, "no sign of life");
        return;
    }
    if (now->mono.ms - c->flushed.ms >= LIVE_PACE_MS)
        live_conn_flush(c, now);
}
