#include "live_rows.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_id.h"
#include "operate_internal.h"
#include "rollouts_act.h"

#define ALL_ALERTS        (1u << ALERT_NEW | 1u << ALERT_ACKNOWLEDGED | 1u << ALERT_SNOOZED | 1u << ALERT_RESOLVED)
#define PENDING_KEY_BYTES 8   /* of the key's hash, as 16 hex */
#define PAGE              100 /* rows that the store passes at a time */

static void pending_key(const struct device_pending *pending, char out[LIVE_KEY_MAX])
{
    char hex[2 * PENDING_KEY_BYTES + 1];
    gw_hex_format(pending->spki_sha256.bytes, PENDING_KEY_BYTES, hex);
    (void)snprintf(out, LIVE_KEY_MAX, "%s:%s", pending->device.text, hex);
}

void live_pending_changed(struct turn *turn, const struct device_pending *pending)
{
    char key[LIVE_KEY_MAX];
    pending_key(pending, key);
    turn_live(turn, LIVE_PENDING, key);
    turn_live_device(turn, &pending->device);
}

/* ---- one row ----------------------------------------------------------------------------------------------------- */

struct finding {
    const char *key;
    struct device_pending *found; /* owned by the answer */
};

static bool find_pending(void *ctx, const struct device_pending *pending)
{
    struct finding *f = ctx;
    char key[LIVE_KEY_MAX];
    pending_key(pending, key);
    if (strcmp(key, f->key) != 0)
        return true;
    f->found = gw_xalloc(1, sizeof(*f->found));
    *f->found = *pending;
    return false;
}

static enum gw_rc no_row(struct turn *turn)
{
    turn_done(turn, (struct asker){0}, GW_NOT_FOUND, "no such row");
    return GW_OK;
}

static enum gw_rc make_pending(struct turn *turn, const char *key, struct gw_err *err)
{
    struct gw_view hash;
    struct gw_device_id device;
    struct finding f = {.key = key};
    if (gw_device_id_parse(gw_view_cut(gw_view_str(key), ':', &hash), &device))
        return no_row(turn);
    enum gw_rc rc = turn->store->ops->pending_each(turn->store->self, &device, find_pending, &f, err);
    if (rc || !f.found)
        return rc ? rc : no_row(turn);
    struct answer *answer = turn_answer(turn, ANSWER_PENDING, (struct asker){0});
    answer->single = true;
    answer->pending = f.found;
    answer->pending_count = 1;
    return GW_OK;
}

/* What a GET of the object would be: its name is both the device's id and the text. */
static enum gw_rc make_object(struct operate *o, struct turn *turn, const struct turn_row *row, struct gw_err *err)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .now = turn->now};
    struct inbox_act *act = &msg.u.act;
    if (row->topic == LIVE_DEVICES && gw_device_id_parse(gw_view_str(row->key), &act->device))
        return no_row(turn);
    (void)snprintf(act->text, sizeof(act->text), "%s", row->key);
    switch (row->topic) {
    case LIVE_OVERVIEW:
        act->kind = ACT_STATUS;
        return operate_read(o, turn, &msg, err);
    case LIVE_DEVICES:
        act->kind = ACT_DEVICE_GET;
        return operate_read(o, turn, &msg, err);
    case LIVE_RELEASES:
        act->kind = ACT_RELEASES_GET;
        return releases_act(&o->releases, turn, &msg, err);
    case LIVE_ROLLOUTS:
        act->kind = ACT_ROLLOUT_GET;
        return rollouts_read(turn, &msg, err);
    case LIVE_ALERTS:
        act->kind = ACT_ALERT_GET;
        return alerts_act(&o->alerts, turn, &msg, err);
    case LIVE_PENDING:
        break;
    }
    return GW_INVALID;
}

enum gw_rc live_row_make(struct operate *o, struct turn *turn, const struct turn_row *row, struct gw_err *err)
{
    return row->topic == LIVE_PENDING ? make_pending(turn, row->key, err) : make_object(o, turn, row, err);
}

/* ---- all rows ---------------------------------------------------------------------------------------------------- */

