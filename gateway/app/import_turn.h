/*
 * import_turn: whose turn it is at the one place for imports and verifications. Pure; its owner locks.
 *
 * The place has no queue: who finds it taken is told to come again. So that nobody keeps it by coming again at once,
 * whoever had it last gives way, for IMPORT_TURN_MS since the other one asked, to who found it taken. One such name is
 * remembered: the first, until it has had the place or has not asked for so long.
 */
#pragma once

#include <stdbool.h>

#include "gw_time.h"
#include "user.h"

#define IMPORT_TURN_MS GW_MINUTE_MS

struct import_turn {
    char holder[sizeof(((struct actor *)0)->name)];  /* who has the place, or had it last */
    char refused[sizeof(((struct actor *)0)->name)]; /* who found it taken; "": nobody */
    struct gw_mono asked;                            /* when, last */
};

/* The place is free: may this name have it? Then it has it; otherwise `refused` goes first. */
bool import_turn_take(struct import_turn *turn, const char *name, struct gw_mono now);
/* The place is taken. */
void import_turn_refuse(struct import_turn *turn, const char *name, struct gw_mono now);
