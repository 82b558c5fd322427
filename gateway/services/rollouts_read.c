#include <string.h>

#include "gather.h"
#include "gw_cleanup.h"
#include "rollouts_act.h"

#define DEVICE_ATTEMPTS_MAX 200 /* newest attempts of a device that people see */

void rollouts_row(const struct rollout_entry *entry, struct answer_rollout *ret_row)
{
    struct answer_rollout *r = ret_row;
    const struct rollout_entry *e = entry;
    *r = (struct answer_rollout){.entry = *entry};
    for (uint16_t w = 0; w < e->rollout.opened; w++) {
        struct rollout_wait *wait = &r->waits[w];
        wait->word = rollout_gate_look(&e->rollout, &e->plan, w, &wait->until, &wait->hold);
    }
}

void rollouts_answer(struct turn *turn, struct asker asker, const struct rollout_entry *entry)
{
    struct answer *answer = turn_answer(turn, ANSWER_ROLLOUTS, asker);
    answer->single = true;
    answer->rollouts = gw_xalloc(1, sizeof(*answer->rollouts));
    answer->rollout_count = 1;
    rollouts_row(entry, &answer->rollouts[0]);
}

static enum gw_rc get(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct rollout_entry entry;
    enum gw_rc rc = turn->store->ops->rollout_get(turn->store->self, msg->u.act.text, &entry, err);
    if (rc == GW_NOT_FOUND) {
        turn_done(turn, msg->asker, GW_NOT_FOUND, "no such rollout");
        return GW_OK;
    }
    if (!rc)
        rollouts_answer(turn, msg->asker, &entry);
    return rc;
}

static bool gather_rollout(void *ctx, const struct rollout_entry *entry)
{
    struct gather *g = ctx;
    if (!gather_room(g, g->answer->rollout_count))
        return false;
    rollouts_row(entry, &g->answer->rollouts[g->answer->rollout_count++]);
    return true;
}

enum gw_rc rollouts_behind(const struct store *store, const char *id, struct store_rollout_before *ret_before,
                           struct gw_err *err)
{
    struct rollout_entry entry;
    *ret_before = (struct store_rollout_before){.id = ""};
    if (id[0] == '\0')
        return GW_OK;
    enum gw_rc rc = store->ops->rollout_get(store->self, id, &entry, err);
    if (rc == GW_NOT_FOUND)
        return gw_err_set(err, GW_INVALID, "cursor must be the `next` of the answer before");
    if (rc)
        return rc;
    ret_before->created = entry.created;
    memcpy(ret_before->id, entry.id, sizeof(ret_before->id));
    return GW_OK;
}

static enum gw_rc list(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct store_rollout_before before;
    struct gw_err why = {0};
    int64_t limit = msg->u.act.number;
    if (limit < 1 || limit > ROLLOUT_LIST_MAX)
        limit = ROLLOUT_LIST_MAX;
    enum gw_rc rc = rollouts_behind(turn->store, msg->u.act.text, &before, &why);
    if (rc == GW_INVALID) {
        turn_done(turn, msg->asker, rc, gw_err_text(&why));
        return GW_OK;
    }
    if (rc)
        return gw_err_set(err, rc, "%s", gw_err_text(&why));
    struct answer *answer = turn_answer(turn, ANSWER_ROLLOUTS, msg->asker);
    answer->rollouts = gw_xalloc((size_t)limit, sizeof(*answer->rollouts));
    struct gather g = {answer, (size_t)limit};
    return turn->store->ops->rollout_each(turn->store->self, &before, (int)limit + 1, gather_rollout, &g, err);
}

static bool gather_attempt(void *ctx, const struct attempt_entry *entry)
{
    struct gather *g = ctx;
    if (!gather_room(g, g->answer->attempt_count))
        return false;
    g->answer->attempts[g->answer->attempt_count++] = *entry;
    return true;
}

static struct gather gather_attempts(struct turn *turn, struct asker asker, size_t limit)
{
    struct answer *answer = turn_answer(turn, ANSWER_ATTEMPTS, asker);
    answer->attempts = gw_xalloc(limit, sizeof(*answer->attempts));
    return (struct gather){answer, limit};
}

static enum gw_rc attempts(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct rollout_ask_attempts *ask = (const void *)msg->blob;
    struct rollout_entry entry;
    if (msg->blob_len != sizeof(*ask) || ask->limit < 1 || ask->limit > ROLLOUT_ATTEMPTS_MAX)
        return gw_err_set(err, GW_INVALID, "that is no question for attempts");
    enum gw_rc rc = turn->store->ops->rollout_get(turn->store->self, ask->filter.rollout, &entry, err);
    if (rc == GW_NOT_FOUND) {
        turn_done(turn, msg->asker, GW_NOT_FOUND, "no such rollout");
        return GW_OK;
    }
    if (rc)
        return rc;
    struct gather g = gather_attempts(turn, msg->asker, (size_t)ask->limit);
    return turn->store->ops->attempt_each(turn->store->self, &ask->filter, ask->limit + 1, gather_attempt, &g, err);
}

static enum gw_rc attempts_of_device(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct device device;
    enum gw_rc rc = turn->store->ops->device_get(turn->store->self, &msg->u.act.device, &device, err);
    if (rc == GW_NOT_FOUND) {
        turn_done(turn, msg->asker, GW_NOT_FOUND, "no such device");
        return GW_OK;
    }
    if (rc)
        return rc;
    struct gather g = gather_attempts(turn, msg->asker, DEVICE_ATTEMPTS_MAX);
    return turn->store->ops->attempt_each_of(turn->store->self, &device.id, DEVICE_ATTEMPTS_MAX, gather_attempt, &g,
                                             err);
}

enum gw_rc rollouts_read(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    switch ((int)msg->u.act.kind) {
    case ACT_ROLLOUT_LIST:
        return list(turn, msg, err);
    case ACT_ROLLOUT_GET:
        return get(turn, msg, err);
    case ACT_ROLLOUT_ATTEMPTS:
        return attempts(turn, msg, err);
    case ACT_DEVICE_ATTEMPTS:
        return attempts_of_device(turn, msg, err);
    }
    return gw_err_set(err, GW_INVALID, "that is no read of rollouts");
}
