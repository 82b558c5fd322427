#include "agent_event.h"

#include "event_sev.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "json.h"

static unsigned of_json(struct gw_view event)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    int64_t sev;
    if (json_read(event, event.len, &doc, NULL) ||
        json_i64(json_root(doc), "sev", EVENT_SEV_INFO, EVENT_SEV_FATAL, &sev, NULL))
        return EVENT_SEV_INFO;
    return (unsigned)sev;
}

/* "<PRI>", RFC 5424 section 6.2.1: the severity is what is left of a division by 8. */
static unsigned of_syslog(struct gw_view event)
{
    struct gw_view rest;
    uint64_t pri;
    struct gw_view digits = gw_view_cut(gw_view_make(event.ptr + 1, event.len - 1), '>', &rest);
    return digits.len > 3 || gw_parse_u64(digits, 191, &pri) ? EVENT_SEV_INFO
                                                             : event_sev_of_syslog((unsigned)(pri % 8));
}

unsigned agent_event_severity(struct gw_view event)
{
    if (event.len > 1 && event.ptr[0] == '{')
        return of_json(event);
    if (event.len > 1 && event.ptr[0] == '<')
        return of_syslog(event);
    return EVENT_SEV_INFO;
}
