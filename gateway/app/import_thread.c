#include "import_thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto_init.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "import_collect.h"
#include "import_turn.h"

#define PART "import"

struct import_thread {
    struct import_thread_config config;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    bool stopping;
    bool collect; /* wanted */
    struct import_verify *verify;
    bool verifying;
    bool streaming;        /* the slot for imports is taken: until the run is settled and its sink closed */
    uint64_t run, settled; /* number of the import that was opened last; that core has taken its turn on */
    bool sink_open, ended, aborted;
    bool deaf; /* the run is decided: what still comes is dropped */
    struct import_turn turn;
    struct import_request request;
    struct import_status status;
    uint8_t *ring;
    size_t head, used;
    bool starved; /* the sink has said "full" */
};

static void lock(struct import_thread *t)
{
    (void)pthread_mutex_lock(&t->lock);
}

static void unlock(struct import_thread *t)
{
    (void)pthread_mutex_unlock(&t->lock);
}

static void changed(struct import_thread *t)
{
    (void)pthread_cond_broadcast(&t->changed);
}

/* Whoever was answered may come again at once, while the thread still tidies up behind the last import. */
static void free_slot(struct import_thread *t)
{
    if (t->settled == t->run && !t->sink_open)
        t->streaming = false;
}

/* The sink: web's thread. */

static size_t sink_write(void *self, struct gw_view bytes)
{
    struct import_thread *t = self;
    lock(t);
    size_t n = IMPORT_RING - t->used < bytes.len ? IMPORT_RING - t->used : bytes.len;
    size_t at = (t->head + t->used) % IMPORT_RING;
    size_t first = IMPORT_RING - at < n ? IMPORT_RING - at : n;
    if (t->deaf) {
        n = bytes.len;
    } else {
        memcpy(t->ring + at, bytes.ptr, first);
        memcpy(t->ring, bytes.ptr + first, n - first);
        t->used += n;
        t->starved = n < bytes.len;
    }
    changed(t);
    unlock(t);
    return n;
}

static void close_sink(struct import_thread *t, bool whole)
{
    lock(t);
    t->sink_open = false;
    t->ended = whole;
    t->aborted = !whole;
    free_slot(t);
    changed(t);
    unlock(t);
}

static enum gw_rc sink_end(void *self, struct gw_err *err)
{
    (void)err;
    close_sink(self, true);
    return GW_OK;
}

static void sink_abort(void *self)
{
    close_sink(self, false);
}

static enum gw_rc why_busy(const struct import_thread *t, struct gw_err *err)
{
    if (t->streaming)
        return gw_err_set(err, GW_AGAIN, "%s is importing a release: try again when that is done",
                          t->request.actor.name);
    return gw_err_set(err, GW_AGAIN, "stored artifacts are being verified: try again when that is done");
}

static enum gw_rc port_open(void *self, const struct import_request *request, struct http_sink *ret_sink,
                            struct gw_err *err)
{
    static const struct http_sink_ops ops = {sink_write, sink_end, sink_abort};
    struct import_thread *t = self;
    if (request->actor.role < USER_OPERATOR) /* core asks again, but not before all has come */
        return gw_err_set(err, GW_DENIED, "this needs the role %s", user_role_text(USER_OPERATOR));
    enum gw_rc rc = GW_OK;
    lock(t);
    if (t->streaming || t->verifying) {
        import_turn_refuse(&t->turn, request->actor.name, gw_mono_now());
        rc = why_busy(t, err);
    } else if (t->stopping) {
        rc = gw_err_set(err, GW_AGAIN, "the gateway is stopping");
    } else if (!import_turn_take(&t->turn, request->actor.name, gw_mono_now())) {
        rc = gw_err_set(err, GW_AGAIN, "%s has asked meanwhile and goes first: try again in a minute", t->turn.refused);
    } else {
        t->request = *request;
        t->streaming = t->sink_open = true;
        t->run++;
        t->ended = t->aborted = t->deaf = t->starved = false;
        t->head = t->used = 0;
        t->status =
            (struct import_status){.running = true, .total = (uint64_t)request->length, .started = gw_wall_now()};
        (void)snprintf(t->status.by, sizeof(t->status.by), "%s", request->actor.name);
        *ret_sink = (struct http_sink){&ops, t};
        changed(t);
    }
    unlock(t);
    return rc;
}

