#include "release_reader.h"

#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "release_files.h"
#include "release_manifest.h"
#include "ustar.h"

_Static_assert(RELEASE_FILES_MAX + 1 <= USTAR_FILES_MAX, "every file of a release fits into a container");
_Static_assert(RELEASE_ENVELOPE_MAX == DSSE_ENVELOPE_MAX, "one ceiling for envelopes");

struct release_reader {
    struct release_reader_sink sink;
    struct ustar_reader tar;
    struct gw_buf json; /* the envelope */
    struct release release;
    struct release_files files;
    const struct release_file *file; /* arriving; NULL while the envelope is */
    bool admitted;
    bool told; /* the failure has its check */
    enum gw_rc failed;
    struct release_refusal refusal;
};

/* Faults of the gateway or the moment, which say nothing about the release. */
static bool not_its_fault(enum gw_rc rc)
{
    return rc == GW_IO || rc == GW_AGAIN || rc == GW_CANCELLED || rc == GW_NO_MEMORY || rc == GW_TIMEOUT;
}

static enum gw_rc refuse(struct release_reader *r, struct gw_err *err, enum gw_rc rc, enum release_check check,
                         const char *file)
{
    struct gw_err why = err ? *err : (struct gw_err){.rc = rc};
    r->told = true;
    if (not_its_fault(rc))
        return rc;
    if (rc == GW_NO_SPACE)
        check = RELEASE_CHECK_SPACE;
    return release_refuse(&r->refusal, err, rc, check, file, "%s", gw_err_text(&why));
}

static enum gw_rc take_manifest(struct release_reader *r, const struct dsse_envelope *envelope, struct gw_err *err)
{
    enum gw_rc rc = r->sink.verify(r->sink.ctx, envelope, err);
    if (rc)
        return refuse(r, err, rc, RELEASE_CHECK_SIGNATURE, RELEASE_ENVELOPE_FILE);
    rc = release_manifest_parse(gw_buf_view(&envelope->payload), &r->release, err);
    if (rc)
        return refuse(r, err, rc, RELEASE_CHECK_MANIFEST, RELEASE_ENVELOPE_FILE);
    r->refusal = (struct release_refusal){.check = RELEASE_CHECK_MANIFEST, .file = RELEASE_ENVELOPE_FILE};
    rc = r->sink.admit(r->sink.ctx, &r->release, gw_buf_view(&r->json), &r->refusal, err);
    if (!rc || not_its_fault(rc))
        r->refusal = (struct release_refusal){0};
    r->admitted = rc == GW_OK;
    if (!rc)
        release_files_begin(&r->files, &r->release);
    return rc;
}

static enum gw_rc take_envelope(struct release_reader *r, struct gw_err *err)
{
    GW_CLEANUP(dsse_done) struct dsse_envelope envelope;
    dsse_init(&envelope);
    enum gw_rc rc = dsse_parse(gw_buf_view(&r->json), &envelope, err);
    if (!rc && strcmp(envelope.type, RELEASE_MANIFEST_TYPE) != 0)
        rc = gw_err_set(err, GW_UNSUPPORTED, "its payloadType is not %s", RELEASE_MANIFEST_TYPE);
    if (rc)
        return refuse(r, err, rc, RELEASE_CHECK_ENVELOPE, RELEASE_ENVELOPE_FILE);
    rc = take_manifest(r, &envelope, err);
    r->told = rc != GW_OK;
    return rc;
}

static enum gw_rc on_header(void *ctx, const char *name, uint64_t size, struct gw_err *err)
{
    struct release_reader *r = ctx;
    if (!r->admitted) {
        r->told = true;
        if (strcmp(name, RELEASE_ENVELOPE_FILE) != 0)
            return release_refuse(&r->refusal, err, GW_INVALID, RELEASE_CHECK_CONTAINER, name,
                                  "the first file must be %s", RELEASE_ENVELOPE_FILE);
        if (size > RELEASE_ENVELOPE_MAX)
            return release_refuse(&r->refusal, err, GW_TOO_BIG, RELEASE_CHECK_ENVELOPE, name,
                                  "it must have at most %d bytes", RELEASE_ENVELOPE_MAX);
        r->told = false;
        return GW_OK;
    }
    enum gw_rc rc = release_files_header(&r->files, name, size, &r->file, &r->refusal, err);
    r->told = rc != GW_OK;
    if (rc)
        return rc;
    rc = r->sink.file(r->sink.ctx, r->file, err);
    return rc ? refuse(r, err, rc, RELEASE_CHECK_FILES, name) : GW_OK;
}

