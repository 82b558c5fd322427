#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "json.h"
#include "state_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is kept as JSON can be read as JSON, and every text ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct inventory told;
    struct gw_err err;
    if (state_report_parse(gw_view_make(data, size), &told, &err))
        return 0;
    if (!memchr(told.product, 0, sizeof(told.product)) || !memchr(told.boot, 0, sizeof(told.boot)) || told.job_n < 0)
        abort();
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    if (told.attributes[0] && json_read(gw_view_str(told.attributes), sizeof(told.attributes), &doc, &err))
        abort();
    if (told.device.text[0] || told.release[0] || told.floor_confirmed)
        abort(); /* the gateway's own part */
    return 0;
}
