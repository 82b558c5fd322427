/* The walk along the journal, and who gets what of it. */

#include "gw_cleanup.h"
#include "live_internal.h"

static struct live_stream *stream_of(struct live_hub *hub, const struct filter *filter)
{
    struct live_stream *free_place = NULL;
    for (size_t i = 0; i < LIVE_STREAMS_MAX; i++) {
        struct live_stream *s = &hub->streams[i];
        if (s->refs && filter_eq(&s->filter, filter))
            return s;
        if (!s->refs)
            free_place = s;
    }
    if (free_place)
        free_place->filter = *filter;
    return free_place;
}

struct live_tail *live_walk_join(struct live_hub *hub, const struct filter *filter)
{
    struct live_stream *stream = stream_of(hub, filter);
    if (!stream)
        return NULL;
    stream->refs++;
    struct live_tail *t = gw_xalloc(1, sizeof(*t));
    t->stream = stream;
    hub->tails[hub->tail_count++] = t;
    return t;
}

void live_walk_leave(struct live_hub *hub, struct live_tail *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < hub->tail_count; i++)
        if (hub->tails[i] == t) {
            hub->tails[i] = hub->tails[--hub->tail_count];
            break;
        }
    t->stream->refs--;
    live_tail_free(t);
}

void live_walk_event(struct live_hub *hub, const struct live_item *item, struct gw_wall now)
{
    if (hub->tail_count == 0)
        return;
    struct live_row *event = live_event_new(item->key, item->sev, gw_view_make(item->json, item->len));
    for (size_t i = 0; i < LIVE_STREAMS_MAX; i++)
        if (hub->streams[i].refs)
            hub->streams[i].fits = filter_match(&hub->streams[i].filter, &event->fields, now);
    for (size_t i = 0; i < hub->tail_count; i++)
        if (hub->tails[i]->stream->fits)
            live_tail_push(hub->tails[i], event);
    live_row_unref(event);
}

void live_walk_broken(struct live_hub *hub)
{
    struct live_walk *w = &hub->walk;
    if (w->feed.epoch == 0)
        return;
    w->asked_for = false;
    w->feed.epoch = 0;
    for (size_t i = 0; i < hub->tail_count; i++)
        hub->tails[i]->gap = true;
}

/* The end of an answer. One that nobody waits for any more says nothing. */
void live_walk_end(struct live_hub *hub, const struct live_item *item)
{
    struct live_walk *w = &hub->walk;
    if (!w->asked_for)
        return;
    w->asked_for = false;
    if (!item->ok)
        return; /* asked again, from the same place */
    w->feed = item->feed;
    for (size_t i = 0; item->unread && i < hub->tail_count; i++)
        hub->tails[i]->unread += item->unread;
}

static bool is_due(const struct live_hub *hub, const struct live_now *now)
{
    const struct live_walk *w = &hub->walk;
    int64_t since_ms = now->mono.ms - w->asked.ms;
    if (w->feed.epoch == 0 && since_ms >= LIVE_WALK_PACE_MS)
        return true;
    return since_ms >= (atomic_load(&hub->grew) ? LIVE_WALK_PACE_MS : LIVE_WALK_IDLE_MS);
}

void live_walk_tick(struct live_hub *hub, const struct live_now *now)
{
    struct live_walk *w = &hub->walk;
    if (hub->tail_count == 0) {
        w->feed.epoch = 0; /* who comes next begins at the end */
        w->asked_for = false;
        return;
    }
    if (w->asked_for && now->mono.ms - w->asked.ms < LIVE_WALK_WAIT_MS)
        return;
    if (w->asked_for)
        live_walk_broken(hub);
    if (!is_due(hub, now))
        return;
    atomic_store(&hub->grew, false);
    w->asked = now->mono;
    w->asked_for = hub->config.tail(hub->config.ctx, &w->feed);
}
