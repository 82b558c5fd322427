/* The live protocol: rows out of core's thread into web's, and who may see them. */
#include <stdlib.h>

#include "act_rule.h"
#include "daemon_internal.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "live_tail.h"

#define PART      "live"
#define ROW_BYTES (256 * 1024) /* the hub shows a row above LIVE_ROW_MAX as too big */

static bool out_room(void *ctx)
{
    struct daemon *d = ctx;
    return live_hub_room(d->live);
}

static void out_row(void *ctx, const struct turn_row *row, const struct answer *answer)
{
    struct daemon *d = ctx;
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    gw_buf_init(&json, ROW_BYTES);
    if (!answer) {
        live_hub_delete(d->live, row->topic, row->key);
        return;
    }
    if (rest_row(d->rest, answer, &json))
        gw_log(GW_LOG_ERROR, PART, "%s %s cannot be shown", live_topic_text(row->topic), row->key);
    else
        live_hub_put(d->live, row->topic, row->key, gw_buf_view(&json));
}

static void out_sweep(void *ctx, enum live_topic topic, bool begins)
{
    struct daemon *d = ctx;
    live_hub_sweep(d->live, topic, begins);
}

struct live_outlets daemon_live_outlets(struct daemon *d)
{
    return (struct live_outlets){d, out_room, out_row, out_sweep};
}

static bool session_lives(void *ctx, const struct gw_sha256 *session, struct gw_wall now, enum user_role *ret_role)
{
    const struct daemon *d = ctx;
    struct session_entry entry;
    if (session_table_find(d->door.sessions, session, now, &entry))
        return false;
    *ret_role = entry.role;
    explicit_bzero(entry.csrf, sizeof(entry.csrf));
    return true;
}

static uint64_t session_changes(void *ctx)
{
    const struct daemon *d = ctx;
    return session_table_changes(d->door.sessions);
}

static enum gw_rc session_of(void *ctx, const struct http_request *request, struct actor *ret_actor)
{
    struct daemon *d = ctx;
    if (request->authorization.len > 0)
        return GW_NOT_FOUND; /* tokens watch nothing: what lasts would have to be cut with them */
    return door_session_of(&d->door, request, ret_actor);
}

/* Which read of REST shows the same: who may do that may watch. */
static bool may_watch(void *ctx, enum live_topic topic, enum user_role role)
{
    static const enum act_kind reads[LIVE_TOPICS] = {
        [LIVE_LOG] = ACT_LOG_SEARCH,       [LIVE_OVERVIEW] = ACT_STATUS,       [LIVE_DEVICES] = ACT_DEVICE_GET,
        [LIVE_PENDING] = ACT_PENDING_LIST, [LIVE_RELEASES] = ACT_RELEASES_GET, [LIVE_ROLLOUTS] = ACT_ROLLOUT_GET,
        [LIVE_ALERTS] = ACT_ALERT_GET,
    };
    (void)ctx;
    const struct act_rule *rule = act_rule(reads[topic]);
    return rule && role >= rule->role;
}

static bool refresh(void *ctx)
{
    struct daemon *d = ctx;
    struct inbox port = inbox_queue_inner_port(d->core.queue);
    const struct inbox_msg msg = {.kind = INBOX_LIVE};
    return port.post(port.self, &msg) == GW_OK;
}

static bool tail(void *ctx, const struct journal_feed *from)
{
    struct daemon *d = ctx;
    struct query *query = gw_xalloc(1, sizeof(*query));
    *query =
        (struct query){.kind = QUERY_TAIL, .asker = {.kind = ASKER_LIVE}, .feed = *from, .limit = LIVE_WALK_EVENTS};
    if (query_threads_give(d->query_threads, query) == GW_OK)
        return true;
    free(query);
    return false;
}

void daemon_live_tail(struct daemon *d, const struct answer *answer)
{
    struct gw_buf json;
    gw_buf_init(&json, LIVE_ROW_MAX);
    for (size_t i = 0; i < answer->event_count; i++) {
        const struct answer_event *e = &answer->events[i];
        gw_buf_reset(&json);
        if (rest_event(answer, i, true, &json)) {
            gw_buf_reset(&json);
            (void)!rest_event(answer, i, false, &json);
        }
        live_hub_event(d->live, e->log.device.text, (int)e->view.sev, gw_buf_view(&json));
    }
    gw_buf_done(&json);
    live_hub_tail(d->live, answer->rc == GW_OK, &answer->feed, answer->unread);
}

enum gw_rc daemon_init_live(struct daemon *d, struct gw_err *err)
{
    (void)err;
    for (size_t i = 0; i < d->config.name_count; i++)
        d->names[i] = d->config.hosts[i];
    const struct live_config config = {
        .gateway = d->identity.gateway,
        .names = d->names,
        .name_count = d->config.name_count,
        .people = {d, session_of, session_lives, session_changes, may_watch},
        .ctx = d,
        .refresh = refresh,
        .tail = tail,
    };
    d->live = live_hub_new(&config);
    return GW_OK;
}
