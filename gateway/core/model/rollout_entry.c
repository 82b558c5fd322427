#include "rollout_entry.h"

#include <string.h>

void rollout_id_format(const void *random, char out[ROLLOUT_ID_LEN + 1])
{
    static const char prefix[] = "ro-";
    memcpy(out, prefix, sizeof(prefix));
    gw_base32_format(random, ROLLOUT_ID_BYTES, out + sizeof(prefix) - 1);
}

bool rollout_id_valid(struct gw_view id)
{
    if (id.len != ROLLOUT_ID_LEN || !gw_view_starts(id, "ro-"))
        return false;
    for (size_t i = 3; i < id.len; i++)
        if (!((id.ptr[i] >= 'a' && id.ptr[i] <= 'z') || (id.ptr[i] >= '2' && id.ptr[i] <= '7')))
            return false;
    return true;
}
