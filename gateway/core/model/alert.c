#include "alert.h"

#include <stddef.h>
#include <string.h>

const char *alert_state_text(enum alert_state state)
{
    switch (state) {
    case ALERT_NEW:
        return "new";
    case ALERT_ACKNOWLEDGED:
        return "acknowledged";
    case ALERT_SNOOZED:
        return "snoozed";
    case ALERT_RESOLVED:
        return "resolved";
    }
    return "unknown";
}

enum gw_rc alert_state_parse(struct gw_view text, enum alert_state *ret_state)
{
    for (enum alert_state state = ALERT_NEW; state <= ALERT_RESOLVED; state++)
        if (gw_view_eq_str(text, alert_state_text(state))) {
            *ret_state = state;
            return GW_OK;
        }
    return GW_INVALID;
}

static const struct {
    enum alert_state from;
    enum alert_act act;
    enum alert_state to;
} moves[] = {
    {ALERT_NEW, ALERT_ACT_ACKNOWLEDGE, ALERT_ACKNOWLEDGED},
    {ALERT_NEW, ALERT_ACT_SNOOZE, ALERT_SNOOZED},
    {ALERT_NEW, ALERT_ACT_RESOLVE, ALERT_RESOLVED},
    {ALERT_NEW, ALERT_ACT_WORSE, ALERT_NEW},
    {ALERT_ACKNOWLEDGED, ALERT_ACT_SNOOZE, ALERT_SNOOZED},
    {ALERT_ACKNOWLEDGED, ALERT_ACT_RESOLVE, ALERT_RESOLVED},
    {ALERT_ACKNOWLEDGED, ALERT_ACT_WORSE, ALERT_NEW},
    {ALERT_SNOOZED, ALERT_ACT_ACKNOWLEDGE, ALERT_ACKNOWLEDGED},
    {ALERT_SNOOZED, ALERT_ACT_SNOOZE, ALERT_SNOOZED}, /* longer, or less long */
    {ALERT_SNOOZED, ALERT_ACT_RESOLVE, ALERT_RESOLVED},
    {ALERT_SNOOZED, ALERT_ACT_WAKE, ALERT_NEW},
    {ALERT_SNOOZED, ALERT_ACT_WORSE, ALERT_NEW},
};

enum gw_rc alert_step(enum alert_state from, enum alert_act act, enum alert_state *ret_to)
{
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (moves[i].from == from && moves[i].act == act) {
            *ret_to = moves[i].to;
            return GW_OK;
        }
    return GW_CONFLICT;
}

bool alert_cause_eq(const struct alert_cause *a, const struct alert_cause *b)
{
    return strcmp(a->cls, b->cls) == 0 && gw_device_id_eq(&a->device, &b->device);
}

bool alert_id_valid(struct gw_view id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f')))
            return false;
    return id.len == ALERT_ID_LEN;
}
