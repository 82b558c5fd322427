/*
 * hello_pace: who is connected when the bus comes up is told where his log stands, a few at a time.
 *
 * Sessions outlive the daemon in the broker, and a device that has nothing to say would wait for ever for a checkpoint
 * that was made meanwhile. The list of a large fleet comes at once; told at once, it would take the places of
 * acknowledgements and jobs (MQTT_DOWN_MESSAGES). So HELLO_PACE_STEP devices are handed on every HELLO_PACE_MS.
 *
 * Thread: the loop's.
 */
#pragma once

#include <stddef.h>
#include <uv.h>

#include "gw_id.h"
#include "gw_rc.h"

#define HELLO_PACE_MS   100
#define HELLO_PACE_STEP 50

/* GW_AGAIN: not now; the same device is brought again with the next step. */
typedef enum gw_rc hello_pace_fn(void *ctx, const struct gw_device_id *device);

struct hello_pace {
    uv_timer_t timer;
    hello_pace_fn *fn;
    void *ctx;
    struct gw_device_id *waiting;
    size_t at, count, cap,
        max; /* [at, count) wait; what is more than max is left out: it hears when it says something */
};

/* Returns libuv's error. */
int hello_pace_init(struct hello_pace *p, uv_loop_t *loop, size_t max, hello_pace_fn *fn, void *ctx);
void hello_pace_add(struct hello_pace *p, const struct gw_device_id *device);
void hello_pace_forget(struct hello_pace *p); /* all that wait */
/* Closes the timer; the loop has to run once more before *p may go. */
void hello_pace_close(struct hello_pace *p);
