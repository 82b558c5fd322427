#include "log_start.h"

#include <string.h>

#include "gw_cleanup.h"
#include "json.h"

#define LOG_START_MAX 16384

bool log_start_check(struct gw_view event)
{
    static const char *const reasons[] = {"new", "spool_lost", "diverged", "gateway_went_back"};
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    char cls[32], reason[32];
    if (event.len == 0 || event.ptr[0] != '{' || json_read(event, LOG_START_MAX, &doc, NULL) ||
        json_str(json_root(doc), "cls", cls, sizeof(cls), NULL) ||
        json_str(json_root(doc), "reason", reason, sizeof(reason), NULL) || strcmp(cls, "log.start") != 0)
        return false;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(reason, reasons[i]) == 0)
            return true;
    return false;
}
