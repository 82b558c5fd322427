/* What the walk along the journal has found. */
#include <stdio.h>
#include <string.h>

#include "alerts.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "gw_num.h"

#define KEY_CURSOR "alerts.feed" /* epoch (u64) ‖ number (u64), big-endian */

enum gw_rc alerts_cursor(const struct store *store, struct journal_feed *ret_cursor, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf value;
    gw_buf_init(&value, STORE_SETTING_MAX);
    *ret_cursor = (struct journal_feed){.n = 0};
    enum gw_rc rc = store->ops->setting_get(store->self, KEY_CURSOR, &value, err);
    if (rc)
        return rc == GW_NOT_FOUND ? GW_OK : rc;
    struct gw_reader r = {gw_buf_view(&value)};
    uint64_t n;
    if (gw_read_u64(&r, &ret_cursor->epoch) || gw_read_u64(&r, &n) || r.rest.len || n > INT64_MAX)
        return gw_err_set(err, GW_CORRUPT, "setting " KEY_CURSOR);
    ret_cursor->n = (int64_t)n;
    return GW_OK;
}

static enum gw_rc put_cursor(struct turn *turn, const struct journal_feed *cursor, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf value;
    gw_buf_init(&value, STORE_SETTING_MAX);
    (void)gw_buf_add_u64(&value, cursor->epoch);
    enum gw_rc rc = gw_buf_add_u64(&value, (uint64_t)cursor->n);
    return rc ? rc : turn->store->ops->setting_put(turn->store->self, KEY_CURSOR, gw_buf_view(&value), err);
}

/* Do earlier batches and this one together meet the threshold? Otherwise the window is kept for the next. `before` is
 * what had counted until then. */
static enum gw_rc join_window(struct turn *turn, const struct feed_hit *hit, bool *ret_met, uint64_t *ret_before,
                              struct gw_err *err)
{
    const struct store *store = turn->store;
    struct alert_window window;
    enum gw_rc rc = store->ops->alert_window_get(store->self, &hit->what.cause, &window, err);
    if (rc == GW_NOT_FOUND)
        window = (struct alert_window){.cause = hit->what.cause};
    else if (rc)
        return rc;
    *ret_before = window.count;
    *ret_met = hit->met;
    for (uint32_t i = 0; i < hit->early_count && !*ret_met; i++)
        *ret_met = rules_window_add(&window, &hit->what.threshold, hit->early[i]);
    if (*ret_met)
        window.count = 0; /* from now on the open alert counts */
    else if (hit->count > hit->early_count)
        window = hit->window; /* the latest ones */
    return store->ops->alert_window_put(store->self, &window, err);
}

static enum gw_rc is_open(struct turn *turn, const struct alert_cause *cause, bool *ret_open, struct gw_err *err)
{
    struct alert alert;
    enum gw_rc rc = turn->store->ops->alert_open(turn->store->self, cause, &alert, err);
    *ret_open = rc == GW_OK;
    return rc == GW_NOT_FOUND ? GW_OK : rc;
}

/* A severe event interrupts a confirm time. A rollout whose rows are damaged keeps no alert from being raised. */
static enum gw_rc tell_rollouts(struct alerts *a, struct turn *turn, const struct feed_hit *hit, struct gw_err *err)
{
    struct gw_err why = {0};
    if (!a->rollouts || hit->alarm < EVENT_SEV_CRITICAL)
        return GW_OK;
    enum gw_rc rc = rollouts_alarm(a->rollouts, turn, &hit->what.cause.device, hit->boot, hit->alarm, &why);
    if (rc == GW_CORRUPT) {
        gw_log(GW_LOG_ERROR, "rollouts", "%s: %s", hit->what.cause.device.text, gw_err_text(&why));
        return GW_OK;
    }
    return rc ? gw_err_set(err, rc, "%s", gw_err_text(&why)) : GW_OK;
}

#define UPDATES_MAX 4 /* of a device, the newest: there and back, twice */

struct updates {
    struct gw_wall from[UPDATES_MAX], until[UPDATES_MAX]; /* until 0: it is open */
    size_t count;
};

static bool note_update(void *ctx, const struct attempt_entry *entry)
{
    struct updates *u = ctx;
    const struct attempt *a = &entry->attempt;
    bool ended = attempt_state_ended(a->state);
    if (a->first_offer.ms == 0 || (!ended && !attempt_state_open(a->state)))
        return true;
    u->from[u->count] = a->first_offer;
    struct gw_wall end = a->step_since.ms ? a->step_since : entry->changed;
    u->until[u->count++].ms = ended ? end.ms + ALERTS_UPDATED_MS : 0;
    return true;
}

static bool was_asked(const struct updates *u, struct gw_wall t)
{
    for (size_t i = 0; i < u->count; i++)
        if (t.ms >= u->from[i].ms && (u->until[i].ms == 0 || t.ms < u->until[i].ms))
            return true;
    return false;
}

