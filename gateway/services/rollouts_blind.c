/*
 * How long nobody was seen, told to all that is open or deferred (BLIND), a slice of rows a turn. What something
 * happens to between two slices is told first, so that no clock runs on a row that does not know.
 */
#include <stdio.h>
#include <string.h>

#include "attempt_step.h"
#include "gw_cleanup.h"
#include "rollouts_internal.h"

static enum gw_rc put_alive(struct rollouts *r, struct turn *turn, struct gw_err *err)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%lld", (long long)turn->now.ms);
    r->memory.alive_at = turn->now;
    return turn->store->ops->setting_put(turn->store->self, ROLLOUTS_ALIVE_KEY, gw_view_str(text), err);
}

enum gw_rc rollouts_note_alive(struct rollouts *r, struct turn *turn, struct gw_err *err)
{
    return r->memory.blind.going ? GW_OK : put_alive(r, turn, err);
}

bool rollouts_is_blind(const struct rollouts *r, struct gw_wall changed)
{
    return r->memory.blind.going && changed.ms < r->memory.blind.from.ms;
}

/* By its slice: it is told twice rather than not at all, when the clock leaves a doubt. */
static bool knows(const struct rollouts_blind *b, struct gw_wall changed, struct gw_wall now)
{
    return changed.ms > b->from.ms && changed.ms <= now.ms;
}

/* ---- rollouts ---- */

static enum gw_rc tell_rollout(struct rollouts_run *run, const char *id, struct gw_err *err)
{
    struct rollout_event event = {
        .kind = ROLLOUT_EV_BLIND, .now = run->turn->now, .away_ms = run->r->memory.blind.away_ms};
    return rollouts_move(run, id, &event, NULL, "", err);
}

enum gw_rc rollouts_blind_first(struct rollouts_run *run, const char *id, const struct rollout_event *event,
                                struct rollout_entry *ret_entry, struct gw_err *err)
{
    const struct store *store = run->turn->store;
    enum gw_rc rc = store->ops->rollout_get(store->self, id, ret_entry, err);
    if (rc || event->kind == ROLLOUT_EV_BLIND || !rollouts_is_blind(run->r, ret_entry->changed) ||
        ret_entry->rollout.state == ROLLOUT_DRAFT || rollout_state_ended(ret_entry->rollout.state))
        return rc;
    rc = tell_rollout(run, id, err);
    return rc ? rc : store->ops->rollout_get(store->self, id, ret_entry, err);
}

struct finding {
    struct rollout_entry *next;
    bool found;
};

/* One that is damaged is told like the others, which sets it aside. */
static bool find_next(void *ctx, const struct rollout_entry *entry)
{
    struct finding *f = ctx;
    if (entry->rollout.state == ROLLOUT_DRAFT)
        return true;
    *f->next = *entry;
    f->found = true;
    return false;
}

/* The rollout itself goes first: its gates look at times. */
static enum gw_rc next_rollout(struct rollouts_run *run, struct gw_err *err)
{
    const struct store *store = run->turn->store;
    struct rollouts_blind *b = &run->r->memory.blind;
    struct rollout_entry next;
    struct finding f = {&next, false};
    struct store_rollout_before behind = {.created = b->created};
    memcpy(behind.id, b->rollout, sizeof(behind.id));
    enum gw_rc rc = store->ops->rollout_each_live(store->self, &behind, find_next, &f, err);
    if (rc)
        return rc;
    if (!f.found) {
        b->going = false;
        return put_alive(run->r, run->turn, err);
    }
    memcpy(b->rollout, next.id, sizeof(b->rollout));
    b->created = next.created;
    b->state = ATTEMPT_OFFERED;
    b->back = false;
    b->wave = 0;
    b->place = 0;
    if (!knows(b, next.changed, run->turn->now))
        rc = tell_rollout(run, next.id, err);
    if (rc != GW_CORRUPT)
        return rc;
    rollouts_park(run->r, next.id, run->turn->now);
    return GW_OK;
}

/* ---- attempts ---- */

