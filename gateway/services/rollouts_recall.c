/*
 * What becomes of rollouts when releases are not given out any more: all that have not ended are looked through, from
 * the oldest to the newest, a slice a turn. Each slice is one transaction with the setting that tells where the next
 * one begins, and notes its turn; after a stop the tick does. Until its slice comes a rollout offers nobody
 * (rollouts_withheld()), and none of its devices is given the release (rollouts_given()).
 *
 * One whose row is damaged is set aside and told (rollouts_park()), before anything of it is written: the others go on.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "rollouts_internal.h"

#define KEY "rollouts.recall" /* setting: see load_line(); not there: nothing is left to be told */

struct affected {
    char id[ROLLOUT_ID_LEN + 1];
    struct gw_wall created;
    bool offers;  /* a recalled release */
    bool returns; /* is of another release, and goes back */
};

struct slice {
    struct rollouts *r;
    struct turn *turn;
    struct gw_err *err;
    enum gw_rc rc;
    struct release_entry release; /* that was asked for last; id "": none */
    struct affected items[ROLLOUTS_RECALL_MAX], last;
    size_t count;
    uint32_t looked; /* rollouts; `last` is the last of them */
    uint32_t rows;   /* attempts of the one that is told */
    bool full;       /* there may be more behind the last one */
    bool aims;       /* `release` is one that the rollout goes back to */
};

/* ---- what is stored ---- */

/* "now 1800000000000 user:ann", the same with "next", and "behind 1790000000000 <rollout>" */
static enum gw_rc load_line(struct rollouts_recalling *c, struct gw_view line)
{
    struct gw_view rest = line, word = gw_view_cut(rest, ' ', &rest), at = gw_view_cut(rest, ' ', &rest);
    struct gw_wall time = {0};
    enum gw_rc rc = gw_parse_i64(at, 0, INT64_MAX, &time.ms);
    if (rc || rest.len == 0)
        return GW_INVALID;
    if (gw_view_eq_str(word, "behind")) {
        c->created = time;
        return rollout_id_valid(rest) ? gw_view_copy_str(rest, c->rollout, sizeof(c->rollout)) : GW_INVALID;
    }
    struct rollouts_recall *recall = gw_view_eq_str(word, "now")    ? &c->now
                                     : gw_view_eq_str(word, "next") ? &c->next
                                                                    : NULL;
    if (!recall)
        return GW_INVALID;
    recall->since = time;
    return gw_view_copy_str(rest, recall->actor, sizeof(recall->actor));
}

enum gw_rc rollouts_recall_load(struct rollouts *r, const struct store *store, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct rollouts_recalling c = {.at = {0}};
    gw_buf_init(&text, STORE_SETTING_MAX);
    enum gw_rc rc = store->ops->setting_get(store->self, KEY, &text, err), bad = GW_OK;
    if (rc)
        return rc == GW_NOT_FOUND ? GW_OK : rc;
    for (struct gw_view rest = gw_buf_view(&text); rest.len && !bad;)
        bad = load_line(&c, gw_view_cut(rest, '\n', &rest));
    r->memory.recall = c;
    if (bad || !c.now.actor[0]) /* no reason to halt: everything is looked at once more */
        r->memory.recall = (struct rollouts_recalling){.now = {.actor = "gateway"}};
    return GW_OK;
}

static enum gw_rc save(const struct rollouts_recalling *c, const struct store *store, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, STORE_SETTING_MAX);
    enum gw_rc rc = gw_buf_printf(&text, "now %" PRId64 " %s\n", c->now.since.ms, c->now.actor);
    if (!rc && c->next.actor[0])
        rc = gw_buf_printf(&text, "next %" PRId64 " %s\n", c->next.since.ms, c->next.actor);
    if (!rc && c->rollout[0])
        rc = gw_buf_printf(&text, "behind %" PRId64 " %s\n", c->created.ms, c->rollout);
    return rc ? rc : store->ops->setting_put(store->self, KEY, gw_buf_view(&text), err);
}

/* ---- which rollouts ---- */

bool rollouts_recalls(const struct rollouts *r)
{
    return r->memory.recall.now.actor[0] != '\0';
}

