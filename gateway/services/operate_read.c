#include <stdio.h>
#include <string.h>

#include "gather.h"
#include "gw_cleanup.h"
#include "operate_internal.h"
#include "rows.h"

#define LIST_MAX 500

/* What anybody may know, before somebody is signed in. */
static enum gw_rc claim_get(const struct operate *o, struct turn *turn, const struct inbox_msg *msg)
{
    struct answer_status *known = &turn_answer(turn, ANSWER_CLAIM, msg->asker)->status;
    known->claimed = o->access.claimed;
    known->server_key = o->facts->server_key;
    (void)snprintf(known->gateway, sizeof(known->gateway), "%s", o->facts->gateway);
    return GW_OK;
}

static enum gw_rc status(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct answer_status status = {
        .claimed = o->access.claimed,
        .keys_separated = o->facts->keys_separated,
        .broker_up = o->session->broker_up,
        .keyd_up = o->facts->keyd_up,
        .registry_confirmed = o->session->broker_up && o->session->confirmed == o->session->generation,
        .registry_generation = o->session->generation,
        .online = (int64_t)o->session->online_count,
        .live_connections = o->facts->live_connections,
        .port_mqtt = o->facts->port_mqtt,
        .port_devices = o->facts->port_devices,
        .port_operators = o->facts->port_operators,
        .server_key = o->facts->server_key,
        .started = o->facts->started,
    };
    watch_totals(&o->session->watch, &status.refused);
    status.storage = o->session->watch.storage;
    if (o->enrol.door_open_until.ms > turn->now.ms)
        status.door_open_until = o->enrol.door_open_until;
    (void)snprintf(status.gateway, sizeof(status.gateway), "%s", o->facts->gateway);
    (void)snprintf(status.version, sizeof(status.version), "%s", GATEHOUSE_VERSION);
    for (enum device_state state = DEVICE_INVITED; state <= DEVICE_RETIRED; state++) {
        enum gw_rc rc = turn->store->ops->device_count(turn->store->self, state, &status.devices_by_state[state], err);
        if (rc)
            return rc;
    }
    turn_answer(turn, ANSWER_STATUS, msg->asker)->status = status;
    return GW_OK;
}

struct device_list {
    struct gather gather;
    struct turn *turn;
    struct session *session;
    enum gw_rc rc;
    struct gw_err *err;
};

static bool gather_device(void *ctx, const struct device *device)
{
    struct device_list *list = ctx;
    struct answer *answer = list->gather.answer;
    if (!gather_room(&list->gather, answer->device_count))
        return false;
    list->rc = rows_device(list->turn->store, list->session, device, &answer->devices[answer->device_count], list->err);
    answer->device_count += !list->rc;
    return !list->rc;
}

static enum gw_rc device_list(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    int64_t limit = msg->u.act.number;
    if (limit < 1 || limit > LIST_MAX)
        limit = LIST_MAX;
    struct answer *answer = turn_answer(turn, ANSWER_DEVICES, msg->asker);
    answer->devices = gw_xalloc((size_t)limit, sizeof(*answer->devices));
    struct device_list list = {{answer, (size_t)limit}, turn, o->session, GW_OK, err};
    enum gw_rc rc =
        turn->store->ops->device_each(turn->store->self, &msg->u.act.device, (int)limit + 1, gather_device, &list, err);
    return rc ? rc : list.rc;
}

enum gw_rc operate_device_get(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct device device;
    enum gw_rc rc = turn->store->ops->device_get(turn->store->self, &msg->u.act.device, &device, err);
    if (rc == GW_NOT_FOUND) {
        turn_done(turn, msg->asker, GW_NOT_FOUND, "no such device");
        return GW_OK;
    }
    if (rc)
        return rc;
    struct answer *answer = turn_answer(turn, ANSWER_DEVICES, msg->asker);
    answer->single = true;
    answer->devices = gw_xalloc(1, sizeof(*answer->devices));
    answer->device_count = 1;
    return rows_device(turn->store, o->session, &device, &answer->devices[0], err);
}

static bool gather_pending(void *ctx, const struct device_pending *pending)
{
    struct answer *answer = ctx;
    if (answer->pending_count == ENROL_PENDING_MAX)
        return false;
    answer->pending[answer->pending_count++] = *pending;
    return true;
}

static enum gw_rc pending_list(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    (void)o;
    struct answer *answer = turn_answer(turn, ANSWER_PENDING, msg->asker);
    answer->pending = gw_xalloc(ENROL_PENDING_MAX, sizeof(*answer->pending));
    return turn->store->ops->pending_each(turn->store->self, NULL, gather_pending, answer, err);
}

enum gw_rc operate_query(struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    if (msg->blob_len != sizeof(struct query))
        return gw_err_set(err, GW_INVALID, "a read without its query");
    struct query *query = (struct query *)(void *)msg->blob;
    msg->blob = NULL;
    query->asker = msg->asker;
    memcpy(query->person, msg->u.act.actor.name, sizeof(query->person));
    turn_out(turn, OUT_QUERY)->query = query;
    return GW_OK;
}

static enum gw_rc log_key(const struct operate *o, struct turn *turn, const struct inbox_msg *msg)
{
    struct answer *answer = turn_answer(turn, ANSWER_LOG_KEY, msg->asker);
    (void)snprintf(answer->text, sizeof(answer->text), "%s", o->facts->log_vkey);
    return GW_OK;
}

enum gw_rc operate_read(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    enum act_kind kind = msg->u.act.kind;
    if (kind == ACT_CLAIM_GET)
        return claim_get(o, turn, msg);
    if (kind == ACT_STATUS)
        return status(o, turn, msg, err);
    if (kind == ACT_DEVICE_LIST)
        return device_list(o, turn, msg, err);
    if (kind == ACT_DEVICE_GET)
        return operate_device_get(o, turn, msg, err);
    if (kind == ACT_PENDING_LIST)
        return pending_list(o, turn, msg, err);
    return log_key(o, turn, msg);
}
