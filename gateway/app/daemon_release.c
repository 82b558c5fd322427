#include "bulk_hash.h"
#include "daemon_internal.h"

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
