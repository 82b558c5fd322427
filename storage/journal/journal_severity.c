#include "journal_severity.h"

#include "classify.h"
#include "event_view.h"

enum event_sev journal_severity(struct gw_view event)
{
    struct event_view view;
    event_view_parse(event, (struct gw_wall){0}, &view); /* only the severity is asked for: no year is needed */
    event_refine(&view);
    return view.sev;
}
