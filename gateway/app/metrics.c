#include "metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "prom_text.h"

struct metrics {
    struct metrics_config config;
    struct http_route route;
    pthread_mutex_t lock; /* the next */
    struct core_figures core;
    /* web's thread alone */
    struct gw_buf text;
    struct gw_mono made;
    uint64_t denied;
};

/* A token for this alone; before the claim there is no right one. */
static bool admitted(struct metrics *m, const struct http_request *request)
{
    struct actor actor = {.name = ""};
    (void)pthread_mutex_lock(&m->lock);
    bool open = m->core.claimed;
    (void)pthread_mutex_unlock(&m->lock);
    return request->authorization.len > 0 && m->config.token_of(m->config.token_ctx, request, &actor) == GW_OK &&
           open && actor.role < USER_VIEWER;
}

static void make_text(struct metrics *m)
{
    struct gw_mono now = gw_mono_now();
    if (m->text.len > 0 && now.ms - m->made.ms < METRICS_FRESH_MS)
        return;
    struct metrics_figures *figures = gw_xalloc(1, sizeof(*figures));
    m->config.collect(m->config.ctx, figures);
    figures->denied = m->denied;
    (void)pthread_mutex_lock(&m->lock);
    figures->core = m->core;
    (void)pthread_mutex_unlock(&m->lock);
    gw_buf_reset(&m->text);
    metrics_format(figures, &m->text);
    m->made = now;
    free(figures);
}

static enum gw_rc handle(void *ctx, const struct http_request *request, struct gw_err *err)
{
    struct metrics *m = ctx;
    struct http_reply reply;
    (void)err;
    if (!admitted(m, request)) {
        m->denied++;
        http_reply_problem(&reply, 401,
                           "the token of `gatehouse metrics-token`, or one with the role metrics, is needed");
        (void)http_reply_header(&reply, "www-authenticate:", "Bearer realm=\"gatehouse metrics\"");
    } else {
        make_text(m);
        http_reply_init(&reply, 200);
        reply.content_type = PROM_CONTENT_TYPE;
        (void)gw_buf_add_view(&reply.body, gw_buf_view(&m->text));
    }
    (void)http_reply_header(&reply, "cache-control:", "no-store");
    m->config.responder.respond(m->config.responder.self, request->ticket, &reply);
    return GW_OK;
}

struct metrics *metrics_new(const struct metrics_config *config)
{
    struct metrics *m = gw_xalloc(1, sizeof(*m));
    m->config = *config;
    (void)pthread_mutex_init(&m->lock, NULL);
    gw_buf_init(&m->text, METRICS_TEXT_MAX);
    m->route = (struct http_route){
        .methods = HTTP_GET, .doors = HTTP_DOOR_OPERATORS, .pattern = "/metrics", .handle = handle, .ctx = m};
    return m;
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    gw_buf_done(&m->text);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

const struct http_route *metrics_route(const struct metrics *m)
{
    return &m->route;
}

void metrics_set_core(struct metrics *m, const struct core_figures *figures)
{
    (void)pthread_mutex_lock(&m->lock);
    m->core = *figures;
    (void)pthread_mutex_unlock(&m->lock);
}
