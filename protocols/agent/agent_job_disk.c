/* "state" is one line of JSON and behind it the payload of the job; "started" is a line an attempt. */
#include <string.h>

#include "agent_job_internal.h"
#include "gw_cleanup.h"
#include "gw_fs.h"

#define STATE_MAX   (JOB_PAYLOAD_MAX + 8192)
#define STARTED_MAX (AGENT_JOB_STARTED_MAX * (JOB_ID_MAX + 2))
#define LINE_MAX_B  8192
#define FORMAT      1

static void put_head(struct json_writer *w, const struct agent_job_record *r)
{
    json_put_i64(w, "format", FORMAT);
    json_put_i64(w, "n", r->n);
    json_put_i64(w, "floor", (int64_t)r->floor);
    json_put_i64(w, "counter", (int64_t)r->counter);
    json_put_str(w, "counter_version", r->counter_version);
    json_put_i64(w, "step", r->step);
    json_put_i64(w, "state", r->state);
    json_put_i64(w, "outcome", r->outcome);
    json_put_bool(w, "acked", r->acked);
}

static void put_job(struct json_writer *w, const struct agent_job_record *r)
{
    json_put_str(w, "job", r->job);
    json_put_str(w, "attempt", r->attempt);
    json_put_i64(w, "rev", r->rev);
    json_put_i64(w, "kind", r->kind);
    json_put_str(w, "code", r->code);
    json_put_str(w, "detail", r->detail);
    json_put_i64(w, "until", r->until.ms);
    json_put_str(w, "target", r->target);
    json_put_i64(w, "target_counter", (int64_t)r->target_counter);
    json_put_i64(w, "target_floor", (int64_t)r->target_floor);
    json_put_str(w, "boot", r->boot);
    json_put_i64(w, "mono", r->mono_ms);
    json_put_i64(w, "tries", r->tries);
}

enum gw_rc agent_job_save(struct agent_job *j, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct json_writer w;
    gw_buf_init(&text, STATE_MAX);
    json_writer_begin(&w, &text);
    json_put_object(&w, NULL);
    put_head(&w, &j->rec);
    put_job(&w, &j->rec);
    json_put_end(&w);
    enum gw_rc rc = json_writer_end(&w);
    (void)gw_buf_add_u8(&text, '\n');
    rc = rc ? rc : gw_buf_add_view(&text, gw_buf_view(&j->payload));
    if (rc)
        return gw_err_set(err, rc, "%s", j->state_path);
    return gw_fs_replace(j->set.fs, j->state_path, gw_buf_view(&text), 0600, err);
}

/* Integers of the record, each with its bounds; texts are bounded by their places. */
struct number {
    const char *key;
    int64_t min, max, value;
};
enum {
    N_FORMAT,
    N_N,
    N_FLOOR,
    N_COUNTER,
    N_STEP,
    N_STATE,
    N_OUTCOME,
    N_REV,
    N_KIND,
    N_UNTIL,
    N_TCOUNTER,
    N_TFLOOR,
    N_MONO,
    N_TRIES,
    N_COUNT
};

static enum gw_rc read_numbers(const struct json_value *root, struct agent_job_record *r)
{
    struct number list[N_COUNT] = {
        [N_FORMAT] = {"format", FORMAT, FORMAT, 0},
        [N_N] = {"n", 0, JOB_NUMBER_MAX, 0},
        [N_FLOOR] = {"floor", 0, RELEASE_COUNTER_MAX, 0},
        [N_COUNTER] = {"counter", 0, RELEASE_COUNTER_MAX, 0},
        [N_STEP] = {"step", AGENT_JOB_IDLE, AGENT_JOB_DONE, 0},
        [N_STATE] = {"state", 0, JOB_STATE_DEFERRED, 0},
        [N_OUTCOME] = {"outcome", 0, JOB_STATE_DEFERRED, 0},
        [N_REV] = {"rev", 0, JOB_NUMBER_MAX, 0},
        [N_KIND] = {"kind", 0, JOB_RENEW_CERT, 0},
        [N_UNTIL] = {"until", 0, INT64_MAX, 0},
        [N_TCOUNTER] = {"target_counter", 0, RELEASE_COUNTER_MAX, 0},
        [N_TFLOOR] = {"target_floor", 0, RELEASE_COUNTER_MAX, 0},
        [N_MONO] = {"mono", 0, INT64_MAX, 0},
        [N_TRIES] = {"tries", 0, UINT32_MAX, 0},
    };
    for (size_t i = 0; i < N_COUNT; i++)
        if (json_i64(root, list[i].key, list[i].min, list[i].max, &list[i].value, NULL))
            return GW_CORRUPT;
    r->n = list[N_N].value;
    r->floor = (uint64_t)list[N_FLOOR].value;
    r->counter = (uint64_t)list[N_COUNTER].value;
    r->step = (enum agent_job_step)list[N_STEP].value;
    r->state = (enum job_state)list[N_STATE].value;
    r->outcome = (enum job_state)list[N_OUTCOME].value;
    r->rev = list[N_REV].value;
    r->kind = (enum job_kind)list[N_KIND].value;
    r->until.ms = list[N_UNTIL].value;
    r->target_counter = (uint64_t)list[N_TCOUNTER].value;
    r->target_floor = (uint64_t)list[N_TFLOOR].value;
    r->mono_ms = list[N_MONO].value;
    r->tries = (unsigned)list[N_TRIES].value;
    return GW_OK;
}

