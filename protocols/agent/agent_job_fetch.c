/* The steps of a job up to the install: whether it may begin now, the download, the handler's look at it. */
#include <string.h>

#include "agent_job_internal.h"
#include "gw_cleanup.h"
#include "gw_fs.h"

#define LOOK_MS           (20 * GW_SECOND_MS) /* at the wall clock and at the postpone file */
#define POSTPONE_TEXT_MAX 128

/* Until when the device's own people put it off; false: they do not, or may not. */
static bool postponed(const struct agent_job *j, struct gw_wall *ret_until)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct gw_wall max = j->message.job.postpone_until_max, asked;
    gw_buf_init(&text, POSTPONE_TEXT_MAX);
    if (!j->set.config->update_postpone_file[0] || j->wall.ms >= max.ms ||
        gw_fs_read_file(j->set.config->update_postpone_file, &text, NULL))
        return false;
    if (gw_wall_parse(gw_view_trim(gw_buf_view(&text)), &asked) || asked.ms > max.ms)
        asked = max;
    *ret_until = asked;
    return j->wall.ms < asked.ms;
}

/* Nothing may be begun yet, or any more. `ready` is the state when it may. */
static bool held(struct agent_job *j, enum job_state ready)
{
    const struct job *job = &j->message.job;
    struct gw_wall until = {0};
    if (job->deadline.ms && j->wall.ms >= job->deadline.ms) {
        agent_job_done(j, JOB_STATE_FAILED, "deadline", "it was not begun before its deadline");
        return true;
    }
    if (j->wall.ms < job->not_before.ms) {
        int64_t left = job->not_before.ms - j->wall.ms;
        agent_job_later(j, left < LOOK_MS ? left : LOOK_MS);
        return true;
    }
    if (postponed(j, &until)) {
        int64_t left = until.ms - j->wall.ms;
        if (j->rec.state != JOB_STATE_DEFERRED || j->rec.until.ms != until.ms) {
            j->rec.until = until;
            agent_job_state(j, JOB_STATE_DEFERRED, "postponed", "");
        }
        agent_job_later(j, left < LOOK_MS ? left : LOOK_MS);
        return true;
    }
    if (j->rec.state == JOB_STATE_DEFERRED) {
        j->rec.until = (struct gw_wall){0};
        agent_job_state(j, ready, "", "");
    }
    return j->dirty;
}

void agent_job_act_accepted(struct agent_job *j)
{
    if (held(j, JOB_STATE_ACCEPTED))
        return;
    if (j->rec.kind == JOB_RENEW_CERT) {
        j->set.ops->renew(j->set.ctx);
        agent_job_done(j, JOB_STATE_INSTALLED, "", "");
    } else if (job_kind_has_release(j->rec.kind)) {
        agent_job_enter(j, AGENT_JOB_DOWNLOADING);
        agent_job_state(j, JOB_STATE_DOWNLOADING, "", "");
    } else {
        agent_job_enter(j, AGENT_JOB_INSTALLING);
        agent_job_state(j, JOB_STATE_INSTALLING, "", "");
    }
}

void agent_job_act_downloading(struct agent_job *j)
{
    struct gw_err err = {0};
    struct gw_wall deadline = j->message.job.deadline;
    if (deadline.ms && j->wall.ms >= deadline.ms) {
        agent_job_done(j, JOB_STATE_FAILED, "deadline", "it was not begun before its deadline");
        return;
    }
    if (deadline.ms)
        agent_job_later(j, LOOK_MS);
    if (j->fetching)
        return;
    enum gw_rc rc = j->set.ops->fetch(j->set.ctx, &j->message.job, &j->file, &err);
    j->fetching = !rc;
    if (rc)
        agent_job_fetched(j, rc, &err);
}

void agent_job_act_downloaded(struct agent_job *j)
{
    struct gw_err err = {0};
    if (j->handling || held(j, JOB_STATE_DOWNLOADED))
        return;
    if (j->verified) {
        agent_job_enter(j, AGENT_JOB_INSTALLING);
        agent_job_state(j, JOB_STATE_INSTALLING, "", "");
        return;
    }
    enum gw_rc rc = agent_job_handle(j, AGENT_VERB_VERIFY, &err);
    if (rc && rc != GW_AGAIN)
        agent_job_done(j, JOB_STATE_FAILED, "handler", gw_err_text(&err));
}
