#include "hello_pace.h"

#include <stdlib.h>

#include "gw_cleanup.h"

static void step(uv_timer_t *timer)
{
    struct hello_pace *p = timer->data;
    for (size_t n = 0; n < HELLO_PACE_STEP && p->at < p->count; n++) {
        if (p->fn(p->ctx, &p->waiting[p->at]) == GW_AGAIN)
            return;
        p->at++;
    }
    if (p->at == p->count)
        hello_pace_forget(p);
}

int hello_pace_init(struct hello_pace *p, uv_loop_t *loop, size_t max, hello_pace_fn *fn, void *ctx)
{
    *p = (struct hello_pace){.fn = fn, .ctx = ctx, .max = max};
    int uv = uv_timer_init(loop, &p->timer);
    p->timer.data = p;
    return uv;
}

void hello_pace_add(struct hello_pace *p, const struct gw_device_id *device)
{
    if (p->count == p->max)
        return;
    if (p->count == 0)
        (void)uv_timer_start(&p->timer, step, HELLO_PACE_MS, HELLO_PACE_MS);
    p->waiting = gw_xgrow(p->waiting, p->count, &p->cap, sizeof(*p->waiting));
    p->waiting[p->count++] = *device;
}

void hello_pace_forget(struct hello_pace *p)
{
    (void)uv_timer_stop(&p->timer);
    free(p->waiting);
    p->waiting = NULL;
    p->at = p->count = p->cap = 0;
}

void hello_pace_close(struct hello_pace *p)
{
    hello_pace_forget(p);
    uv_close((uv_handle_t *)&p->timer, NULL);
}
