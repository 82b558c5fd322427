#include "import_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto_dsse.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "releases.h"

#define PART "import"

struct keys {
    struct vendor_key at[VENDOR_KEYS_MAX];
    size_t count;
};

static bool gather_key(void *ctx, const struct vendor_key *key)
{
    struct keys *k = ctx;
    if (key->removed.ms == 0 && k->count < VENDOR_KEYS_MAX)
        k->at[k->count++] = *key;
    return true;
}

static enum gw_rc on_verify(void *ctx, const struct dsse_envelope *envelope, struct gw_err *err)
{
    struct import_run *run = ctx;
    struct import_outcome *o = run->outcome;
    struct keys keys = {.count = 0};
    struct crypto_dsse_result result = {.signers = 0};
    enum gw_rc rc = run->parts->store.ops->vendor_key_each(run->parts->store.self, gather_key, &keys, err);
    if (!rc)
        rc = crypto_dsse_verify(envelope, keys.at, keys.count, run->parts->threshold, &result, err);
    for (unsigned i = 0; !rc && i < result.signers && i < VENDOR_SIGNERS_MAX; i++)
        (void)snprintf(o->signers[o->signer_count++], sizeof(o->signers[0]), "%s", keys.at[result.keys[i]].keyid);
    struct gw_sha256 digest;
    run->parts->hash->digest(gw_buf_view(&envelope->payload), &digest);
    gw_hex_format(digest.bytes, RELEASE_ID_LEN / 2, o->id);
    return rc;
}

/* Better said now than after gigabytes have come. */
static enum gw_rc check_room(struct import_run *run, const struct release *release, struct release_refusal *ret_refusal,
                             struct gw_err *err)
{
    struct blob_stats stats;
    uint64_t need = release_bytes(release);
    enum gw_rc rc = run->parts->blob.ops->stats(run->parts->blob.self, &stats, err);
    if (rc)
        return rc;
    uint64_t taken = stats.bytes + stats.staged_bytes;
    uint64_t quota = taken < stats.max_bytes ? stats.max_bytes - taken : 0;
    uint64_t disk = stats.free_bytes > stats.reserve_bytes ? stats.free_bytes - stats.reserve_bytes : 0;
    if (need <= quota && need <= disk)
        return GW_OK;
    bool full = need <= quota; /* it is the disk that has too little */
    return release_refuse(ret_refusal, err, GW_NO_SPACE, RELEASE_CHECK_SPACE, RELEASE_ENVELOPE_FILE,
                          "the release needs %llu KiB, %s %llu: %s", (unsigned long long)((need + 1023) >> 10),
                          full ? "the disk has" : "the quota leaves", (unsigned long long)((full ? disk : quota) >> 10),
                          full ? "make room on it, or lower release.spare_mib"
                               : "withdraw releases, or raise release.artifacts_gib");
}

static enum gw_rc on_admit(void *ctx, const struct release *release, struct gw_view json,
                           struct release_refusal *ret_refusal, struct gw_err *err)
{
    struct import_run *run = ctx;
    struct import_outcome *o = run->outcome;
    struct release_trust trust = {.signers = o->signer_count, .threshold = run->parts->threshold};
    if (json.len > sizeof(o->envelope))
        return gw_err_set(err, GW_TOO_BIG, "the envelope has more than %zu bytes", sizeof(o->envelope));
    o->release = *release;
    o->has_release = true;
    memcpy(o->envelope, json.ptr, json.len);
    o->envelope_len = (uint32_t)json.len;
    enum gw_rc rc = releases_admit(&run->parts->store, release, &trust, gw_wall_now(), ret_refusal, err);
    return rc ? rc : check_room(run, release, ret_refusal, err);
}

static enum gw_rc on_file(void *ctx, const struct release_file *file, struct gw_err *err)
{
    struct import_run *run = ctx;
    if (run->parts->progress)
        run->parts->progress(run->parts->progress_ctx, file->name);
    return run->parts->blob.ops->stage(run->parts->blob.self, file->size, &run->stage, err);
}

static enum gw_rc on_data(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    struct import_run *run = ctx;
    return run->parts->blob.ops->append(run->parts->blob.self, run->stage, bytes, err);
}

static enum gw_rc on_end(void *ctx, const struct release_file *file, struct gw_sha256 *ret_sha256, struct gw_err *err)
{
    struct import_run *run = ctx;
    enum gw_rc rc =
        run->parts->blob.ops->commit(run->parts->blob.self, GW_TAKE(run->stage), &file->sha256, ret_sha256, err);
    if (!rc && run->kept_count < RELEASE_FILES_MAX)
        run->kept[run->kept_count++] = file->sha256;
    return rc;
}

void import_run_begin(struct import_run *run, const struct import_parts *parts, const struct actor *actor)
{
    *run = (struct import_run){.parts = parts};
    const struct release_reader_sink sink = {run, on_verify, on_admit, on_file, on_data, on_end};
    run->outcome = gw_xalloc(1, sizeof(*run->outcome));
    run->outcome->actor = *actor;
    run->reader = release_reader_new(&sink, (uint64_t)HTTP_STREAM_MAX);
}

static enum gw_rc note(struct import_run *run, enum gw_rc rc, const struct gw_err *err)
{
    if (!rc)
        return rc;
    import_run_cancel(run, rc, gw_err_text(err));
    run->outcome->refusal = *release_reader_refusal(run->reader);
    return rc;
}

enum gw_rc import_run_feed(struct import_run *run, struct gw_view bytes)
{
    struct gw_err err = {.rc = GW_OK};
    return note(run, release_reader_feed(run->reader, bytes, &err), &err);
}

enum gw_rc import_run_finish(struct import_run *run)
{
    struct gw_err err = {.rc = GW_OK};
    return note(run, release_reader_finish(run->reader, &err), &err);
}

void import_run_cancel(struct import_run *run, enum gw_rc rc, const char *why)
{
    run->outcome->rc = rc;
    (void)snprintf(run->outcome->why, sizeof(run->outcome->why), "%s", why);
}

void import_run_undo(struct import_run *run)
{
    const struct import_parts *p = run->parts;
    p->blob.ops->abort(p->blob.self, GW_TAKE(run->stage));
    for (; run->kept_count; run->kept_count--) {
        const struct gw_sha256 *sha256 = &run->kept[run->kept_count - 1];
        int64_t refs = 0;
        struct gw_err err = {.rc = GW_OK};
        enum gw_rc rc = p->store.ops->release_refs(p->store.self, sha256, &refs, &err);
        if (!rc && refs == 0)
            rc = p->blob.ops->remove(p->blob.self, sha256, &err);
        if (rc && rc != GW_NOT_FOUND) /* the next start collects it */
            gw_log(GW_LOG_WARN, PART, "an artifact that nobody needs stays: %s", gw_err_text(&err));
    }
}

void import_run_done(struct import_run *run)
{
    run->parts->blob.ops->abort(run->parts->blob.self, GW_TAKE(run->stage));
    release_reader_free(run->reader);
    run->reader = NULL;
    free(run->outcome);
    run->outcome = NULL;
}
