#include "job.h"

#include <string.h>

#include "gw_cleanup.h"

static const char *const kind_texts[] = {
    [JOB_UPDATE] = "update",   [JOB_ROLLBACK] = "rollback",     [JOB_FACTORY_RESET] = "factory_reset",
    [JOB_COLLECT] = "collect", [JOB_RENEW_CERT] = "renew_cert",
};

const char *job_kind_text(enum job_kind kind)
{
    return kind >= JOB_UPDATE && kind <= JOB_RENEW_CERT ? kind_texts[kind] : "unknown";
}

enum gw_rc job_kind_parse(struct gw_view text, enum job_kind *ret_kind)
{
    for (size_t i = JOB_UPDATE; i < sizeof(kind_texts) / sizeof(kind_texts[0]); i++)
        if (gw_view_eq_str(text, kind_texts[i])) {
            *ret_kind = (enum job_kind)i;
            return GW_OK;
        }
    return GW_INVALID;
}

bool job_kind_has_release(enum job_kind kind)
{
    return kind == JOB_UPDATE || kind == JOB_ROLLBACK;
}

static bool is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

bool job_id_valid(struct gw_view id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!is_word(id.ptr[i]))
            return false;
    return id.len >= 1 && id.len <= JOB_ID_MAX;
}

bool job_path_valid(struct gw_view path)
{
    if (path.len > JOB_PATH_MAX || path.len == strlen(JOB_PATH_PREFIX) || !gw_view_starts(path, JOB_PATH_PREFIX))
        return false;
    for (size_t i = 0; i < path.len; i++) {
        uint8_t c = path.ptr[i], before = i ? path.ptr[i - 1] : 0;
        if (!is_word(c) && c != '.' && c != '/')
            return false;
        if (before == c && (c == '/' || c == '.'))
            return false;
    }
    return true;
}

void job_message_done(struct job_message *message)
{
    dsse_done(&message->job.envelope);
}

/* Missing or null. */
static bool absent(const struct json_value *object, const char *key)
{
    return !json_has(object, key) || json_kind_of(json_find(object, key)) == JSON_KIND_NULL;
}

static enum gw_rc read_id(const struct json_value *object, const char *key, char out[JOB_ID_MAX + 1],
                          struct gw_err *err)
{
    enum gw_rc rc = json_str(object, key, out, JOB_ID_MAX + 1, err);
    if (!rc && !job_id_valid(gw_view_str(out)))
        rc = gw_err_set(err, GW_INVALID, "%s must be 1 to %d of A-Z, a-z, 0-9, '-' and '_'", key, JOB_ID_MAX);
    return rc;
}

static enum gw_rc read_kind(const struct json_value *object, enum job_kind *ret_kind, struct gw_err *err)
{
    struct gw_view text;
    enum gw_rc rc = json_text(object, "kind", &text, err);
    if (!rc && job_kind_parse(text, ret_kind))
        rc = gw_err_set(err, GW_INVALID, "kind is not known");
    return rc;
}

static enum gw_rc read_artifact(const struct json_value *object, struct job_artifact *out, struct gw_err *err)
{
    const struct json_value *artifact;
    int64_t size = 0;
    if (absent(object, "artifact"))
        return GW_OK;
    enum gw_rc rc = json_member(object, "artifact", JSON_KIND_OBJECT, &artifact, err);
    if (!rc)
        rc = json_str(artifact, "name", out->name, sizeof(out->name), err);
    if (!rc && !release_file_name_valid(gw_view_str(out->name)))
        rc = gw_err_set(err, GW_INVALID, "name of the artifact breaks its grammar");
    if (!rc)
        rc = json_hex(artifact, "sha256", out->sha256.bytes, GW_SHA256_LEN, err);
    if (!rc)
        rc = json_i64(artifact, "size", 0, RELEASE_FILE_BYTES_MAX, &size, err);
    if (!rc)
        rc = json_str(artifact, "format", out->format, sizeof(out->format), err);
    out->size = (uint64_t)size;
    return rc;
}

static enum gw_rc read_paths(const struct json_value *object, struct job *out, struct gw_err *err)
{
    const struct json_value *list;
    if (absent(object, "paths"))
        return GW_OK;
    enum gw_rc rc = json_member(object, "paths", JSON_KIND_ARRAY, &list, err);
    if (rc)
        return rc;
    size_t count = json_count(list);
    if (count > JOB_PATHS_MAX)
        return gw_err_set(err, GW_INVALID, "paths has more than %d items", JOB_PATHS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct gw_view path;
        if (json_as_text(json_item(list, i), &path) || !job_path_valid(path) ||
            gw_view_copy_str(path, out->paths[i], sizeof(out->paths[i])))
            return gw_err_set(err, GW_INVALID, "paths[%zu] is no plain path below " JOB_PATH_PREFIX, i);
    }
    out->path_count = count;
    return GW_OK;
}

static enum gw_rc read_time(const struct json_value *object, const char *key, struct gw_wall *out, struct gw_err *err)
{
    return absent(object, key) ? GW_OK : json_time(object, key, out, err);
}

