/*
 * broker_pipe: reads the broker's stderr and writes it into the gateway's log, in measure (broker_talk.h).
 *
 * The supervisor makes the pipe, gives mosquitto its write end and never reads: what strangers cause is no root
 * process's to look at. The write end does not block: where nobody reads for long, its 64 KiB are full and further
 * words are lost uncounted, so that a daemon that is busy or away holds up no device.
 *
 * Thread: the loop's; broker_pipe_left_out() any.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

#include "broker_talk.h"

struct broker_pipe {
    uv_poll_t poll;
    uv_timer_t timer; /* runs while there is something left out to tell */
    int fd;
    struct broker_talk talk;
    _Atomic uint64_t left_out;
    bool made;
};

/* fd: non-blocking, stays the caller's. Returns libuv's error. */
int broker_pipe_init(struct broker_pipe *p, uv_loop_t *loop, int fd);
/* Lines that were left out since _init. */
uint64_t broker_pipe_left_out(const struct broker_pipe *p);
/* Says what is there still; the loop has to run once more before *p may go. Nothing where _init failed or never was. */
void broker_pipe_close(struct broker_pipe *p);
