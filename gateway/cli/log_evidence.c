#include "log_evidence.h"

#include <string.h>

#include "gw_cleanup.h"
#include "log_tiles.h"

const char *log_evidence_text(enum log_evidence_stored stored)
{
    switch (stored) {
    case LOG_EVIDENCE_SAME:
        return "same";
    case LOG_EVIDENCE_DIFFERS:
        return "differs";
    case LOG_EVIDENCE_NONE:
        return "none";
    }
    return "?";
}

/* The tile of level 0 with that index, as long as the log leaves it. */
static enum gw_rc fetch_tile(const struct log_source *log, uint64_t size, uint64_t index, struct gw_buf *tile,
                             struct gw_err *err)
{
    char file[TILE_PATH_MAX];
    struct tile_path path = log_tiles_at(size, 0, index);
    if (tile_path_format(&path, file))
        return gw_err_set(err, GW_INVALID, "the log is too long");
    tile->len = 0;
    enum gw_rc rc = log->fetch(log->ctx, file, tile, err);
    if (!rc && tile->len != (size_t)path.width * GW_SHA256_LEN)
        rc = gw_err_set(err, GW_CORRUPT, "%s has %zu bytes, not %d", file, tile->len, path.width * GW_SHA256_LEN);
    return rc;
}

enum gw_rc log_evidence_compare(const struct log_batch *batch, uint64_t size, const struct log_source *log,
                                const struct gw_sha256_ops *hash, struct log_evidence_event ret_events[],
                                struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf tile;
    gw_buf_init(&tile, LOG_CHECK_FILE_MAX);
    struct gw_view rest = batch->bundle, event;
    uint64_t at = UINT64_MAX; /* index of the tile at hand */
    for (uint32_t i = 0; i < batch->head.count && log_bundle_next(&rest, &event); i++) {
        struct log_evidence_event *e = &ret_events[i];
        *e = (struct log_evidence_event){batch->head.first + i, event.len, .stored = LOG_EVIDENCE_NONE};
        hash->leaf(event, &e->leaf);
        if (e->seq >= size)
            continue;
        enum gw_rc rc = e->seq / TILE_WIDTH == at ? GW_OK : fetch_tile(log, size, e->seq / TILE_WIDTH, &tile, err);
        if (rc)
            return rc;
        at = e->seq / TILE_WIDTH;
        const uint8_t *stored = tile.ptr + e->seq % TILE_WIDTH * GW_SHA256_LEN;
        bool same = memcmp(stored, e->leaf.bytes, GW_SHA256_LEN) == 0;
        e->stored = same ? LOG_EVIDENCE_SAME : LOG_EVIDENCE_DIFFERS;
    }
    return GW_OK;
}
