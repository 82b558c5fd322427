/* The writing half of release_manifest.h. */
#include "gw_cleanup.h"
#include "json.h"
#include "release_manifest.h"

static void put_file_members(struct json_writer *w, const struct release_file *file)
{
    json_put_str(w, "name", file->name);
    json_put_str(w, "format", file->format);
    json_put_hex(w, "sha256", file->sha256.bytes, GW_SHA256_LEN);
    json_put_i64(w, "size", (int64_t)file->size);
}

static void put_reference(struct json_writer *w, const char *key, const struct release_file *file)
{
    if (!file->name[0]) {
        json_put_null(w, key);
        return;
    }
    json_put_object(w, key);
    put_file_members(w, file);
    json_put_end(w);
}

static const char *text_or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void put_head(struct json_writer *w, const struct release *r)
{
    json_put_str(w, "product", r->product);
    json_put_str(w, "version", r->version);
    json_put_i64(w, "release_counter", (int64_t)r->release_counter);
    json_put_i64(w, "security_floor", (int64_t)r->security_floor);
    json_put_str(w, "channel", r->channel);
    json_put_bool(w, "security_only", r->security_only);
    json_put_array(w, "fixes");
    for (size_t i = 0; i < r->fix_count; i++)
        json_put_str(w, NULL, r->fixes[i]);
    json_put_end(w);
    json_put_array(w, "hardware");
    for (size_t i = 0; i < r->hardware_count; i++)
        json_put_str(w, NULL, r->hardware[i]);
    json_put_end(w);
    json_put_str(w, "min_version", text_or_null(r->min_version));
}

static void put_files(struct json_writer *w, const struct release *r)
{
    json_put_array(w, "artifacts");
    for (size_t i = 0; i < r->artifact_count; i++) {
        json_put_object(w, NULL);
        put_file_members(w, &r->artifacts[i]);
        json_put_str(w, "for", text_or_null(r->artifacts[i].hardware));
        json_put_end(w);
    }
    json_put_end(w);
    put_reference(w, "sbom", &r->sbom);
    put_reference(w, "advisory", &r->advisory);
    put_reference(w, "notes", &r->notes);
}

enum gw_rc release_manifest_format(const struct release *release, struct gw_buf *ret_json, struct gw_err *err)
{
    enum gw_rc rc = release_valid(release, err);
    if (rc)
        return rc;
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    gw_buf_init(&json, RELEASE_MANIFEST_MAX);
    struct json_writer w;
    json_writer_begin(&w, &json);
    json_put_object(&w, NULL);
    put_head(&w, release);
    put_files(&w, release);
    json_put_time(&w, "released_at", release->released_at);
    json_put_time(&w, "expires_at", release->expires_at);
    json_put_end(&w);
    rc = json_writer_end(&w);
    if (!rc)
        rc = gw_buf_add_view(ret_json, gw_buf_view(&json));
    return rc ? gw_err_set(err, rc, "the manifest would be longer than %d bytes", RELEASE_MANIFEST_MAX) : GW_OK;
}
