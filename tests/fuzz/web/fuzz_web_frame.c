#include <stdlib.h>

#include "web_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte cuts the stream in two: that must make no difference, and no frame above the ceiling may pass. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct web_frame whole = {.have = 0};
    struct web_frame cut = {.have = 0};
    if (size < 1)
        return 0;
    struct gw_view all = gw_view_make(data + 1, size - 1);
    size_t at = all.len ? data[0] % all.len : 0;
    int code = web_frame_pass(&whole, all, 300);
    int first = web_frame_pass(&cut, gw_view_make(all.ptr, at), 300);
    int second = first ? first : web_frame_pass(&cut, gw_view_make(all.ptr + at, all.len - at), 300);
    if (code != second || (code != 0 && code != 1002 && code != 1009))
        abort();
    if (!code && (whole.left != cut.left || whole.have != cut.have || whole.left > 300))
        abort();
    return 0;
}
