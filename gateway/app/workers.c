#include "workers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto_csr.h"
#include "crypto_dsse.h"
#include "crypto_init.h"
#include "crypto_password.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "lanes.h"

#define THREADS_MAX 16

struct queue {
    struct work **ring;
    size_t max, head, count;
};

struct workers {
    struct workers_config config;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct work *work_ring[WORKERS_QUEUE_MAX];
    struct queue work;
    struct lanes lanes;       /* passwords */
    int hashing, hashing_max; /* passwords being done, and at most */
    bool hashed_last;         /* passwords and the rest take turns when there are both */
    bool stopping;
    pthread_t threads[THREADS_MAX];
    int thread_count;
};

static void work_free(struct work *work)
{
    if (work && work->blob) {
        explicit_bzero(work->blob, work->blob_len);
        free(work->blob);
    }
    free(work);
}

static void do_csr(const struct work *work, struct inbox_msg *msg)
{
    msg->kind = INBOX_CSR_CHECKED;
    struct inbox_csr *csr = &msg->u.csr;
    csr->context = work->enrol;
    csr->renew = work->renew;
    struct gw_err err = {0};
    struct crypto_csr found;
    csr->rc = crypto_csr_parse(gw_view_make(work->blob, work->blob_len), &found, &err);
    if (csr->rc) {
        (void)snprintf(csr->why, sizeof(csr->why), "%s", gw_err_text(&err));
        return;
    }
    (void)snprintf(csr->cn, sizeof(csr->cn), "%s", found.cn);
    csr->spki = found.spki;
    csr->spki_sha256 = found.spki_sha256;
}

static void do_issue(struct workers *w, struct work *work, struct inbox_msg *msg)
{
    msg->kind = INBOX_ISSUED;
    struct inbox_issued *issued = &msg->u.issued;
    issued->context = work->enrol;
    issued->renew = work->renew;
    issued->spki_sha256 = work->spki_sha256;
    struct gw_err err = {0};
    const struct signer *signer = &w->config.signer;
    issued->rc = signer->ops->issue_device(signer->self, &work->enrol.id, &work->spki, &issued->cert, &err);
    if (issued->rc) {
        (void)snprintf(issued->why, sizeof(issued->why), "%s", gw_err_text(&err));
        gw_log(GW_LOG_WARN, "worker", "certificate for %s: %s", work->enrol.id.text, gw_err_text(&err));
    }
}

/* Every signing comes back with a result of its own, also when keyd is away. */
static void do_sign(struct workers *w, struct work *work)
{
    struct journal_signing *signings = (struct journal_signing *)(void *)work->blob;
    size_t count = work->blob_len / sizeof(*signings);
    work->blob = NULL;
    const struct signer *signer = &w->config.signer;
    for (size_t at = 0; at < count; at += SIGNER_BATCH_MAX) {
        struct signer_checkpoint batch[SIGNER_BATCH_MAX];
        size_t n = count - at < SIGNER_BATCH_MAX ? count - at : SIGNER_BATCH_MAX;
        for (size_t i = 0; i < n; i++)
            batch[i] = signings[at + i].checkpoint;
        struct gw_err err = {0};
        enum gw_rc rc = signer->ops->sign_checkpoints(signer->self, batch, n, &err);
        for (size_t i = 0; i < n; i++) {
            signings[at + i].checkpoint = batch[i];
            if (rc)
                signings[at + i].checkpoint.rc = rc;
        }
    }
    w->config.signed_fn(w->config.signed_ctx, signings, count);
}

static void do_password(struct work *work, struct inbox_msg *msg)
{
    msg->kind = INBOX_HASHED;
    msg->u.act = work->act;
    char hash[USER_PASSWORD_HASH_MAX];
    struct gw_err err = {0};
    if (crypto_password_hash(gw_view_make(work->blob, work->blob_len), hash, &err)) {
        gw_log(GW_LOG_WARN, "worker", "password: %s", gw_err_text(&err));
        return;
    }
    msg->blob = (uint8_t *)gw_xstrdup(hash);
    msg->blob_len = strlen(hash);
}

static struct gw_view until_nul(const struct work *work, struct gw_view *ret_rest)
{
    const uint8_t *end = memchr(work->blob, 0, work->blob_len);
    size_t len = end ? (size_t)(end - work->blob) : work->blob_len;
    *ret_rest = end ? gw_view_make(end + 1, work->blob_len - len - 1) : gw_view_make(NULL, 0);
    return gw_view_make(work->blob, len);
}

static void do_check(const struct work *work, struct inbox_msg *msg)
{
    struct gw_view next, password = until_nul(work, &next);
    char hash[USER_PASSWORD_HASH_MAX];
    struct gw_err err = {0};
    msg->kind = INBOX_CHECKED;
    msg->u.act = work->act;
    enum gw_rc rc = crypto_password_verify(work->password_hash, password, &err);
    if (!rc && next.len > 0)
        rc = crypto_password_hash(next, hash, &err);
    msg->u.act.checked = rc;
    if (rc && rc != GW_DENIED)
        gw_log(GW_LOG_WARN, "worker", "password of %s: %s", work->act.name, gw_err_text(&err));
    if (rc || next.len == 0)
        return;
    msg->blob = (uint8_t *)gw_xstrdup(hash);
    msg->blob_len = strlen(hash);
}

