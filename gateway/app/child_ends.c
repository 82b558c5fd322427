#include "child_ends.h"

#include <string.h>

void child_ends_add(struct child_ends *e, int status)
{
    if (e->count < CHILD_ENDS_MAX)
        e->count++;
    else if (e->told == CHILD_ENDS_MAX)
        e->told--;
    e->status[e->count - 1] = status;
}

bool child_ends_tell(struct child_ends *e, pid_t daemon, int *ret_status)
{
    if (e->to != daemon)
        e->told = 0;
    e->to = daemon;
    if (e->told == e->count)
        return false;
    *ret_status = e->status[e->told++];
    return true;
}

void child_ends_noted(struct child_ends *e)
{
    if (e->told == 0)
        return;
    e->told--;
    e->count--;
    memmove(e->status, e->status + 1, e->count * sizeof(e->status[0]));
}
