#include "live.h"

const char *live_topic_text(enum live_topic topic)
{
    switch (topic) {
    case LIVE_OVERVIEW:
        return "overview";
    case LIVE_DEVICES:
        return "devices";
    case LIVE_PENDING:
        return "pending";
    case LIVE_RELEASES:
        return "releases";
    case LIVE_ROLLOUTS:
        return "rollouts";
    case LIVE_ALERTS:
        return "alerts";
    }
    return "unknown";
}
