#include "keyd_ca.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto_cert.h"
#include "crypto_cert_info.h"
#include "crypto_hash.h"
#include "crypto_note.h"
#include "crypto_pem.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "keyd_dir.h"

#define CA_DIR      "ca"
#define CA_DIR_NEW  "ca.new"
#define NEW(name)   CA_DIR_NEW "/" name
#define FILE_MAX    16384
#define GATEWAY_HEX 8 /* bytes of the root's hash in the gateway id */

static int open_dir(int dir_fd, const char *name)
{
    return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

bool keyd_ca_exists(int dir_fd)
{
    struct stat st;
    return fstatat(dir_fd, CA_DIR, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

void keyd_ca_done(struct keyd_ca *ca)
{
    crypto_key_free(ca->issuer_key);
    crypto_key_free(ca->log_key);
    gw_buf_done(&ca->root_der);
    gw_buf_done(&ca->issuer_der);
    *ca = (struct keyd_ca){0};
}

static void name_gateway(const struct crypto_key *root_key, char ret_gateway[KEYD_GATEWAY_MAX])
{
    struct device_spki spki;
    struct gw_sha256 hash;
    char hex[2 * GATEWAY_HEX + 1];
    crypto_key_spki(root_key, &spki);
    crypto_sha256()->digest(gw_view_make(spki.der, spki.len), &hash);
    gw_hex_format(hash.bytes, GATEWAY_HEX, hex);
    (void)snprintf(ret_gateway, KEYD_GATEWAY_MAX, "gw-%s", hex);
}

static enum gw_rc write_key(const struct keyd_dir *dir, const char *name, const struct crypto_key *key,
                            struct gw_err *err)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf pem;
    gw_buf_init(&pem, FILE_MAX);
    enum gw_rc rc = crypto_key_save_pem(key, &pem);
    return rc ? gw_err_set(err, rc, "%s", name) : keyd_dir_write(dir, name, gw_buf_view(&pem), err);
}

static enum gw_rc write_cert(const struct keyd_dir *dir, const char *name, const struct gw_buf *der, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf pem;
    gw_buf_init(&pem, FILE_MAX);
    enum gw_rc rc = crypto_pem_add(&pem, CRYPTO_PEM_CERT, gw_buf_view(der));
    return rc ? gw_err_set(err, rc, "%s", name) : keyd_dir_write(dir, name, gw_buf_view(&pem), err);
}

static enum gw_rc write_vkey(const struct keyd_dir *dir, const char *gateway, const struct crypto_key *log_key,
                             struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, FILE_MAX);
    enum gw_rc rc = crypto_note_vkey(gateway, crypto_key_public(log_key).ptr, &text);
    return rc ? gw_err_set(err, rc, NEW("log.vkey")) : keyd_dir_write(dir, NEW("log.vkey"), gw_buf_view(&text), err);
}

static enum gw_rc make_files(const struct keyd_dir *dir, struct gw_wall now, struct gw_err *err)
{
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *root_key = NULL;
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *issuer_key = NULL;
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *log_key = NULL;
    GW_CLEANUP(gw_buf_done) struct gw_buf root;
    GW_CLEANUP(gw_buf_done) struct gw_buf issuer;
    char gateway[KEYD_GATEWAY_MAX];
    gw_buf_init(&root, CRYPTO_CERT_MAX);
    gw_buf_init(&issuer, CRYPTO_CERT_MAX);
    enum gw_rc rc = crypto_key_new(CRYPTO_P256, &root_key, err);
    if (!rc)
        rc = crypto_key_new(CRYPTO_P256, &issuer_key, err);
    if (!rc)
        rc = crypto_key_new(CRYPTO_ED25519, &log_key, err);
    if (rc)
        return rc;
    name_gateway(root_key, gateway);
    rc = crypto_cert_root(root_key, gateway, now, &root, err);
    if (rc)
        return rc;
    struct crypto_issuer by = {.key = root_key, .cert_der = gw_buf_view(&root)};
    rc = crypto_cert_issuing(&by, issuer_key, gateway, now, &issuer, err);
    if (!rc)
        rc = write_key(dir, NEW("root.key"), root_key, err);
    if (!rc)
        rc = write_cert(dir, NEW("root.crt"), &root, err);
    if (!rc)
        rc = write_key(dir, NEW("issuer.key"), issuer_key, err);
    if (!rc)
        rc = write_cert(dir, NEW("issuer.crt"), &issuer, err);
    if (!rc)
        rc = write_key(dir, NEW("log.key"), log_key, err);
    if (!rc)
        rc = write_vkey(dir, gateway, log_key, err);
    return rc ? rc : keyd_dir_sync(dir, CA_DIR_NEW, err);
}

/* What a stop half way left behind. */
static enum gw_rc drop_half_made(const struct keyd_dir *dir, struct gw_err *err)
{
    static const char *const made[] = {NEW("root.key"),   NEW("root.crt"), NEW("issuer.key"),
                                       NEW("issuer.crt"), NEW("log.key"),  NEW("log.vkey")};
    struct stat st;
    if (fstatat(dir->fd, CA_DIR_NEW, &st, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? GW_OK : gw_err_sys(err, CA_DIR_NEW);
    for (size_t i = 0; S_ISDIR(st.st_mode) && i < sizeof(made) / sizeof(made[0]); i++)
        if (dir->fs.unlink(dir->fs.ctx, made[i]) && errno != ENOENT)
            return gw_err_sys(err, "removal of %s", made[i]);
    return unlinkat(dir->fd, CA_DIR_NEW, AT_REMOVEDIR) ? gw_err_sys(err, "removal of %s", CA_DIR_NEW) : GW_OK;
}

enum gw_rc keyd_ca_make(const struct keyd_dir *dir, struct gw_wall now, int64_t build_day, struct gw_err *err)
{
    if (now.ms < build_day * GW_DAY_MS)
        return gw_err_set(err, GW_DENIED,
                          "the clock stands before the day this program was built: set it, then start again; the keys "
                          "are made with this date");
    enum gw_rc rc = drop_half_made(dir, err);
    if (rc)
        return rc;
    if (mkdirat(dir->fd, CA_DIR_NEW, 0700))
        return gw_err_sys(err, CA_DIR_NEW);
    rc = make_files(dir, now, err);
    if (rc)
        return rc;
    if (dir->fs.rename(dir->fs.ctx, CA_DIR_NEW, CA_DIR))
        return gw_err_sys(err, "rename to %s", CA_DIR);
    return keyd_dir_sync(dir, ".", err);
}

static enum gw_rc load_key(int fd, const char *name, enum crypto_key_kind kind, struct crypto_key **ret_key,
                           struct gw_err *err)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf pem;
    gw_buf_init(&pem, FILE_MAX);
    enum gw_rc rc = keyd_dir_read(fd, name, &pem, err);
    if (rc)
        return gw_err_wrap(err, rc, CA_DIR);
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
    if (crypto_key_load_pem(gw_buf_view(&pem), &key, err))
        return gw_err_wrap(err, GW_CORRUPT, CA_DIR "/%s", name);
    if (crypto_key_kind(key) != kind)
        return gw_err_set(err, GW_CORRUPT, CA_DIR "/%s: a key of the wrong kind", name);
    *ret_key = GW_TAKE(key);
    return GW_OK;
}

/* Reads a certificate that must be about this key and signed by the holder of parent_spki. */
static enum gw_rc load_cert(int fd, const char *name, const struct crypto_key *key,
                            const struct device_spki *parent_spki, struct gw_buf *ret_der, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf pem;
    struct crypto_cert_info info;
    struct device_spki spki;
    gw_buf_init(&pem, FILE_MAX);
    gw_buf_init(ret_der, CRYPTO_CERT_MAX);
    enum gw_rc rc = keyd_dir_read(fd, name, &pem, err);
    if (rc)
        return gw_err_wrap(err, rc, CA_DIR);
    if (crypto_pem_parse(gw_buf_view(&pem), CRYPTO_PEM_CERT, ret_der, NULL, err) ||
        crypto_cert_info_parse(gw_buf_view(ret_der), &info, err))
        return gw_err_wrap(err, GW_CORRUPT, CA_DIR "/%s", name);
    crypto_key_spki(key, &spki);
    if (!info.is_ca || !gw_view_eq(info.spki, gw_view_make(spki.der, spki.len)))
        return gw_err_set(err, GW_CORRUPT, CA_DIR "/%s: not the CA certificate of the key beside it", name);
    if (crypto_spki_verify(gw_view_make(parent_spki->der, parent_spki->len), info.algorithm, info.tbs, info.signature,
                           err))
        return gw_err_wrap(err, GW_CORRUPT, CA_DIR "/%s", name);
    return GW_OK;
}

/* The verifier key is what devices pinned: a log key that does not fit it is another one. */
static enum gw_rc check_vkey(int fd, const struct keyd_ca *ca, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    GW_CLEANUP(gw_buf_done) struct gw_buf want;
    gw_buf_init(&text, FILE_MAX);
    gw_buf_init(&want, FILE_MAX);
    enum gw_rc rc = keyd_dir_read(fd, "log.vkey", &text, err);
    if (rc)
        return gw_err_wrap(err, rc, CA_DIR);
    rc = crypto_note_vkey(ca->gateway, crypto_key_public(ca->log_key).ptr, &want);
    if (rc || !gw_view_eq(gw_view_trim(gw_buf_view(&text)), gw_buf_view(&want)))
        return gw_err_set(err, GW_CORRUPT, CA_DIR "/log.key and " CA_DIR "/log.vkey contradict each other");
    return GW_OK;
}

enum gw_rc keyd_ca_load(int dir_fd, struct keyd_ca *ret_ca, struct gw_err *err)
{
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *root_key = NULL;
    struct device_spki root_spki;
    GW_CLOSE int fd = open_dir(dir_fd, CA_DIR);
    if (fd < 0)
        return gw_err_sys(err, CA_DIR);
    enum gw_rc rc = load_key(fd, "root.key", CRYPTO_P256, &root_key, err);
    if (!rc)
        rc = load_key(fd, "issuer.key", CRYPTO_P256, &ret_ca->issuer_key, err);
    if (!rc)
        rc = load_key(fd, "log.key", CRYPTO_ED25519, &ret_ca->log_key, err);
    if (rc)
        return rc;
    crypto_key_spki(root_key, &root_spki);
    rc = load_cert(fd, "root.crt", root_key, &root_spki, &ret_ca->root_der, err);
    if (!rc)
        rc = load_cert(fd, "issuer.crt", ret_ca->issuer_key, &root_spki, &ret_ca->issuer_der, err);
    if (!rc)
        name_gateway(root_key, ret_ca->gateway);
    return rc ? rc : check_vkey(fd, ret_ca, err);
}
