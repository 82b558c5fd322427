#include "plan.h"

#include <stdio.h>

static const char *const plan_keys[] = {"waves",           "abort",           "confirm_ms", "step_ms", "total_ms",
                                        "postpone_max_ms", "back_concurrent", "seed",       NULL};
static const char *const wave_keys[] = {"select", "percent", "devices", "query", "max_concurrent", "gate", NULL};
static const char *const gate_keys[] = {"ok_pct", "min_sample", "unreachable_pct", "soak_ms", NULL};
static const char *const abort_keys[] = {"failure_pct", "min_decided", "action", NULL};

/* The wave (from 1) that is being read, in front of what is wrong with it; a missing key is a mistake. */
static enum gw_rc in_wave(enum gw_rc rc, unsigned index, struct gw_err *err)
{
    char text[256];
    if (!rc)
        return GW_OK;
    (void)snprintf(text, sizeof(text), "%s", err ? gw_err_text(err) : "");
    return gw_err_set(err, rc == GW_NOT_FOUND ? GW_INVALID : rc, "wave %u: %s", index + 1, text);
}

static enum gw_rc get_u32(const struct json_value *object, const char *key, int64_t max, uint32_t *ret_value,
                          struct gw_err *err)
{
    int64_t value = 0;
    enum gw_rc rc = json_i64(object, key, 0, max, &value, err);
    if (!rc)
        *ret_value = (uint32_t)value;
    return rc;
}

static enum gw_rc get_pct(const struct json_value *object, const char *key, uint8_t *ret_value, struct gw_err *err)
{
    uint32_t value = 0;
    enum gw_rc rc = get_u32(object, key, 100, &value, err);
    if (!rc)
        *ret_value = (uint8_t)value;
    return rc;
}

/* A member that may be missing. */
static enum gw_rc or_default(enum gw_rc rc)
{
    return rc == GW_NOT_FOUND ? GW_OK : rc;
}

static enum gw_rc get_time(const struct json_value *object, const char *key, int64_t *ret_ms, struct gw_err *err)
{
    return or_default(json_i64(object, key, 0, ROLLOUT_TIME_MAX_MS, ret_ms, err));
}

static enum gw_rc read_gate(const struct json_value *wave, struct rollout_gate *gate, struct gw_err *err)
{
    const struct json_value *object;
    enum gw_rc rc = json_member(wave, "gate", JSON_KIND_OBJECT, &object, err);
    if (!rc)
        rc = json_only_keys(object, gate_keys, err);
    if (!rc)
        rc = get_pct(object, "ok_pct", &gate->ok_pct, err);
    if (!rc)
        rc = get_u32(object, "min_sample", ROLLOUT_DEVICES_MAX, &gate->min_sample, err);
    if (!rc)
        rc = get_pct(object, "unreachable_pct", &gate->unreachable_pct, err);
    return rc ? rc : get_time(object, "soak_ms", &gate->soak_ms, err);
}

static enum gw_rc read_select(const struct json_value *wave, struct rollout_wave_plan *ret_wave, struct gw_err *err)
{
    struct gw_view text;
    enum gw_rc rc = json_text(wave, "select", &text, err);
    if (rc)
        return rc;
    if (rollout_select_parse(text, &ret_wave->select))
        return gw_err_set(err, GW_INVALID, "select is none of list, percent, query, rest");
    if (json_has(wave, "percent"))
        rc = get_pct(wave, "percent", &ret_wave->percent, err);
    if (!rc && json_has(wave, "query"))
        rc = json_str(wave, "query", ret_wave->query, sizeof(ret_wave->query), err);
    if (!rc && ret_wave->select == ROLLOUT_SELECT_QUERY && !json_has(wave, "query"))
        rc = gw_err_set(err, GW_INVALID, "query is missing");
    if (!rc)
        rc = get_u32(wave, "max_concurrent", ROLLOUT_CONCURRENT_MAX, &ret_wave->max_concurrent, err);
    return rc;
}

/* Where the devices of all lists go. */
struct picking {
    plan_pick_fn *fn;
    void *ctx;
    size_t count;
};

static enum gw_rc read_devices(const struct json_value *wave, uint16_t index, bool is_list, struct picking *p,
                               struct gw_err *err)
{
    const struct json_value *list = NULL;
    if (!is_list)
        return json_has(wave, "devices") ? gw_err_set(err, GW_INVALID, "devices are given, but select is not \"list\"")
                                         : GW_OK;
    enum gw_rc rc = json_member(wave, "devices", JSON_KIND_ARRAY, &list, err);
    if (!rc && json_count(list) == 0)
        rc = gw_err_set(err, GW_INVALID, "devices is empty");
    for (size_t i = 0; !rc && i < json_count(list); i++) {
        struct gw_view text;
        struct gw_device_id id;
        if (json_as_text(json_item(list, i), &text) || gw_device_id_parse(text, &id))
            return gw_err_set(err, GW_INVALID, "devices: number %zu is no device id", i + 1);
        if (++p->count > PLAN_PICKS_MAX)
            return gw_err_set(err, GW_TOO_BIG, "devices: more than %d on all lists", PLAN_PICKS_MAX);
        if (p->fn)
            rc = p->fn(p->ctx, index, &id, err);
    }
    return rc;
}

static enum gw_rc read_wave(const struct json_value *value, uint16_t index, struct rollout_wave_plan *wave,
                            struct picking *p, struct gw_err *err)
{
    if (json_kind_of(value) != JSON_KIND_OBJECT)
        return gw_err_set(err, GW_INVALID, "it is no object");
    enum gw_rc rc = json_only_keys(value, wave_keys, err);
    if (!rc)
        rc = read_select(value, wave, err);
    if (!rc)
        rc = read_devices(value, index, wave->select == ROLLOUT_SELECT_LIST, p, err);
    return rc ? rc : read_gate(value, &wave->gate, err);
}

