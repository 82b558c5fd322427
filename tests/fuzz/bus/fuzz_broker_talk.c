/* Whatever the broker writes, a minute has its ceiling of lines, and no line is longer than its own. */
#include <stdlib.h>

#include "broker_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hear(void *ctx, bool worry, struct gw_view line)
{
    (void)worry;
    ++*(uint32_t *)ctx;
    if (line.len > BROKER_TALK_LINE_MAX + 128 || line.len == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint32_t most = BROKER_TALK_STRANGERS_MAX + BROKER_TALK_DEVICES_MAX + BROKER_TALK_BROKER_MAX;
    uint32_t lines = 0;
    struct broker_talk t;
    broker_talk_init(&t, hear, &lines);
    size_t step = size > 0 ? data[0] % 97 + 1u : 1;
    for (size_t at = 0; at < size; at += step)
        broker_talk_add(&t, gw_view_make(data + at, step < size - at ? step : size - at), (struct gw_mono){0});
    if (lines > most)
        abort();
    broker_talk_end(&t);
    if (lines > most + BROKER_TALK_KINDS + 1)
        abort();
    return 0;
}
