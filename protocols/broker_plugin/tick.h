/*
 * tick: what is due by time: sessions whose certificate has ended, reports that wait, and the broker's own end when
 * the process that started it is gone.
 */
#pragma once

#include "plugin.h"

#define TICK_EXPIRY_MS 1000 /* sessions are looked through at most so often */
#define TICK_STUCK_S   3    /* after SIGTERM the broker has this long to leave its loop */

void tick_run(struct plugin *p);