static enum gw_rc read_waves(const struct json_value *object, struct rollout_plan *plan, struct picking *p,
                             struct gw_err *err)
{
    const struct json_value *list = NULL;
    enum gw_rc rc = json_member(object, "waves", JSON_KIND_ARRAY, &list, err);
    if (rc)
        return rc == GW_NOT_FOUND ? gw_err_set(err, GW_INVALID, "waves is missing") : rc;
    if (json_count(list) < 1 || json_count(list) > ROLLOUT_WAVES_MAX)
        return gw_err_set(err, GW_INVALID, "a plan has 1 to %d waves", ROLLOUT_WAVES_MAX);
    plan->wave_count = (uint16_t)json_count(list);
    for (uint16_t i = 0; i < plan->wave_count; i++) {
        rc = in_wave(read_wave(json_item(list, i), i, &plan->waves[i], p, err), i, err);
        if (rc)
            return rc;
    }
    return GW_OK;
}

static enum gw_rc read_abort(const struct json_value *object, struct rollout_abort *rule, struct gw_err *err)
{
    const struct json_value *abort_rule = NULL;
    struct gw_view action;
    enum gw_rc rc = json_member(object, "abort", JSON_KIND_OBJECT, &abort_rule, err);
    if (rc)
        return or_default(rc);
    rc = json_only_keys(abort_rule, abort_keys, err);
    if (!rc)
        rc = or_default(get_pct(abort_rule, "failure_pct", &rule->failure_pct, err));
    if (!rc)
        rc = or_default(get_u32(abort_rule, "min_decided", ROLLOUT_DEVICES_MAX, &rule->min_decided, err));
    if (rc || !json_has(abort_rule, "action"))
        return rc;
    rc = json_text(abort_rule, "action", &action, err);
    if (!rc && rollout_on_failure_parse(action, &rule->action))
        rc = gw_err_set(err, GW_INVALID, "abort: action is none of hold, abort, rollback");
    return rc;
}

static enum gw_rc read_times(const struct json_value *object, struct attempt_terms *terms, struct gw_err *err)
{
    enum gw_rc rc = get_time(object, "confirm_ms", &terms->confirm_ms, err);
    if (!rc)
        rc = get_time(object, "step_ms", &terms->step_ms, err);
    if (!rc)
        rc = get_time(object, "total_ms", &terms->total_ms, err);
    return rc ? rc : get_time(object, "postpone_max_ms", &terms->postpone_max_ms, err);
}

enum gw_rc plan_read(const struct json_value *object, struct rollout_plan *ret_plan, plan_pick_fn *fn, void *ctx,
                     struct gw_err *err)
{
    struct rollout_plan plan;
    struct picking p = {.fn = fn, .ctx = ctx};
    rollout_plan_init(&plan);
    enum gw_rc rc = json_only_keys(object, plan_keys, err);
    if (!rc)
        rc = read_waves(object, &plan, &p, err);
    if (!rc)
        rc = read_abort(object, &plan.abort, err);
    if (!rc)
        rc = read_times(object, &plan.terms, err);
    if (!rc)
        rc = or_default(get_u32(object, "back_concurrent", ROLLOUT_CONCURRENT_MAX, &plan.back_concurrent, err));
    if (!rc)
        rc = or_default(json_u64_text(object, "seed", UINT64_MAX, &plan.seed, err));
    if (!rc)
        rc = rollout_plan_valid(&plan, err);
    if (!rc)
        *ret_plan = plan;
    return rc;
}

void plan_put_wave(struct json_writer *w, const struct rollout_wave_plan *wave)
{
    json_put_str(w, "select", rollout_select_text(wave->select));
    if (wave->select == ROLLOUT_SELECT_PERCENT)
        json_put_i64(w, "percent", wave->percent);
    if (wave->select == ROLLOUT_SELECT_QUERY)
        json_put_str(w, "query", wave->query);
    json_put_i64(w, "max_concurrent", wave->max_concurrent);
    json_put_object(w, "gate");
    json_put_i64(w, "ok_pct", wave->gate.ok_pct);
    json_put_i64(w, "min_sample", wave->gate.min_sample);
    json_put_i64(w, "unreachable_pct", wave->gate.unreachable_pct);
    json_put_i64(w, "soak_ms", wave->gate.soak_ms);
    json_put_end(w);
}

void plan_put_rest(struct json_writer *w, const struct rollout_plan *plan)
{
    json_put_object(w, "abort");
    json_put_i64(w, "failure_pct", plan->abort.failure_pct);
    json_put_i64(w, "min_decided", plan->abort.min_decided);
    json_put_str(w, "action", rollout_on_failure_text(plan->abort.action));
    json_put_end(w);
    json_put_i64(w, "confirm_ms", plan->terms.confirm_ms);
    json_put_i64(w, "step_ms", plan->terms.step_ms);
    json_put_i64(w, "total_ms", plan->terms.total_ms);
    json_put_i64(w, "postpone_max_ms", plan->terms.postpone_max_ms);
    json_put_i64(w, "back_concurrent", plan->back_concurrent);
    json_put_u64_text(w, "seed", plan->seed);
}

void plan_put(struct json_writer *w, const char *key, const struct rollout_plan *plan)
{
    json_put_object(w, key);
    json_put_array(w, "waves");
    for (size_t i = 0; i < plan->wave_count; i++) {
        json_put_object(w, NULL);
        plan_put_wave(w, &plan->waves[i]);
        json_put_end(w);
    }
    json_put_end(w);
    plan_put_rest(w, plan);
    json_put_end(w);
}
