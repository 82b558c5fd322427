#include "rollout.h"

#include <stddef.h>

struct name {
    int value;
    const char *text;
};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct name states[] = {
    {ROLLOUT_DRAFT, "draft"},
    {ROLLOUT_RUNNING, "running"},
    {ROLLOUT_PAUSED, "paused"},
    {ROLLOUT_HOLDING, "holding"},
    {ROLLOUT_ABORTING, "aborting"},
    {ROLLOUT_ABORTED, "aborted"},
    {ROLLOUT_ROLLING_BACK, "rolling_back"},
    {ROLLOUT_ROLLED_BACK, "rolled_back"},
    {ROLLOUT_FINISHED, "finished"},
};
static const struct name wave_states[] = {
    {ROLLOUT_WAVE_WAITING, "waiting"}, {ROLLOUT_WAVE_OPEN, "open"},       {ROLLOUT_WAVE_SOAKING, "soaking"},
    {ROLLOUT_WAVE_PASSED, "passed"},   {ROLLOUT_WAVE_STOPPED, "stopped"},
};
static const struct name holds[] = {
    {ROLLOUT_HOLD_NONE, ""},
    {ROLLOUT_HOLD_GATE, "gate"},
    {ROLLOUT_HOLD_SAMPLE, "sample"},
    {ROLLOUT_HOLD_UNREACHABLE, "unreachable"},
    {ROLLOUT_HOLD_FAILURES, "failures"},
    {ROLLOUT_HOLD_SOAK, "soak"},
};
static const struct name selects[] = {{ROLLOUT_SELECT_LIST, "list"},
                                      {ROLLOUT_SELECT_PERCENT, "percent"},
                                      {ROLLOUT_SELECT_REST, "rest"},
                                      {ROLLOUT_SELECT_QUERY, "query"}};
static const struct name actions[] = {
    {ROLLOUT_ON_FAILURE_HOLD, "hold"}, {ROLLOUT_ON_FAILURE_ABORT, "abort"}, {ROLLOUT_ON_FAILURE_ROLLBACK, "rollback"}};

static const char *text_of(const struct name *table, size_t count, int value)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].value == value)
            return table[i].text;
    return "unknown";
}

static enum gw_rc value_of(const struct name *table, size_t count, struct gw_view text, int *ret_value)
{
    for (size_t i = 0; i < count; i++)
        if (gw_view_eq_str(text, table[i].text)) {
            *ret_value = table[i].value;
            return GW_OK;
        }
    return GW_INVALID;
}

const char *rollout_state_text(enum rollout_state state)
{
    return text_of(states, COUNT(states), (int)state);
}

enum gw_rc rollout_state_parse(struct gw_view text, enum rollout_state *ret_state)
{
    int value;
    enum gw_rc rc = value_of(states, COUNT(states), text, &value);
    if (rc == GW_OK)
        *ret_state = (enum rollout_state)value;
    return rc;
}

const char *rollout_wave_state_text(enum rollout_wave_state state)
{
    return text_of(wave_states, COUNT(wave_states), (int)state);
}

const char *rollout_hold_text(enum rollout_hold hold)
{
    return text_of(holds, COUNT(holds), (int)hold);
}

enum gw_rc rollout_hold_parse(struct gw_view text, enum rollout_hold *ret_hold)
{
    int value;
    enum gw_rc rc = value_of(holds, COUNT(holds), text, &value);
    if (rc == GW_OK)
        *ret_hold = (enum rollout_hold)value;
    return rc;
}

const char *rollout_select_text(enum rollout_select select)
{
    return text_of(selects, COUNT(selects), (int)select);
}

enum gw_rc rollout_select_parse(struct gw_view text, enum rollout_select *ret_select)
{
    int value;
    enum gw_rc rc = value_of(selects, COUNT(selects), text, &value);
    if (rc == GW_OK)
        *ret_select = (enum rollout_select)value;
    return rc;
}

const char *rollout_on_failure_text(enum rollout_on_failure action)
{
    return text_of(actions, COUNT(actions), (int)action);
}

enum gw_rc rollout_on_failure_parse(struct gw_view text, enum rollout_on_failure *ret_action)
{
    int value;
    enum gw_rc rc = value_of(actions, COUNT(actions), text, &value);
    if (rc == GW_OK)
        *ret_action = (enum rollout_on_failure)value;
    return rc;
}

bool rollout_state_ended(enum rollout_state state)
{
    return state == ROLLOUT_ABORTED || state == ROLLOUT_ROLLED_BACK || state == ROLLOUT_FINISHED;
}

uint32_t rollout_count_open(const uint32_t count[ATTEMPT_STATES])
{
    uint32_t sum = 0;
    for (int s = ATTEMPT_OFFERED; s <= ATTEMPT_CONFIRMING; s++)
        sum += count[s];
    return sum;
}

uint32_t rollout_count_failures(const uint32_t count[ATTEMPT_STATES])
{
    return count[ATTEMPT_FAILED] + count[ATTEMPT_REJECTED] + count[ATTEMPT_ROLLED_BACK] + count[ATTEMPT_TIMED_OUT];
}

uint32_t rollout_count_decided(const uint32_t count[ATTEMPT_STATES])
{
    return count[ATTEMPT_OK] + rollout_count_failures(count);
}

uint32_t rollout_count_undecided(const uint32_t count[ATTEMPT_STATES])
{
    return count[ATTEMPT_PLANNED] + count[ATTEMPT_DEFERRED] + rollout_count_open(count);
}

void rollout_sum(const struct rollout *rollout, struct rollout_sum *ret_sum)
{
    *ret_sum = (struct rollout_sum){.devices = 0};
    for (unsigned i = 0; i < rollout->wave_count; i++) {
        const struct rollout_wave *wave = &rollout->waves[i];
        ret_sum->devices += wave->total;
        ret_sum->holders += wave->holders;
        ret_sum->back_devices += wave->back_total;
        for (int s = ATTEMPT_PLANNED; s < ATTEMPT_STATES; s++) {
            ret_sum->count[s] += wave->count[s];
            ret_sum->back[s] += wave->back[s];
        }
    }
}