/* As if only these had been found. */
static void keep(struct feed_hit *hit, const struct feed_arrivals *arrivals)
{
    uint64_t enough = hit->what.threshold.times > 1 ? hit->what.threshold.times : 1;
    if (hit->count == 0)
        hit->first = arrivals->at;
    hit->last = arrivals->at;
    hit->count += arrivals->times;
    for (uint64_t i = 0; i < arrivals->times && hit->early_count < FEED_EARLY_MAX; i++)
        hit->early[hit->early_count++] = arrivals->at;
    for (uint64_t i = 0; i < arrivals->times && i < enough && !hit->met; i++)
        hit->met = rules_window_add(&hit->window, &hit->what.threshold, arrivals->at);
}

/* Leaves what happened outside of the device's updates. */
static enum gw_rc drop_asked(struct turn *turn, struct feed_hit *hit, struct gw_err *err)
{
    struct updates u = {.count = 0};
    enum gw_rc rc = turn->store->ops->attempt_each_of(turn->store->self, &hit->what.cause.device, UPDATES_MAX,
                                                      note_update, &u, err);
    if (rc || u.count == 0)
        return rc;
    hit->count = 0;
    hit->early_count = 0;
    hit->met = false;
    hit->window = (struct alert_window){.cause = hit->what.cause};
    for (uint32_t i = 0; i < hit->arrival_count; i++)
        if (!was_asked(&u, hit->arrivals[i].at))
            keep(hit, &hit->arrivals[i]);
    return GW_OK;
}

/* "4 starts within 10 minutes: " and what the last event said; what is told at once needs no reason but its words. */
static void say_why(const struct feed_hit *hit, char *out, size_t cap)
{
    const struct rules_threshold *t = &hit->what.threshold;
    bool hours = t->within_ms % GW_HOUR_MS == 0;
    uint64_t span = (uint64_t)(t->within_ms / (hours ? GW_HOUR_MS : GW_MINUTE_MS));
    if (t->times <= 1)
        (void)snprintf(out, cap, "%s", hit->msg);
    else
        (void)snprintf(out, cap, "%u %s within %llu %s%s: %s", t->times, hit->what.unasked ? "starts" : "times",
                       (unsigned long long)span, hours ? "hour" : "minute", gw_plural(span), hit->msg);
}

static enum gw_rc take_counted(struct alerts *a, struct turn *turn, const struct feed_hit *hit, struct gw_err *err)
{
    bool raise = hit->what.threshold.times <= 1;
    char why[ALERT_MSG_MAX + 64];
    uint64_t before = 0;
    enum gw_rc rc = GW_OK;
    if (!raise)
        rc = is_open(turn, &hit->what.cause, &raise, err);
    if (!rc && !raise)
        rc = join_window(turn, hit, &raise, &before, err);
    if (rc || !raise)
        return rc;
    say_why(hit, why, sizeof(why));
    const struct alerts_event event = {.cause = hit->what.cause,
                                       .sev = hit->what.sev,
                                       .count = hit->count + before,
                                       .first = hit->first,
                                       .last = hit->last,
                                       .msg = why,
                                       .log = &hit->log,
                                       .seq = hit->seq};
    return alerts_raise(a, turn, &event, err);
}

static enum gw_rc take_hit(struct alerts *a, struct turn *turn, struct feed_hit *hit, struct gw_err *err)
{
    enum gw_rc rc = tell_rollouts(a, turn, hit, err);
    if (!rc && hit->what.unasked)
        rc = drop_asked(turn, hit, err);
    return rc || hit->count == 0 ? rc : take_counted(a, turn, hit, err);
}

static bool same_place(const struct journal_feed *a, const struct journal_feed *b)
{
    return a->epoch == b->epoch && a->n == b->n;
}

enum gw_rc alerts_feed(struct alerts *a, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct feed_batch *batch = (const struct feed_batch *)(const void *)msg->blob;
    struct journal_feed cursor;
    enum gw_rc rc = alerts_cursor(turn->store, &cursor, err);
    if (rc)
        return rc;
    if (msg->blob_len != sizeof(*batch) || batch->count > FEED_HITS_MAX)
        return gw_err_set(err, GW_INVALID, "a batch of the feed that is none");
    if (same_place(&batch->from, &cursor)) {
        for (uint32_t i = 0; !rc && i < batch->count; i++) {
            struct feed_hit hit = batch->hits[i];
            rc = take_hit(a, turn, &hit, err);
        }
        cursor = batch->to;
        if (!rc)
            rc = put_cursor(turn, &cursor, err);
    }
    if (!rc)
        turn_out(turn, OUT_FEED)->feed = cursor;
    return rc;
}
