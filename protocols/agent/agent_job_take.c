/* Taking a job: what the gateway offers, withdraws or numbers anew, and whether it is one for this device. */
#include <string.h>

#include "agent_job_internal.h"
#include "gw_cleanup.h"
#include "gw_log.h"

void agent_job_forget_message(struct agent_job *j)
{
    job_message_done(&j->message);
    j->message = (struct job_message){0};
    j->checked = false;
}

/* Message and artifact of the job in rec, checked. *ret_code says why not. */
static enum gw_rc prepare(struct agent_job *j, const char **ret_code, struct gw_err *err)
{
    if (j->checked)
        return GW_OK;
    *ret_code = "state_damaged";
    agent_job_forget_message(j);
    enum gw_rc rc = job_message_parse(gw_buf_view(&j->payload), &j->message, err);
    if (rc || !job_kind_has_release(j->rec.kind)) {
        j->checked = !rc;
        return rc;
    }
    struct release *release = gw_xalloc(1, sizeof(*release));
    rc = agent_job_check(j, &j->message.job, release, ret_code, err);
    if (!rc) {
        const char *format = j->set.config->update_format;
        j->file = release->artifacts[release_artifact_for(release, j->set.config->hardware, format[0] ? format : NULL)];
        (void)snprintf(j->rec.target, sizeof(j->rec.target), "%s", release->version);
        j->rec.target_counter = release->release_counter;
        j->rec.target_floor = release->security_floor;
        j->checked = true;
    }
    free(release);
    return rc;
}

bool agent_job_still_good(struct agent_job *j)
{
    struct gw_err err = {0};
    const char *code = NULL;
    if (!prepare(j, &code, &err))
        return true;
    agent_job_done(j, JOB_STATE_REJECTED, code, gw_err_text(&err));
    return false;
}

/* Why it is refused without a look at its release; NULL: it is not. */
static const char *refusal(const struct agent_job *j, const char **ret_why)
{
    if (j->damaged) {
        *ret_why = "the record of earlier jobs is damaged";
        return "state_damaged";
    }
    if (!agent_job_kind_allowed(j->set.config, j->rec.kind)) {
        *ret_why = "update.kinds of this device does not list it";
        return "kind_off";
    }
    if (!j->set.config->update_handler[0] && j->rec.kind != JOB_RENEW_CERT) {
        *ret_why = "this device has no update.handler";
        return "no_handler";
    }
    if (agent_job_was_started(j, j->rec.attempt)) {
        *ret_why = "this attempt was started before";
        return "started_before";
    }
    return NULL;
}

static void note(struct agent_job *j, const struct job_message *m)
{
    struct agent_job_record *r = &j->rec, before = *r;
    *r = (struct agent_job_record){
        .n = m->n, .floor = before.floor, .counter = before.counter, .rev = m->job.rev, .kind = m->job.kind};
    memcpy(r->counter_version, before.counter_version, sizeof(r->counter_version));
    memcpy(r->job, m->job.job, sizeof(r->job));
    memcpy(r->attempt, m->job.attempt, sizeof(r->attempt));
}

static void take(struct agent_job *j, struct gw_view payload, const struct job_message *m)
{
    struct gw_err err = {0};
    const char *code = NULL, *why = "";
    agent_job_fetch_end(j);
    agent_job_forget_message(j);
    gw_buf_reset(&j->payload);
    (void)gw_buf_add_view(&j->payload, payload); /* it was parsed, so it fits */
    note(j, m);
    j->verified = false;
    j->progress_pct = j->progress_told = 0;
    agent_job_enter(j, AGENT_JOB_ACCEPTED);
    const char *refused = refusal(j, &why);
    if (refused)
        agent_job_done(j, JOB_STATE_REJECTED, refused, why);
    else if (prepare(j, &code, &err))
        agent_job_done(j, JOB_STATE_REJECTED, code, gw_err_text(&err));
    else
        agent_job_state(j, JOB_STATE_ACCEPTED, "", "");
}

void agent_job_take_pending(struct agent_job *j)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload = j->pending;
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    gw_buf_init(&j->pending, JOB_PAYLOAD_MAX);
    if (!job_message_parse(gw_buf_view(&payload), &m, NULL) && m.n > j->rec.n)
        take(j, gw_buf_view(&payload), &m);
}

/* From here on it is too late to cancel. */
static bool committed(const struct agent_job *j)
{
    return j->rec.step >= AGENT_JOB_INSTALLING && j->rec.step != AGENT_JOB_DONE;
}

static void withdrawn(struct agent_job *j, int64_t n)
{
    j->rec.n = n;
    j->dirty = true;
    gw_buf_reset(&j->pending);
    if (j->rec.step >= AGENT_JOB_ACCEPTED && j->rec.step <= AGENT_JOB_DOWNLOADED)
        agent_job_done(j, JOB_STATE_CANCELLED, "", "");
    else if (committed(j))
        gw_log(GW_LOG_INFO, "job", "%s is withdrawn too late: its install has begun", j->rec.job);
}

/* The attempt that we have, under a new number. */
static void renumber(struct agent_job *j, const struct job_message *m)
{
    j->rec.n = m->n;
    j->rec.rev = m->job.rev;
    memcpy(j->rec.job, m->job.job, sizeof(j->rec.job));
    j->rec.acked = j->told = false;
    j->tell = j->dirty = true;
}

static void offered(struct agent_job *j, struct gw_view payload, const struct job_message *m)
{
    bool ours = strcmp(m->job.attempt, j->rec.attempt) == 0;
    bool over = committed(j) || (j->rec.step == AGENT_JOB_DONE && agent_job_was_started(j, j->rec.attempt));
    if (m->n == j->rec.n) {
        if (ours && m->job.rev == j->rec.rev) { /* the gateway has forgotten, or never got, what we said */
            j->rec.acked = j->told = false;
            j->tell = true;
        }
    } else if (ours && over) {
        renumber(j, m);
    } else {
        gw_buf_reset(&j->pending);
        (void)gw_buf_add_view(&j->pending, payload);
        j->pending_n = m->n;
    }
}

/* The highest number that was taken or waits. */
static int64_t highest(const struct agent_job *j)
{
    return j->pending.len > 0 && j->pending_n > j->rec.n ? j->pending_n : j->rec.n;
}

void agent_job_message(struct agent_job *j, struct gw_view payload, struct gw_wall wall)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    struct gw_err err;
    j->wall = wall;
    if (job_message_parse(payload, &m, &err)) {
        gw_log(GW_LOG_WARN, "job", "%s", gw_err_text(&err));
        return;
    }
    if (m.n < highest(j))
        gw_log(GW_LOG_DEBUG, "job", "number %lld is below %lld: passed over", (long long)m.n, (long long)highest(j));
    else if (m.has_job)
        offered(j, payload, &m);
    else if (m.n > j->rec.n)
        withdrawn(j, m.n);
    j->look_at_ms = 0;
}
