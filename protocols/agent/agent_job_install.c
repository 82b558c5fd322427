/* From the moment an install begins: reboot, proof, and the way back. */
#include <string.h>

#include "agent_job_internal.h"
#include "gw_log.h"

#define REBOOT_RETRY_MS (30 * GW_SECOND_MS)
#define FALLBACK_MS     (5 * GW_SECOND_MS)
#define TRIES_MAX       3

static enum agent_verb verb_of(enum job_kind kind)
{
    return kind == JOB_FACTORY_RESET ? AGENT_VERB_FACTORY_RESET
           : kind == JOB_COLLECT     ? AGENT_VERB_COLLECT
                                     : AGENT_VERB_INSTALL;
}

/* The state stays what it was until the way back is done; code and detail say already why. */
static void fall_back(struct agent_job *j, enum job_state outcome, const char *code, const char *detail)
{
    agent_job_enter(j, AGENT_JOB_FALLBACK);
    j->rec.outcome = outcome;
    (void)snprintf(j->rec.code, sizeof(j->rec.code), "%s", code);
    (void)snprintf(j->rec.detail, sizeof(j->rec.detail), "%s", detail);
    gw_log(GW_LOG_WARN, "job", "%s %s: falling back: %s%s%s", j->rec.job, j->rec.target, code, detail[0] ? ": " : "",
           detail);
}

static void give_up(struct agent_job *j, const char *code, const char *detail)
{
    if (job_kind_has_release(j->rec.kind))
        fall_back(j, JOB_STATE_FAILED, code, detail);
    else
        agent_job_done(j, JOB_STATE_FAILED, code, detail);
}

void agent_job_act_installing(struct agent_job *j)
{
    struct gw_err err = {0};
    if (j->handling)
        return;
    if (!j->may_start) {
        if (agent_job_was_started(j, j->rec.attempt)) {
            give_up(j, "interrupted", "the agent was stopped while the handler ran");
            return;
        }
        if (!agent_job_wrote(j, agent_job_note_started(j, j->rec.attempt, &err), &err))
            return;
        j->may_start = true;
    }
    enum gw_rc rc = agent_job_handle(j, verb_of(j->rec.kind), &err);
    if (rc == GW_AGAIN)
        return;
    j->may_start = false;
    if (rc)
        give_up(j, "handler", gw_err_text(&err));
}

/* ---- reboots ---- */

/* Asks for a reboot, at most so many times over all restarts. False: it was in vain. */
static bool ask_reboot(struct agent_job *j)
{
    struct gw_err err = {0};
    if (j->handling)
        return true;
    if (j->rebooted && j->now.ms < j->reboot_until_ms) {
        agent_job_later(j, j->reboot_until_ms - j->now.ms);
        return true;
    }
    if (!j->reboot_counted) { /* on disk first */
        if (j->rec.tries >= TRIES_MAX)
            return false;
        j->rec.tries++;
        j->reboot_counted = j->dirty = true;
        return true;
    }
    enum gw_rc rc = agent_job_handle(j, AGENT_VERB_REBOOT, &err);
    if (rc == GW_AGAIN)
        return true;
    j->reboot_counted = false;
    j->rebooted = true;
    j->reboot_until_ms = j->now.ms + (rc ? REBOOT_RETRY_MS : j->set.config->reboot_timeout_ms);
    if (rc)
        gw_log(GW_LOG_ERROR, "job", "reboot: %s", gw_err_text(&err));
    agent_job_later(j, j->reboot_until_ms - j->now.ms);
    return true;
}

static bool runs_target(const struct agent_job *j)
{
    return strcmp(j->version, j->rec.target) == 0;
}

static void tell_old_version(struct agent_job *j)
{
    char detail[JOB_REPORT_DETAIL_MAX + 1];
    (void)snprintf(detail, sizeof(detail), "version %s runs after the reboot, not %s", j->version, j->rec.target);
    agent_job_done(j, JOB_STATE_ROLLED_BACK, "old_version", detail);
}

static void prove_this_boot(struct agent_job *j)
{
    memcpy(j->rec.boot, j->boot, sizeof(j->rec.boot));
    j->rec.mono_ms = j->now.ms;
    j->dirty = true;
}

/* Another boot than the one that is written down: what did it bring? */
static void booted(struct agent_job *j)
{
    if (runs_target(j)) {
        if (j->rec.step != AGENT_JOB_CONFIRMING)
            agent_job_enter(j, AGENT_JOB_CONFIRMING);
        prove_this_boot(j);
    } else if (j->version[0]) {
        tell_old_version(j);
    } else {
        fall_back(j, JOB_STATE_ROLLED_BACK, "unknown_version", "the handler cannot say what runs");
    }
}

void agent_job_act_rebooting(struct agent_job *j)
{
    if (strcmp(j->boot, j->rec.boot) != 0)
        booted(j);
    else if (!ask_reboot(j))
        fall_back(j, JOB_STATE_FAILED, "reboot", "the device does not reboot");
}