static void do_key(const struct work *work, struct inbox_msg *msg)
{
    struct gw_err err = {0};
    struct vendor_key key;
    msg->kind = INBOX_KEY_READ;
    msg->u.act = work->act;
    if (crypto_vendor_key_import(gw_view_make(work->blob, work->blob_len), work->act.text, &key, &err)) {
        (void)snprintf(msg->u.act.text, sizeof(msg->u.act.text), "%s", gw_err_text(&err));
        return;
    }
    struct vendor_key *found = gw_xalloc(1, sizeof(*found));
    *found = key;
    msg->blob = (uint8_t *)found;
    msg->blob_len = sizeof(*found);
}

static void do_work(struct workers *w, struct work *work)
{
    struct inbox_msg msg = {.asker = work->asker};
    switch (work->kind) {
    case WORK_CSR:
        do_csr(work, &msg);
        break;
    case WORK_ISSUE:
        do_issue(w, work, &msg);
        break;
    case WORK_SIGN:
        do_sign(w, work);
        return;
    case WORK_PASSWORD:
        do_password(work, &msg);
        break;
    case WORK_CHECK:
        do_check(work, &msg);
        break;
    case WORK_KEY:
        do_key(work, &msg);
        break;
    case WORK_ARTIFACT:
        w->config.artifact_fn(w->config.artifact_ctx, work);
        return;
    }
    if (w->config.inbox.post(w->config.inbox.self, &msg)) {
        gw_log(GW_LOG_WARN, "worker", "the inbox is full: a result is lost, its asker must ask again");
        free(msg.blob);
    }
}

static bool is_password(const struct work *work)
{
    return work->kind == WORK_PASSWORD || work->kind == WORK_CHECK;
}

static struct work *queue_take(struct queue *q)
{
    struct work *work = q->ring[q->head];
    q->head = (q->head + 1) % q->max;
    q->count--;
    return work;
}

/* Under the lock: the next thing that may be done now, or NULL. */
static struct work *next_of(struct workers *w)
{
    bool may_hash = w->hashing < w->hashing_max && (w->work.count == 0 || !w->hashed_last);
    struct work *password = may_hash ? lanes_take(&w->lanes) : NULL;
    if (password) {
        w->hashing++;
        w->hashed_last = true;
        return password;
    }
    w->hashed_last = false;
    return w->work.count > 0 ? queue_take(&w->work) : NULL;
}

static struct work *take(struct workers *w)
{
    (void)pthread_mutex_lock(&w->lock);
    struct work *work = w->stopping ? NULL : next_of(w);
    while (!work && !w->stopping) {
        (void)pthread_cond_wait(&w->more, &w->lock);
        work = w->stopping ? NULL : next_of(w);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return work;
}

static void hashing_ends(struct workers *w)
{
    (void)pthread_mutex_lock(&w->lock);
    w->hashing--;
    (void)pthread_cond_signal(&w->more);
    (void)pthread_mutex_unlock(&w->lock);
}

static void *run(void *arg)
{
    struct workers *w = arg;
    for (struct work *work = take(w); work; work = take(w)) {
        bool hashes = is_password(work);
        do_work(w, work);
        work_free(work);
        if (hashes)
            hashing_ends(w);
    }
    crypto_thread_end();
    return NULL;
}

enum gw_rc workers_new(const struct workers_config *config, struct workers **ret_workers, struct gw_err *err)
{
    struct workers *w = gw_xalloc(1, sizeof(*w));
    w->config = *config;
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->more, NULL);
    lanes_init(&w->lanes);
    int wanted = config->threads < THREADS_MAX ? config->threads : THREADS_MAX;
    w->work = (struct queue){.ring = w->work_ring, .max = WORKERS_QUEUE_MAX};
    w->hashing_max = wanted > WORKERS_HASHING_MAX ? WORKERS_HASHING_MAX : wanted > 1 ? wanted - 1 : 1;
    for (; w->thread_count < wanted; w->thread_count++)
        if (pthread_create(&w->threads[w->thread_count], NULL, run, w))
            break;
    if (w->thread_count == 0) {
        workers_free(w);
        return gw_err_set(err, GW_IO, "no worker thread could be started");
    }
    *ret_workers = w;
    return GW_OK;
}

static enum gw_rc put(struct workers *w, struct work *work, struct work **ret_out)
{
    struct queue *q = &w->work;
    if (w->stopping)
        return GW_AGAIN;
    if (is_password(work))
        return lanes_put(&w->lanes, work, ret_out);
    if (q->count == q->max)
        return GW_AGAIN;
    q->ring[(q->head + q->count++) % q->max] = work;
    *ret_out = NULL;
    return GW_OK;
}

enum gw_rc workers_give(struct workers *w, struct work *work, struct work **ret_out)
{
    (void)pthread_mutex_lock(&w->lock);
    enum gw_rc rc = put(w, work, ret_out);
    if (!rc)
        (void)pthread_cond_signal(&w->more);
    (void)pthread_mutex_unlock(&w->lock);
    return rc;
}

size_t workers_waiting(struct workers *w)
{
    (void)pthread_mutex_lock(&w->lock);
    size_t count = w->work.count + lanes_count(&w->lanes);
    (void)pthread_mutex_unlock(&w->lock);
    return count;
}

void workers_stop(struct workers *w)
{
    if (!w)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->stopping = true;
    (void)pthread_cond_broadcast(&w->more);
    (void)pthread_mutex_unlock(&w->lock);
    for (; w->thread_count > 0; w->thread_count--)
        (void)pthread_join(w->threads[w->thread_count - 1], NULL);
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    workers_stop(w);
    while (w->work.count)
        work_free(queue_take(&w->work));
    for (struct work *work = lanes_take(&w->lanes); work; work = lanes_take(&w->lanes))
        work_free(work);
    (void)pthread_cond_destroy(&w->more);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}
