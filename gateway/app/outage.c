#include "outage.h"

#include "gw_log.h"

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

void outage_note_writing(struct outage *o, const char *part, const char *file, enum gw_rc rc, const struct gw_err *err)
{
    switch (outage_note(o, rc != GW_OK, gw_mono_now())) {
    case OUTAGE_BEGINS:
        gw_log(GW_LOG_ERROR, part, "%s; nothing is acknowledged until it can be written again%s", gw_err_text(err),
               rc == GW_NO_SPACE ? ": make room on the state's disk" : "");
        return;
    case OUTAGE_IS_OVER:
        gw_log(GW_LOG_INFO, part, "%s: writing works again", file);
        return;
    case OUTAGE_NOTHING:
        return;
    }
}
