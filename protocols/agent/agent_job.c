/* A job: begun, driven by what comes back, one step at a time. */
#include "agent_job.h"

#include <string.h>

#include "agent_job_internal.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "gw_utf8.h"

#define DISK_RETRY_MS (5 * GW_SECOND_MS)
#define BUSY_RETRY_MS GW_SECOND_MS
#define MOVES_MAX     8 /* in one step */
#define PROGRESS_PCT  10

/* ---- begin and end ---- */

/* What a stop found before the install: the bytes are looked at once more. */
static void begin_again(struct agent_job *j)
{
    bool not_begun = j->rec.step == AGENT_JOB_INSTALLING && !agent_job_was_started(j, j->rec.attempt);
    if (j->rec.step == AGENT_JOB_DOWNLOADED || (not_begun && job_kind_has_release(j->rec.kind)))
        j->rec.step = AGENT_JOB_DOWNLOADING;
    else if (not_begun)
        j->rec.step = AGENT_JOB_ACCEPTED;
}

enum gw_rc agent_job_open(const struct agent_job_settings *settings, struct agent_job **ret_job, struct gw_err *err)
{
    struct agent_job *j = gw_xalloc(1, sizeof(*j));
    j->set = *settings;
    j->look_at_ms = j->tell_at_ms = 0;
    gw_buf_init(&j->payload, JOB_PAYLOAD_MAX);
    gw_buf_init(&j->pending, JOB_PAYLOAD_MAX);
    (void)snprintf(j->state_path, sizeof(j->state_path), "%s/state", settings->dir);
    (void)snprintf(j->started_path, sizeof(j->started_path), "%s/started", settings->dir);
    enum gw_rc rc = agent_job_load(j, err);
    if (rc) {
        agent_job_close(j);
        return rc;
    }
    if (j->damaged)
        gw_log(GW_LOG_ERROR, "job", "%s is damaged: every job is refused until a person has looked at it",
               j->state_path);
    begin_again(j);
    j->tell = true;
    *ret_job = j;
    return GW_OK;
}

void agent_job_close(struct agent_job *j)
{
    if (!j)
        return;
    agent_job_forget_message(j);
    gw_buf_done(&j->payload);
    gw_buf_done(&j->pending);
    free(j);
}

/* ---- moves ---- */

void agent_job_enter(struct agent_job *j, enum agent_job_step step)
{
    j->rec.step = step;
    j->rec.tries = 0;
    j->reboot_counted = j->rebooted = j->may_start = false;
    j->dirty = true;
}

void agent_job_fetch_end(struct agent_job *j)
{
    if (j->fetching)
        j->set.ops->fetch_stop(j->set.ctx);
    j->fetching = false;
}

void agent_job_done(struct agent_job *j, enum job_state state, const char *code, const char *detail)
{
    agent_job_fetch_end(j);
    agent_job_forget_message(j);
    gw_buf_reset(&j->payload);
    j->cleaned = false;
    agent_job_enter(j, AGENT_JOB_DONE);
    agent_job_state(j, state, code, detail);
}

void agent_job_later(struct agent_job *j, int64_t ms)
{
    int64_t at = j->now.ms + (ms > 0 ? ms : 0);
    if (at < j->look_at_ms)
        j->look_at_ms = at;
}

enum gw_rc agent_job_handle(struct agent_job *j, enum agent_verb verb, struct gw_err *err)
{
    if (j->handling)
        return gw_err_set(err, GW_AGAIN, "the handler still runs");
    enum gw_rc rc = j->set.ops->handler(j->set.ctx, verb, &j->rec, j->checked ? &j->file : NULL, err);
    if (rc == GW_AGAIN)
        agent_job_later(j, BUSY_RETRY_MS);
    j->handling = !rc;
    j->verb = verb;
    return rc;
}

/* ---- what comes back ---- */

void agent_job_ack(struct agent_job *j, struct gw_view payload)
{
    struct job_ack ack;
    struct gw_err err;
    if (job_ack_parse(payload, &ack, &err)) {
        gw_log(GW_LOG_WARN, "job", "%s", gw_err_text(&err));
        return;
    }
    if (strcmp(ack.job, j->rec.job) != 0 || ack.rev != j->rec.rev || ack.state != j->rec.state || j->dirty)
        return;
    j->told = true;
    if (job_state_terminal(ack.state) && !j->rec.acked)
        j->rec.acked = j->dirty = true;
    j->look_at_ms = 0;
}

void agent_job_session(struct agent_job *j, bool up)
{
    if (up && !j->up)
        gw_buf_reset(&j->pending); /* this gateway knows the n that was taken: what it sends now counts */
    j->tell = j->tell || (up && !j->up && !j->told);
    j->up = up;
    j->look_at_ms = 0;
}

void agent_job_running(struct agent_job *j, const char *version, const char *boot)
{
    (void)snprintf(j->version, sizeof(j->version), "%s", version);
    (void)snprintf(j->boot, sizeof(j->boot), "%s", boot);
    j->known = true;
    j->look_at_ms = 0;
}

void agent_job_progress(struct agent_job *j, unsigned pct)
{
    j->progress_pct = pct;
    if (j->rec.step == AGENT_JOB_DOWNLOADING && pct >= j->progress_told + PROGRESS_PCT) {
        j->progress_told = pct;
        j->tell = true;
        j->look_at_ms = 0;
    }
}

