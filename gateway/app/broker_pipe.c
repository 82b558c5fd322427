#include "broker_pipe.h"

#include <unistd.h>

#include "gw_log.h"

#define PART     "broker"
#define READ_MAX 16384 /* bytes of one turn of the loop */
#define TELL_MS  5000  /* how often it looks whether a minute is over */

static void write_line(void *ctx, bool worry, struct gw_view line)
{
    (void)ctx;
    gw_log(worry ? GW_LOG_WARN : GW_LOG_INFO, PART, "%.*s", (int)line.len, (const char *)line.ptr);
}

static void look_again(uv_timer_t *timer)
{
    struct broker_pipe *p = timer->data;
    if (!broker_talk_tick(&p->talk, gw_mono_now()))
        (void)uv_timer_stop(timer);
}

/* False: nothing is there now. */
static bool read_some(struct broker_pipe *p)
{
    uint8_t bytes[READ_MAX];
    ssize_t n = read(p->fd, bytes, sizeof(bytes));
    if (n <= 0)
        return false;
    broker_talk_add(&p->talk, gw_view_make(bytes, (size_t)n), gw_mono_now());
    if (p->talk.left_out != atomic_load(&p->left_out) && !uv_is_active((uv_handle_t *)&p->timer))
        (void)uv_timer_start(&p->timer, look_again, TELL_MS, TELL_MS);
    atomic_store(&p->left_out, p->talk.left_out);
    return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    if (!read_some(poll->data) && (status || (events & UV_DISCONNECT)))
        (void)uv_poll_stop(poll); /* the supervisor has gone; the lifeline tells */
}

int broker_pipe_init(struct broker_pipe *p, uv_loop_t *loop, int fd)
{
    p->fd = fd;
    broker_talk_init(&p->talk, write_line, NULL);
    int uv = uv_poll_init(loop, &p->poll, fd);
    if (uv)
        return uv;
    (void)uv_timer_init(loop, &p->timer); /* never fails */
    p->poll.data = p->timer.data = p;
    p->made = true;
    return uv_poll_start(&p->poll, UV_READABLE | UV_DISCONNECT, on_readable);
}

uint64_t broker_pipe_left_out(const struct broker_pipe *p)
{
    return atomic_load(&p->left_out);
}

void broker_pipe_close(struct broker_pipe *p)
{
    if (!p->made)
        return;
    for (int i = 0; i < 8 && read_some(p); i++) /* not for ever: strangers go on */
        ;
    broker_talk_end(&p->talk);
    uv_close((uv_handle_t *)&p->poll, NULL);
    uv_close((uv_handle_t *)&p->timer, NULL);
}