struct walking {
    live_key_fn *fn;
    void *ctx;
    bool ended;
    int passed; /* of the page at hand */
    struct store_release_after release;
    struct store_rollout_before rollout;
    struct store_alerts alerts;
};

static bool pass_device(void *ctx, const struct device *device)
{
    struct walking *w = ctx;
    return w->fn(w->ctx, device->id.text);
}

static bool pass_pending(void *ctx, const struct device_pending *pending)
{
    struct walking *w = ctx;
    char key[LIVE_KEY_MAX];
    pending_key(pending, key);
    return w->fn(w->ctx, key);
}

static bool pass(struct walking *w, const char *key)
{
    w->passed++;
    w->ended = !w->fn(w->ctx, key);
    return !w->ended;
}

static bool pass_release(void *ctx, const struct release_entry *entry)
{
    struct walking *w = ctx;
    (void)snprintf(w->release.product, sizeof(w->release.product), "%s", entry->product);
    w->release.release_counter = entry->release_counter;
    return pass(w, entry->id);
}

static bool pass_rollout(void *ctx, const struct rollout_entry *entry)
{
    struct walking *w = ctx;
    w->rollout.created = entry->created;
    (void)snprintf(w->rollout.id, sizeof(w->rollout.id), "%s", entry->id);
    return pass(w, entry->id);
}

static bool pass_alert(void *ctx, const struct alert *alert)
{
    struct walking *w = ctx;
    w->alerts.has_after = true;
    w->alerts.after_first = alert->first;
    (void)snprintf(w->alerts.after_id, sizeof(w->alerts.after_id), "%s", alert->id);
    return pass(w, alert->id);
}

/* Behind what was passed last. */
static enum gw_rc next_page(const struct store *store, enum live_topic topic, struct walking *w, struct gw_err *err)
{
    const struct store_release_after release = w->release;
    const struct store_rollout_before rollout = w->rollout;
    const struct store_alerts alerts = w->alerts;
    switch (topic) {
    case LIVE_RELEASES:
        return store->ops->release_each(store->self, &release, PAGE, pass_release, w, err);
    case LIVE_ROLLOUTS:
        return store->ops->rollout_each(store->self, &rollout, PAGE, pass_rollout, w, err);
    case LIVE_ALERTS:
        return store->ops->alert_each(store->self, &alerts, PAGE, pass_alert, w, err);
    case LIVE_OVERVIEW:
    case LIVE_DEVICES:
    case LIVE_PENDING:
        break;
    }
    return GW_INVALID;
}

static enum gw_rc each_page(const struct store *store, enum live_topic topic, struct walking *w, struct gw_err *err)
{
    enum gw_rc rc = GW_OK;
    w->passed = PAGE;
    while (!rc && !w->ended && w->passed == PAGE) {
        w->passed = 0;
        rc = next_page(store, topic, w, err);
    }
    return rc;
}

static enum gw_rc each_device(const struct store *store, const char *after, int limit, struct walking *w,
                              struct gw_err *err)
{
    struct gw_device_id id = {.text = ""};
    (void)snprintf(id.text, sizeof(id.text), "%s", after);
    return store->ops->device_each(store->self, &id, limit, pass_device, w, err);
}

enum gw_rc live_rows_each(const struct store *store, const struct turn_row *after, int limit, live_key_fn *fn,
                          void *ctx, struct gw_err *err)
{
    struct walking w = {.fn = fn, .ctx = ctx, .alerts = {.states = ALL_ALERTS, .min_sev = EVENT_SEV_INFO}};
    if (after->topic != LIVE_DEVICES && after->key[0])
        return GW_OK;
    switch (after->topic) {
    case LIVE_OVERVIEW:
        (void)fn(ctx, LIVE_OVERVIEW_KEY);
        return GW_OK;
    case LIVE_DEVICES:
        return each_device(store, after->key, limit, &w, err);
    case LIVE_PENDING:
        return store->ops->pending_each(store->self, NULL, pass_pending, &w, err);
    case LIVE_RELEASES:
    case LIVE_ROLLOUTS:
    case LIVE_ALERTS:
        return each_page(store, after->topic, &w, err);
    }
    return GW_INVALID;
}