/* Open and deferred ones of either direction: what waits for its turn has nothing to lose. */
static void next_state(struct rollouts_blind *b)
{
    b->wave = 0;
    b->place = 0;
    if (b->state < ATTEMPT_DEFERRED) {
        b->state++;
        return;
    }
    b->state = b->back ? 0 : ATTEMPT_OFFERED;
    b->back = true;
}

/* One that is damaged keeps nobody else from being told. */
static enum gw_rc tell_attempt(struct rollouts_run *run, struct attempt_entry *entry, struct gw_err *err)
{
    if (knows(&run->r->memory.blind, entry->changed, run->turn->now))
        return GW_OK;
    enum gw_rc rc = rollouts_feed_blind(run, entry, err);
    if (rc != GW_CORRUPT)
        return rc;
    rollouts_park(run->r, entry->id, run->turn->now);
    return GW_OK;
}

static enum gw_rc tell_page(struct rollouts_run *run, uint32_t limit, uint32_t *ret_rows, struct gw_err *err)
{
    GW_CLEANUP(rollouts_list_done) struct rollouts_list page = {0};
    struct rollouts_blind *b = &run->r->memory.blind;
    struct store_attempt_filter filter = rollouts_filter(b->rollout, b->back, b->state);
    filter.wave = b->wave;
    filter.place = b->place;
    enum gw_rc rc = rollouts_page(run->turn->store, &filter, limit, &page, err);
    if (rc)
        return rc;
    *ret_rows = (uint32_t)page.count;
    if (page.count == limit) {
        b->wave = page.items[page.count - 1].wave;
        b->place = page.items[page.count - 1].place + 1;
    } else {
        next_state(b);
    }
    for (size_t i = 0; !rc && i < page.count; i++)
        rc = tell_attempt(run, &page.items[i], err);
    return rc;
}

/* Looking for rows costs as well: each look counts as one. */
enum gw_rc rollouts_blind_slice(struct rollouts_run *run, struct gw_err *err)
{
    struct rollouts_blind *b = &run->r->memory.blind;
    enum gw_rc rc = GW_OK;
    b->at = run->turn->now;
    for (uint32_t left = run->r->rows_max, rows = 0; !rc && b->going && left > 0;
         left -= rows < left ? rows + 1 : left) {
        rows = 0;
        rc = b->state == 0 ? next_rollout(run, err) : tell_page(run, left, &rows, err);
    }
    if (!rc && b->going)
        turn_due(run->turn, b->rollout);
    return rc;
}

/* ---- when ---- */

/* From now on presence is known. */
static enum gw_rc begin_watching(struct rollouts *r, struct turn *turn, struct gw_err *err)
{
    GW_FREE struct rollouts_run *run = gw_xalloc(1, sizeof(*run));
    int64_t since_ms = r->memory.blind_at.ms;
    r->memory.watching = true;
    r->memory.blind = (struct rollouts_blind){
        .going = true, .from = turn->now, .away_ms = since_ms && since_ms < turn->now.ms ? turn->now.ms - since_ms : 0};
    rollouts_run_begin(run, r, turn);
    enum gw_rc rc = rollouts_blind_slice(run, err);
    return rc ? rc : rollouts_run_end(run, err);
}

enum gw_rc rollouts_watch_anew(struct rollouts *r, struct turn *turn, struct gw_err *err)
{
    if (r->memory.watching && !r->memory.blind.going) /* who was not told yet was not seen for longer */
        r->memory.blind_at = turn->now;
    return begin_watching(r, turn, err);
}

enum gw_rc rollouts_follow_session(struct rollouts *r, struct turn *turn, struct gw_err *err)
{
    if (r->session->listed == r->memory.watching)
        return GW_OK;
    if (r->session->listed)
        return begin_watching(r, turn, err);
    r->memory.watching = false;
    if (r->memory.blind.going) {
        r->memory.blind.going = false;
        return GW_OK;
    }
    r->memory.blind_at = turn->now;
    return put_alive(r, turn, err);
}
