/* RFC 3339: what is accepted lies in range, and what is written from it means the same moment. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "gw_time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_wall t, again;
    char text[GW_WALL_TEXT_MAX];
    if (gw_wall_parse(gw_view_make(data, size), &t))
        return 0;
    if (gw_wall_format(t, text) || gw_wall_parse(gw_view_str(text), &again) || again.ms != t.ms)
        abort();
    return 0;
}
