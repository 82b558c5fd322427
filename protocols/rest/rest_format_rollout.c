/* Answers about rollouts and their attempts, and what a device has told of itself. Waves count from 1 for people. */
#include <stdio.h>

#include "gw_cleanup.h"
#include "plan.h"
#include "rest_internal.h"

/* States with nobody in them are left out. */
static void put_counts(struct json_writer *w, const char *key, const uint32_t count[ATTEMPT_STATES])
{
    json_put_object(w, key);
    for (int s = ATTEMPT_PLANNED; s < ATTEMPT_STATES; s++)
        if (count[s] > 0)
            json_put_i64(w, attempt_state_text((enum attempt_state)s), count[s]);
    json_put_end(w);
}

static void put_wait(struct json_writer *w, const struct rollout_wait *wait)
{
    switch (wait->word) {
    case ROLLOUT_GATE_WAIT:
        json_put_str(w, "waits_for", "reports");
        break;
    case ROLLOUT_GATE_SOAK:
        json_put_str(w, "waits_for", "soak");
        break;
    case ROLLOUT_GATE_PASS:
        json_put_null(w, "waits_for");
        break;
    case ROLLOUT_GATE_HOLD:
        json_put_str(w, "waits_for", "person");
        break;
    }
    json_put_time_or_null(w, "soak_until", wait->word == ROLLOUT_GATE_SOAK ? wait->until : (struct gw_wall){0});
    json_put_str(w, "hold", wait->word == ROLLOUT_GATE_HOLD ? rollout_hold_text(wait->hold) : NULL);
}

static void put_no_wait(struct json_writer *w)
{
    json_put_null(w, "waits_for");
    json_put_null(w, "soak_until");
    json_put_null(w, "hold");
}

static void put_waived(struct json_writer *w, uint8_t waived)
{
    json_put_array(w, "waived");
    for (int h = ROLLOUT_HOLD_GATE; h <= ROLLOUT_HOLD_SOAK; h++)
        if (waived & 1u << h)
            json_put_str(w, NULL, rollout_hold_text((enum rollout_hold)h));
    json_put_end(w);
}

static void put_wave(struct json_writer *w, const struct answer_rollout *r, unsigned index)
{
    const struct rollout_wave *wave = &r->entry.rollout.waves[index];
    bool open = wave->state == ROLLOUT_WAVE_OPEN || wave->state == ROLLOUT_WAVE_SOAKING;
    json_put_object(w, NULL);
    json_put_i64(w, "wave", index + 1);
    json_put_str(w, "state", rollout_wave_state_text(wave->state));
    json_put_i64(w, "devices", wave->total);
    put_counts(w, "counts", wave->count);
    json_put_i64(w, "decided", rollout_count_decided(wave->count));
    json_put_i64(w, "failures", rollout_count_failures(wave->count));
    json_put_i64(w, "holders", wave->holders);
    json_put_i64(w, "back_devices", wave->back_total);
    put_counts(w, "back_counts", wave->back);
    put_waived(w, wave->waived);
    if (open)
        put_wait(w, &r->waits[index]);
    else
        put_no_wait(w);
    json_put_end(w);
}

static void put_sums(struct json_writer *w, const struct rollout *r)
{
    struct rollout_sum sum;
    rollout_sum(r, &sum);
    json_put_i64(w, "devices", sum.devices);
    put_counts(w, "counts", sum.count);
    json_put_i64(w, "holders", sum.holders);
    json_put_i64(w, "back_devices", sum.back_devices);
    put_counts(w, "back_counts", sum.back);
}

static void put_members(struct json_writer *w, const struct answer_rollout *r)
{
    const struct rollout_entry *e = &r->entry;
    json_put_str(w, "name", e->name);
    json_put_str(w, "release", e->release);
    json_put_str(w, "product", e->product);
    json_put_str(w, "version", e->version);
    json_put_i64(w, "release_counter", (int64_t)e->release_counter);
    put_sums(w, &e->rollout);
    plan_put(w, "plan", &e->plan);
    json_put_array(w, "waves");
    for (unsigned i = 0; i < e->rollout.wave_count; i++)
        put_wave(w, r, i);
    json_put_end(w);
}

static void put_rollout(struct json_writer *w, const struct answer_rollout *r)
{
    const struct rollout_entry *e = &r->entry;
    json_put_object(w, NULL);
    json_put_str(w, "id", e->id);
    json_put_str(w, "state", rollout_state_text(e->rollout.state));
    json_put_str(w, "hold", e->rollout.hold != ROLLOUT_HOLD_NONE ? rollout_hold_text(e->rollout.hold) : NULL);
    if (e->rollout.hold != ROLLOUT_HOLD_NONE)
        json_put_i64(w, "hold_wave", e->rollout.hold_wave + 1);
    else
        json_put_null(w, "hold_wave");
    json_put_i64(w, "unplanned", e->rollout.rest.unplanned);
    json_put_bool(w, "finding_holders", e->rollout.rest.holders);
    put_members(w, r);
    json_put_time(w, "created", e->created);
    json_put_str(w, "created_by", e->created_by);
    json_put_time(w, "changed", e->changed);
    json_put_str(w, "reason", e->reason);
    json_put_u64_text(w, "rev", (uint64_t)e->rev);
    json_put_end(w);
}

