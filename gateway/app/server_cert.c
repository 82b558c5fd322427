#include "server_cert.h"

#include <stdio.h>
#include <string.h>

#include "crypto_hash.h"
#include "crypto_key.h"
#include "crypto_pem.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"

#define PEM_MAX       32768
#define LIFE_DAYS     398
#define RENEW_LEFT_MS (30 * GW_DAY_MS)

static enum gw_rc make_key(const struct server_cert_files *files, struct crypto_key **ret_key, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf pem;
    gw_buf_init(&pem, PEM_MAX);
    enum gw_rc rc = crypto_key_new(CRYPTO_P256, ret_key, err);
    if (!rc)
        rc = crypto_key_save_pem(*ret_key, &pem);
    return rc ? rc : gw_fs_replace(gw_fs_posix(), files->key_path, gw_buf_view(&pem), files->key_mode, err);
}

static enum gw_rc load_key(const struct server_cert_files *files, struct crypto_key **ret_key, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf pem;
    gw_buf_init(&pem, PEM_MAX);
    enum gw_rc rc = gw_fs_read_file(files->key_path, &pem, err);
    if (rc == GW_NOT_FOUND)
        return make_key(files, ret_key, err);
    if (!rc && crypto_key_load_pem(gw_buf_view(&pem), ret_key, err)) {
        char why[GW_ERR_TEXT_MAX];
        (void)snprintf(why, sizeof(why), "%s", gw_err_text(err));
        return gw_err_set(err, GW_INVALID, "%s: %s; remove it, and the next start makes another", files->key_path, why);
    }
    return rc;
}

static void add_hex(struct gw_buf *line, const char *what, const struct gw_sha256 *hash)
{
    char hex[2 * GW_SHA256_LEN + 1];
    gw_hex_format(hash->bytes, GW_SHA256_LEN, hex);
    (void)gw_buf_printf(line, "%s %s", what, hex);
}

/* The first line of the certificate file: what it was made for, and by whom. PEM readers skip text outside the blocks.
 */
static void describe(const struct config *config, const struct signer_identity *identity, const struct gw_sha256 *spki,
                     struct gw_buf *line)
{
    struct gw_sha256 issuer;
    crypto_sha256()->digest(gw_view_make(identity->issuer_der, identity->issuer_len), &issuer);
    add_hex(line, "gatehouse key", spki);
    add_hex(line, " issuer", &issuer);
    (void)gw_buf_add_str(line, " names");
    for (size_t i = 0; i < config->name_count; i++)
        (void)gw_buf_printf(line, " %s", config->names[i]);
    (void)gw_buf_add_str(line, " until ");
}

/* Is the file there, made for this, and good for another month? */
static bool still_good(const char *path, struct gw_view description, struct gw_wall now, struct gw_wall *ret_until)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf pem;
    gw_buf_init(&pem, PEM_MAX);
    if (gw_fs_read_file(path, &pem, NULL))
        return false;
    struct gw_view rest, line = gw_view_cut(gw_buf_view(&pem), '\n', &rest);
    if (line.len <= description.len || !gw_view_eq(gw_view_make(line.ptr, description.len), description))
        return false;
    struct gw_wall until;
    if (gw_wall_parse(gw_view_make(line.ptr + description.len, line.len - description.len), &until))
        return false;
    *ret_until = until;
    return until.ms - now.ms > RENEW_LEFT_MS;
}

static enum gw_rc make_cert(const char *path, const struct signer *signer, const struct signer_identity *identity,
                            const struct signer_server_request *request, struct gw_buf *file, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    gw_buf_init(&der, DEVICE_CERT_DER_MAX);
    enum gw_rc rc = signer->ops->issue_server(signer->self, request, &der, err);
    if (rc)
        return gw_err_wrap(err, rc, "certificate for the gateway's listeners");
    char until[GW_WALL_TEXT_MAX];
    rc = gw_wall_format((struct gw_wall){gw_wall_now().ms + LIFE_DAYS * GW_DAY_MS}, until);
    if (!rc)
        rc = gw_buf_printf(file, "%s\n", until);
    if (!rc)
        rc = crypto_pem_add(file, CRYPTO_PEM_CERT, gw_buf_view(&der));
    if (!rc)
        rc = crypto_pem_add(file, CRYPTO_PEM_CERT, gw_view_make(identity->issuer_der, identity->issuer_len));
    if (rc)
        return gw_err_set(err, rc, "%s: certificate file", path);
    return gw_fs_replace(gw_fs_posix(), path, gw_buf_view(file), 0644, err);
}

enum gw_rc server_cert_ensure(const struct server_cert_files *files, const struct config *config,
                              const struct signer *signer, const struct signer_identity *identity,
                              struct server_cert_state *ret_state, struct gw_err *err)
{
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
    enum gw_rc rc = load_key(files, &key, err);
    if (rc)
        return rc;
    struct signer_server_request request = {.names = {""}};
    crypto_key_spki(key, &request.spki);
    crypto_sha256()->digest(gw_view_make(request.spki.der, request.spki.len), &ret_state->spki);
    for (size_t i = 0; i < config->name_count && i < SIGNER_NAMES_MAX; i++)
        (void)snprintf(request.names[i], sizeof(request.names[i]), "%s", config->names[i]);
    GW_CLEANUP(gw_buf_done) struct gw_buf file;
    gw_buf_init(&file, PEM_MAX);
    describe(config, identity, &ret_state->spki, &file);
    if (gw_buf_rc(&file))
        return gw_err_set(err, gw_buf_rc(&file), "names of the gateway");
    struct gw_wall now = gw_wall_now();
    ret_state->changed = !still_good(files->cert_path, gw_buf_view(&file), now, &ret_state->until);
    if (ret_state->changed)
        ret_state->until.ms = now.ms + LIFE_DAYS * GW_DAY_MS;
    return ret_state->changed ? make_cert(files->cert_path, signer, identity, &request, &file, err) : GW_OK;
}

enum gw_rc server_cert_write_ca(const char *path, const struct signer_identity *identity, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf pem;
    gw_buf_init(&pem, PEM_MAX);
    (void)crypto_pem_add(&pem, CRYPTO_PEM_CERT, gw_view_make(identity->root_der, identity->root_len));
    enum gw_rc rc = crypto_pem_add(&pem, CRYPTO_PEM_CERT, gw_view_make(identity->issuer_der, identity->issuer_len));
    return rc ? rc : gw_fs_replace(gw_fs_posix(), path, gw_buf_view(&pem), 0644, err);
}
