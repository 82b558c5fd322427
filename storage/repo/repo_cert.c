/* Certificates. */
#include "gw_cleanup.h"
#include "repo_impl.h"

static enum gw_rc read_cert(struct db_stmt *s, struct device_cert *ret_cert, struct gw_err *err)
{
    struct device_cert c = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, c.device.text, sizeof(c.device.text));
    repo_row_bytes(&r, c.sha256.bytes, sizeof(c.sha256.bytes));
    repo_row_bytes(&r, c.spki_sha256.bytes, sizeof(c.spki_sha256.bytes));
    repo_row_bytes(&r, c.serial, sizeof(c.serial));
    c.not_before.ms = repo_row_i64(&r);
    c.not_after.ms = repo_row_i64(&r);
    c.revoked = repo_row_bool(&r);
    c.used = repo_row_bool(&r);
    c.der_len = (uint16_t)repo_row_blob(&r, c.der, sizeof(c.der));
    enum gw_rc rc = repo_row_end(&r, "cert", err);
    if (!rc)
        *ret_cert = c;
    return rc;
}

static enum gw_rc each(struct db_stmt *s, store_cert_fn *fn, void *ctx, struct gw_err *err)
{
    struct device_cert c;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_cert(s, &c, err)) && fn(ctx, &c))
        ;
    return rc;
}

enum gw_rc repo_cert_put(void *self, const struct device_cert *cert, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_cert(cert, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_CERT_DELETE_ELSEWHERE);
    struct repo_args gone = repo_args(s);
    repo_arg_bytes(&gone, cert->sha256.bytes, sizeof(cert->sha256.bytes));
    repo_arg_str(&gone, cert->device.text);
    rc = db_run(s, err);
    if (rc)
        return rc;
    s = db_stmt(repo->db, SQL_STORE_CERT_PUT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, cert->device.text);
    repo_arg_bytes(&a, cert->sha256.bytes, sizeof(cert->sha256.bytes));
    repo_arg_bytes(&a, cert->spki_sha256.bytes, sizeof(cert->spki_sha256.bytes));
    repo_arg_bytes(&a, cert->serial, sizeof(cert->serial));
    repo_arg_i64(&a, cert->not_before.ms);
    repo_arg_i64(&a, cert->not_after.ms);
    repo_arg_i64(&a, cert->revoked);
    repo_arg_i64(&a, cert->used);
    repo_arg_bytes(&a, cert->der, cert->der_len);
    return db_run(s, err);
}

enum gw_rc repo_cert_get(void *self, const struct gw_sha256 *sha256, struct device_cert *ret_cert, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_CERT_GET);
    db_bind_blob(s, 1, gw_view_make(sha256->bytes, sizeof(sha256->bytes)));
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_cert(s, ret_cert, err);
}

enum gw_rc repo_cert_each_of(void *self, const struct gw_device_id *device, store_cert_fn *fn, void *ctx,
                             struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_CERT_EACH_OF);
    db_bind_str(s, 1, device->text);
    return each(s, fn, ctx, err);
}

static enum gw_rc read_admitted(struct db_stmt *s, struct store_admitted *ret_admitted, struct gw_err *err)
{
    struct repo_row r = repo_row(s);
    repo_row_text(&r, ret_admitted->device.text, sizeof(ret_admitted->device.text));
    repo_row_bytes(&r, ret_admitted->sha256.bytes, sizeof(ret_admitted->sha256.bytes));
    ret_admitted->not_after.ms = repo_row_i64(&r);
    ret_admitted->quarantined = repo_row_range(&r, DEVICE_INVITED, DEVICE_RETIRED) == DEVICE_QUARANTINED;
    return repo_row_end(&r, "cert", err);
}

enum gw_rc repo_cert_each_admissible(void *self, store_admitted_fn *fn, void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_CERT_EACH_ADMISSIBLE);
    struct store_admitted admitted;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_admitted(s, &admitted, err)) && fn(ctx, &admitted))
        ;
    return rc;
}

enum gw_rc repo_cert_delete(void *self, const struct gw_sha256 *sha256, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_CERT_DELETE);
    db_bind_blob(s, 1, gw_view_make(sha256->bytes, sizeof(sha256->bytes)));
    return db_run(s, err);
}