/* Many in a row ask for the same one. */
static bool is_recalled(struct slice *s, const char *release)
{
    const struct store *store = s->turn->store;
    if (strcmp(s->release.id, release) != 0) {
        enum gw_rc rc = release[0] ? store->ops->release_get(store->self, release, &s->release, s->err) : GW_NOT_FOUND;
        if (rc)
            s->release.id[0] = '\0';
        if (rc && rc != GW_NOT_FOUND)
            s->rc = rc;
        if (rc)
            return false;
    }
    return !release_is_given(&s->release) && s->release.changed.ms >= s->r->memory.recall.now.since.ms;
}

static bool note_affected(void *ctx, const struct rollout_entry *entry)
{
    struct slice *s = ctx;
    enum rollout_state state = entry->rollout.state;
    bool ours = state != ROLLOUT_DRAFT && is_recalled(s, entry->release); /* a draft cannot start any more */
    s->looked++;
    s->last = (struct affected){
        .created = entry->created, .offers = state == ROLLOUT_RUNNING || state == ROLLOUT_HOLDING, .returns = !ours};
    memcpy(s->last.id, entry->id, sizeof(s->last.id));
    if (ours || state == ROLLOUT_ROLLING_BACK)
        s->items[s->count++] = s->last;
    s->full = s->looked >= s->r->rows_max || s->count == ROLLOUTS_RECALL_MAX;
    return !s->rc && !s->full;
}

enum gw_rc rollouts_withheld(const struct rollouts_run *run, const struct rollout_entry *entry, bool *ret_withheld,
                             struct gw_err *err)
{
    bool given = true;
    enum gw_rc rc = rollouts_recalls(run->r) ? rollouts_given(run->turn->store, entry->release, &given, err) : GW_OK;
    *ret_withheld = !given;
    return rc;
}

/* ---- what they are told ---- */

/* Reads it and tries the event, without writing. GW_CORRUPT: it is damaged. */
static enum gw_rc read_sound(const struct turn *turn, const char *id, enum rollout_event_kind kind,
                             struct rollout_entry *ret_entry, struct gw_err *err)
{
    const struct rollout_event event = {.kind = kind, .now = turn->now};
    enum gw_rc rc = turn->store->ops->rollout_get(turn->store->self, id, ret_entry, err);
    if (!rc)
        rc = rollouts_applies(ret_entry, &event, err);
    return rc == GW_CONFLICT ? GW_OK : rc; /* sound, if not to be changed now */
}

static enum gw_rc stop_offers(struct slice *s, const struct affected *item)
{
    struct rollout_entry entry;
    enum gw_rc rc = read_sound(s->turn, item->id, item->offers ? ROLLOUT_EV_PAUSE : ROLLOUT_EV_TICK, &entry, s->err);
    if (rc == GW_CORRUPT) {
        rollouts_park(s->r, item->id, s->turn->now);
        return GW_OK;
    }
    bool ours = !rc && is_recalled(s, entry.release);
    rc = rc ? rc : s->rc;
    struct rollouts_change pause = {.event = ROLLOUT_EV_PAUSE,
                                    .id = item->id,
                                    .if_rev = -1,
                                    .reason = s->release.state == RELEASE_WITHDRAWN
                                                  ? "its release was withdrawn"
                                                  : "a stored artifact of its release is damaged",
                                    .actor = s->r->memory.recall.now.actor};
    if (!rc && ours && item->offers)
        rc = rollouts_change(s->r, s->turn, &pause, &entry, s->err);
    if (!rc && ours && rollouts_sweep_begin(s->r, item->id, false, ROLLOUTS_SWEEP_CANCEL))
        turn_due(s->turn, item->id); /* no room: the timers of its attempts ask */
    return rc;
}

static bool note_aim(void *ctx, const struct attempt_entry *entry)
{
    struct slice *s = ctx;
    s->rows++;
    s->aims = is_recalled(s, entry->release);
    return !s->rc && !s->aims;
}

