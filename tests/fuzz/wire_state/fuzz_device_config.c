#include <stdlib.h>

#include "device_config.h"
#include "gw_cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read lies in its range, and says the same when it is written and read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct device_config c, again;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, DEVICE_CONFIG_MAX);
    if (device_config_parse(gw_view_make(data, size), &c, NULL))
        return 0;
    if (c.log_level < EVENT_SEV_INFO || c.log_level > EVENT_SEV_FATAL || c.sampling_pct < 1 || c.sampling_pct > 100 ||
        c.renew < DEVICE_RENEW_NONE || c.renew > DEVICE_RENEW_NOW)
        abort();
    if (device_config_format(&c, &text) || device_config_parse(gw_buf_view(&text), &again, NULL))
        abort();
    if (again.log_level != c.log_level || again.sampling_pct != c.sampling_pct || again.optout != c.optout ||
        again.renew != c.renew)
        abort();
    return 0;
}
