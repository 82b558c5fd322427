/* From a draft and files to a signed container. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_release.h"
#include "crypto_dsse.h"
#include "crypto_hash.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "release_manifest.h"
#include "ustar.h"

#define COPY_SIZE    ((size_t)1 << 18)
#define KEY_FILE_MAX 8192

struct job {
    const struct cli_release_order *order;
    struct release *release;
    struct release_draft draft;
    const char *paths[RELEASE_FILES_MAX]; /* by the file's index in the release */
};

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static struct release_file *file_at(struct release *release, size_t index)
{
    return (struct release_file *)release_file_at(release, index); /* of a release that is ours to change */
}

static enum gw_rc read_draft(struct job *job, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    gw_buf_init(&json, RELEASE_MANIFEST_MAX);
    enum gw_rc rc = gw_fs_read_file(job->order->manifest, &json, err);
    if (rc)
        return rc;
    rc = release_manifest_parse_draft(gw_buf_view(&json), job->release, &job->draft, err);
    if (rc)
        return gw_err_wrap(err, rc, "%s", job->order->manifest);
    if (job->draft.no_released_at)
        job->release->released_at = job->order->now;
    return GW_OK;
}

/* Each file of the manifest has one path, each path a file of the manifest. */
static enum gw_rc match_paths(struct job *job, struct gw_err *err)
{
    for (size_t i = 0; i < job->order->path_count; i++) {
        const char *path = job->order->paths[i];
        size_t index = release_file_find(job->release, gw_view_str(name_of(path)));
        if (index == RELEASE_FILES_MAX)
            return gw_err_set(err, GW_INVALID, "%s: the manifest names no file \"%s\"", path, name_of(path));
        if (job->paths[index])
            return gw_err_set(err, GW_INVALID, "%s: a file of this name is given twice", path);
        job->paths[index] = path;
    }
    for (size_t i = 0; i < release_file_count(job->release); i++)
        if (!job->paths[i])
            return gw_err_set(err, GW_INVALID, "%s is named in the manifest but not given",
                              release_file_at(job->release, i)->name);
    return GW_OK;
}

static enum gw_rc fill_files(struct job *job, struct gw_err *err)
{
    for (size_t i = 0; i < release_file_count(job->release); i++) {
        struct release_file *file = file_at(job->release, i);
        struct gw_sha256 sha256;
        uint64_t size;
        enum gw_rc rc = cli_release_hash_file(job->paths[i], &sha256, &size, err);
        if (rc)
            return rc;
        if (!job->draft.no_size[i] && file->size != size)
            return gw_err_set(err, GW_INVALID, "%s has %" PRIu64 " bytes, the manifest says %" PRIu64, job->paths[i],
                              size, file->size);
        if (!job->draft.no_digest[i] && !gw_sha256_eq(&file->sha256, &sha256))
            return gw_err_set(err, GW_INVALID, "%s: its SHA-256 is not the one that the manifest says", job->paths[i]);
        file->size = size;
        file->sha256 = sha256;
    }
    return GW_OK;
}

static enum gw_rc sign_with(struct dsse_envelope *envelope, const char *path, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf pem;
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
    struct stat st;
    gw_buf_init(&pem, KEY_FILE_MAX);
    if (stat(path, &st))
        return gw_err_sys(err, "%s", path);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return gw_err_set(err, GW_DENIED, "%s: others may read this private key (mode %04o): chmod 600", path,
                          (unsigned)(st.st_mode & 07777));
    enum gw_rc rc = gw_fs_read_file(path, &pem, err);
    if (rc)
        return rc;
    rc = crypto_key_load_pem(gw_buf_view(&pem), &key, err);
    if (!rc)
        rc = crypto_dsse_sign(key, envelope, err);
    return rc ? gw_err_wrap(err, rc, "%s", path) : GW_OK;
}

static enum gw_rc make_envelope(const struct job *job, struct gw_buf *ret_json, struct gw_err *err)
{
    GW_CLEANUP(dsse_done) struct dsse_envelope envelope;
    dsse_init(&envelope);
    (void)snprintf(envelope.type, sizeof(envelope.type), "%s", RELEASE_MANIFEST_TYPE);
    enum gw_rc rc = release_manifest_format(job->release, &envelope.payload, err);
    if (rc)
        return gw_err_wrap(err, rc, "%s", job->order->manifest);
    for (size_t i = 0; i < job->order->key_count; i++) {
        rc = sign_with(&envelope, job->order->key_paths[i], err);
        if (rc)
            return rc;
    }
    rc = dsse_format(&envelope, ret_json);
    return rc ? gw_err_set(err, rc, "the envelope would be longer than %d bytes", DSSE_ENVELOPE_MAX) : GW_OK;
}

