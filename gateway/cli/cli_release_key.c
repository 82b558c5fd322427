/* Vendor keys and small files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_release.h"
#include "crypto_dsse.h"
#include "crypto_hash.h"
#include "crypto_pem.h"
#include "gw_cleanup.h"
#include "gw_fs.h"

#define READ_SIZE ((size_t)1 << 18)

enum gw_rc cli_release_hash_file(const char *path, struct gw_sha256 *ret_sha256, uint64_t *ret_size, struct gw_err *err)
{
    const struct gw_sha256_ops *sha = crypto_sha256();
    GW_FREE uint8_t *chunk = gw_xalloc(1, READ_SIZE);
    GW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe nobody writes to must not hold us */
    struct stat st;
    if (fd < 0 || fstat(fd, &st))
        return gw_err_sys(err, "%s", path);
    if (!S_ISREG(st.st_mode))
        return gw_err_set(err, GW_INVALID, "%s: not a regular file", path);
    struct gw_sha256_stream *stream = sha->stream_new();
    uint64_t size = 0;
    for (;;) {
        ssize_t n = read(fd, chunk, READ_SIZE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            enum gw_rc rc = gw_err_sys(err, "read of %s", path);
            sha->stream_free(stream);
            return rc;
        }
        if (n == 0)
            break;
        sha->stream_add(stream, gw_view_make(chunk, (size_t)n));
        size += (uint64_t)n;
    }
    sha->stream_end(stream, ret_sha256);
    *ret_size = size;
    return GW_OK;
}

enum gw_rc cli_release_not_made(const char *path, struct gw_err *err)
{
    if (errno != EEXIST)
        return gw_err_sys(err, "%s", path);
    return gw_err_set(err, GW_EXISTS, "%s is there already and stays as it is: give another name, or move it away",
                      path);
}

enum gw_rc cli_release_new_file(const char *path, struct gw_view content, mode_t mode, struct gw_err *err)
{
    const struct gw_fs *fs = gw_fs_posix();
    int fd = fs->open(fs->ctx, path, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (fd < 0)
        return cli_release_not_made(path, err);
    enum gw_rc rc = gw_fs_write_all(fs, fd, content, 0, err);
    if (rc)
        rc = gw_err_wrap(err, rc, "%s", path);
    else if (fs->sync(fs->ctx, fd))
        rc = gw_err_sys(err, "sync of %s", path);
    if (fs->close(fs->ctx, fd) && !rc)
        rc = gw_err_sys(err, "close of %s", path);
    if (rc)
        (void)unlink(path);
    return rc;
}

/* "vendor.key" has "vendor.pub" beside it, "vendor" has "vendor.pub". */
static enum gw_rc pub_path(const char *path, char ret_pub_path[CLI_RELEASE_PATH_MAX], struct gw_err *err)
{
    size_t len = strlen(path);
    if (len > 4 && strcmp(path + len - 4, ".key") == 0)
        len -= 4;
    int n = snprintf(ret_pub_path, CLI_RELEASE_PATH_MAX, "%.*s.pub", (int)len, path);
    return n > 0 && n < CLI_RELEASE_PATH_MAX ? GW_OK : gw_err_set(err, GW_INVALID, "the path is too long");
}

enum gw_rc cli_release_keygen(enum crypto_key_kind kind, const char *path, struct vendor_key *ret_public,
                              char ret_pub_path[CLI_RELEASE_PATH_MAX], struct gw_err *err)
{
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
    GW_CLEANUP(gw_buf_wipe) struct gw_buf private_pem;
    GW_CLEANUP(gw_buf_done) struct gw_buf public_pem;
    gw_buf_init(&private_pem, 4096);
    gw_buf_init(&public_pem, 4096);
    struct device_spki spki;
    enum gw_rc rc = pub_path(path, ret_pub_path, err);
    if (!rc)
        rc = crypto_key_new(kind, &key, err);
    if (rc)
        return rc;
    crypto_key_spki(key, &spki);
    struct gw_view der = gw_view_make(spki.der, spki.len);
    (void)crypto_key_save_pem(key, &private_pem);
    (void)crypto_pem_add(&public_pem, CRYPTO_PEM_PUBLIC, der);
    if (gw_buf_rc(&private_pem) || gw_buf_rc(&public_pem))
        return gw_err_set(err, GW_TOO_BIG, "the key does not fit");
    rc = crypto_vendor_key_import(der, "new key", ret_public, err);
    if (!rc)
        rc = cli_release_new_file(path, gw_buf_view(&private_pem), 0600, err);
    if (rc)
        return rc;
    rc = cli_release_new_file(ret_pub_path, gw_buf_view(&public_pem), 0644, err);
    if (rc)
        (void)unlink(path);
    return rc;
}
