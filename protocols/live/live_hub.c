#include "live_hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_id.h"
#include "live_internal.h"

/* ---- views ------------------------------------------------------------------------------------------------------- */

struct live_view *live_hub_view(struct live_hub *hub, enum live_topic topic, const struct filter *filter,
                                struct gw_wall now)
{
    for (size_t i = 0; i < hub->view_count; i++) {
        struct live_view *v = hub->views[i];
        if (v->table->topic == topic && filter_eq(&v->filter, filter)) {
            v->refs++;
            live_view_update(v, now);
            return v;
        }
    }
    if (hub->view_count == LIVE_VIEWS_MAX)
        return NULL;
    struct live_view *v = live_view_new(&hub->tables[topic], filter, now);
    v->refs = 1;
    hub->views[hub->view_count++] = v;
    return v;
}

void live_hub_view_drop(struct live_hub *hub, struct live_view *view)
{
    if (!view || --view->refs)
        return;
    for (size_t i = 0; i < hub->view_count; i++)
        if (hub->views[i] == view) {
            hub->views[i] = hub->views[--hub->view_count];
            break;
        }
    live_view_free(view);
}

/* ---- the tick ---------------------------------------------------------------------------------------------------- */

static void apply(struct live_hub *hub, const struct live_item *item, struct gw_wall now)
{
    struct live_table *t = &hub->tables[item->topic];
    switch (item->kind) {
    case LIVE_ITEM_PUT:
        (void)live_table_put(t, item->key, gw_view_make(item->json, item->len));
        return;
    case LIVE_ITEM_DELETE:
        (void)live_table_delete(t, item->key);
        return;
    case LIVE_ITEM_BEGIN:
        live_table_sweep_begin(t);
        return;
    case LIVE_ITEM_END:
        live_table_sweep_end(t);
        return;
    case LIVE_ITEM_EVENT:
        live_walk_event(hub, item, now);
        return;
    case LIVE_ITEM_TAIL:
        live_walk_end(hub, item);
        return;
    }
}

/* What was queued is lost: no sweep that was under way may end as if it had named every row. */
static void note_overflow(struct live_hub *hub, bool *overflowed)
{
    if (!*overflowed)
        return;
    *overflowed = false;
    hub->stale = true;
    for (size_t t = LIVE_OVERVIEW; t < LIVE_TOPICS; t++)
        live_table_sweep_cancel(&hub->tables[t]);
    live_walk_broken(hub);
}

static void drain(struct live_hub *hub, struct gw_wall now)
{
    struct live_item item;
    bool overflowed = false;
    while (live_queue_take(&hub->queue, &item, &overflowed)) {
        note_overflow(hub, &overflowed);
        apply(hub, &item, now);
        free(item.json);
    }
    note_overflow(hub, &overflowed);
    if (hub->stale && hub->config.refresh(hub->config.ctx))
        hub->stale = false;
}

static void tell_stats(struct live_hub *hub)
{
    hub->stats.connections = hub->conn_count;
    hub->stats.subscriptions = 0;
    for (size_t i = 0; i < hub->conn_count; i++)
        for (size_t s = 0; s < LIVE_SUBS_MAX; s++)
            hub->stats.subscriptions += hub->conns[i]->subs[s].id != 0;
    hub->stats.rows_left_out = 0;
    for (size_t t = LIVE_OVERVIEW; t < LIVE_TOPICS; t++)
        hub->stats.rows_left_out += hub->tables[t].refused;
    (void)pthread_mutex_lock(&hub->lock);
    hub->told = hub->stats;
    (void)pthread_mutex_unlock(&hub->lock);
}

void live_hub_tick(struct live_hub *hub, const struct live_now *now)
{
    drain(hub, now->wall);
    live_walk_tick(hub, now);
    uint64_t changes = hub->config.people.changes(hub->config.people.ctx);
    bool look = changes != hub->changes;
    hub->changes = changes;
    for (size_t i = 0; i < hub->conn_count; i++)
        live_conn_tick(hub->conns[i], look, now);
    tell_stats(hub);
}

/* ---- the route --------------------------------------------------------------------------------------------------- */

static struct live_now now_at(struct gw_wall wall)
{
    return (struct live_now){wall, gw_mono_now()};
}

enum gw_rc live_hub_open(struct live_hub *hub, const struct http_request *request, struct ws_conn *ws,
                         struct gw_mono now, struct live_conn **ret_conn, struct gw_err *err)
{
    struct actor actor = {.name = ""};
    enum gw_rc rc = live_gate(hub, request, now, &actor, err);
    if (rc) {
        hub->stats.refused++;
        return rc;
    }
    struct live_conn *c = gw_xalloc(1, sizeof(*c));
    live_conn_open(c, hub, ws, &actor, now);
    hub->conns[hub->conn_count++] = c;
    hub->stats.accepted++;
    *ret_conn = c;
    return GW_OK;
}

void live_hub_closed(struct live_conn *c)
{
    struct live_hub *hub = c->hub;
    for (size_t i = 0; i < hub->conn_count; i++)
        if (hub->conns[i] == c) {
            hub->conns[i] = hub->conns[--hub->conn_count];
            break;
        }
    live_conn_close(c);
    free(c);
}

static enum gw_rc route_open(void *ctx, const struct http_request *request, struct ws_conn *conn, void **ret_session,
                             struct gw_err *err)
{
    struct live_conn *c = NULL;
    enum gw_rc rc = live_hub_open(ctx, request, conn, gw_mono_now(), &c, err);
    if (!rc)
        *ret_session = c;
    return rc;
}

