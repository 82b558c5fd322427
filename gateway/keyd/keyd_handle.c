#include "keyd_handle.h"

#include <stdio.h>
#include <string.h>

#include "crypto_cert.h"
#include "crypto_hash.h"
#include "crypto_note.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "keyd_check.h"
#include "keyd_dir.h"
#include "merkle_range.h"

_Static_assert(KEYD_BATCH <= KEYD_MEMORY_BATCH_MAX, "a batch is one write");
_Static_assert(KEYD_CERT_LEN >= CRYPTO_CERT_MAX, "a certificate fits its reply");
_Static_assert(KEYD_SERIAL_LEN == CRYPTO_SERIAL_LEN, "serials");

enum gw_rc keyd_open(struct keyd *k, const struct keyd_dir *dir, struct gw_wall now, int64_t build_day,
                     struct gw_err *err)
{
    enum gw_rc rc = keyd_dir_check(dir->fd, err);
    if (!rc && !keyd_ca_exists(dir->fd)) {
        rc = keyd_memory_create(dir, err);
        if (!rc)
            rc = keyd_ca_make(dir, now, build_day, err);
    }
    if (!rc)
        rc = keyd_ca_load(dir->fd, &k->ca, err);
    if (!rc)
        rc = keyd_memory_open(dir, KEYD_MEMORY_ORIGINS_MAX, &k->memory, err);
    return rc;
}

void keyd_done(struct keyd *k)
{
    keyd_ca_done(&k->ca);
    keyd_memory_free(k->memory);
    k->memory = NULL;
}

static struct crypto_issuer issuer_of(const struct keyd *k)
{
    return (struct crypto_issuer){.key = k->ca.issuer_key, .cert_der = gw_buf_view(&k->ca.issuer_der)};
}

static enum gw_rc on_identity(struct keyd *k, struct gw_wall now, const union keyd_request *request,
                              union keyd_reply *ret_reply, struct gw_err *err)
{
    struct keyd_identity_reply *r = &ret_reply->identity;
    struct gw_view log = crypto_key_public(k->ca.log_key);
    (void)now;
    (void)request;
    (void)err;
    memcpy(r->gateway, k->ca.gateway, sizeof(k->ca.gateway));
    r->root_len = (uint32_t)k->ca.root_der.len;
    r->issuer_len = (uint32_t)k->ca.issuer_der.len;
    memcpy(r->root, k->ca.root_der.ptr, k->ca.root_der.len);
    memcpy(r->issuer, k->ca.issuer_der.ptr, k->ca.issuer_der.len);
    memcpy(r->log_public, log.ptr, KEYD_HASH_LEN);
    return GW_OK;
}

static enum gw_rc give_cert(const struct gw_buf *der, struct keyd_cert_reply *r)
{
    r->len = (uint32_t)der->len;
    memcpy(r->der, der->ptr, der->len);
    return GW_OK;
}

static enum gw_rc on_issue_device(struct keyd *k, struct gw_wall now, const union keyd_request *request,
                                  union keyd_reply *ret_reply, struct gw_err *err)
{
    const struct keyd_device_request *q = &request->device;
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    struct gw_view text;
    struct gw_device_id id;
    gw_buf_init(&der, CRYPTO_CERT_MAX);
    if (keyd_check_text(q->id, sizeof(q->id), &text) || gw_device_id_parse(text, &id))
        return gw_err_set(err, GW_INVALID, "not a device id");
    if (q->spki_len > sizeof(q->spki))
        return gw_err_set(err, GW_INVALID, "public key of %u bytes", q->spki_len);
    struct crypto_device_request wanted = {k->ca.gateway, &id, gw_view_make(q->spki, q->spki_len)};
    struct crypto_issuer by = issuer_of(k);
    enum gw_rc rc = crypto_cert_device(&by, &wanted, now, &der, err);
    return rc ? rc : give_cert(&der, &ret_reply->cert);
}

static enum gw_rc on_issue_server(struct keyd *k, struct gw_wall now, const union keyd_request *request,
                                  union keyd_reply *ret_reply, struct gw_err *err)
{
    const struct keyd_server_request *q = &request->server;
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    const char *names[KEYD_NAMES];
    size_t count = 0;
    gw_buf_init(&der, CRYPTO_CERT_MAX);
    for (size_t i = 0; i < KEYD_NAMES; i++) {
        struct gw_view text;
        if (keyd_check_text(q->names[i], sizeof(q->names[i]), &text) || (text.len > 0 && count < i))
            return gw_err_set(err, GW_INVALID, "server name %zu is not readable", i + 1);
        if (text.len > 0)
            names[count++] = q->names[i];
    }
    if (q->spki_len > sizeof(q->spki))
        return gw_err_set(err, GW_INVALID, "public key of %u bytes", q->spki_len);
    struct crypto_server_request wanted = {k->ca.gateway, gw_view_make(q->spki, q->spki_len), names, count};
    struct crypto_issuer by = issuer_of(k);
    enum gw_rc rc = crypto_cert_server(&by, &wanted, now, &der, err);
    return rc ? rc : give_cert(&der, &ret_reply->cert);
}

/* One batch on its way: the mark of each item and what was decided about it. */
struct batch {
    struct keyd_mark marks[KEYD_BATCH]; /* those to remember, in front */
    size_t mark_count;
    size_t pending_new;
    enum gw_rc rc[KEYD_BATCH];
};