void agent_job_act_confirming(struct agent_job *j)
{
    struct gw_err err = {0};
    if (strcmp(j->boot, j->rec.boot) != 0) {
        if (runs_target(j) && ++j->rec.tries > TRIES_MAX)
            fall_back(j, JOB_STATE_ROLLED_BACK, "unstable", "it rebooted again and again before it was confirmed");
        else
            booted(j);
        return;
    }
    if (j->handling)
        return;
    int64_t left = j->rec.mono_ms + j->set.config->confirm_timeout_ms - j->now.ms;
    if (left <= 0) {
        fall_back(j, JOB_STATE_ROLLED_BACK, "confirm_timeout",
                  "no session with the gateway on the new version in time");
        return;
    }
    agent_job_later(j, left);
    if (!j->up)
        return;
    enum gw_rc rc = agent_job_handle(j, AGENT_VERB_CONFIRM, &err);
    if (rc && rc != GW_AGAIN)
        fall_back(j, JOB_STATE_ROLLED_BACK, "handler", gw_err_text(&err));
}

/* ---- the way back ---- */

static void finish_fallback(struct agent_job *j)
{
    agent_job_done(j, j->rec.outcome, NULL, NULL);
}

static void fallback_in_vain(struct agent_job *j)
{
    agent_job_done(j, JOB_STATE_FAILED, "fallback_failed", NULL);
}

void agent_job_act_fallback(struct agent_job *j)
{
    struct gw_err err = {0};
    if (j->handling)
        return;
    if (j->rebooted && j->now.ms < j->reboot_until_ms) { /* a failed fallback rests before it is tried again */
        agent_job_later(j, j->reboot_until_ms - j->now.ms);
        return;
    }
    if (j->rec.tries >= TRIES_MAX) {
        fallback_in_vain(j);
        return;
    }
    enum gw_rc rc = agent_job_handle(j, AGENT_VERB_FALLBACK, &err);
    if (rc && rc != GW_AGAIN) {
        gw_log(GW_LOG_ERROR, "job", "fallback: %s", gw_err_text(&err));
        fallback_in_vain(j);
    }
}

static void fell_back(struct agent_job *j, bool ok)
{
    if (!ok) {
        j->rec.tries++;
        j->dirty = j->rebooted = true;
        j->reboot_until_ms = j->now.ms + FALLBACK_MS;
    } else if (j->rec.outcome == JOB_STATE_ROLLED_BACK || runs_target(j)) {
        agent_job_enter(j, AGENT_JOB_FALLBACK_REBOOT);
        memcpy(j->rec.boot, j->boot, sizeof(j->rec.boot));
    } else {
        finish_fallback(j);
    }
}

void agent_job_act_fallback_reboot(struct agent_job *j)
{
    bool again = strcmp(j->boot, j->rec.boot) != 0;
    if (again && !runs_target(j))
        finish_fallback(j);
    else if (again || !ask_reboot(j))
        fallback_in_vain(j);
}

/* ---- outcomes ---- */

static void installed(struct agent_job *j, const struct agent_handler_result *result)
{
    char code[JOB_REPORT_CODE_MAX + 1] = "", detail[JOB_REPORT_DETAIL_MAX + 1];
    agent_job_detail(result, detail);
    if (!result->ok) {
        (void)snprintf(code, sizeof(code), "%s_%s", agent_verb_text(result->verb), result->cause);
        give_up(j, code, detail);
    } else if (!job_kind_has_release(j->rec.kind)) {
        agent_job_done(j, JOB_STATE_INSTALLED, "", detail);
    } else {
        agent_job_enter(j, AGENT_JOB_REBOOTING);
        memcpy(j->rec.boot, j->boot, sizeof(j->rec.boot));
        gw_buf_reset(&j->payload);
        agent_job_state(j, JOB_STATE_REBOOTING, "", "");
    }
}

static void confirmed(struct agent_job *j, const struct agent_handler_result *result)
{
    struct agent_job_record *r = &j->rec;
    char code[JOB_REPORT_CODE_MAX + 1], detail[JOB_REPORT_DETAIL_MAX + 1];
    if (!result->ok) {
        (void)snprintf(code, sizeof(code), "confirm_%s", result->cause);
        agent_job_detail(result, detail);
        fall_back(j, JOB_STATE_ROLLED_BACK, code, detail);
        return;
    }
    if (r->target_floor > r->floor)
        r->floor = r->target_floor;
    r->counter = r->target_counter;
    memcpy(r->counter_version, r->target, sizeof(r->counter_version));
    agent_job_done(j, JOB_STATE_INSTALLED, "", "");
}

void agent_job_handled_install(struct agent_job *j, const struct agent_handler_result *result)
{
    enum agent_job_step step = j->rec.step;
    switch (result->verb) {
    case AGENT_VERB_INSTALL:
    case AGENT_VERB_FACTORY_RESET:
    case AGENT_VERB_COLLECT:
        if (step == AGENT_JOB_INSTALLING)
            installed(j, result);
        break;
    case AGENT_VERB_REBOOT:
        if (!result->ok)
            j->reboot_until_ms = j->now.ms + REBOOT_RETRY_MS;
        break;
    case AGENT_VERB_CONFIRM:
        if (step == AGENT_JOB_CONFIRMING)
            confirmed(j, result);
        break;
    case AGENT_VERB_FALLBACK:
        if (step == AGENT_JOB_FALLBACK)
            fell_back(j, result->ok);
        break;
    case AGENT_VERB_VERIFY:
    case AGENT_VERB_RUNNING:
        break;
    }
}
