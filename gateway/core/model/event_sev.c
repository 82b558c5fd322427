#include "event_sev.h"

const char *event_sev_text(enum event_sev sev)
{
    switch (sev) {
    case EVENT_SEV_INFO:
        return "info";
    case EVENT_SEV_LOW:
        return "low";
    case EVENT_SEV_MEDIUM:
        return "medium";
    case EVENT_SEV_HIGH:
        return "high";
    case EVENT_SEV_CRITICAL:
        return "critical";
    case EVENT_SEV_FATAL:
        return "fatal";
    }
    return "unknown";
}

const char *event_res_text(enum event_res res)
{
    switch (res) {
    case EVENT_OK:
        return "ok";
    case EVENT_FAIL:
        return "fail";
    case EVENT_DENIED:
        return "denied";
    }
    return "unknown";
}

enum gw_rc event_sev_parse(struct gw_view text, enum event_sev *ret_sev)
{
    for (enum event_sev sev = EVENT_SEV_INFO; sev <= EVENT_SEV_FATAL; sev++)
        if (gw_view_eq_str(text, event_sev_text(sev))) {
            *ret_sev = sev;
            return GW_OK;
        }
    return GW_INVALID;
}

enum gw_rc event_res_parse(struct gw_view text, enum event_res *ret_res)
{
    for (enum event_res res = EVENT_OK; res <= EVENT_DENIED; res++)
        if (gw_view_eq_str(text, event_res_text(res))) {
            *ret_res = res;
            return GW_OK;
        }
    return GW_INVALID;
}

enum event_sev event_sev_of_syslog(unsigned severity)
{
    static const enum event_sev map[8] = {EVENT_SEV_FATAL,  EVENT_SEV_FATAL, EVENT_SEV_CRITICAL, EVENT_SEV_HIGH,
                                          EVENT_SEV_MEDIUM, EVENT_SEV_LOW,   EVENT_SEV_INFO,     EVENT_SEV_INFO};
    return map[severity & 7];
}
