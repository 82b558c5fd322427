#include "signer_keyd.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto_cert_info.h"
#include "crypto_hash.h"
#include "crypto_note.h"
#include "gw_cleanup.h"
#include "gw_time.h"
#include "keyd_wire.h"

_Static_assert(SIGNER_NAMES_MAX == KEYD_NAMES && SIGNER_NAME_LEN == KEYD_NAME_LEN, "server names");
_Static_assert(SIGNER_ORIGIN_MAX == KEYD_ORIGIN_LEN && SIGNER_BATCH_MAX == KEYD_BATCH, "checkpoints");
_Static_assert(DEVICE_SPKI_MAX == KEYD_SPKI_LEN && DEVICE_CERT_DER_MAX == KEYD_CERT_LEN, "certificates");
_Static_assert(GW_DEVICE_ID_MAX + 1 == KEYD_ID_LEN, "device ids");

struct signer_keyd {
    int fd;
    pthread_mutex_t lock; /* held for the whole of a call; guards all below */
    uint64_t sequence;
    union keyd_request request;
    union keyd_reply reply;
};

static void unlock(pthread_mutex_t **lock)
{
    (void)pthread_mutex_unlock(*lock);
}

/* Takes the lock until the end of the scope. */
#define LOCKED(s)                                                                                                      \
    __attribute__((unused)) GW_CLEANUP(unlock) pthread_mutex_t *locked_ =                                              \
        ((void)pthread_mutex_lock(&(s)->lock), &(s)->lock)

/* Waits until the socket is ready; GW_TIMEOUT past the deadline. */
static enum gw_rc await(const struct signer_keyd *s, short events, int64_t deadline_ms, struct gw_err *err)
{
    for (;;) {
        int64_t left = deadline_ms - gw_mono_now().ms;
        if (left <= 0)
            return gw_err_set(err, GW_TIMEOUT, "gatehouse-keyd did not answer within %d ms", SIGNER_KEYD_LIMIT_MS);
        struct pollfd pfd = {.fd = s->fd, .events = events};
        int n = poll(&pfd, 1, (int)left);
        if (n > 0)
            return GW_OK;
        if (n < 0 && errno != EINTR)
            return gw_err_sys(err, "poll for gatehouse-keyd");
    }
}