void agent_job_fetched(struct agent_job *j, enum gw_rc rc, const struct gw_err *err)
{
    j->fetching = false;
    j->look_at_ms = 0;
    if (j->rec.step != AGENT_JOB_DOWNLOADING)
        return;
    if (rc) {
        const char *code = rc == GW_NO_SPACE    ? "disk_full"
                           : rc == GW_CORRUPT   ? "digest"
                           : rc == GW_NOT_FOUND ? "not_found"
                                                : "download";
        agent_job_done(j, JOB_STATE_FAILED, code, gw_err_text(err));
        return;
    }
    agent_job_enter(j, AGENT_JOB_DOWNLOADED);
    if (j->rec.state == JOB_STATE_DOWNLOADING)
        agent_job_state(j, JOB_STATE_DOWNLOADED, "", "");
}

void agent_job_handled(struct agent_job *j, const struct agent_handler_result *result)
{
    char code[JOB_REPORT_CODE_MAX + 1], detail[JOB_REPORT_DETAIL_MAX + 1];
    bool expected = j->handling && result->verb == j->verb;
    j->handling = false;
    j->look_at_ms = 0;
    if (!expected || result->verb != AGENT_VERB_VERIFY) {
        if (expected)
            agent_job_handled_install(j, result);
        return;
    }
    if (j->rec.step != AGENT_JOB_DOWNLOADED) /* cancelled meanwhile */
        return;
    j->verified = result->ok;
    if (result->ok)
        return;
    (void)snprintf(code, sizeof(code), "verify_%s", result->cause);
    agent_job_detail(result, detail);
    agent_job_done(j, JOB_STATE_FAILED, code, detail);
}

void agent_job_detail(const struct agent_handler_result *result, char out[JOB_REPORT_DETAIL_MAX + 1])
{
    struct gw_view text = gw_view_trim(gw_view_make(result->output, result->len));
    size_t skip = text.len > JOB_REPORT_DETAIL_MAX ? text.len - JOB_REPORT_DETAIL_MAX : 0;
    while (skip < text.len && skip > 0 && (text.ptr[skip] & 0xc0) == 0x80) /* not within a character */
        skip++;
    (void)gw_utf8_clean(gw_view_make(text.ptr + skip, text.len - skip), out, JOB_REPORT_DETAIL_MAX + 1);
}

/* ---- a step ---- */

static void act_idle(struct agent_job *j)
{
    if (j->pending.len > 0) {
        agent_job_take_pending(j);
    } else if (!j->cleaned) {
        j->set.ops->discard(j->set.ctx);
        j->cleaned = true;
    }
}

static void act(struct agent_job *j)
{
    if (!j->known)
        return;
    bool early = j->rec.step >= AGENT_JOB_ACCEPTED && j->rec.step <= AGENT_JOB_DOWNLOADED;
    if (early && j->pending.len > 0)
        agent_job_take_pending(j);
    if (j->dirty || (early && !agent_job_still_good(j)))
        return;
    switch (j->rec.step) {
    case AGENT_JOB_IDLE:
    case AGENT_JOB_DONE:
        act_idle(j);
        break;
    case AGENT_JOB_ACCEPTED:
        agent_job_act_accepted(j);
        break;
    case AGENT_JOB_DOWNLOADING:
        agent_job_act_downloading(j);
        break;
    case AGENT_JOB_DOWNLOADED:
        agent_job_act_downloaded(j);
        break;
    case AGENT_JOB_INSTALLING:
        agent_job_act_installing(j);
        break;
    case AGENT_JOB_REBOOTING:
        agent_job_act_rebooting(j);
        break;
    case AGENT_JOB_CONFIRMING:
        agent_job_act_confirming(j);
        break;
    case AGENT_JOB_FALLBACK:
        agent_job_act_fallback(j);
        break;
    case AGENT_JOB_FALLBACK_REBOOT:
        agent_job_act_fallback_reboot(j);
        break;
    }
}

bool agent_job_wrote(struct agent_job *j, enum gw_rc rc, const struct gw_err *err)
{
    if (rc && !j->disk_told)
        gw_log(GW_LOG_ERROR, "job", "%s; the job waits until it can be written", gw_err_text(err));
    else if (!rc && j->disk_told)
        gw_log(GW_LOG_INFO, "job", "%s: writing works again", j->set.dir);
    j->disk_told = rc != GW_OK;
    if (rc)
        agent_job_later(j, DISK_RETRY_MS);
    return !rc;
}

/* False: the disk does not take it; nothing may be done or said before it does. */
static bool flush(struct agent_job *j)
{
    struct gw_err err = {0};
    if (j->dirty && !j->damaged && !agent_job_wrote(j, agent_job_save(j, &err), &err))
        return false;
    j->dirty = false;
    return true;
}

void agent_job_step(struct agent_job *j, struct gw_mono now, struct gw_wall wall)
{
    j->now = now;
    j->wall = wall;
    j->look_at_ms = AGENT_JOB_NEVER;
    for (int i = 0; i < MOVES_MAX; i++) {
        if (!flush(j))
            return;
        agent_job_tell(j);
        act(j);
        if (!j->dirty)
            return;
    }
    j->look_at_ms = now.ms;
}

int64_t agent_job_wait_ms(const struct agent_job *j, struct gw_mono now)
{
    bool telling = j->up && j->rec.state && !j->rec.acked && !j->told && !j->dirty;
    int64_t at = telling && j->tell_at_ms < j->look_at_ms ? j->tell_at_ms : j->look_at_ms;
    return at == AGENT_JOB_NEVER ? -1 : at > now.ms ? at - now.ms : 0;
}

bool agent_job_running_known(const struct agent_job *j)
{
    return j->known;
}

const struct agent_job_record *agent_job_record(const struct agent_job *j)
{
    return &j->rec;
}

const char *agent_job_version(const struct agent_job *j)
{
    return j->version;
}

const char *agent_job_boot(const struct agent_job *j)
{
    return j->boot;
}
