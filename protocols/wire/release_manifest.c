#include "release_manifest.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_hash.h"
#include "json.h"

struct parse {
    struct release *release;
    struct release_draft *draft; /* NULL: everything must be there */
    struct gw_err *err;
};

static bool absent(const struct json_value *object, const char *key)
{
    const struct json_value *value = json_find(object, key);
    return !value || json_kind_of(value) == JSON_KIND_NULL;
}

static enum gw_rc read_counter(const struct json_value *root, const char *key, uint64_t *ret_value, struct gw_err *err)
{
    int64_t value;
    enum gw_rc rc = json_i64(root, key, 0, RELEASE_COUNTER_MAX, &value, err);
    if (!rc)
        *ret_value = (uint64_t)value;
    return rc;
}

/* Lower case only: the same digest has one text. */
static enum gw_rc read_digest(const struct json_value *object, struct gw_sha256 *ret_digest, struct gw_err *err)
{
    struct gw_view text;
    enum gw_rc rc = json_hex(object, "sha256", ret_digest->bytes, GW_SHA256_LEN, err);
    if (!rc)
        rc = json_text(object, "sha256", &text, err);
    for (size_t i = 0; !rc && i < text.len; i++)
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'F')
            rc = gw_err_set(err, GW_INVALID, "sha256 must be in lower case");
    return rc;
}

/* `index`: its number among all files, for the draft. */
static enum gw_rc read_file(struct parse *p, const struct json_value *object, size_t index, struct release_file *file)
{
    enum gw_rc rc = json_str(object, "name", file->name, sizeof(file->name), p->err);
    if (!rc && !file->name[0])
        rc = gw_err_set(p->err, GW_INVALID, "name is empty");
    if (!rc)
        rc = json_str(object, "format", file->format, sizeof(file->format), p->err);
    if (rc)
        return rc;
    if (p->draft && absent(object, "sha256"))
        p->draft->no_digest[index] = true;
    else
        rc = read_digest(object, &file->sha256, p->err);
    if (rc)
        return rc;
    if (p->draft && absent(object, "size")) {
        p->draft->no_size[index] = true;
        return GW_OK;
    }
    int64_t size;
    rc = json_i64(object, "size", 0, RELEASE_FILE_BYTES_MAX, &size, p->err);
    if (!rc)
        file->size = (uint64_t)size;
    return rc;
}

static enum gw_rc read_artifact(struct parse *p, const struct json_value *object, size_t index)
{
    static const char *const keys[] = {"name", "format", "sha256", "size", "for", NULL};
    struct release_file *file = &p->release->artifacts[index];
    if (json_kind_of(object) != JSON_KIND_OBJECT)
        return gw_err_set(p->err, GW_INVALID, "it must be an object");
    enum gw_rc rc = json_only_keys(object, keys, p->err);
    if (!rc)
        rc = read_file(p, object, index, file);
    if (!rc && !absent(object, "for"))
        rc = json_str(object, "for", file->hardware, sizeof(file->hardware), p->err);
    return rc;
}

static enum gw_rc read_artifacts(struct parse *p, const struct json_value *root)
{
    const struct json_value *list;
    enum gw_rc rc = json_member(root, "artifacts", JSON_KIND_ARRAY, &list, p->err);
    if (rc)
        return rc;
    size_t count = json_count(list);
    if (count < 1 || count > RELEASE_ARTIFACTS_MAX)
        return gw_err_set(p->err, GW_INVALID, "artifacts must have 1 to %d items", RELEASE_ARTIFACTS_MAX);
    p->release->artifact_count = (uint16_t)count;
    for (size_t i = 0; i < count; i++) {
        rc = read_artifact(p, json_item(list, i), i);
        if (rc)
            return gw_err_wrap(p->err, rc, "artifacts[%zu]", i);
    }
    return GW_OK;
}

static enum gw_rc read_references(struct parse *p, const struct json_value *root)
{
    static const char *const keys[] = {"name", "format", "sha256", "size", NULL};
    struct release *r = p->release;
    const struct {
        const char *key;
        struct release_file *file;
    } refs[] = {{"sbom", &r->sbom}, {"advisory", &r->advisory}, {"notes", &r->notes}};
    size_t index = r->artifact_count;
    for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
        const struct json_value *object;
        if (absent(root, refs[i].key))
            continue;
        enum gw_rc rc = json_member(root, refs[i].key, JSON_KIND_OBJECT, &object, p->err);
        if (!rc)
            rc = json_only_keys(object, keys, p->err);
        if (!rc)
            rc = read_file(p, object, index++, refs[i].file);
        if (rc)
            return gw_err_wrap(p->err, rc, "%s", refs[i].key);
    }
    return GW_OK;
}

