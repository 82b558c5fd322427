/* What of rollouts is an event of the gateway's own log. */
#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "gw_num.h"
#include "rollouts_internal.h"

/* For people who read it in an alert. */
static const char *why_it_holds(enum rollout_hold hold)
{
    switch (hold) {
    case ROLLOUT_HOLD_GATE:
        return "too few of those that have decided are ok";
    case ROLLOUT_HOLD_SAMPLE:
        return "too few have decided, and nobody is left who could";
    case ROLLOUT_HOLD_UNREACHABLE:
        return "too many devices are unreachable";
    case ROLLOUT_HOLD_FAILURES:
        return "too many devices have failed";
    case ROLLOUT_HOLD_NONE:
    case ROLLOUT_HOLD_SOAK:
        break;
    }
    return "it soaks";
}

void rollouts_rule_text(const struct rollout_entry *entry, char out[ROLLOUT_REASON_MAX])
{
    const struct rollout *r = &entry->rollout;
    if (r->state == ROLLOUT_HOLDING)
        (void)snprintf(out, ROLLOUT_REASON_MAX, "wave %u holds: %s (%s)", r->hold_wave + 1u, why_it_holds(r->hold),
                       rollout_hold_text(r->hold));
    else
        (void)snprintf(out, ROLLOUT_REASON_MAX, "failures have reached the limit of the plan");
}

static void name_of(const struct rollout_entry *entry, char out[AUDIT_NAME_MAX])
{
    (void)snprintf(out, AUDIT_NAME_MAX, "%s %.32s %.32s", entry->id, entry->product, entry->version);
}

static enum gw_rc tell_rule(struct rollouts_run *run, const struct rollout_entry *entry, const char *name,
                            struct gw_err *err)
{
    enum audit_what what = AUDIT_ROLLOUT_HELD;
    if (entry->rollout.state == ROLLOUT_ABORTING || entry->rollout.state == ROLLOUT_ABORTED)
        what = AUDIT_ROLLOUT_STOPPED;
    else if (entry->rollout.state == ROLLOUT_ROLLING_BACK || entry->rollout.state == ROLLOUT_ROLLED_BACK)
        what = AUDIT_ROLLOUT_GOES_BACK;
    return audit_note(run->turn, what, "gateway", name, entry->reason, err);
}

/* Nothing of the rollback is open any more, which alone does not mean that it has reached anybody. */
static enum gw_rc tell_back(struct rollouts_run *run, const struct rollout_entry *entry, const char *name,
                            struct gw_err *err)
{
    struct rollout_sum sum;
    char msg[AUDIT_MSG_MAX];
    rollout_sum(&entry->rollout, &sum);
    if (sum.holders == 0)
        (void)snprintf(msg, sizeof(msg), "no device holds %s any more", entry->version);
    else
        (void)snprintf(msg, sizeof(msg), "%u device%s still hold%s %s; back: %u ok, %u failed, %u left out",
                       sum.holders, gw_plural(sum.holders), sum.holders == 1 ? "s" : "", entry->version,
                       sum.back[ATTEMPT_OK], rollout_count_failures(sum.back),
                       sum.back[ATTEMPT_CANCELLED] + sum.back[ATTEMPT_UNREACHABLE]);
    return audit_note(run->turn, sum.holders ? AUDIT_ROLLOUT_BACK_LEFT : AUDIT_ROLLOUT_ROLLED_BACK, "gateway", name,
                      msg, err);
}

enum gw_rc rollouts_tell_move(struct rollouts_run *run, const struct rollout_entry *entry, enum rollout_state before,
                              bool by_rule, struct gw_err *err)
{
    static const struct {
        enum rollout_state state;
        enum audit_what what;
        const char *text;
    } ends[] = {
        {ROLLOUT_FINISHED, AUDIT_ROLLOUT_FINISHED, "every device of the rollout is decided"},
        {ROLLOUT_ABORTED, AUDIT_ROLLOUT_ABORTED, "nothing of the rollout is open any more"},
    };
    char name[AUDIT_NAME_MAX];
    enum gw_rc rc = GW_OK;
    name_of(entry, name);
    if (before == entry->rollout.state)
        return GW_OK;
    if (by_rule)
        rc = tell_rule(run, entry, name, err);
    for (size_t i = 0; !rc && i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ends[i].state == entry->rollout.state)
            rc = audit_note(run->turn, ends[i].what, "gateway", name, ends[i].text, err);
    return rc || entry->rollout.state != ROLLOUT_ROLLED_BACK ? rc : tell_back(run, entry, name, err);
}

/* Not ended, or a cancellation that a person has asked for: nothing of its own to tell. */
static enum audit_what what_of(const struct attempt *a)
{
    if (a->state == ATTEMPT_OK)
        return AUDIT_UPD_OK;
    if (attempt_state_failure(a->state))
        return AUDIT_UPD_FAILED;
    if (a->state == ATTEMPT_UNREACHABLE)
        return AUDIT_UPD_UNREACHABLE;
    return a->state == ATTEMPT_CANCELLED && a->code != ATTEMPT_CODE_NONE ? AUDIT_UPD_LEFT : 0;
}

enum gw_rc rollouts_tell_attempt(const struct rollouts_run *run, const struct attempt_entry *entry, struct gw_err *err)
{
    const struct attempt *a = &entry->attempt;
    enum audit_what what = what_of(a);
    char msg[AUDIT_MSG_MAX], subj[AUDIT_NAME_MAX];
    if (!what)
        return GW_OK;
    (void)snprintf(subj, sizeof(subj), "device:%s", entry->device.text);
    int len = snprintf(msg, sizeof(msg), "%s%s: %s", entry->back ? "back to " : "", entry->version,
                       attempt_state_text(a->state));
    if (a->code != ATTEMPT_CODE_NONE)
        len += snprintf(msg + len, sizeof(msg) - (size_t)len, ", %s", attempt_code_text(a->code));
    if (run->said && run->said[0])
        (void)snprintf(msg + len, sizeof(msg) - (size_t)len, "; it says: %s", run->said);
    return audit_note(run->turn, what, subj, entry->id, msg, err);
}