static void port_status(void *self, struct import_status *ret_status)
{
    struct import_thread *t = self;
    lock(t);
    *ret_status = t->streaming ? t->status : (struct import_status){.running = false};
    ret_status->verifying = t->verifying;
    unlock(t);
}

static void port_settled(void *self)
{
    struct import_thread *t = self;
    lock(t);
    t->settled = t->run;
    free_slot(t);
    changed(t);
    unlock(t);
}

static void port_collect(void *self)
{
    struct import_thread *t = self;
    lock(t);
    t->collect = true;
    changed(t);
    unlock(t);
}

static enum gw_rc port_verify(void *self, struct import_verify *verify)
{
    struct import_thread *t = self;
    lock(t);
    bool taken = t->streaming || t->verifying;
    if (taken)
        import_turn_refuse(&t->turn, verify->actor.name, gw_mono_now());
    bool free = !taken && !t->stopping && import_turn_take(&t->turn, verify->actor.name, gw_mono_now());
    if (free) {
        t->verify = verify;
        t->verifying = true;
        changed(t);
    }
    unlock(t);
    return free ? GW_OK : GW_AGAIN;
}

struct import_port import_thread_port(struct import_thread *t)
{
    static const struct import_ops ops = {port_open, port_status, port_settled, port_collect, port_verify};
    return (struct import_port){&ops, t};
}

/* The thread's own side. */

static void on_progress(void *ctx, const char *file)
{
    struct import_thread *t = ctx;
    lock(t);
    (void)snprintf(t->status.file, sizeof(t->status.file), "%s", file);
    unlock(t);
}

/* What has come, in one piece; stays where it is until consume(). Empty: the body is over. */
static enum gw_rc wait_chunk(struct import_thread *t, struct gw_view *ret_chunk)
{
    lock(t);
    while (t->used == 0 && t->sink_open && !t->stopping)
        (void)pthread_cond_wait(&t->changed, &t->lock);
    size_t n = IMPORT_RING - t->head < t->used ? IMPORT_RING - t->head : t->used;
    *ret_chunk = gw_view_make(t->ring + t->head, n < IMPORT_CHUNK ? n : IMPORT_CHUNK);
    enum gw_rc rc = t->aborted || t->stopping ? GW_CANCELLED : GW_OK;
    unlock(t);
    return rc;
}

static void resume_if(const struct import_thread *t, bool starved)
{
    if (starved)
        t->config.responder.resume(t->config.responder.self);
}

static void consume(struct import_thread *t, size_t n)
{
    lock(t);
    t->head = (t->head + n) % IMPORT_RING;
    t->used -= n;
    t->status.bytes += n;
    bool starved = t->starved;
    t->starved = false;
    unlock(t);
    resume_if(t, starved);
}

static enum gw_rc take_body(struct import_thread *t, struct import_run *run)
{
    for (;;) {
        struct gw_view chunk;
        if (wait_chunk(t, &chunk)) {
            import_run_cancel(run, GW_CANCELLED, "the upload was broken off");
            return GW_CANCELLED;
        }
        enum gw_rc rc = chunk.len ? import_run_feed(run, chunk) : import_run_finish(run);
        if (rc || chunk.len == 0)
            return rc;
        consume(t, chunk.len);
    }
}

static void stop_listening(struct import_thread *t)
{
    lock(t);
    t->deaf = true;
    t->used = 0;
    bool starved = t->starved;
    t->starved = false;
    unlock(t);
    resume_if(t, starved);
}

/* Core's verdict, or the end of everything: then the next start collects what was not staged. */
static bool wait_settled(struct import_thread *t, uint64_t run)
{
    lock(t);
    while (t->settled < run && !t->stopping)
        (void)pthread_cond_wait(&t->changed, &t->lock);
    bool settled = t->settled >= run;
    unlock(t);
    return settled;
}

