#include "live_rows.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_id.h"
#include "operate_internal.h"

#define PENDING_KEY_BYTES 8 /* of the key's hash, as 16 hex */
#define RELEASES_PAGE     100

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
    turn_done(turn, (struct http_ticket){0}, GW_NOT_FOUND, "no such row");
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
    struct answer *answer = turn_answer(turn, ANSWER_PENDING, (struct http_ticket){0});
    answer->single = true;
    answer->pending = f.found;
    answer->pending_count = 1;
    return GW_OK;
}

static enum gw_rc make_device(struct operate *o, struct turn *turn, const char *key, struct gw_err *err)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .now = turn->now};
    msg.u.act.kind = ACT_DEVICE_GET;
    if (gw_device_id_parse(gw_view_str(key), &msg.u.act.device))
        return no_row(turn);
    return operate_read(o, turn, &msg, err);
}

static enum gw_rc make_status(struct operate *o, struct turn *turn, struct gw_err *err)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .now = turn->now};
    msg.u.act.kind = ACT_STATUS;
    return operate_read(o, turn, &msg, err);
}

static enum gw_rc make_release(struct operate *o, struct turn *turn, const char *key, struct gw_err *err)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .now = turn->now};
    msg.u.act.kind = ACT_RELEASES_GET;
    (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "%s", key);
    return releases_act(&o->releases, turn, &msg, err);
}

enum gw_rc live_row_make(struct operate *o, struct turn *turn, const struct turn_row *row, struct gw_err *err)
{
    switch (row->topic) {
    case LIVE_OVERVIEW:
        return make_status(o, turn, err);
    case LIVE_DEVICES:
        return make_device(o, turn, row->key, err);
    case LIVE_PENDING:
        return make_pending(turn, row->key, err);
    case LIVE_RELEASES:
        return make_release(o, turn, row->key, err);
    case LIVE_ROLLOUTS:
    case LIVE_ALERTS:
        return no_row(turn);
    }
    return GW_INVALID;
}

/* ---- all rows ---------------------------------------------------------------------------------------------------- */

struct walking {
    live_key_fn *fn;
    void *ctx;
    bool ended;
    struct store_release_after after;
    int passed;
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

static bool pass_release(void *ctx, const struct release_entry *entry)
{
    struct walking *w = ctx;
    w->passed++;
    (void)snprintf(w->after.product, sizeof(w->after.product), "%s", entry->product);
    w->after.release_counter = entry->release_counter;
    w->ended = !w->fn(w->ctx, entry->id);
    return !w->ended;
}

static enum gw_rc each_device(const struct store *store, const char *after, int limit, struct walking *w,
                              struct gw_err *err)
{
    struct gw_device_id id = {.text = ""};
    (void)snprintf(id.text, sizeof(id.text), "%s", after);
    return store->ops->device_each(store->self, &id, limit, pass_device, w, err);
}

static enum gw_rc each_release(const struct store *store, struct walking *w, struct gw_err *err)
{
    enum gw_rc rc = GW_OK;
    do {
        w->passed = 0;
        struct store_release_after after = w->after;
        rc = store->ops->release_each(store->self, &after, RELEASES_PAGE, pass_release, w, err);
    } while (!rc && !w->ended && w->passed == RELEASES_PAGE);
    return rc;
}

enum gw_rc live_rows_each(const struct store *store, const struct turn_row *after, int limit, live_key_fn *fn,
                          void *ctx, struct gw_err *err)
{
    struct walking w = {.fn = fn, .ctx = ctx};
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
        return each_release(store, &w, err);
    case LIVE_ROLLOUTS:
    case LIVE_ALERTS:
        return GW_OK;
    }
    return GW_INVALID;
}
