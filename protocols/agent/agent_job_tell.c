/* What others are told of a job: reports to the gateway, events to the device's own log. */
#include <string.h>

#include "agent_backoff.h"
#include "agent_job_internal.h"
#include "audit.h"
#include "gw_cleanup.h"

#define REPEAT_MS   GW_MINUTE_MS
#define RETRY_MS    (2 * GW_SECOND_MS)
#define EVENT_BYTES 2048

static enum event_sev severity(const struct agent_job_record *r)
{
    if (r->state == JOB_STATE_REJECTED)
        return strcmp(r->code, "signature") == 0 || strcmp(r->code, "floor") == 0 ? EVENT_SEV_HIGH : EVENT_SEV_MEDIUM;
    if (r->state == JOB_STATE_FAILED || r->state == JOB_STATE_ROLLED_BACK)
        return EVENT_SEV_MEDIUM;
    return EVENT_SEV_INFO;
}

static const char *result(enum job_state state)
{
    if (state == JOB_STATE_REJECTED)
        return event_res_text(EVENT_DENIED);
    return event_res_text(state == JOB_STATE_FAILED || state == JOB_STATE_ROLLED_BACK ? EVENT_FAIL : EVENT_OK);
}

static void put_event(struct agent_job *j)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct json_writer w;
    char cls[AUDIT_CLS_MAX];
    const struct agent_job_record *r = &j->rec;
    (void)snprintf(cls, sizeof(cls), "upd.%s", job_state_text(r->state));
    gw_buf_init(&text, EVENT_BYTES);
    json_writer_begin(&w, &text);
    json_put_object(&w, NULL);
    json_put_i64(&w, "t", gw_wall_now().ms);
    json_put_str(&w, "cls", cls);
    json_put_i64(&w, "sev", severity(r));
    json_put_str(&w, "res", result(r->state));
    json_put_str(&w, "subj", "agent");
    json_put_str(&w, "obj", r->target[0] ? r->target : job_kind_text(r->kind));
    json_put_str(&w, "msg", r->detail);
    json_put_object(&w, "attr");
    json_put_str(&w, "job", r->job);
    json_put_str(&w, "attempt", r->attempt);
    json_put_str(&w, "code", r->code);
    json_put_str(&w, "running", j->version);
    json_put_end(&w);
    json_put_str(&w, "boot", j->boot);
    json_put_i64(&w, "mono", gw_mono_now().ms);
    json_put_end(&w);
    if (!json_writer_end(&w))
        j->set.ops->event(j->set.ctx, gw_buf_view(&text));
}

void agent_job_state(struct agent_job *j, enum job_state state, const char *code, const char *detail)
{
    struct agent_job_record *r = &j->rec;
    r->state = state;
    if (code)
        (void)snprintf(r->code, sizeof(r->code), "%s", code);
    if (detail)
        (void)snprintf(r->detail, sizeof(r->detail), "%s", detail);
    r->acked = j->told = false;
    j->tell = j->dirty = true;
    put_event(j);
    j->set.ops->changed(j->set.ctx, r);
}

void agent_job_tell(struct agent_job *j)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload = {.ptr = NULL};
    const struct agent_job_record *r = &j->rec;
    if (!r->state || r->acked || (j->told && !j->tell) || !j->up || (!j->tell && j->now.ms < j->tell_at_ms))
        return;
    struct job_report report = {.rev = r->rev, .state = r->state, .until = r->until};
    report.progress_pct = r->step == AGENT_JOB_DOWNLOADING  ? j->progress_pct
                          : r->step > AGENT_JOB_DOWNLOADING ? 100
                                                            : 0;
    memcpy(report.job, r->job, sizeof(report.job));
    memcpy(report.code, r->code, sizeof(report.code));
    memcpy(report.detail, r->detail, sizeof(report.detail));
    memcpy(report.running, j->version, sizeof(report.running));
    memcpy(report.boot, j->boot, sizeof(report.boot));
    gw_buf_init(&payload, JOB_REPORT_MAX);
    bool sent = !job_report_format(&report, &payload) && !j->set.ops->report(j->set.ctx, gw_buf_view(&payload));
    j->tell = false;
    j->tell_at_ms = j->now.ms + (sent ? agent_jitter_ms(REPEAT_MS) : RETRY_MS);
}
