#include "outage.h"

enum outage_word outage_note(struct outage *o, bool failed, struct gw_mono now)
{
    bool told = o->told;
    if (failed) {
        *o = (struct outage){true, now};
        return told ? OUTAGE_NOTHING : OUTAGE_BEGINS;
    }
    if (!told || now.ms - o->failed.ms < OUTAGE_QUIET_MS)
        return OUTAGE_NOTHING;
    o->told = false;
    return OUTAGE_IS_OVER;
}
