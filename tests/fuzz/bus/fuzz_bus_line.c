/* A line that is taken for a cut names a device and ends as the broker ends such lines. */
#include <stdlib.h>
#include <string.h>

#include "broker_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct broker_line line;
    struct gw_device_id again;
    if (broker_line_parse(gw_view_make(data, size), &line))
        return 0;
    if ((line.cut != BROKER_CUT_OVERSIZE && line.cut != BROKER_CUT_BROKEN) || data[size - 1] != '.' ||
        gw_device_id_parse(gw_view_str(line.device.text), &again))
        abort();
    return 0;
}
