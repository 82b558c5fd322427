#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "web_internal.h"

void web_thread_wake(struct web *web)
{
    (void)pthread_mutex_lock(&web->mail.lock);
    if (web->mail.wake_ready)
        (void)uv_async_send(&web->wake);
    (void)pthread_mutex_unlock(&web->mail.lock);
}

void web_respond(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    struct web *web = self;
    struct web_answer *a = gw_xalloc(1, sizeof(*a));
    a->ticket = ticket;
    a->reply = *reply;
    http_reply_init(reply, 0); /* what it owned has moved */
    (void)pthread_mutex_lock(&web->mail.lock);
    bool taken = !web->mail.closed && web->mail.answer_count < WEB_ANSWERS_MAX;
    if (taken) {
        STAILQ_INSERT_TAIL(&web->mail.answers, a, next);
        web->mail.answer_count++;
        if (web->mail.wake_ready)
            (void)uv_async_send(&web->wake);
    }
    (void)pthread_mutex_unlock(&web->mail.lock);
    if (!taken) {
        web_bump(&web->count.answers_dropped);
        http_reply_done(&a->reply);
        free(a);
    }
}

/* Sets one of the mail's flags. */
static void flag(struct web *web, bool *which)
{
    (void)pthread_mutex_lock(&web->mail.lock);
    *which = true;
    if (web->mail.wake_ready)
        (void)uv_async_send(&web->wake);
    (void)pthread_mutex_unlock(&web->mail.lock);
}

void web_resume(void *self)
{
    struct web *web = self;
    flag(web, &web->mail.resume);
}

void web_wake(void *self)
{
    struct web *web = self;
    flag(web, &web->mail.tick);
}

static void deliver(struct web *web, struct web_answers *answers)
{
    while (!STAILQ_EMPTY(answers)) {
        struct web_answer *a = STAILQ_FIRST(answers);
        STAILQ_REMOVE_HEAD(answers, next);
        struct web_conn *c = web_slots_redeem(&web->slots, a->ticket);
        if (c) {
            web_conn_answer(c, &a->reply);
        } else {
            web_bump(&web->count.answers_dropped);
            http_reply_done(&a->reply);
        }
        free(a);
    }
}

static bool is_cut(const struct web_conn *c, const struct gw_sha256 *cuts, size_t count, bool all)
{
    if (!c->peer.has_cert && !c->peer.bad_cert)
        return false;
    for (size_t i = 0; i < count && !all; i++)
        all = gw_sha256_eq(&c->peer.cert_sha256, &cuts[i]);
    return all;
}

static void cut(struct web *web, const struct gw_sha256 *cuts, size_t count, bool all)
{
    for (size_t i = 0; i < web->listener_count; i++) {
        struct web_conn *c;
        struct web_conn *next;
        if (web->listeners[i].door != HTTP_DOOR_DEVICES)
            continue;
        for (c = TAILQ_FIRST(&web->listeners[i].all); c; c = next) {
            next = TAILQ_NEXT(c, all);
            if (is_cut(c, cuts, count, all)) {
                web_bump(&web->count.cut);
                web_conn_close(c);
            }
        }
    }
}

static void set_doors(struct web *web, unsigned doors)
{
    for (size_t i = 0; i < web->listener_count && !web->stopping; i++) {
        struct web_listener *l = &web->listeners[i];
        if (l->open && !(doors & l->door))
            web_listener_close(l);
        if (!l->open && (doors & l->door))
            (void)web_listener_open(l, NULL); /* the sweep tries again */
    }
}

