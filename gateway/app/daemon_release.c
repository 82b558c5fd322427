#include "bulk_hash.h"
#include "daemon_internal.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_log.h"

static enum gw_rc open_blobs(struct daemon *d, struct gw_err *err)
{
    char dir[OPTIONS_PATH_MAX + 64];
    options_path(dir, d->options->state, "blobs");
    const struct blob_store_options options = {
        .dir = dir,
        .sha = bulk_hash_ops(),
        .max_bytes = (uint64_t)d->config.artifacts_gib << 30,
        .reserve_bytes = (uint64_t)d->config.artifacts_spare_mib << 20,
    };
    return blob_store_open(&options, &d->blobs, err);
}

enum gw_rc daemon_init_releases(struct daemon *d, struct gw_err *err)
{
    char path[OPTIONS_PATH_MAX + 64];
    options_path(path, d->options->state, "state.db");
    const struct repo_options read_only = {.read_only = true};
    enum gw_rc rc = open_blobs(d, err);
    if (!rc)
        rc = repo_open(path, &read_only, &d->import_repo, err);
    if (rc)
        return rc;
    daemon_init_responder(d);
    const struct import_thread_config config = {
        .parts = {.blob = blob_store_port(d->blobs),
                  .store = repo_store(d->import_repo),
                  .hash = bulk_hash_ops(),
                  .threshold = (unsigned)d->config.release_threshold},
        .inbox = inbox_queue_inner_port(d->core.queue),
        .responder = d->responder,
    };
    rc = import_thread_new(&config, &d->imports, err);
    if (rc)
        return rc;
    d->core.operate.releases =
        (struct releases){.threshold = config.parts.threshold, .imports = import_thread_port(d->imports)};
    return GW_OK;
}

static enum gw_rc open_artifact(struct daemon *d, const struct work *work, struct artifact_file *ret_file,
                                struct gw_err *err)
{
    const struct blob blob = blob_store_port(d->blobs);
    GW_CLOSE int fd = -1;
    uint64_t size = 0;
    enum gw_rc rc = blob.ops->open(blob.self, &work->sha256, &fd, &size, err);
    if (!rc && size != work->size)
        rc = gw_err_set(err, GW_CORRUPT, "%llu bytes, not the %llu of the release", (unsigned long long)size,
                        (unsigned long long)work->size);
    if (rc)
        return rc;
    *ret_file = (struct artifact_file){.fd = fd, .size = size, .sha256 = work->sha256};
    fd = -1;
    return GW_OK;
}

static void post_unread(struct daemon *d, const struct work *work)
{
    struct inbox port = inbox_queue_inner_port(d->core.queue);
    const struct inbox_msg msg = {.kind = INBOX_UNREAD, .u.artifact = work->artifact};
    (void)!port.post(port.self, &msg); /* full: the device asks again */
}

void daemon_artifact(void *ctx, const struct work *work)
{
    struct daemon *d = ctx;
    struct artifact_file file;
    struct gw_err err = {0};
    enum gw_rc rc = open_artifact(d, work, &file, &err);
    if (!rc) {
        artifact_send(d->artifact, work->asker.ticket, &file);
        return;
    }
    char digest[2 * GW_SHA256_LEN + 1];
    gw_hex_format(work->sha256.bytes, GW_SHA256_LEN, digest);
    gw_log(GW_LOG_ERROR, "artifacts", "%s: %s", digest, gw_err_text(&err));
    if (rc == GW_CORRUPT || rc == GW_NOT_FOUND)
        post_unread(d, work);
    const struct answer refusal = {
        .kind = ANSWER_DONE, .asker = work->asker, .rc = GW_AGAIN, .text = "the gateway cannot read this file now"};
    artifact_answer(d->artifact, &refusal);
}