struct output {
    int fd;
    int64_t offset;
    int64_t mtime; /* seconds */
};

static enum gw_rc put(struct output *out, struct gw_view bytes, struct gw_err *err)
{
    enum gw_rc rc = gw_fs_write_all(gw_fs_posix(), out->fd, bytes, out->offset, err);
    out->offset += rc ? 0 : (int64_t)bytes.len;
    return rc;
}

static enum gw_rc put_zeros(struct output *out, size_t len, struct gw_err *err)
{
    static const uint8_t zeros[2 * USTAR_RECORD];
    return put(out, gw_view_make(zeros, len), err);
}

static enum gw_rc put_header(struct output *out, const char *name, uint64_t size, struct gw_err *err)
{
    uint8_t block[USTAR_BLOCK];
    if (ustar_header(name, size, out->mtime, block))
        return gw_err_set(err, GW_INVALID, "%s does not fit into a container", name);
    return put(out, gw_view_make(block, sizeof(block)), err);
}

/* Copies and hashes again: what is written must be what was signed. */
static enum gw_rc put_content(struct output *out, const struct release_file *file, const char *path, struct gw_err *err)
{
    const struct gw_sha256_ops *sha = crypto_sha256();
    GW_FREE uint8_t *chunk = gw_xalloc(1, COPY_SIZE);
    GW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gw_err_sys(err, "%s", path);
    struct gw_sha256_stream *stream = sha->stream_new();
    struct gw_sha256 sha256;
    uint64_t left = file->size;
    enum gw_rc rc = GW_OK;
    while (!rc && left > 0) {
        ssize_t n = read(fd, chunk, left < COPY_SIZE ? (size_t)left : COPY_SIZE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = gw_err_sys(err, "read of %s", path);
        if (n <= 0)
            break;
        sha->stream_add(stream, gw_view_make(chunk, (size_t)n));
        left -= (uint64_t)n;
        rc = put(out, gw_view_make(chunk, (size_t)n), err);
    }
    sha->stream_end(stream, &sha256);
    if (!rc && (left > 0 || !gw_sha256_eq(&sha256, &file->sha256)))
        rc = gw_err_set(err, GW_CONFLICT, "%s changed while it was read", path);
    return rc;
}

static enum gw_rc put_all(struct output *out, const struct job *job, struct gw_view json, struct gw_err *err)
{
    enum gw_rc rc = put_header(out, RELEASE_ENVELOPE_FILE, json.len, err);
    if (!rc)
        rc = put(out, json, err);
    if (!rc)
        rc = put_zeros(out, ustar_padding(json.len), err);
    for (size_t i = 0; !rc && i < release_file_count(job->release); i++) {
        const struct release_file *file = release_file_at(job->release, i);
        rc = put_header(out, file->name, file->size, err);
        if (!rc)
            rc = put_content(out, file, job->paths[i], err);
        if (!rc)
            rc = put_zeros(out, ustar_padding(file->size), err);
    }
    return rc ? rc : put_zeros(out, ustar_trailer((uint64_t)out->offset), err);
}

static enum gw_rc write_container(const struct job *job, struct gw_view json, struct gw_err *err)
{
    const char *path = job->order->out;
    GW_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return cli_release_not_made(path, err);
    struct output out = {.fd = fd, .mtime = job->release->released_at.ms / GW_SECOND_MS};
    enum gw_rc rc = put_all(&out, job, json, err);
    if (!rc && fsync(fd))
        rc = gw_err_sys(err, "sync of %s", path);
    if (rc)
        (void)unlink(path);
    return rc;
}

enum gw_rc cli_release_sign(const struct cli_release_order *order, struct release *ret_release, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    gw_buf_init(&json, DSSE_ENVELOPE_MAX);
    struct job job = {.order = order, .release = ret_release};
    enum gw_rc rc = read_draft(&job, err);
    if (!rc)
        rc = match_paths(&job, err);
    if (!rc)
        rc = fill_files(&job, err);
    if (!rc)
        rc = make_envelope(&job, &json, err);
    return rc ? rc : write_container(&job, gw_buf_view(&json), err);
}