static void on_wake(uv_async_t *handle)
{
    struct web *web = handle->data;
    struct web_mail *m = &web->mail;
    struct web_answers answers = STAILQ_HEAD_INITIALIZER(answers);
    GW_FREE struct gw_sha256 *cuts = NULL;
    (void)pthread_mutex_lock(&m->lock);
    STAILQ_CONCAT(&answers, &m->answers);
    m->answer_count = 0;
    size_t cut_count = m->cut_count;
    bool all = m->cut_all;
    if (cut_count) {
        cuts = m->cuts;
        m->cuts = gw_xalloc(WEB_CUTS_MAX, sizeof(m->cuts[0]));
    }
    m->cut_count = 0;
    m->cut_all = false;
    unsigned doors = m->doors;
    bool stop = m->stop;
    bool resume = m->resume;
    m->resume = false;
    bool tick = m->tick;
    m->tick = false;
    (void)pthread_mutex_unlock(&m->lock);

    if (cut_count || all)
        cut(web, cuts, cut_count, all);
    deliver(web, &answers);
    if (resume)
        web_stream_resume(web);
    if (tick)
        web_live_tick(web);
    set_doors(web, doors);
    if (stop)
        web_live_stop(web);
    lws_cancel_service(web->context);
}

static void on_sweep(uv_timer_t *timer)
{
    struct web *web = timer->data;
    for (size_t i = 0; i < web->listener_count; i++)
        web_listener_sweep(&web->listeners[i]);
    (void)pthread_mutex_lock(&web->mail.lock);
    unsigned doors = web->mail.doors;
    (void)pthread_mutex_unlock(&web->mail.lock);
    set_doors(web, doors);
}

static void shut_mail(struct web *web)
{
    struct web_answers answers = STAILQ_HEAD_INITIALIZER(answers);
    (void)pthread_mutex_lock(&web->mail.lock);
    web->mail.closed = true;
    web->mail.wake_ready = false;
    STAILQ_CONCAT(&answers, &web->mail.answers);
    (void)pthread_mutex_unlock(&web->mail.lock);
    while (!STAILQ_EMPTY(&answers)) {
        struct web_answer *a = STAILQ_FIRST(&answers);
        STAILQ_REMOVE_HEAD(&answers, next);
        web_bump(&web->count.answers_dropped);
        http_reply_done(&a->reply);
        free(a);
    }
}

void web_thread_shut(struct web *web)
{
    if (web->shut)
        return;
    web->shut = true;
    shut_mail(web);
    for (size_t i = 0; i < web->listener_count; i++)
        web_listener_close(&web->listeners[i]);
    uv_close((uv_handle_t *)&web->sweep, NULL);
    uv_close((uv_handle_t *)&web->tick, NULL);
    uv_close((uv_handle_t *)&web->wake, NULL);
    /* Handles of connections that have just been closed must be off the loop: lws_context_destroy() counts connections,
     * not handles, and unloads the code that a late handle would call. */
    (void)uv_run(&web->loop, UV_RUN_NOWAIT);
    /* On a loop of ours lws_context_destroy() only begins; when the handles have closed a second call ends it. */
    if (web->context)
        lws_context_destroy(web->context);
    (void)uv_run(&web->loop, UV_RUN_DEFAULT);
    if (web->context)
        lws_context_destroy(web->context);
    (void)uv_run(&web->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&web->loop);
}

void *web_thread_main(void *self)
{
    struct web *web = self;
    (void)pthread_setname_np(pthread_self(), "web");
    (void)uv_timer_start(&web->sweep, on_sweep, WEB_SWEEP_MS, WEB_SWEEP_MS);
    (void)uv_run(&web->loop, UV_RUN_DEFAULT);
    web_thread_shut(web);
    return NULL;
}

enum gw_rc web_thread_init(struct web *web, struct gw_err *err)
{
    if (uv_loop_init(&web->loop))
        return gw_err_set(err, GW_IO, "cannot make an event loop");
    if (uv_async_init(&web->loop, &web->wake, on_wake) || uv_timer_init(&web->loop, &web->sweep) ||
        uv_timer_init(&web->loop, &web->tick))
        return gw_err_set(err, GW_IO, "cannot make the event loop's handles");
    web->wake.data = web;
    web->sweep.data = web;
    web->tick.data = web;
    web->mail.wake_ready = true;
    web->shut = false;
    return GW_OK;
}
