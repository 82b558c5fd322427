/* A look into a container, with nobody but the reader of it trusted. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli_release.h"
#include "crypto_dsse.h"
#include "crypto_hash.h"
#include "gw_cleanup.h"
#include "release_reader.h"

#define READ_SIZE ((size_t)1 << 18)

struct look {
    const struct vendor_key *keys;
    size_t key_count;
    struct cli_release_seen *seen;
    struct gw_sha256_stream *hash; /* owned; of the file that is arriving */
};

static enum gw_rc verify(void *ctx, const struct dsse_envelope *envelope, struct gw_err *err)
{
    struct look *look = ctx;
    look->seen->signature_count = envelope->signature_count;
    for (size_t i = 0; i < envelope->signature_count; i++)
        (void)snprintf(look->seen->keyids[i], sizeof(look->seen->keyids[i]), "%s", envelope->signatures[i].keyid);
    if (look->key_count == 0)
        return GW_OK;
    struct crypto_dsse_result result;
    enum gw_rc rc = crypto_dsse_verify(envelope, look->keys, look->key_count, (unsigned)look->key_count, &result, err);
    look->seen->signers = rc ? 0 : result.signers;
    return rc;
}

static enum gw_rc admit(void *ctx, const struct release *release, struct gw_view json,
                        struct release_refusal *ret_refusal, struct gw_err *err)
{
    struct look *look = ctx;
    (void)json, (void)ret_refusal, (void)err;
    look->seen->release = *release;
    return GW_OK;
}

static enum gw_rc file_begins(void *ctx, const struct release_file *file, struct gw_err *err)
{
    struct look *look = ctx;
    (void)file, (void)err;
    look->hash = crypto_sha256()->stream_new();
    return GW_OK;
}

static enum gw_rc file_data(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    struct look *look = ctx;
    (void)err;
    crypto_sha256()->stream_add(look->hash, bytes);
    return GW_OK;
}

static enum gw_rc file_ends(void *ctx, const struct release_file *file, struct gw_sha256 *ret_sha256,
                            struct gw_err *err)
{
    struct look *look = ctx;
    (void)file, (void)err;
    crypto_sha256()->stream_end(look->hash, ret_sha256);
    look->hash = NULL;
    return GW_OK;
}

static enum gw_rc feed_all(struct release_reader *reader, const char *path, struct gw_err *err)
{
    GW_FREE uint8_t *chunk = gw_xalloc(1, READ_SIZE);
    GW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gw_err_sys(err, "open");
    for (;;) {
        ssize_t n = read(fd, chunk, READ_SIZE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gw_err_sys(err, "read");
        enum gw_rc rc = n == 0 ? release_reader_finish(reader, err)
                               : release_reader_feed(reader, gw_view_make(chunk, (size_t)n), err);
        if (rc)
            return rc;
        if (n == 0)
            return GW_OK;
    }
}

enum gw_rc cli_release_inspect(const char *path, const struct vendor_key keys[], size_t key_count,
                               struct cli_release_seen *ret_seen, struct gw_err *err)
{
    _Static_assert(sizeof(ret_seen->keyids) / sizeof(ret_seen->keyids[0]) == DSSE_SIGNATURES_MAX, "all keyids fit");
    memset(ret_seen, 0, sizeof(*ret_seen));
    struct look look = {.keys = keys, .key_count = key_count, .seen = ret_seen};
    const struct release_reader_sink sink = {&look, verify, admit, file_begins, file_data, file_ends};
    GW_CLEANUP(release_reader_cleanup) struct release_reader *reader = release_reader_new(&sink, UINT64_MAX);
    enum gw_rc rc = feed_all(reader, path, err);
    crypto_sha256()->stream_free(look.hash);
    return rc;
}
