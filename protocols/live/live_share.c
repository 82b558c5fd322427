/* How much of the hub one person may have: whoever watches with many connections takes the queries that the hub has
 * room for from nobody else. */
#include <string.h>

#include "live_internal.h"

/* Calls for each subscription of the person's, whatever the connection, but this one. */
static size_t each_sub(const struct live_conn *c, const struct live_sub *beside,
                       bool (*is_new)(const struct live_sub *s, uint64_t mark))
{
    struct live_hub *hub = c->hub;
    size_t count = 0;
    hub->mark++;
    for (size_t i = 0; i < hub->conn_count; i++) {
        const struct live_conn *other = hub->conns[i];
        if (strcmp(other->actor.name, c->actor.name) != 0)
            continue;
        for (size_t s = 0; s < LIVE_SUBS_MAX; s++)
            if (other->subs[s].id && &other->subs[s] != beside)
                count += is_new(&other->subs[s], hub->mark);
    }
    return count;
}

static bool is_new_view(const struct live_sub *s, uint64_t mark)
{
    if (!s->view || s->view->mark == mark)
        return false;
    s->view->mark = mark;
    return true;
}

static bool is_new_stream(const struct live_sub *s, uint64_t mark)
{
    if (!s->tail || s->tail->stream->mark == mark)
        return false;
    s->tail->stream->mark = mark;
    return true;
}

bool live_share_rows(struct live_conn *c, const struct live_sub *beside, enum live_topic topic,
                     const struct filter *filter)
{
    const struct live_hub *hub = c->hub;
    for (size_t i = 0; i < hub->view_count; i++)
        if (hub->views[i]->table->topic == topic && filter_eq(&hub->views[i]->filter, filter))
            return true;
    return each_sub(c, beside, is_new_view) < LIVE_PERSON_VIEWS;
}

bool live_share_logs(struct live_conn *c, const struct live_sub *beside, const struct filter *filter)
{
    const struct live_hub *hub = c->hub;
    for (size_t i = 0; i < LIVE_STREAMS_MAX; i++)
        if (hub->streams[i].refs && filter_eq(&hub->streams[i].filter, filter))
            return true;
    return each_sub(c, beside, is_new_stream) < LIVE_PERSON_STREAMS;
}
