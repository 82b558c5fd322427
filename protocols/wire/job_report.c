#include "job_report.h"

#include <string.h>

#include "gw_cleanup.h"
#include "gw_utf8.h"

#define JOB_ACK_MAX 1024

static const char *const state_texts[] = {
    [JOB_STATE_ACCEPTED] = "accepted",       [JOB_STATE_DOWNLOADING] = "downloading",
    [JOB_STATE_DOWNLOADED] = "downloaded",   [JOB_STATE_INSTALLING] = "installing",
    [JOB_STATE_REBOOTING] = "rebooting",     [JOB_STATE_INSTALLED] = "installed",
    [JOB_STATE_FAILED] = "failed",           [JOB_STATE_REJECTED] = "rejected",
    [JOB_STATE_ROLLED_BACK] = "rolled_back", [JOB_STATE_CANCELLED] = "cancelled",
    [JOB_STATE_DEFERRED] = "deferred",
};

const char *job_state_text(enum job_state state)
{
    return state >= JOB_STATE_ACCEPTED && state <= JOB_STATE_DEFERRED ? state_texts[state] : "unknown";
}

enum gw_rc job_state_parse(struct gw_view text, enum job_state *ret_state)
{
    for (size_t i = JOB_STATE_ACCEPTED; i < sizeof(state_texts) / sizeof(state_texts[0]); i++)
        if (gw_view_eq_str(text, state_texts[i])) {
            *ret_state = (enum job_state)i;
            return GW_OK;
        }
    return GW_INVALID;
}

bool job_state_terminal(enum job_state state)
{
    return state >= JOB_STATE_INSTALLED && state <= JOB_STATE_CANCELLED;
}

static bool absent(const struct json_value *object, const char *key)
{
    return !json_has(object, key) || json_kind_of(json_find(object, key)) == JSON_KIND_NULL;
}

/* The head that report and acknowledgement share. */
static enum gw_rc read_head(const struct json_value *root, struct job_ack *out, struct gw_err *err)
{
    struct gw_view state = {0};
    enum gw_rc rc = json_str(root, "job", out->job, sizeof(out->job), err);
    if (!rc && !job_id_valid(gw_view_str(out->job)))
        rc = gw_err_set(err, GW_INVALID, "job breaks its grammar");
    if (!rc)
        rc = json_i64(root, "rev", 1, JOB_NUMBER_MAX, &out->rev, err);
    if (!rc)
        rc = json_text(root, "state", &state, err);
    if (!rc && job_state_parse(state, &out->state))
        rc = gw_err_set(err, GW_INVALID, "state is not known");
    return rc;
}

static bool code_valid(const char *code)
{
    for (; *code; code++)
        if (!(*code >= 'a' && *code <= 'z') && !(*code >= '0' && *code <= '9') && *code != '_')
            return false;
    return true;
}

static enum gw_rc read_text(const struct json_value *root, const char *key, char *out, size_t size, struct gw_err *err)
{
    return absent(root, key) ? GW_OK : json_str(root, key, out, size, err);
}

/* What does not fit loses its front. */
static enum gw_rc read_detail(const struct json_value *root, char out[JOB_REPORT_DETAIL_MAX + 1], struct gw_err *err)
{
    struct gw_view text;
    if (absent(root, "detail"))
        return GW_OK;
    enum gw_rc rc = json_text(root, "detail", &text, err);
    if (rc)
        return rc;
    size_t skip = text.len > JOB_REPORT_DETAIL_MAX ? text.len - JOB_REPORT_DETAIL_MAX : 0;
    while (skip > 0 && skip < text.len && (text.ptr[skip] & 0xc0) == 0x80) /* not within a character */
        skip++;
    (void)gw_utf8_clean(gw_view_make(text.ptr + skip, text.len - skip), out, JOB_REPORT_DETAIL_MAX + 1);
    return GW_OK;
}

static enum gw_rc read_report(const struct json_value *root, struct job_report *out, struct gw_err *err)
{
    struct job_ack head = {0};
    int64_t progress = 0;
    enum gw_rc rc = read_head(root, &head, err);
    memcpy(out->job, head.job, sizeof(out->job));
    out->rev = head.rev;
    out->state = head.state;
    if (!rc && !absent(root, "progress"))
        rc = json_i64(root, "progress", 0, 100, &progress, err);
    out->progress_pct = (unsigned)progress;
    if (!rc)
        rc = read_text(root, "code", out->code, sizeof(out->code), err);
    if (!rc && !code_valid(out->code))
        rc = gw_err_set(err, GW_INVALID, "code has other characters than a-z, 0-9 and '_'");
    if (!rc)
        rc = read_detail(root, out->detail, err);
    if (!rc)
        rc = read_text(root, "running", out->running, sizeof(out->running), err);
    if (!rc)
        rc = read_text(root, "boot", out->boot, sizeof(out->boot), err);
    if (!rc && !absent(root, "until"))
        rc = json_time(root, "until", &out->until, err);
    return rc;
}

enum gw_rc job_report_parse(struct gw_view payload, struct job_report *ret_report, struct gw_err *err)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct job_report out = {0};
    enum gw_rc rc = json_read(payload, JOB_REPORT_MAX, &doc, err);
    if (!rc)
        rc = read_report(json_root(doc), &out, err);
    if (rc)
        return gw_err_wrap(err, rc == GW_TOO_BIG ? rc : GW_INVALID, "job report");
    *ret_report = out;
    return GW_OK;
}

static void put_head(struct json_writer *w, const char *job, int64_t rev, enum job_state state)
{
    json_put_object(w, NULL);
    json_put_str(w, "job", job);
    json_put_i64(w, "rev", rev);
    json_put_str(w, "state", job_state_text(state));
}

enum gw_rc job_report_format(const struct job_report *report, struct gw_buf *ret_payload)
{
    struct json_writer w;
    json_writer_begin(&w, ret_payload);
    put_head(&w, report->job, report->rev, report->state);
    json_put_i64(&w, "progress", report->progress_pct);
    json_put_str(&w, "code", report->code);
    json_put_str(&w, "detail", report->detail);
    json_put_str(&w, "running", report->running);
    json_put_str(&w, "boot", report->boot);
    if (report->until.ms)
        json_put_time(&w, "until", report->until);
    json_put_end(&w);
    return json_writer_end(&w);
}

enum gw_rc job_ack_parse(struct gw_view payload, struct job_ack *ret_ack, struct gw_err *err)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct job_ack out = {0};
    enum gw_rc rc = json_read(payload, JOB_ACK_MAX, &doc, err);
    if (!rc)
        rc = read_head(json_root(doc), &out, err);
    if (rc)
        return gw_err_wrap(err, rc == GW_TOO_BIG ? rc : GW_INVALID, "job acknowledgement");
    *ret_ack = out;
    return GW_OK;
}

enum gw_rc job_ack_format(const struct job_ack *ack, struct gw_buf *ret_payload)
{
    struct json_writer w;
    json_writer_begin(&w, ret_payload);
    put_head(&w, ack->job, ack->rev, ack->state);
    json_put_end(&w);
    return json_writer_end(&w);
}
