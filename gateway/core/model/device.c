#include "device.h"

#include <stddef.h>

static const struct {
    enum device_state state;
    const char *text;
} state_texts[] = {
    {DEVICE_INVITED, "invited"},         {DEVICE_PENDING, "pending"},   {DEVICE_ACTIVE, "active"},
    {DEVICE_QUARANTINED, "quarantined"}, {DEVICE_REJECTED, "rejected"}, {DEVICE_REVOKED, "revoked"},
    {DEVICE_RETIRED, "retired"},
};

const char *device_state_text(enum device_state state)
{
    for (size_t i = 0; i < sizeof(state_texts) / sizeof(state_texts[0]); i++)
        if (state_texts[i].state == state)
            return state_texts[i].text;
    return "unknown";
}

const char *device_act_text(enum device_act act)
{
    switch (act) {
    case DEVICE_ACT_INVITE:
        return "invite";
    case DEVICE_ACT_KNOCK:
        return "knock";
    case DEVICE_ACT_ENROL:
        return "enrol";
    case DEVICE_ACT_APPROVE:
        return "approve";
    case DEVICE_ACT_REJECT:
        return "reject";
    case DEVICE_ACT_QUARANTINE:
        return "quarantine";
    case DEVICE_ACT_RELEASE:
        return "release";
    case DEVICE_ACT_REVOKE:
        return "revoke";
    case DEVICE_ACT_RETIRE:
        return "retire";
    }
    return "unknown";
}

struct move {
    enum device_state from;
    enum device_act act;
    enum device_state to;
};

static const struct move moves[] = {
    {DEVICE_INVITED, DEVICE_ACT_INVITE, DEVICE_INVITED},
    {DEVICE_INVITED, DEVICE_ACT_KNOCK, DEVICE_INVITED},
    {DEVICE_INVITED, DEVICE_ACT_ENROL, DEVICE_ACTIVE},
    {DEVICE_INVITED, DEVICE_ACT_APPROVE, DEVICE_ACTIVE},
    {DEVICE_INVITED, DEVICE_ACT_REJECT, DEVICE_REJECTED},
    {DEVICE_PENDING, DEVICE_ACT_INVITE, DEVICE_INVITED},
    {DEVICE_PENDING, DEVICE_ACT_KNOCK, DEVICE_PENDING},
    {DEVICE_PENDING, DEVICE_ACT_APPROVE, DEVICE_ACTIVE},
    {DEVICE_PENDING, DEVICE_ACT_REJECT, DEVICE_REJECTED},
    {DEVICE_ACTIVE, DEVICE_ACT_ENROL, DEVICE_ACTIVE}, /* renewal, or the same answer again */
    {DEVICE_ACTIVE, DEVICE_ACT_QUARANTINE, DEVICE_QUARANTINED},
    {DEVICE_ACTIVE, DEVICE_ACT_REVOKE, DEVICE_REVOKED},
    {DEVICE_QUARANTINED, DEVICE_ACT_RELEASE, DEVICE_ACTIVE},
    {DEVICE_QUARANTINED, DEVICE_ACT_REVOKE, DEVICE_REVOKED},
    {DEVICE_REJECTED, DEVICE_ACT_INVITE, DEVICE_INVITED},
    {DEVICE_REVOKED, DEVICE_ACT_INVITE, DEVICE_INVITED},
    {DEVICE_INVITED, DEVICE_ACT_RETIRE, DEVICE_RETIRED},
    {DEVICE_PENDING, DEVICE_ACT_RETIRE, DEVICE_RETIRED},
    {DEVICE_ACTIVE, DEVICE_ACT_RETIRE, DEVICE_RETIRED},
    {DEVICE_QUARANTINED, DEVICE_ACT_RETIRE, DEVICE_RETIRED},
    {DEVICE_REJECTED, DEVICE_ACT_RETIRE, DEVICE_RETIRED},
    {DEVICE_REVOKED, DEVICE_ACT_RETIRE, DEVICE_RETIRED},
};

enum gw_rc device_step(enum device_state from, enum device_act act, enum device_state *ret_to)
{
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (moves[i].from == from && moves[i].act == act) {
            *ret_to = moves[i].to;
            return GW_OK;
        }
    return GW_CONFLICT;
}

bool device_admissible(enum device_state state)
{
    return state == DEVICE_ACTIVE || state == DEVICE_QUARANTINED;
}
