/*
 * child_ends: how a child has ended, as far as it is not in the log yet. The supervisor tells each end to the daemon
 * that runs, in order; what that one has not noted when it ends itself is told to the next: an end may be told twice,
 * but never not at all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CHILD_ENDS_MAX 16 /* of more, the newest takes the place of the last */

struct child_ends {
    int status[CHILD_ENDS_MAX]; /* as of waitpid(2), the oldest first */
    size_t count, told;
    pid_t to; /* the daemon that `told` counts for */
};

void child_ends_add(struct child_ends *e, int status);
/* The next one that `daemon` is to hear of; false: it has heard of all. */
bool child_ends_tell(struct child_ends *e, pid_t daemon, int *ret_status);
/* The daemon has stored the oldest that it was told of. */
void child_ends_noted(struct child_ends *e);
