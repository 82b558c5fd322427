/* Requests about rollouts: a plan, a change, and what is to be listed. */
#include <stdlib.h>
#include <string.h>

#include "gw_num.h"
#include "gw_utf8.h"
#include "plan.h"
#include "rest_internal.h"
#include "rest_query.h"

static enum gw_rc rollout_id(struct gw_view id, const char *what, struct inbox_act *act, struct gw_err *err)
{
    if (!rollout_id_valid(id))
        return gw_err_set(err, GW_INVALID, "%s must be \"ro-\" and 16 of a-z and 2-7", what);
    return gw_view_copy_str(id, act->text, sizeof(act->text));
}

enum gw_rc rest_decode_rollout(const struct rest_call *call, struct gw_err *err)
{
    return rollout_id(call->request->param[0], "the rollout in the path", &call->msg->u.act, err);
}

static enum gw_rc limit_of(const struct rest_param *p, int most, int64_t *ret_limit, struct gw_err *err)
{
    uint64_t limit = 0;
    if (!p->given)
        return GW_OK;
    if (gw_parse_u64(rest_param_view(p), (uint64_t)most, &limit) || limit == 0)
        return gw_err_set(err, GW_INVALID, "limit must be from 1 to %d", most);
    *ret_limit = (int64_t)limit;
    return GW_OK;
}

enum gw_rc rest_decode_rollout_list(const struct rest_call *call, struct gw_err *err)
{
    struct inbox_act *act = &call->msg->u.act;
    struct rest_param params[] = {{.key = "q"}, {.key = "cursor"}, {.key = "limit"}};
    act->number = ROLLOUT_LIST_MAX;
    enum gw_rc rc = rest_query_parse(call->request->query, params, 3, err);
    if (!rc && params[1].given)
        rc = rollout_id(rest_param_view(&params[1]), "cursor", act, err);
    if (!rc)
        rc = limit_of(&params[2], ROLLOUT_LIST_MAX, &act->number, err);
    return rc ? rc : rest_decode_rows(call, &params[0], LIVE_ROLLOUTS, err);
}

/* A text of people: what is no printable character becomes a space. "" when it is missing. */
static enum gw_rc read_text(const struct json_value *body, const char *key, char *out, size_t size, struct gw_err *err)
{
    struct gw_view text;
    if (!json_has(body, key))
        return GW_OK;
    enum gw_rc rc = json_text(body, key, &text, err);
    if (!rc && text.len >= size)
        rc = gw_err_set(err, GW_INVALID, "%s may have %zu bytes", key, size - 1);
    if (!rc)
        (void)gw_utf8_clean(text, out, size);
    return rc;
}

/* The picks of a plan while it is read, behind the order that they will belong to. */
struct order_build {
    struct rollout_ask_order *order;
    size_t room; /* picks that there is memory for */
};

static enum gw_rc keep_pick(void *ctx, uint16_t wave, const struct gw_device_id *device, struct gw_err *err)
{
    struct order_build *b = ctx;
    if (b->order->pick_count == b->room) {
        size_t room = b->room ? 2 * b->room : 64;
        void *more = realloc(b->order, sizeof(*b->order) + room * sizeof(b->order->picks[0]));
        if (!more)
            return gw_err_set(err, GW_NO_MEMORY, "no memory for the request");
        b->order = more;
        b->room = room;
    }
    struct rollout_ask_pick *pick = &b->order->picks[b->order->pick_count++];
    memset(pick, 0, sizeof(*pick));
    pick->device = *device;
    pick->wave = wave;
    return GW_OK;
}

/* What the plan's reader leaves to who knows the language. */
static enum gw_rc check_queries(const struct rollout_plan *plan, struct gw_err *err)
{
    for (uint16_t w = 0; w < plan->wave_count; w++) {
        struct filter filter;
        if (plan->waves[w].select == ROLLOUT_SELECT_QUERY &&
            filter_parse(gw_view_str(plan->waves[w].query), &filter, err))
            return gw_err_wrap(err, GW_INVALID, "wave %u: query", w + 1u);
    }
    return GW_OK;
}

static enum gw_rc read_order(const struct json_value *body, struct order_build *b, struct gw_err *err)
{
    const struct json_value *plan = NULL;
    struct rollout_plan read;
    enum gw_rc rc = rest_required(json_str(body, "release", b->order->release, sizeof(b->order->release), err), err);
    if (!rc && !release_id_valid(gw_view_str(b->order->release)))
        rc = gw_err_set(err, GW_INVALID, "release must be %d hex digits", RELEASE_ID_LEN);
    if (!rc)
        rc = read_text(body, "name", b->order->name, sizeof(b->order->name), err);
    if (!rc)
        rc = rest_required(json_member(body, "plan", JSON_KIND_OBJECT, &plan, err), err);
    if (!rc)
        rc = plan_read(plan, &read, keep_pick, b, err);
    if (!rc)
        rc = check_queries(&read, err);
    if (!rc)
        b->order->plan = read;
    return rc;
}

enum gw_rc rest_decode_rollout_order(const struct rest_call *call, struct gw_err *err)
{
    if (!call->body)
        return gw_err_set(err, GW_INVALID, "a JSON body with release and plan is needed");
    struct order_build b = {.order = calloc(1, sizeof(*b.order))};
    if (!b.order)
        return gw_err_set(err, GW_NO_MEMORY, "no memory for the request");
    enum gw_rc rc = read_order(call->body, &b, err);
    if (rc) {
        free(b.order);
        return rc;
    }
    call->msg->blob = (uint8_t *)b.order;
    call->msg->blob_len = sizeof(*b.order) + b.order->pick_count * sizeof(b.order->picks[0]);
    return GW_OK;
}