static enum gw_rc read_texts(const struct json_value *root, struct agent_job_record *r)
{
    const struct {
        const char *key;
        char *out;
        size_t size;
    } list[] = {
        {"counter_version", r->counter_version, sizeof(r->counter_version)},
        {"job", r->job, sizeof(r->job)},
        {"attempt", r->attempt, sizeof(r->attempt)},
        {"code", r->code, sizeof(r->code)},
        {"detail", r->detail, sizeof(r->detail)},
        {"target", r->target, sizeof(r->target)},
        {"boot", r->boot, sizeof(r->boot)},
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if (json_str(root, list[i].key, list[i].out, list[i].size, NULL))
            return GW_CORRUPT;
    return json_bool(root, "acked", &r->acked, NULL) ? GW_CORRUPT : GW_OK;
}

static enum gw_rc parse_state(struct agent_job *j, struct gw_view text)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct agent_job_record r = {0};
    struct gw_view payload, line = gw_view_cut(text, '\n', &payload);
    if (json_read(line, LINE_MAX_B, &doc, NULL) || read_numbers(json_root(doc), &r) || read_texts(json_root(doc), &r) ||
        gw_buf_add_view(&j->payload, payload))
        return GW_CORRUPT;
    j->rec = r;
    return GW_OK;
}

static enum gw_rc parse_started(struct agent_job *j, struct gw_view text)
{
    while (text.len > 0) {
        struct gw_view line = gw_view_cut(text, '\n', &text);
        if (!job_id_valid(line) || j->started_count == AGENT_JOB_STARTED_MAX ||
            gw_view_copy_str(line, j->started[j->started_count], JOB_ID_MAX + 1))
            return GW_CORRUPT;
        j->started_count++;
    }
    return GW_OK;
}

enum gw_rc agent_job_load(struct agent_job *j, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf state;
    GW_CLEANUP(gw_buf_done) struct gw_buf started;
    gw_buf_init(&state, STATE_MAX);
    gw_buf_init(&started, STARTED_MAX);
    enum gw_rc rc = gw_fs_read_file(j->state_path, &state, err);
    enum gw_rc rc2 = gw_fs_read_file(j->started_path, &started, err);
    if (rc == GW_NOT_FOUND && rc2 == GW_NOT_FOUND)
        return GW_OK;
    if (rc == GW_IO || rc == GW_DENIED || rc2 == GW_IO || rc2 == GW_DENIED)
        return rc ? rc : rc2;
    /* "started" is never made before "state" */
    if (rc || (rc2 && rc2 != GW_NOT_FOUND) || parse_state(j, gw_buf_view(&state)) ||
        parse_started(j, gw_buf_view(&started))) {
        j->damaged = true;
        j->rec = (struct agent_job_record){0};
        gw_buf_reset(&j->payload);
    }
    return GW_OK;
}

bool agent_job_was_started(const struct agent_job *j, const char *attempt)
{
    for (size_t i = 0; i < j->started_count; i++)
        if (strcmp(j->started[i], attempt) == 0)
            return true;
    return false;
}

enum gw_rc agent_job_note_started(struct agent_job *j, const char *attempt, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    size_t from = j->started_count == AGENT_JOB_STARTED_MAX ? 1 : 0;
    gw_buf_init(&text, STARTED_MAX);
    for (size_t i = from; i < j->started_count; i++)
        (void)gw_buf_printf(&text, "%s\n", j->started[i]);
    enum gw_rc rc = gw_buf_printf(&text, "%s\n", attempt);
    if (!rc)
        rc = gw_fs_replace(j->set.fs, j->started_path, gw_buf_view(&text), 0600, err);
    if (rc)
        return rc;
    memmove(j->started[0], j->started[from], sizeof(j->started[0]) * (j->started_count - from));
    j->started_count -= from;
    (void)snprintf(j->started[j->started_count++], JOB_ID_MAX + 1, "%s", attempt);
    return GW_OK;
}
