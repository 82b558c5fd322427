/* Whatever parses has items that walk to their end, and formats to the same bytes again. */
#include <stdlib.h>
#include <string.h>

#include "registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct registry_message *m)
{
    struct gw_reader r = {m->items};
    uint32_t count = 0;
    enum gw_rc rc = GW_NOT_FOUND;
    struct registry_entry entry;
    struct registry_record record;
    if (m->type == REGISTRY_ENTRIES || m->type == REGISTRY_DEVICE)
        while ((rc = registry_entry_next(&r, &entry)) == GW_OK)
            count++;
    else if (m->type == REGISTRY_PRESENCE)
        while ((rc = registry_record_next(&r, &record)) == GW_OK)
            count++;
    else
        return;
    if (rc != GW_NOT_FOUND || count != m->count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct registry_message m;
    if (registry_parse(gw_view_make(data, size), &m))
        return 0;
    walk(&m);
    struct gw_buf again;
    gw_buf_init(&again, REGISTRY_MESSAGE_MAX);
    if (registry_format(&m, &again) || !gw_view_eq(gw_buf_view(&again), gw_view_make(data, size)))
        abort();
    gw_buf_done(&again);
    return 0;
}