static enum gw_rc send_request(struct signer_keyd *s, int64_t deadline_ms, struct gw_err *err)
{
    size_t len = keyd_request_size(s->request.head.kind);
    for (;;) {
        if (send(s->fd, &s->request, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len)
            return GW_OK;
        if (errno != EAGAIN && errno != EINTR)
            return gw_err_set(err, GW_IO, "gatehouse-keyd is gone");
        enum gw_rc rc = await(s, POLLOUT, deadline_ms, err);
        if (rc)
            return rc;
    }
}

/* One datagram, of any sequence number; GW_AGAIN when it is not the reply that is awaited. */
static enum gw_rc receive(struct signer_keyd *s, struct gw_err *err)
{
    ssize_t n = recv(s->fd, &s->reply, sizeof(s->reply), MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? GW_AGAIN : gw_err_set(err, GW_IO, "gatehouse-keyd is gone");
    if (n == 0)
        return gw_err_set(err, GW_IO, "gatehouse-keyd is gone");
    const struct keyd_reply_head *head = &s->reply.head;
    if ((size_t)n < sizeof(*head) || head->magic != KEYD_MAGIC || head->version != KEYD_VERSION)
        return gw_err_set(err, GW_IO, "gatehouse-keyd does not speak version %d", KEYD_VERSION);
    if (head->sequence != s->request.head.sequence)
        return GW_AGAIN; /* the reply to a request that was given up */
    if (head->rc > GW_NO_MEMORY || (!head->rc && (size_t)n != keyd_reply_size(s->request.head.kind)))
        return gw_err_set(err, GW_IO, "reply of gatehouse-keyd has %zd bytes", n);
    return head->rc ? gw_err_set(err, (enum gw_rc)head->rc, "%.*s", KEYD_WHY_LEN - 1, head->why) : GW_OK;
}

/* Sends what stands in s->request under a new sequence number; on GW_OK s->reply is its reply, of the right size. */
static enum gw_rc call(struct signer_keyd *s, enum keyd_kind kind, struct gw_err *err)
{
    int64_t deadline_ms = gw_mono_now().ms + SIGNER_KEYD_LIMIT_MS;
    s->request.head = (struct keyd_head){
        .magic = KEYD_MAGIC, .version = KEYD_VERSION, .kind = (uint16_t)kind, .sequence = ++s->sequence};
    enum gw_rc rc = send_request(s, deadline_ms, err);
    if (rc)
        return rc;
    do {
        rc = await(s, POLLIN, deadline_ms, err);
        if (rc)
            return rc;
        rc = receive(s, err);
    } while (rc == GW_AGAIN);
    return rc;
}

static void blank(struct signer_keyd *s)
{
    memset(&s->request, 0, sizeof(s->request));
}

static enum gw_rc on_identity(void *self, struct signer_identity *ret_identity, struct gw_err *err)
{
    struct signer_keyd *s = self;
    LOCKED(s);
    blank(s);
    enum gw_rc rc = call(s, KEYD_IDENTITY, err);
    if (rc)
        return rc;
    const struct keyd_identity_reply *r = &s->reply.identity;
    struct signer_identity id = {0};
    struct crypto_cert_info root;
    if (r->root_len > KEYD_CERT_LEN || r->issuer_len > KEYD_CERT_LEN ||
        gw_view_copy_str(gw_view_make(r->gateway, strnlen(r->gateway, KEYD_GATEWAY_LEN)), id.gateway,
                         sizeof(id.gateway)))
        return gw_err_set(err, GW_IO, "identity from gatehouse-keyd is not readable");
    rc = crypto_cert_info_parse(gw_view_make(r->root, r->root_len), &root, err);
    if (rc)
        return gw_err_wrap(err, rc, "root certificate from gatehouse-keyd");
    crypto_sha256()->digest(root.spki, &id.root_spki);
    id.root_len = (uint16_t)r->root_len;
    id.issuer_len = (uint16_t)r->issuer_len;
    memcpy(id.root_der, r->root, r->root_len);
    memcpy(id.issuer_der, r->issuer, r->issuer_len);
    memcpy(id.log_pub, r->log_public, sizeof(id.log_pub));
    GW_CLEANUP(gw_buf_done) struct gw_buf vkey;
    gw_buf_init(&vkey, sizeof(id.log_vkey) - 1);
    rc = crypto_note_vkey(id.gateway, id.log_pub, &vkey);
    if (rc)
        return gw_err_set(err, rc, "verifier key");
    (void)snprintf(id.log_vkey, sizeof(id.log_vkey), "%s", gw_buf_str(&vkey));
    *ret_identity = id;
    return GW_OK;
}

static enum gw_rc on_issue_device(void *self, const struct gw_device_id *id, const struct device_spki *spki,
                                  struct device_cert *ret_cert, struct gw_err *err)
{
    struct signer_keyd *s = self;
    if (spki->len > DEVICE_SPKI_MAX)
        return gw_err_set(err, GW_INVALID, "public key of %u bytes", (unsigned)spki->len);
    LOCKED(s);
    blank(s);
    struct keyd_device_request *q = &s->request.device;
    (void)snprintf(q->id, sizeof(q->id), "%s", id->text);
    q->spki_len = spki->len;
    memcpy(q->spki, spki->der, spki->len);
    enum gw_rc rc = call(s, KEYD_ISSUE_DEVICE, err);
    if (rc)
        return rc;
    if (s->reply.cert.len > KEYD_CERT_LEN)
        return gw_err_set(err, GW_IO, "certificate from gatehouse-keyd of %u bytes", s->reply.cert.len);
    return crypto_cert_to_device(gw_view_make(s->reply.cert.der, s->reply.cert.len), ret_cert, err);
}

static enum gw_rc on_issue_server(void *self, const struct signer_server_request *request, struct gw_buf *ret_der,
                                  struct gw_err *err)
{
    struct signer_keyd *s = self;
    if (request->spki.len > DEVICE_SPKI_MAX)
        return gw_err_set(err, GW_INVALID, "public key of %u bytes", (unsigned)request->spki.len);
    LOCKED(s);
    blank(s);
    struct keyd_server_request *q = &s->request.server;
    q->spki_len = request->spki.len;
    memcpy(q->spki, request->spki.der, request->spki.len);
    for (size_t i = 0; i < SIGNER_NAMES_MAX && request->names[i][0] != '\0'; i++)
        if (gw_view_copy_str(gw_view_make(request->names[i], strnlen(request->names[i], SIGNER_NAME_LEN)), q->names[i],
                             sizeof(q->names[i])))
            return gw_err_set(err, GW_INVALID, "server name %zu is too long", i + 1);
    enum gw_rc rc = call(s, KEYD_ISSUE_SERVER, err);
    if (rc)
        return rc;
    if (s->reply.cert.len > KEYD_CERT_LEN)
        return gw_err_set(err, GW_IO, "certificate from gatehouse-keyd of %u bytes", s->reply.cert.len);
    rc = gw_buf_add(ret_der, s->reply.cert.der, s->reply.cert.len);
    return rc ? gw_err_set(err, rc, "certificate of %u bytes", s->reply.cert.len) : GW_OK;
}

static enum gw_rc on_sign_checkpoints(void *self, struct signer_checkpoint *items, size_t count, struct gw_err *err)
{
    struct signer_keyd *s = self;
    if (count == 0 || count > SIGNER_BATCH_MAX)
        return gw_err_set(err, GW_INVALID, "a batch of %zu checkpoints", count);
    LOCKED(s);
    blank(s);
    struct keyd_checkpoints_request *q = &s->request.checkpoints;
    q->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        if (gw_view_copy_str(gw_view_make(items[i].origin, strnlen(items[i].origin, SIGNER_ORIGIN_MAX)),
                             q->items[i].origin, sizeof(q->items[i].origin)))
            return gw_err_set(err, GW_INVALID, "origin %zu is too long", i + 1);
        q->items[i].size = items[i].size;
        memcpy(q->items[i].root, items[i].root.bytes, GW_SHA256_LEN);
    }
    enum gw_rc rc = call(s, KEYD_SIGN_CHECKPOINTS, err);
    if (rc)
        return rc;
    const struct keyd_checkpoints_reply *r = &s->reply.checkpoints;
    bool told = false;
    for (size_t i = 0; i < count; i++) {
        items[i].rc = r->items[i].rc > GW_NO_MEMORY ? GW_IO : (enum gw_rc)r->items[i].rc;
        memcpy(items[i].signature, r->items[i].signature, sizeof(items[i].signature));
        if (items[i].rc && !told)
            (void)gw_err_set(err, items[i].rc, "%.*s", KEYD_WHY_LEN - 1, r->head.why);
        told = told || items[i].rc;
    }
    return GW_OK;
}

struct signer signer_keyd_new(int fd)
{
    static const struct signer_ops ops = {
        .identity = on_identity,
        .issue_device = on_issue_device,
        .issue_server = on_issue_server,
        .sign_checkpoints = on_sign_checkpoints,
    };
    struct signer_keyd *s = gw_xalloc(1, sizeof(*s));
    s->fd = fd;
    (void)pthread_mutex_init(&s->lock, NULL);
    /* A fresh start may share its socket with replies to an earlier life: numbers do not begin at the same place. */
    s->sequence = (uint64_t)gw_mono_now().ms << 20;
    return (struct signer){.ops = &ops, .self = s};
}

void signer_keyd_free(struct signer *signer)
{
    struct signer_keyd *s = signer->self;
    if (!s)
        return;
    (void)close(s->fd);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
    *signer = (struct signer){0};
}
