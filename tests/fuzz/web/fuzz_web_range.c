#include <stdlib.h>

#include "web_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first two bytes are the file's size, the rest is the field. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct web_range ranges[WEB_RANGES_MAX];
    size_t count = 0;
    if (size < 2)
        return 0;
    int64_t length = data[0] << 8 | data[1];
    if (web_range_parse(gw_view_make(data + 2, size - 2), length, ranges, WEB_RANGES_MAX, &count))
        return 0;
    int64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first < 0 || ranges[i].last < ranges[i].first || ranges[i].last >= length)
            abort();
        total += ranges[i].last - ranges[i].first + 1;
    }
    if (count == 0 || count > WEB_RANGES_MAX || total > length)
        abort();
    return 0;
}
