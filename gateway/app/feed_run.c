#include "feed_run.h"

#include <stdio.h>

#include "classify.h"
#include "event_view.h"
#include "gw_utf8.h"

static struct feed_hit *hit_of(struct feed_batch *batch, const struct rules_hit *what)
{
    for (uint32_t i = 0; i < batch->count; i++)
        if (alert_cause_eq(&batch->hits[i].what.cause, &what->cause))
            return &batch->hits[i];
    if (batch->count == FEED_HITS_MAX)
        return NULL; /* never: FEED_CAUSES_MAX were free when the append began */
    struct feed_hit *hit = &batch->hits[batch->count++];
    *hit = (struct feed_hit){.what = *what};
    hit->window.cause = what->cause;
    return hit;
}

/* What people read: the message, or what the event is when it has none. */
static void say(struct feed_hit *hit, const struct event_view *view)
{
    char made[sizeof(view->cls) + sizeof(view->subj) + sizeof(view->obj)];
    (void)snprintf(made, sizeof(made), "%s %s %s", view->cls, view->subj, view->obj);
    (void)gw_utf8_clean(gw_view_trim(gw_view_str(view->msg[0] ? view->msg : made)), hit->msg, sizeof(hit->msg));
}

/* All that core needs to leave out what was asked for. The batch ends before there is no place. */
static void note_arrival(struct feed_hit *hit, struct gw_wall t)
{
    struct feed_arrivals *last = hit->arrival_count ? &hit->arrivals[hit->arrival_count - 1] : NULL;
    if (!hit->what.unasked)
        return;
    if (last && (last->at.ms == t.ms || hit->arrival_count == FEED_ARRIVALS_MAX))
        last->times++;
    else
        hit->arrivals[hit->arrival_count++] = (struct feed_arrivals){t, 1};
}

static void count(struct feed_hit *hit, const struct journal_event *event, const struct event_view *view)
{
    if (hit->count == 0 || event->arrived.ms < hit->first.ms)
        hit->first = event->arrived;
    if (hit->count == 0 || event->arrived.ms > hit->last.ms)
        hit->last = event->arrived;
    hit->count++;
    if (hit->early_count < FEED_EARLY_MAX)
        hit->early[hit->early_count++] = event->arrived;
    note_arrival(hit, event->arrived);
    hit->met = rules_window_add(&hit->window, &hit->what.threshold, event->arrived) || hit->met;
    hit->log = event->log;
    hit->seq = event->seq;
    say(hit, view);
    if (event->log.kind != LOG_DEVICE || view->sev < hit->alarm)
        return;
    hit->alarm = view->sev;
    (void)snprintf(hit->boot, sizeof(hit->boot), "%s", view->boot);
}

/* For one more append. */
static bool has_room(const struct feed_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++)
        if (batch->hits[i].arrival_count == FEED_ARRIVALS_MAX)
            return false;
    return FEED_HITS_MAX - batch->count >= FEED_CAUSES_MAX;
}

static bool visit(void *ctx, const struct journal_event *event)
{
    struct feed_batch *batch = ctx;
    struct event_view view;
    struct rules_hit what;
    batch->events++;
    event_view_parse(event->bytes, event->arrived, &view);
    event_refine(&view);
    if (rules_match(&event->log, &view, &what)) {
        struct feed_hit *hit = hit_of(batch, &what);
        if (hit) {
            if (what.sev > hit->what.sev)
                hit->what.sev = what.sev;
            count(hit, event, &view);
        }
    }
    return has_room(batch);
}

enum gw_rc feed_run(const struct journal *journal, const struct journal_feed *at, struct feed_batch *batch,
                    struct gw_err *err)
{
    batch->to = *at;
    batch->events = 0;
    batch->count = 0;
    return journal->ops->grown(journal->self, &batch->to, visit, batch, err);
}
