/*
 * agent_event: what little the device itself reads from an event, which is opaque to the log.
 */
#pragma once

#include "gw_view.h"

/* 1 (info) to 6 (fatal): "sev" of a JSON object, the PRI of an RFC 5424 line, otherwise 1. Never fails. */
unsigned agent_event_severity(struct gw_view event);
