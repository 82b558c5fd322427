#include "rows.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "releases_internal.h"
#include "rollouts_act.h"

static bool newest_cert(void *ctx, const struct device_cert *cert)
{
    struct answer_device *row = ctx;
    if (!cert->revoked) {
        row->cert_sha256 = cert->sha256;
        row->cert_not_after = cert->not_after;
    }
    return true;
}

enum gw_rc rows_device(const struct store *store, struct session *session, const struct device *device,
                       struct answer_device *ret_row, struct gw_err *err)
{
    struct session_seen seen;
    session_seen(session, &device->id, &seen);
    *ret_row = (struct answer_device){.device = *device, .online = seen.online, .seen = seen.seen};
    memcpy(ret_row->source, seen.source, sizeof(ret_row->source));
    enum gw_rc rc = store->ops->cert_each_of(store->self, &device->id, newest_cert, ret_row, err);
    if (!rc)
        rc = store->ops->inventory_get(store->self, &device->id, &ret_row->inventory, err);
    return rc == GW_NOT_FOUND ? GW_OK : rc;
}

struct selecting {
    const struct rows_source *source;
    const struct rows_ask *ask;
    size_t limit, count;
    struct answer *answer; /* what was found */
    struct answer *one;    /* the row at hand; what it points to is borrowed, but for its files */
    enum gw_rc rc;
    struct gw_err *err;
};

static void selecting_done(struct selecting *s)
{
    if (!s->one)
        return;
    free(s->one->files);
    free(s->one);
}

static bool fits(const struct selecting *s)
{
    const struct row_match *match = &s->source->match;
    const struct row_filters filters = {&s->ask->query->rows.filter, 1, s->ask->now};
    return match->fits(match->self, s->one, &filters) != 0;
}

/* Goes on behind this row? */
static bool next_row(struct selecting *s, const char *cursor)
{
    if (s->count < s->limit && !s->ask->spent(s->ask->ctx))
        return true;
    s->answer->more = true;
    (void)snprintf(s->answer->behind, sizeof(s->answer->behind), "%s", cursor);
    return false;
}

static bool look_at_device(void *ctx, const struct device *device)
{
    struct selecting *s = ctx;
    struct answer_device row;
    s->rc = rows_device(&s->source->store, s->source->session, device, &row, s->err);
    if (s->rc)
        return false;
    s->one->devices = &row;
    s->one->device_count = 1;
    if (fits(s))
        s->answer->devices[s->count++] = row;
    s->one->devices = NULL;
    return next_row(s, device->id.text);
}

static bool look_at_release(void *ctx, const struct release_entry *entry)
{
    struct selecting *s = ctx;
    struct answer_release row;
    s->one->releases = &row;
    s->rc = releases_row(&s->source->store, s->source->threshold, entry, s->one, s->err);
    if (!s->rc && fits(s))
        s->answer->releases[s->count++] = row;
    s->one->releases = NULL;
    return !s->rc && next_row(s, entry->id);
}

static bool look_at_rollout(void *ctx, const struct rollout_entry *entry)
{
    struct selecting *s = ctx;
    s->one->rollout_count = 1;
    rollouts_row(entry, &s->one->rollouts[0]);
    if (fits(s))
        s->answer->rollouts[s->count++] = s->one->rollouts[0];
    return next_row(s, entry->id);
}

static bool look_at_alert(void *ctx, const struct alert *alert)
{
    struct selecting *s = ctx;
    struct alert row = *alert;
    char cursor[LIVE_KEY_MAX];
    s->one->alerts = &row;
    s->one->alert_count = 1;
    if (fits(s))
        s->answer->alerts[s->count++] = row;
    s->one->alerts = NULL;
    (void)snprintf(cursor, sizeof(cursor), "%" PRId64 ".%s", alert->first.ms, alert->id);
    return next_row(s, cursor);
}