static void route_message(void *session, struct gw_view text)
{
    struct live_now now = now_at(gw_wall_now());
    live_conn_message(session, text, &now);
}

static void route_drained(void *session)
{
    struct live_conn *c = session;
    struct live_now now = now_at(gw_wall_now());
    c->blocked = false;
    live_conn_flush(c, &now);
}

static void route_closed(void *session)
{
    live_hub_closed(session);
}

static void route_tick(void *ctx, struct gw_wall wall)
{
    struct live_now now = now_at(wall);
    live_hub_tick(ctx, &now);
}

const struct ws_route *live_hub_route(const struct live_hub *hub)
{
    return &hub->route;
}

/* ---- the hub ----------------------------------------------------------------------------------------------------- */

struct live_hub *live_hub_new(const struct live_config *config)
{
    struct live_hub *hub = gw_xalloc(1, sizeof(*hub));
    uint8_t epoch[LIVE_EPOCH_CHARS / 2];
    hub->config = *config;
    (void)snprintf(hub->gateway, sizeof(hub->gateway), "%s", config->gateway);
    gw_random(epoch, sizeof(epoch));
    gw_hex_format(epoch, sizeof(epoch), hub->epoch);
    live_queue_init(&hub->queue);
    (void)pthread_mutex_init(&hub->lock, NULL);
    for (enum live_topic t = LIVE_OVERVIEW; t < LIVE_TOPICS; t++)
        live_table_init(&hub->tables[t], t);
    gw_buf_init(&hub->scratch, WS_MESSAGE_MAX);
    hub->route = (struct ws_route){.doors = HTTP_DOOR_OPERATORS,
                                   .path = LIVE_PATH,
                                   .subprotocol = LIVE_SUBPROTOCOL,
                                   .ctx = hub,
                                   .open = route_open,
                                   .message = route_message,
                                   .drained = route_drained,
                                   .closed = route_closed,
                                   .tick = route_tick};
    return hub;
}

void live_hub_attach(struct live_hub *hub, struct ws_port port, uint16_t operators_port)
{
    hub->port = port;
    hub->operators_port = operators_port;
}

void live_hub_free(struct live_hub *hub)
{
    if (!hub)
        return;
    while (hub->conn_count)
        live_hub_closed(hub->conns[hub->conn_count - 1]);
    for (size_t t = LIVE_OVERVIEW; t < LIVE_TOPICS; t++)
        live_table_done(&hub->tables[t]);
    live_queue_done(&hub->queue);
    gw_buf_done(&hub->scratch);
    (void)pthread_mutex_destroy(&hub->lock);
    free(hub);
}

static void give(struct live_hub *hub, const struct live_item *item)
{
    if (live_queue_give(&hub->queue, item) && hub->port.wake)
        hub->port.wake(hub->port.self);
}

void live_hub_put(struct live_hub *hub, enum live_topic topic, const char *key, struct gw_view json)
{
    struct live_item item = {.kind = LIVE_ITEM_PUT, .topic = topic, .len = json.len};
    (void)snprintf(item.key, sizeof(item.key), "%s", key);
    item.json = gw_xalloc(1, json.len + 1);
    memcpy(item.json, json.ptr, json.len);
    give(hub, &item);
}

void live_hub_delete(struct live_hub *hub, enum live_topic topic, const char *key)
{
    struct live_item item = {.kind = LIVE_ITEM_DELETE, .topic = topic};
    (void)snprintf(item.key, sizeof(item.key), "%s", key);
    give(hub, &item);
}

void live_hub_sweep(struct live_hub *hub, enum live_topic topic, bool begins)
{
    const struct live_item item = {.kind = begins ? LIVE_ITEM_BEGIN : LIVE_ITEM_END, .topic = topic};
    give(hub, &item);
}

void live_hub_logs_grew(struct live_hub *hub)
{
    if (!atomic_exchange(&hub->grew, true) && hub->port.wake)
        hub->port.wake(hub->port.self);
}

void live_hub_event(struct live_hub *hub, const char *device, int sev, struct gw_view json)
{
    struct live_item item = {.kind = LIVE_ITEM_EVENT, .topic = LIVE_LOG, .len = json.len, .sev = sev};
    (void)snprintf(item.key, sizeof(item.key), "%s", device);
    item.json = gw_xalloc(1, json.len + 1);
    memcpy(item.json, json.ptr, json.len);
    give(hub, &item);
}

void live_hub_tail(struct live_hub *hub, bool ok, const struct journal_feed *feed, uint64_t unread)
{
    const struct live_item item = {
        .kind = LIVE_ITEM_TAIL, .topic = LIVE_LOG, .ok = ok, .feed = *feed, .unread = unread};
    give(hub, &item);
}

bool live_hub_room(struct live_hub *hub)
{
    (void)pthread_mutex_lock(&hub->queue.lock);
    bool room = hub->queue.count < LIVE_QUEUE_ITEMS / 2 && hub->queue.bytes < LIVE_QUEUE_BYTES / 2;
    (void)pthread_mutex_unlock(&hub->queue.lock);
    return room;
}

void live_hub_stats_get(struct live_hub *hub, struct live_stats *ret_stats)
{
    (void)pthread_mutex_lock(&hub->lock);
    *ret_stats = hub->told;
    (void)pthread_mutex_unlock(&hub->lock);
    (void)pthread_mutex_lock(&hub->queue.lock);
    ret_stats->overflows = hub->queue.overflows;
    (void)pthread_mutex_unlock(&hub->queue.lock);
}
