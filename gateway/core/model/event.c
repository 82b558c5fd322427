#include "event.h"

const char *event_format_text(enum event_format format)
{
    switch (format) {
    case EVENT_JSON:
        return "json";
    case EVENT_RFC5424:
        return "rfc5424";
    case EVENT_RFC3164:
        return "rfc3164";
    case EVENT_TEXT:
        return "text";
    }
    return "unknown";
}
