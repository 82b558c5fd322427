/*
 * control: what gw-control writes to $CONTROL/gatehouse/v1: the registry, whole or one device, and the wish for a list.
 *
 *              BEGIN                    COMMIT, count and digest right
 *     closed ────────► closed, loading ───────────────────────────────► open at that generation ◄──┐ DEVICE,
 *       ▲                    │                                              │    │               │ generation + 1
 *       └──── anything wrong ┘                                              │    └───────────────┘
 *                                                           BEGIN ... COMMIT replaces it whole
 *
 * Whatever does not follow is answered by WANTED and changes nothing; an open registry stays open as it was.
 */
#pragma once

#include "gw_view.h"
#include "plugin.h"

void control_message(struct plugin *p, const struct mosquitto *client, struct gw_view payload);
/* Drops a load that is on its way. */
void control_abort(struct plugin *p);
/* Sends a WANTED that had to wait. */
void control_tick(struct plugin *p, struct gw_mono now);
