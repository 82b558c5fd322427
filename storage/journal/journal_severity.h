/*
 * journal_severity: an event's severity as its view tells it: for journal_options.severity.
 */
#pragma once

#include "event.h"
#include "gw_view.h"

enum event_sev journal_severity(struct gw_view event);
