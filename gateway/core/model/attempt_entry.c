#include "attempt_entry.h"

#include <stdio.h>

#define NUMBER_AT (ATTEMPT_ID_LEN - 8)

void attempt_id_format(const char *rollout, uint32_t number, char out[ATTEMPT_ID_LEN + 1])
{
    (void)snprintf(out, ATTEMPT_ID_LEN + 1, "at-%s-%08x", rollout + 3, (unsigned)number);
}

bool attempt_id_valid(struct gw_view id)
{
    if (id.len != ATTEMPT_ID_LEN || !gw_view_starts(id, "at-") || id.ptr[NUMBER_AT - 1] != '-')
        return false;
    for (size_t i = 3; i < id.len; i++) {
        uint8_t c = id.ptr[i];
        bool letter = c >= 'a' && c <= (i < NUMBER_AT ? 'z' : 'f');
        bool digit = c >= (i < NUMBER_AT ? '2' : '0') && c <= (i < NUMBER_AT ? '7' : '9');
        if (i != NUMBER_AT - 1 && !letter && !digit)
            return false;
    }
    return true;
}