static enum gw_rc judge_item(const struct keyd *k, const struct keyd_checkpoint *item, struct batch *b,
                             struct gw_err *err)
{
    struct gw_view origin;
    struct keyd_mark *mark = &b->marks[b->mark_count];
    if (keyd_check_text(item->origin, sizeof(item->origin), &origin) || keyd_check_origin(origin, k->ca.gateway))
        return gw_err_set(err, GW_INVALID, "not the origin of a log of this gateway");
    if (item->size > MERKLE_SIZE_MAX)
        return gw_err_set(err, GW_INVALID, "%s: no log has that size", item->origin);
    crypto_sha256()->digest(origin, &mark->origin);
    mark->size = item->size;
    memcpy(mark->root.bytes, item->root, KEYD_HASH_LEN);
    for (size_t i = 0; i < b->mark_count; i++)
        if (gw_sha256_eq(&b->marks[i].origin, &mark->origin))
            return gw_err_set(err, GW_INVALID, "%s: twice in a batch", item->origin);
    enum gw_rc rc = keyd_memory_check(k->memory, mark, &b->pending_new);
    if (rc == GW_DENIED)
        return gw_err_set(err, rc, "%s: a larger size or another root at this size was signed", item->origin);
    if (rc)
        return gw_err_set(err, rc, "%s: %zu logs are remembered, no more fit", item->origin,
                          keyd_memory_count(k->memory));
    b->mark_count++;
    return GW_OK;
}

static enum gw_rc sign_item(const struct keyd *k, const struct keyd_checkpoint *item, uint8_t *ret_signature,
                            struct gw_err *err)
{
    struct gw_sha256 root;
    memcpy(root.bytes, item->root, KEYD_HASH_LEN);
    return crypto_note_sign_checkpoint(k->ca.log_key, item->origin, item->size, &root, ret_signature, err);
}

static enum gw_rc on_sign_checkpoints(struct keyd *k, struct gw_wall now, const union keyd_request *request,
                                      union keyd_reply *ret_reply, struct gw_err *err)
{
    const struct keyd_checkpoints_request *q = &request->checkpoints;
    struct keyd_checkpoints_reply *r = &ret_reply->checkpoints;
    struct batch b = {.mark_count = 0};
    struct gw_err first = {0};
    (void)now;
    if (q->count == 0 || q->count > KEYD_BATCH)
        return gw_err_set(err, GW_INVALID, "a batch of %u checkpoints", q->count);
    for (uint32_t i = 0; i < q->count; i++)
        b.rc[i] = judge_item(k, &q->items[i], &b, first.rc ? NULL : &first);
    enum gw_rc rc = keyd_memory_put(k->memory, b.marks, b.mark_count, err);
    for (uint32_t i = 0; !rc && i < q->count; i++) {
        r->items[i].rc = (uint32_t)b.rc[i];
        if (!b.rc[i])
            rc = sign_item(k, &q->items[i], r->items[i].signature, err);
    }
    if (!rc && first.rc)
        (void)snprintf(r->head.why, sizeof(r->head.why), "%s", gw_err_text(&first));
    return rc;
}

typedef enum gw_rc keyd_fn(struct keyd *k, struct gw_wall now, const union keyd_request *request,
                           union keyd_reply *ret_reply, struct gw_err *err);

/* The permit table: all that may be asked of this process. */
static keyd_fn *const permitted[] = {
    [KEYD_IDENTITY] = on_identity,
    [KEYD_ISSUE_DEVICE] = on_issue_device,
    [KEYD_ISSUE_SERVER] = on_issue_server,
    [KEYD_SIGN_CHECKPOINTS] = on_sign_checkpoints,
};

/* Magic, version, kind, and exactly the size of that kind. */
static enum gw_rc admit(struct gw_view bytes, union keyd_request *ret_request, struct gw_err *err)
{
    memset(ret_request, 0, sizeof(*ret_request));
    if (bytes.len < sizeof(struct keyd_head) || bytes.len > sizeof(*ret_request))
        return gw_err_set(err, GW_INVALID, "request of %zu bytes", bytes.len);
    memcpy(ret_request, bytes.ptr, bytes.len);
    const struct keyd_head *head = &ret_request->head;
    if (head->magic != KEYD_MAGIC || head->version != KEYD_VERSION)
        return gw_err_set(err, GW_INVALID, "not a request of version %d", KEYD_VERSION);
    if (head->kind >= sizeof(permitted) / sizeof(permitted[0]) || !permitted[head->kind])
        return gw_err_set(err, GW_DENIED, "requests of kind %u are not permitted", head->kind);
    if (bytes.len != keyd_request_size(head->kind))
        return gw_err_set(err, GW_INVALID, "a request of kind %u has %zu bytes, not %zu", head->kind,
                          keyd_request_size(head->kind), bytes.len);
    return GW_OK;
}

size_t keyd_handle(struct keyd *k, struct gw_wall now, struct gw_view request, union keyd_reply *ret_reply)
{
    union keyd_request q;
    struct gw_err err = {0};
    memset(ret_reply, 0, sizeof(*ret_reply));
    enum gw_rc rc = admit(request, &q, &err);
    if (!rc)
        rc = permitted[q.head.kind](k, now, &q, ret_reply, &err);
    struct keyd_reply_head *head = &ret_reply->head;
    head->magic = KEYD_MAGIC;
    head->version = KEYD_VERSION;
    head->kind = q.head.kind;
    head->sequence = q.head.sequence;
    head->rc = (uint32_t)rc;
    if (!rc)
        return keyd_reply_size(head->kind);
    (void)snprintf(head->why, sizeof(head->why), "%s", gw_err_text(&err));
    return sizeof(*head);
}
