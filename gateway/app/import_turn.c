#include "import_turn.h"

#include <stdio.h>
#include <string.h>

static bool waits(const struct import_turn *turn, struct gw_mono now)
{
    return turn->refused[0] && now.ms - turn->asked.ms < IMPORT_TURN_MS;
}

bool import_turn_take(struct import_turn *turn, const char *name, struct gw_mono now)
{
    bool is_first = strcmp(turn->refused, name) == 0;
    if (waits(turn, now) && !is_first && strcmp(turn->holder, name) == 0)
        return false;
    if (is_first || !waits(turn, now))
        turn->refused[0] = '\0';
    (void)snprintf(turn->holder, sizeof(turn->holder), "%s", name);
    return true;
}

void import_turn_refuse(struct import_turn *turn, const char *name, struct gw_mono now)
{
    bool other_waits = waits(turn, now) && strcmp(turn->refused, name) != 0;
    if (other_waits || strcmp(turn->holder, name) == 0)
        return;
    (void)snprintf(turn->refused, sizeof(turn->refused), "%s", name);
    turn->asked = now;
}
