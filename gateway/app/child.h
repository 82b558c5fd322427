/*
 * child: one supervised process: how it is started with another user's rights and a closed set of descriptors.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "child_ends.h"
#include "child_env.h"
#include "gw_err.h"
#include "gw_time.h"
#include "places.h"

#define CHILD_FDS_MAX 5

struct child_spec {
    const char *name;            /* for messages */
    const char *const *argv;     /* absolute program first, NULL last */
    const struct child_env *env; /* all that it gets */
    struct places_user user;
    gid_t extra_gid; /* a supplementary group, or the user's own */
    struct {
        int from, to; /* our descriptor and the number that it has in the child */
    } fds[CHILD_FDS_MAX];
    size_t fd_count;
};

struct child {
    pid_t pid;  /* 0: not running */
    int starts; /* without a quiet minute between them */
    struct gw_mono started;
    struct gw_mono due; /* when to start it again; meaningful while pid is 0 */
    struct child_ends ends;
};

/* Starts it; pid is set. Nothing but stdin (/dev/null), stdout, stderr (ours, unless `fds` names another) and `fds` is
 * open in it; new privileges are off. */
GW_MUST_CHECK enum gw_rc child_start(struct child *c, const struct child_spec *spec, bool drop, struct gw_err *err);
/* Notes its end and when it may start again: at once, then 200 ms doubling to 5 s while it keeps ending within a
 * minute. */
void child_ended(struct child *c, struct gw_mono now);
/* "exited with 3" or "was killed by signal 9 (Killed)". */
void child_status_text(int status, char *out, size_t out_size);