void rest_put_rollouts(struct json_writer *w, const struct answer *a)
{
    if (a->single && a->rollout_count == 1) {
        put_rollout(w, &a->rollouts[0]);
        return;
    }
    json_put_object(w, NULL);
    json_put_array(w, "rollouts");
    for (size_t i = 0; i < a->rollout_count; i++)
        put_rollout(w, &a->rollouts[i]);
    json_put_end(w);
    rest_put_next(w, a, a->rollout_count ? a->rollouts[a->rollout_count - 1].entry.id : NULL);
    json_put_end(w);
}

void rest_put_preview(struct json_writer *w, const struct answer *a)
{
    json_put_object(w, NULL);
    if (a->rollout_count == 1)
        put_members(w, &a->rollouts[0]);
    json_put_object(w, "left_out");
    json_put_i64(w, "not_active", a->left.state);
    json_put_i64(w, "not_fit", a->left.fit);
    json_put_i64(w, "running_it", a->left.running);
    json_put_i64(w, "in_another_rollout", a->left.busy);
    json_put_end(w);
    json_put_end(w);
}

static void put_attempt(struct json_writer *w, const struct attempt_entry *e)
{
    const struct attempt *a = &e->attempt;
    json_put_object(w, NULL);
    json_put_str(w, "id", e->id);
    json_put_str(w, "rollout", e->rollout);
    json_put_str(w, "device", e->device.text);
    json_put_i64(w, "wave", e->wave + 1);
    json_put_bool(w, "back", e->back);
    json_put_str(w, "state", attempt_state_text(a->state));
    json_put_str(w, "code", a->code != ATTEMPT_CODE_NONE ? attempt_code_text(a->code) : NULL);
    json_put_i64(w, "progress_pct", a->progress);
    json_put_bool(w, "online", a->online);
    json_put_bool(w, "cancelling", a->cancel);
    json_put_str(w, "release", e->release[0] ? e->release : NULL);
    json_put_str(w, "version", e->version[0] ? e->version : NULL);
    json_put_str(w, "before", e->before_version[0] ? e->before_version : NULL);
    json_put_time_or_null(w, "offered", a->first_offer);
    json_put_time_or_null(w, "since", a->step_since.ms == 0 ? e->changed : a->step_since);
    json_put_time_or_null(w, "until", a->state == ATTEMPT_DEFERRED ? a->until : (struct gw_wall){0});
    json_put_time(w, "created", e->created);
    json_put_end(w);
}

void rest_put_attempts(struct json_writer *w, const struct answer *a)
{
    char next[32];
    json_put_object(w, NULL);
    json_put_array(w, "attempts");
    for (size_t i = 0; i < a->attempt_count; i++)
        put_attempt(w, &a->attempts[i]);
    json_put_end(w);
    bool more = a->more && a->attempt_count > 0;
    if (more) {
        const struct attempt_entry *last = &a->attempts[a->attempt_count - 1];
        (void)snprintf(next, sizeof(next), "%u.%u", last->wave + 1u, last->place + 1u);
    }
    json_put_str(w, "next", more ? next : NULL);
    json_put_end(w);
}

/* A text of ours that was JSON when it was kept, as JSON again. */
static void put_value(struct json_writer *w, const char *key, const struct json_value *value);

struct put_into {
    struct json_writer *w;
};

static bool put_one(void *ctx, const char *key, const struct json_value *value)
{
    put_value(((struct put_into *)ctx)->w, key, value);
    return true;
}

static void put_value(struct json_writer *w, const char *key, const struct json_value *value)
{
    struct put_into into = {w};
    struct gw_view text;
    switch (json_kind_of(value)) {
    case JSON_KIND_OBJECT:
        json_put_object(w, key);
        json_each_member(value, put_one, &into);
        json_put_end(w);
        return;
    case JSON_KIND_ARRAY:
        json_put_array(w, key);
        for (size_t i = 0; i < json_count(value); i++)
            put_value(w, NULL, json_item(value, i));
        json_put_end(w);
        return;
    case JSON_KIND_TEXT:
        if (json_as_text(value, &text) == GW_OK)
            json_put_view(w, key, text);
        return;
    case JSON_KIND_INTEGER:
    case JSON_KIND_REAL:
    case JSON_KIND_BOOL:
    case JSON_KIND_NULL: /* state_report keeps texts alone */
        json_put_null(w, key);
        return;
    }
}

static void put_kept(struct json_writer *w, const char *key, const char *kept)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, INVENTORY_ATTRIBUTES_MAX + 16);
    (void)gw_buf_printf(&text, "{\"v\":%s}", kept);
    if (kept[0] && gw_buf_rc(&text) == GW_OK && json_read(gw_buf_view(&text), text.len, &doc, NULL) == GW_OK)
        put_value(w, key, json_find(json_root(doc), "v"));
    else
        json_put_null(w, key);
}

static void put_told(struct json_writer *w, const char *key, const char *text)
{
    json_put_str(w, key, text[0] ? text : NULL);
}

void rest_put_inventory(struct json_writer *w, const struct inventory *i)
{
    if (i->seen.ms == 0) {
        json_put_null(w, "inventory");
        return;
    }
    json_put_object(w, "inventory");
    put_told(w, "product", i->product);
    put_told(w, "hardware", i->hardware);
    put_told(w, "version", i->version);
    put_told(w, "release", i->release);
    put_told(w, "boot", i->boot);
    put_told(w, "agent", i->agent);
    json_put_i64(w, "uptime_s", i->uptime_s);
    put_kept(w, "slots", i->slots);
    put_kept(w, "attributes", i->attributes);
    json_put_i64(w, "floor_confirmed", (int64_t)i->floor_confirmed);
    json_put_time(w, "told", i->seen);
    json_put_end(w);
}
