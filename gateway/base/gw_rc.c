#include "gw_rc.h"

const char *gw_rc_text(enum gw_rc rc)
{
    switch (rc) {
    case GW_OK:
        return "ok";
    case GW_AGAIN:
        return "try again";
    case GW_NOT_FOUND:
        return "not found";
    case GW_EXISTS:
        return "exists already";
    case GW_CONFLICT:
        return "changed by somebody else";
    case GW_INVALID:
        return "invalid";
    case GW_TOO_BIG:
        return "too big";
    case GW_DENIED:
        return "denied";
    case GW_CORRUPT:
        return "corrupt";
    case GW_NO_SPACE:
        return "no space";
    case GW_IO:
        return "input or output failed";
    case GW_TIMEOUT:
        return "timed out";
    case GW_CANCELLED:
        return "cancelled";
    case GW_UNSUPPORTED:
        return "unsupported";
    case GW_NO_MEMORY:
        return "no memory";
    }
    return "unknown";
}