struct text_list {
    const char *key;
    char *items; /* max of them, each of `stride` bytes */
    size_t stride, max;
    uint16_t *count;
};

static enum gw_rc read_texts(const struct json_value *root, const struct text_list *out, struct gw_err *err)
{
    const struct json_value *list;
    enum gw_rc rc = json_member(root, out->key, JSON_KIND_ARRAY, &list, err);
    if (rc)
        return rc;
    size_t count = json_count(list);
    if (count > out->max)
        return gw_err_set(err, GW_INVALID, "%s must have at most %zu items", out->key, out->max);
    for (size_t i = 0; i < count; i++) {
        struct gw_view text;
        if (json_as_text(json_item(list, i), &text) ||
            gw_view_copy_str(text, out->items + i * out->stride, out->stride))
            return gw_err_set(err, GW_INVALID, "%s[%zu] must be a text of at most %zu bytes", out->key, i,
                              out->stride - 1);
    }
    *out->count = (uint16_t)count;
    return GW_OK;
}

static enum gw_rc read_lists(struct parse *p, const struct json_value *root)
{
    struct release *r = p->release;
    const struct text_list hardware = {"hardware", r->hardware[0], sizeof(r->hardware[0]), RELEASE_HARDWARE_MAX,
                                       &r->hardware_count};
    const struct text_list fixes = {"fixes", r->fixes[0], sizeof(r->fixes[0]), RELEASE_FIXES_MAX, &r->fix_count};
    enum gw_rc rc = read_texts(root, &hardware, p->err);
    if (!rc && !absent(root, "fixes"))
        rc = read_texts(root, &fixes, p->err);
    return rc;
}

static enum gw_rc read_head(struct parse *p, const struct json_value *root)
{
    struct release *r = p->release;
    enum gw_rc rc = json_str(root, "product", r->product, sizeof(r->product), p->err);
    if (!rc)
        rc = json_str(root, "version", r->version, sizeof(r->version), p->err);
    if (!rc)
        rc = read_counter(root, "release_counter", &r->release_counter, p->err);
    if (!rc)
        rc = read_counter(root, "security_floor", &r->security_floor, p->err);
    if (!rc)
        rc = json_str(root, "channel", r->channel, sizeof(r->channel), p->err);
    if (!rc && !absent(root, "security_only"))
        rc = json_bool(root, "security_only", &r->security_only, p->err);
    if (!rc && !absent(root, "min_version"))
        rc = json_str(root, "min_version", r->min_version, sizeof(r->min_version), p->err);
    return rc;
}

static enum gw_rc read_times(struct parse *p, const struct json_value *root)
{
    enum gw_rc rc = json_time(root, "expires_at", &p->release->expires_at, p->err);
    if (rc)
        return rc;
    if (p->draft && absent(root, "released_at")) {
        p->draft->no_released_at = true;
        return GW_OK;
    }
    return json_time(root, "released_at", &p->release->released_at, p->err);
}

static enum gw_rc read_all(struct parse *p, const struct json_value *root)
{
    static const char *const keys[] = {
        "product",    "version",     "release_counter", "security_floor", "channel",  "security_only", "fixes",
        "hardware",   "min_version", "artifacts",       "sbom",           "advisory", "notes",         "released_at",
        "expires_at", NULL};
    enum gw_rc rc = json_only_keys(root, keys, p->err);
    if (!rc)
        rc = read_head(p, root);
    if (!rc)
        rc = read_lists(p, root);
    if (!rc)
        rc = read_artifacts(p, root);
    if (!rc)
        rc = read_references(p, root);
    if (!rc)
        rc = read_times(p, root);
    if (!rc && !p->draft)
        rc = release_valid(p->release, p->err);
    return rc;
}

static enum gw_rc parse(struct gw_view json, struct release *ret_release, struct release_draft *draft,
                        struct gw_err *err)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum gw_rc rc = json_read(json, RELEASE_MANIFEST_MAX, &doc, err);
    if (rc)
        return rc;
    GW_FREE struct release *release = gw_xalloc(1, sizeof(*release));
    struct parse p = {release, draft, err};
    rc = read_all(&p, json_root(doc));
    if (!rc) {
        *ret_release = *release;
        return GW_OK;
    }
    rc = rc == GW_TOO_BIG ? rc : GW_INVALID; /* a missing member is told as GW_NOT_FOUND */
    if (err)
        err->rc = rc;
    return rc;
}

enum gw_rc release_manifest_parse(struct gw_view json, struct release *ret_release, struct gw_err *err)
{
    return parse(json, ret_release, NULL, err);
}

enum gw_rc release_manifest_parse_draft(struct gw_view json, struct release *ret_release,
                                        struct release_draft *ret_draft, struct gw_err *err)
{
    *ret_draft = (struct release_draft){0};
    return parse(json, ret_release, ret_draft, err);
}
