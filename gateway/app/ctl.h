/*
 * ctl: the words between the supervisor and the daemon, over an inherited SOCK_SEQPACKET pair. Fixed size, closed list:
 * the supervisor runs as root and parses nothing else from anybody.
 */
#pragma once

#include <stdint.h>

#include "gw_err.h"

enum ctl_kind {
    /* daemon → supervisor */
    CTL_BROKER_START = 1, /* value 1: restart it when it runs already (its configuration changed) */
    CTL_BROKER_RELOAD,    /* SIGHUP: it reads its certificate again */
    CTL_PUBLISH,          /* the admin socket is bound: put it in its public place */
    CTL_READY,            /* everything that the configuration asks for is up */
    CTL_CHILD_NOTED,      /* the end of a child is durable in the log; value: enum ctl_child */
    /* supervisor → daemon */
    CTL_BROKER_UP,   /* value: pid */
    CTL_BROKER_DOWN, /* value: status as of waitpid(2) */
    CTL_KEYD_UP,
    CTL_KEYD_DOWN,
};

enum ctl_child { CTL_CHILD_BROKER = 1, CTL_CHILD_KEYD };

struct ctl_msg {
    uint32_t magic;
    uint32_t kind;
    int32_t value;
};

/* Descriptors that a child finds open, by program. */
#define CTL_FD_KEYD_REQUESTS    3 /* gatehouse-keyd */
#define CTL_FD_LIFELINE         4 /* every child: ends at EOF */
#define CTL_FD_KEYD_DIR         5
#define CTL_FD_DAEMON_CTL       3 /* the daemon */
#define CTL_FD_DAEMON_KEYD      5
#define CTL_FD_DAEMON_SECRET    6 /* 64 hex characters, then EOF */
#define CTL_FD_DAEMON_BROKER    7 /* what mosquitto writes on its stderr; never blocks who writes */
#define CTL_FD_BROKER_SECRET    3 /* mosquitto, for the plugin */
#define CTL_BROKER_SECRET_CHARS 64

GW_MUST_CHECK enum gw_rc ctl_send(int fd, enum ctl_kind kind, int32_t value, struct gw_err *err);
/* GW_AGAIN when nothing is there, GW_CANCELLED when the other side has gone, GW_INVALID for anything that is no word.
 */
GW_MUST_CHECK enum gw_rc ctl_receive(int fd, enum ctl_kind *ret_kind, int32_t *ret_value, struct gw_err *err);