static bool post_outcome(struct import_thread *t, struct import_run *run)
{
    struct inbox_msg msg = {.kind = INBOX_IMPORTED, .asker = t->request.asker};
    msg.blob = (uint8_t *)run->outcome;
    msg.blob_len = sizeof(*run->outcome);
    if (t->config.inbox.post(t->config.inbox.self, &msg)) {
        gw_log(GW_LOG_WARN, PART, "the inbox is full: an import is lost, it must be asked for again");
        port_settled(t);
        return false;
    }
    run->outcome = NULL;
    return true;
}

static void do_import(struct import_thread *t, uint64_t number)
{
    struct import_run run;
    import_run_begin(&run, &t->config.parts, &t->request.actor);
    enum gw_rc rc = take_body(t, &run);
    stop_listening(t);
    if (rc)
        gw_log(GW_LOG_WARN, PART, "%s: %s", t->request.actor.name, run.outcome->why);
    if (rc)
        import_run_undo(&run);
    if (!post_outcome(t, &run) || wait_settled(t, number))
        import_run_undo(&run); /* nothing, when it was staged */
    import_run_done(&run);
}

static void do_verify(struct import_thread *t, struct import_verify *v)
{
    const struct blob *blob = &t->config.parts.blob;
    struct gw_err err = {.rc = GW_OK};
    for (; v->bad < v->file_count && !v->rc; v->bad++) {
        lock(t);
        bool stopping = t->stopping;
        unlock(t);
        v->rc = stopping ? GW_AGAIN : blob->ops->verify(blob->self, &v->files[v->bad].sha256, &err);
        if (v->rc)
            break;
    }
    if (v->rc)
        (void)snprintf(v->why, sizeof(v->why), "%s", v->rc == GW_AGAIN ? "the gateway is stopping" : gw_err_text(&err));
    lock(t);
    t->verifying = false;
    unlock(t);
    struct inbox_msg msg = {.kind = INBOX_VERIFIED, .asker = v->asker, .blob = (uint8_t *)v, .blob_len = sizeof(*v)};
    if (t->config.inbox.post(t->config.inbox.self, &msg)) {
        gw_log(GW_LOG_WARN, PART, "the inbox is full: a verification is lost, it must be asked for again");
        free(v);
    }
}

static void *run_thread(void *arg)
{
    struct import_thread *t = arg;
    uint64_t done = 0;
    (void)pthread_setname_np(pthread_self(), "import");
    for (;;) {
        lock(t);
        while (t->run == done && !t->verify && !t->collect && !t->stopping)
            (void)pthread_cond_wait(&t->changed, &t->lock);
        bool stopping = t->stopping;
        bool collect = t->collect;
        struct import_verify *verify = GW_TAKE(t->verify);
        uint64_t run = t->run;
        t->collect = false;
        unlock(t);
        if (collect && !stopping)
            import_collect(&t->config.parts);
        if (verify)
            do_verify(t, verify);
        if (run != done)
            do_import(t, run);
        done = run;
        if (stopping)
            break;
    }
    crypto_thread_end();
    return NULL;
}

enum gw_rc import_thread_new(const struct import_thread_config *config, struct import_thread **ret_thread,
                             struct gw_err *err)
{
    struct import_thread *t = gw_xalloc(1, sizeof(*t));
    t->config = *config;
    t->config.parts.progress = on_progress;
    t->config.parts.progress_ctx = t;
    t->ring = gw_xalloc(IMPORT_RING, 1);
    t->collect = true;
    (void)pthread_mutex_init(&t->lock, NULL);
    (void)pthread_cond_init(&t->changed, NULL);
    if (pthread_create(&t->thread, NULL, run_thread, t)) {
        import_thread_free(t);
        return gw_err_set(err, GW_IO, "the import thread could not be started");
    }
    t->started = true;
    *ret_thread = t;
    return GW_OK;
}

void import_thread_stop(struct import_thread *t)
{
    if (!t || !t->started)
        return;
    lock(t);
    t->stopping = true;
    changed(t);
    unlock(t);
    (void)pthread_join(t->thread, NULL);
    t->started = false;
}

void import_thread_free(struct import_thread *t)
{
    if (!t)
        return;
    import_thread_stop(t);
    free(t->verify);
    free(t->ring);
    (void)pthread_cond_destroy(&t->changed);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}
