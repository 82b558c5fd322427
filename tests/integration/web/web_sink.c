#include "web_sink.h"

#include <inttypes.h>
#include <pthread.h>

#include "gw_proc.h"
#include "gw_test.h"

static struct {
    pthread_mutex_t lock;
    struct http_responder responder;
    struct http_ticket ticket;
    struct web_sink_seen seen;
    uint64_t room;
    enum gw_rc refuse;
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void answer(struct http_ticket ticket, int status, uint64_t bytes)
{
    struct http_reply reply;
    http_reply_init(&reply, status);
    reply.content_type = "text/plain";
    (void)gw_buf_printf(&reply.body, "%" PRIu64, bytes);
    sink.responder.respond(sink.responder.self, ticket, &reply);
}

static bool is_zero(struct gw_view bytes)
{
    return bytes.len == 0 || (bytes.ptr[0] == 0 && memcmp(bytes.ptr, bytes.ptr + 1, bytes.len - 1) == 0);
}

static size_t sink_write(void *self, struct gw_view bytes)
{
    (void)self;
    (void)pthread_mutex_lock(&sink.lock);
    uint64_t room = sink.room - sink.seen.bytes;
    size_t n = bytes.len < room ? bytes.len : (size_t)room;
    sink.seen.bytes += n;
    sink.seen.offers++;
    sink.seen.all_zero = sink.seen.all_zero && is_zero(gw_view_make(bytes.ptr, n));
    (void)pthread_mutex_unlock(&sink.lock);
    return n;
}

static enum gw_rc sink_end(void *self, struct gw_err *err)
{
    (void)self;
    (void)err;
    (void)pthread_mutex_lock(&sink.lock);
    sink.seen.ended++;
    answer(sink.ticket, 200, sink.seen.bytes);
    (void)pthread_mutex_unlock(&sink.lock);
    return GW_OK;
}

static void sink_abort(void *self)
{
    (void)self;
    (void)pthread_mutex_lock(&sink.lock);
    sink.seen.aborted++;
    (void)pthread_mutex_unlock(&sink.lock);
}

enum gw_rc web_sink_open(void *ctx, const struct http_request *request, int64_t length, struct http_sink *ret_sink,
                         struct gw_err *err)
{
    static const struct http_sink_ops ops = {sink_write, sink_end, sink_abort};
    (void)ctx;
    (void)pthread_mutex_lock(&sink.lock);
    enum gw_rc rc = sink.refuse;
    if (!rc) {
        sink.ticket = request->ticket;
        sink.seen.opened++;
        sink.seen.length = length;
        sink.seen.bytes = 0;
        *ret_sink = (struct http_sink){&ops, &sink};
    } else if (rc == GW_CANCELLED) {
        answer(request->ticket, 401, 0);
    }
    (void)pthread_mutex_unlock(&sink.lock);
    return rc == GW_OK || rc == GW_CANCELLED ? rc : gw_err_set(err, rc, "not now");
}

void web_sink_reset(struct http_responder responder)
{
    (void)pthread_mutex_lock(&sink.lock);
    sink.responder = responder;
    sink.seen = (struct web_sink_seen){.all_zero = true};
    sink.room = UINT64_MAX;
    sink.refuse = GW_OK;
    (void)pthread_mutex_unlock(&sink.lock);
}

void web_sink_room(uint64_t total)
{
    (void)pthread_mutex_lock(&sink.lock);
    sink.room = total;
    (void)pthread_mutex_unlock(&sink.lock);
    sink.responder.resume(sink.responder.self);
}

void web_sink_refuse(enum gw_rc rc)
{
    (void)pthread_mutex_lock(&sink.lock);
    sink.refuse = rc;
    (void)pthread_mutex_unlock(&sink.lock);
}

void web_sink_answer(int status)
{
    (void)pthread_mutex_lock(&sink.lock);
    struct http_ticket ticket = sink.ticket;
    (void)pthread_mutex_unlock(&sink.lock);
    answer(ticket, status, 0);
}

struct web_sink_seen web_sink_seen(void)
{
    (void)pthread_mutex_lock(&sink.lock);
    struct web_sink_seen seen = sink.seen;
    (void)pthread_mutex_unlock(&sink.lock);
    return seen;
}

static bool has_bytes(void *ctx)
{
    return web_sink_seen().bytes >= *(const uint64_t *)ctx;
}

bool web_sink_await_bytes(uint64_t bytes)
{
    return gw_await(has_bytes, &bytes, 10000);
}

static bool has_aborted(void *ctx)
{
    return web_sink_seen().aborted >= *(const int *)ctx;
}

bool web_sink_await_aborted(int count)
{
    return gw_await(has_aborted, &count, 10000);
}