static enum gw_rc read_reason(const struct json_value *body, struct rollout_ask_change *change, struct gw_err *err)
{
    return read_text(body, "reason", change->reason, sizeof(change->reason), err);
}

static enum gw_rc keep_change(const struct rest_call *call, const struct rollout_ask_change *change, struct gw_err *err)
{
    struct rollout_ask_change *blob = malloc(sizeof(*blob));
    if (!blob)
        return gw_err_set(err, GW_NO_MEMORY, "no memory for the request");
    *blob = *change;
    call->msg->blob = (uint8_t *)blob;
    call->msg->blob_len = sizeof(*blob);
    return GW_OK;
}

enum gw_rc rest_decode_rollout_change(const struct rest_call *call, struct gw_err *err)
{
    struct rollout_ask_change change = {0};
    enum gw_rc rc = rest_decode_rollout(call, err);
    if (!rc && call->body)
        rc = read_reason(call->body, &change, err);
    return rc ? rc : keep_change(call, &change, err);
}

enum gw_rc rest_decode_rollout_waive(const struct rest_call *call, struct gw_err *err)
{
    struct rollout_ask_change change = {0};
    struct gw_view what;
    int64_t wave = 0;
    if (!call->body)
        return gw_err_set(err, GW_INVALID, "a JSON body with wave, what and reason is needed");
    enum gw_rc rc = rest_decode_rollout(call, err);
    if (!rc)
        rc = rest_required(json_i64(call->body, "wave", 1, ROLLOUT_WAVES_MAX, &wave, err), err);
    if (!rc)
        rc = rest_required(json_text(call->body, "what", &what, err), err);
    if (!rc && (rollout_hold_parse(what, &change.waive) || change.waive == ROLLOUT_HOLD_NONE))
        rc = gw_err_set(err, GW_INVALID, "what must be gate, sample, unreachable, failures or soak");
    if (!rc)
        rc = read_reason(call->body, &change, err);
    if (rc)
        return rc;
    change.wave = (uint16_t)(wave - 1);
    return keep_change(call, &change, err);
}

/* "<wave>.<place>", waves from 1: where the next page begins. */
static enum gw_rc read_cursor(const struct rest_param *p, struct store_attempt_filter *f, struct gw_err *err)
{
    struct gw_view place;
    uint64_t wave = 0, at = 0;
    if (!p->given)
        return GW_OK;
    struct gw_view text = gw_view_cut(rest_param_view(p), '.', &place);
    if (gw_parse_u64(text, ROLLOUT_WAVES_MAX, &wave) || wave == 0 || gw_parse_u64(place, UINT32_MAX, &at) ||
        wave - 1 < f->wave || wave - 1 > f->wave_last)
        return gw_err_set(err, GW_INVALID, "cursor must be the `next` of the answer before");
    f->wave = (uint16_t)(wave - 1);
    f->place = (uint32_t)at;
    return GW_OK;
}

static enum gw_rc read_filter(const struct rest_param params[4], struct store_attempt_filter *f, struct gw_err *err)
{
    uint64_t wave = 0;
    f->wave_last = ROLLOUT_WAVES_MAX - 1;
    if (params[0].given) {
        if (gw_parse_u64(rest_param_view(&params[0]), ROLLOUT_WAVES_MAX, &wave) || wave == 0)
            return gw_err_set(err, GW_INVALID, "wave must be from 1 to %d", ROLLOUT_WAVES_MAX);
        f->wave = f->wave_last = (uint16_t)(wave - 1);
    }
    if (params[1].given && attempt_state_parse(rest_param_view(&params[1]), &f->state))
        return gw_err_set(err, GW_INVALID, "state is none of an attempt's");
    f->back = params[2].given && gw_view_eq_str(rest_param_view(&params[2]), "true");
    if (params[2].given && !f->back && !gw_view_eq_str(rest_param_view(&params[2]), "false"))
        return gw_err_set(err, GW_INVALID, "back must be true or false");
    return read_cursor(&params[3], f, err);
}

enum gw_rc rest_decode_rollout_attempts(const struct rest_call *call, struct gw_err *err)
{
    struct rest_param params[] = {
        {.key = "wave"}, {.key = "state"}, {.key = "back"}, {.key = "cursor"}, {.key = "limit"}};
    int64_t limit = 100;
    struct rollout_ask_attempts *ask = calloc(1, sizeof(*ask));
    if (!ask)
        return gw_err_set(err, GW_NO_MEMORY, "no memory for the request");
    call->msg->blob = (uint8_t *)ask;
    call->msg->blob_len = sizeof(*ask);
    enum gw_rc rc = rest_decode_rollout(call, err);
    if (!rc)
        rc = rest_query_parse(call->request->query, params, sizeof(params) / sizeof(params[0]), err);
    if (!rc)
        rc = read_filter(params, &ask->filter, err);
    if (!rc)
        rc = limit_of(&params[4], ROLLOUT_ATTEMPTS_MAX, &limit, err);
    if (rc)
        return rc;
    memcpy(ask->filter.rollout, call->msg->u.act.text, sizeof(ask->filter.rollout));
    ask->limit = (int)limit;
    return GW_OK;
}
