#include "fleet_handler.h"

#include <string.h>
#include <unistd.h>

#define JOURNAL_LINE_MAX 512

static enum gw_rc note_install(struct fleet_update *u, const struct agent_job_record *record, struct gw_err *err)
{
    char line[JOURNAL_LINE_MAX], when[GW_WALL_TEXT_MAX] = "-";
    (void)!gw_wall_format(gw_wall_now(), when);
    int len = snprintf(line, sizeof(line), "%s %s %s %lld %s %s\n", when, u->identity->site.id.text, record->attempt,
                       (long long)record->rev, job_kind_text(record->kind), record->target);
    if (len >= (int)sizeof(line) || write(u->all->journal_fd, line, (size_t)len) != len)
        return gw_err_sys(err, "handler journal");
    u->all->stats->installs++;
    return GW_OK;
}

enum gw_rc fleet_handler_start(void *update, enum agent_verb verb, const struct agent_job_record *record,
                               const struct release_file *file, struct gw_err *err)
{
    struct fleet_update *u = update;
    enum gw_rc rc = GW_OK;
    (void)file;
    if (u->verb)
        return gw_err_set(err, GW_AGAIN, "the handler still runs");
    if (verb == AGENT_VERB_INSTALL)
        rc = note_install(u, record, err);
    if (rc)
        return rc;
    u->verb = verb;
    u->verb_due_ms = gw_mono_now().ms + (verb == AGENT_VERB_INSTALL ? u->all->options->install_ms : 0);
    memcpy(u->target, record->target, sizeof(u->target));
    return GW_OK;
}

/* What the verb does to the slots; false: it fails. */
static bool perform(struct fleet_update *u, enum agent_verb verb)
{
    switch (verb) {
    case AGENT_VERB_INSTALL:
        if (u->kind == FLEET_FAILS_INSTALL)
            return false;
        fleet_slots_install(&u->slots, u->target);
        fleet_update_save_slots(u);
        return true;
    case AGENT_VERB_FALLBACK:
        fleet_slots_fall_back(&u->slots, u->target);
        fleet_update_save_slots(u);
        return true;
    case AGENT_VERB_REBOOT:
        u->reboot = true;
        return true;
    case AGENT_VERB_VERIFY:
    case AGENT_VERB_CONFIRM:
    case AGENT_VERB_RUNNING:
        return true;
    case AGENT_VERB_FACTORY_RESET:
    case AGENT_VERB_COLLECT:
        break;
    }
    return false;
}

void fleet_handler_step(struct fleet_update *u, struct gw_mono now)
{
    static const char why[] = "the slot does not take the image (simulated)";
    enum agent_verb verb = u->verb;
    if (!verb || now.ms < u->verb_due_ms)
        return;
    u->verb = 0;
    struct agent_handler_result result = {.verb = verb, .ok = perform(u, verb), .cause = ""};
    if (!result.ok) {
        result.cause = "failed";
        result.len = sizeof(why) - 1;
        memcpy(result.output, why, sizeof(why));
    }
    if (!u->reboot)
        agent_job_handled(u->job, &result);
}