static enum gw_rc read_envelope(const struct json_value *object, struct job *out, struct gw_err *err)
{
    const struct json_value *envelope;
    if (absent(object, "envelope"))
        return job_kind_has_release(out->kind) ? gw_err_set(err, GW_INVALID, "envelope is missing") : GW_OK;
    enum gw_rc rc = json_member(object, "envelope", JSON_KIND_OBJECT, &envelope, err);
    dsse_init(&out->envelope);
    return rc ? rc : dsse_read(envelope, &out->envelope, err);
}

static enum gw_rc read_job(const struct json_value *object, struct job *out, struct gw_err *err)
{
    enum gw_rc rc = read_id(object, "job", out->job, err);
    if (!rc)
        rc = json_i64(object, "rev", 1, JOB_NUMBER_MAX, &out->rev, err);
    if (!rc)
        rc = read_kind(object, &out->kind, err);
    if (!rc)
        rc = read_id(object, "attempt", out->attempt, err);
    if (!rc)
        rc = read_artifact(object, &out->artifact, err);
    if (!rc)
        rc = read_paths(object, out, err);
    if (!rc)
        rc = read_time(object, "not_before", &out->not_before, err);
    if (!rc)
        rc = read_time(object, "deadline", &out->deadline, err);
    if (!rc)
        rc = read_time(object, "postpone_until_max", &out->postpone_until_max, err);
    if (!rc && !absent(object, "advisory"))
        rc = json_str(object, "advisory", out->advisory, sizeof(out->advisory), err);
    return rc ? rc : read_envelope(object, out, err);
}

static enum gw_rc read_message(const struct json_value *root, struct job_message *out, struct gw_err *err)
{
    const struct json_value *job;
    enum gw_rc rc = json_i64(root, "n", 0, JOB_NUMBER_MAX, &out->n, err);
    if (rc)
        return rc;
    if (!json_has(root, "job"))
        return gw_err_set(err, GW_INVALID, "job is missing");
    if (absent(root, "job"))
        return GW_OK;
    out->has_job = true;
    rc = json_member(root, "job", JSON_KIND_OBJECT, &job, err);
    return rc ? rc : read_job(job, &out->job, err);
}

enum gw_rc job_message_parse(struct gw_view payload, struct job_message *ret_message, struct gw_err *err)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct job_message out = {0};
    enum gw_rc rc = json_read(payload, JOB_PAYLOAD_MAX, &doc, err);
    if (!rc)
        rc = read_message(json_root(doc), &out, err);
    if (rc) {
        job_message_done(&out);
        return gw_err_wrap(err, rc == GW_TOO_BIG ? rc : GW_INVALID, "job");
    }
    *ret_message = out;
    return GW_OK;
}

static void put_artifact(struct json_writer *w, const struct job_artifact *artifact)
{
    if (!artifact->name[0])
        return;
    json_put_object(w, "artifact");
    json_put_str(w, "name", artifact->name);
    json_put_hex(w, "sha256", artifact->sha256.bytes, GW_SHA256_LEN);
    json_put_i64(w, "size", (int64_t)artifact->size);
    json_put_str(w, "format", artifact->format);
    json_put_end(w);
}

static void put_time(struct json_writer *w, const char *key, struct gw_wall t)
{
    if (t.ms)
        json_put_time(w, key, t);
}

static void put_job(struct json_writer *w, const struct job *job)
{
    json_put_object(w, "job");
    json_put_str(w, "job", job->job);
    json_put_i64(w, "rev", job->rev);
    json_put_str(w, "kind", job_kind_text(job->kind));
    json_put_str(w, "attempt", job->attempt);
    if (job->envelope.type[0])
        dsse_write(w, "envelope", &job->envelope);
    put_artifact(w, &job->artifact);
    json_put_array(w, "paths");
    for (size_t i = 0; i < job->path_count; i++)
        json_put_str(w, NULL, job->paths[i]);
    json_put_end(w);
    put_time(w, "not_before", job->not_before);
    put_time(w, "deadline", job->deadline);
    put_time(w, "postpone_until_max", job->postpone_until_max);
    if (job->advisory[0])
        json_put_str(w, "advisory", job->advisory);
    json_put_end(w);
}

enum gw_rc job_message_format(const struct job_message *message, struct gw_buf *ret_payload, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    GW_CLEANUP(job_message_done) struct job_message again = {0};
    struct json_writer w;
    gw_buf_init(&text, JOB_PAYLOAD_MAX);
    json_writer_begin(&w, &text);
    json_put_object(&w, NULL);
    json_put_i64(&w, "n", message->n);
    if (message->has_job)
        put_job(&w, &message->job);
    else
        json_put_null(&w, "job");
    json_put_end(&w);
    enum gw_rc rc = json_writer_end(&w);
    if (rc)
        return gw_err_set(err, rc, "job: more than %d bytes", JOB_PAYLOAD_MAX);
    rc = job_message_parse(gw_buf_view(&text), &again, err);
    return rc ? rc : gw_buf_add_view(ret_payload, gw_buf_view(&text));
}
