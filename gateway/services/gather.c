#include "gather.h"

bool gather_room(struct gather *gather, size_t count)
{
    if (count < gather->limit)
        return true;
    gather->answer->more = true;
    return false;
}
