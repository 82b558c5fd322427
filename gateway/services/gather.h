/*
 * gather: the rows of a list into an answer, up to its limit. Whoever asks the store for one row more than the limit
 * learns whether there are more behind it.
 */
#pragma once

#include "answer.h"

struct gather {
    struct answer *answer;
    size_t limit;
};

/* Is there room behind `count` rows? If not, the answer tells that there are more. */
bool gather_room(struct gather *gather, size_t count);