/* One that goes back cannot pause: it says why its devices will not come there. */
static enum gw_rc say_why(struct slice *s, struct rollout_entry *entry)
{
    const struct store *store = s->turn->store;
    char name[AUDIT_NAME_MAX], why[ROLLOUT_REASON_MAX];
    bool withdrawn = s->release.state == RELEASE_WITHDRAWN;
    (void)snprintf(why, sizeof(why), "%s%s, which it goes back to, %s", withdrawn ? "" : "a stored artifact of ",
                   s->release.version, withdrawn ? "was withdrawn" : "is damaged");
    if (strcmp(why, entry->reason) == 0)
        return GW_OK; /* it has said so */
    memcpy(entry->reason, why, sizeof(entry->reason));
    (void)snprintf(name, sizeof(name), "%s %.32s %.32s", entry->id, entry->product, entry->version);
    enum gw_rc rc = audit_note(s->turn, AUDIT_ROLLOUT_GOES_BACK, "gateway", name, entry->reason, s->err);
    turn_live(s->turn, LIVE_ROLLOUTS, entry->id);
    return rc ? rc : store->ops->rollout_put(store->self, entry, s->err);
}

/* As far as the first ROLLOUT_SLICE_MAX of its devices tell. */
static enum gw_rc tell_returning(struct slice *s, const char *id)
{
    const struct store *store = s->turn->store;
    struct store_attempt_filter filter = rollouts_filter(id, true, 0);
    struct rollout_entry entry;
    s->aims = false;
    enum gw_rc rc = read_sound(s->turn, id, ROLLOUT_EV_TICK, &entry, s->err);
    if (!rc)
        rc = store->ops->attempt_each(store->self, &filter, ROLLOUT_SLICE_MAX, note_aim, s, s->err);
    if (rc == GW_CORRUPT) {
        rollouts_park(s->r, id, s->turn->now);
        return GW_OK;
    }
    rc = rc ? rc : s->rc;
    return rc || !s->aims ? rc : say_why(s, &entry);
}

/* ---- slices ---- */

/* Each rollout counts as a row, and each attempt that is read. */
static enum gw_rc tell(struct slice *s)
{
    enum gw_rc rc = GW_OK;
    uint32_t left = s->r->rows_max;
    for (size_t i = 0; !rc && i < s->count; i++) {
        s->rows = 1;
        rc = s->items[i].returns ? tell_returning(s, s->items[i].id) : stop_offers(s, &s->items[i]);
        left -= s->rows < left ? s->rows : left;
        if (left == 0 && i + 1 < s->count) {
            s->last = s->items[i];
            s->full = true;
            break;
        }
    }
    return rc;
}

static enum gw_rc go_on(const struct slice *s)
{
    struct rollouts_recalling *c = &s->r->memory.recall;
    const struct store *store = s->turn->store;
    c->at = s->turn->now;
    c->created = s->last.created;
    memcpy(c->rollout, s->last.id, sizeof(c->rollout));
    if (!s->full)
        *c = (struct rollouts_recalling){.now = c->next, .at = c->at};
    if (!rollouts_recalls(s->r))
        return store->ops->setting_delete(store->self, KEY, s->err);
    turn_due(s->turn, ROLLOUTS_RECALL_DUE);
    return save(c, store, s->err);
}

enum gw_rc rollouts_recall_slice(struct rollouts *r, struct turn *turn, struct gw_err *err)
{
    GW_FREE struct slice *s = gw_xalloc(1, sizeof(*s));
    const struct rollouts_recalling *c = &r->memory.recall;
    struct store_rollout_before behind = {.created = c->created};
    if (!rollouts_recalls(r))
        return GW_OK;
    s->r = r;
    s->turn = turn;
    s->err = err;
    memcpy(behind.id, c->rollout, sizeof(behind.id));
    enum gw_rc rc = turn->store->ops->rollout_each_live(turn->store->self, &behind, note_affected, s, err);
    rc = rc ? rc : s->rc;
    if (!rc)
        rc = tell(s);
    if (!rc)
        rc = go_on(s);
    return rollouts_refuses(rc) ? rollouts_written(rc, err) : rc;
}

static void join(struct rollouts_recall *recall, const char *actor, struct gw_wall now)
{
    bool first = !recall->actor[0];
    if (first || now.ms < recall->since.ms)
        recall->since = now;
    if (first || strcmp(recall->actor, actor) != 0)
        (void)snprintf(recall->actor, sizeof(recall->actor), "%s", first ? actor : "gateway");
}

enum gw_rc rollouts_recalled(struct rollouts *r, struct turn *turn, const char *actor, struct gw_err *err)
{
    struct rollouts_recalling *c = &r->memory.recall;
    bool going = rollouts_recalls(r);
    join(going ? &c->next : &c->now, actor, turn->now);
    return going ? save(c, turn->store, err) : rollouts_recall_slice(r, turn, err);
}
