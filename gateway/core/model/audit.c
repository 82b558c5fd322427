#include "audit.h"

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