static enum gw_rc select_devices(struct selecting *s)
{
    const struct store *store = &s->source->store;
    struct gw_device_id after = {.text = ""};
    (void)snprintf(after.text, sizeof(after.text), "%s", s->ask->query->rows.behind);
    s->answer->kind = s->one->kind = ANSWER_DEVICES;
    s->answer->devices = gw_xalloc(s->limit, sizeof(*s->answer->devices));
    enum gw_rc rc = store->ops->device_each(store->self, &after, INT_MAX, look_at_device, s, s->err);
    s->answer->device_count = s->count;
    return rc;
}

static enum gw_rc select_releases(struct selecting *s)
{
    const struct store *store = &s->source->store;
    struct store_release_after after;
    enum gw_rc rc = releases_behind(store, s->ask->query->rows.behind, &after, s->err);
    if (rc)
        return rc;
    s->answer->kind = s->one->kind = ANSWER_RELEASES;
    s->answer->releases = gw_xalloc(s->limit, sizeof(*s->answer->releases));
    s->one->files = gw_xalloc(RELEASE_FILES_MAX, sizeof(*s->one->files));
    rc = store->ops->release_each(store->self, &after, INT_MAX, look_at_release, s, s->err);
    s->answer->release_count = s->count;
    return rc;
}

static enum gw_rc select_rollouts(struct selecting *s)
{
    const struct store *store = &s->source->store;
    struct store_rollout_before before;
    enum gw_rc rc = rollouts_behind(store, s->ask->query->rows.behind, &before, s->err);
    if (rc)
        return rc;
    s->answer->kind = s->one->kind = ANSWER_ROLLOUTS;
    s->answer->rollouts = gw_xalloc(s->limit, sizeof(*s->answer->rollouts));
    GW_FREE struct answer_rollout *row = gw_xalloc(1, sizeof(*row));
    s->one->rollouts = row;
    rc = store->ops->rollout_each(store->self, &before, INT_MAX, look_at_rollout, s, s->err);
    s->one->rollouts = NULL;
    s->answer->rollout_count = s->count;
    return rc;
}

static enum gw_rc select_alerts(struct selecting *s)
{
    const struct store *store = &s->source->store;
    s->answer->kind = s->one->kind = ANSWER_ALERTS;
    s->answer->alerts = gw_xalloc(s->limit, sizeof(*s->answer->alerts));
    enum gw_rc rc = store->ops->alert_each(store->self, &s->ask->query->rows.alerts, INT_MAX, look_at_alert, s, s->err);
    s->answer->alert_count = s->count;
    return rc;
}

static enum gw_rc select_topic(struct selecting *s)
{
    switch (s->ask->query->rows.topic) {
    case LIVE_DEVICES:
        return select_devices(s);
    case LIVE_RELEASES:
        return select_releases(s);
    case LIVE_ROLLOUTS:
        return select_rollouts(s);
    case LIVE_ALERTS:
        return select_alerts(s);
    case LIVE_OVERVIEW:
    case LIVE_PENDING:
        break;
    }
    return gw_err_set(s->err, GW_UNSUPPORTED, "no such list");
}

enum gw_rc rows_select(const struct rows_source *source, const struct rows_ask *ask, struct answer *ret_answer,
                       struct gw_err *err)
{
    const struct store *store = &source->store;
    size_t limit = ask->query->limit;
    GW_CLEANUP(selecting_done) struct selecting s = {.source = source, .ask = ask, .answer = ret_answer, .err = err};
    s.limit = limit < 1 || limit > QUERY_ROWS_MAX ? QUERY_ROWS_MAX : limit;
    s.one = gw_xalloc(1, sizeof(*s.one));
    s.one->single = true;
    enum gw_rc rc = store->ops->begin(store->self, err);
    if (rc)
        return rc;
    rc = select_topic(&s);
    store->ops->rollback(store->self);
    return rc ? rc : s.rc;
}
