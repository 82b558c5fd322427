/* Whatever parses formats to the same text, and no filter of ours lets a foreign topic in. */
#include <stdlib.h>
#include <string.h>

#include "topic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_view text = gw_view_make(data, size);
    const struct gw_device_id own = {"pump-1"};
    struct topic topic;
    char again[TOPIC_TEXT_MAX];
    if (topic_parse(text, &topic) == GW_OK && (topic_format(&topic, again) || !gw_view_eq_str(text, again)))
        abort();
    if (topic_filter_is_own_down(text, &own) && !gw_view_starts(text, "gw/v1/pump-1/dn/"))
        abort();
    return 0;
}
