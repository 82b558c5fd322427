/* Bytes between the TLS connection and our end of a live connection's socket pair. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "web_internal.h"

#define PAIR_BUF (64 * 1024) /* bytes that the kernel keeps of each direction, about */
#define DOWN_CHUNK                                                                                                     \
    (16 * 1024) /* bytes of one write: one record, which a socket that is writable mostly takes whole                  \
                 */

/* The time for what waits now to go out. A connection that closes has its own. */
static void set_deadline(struct ws_conn *live)
{
    if (live->state == WEB_OPEN)
        live->conn->deadline.ms = live->down_busy ? gw_mono_now().ms + WEB_WRITE_MS : WEB_NEVER;
}

static void on_pair(uv_poll_t *poll, int status, int events);

static void watch(struct ws_conn *live)
{
    bool up = live->conn->rx.len > 0 && !live->up_dead;
    int events = (live->down_busy ? 0 : UV_READABLE) | (up ? UV_WRITABLE : 0);
    if (events == live->polled)
        return; /* each call costs two of epoll's */
    live->polled = events;
    if (events)
        (void)uv_poll_start(live->poll, events, on_pair);
    else
        (void)uv_poll_stop(live->poll);
}

/* As much as libwebsockets' end takes; the rest waits in rx. */
static void push_up(struct ws_conn *live)
{
    struct gw_buf *rx = &live->conn->rx;
    while (rx->len > 0 && !live->up_dead) {
        ssize_t n = send(live->fd, rx->ptr, rx->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            gw_buf_drop(rx, (size_t)n);
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            live->up_dead = true;
    }
    gw_buf_wipe(rx);
}

/* To go on when TLS takes bytes. */
static void wait_down(struct ws_conn *live)
{
    live->down_busy = true;
    set_deadline(live);
    (void)lws_callback_on_writable(live->conn->wsi);
    watch(live);
}

/* TLS has not taken all of the last write: libwebsockets keeps the rest, and nothing else may follow before it. */
static void mind_partial(struct ws_conn *live)
{
    if (!lws_partial_buffered(live->conn->wsi))
        return;
    (void)lws_rx_flow_control(live->conn->wsi, 0);
    wait_down(live);
}

/* Moves what has come, at most a chunk; only when TLS has nothing of before to write. False: the end. */
static bool move_down(struct ws_conn *live)
{
    struct web_conn *c = live->conn;
    uint8_t *chunk = c->listener->web->chunk + LWS_PRE;
    ssize_t n = recv(live->fd, chunk, DOWN_CHUNK, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0 || lws_write(c->wsi, chunk, (size_t)n, LWS_WRITE_RAW) < 0)
        return false;
    web_frame_out_pass(&live->other, gw_view_make(chunk, (size_t)n));
    mind_partial(live);
    return true;
}

bool web_pump_full(const struct ws_conn *live)
{
    return live->conn->rx.len > 0 || lws_partial_buffered(live->conn->wsi);
}

bool web_pump_ready(const struct ws_conn *live)
{
    return !live->down_busy && web_frame_out_between(&live->other);
}

bool web_pump_message(struct ws_conn *live, struct gw_view text)
{
    struct web_conn *c = live->conn;
    uint8_t *frame = c->listener->web->chunk + LWS_PRE;
    size_t head = web_frame_text(text.len, frame);
    memcpy(frame + head, text.ptr, text.len);
    if (lws_write(c->wsi, frame, head + text.len, LWS_WRITE_RAW) < 0)
        return false;
    mind_partial(live);
    return true;
}

static void on_pair(uv_poll_t *poll, int status, int events)
{
    struct ws_conn *live = poll->data;
    if (status < 0) {
        web_conn_close(live->conn);
        return;
    }
    if (events & UV_WRITABLE) {
        push_up(live);
        if (!web_pump_full(live))
            (void)lws_rx_flow_control(live->conn->wsi, 1);
    }
    /* The end, too, waits: what was written must be out before the connection is closed. */
    if ((events & UV_READABLE) && !live->down_busy && (lws_send_pipe_choked(live->conn->wsi) || !move_down(live)))
        wait_down(live);
    if (!web_live_flush(live))
        wait_down(live);
    watch(live);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

enum gw_rc web_pump_begin(struct ws_conn *live, int *ret_theirs)
{
    static const int size = PAIR_BUF;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
        return GW_IO;
    uv_poll_t *poll = gw_xalloc(1, sizeof(*poll));
    if (uv_poll_init(&live->conn->listener->web->loop, poll, pair[0])) {
        free(poll);
        (void)close(pair[0]);
        (void)close(pair[1]);
        return GW_IO;
    }
    (void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    poll->data = live;
    live->poll = poll;
    live->fd = pair[0];
    *ret_theirs = pair[1];
    watch(live);
    return GW_OK;
}

void web_pump_end(struct ws_conn *live)
{
    if (!live->poll)
        return;
    (void)uv_poll_stop(live->poll);
    uv_close((uv_handle_t *)live->poll, free_handle);
    live->poll = NULL;
    (void)close(live->fd);
    live->fd = -1;
}

bool web_pump_head(struct ws_conn *live, struct gw_view head)
{
    return send(live->fd, head.ptr, head.len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)head.len;
}

bool web_pump_up(struct ws_conn *live, struct gw_view bytes)
{
    if (live->up_dead)
        return true;
    int code = web_frame_pass(&live->frame, bytes, WS_MESSAGE_MAX);
    if (code) {
        live->up_dead = true; /* what comes behind a broken frame has no meaning */
        web_live_close(live, code, code == 1009 ? "message too long" : "broken frame");
        gw_buf_wipe(&live->conn->rx);
        return true;
    }
    if (gw_buf_add_view(&live->conn->rx, bytes))
        return false;
    push_up(live);
    watch(live);
    return true;
}

bool web_pump_down(struct ws_conn *live)
{
    if (!live->down_busy)
        return true;
    live->down_busy = false;
    if (!move_down(live) || !web_live_flush(live))
        return false;
    set_deadline(live);
    watch(live);
    return true;
}
