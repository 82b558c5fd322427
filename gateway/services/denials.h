/*
 * denials: how many refused acts of one name become an event of their own. Nobody's refusals, however many he causes,
 * shall fill the journal that all devices' logs are in: beyond DENIALS_A_MINUTE in a minute they are counted, and the
 * count becomes one event when the minute is over. A stop loses the count of the last minute.
 *
 * Ceiling: DENIALS_NAMES names at a time; refusals of further ones are counted together.
 */
#pragma once

#include "turn.h"
#include "user.h"

#define DENIALS_A_MINUTE 30
#define DENIALS_NAMES    64

struct denial {
    char name[sizeof(((struct actor *)0)->name)]; /* "": free */
    struct gw_wall since;                         /* its minute began */
    int told;
    uint64_t counted; /* and not told yet */
};

struct denials {
    struct denial names[DENIALS_NAMES];
    struct denial others; /* whom there is no room for; its name stays "" */
};

/* A refusal of this name: shall it be told now? False: it was counted. */
bool denials_tell(struct denials *d, const char *name, struct gw_wall now);
/* Tells what was counted in minutes that are over. */
GW_MUST_CHECK enum gw_rc denials_tick(struct denials *d, struct turn *turn, struct gw_err *err);