static enum gw_rc on_data(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    struct release_reader *r = ctx;
    if (!r->file)
        return gw_buf_add_view(&r->json, bytes);
    enum gw_rc rc = r->sink.data(r->sink.ctx, bytes, err);
    return rc ? refuse(r, err, rc, RELEASE_CHECK_FILES, r->file->name) : GW_OK;
}

static enum gw_rc on_end(void *ctx, struct gw_err *err)
{
    struct release_reader *r = ctx;
    if (!r->file)
        return take_envelope(r, err);
    struct gw_sha256 sha256 = {{0}};
    enum gw_rc rc = r->sink.end(r->sink.ctx, r->file, &sha256, err);
    if (rc && rc != GW_CORRUPT)
        return refuse(r, err, rc, RELEASE_CHECK_FILES, r->file->name);
    enum gw_rc digest_rc = release_files_end(&r->files, &sha256, &r->refusal, err);
    if (!digest_rc && rc)
        return refuse(r, err, rc, RELEASE_CHECK_DIGEST, r->file->name);
    r->told = digest_rc != GW_OK;
    return digest_rc;
}

struct release_reader *release_reader_new(const struct release_reader_sink *sink, uint64_t max_bytes)
{
    struct release_reader *r = gw_xalloc(1, sizeof(*r));
    const struct ustar_sink tar = {r, on_header, on_data, on_end};
    r->sink = *sink;
    ustar_reader_begin(&r->tar, &tar, max_bytes);
    gw_buf_init(&r->json, RELEASE_ENVELOPE_MAX);
    return r;
}

void release_reader_free(struct release_reader *r)
{
    if (!r)
        return;
    gw_buf_done(&r->json);
    free(r);
}

void release_reader_cleanup(struct release_reader **r)
{
    release_reader_free(*r);
    *r = NULL;
}

/* A failure that has no check yet is one of the container itself. */
static enum gw_rc settle(struct release_reader *r, enum gw_rc rc, struct gw_err *err)
{
    if (rc && !r->told && !r->failed) {
        const char *file = ustar_reader_file(&r->tar);
        rc = refuse(r, err, rc, RELEASE_CHECK_CONTAINER, file[0] ? file : RELEASE_ENVELOPE_FILE);
    }
    r->failed = rc;
    return rc;
}

enum gw_rc release_reader_feed(struct release_reader *r, struct gw_view bytes, struct gw_err *err)
{
    struct gw_err why = {0};
    if (r->failed)
        return gw_err_set(err, r->failed, "the container was refused before");
    enum gw_rc rc = settle(r, ustar_reader_feed(&r->tar, bytes, &why), &why);
    if (rc && err)
        *err = why;
    return rc;
}

enum gw_rc release_reader_finish(struct release_reader *r, struct gw_err *err)
{
    struct gw_err why = {0};
    if (r->failed)
        return gw_err_set(err, r->failed, "the container was refused before");
    enum gw_rc rc = settle(r, ustar_reader_finish(&r->tar, &why), &why);
    if (!rc && !r->admitted)
        rc = r->failed = release_refuse(&r->refusal, &why, GW_INVALID, RELEASE_CHECK_CONTAINER, RELEASE_ENVELOPE_FILE,
                                        "it is missing");
    if (!rc)
        rc = r->failed = release_files_finish(&r->files, &r->refusal, &why);
    if (rc && err)
        *err = why;
    return rc;
}

const struct release_refusal *release_reader_refusal(const struct release_reader *r)
{
    return &r->refusal;
}
