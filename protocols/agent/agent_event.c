#include "agent_event.h"

#include "gw_cleanup.h"
#include "gw_num.h"
#include "json.h"

#define SEVERITY_INFO 1

static unsigned of_json(struct gw_view event)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    int64_t sev;
    if (json_read(event, event.len, &doc, NULL) || json_i64(json_root(doc), "sev", 1, 6, &sev, NULL))
        return SEVERITY_INFO;
    return (unsigned)sev;
}

/* "<PRI>", RFC 5424 section 6.2.1: the severity is what is left of a division by 8. */
static unsigned of_syslog(struct gw_view event)
{
    static const unsigned ours[8] = {6, 6, 5, 4, 3, 2, 1, 1};
    struct gw_view rest;
    uint64_t pri;
    struct gw_view digits = gw_view_cut(gw_view_make(event.ptr + 1, event.len - 1), '>', &rest);
    return digits.len > 3 || gw_parse_u64(digits, 191, &pri) ? SEVERITY_INFO : ours[pri % 8];
}

unsigned agent_event_severity(struct gw_view event)
{
    if (event.len > 1 && event.ptr[0] == '{')
        return of_json(event);
    if (event.len > 1 && event.ptr[0] == '<')
        return of_syslog(event);
    return SEVERITY_INFO;
}
