#include "denials.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "gw_num.h"

static bool is_over(const struct denial *n, struct gw_wall now)
{
    return now.ms - n->since.ms >= GW_MINUTE_MS || now.ms < n->since.ms;
}

/* The place of this name, a free one, or that of all others. */
static struct denial *place_of(struct denials *d, const char *name, struct gw_wall now)
{
    struct denial *empty = NULL;
    for (size_t i = 0; i < DENIALS_NAMES; i++) {
        struct denial *n = &d->names[i];
        if (n->name[0] && strcmp(n->name, name) == 0)
            return n;
        if (!empty && (!n->name[0] || (n->counted == 0 && is_over(n, now))))
            empty = n;
    }
    if (!empty)
        return &d->others;
    *empty = (struct denial){.since = now};
    (void)snprintf(empty->name, sizeof(empty->name), "%s", name);
    return empty;
}

bool denials_tell(struct denials *d, const char *name, struct gw_wall now)
{
    struct denial *n = place_of(d, name, now);
    if (n->counted == 0 && is_over(n, now)) {
        n->since = now;
        n->told = 0;
    }
    if (n != &d->others && n->told < DENIALS_A_MINUTE) {
        n->told++;
        return true;
    }
    n->counted++;
    return false;
}

static enum gw_rc tell(struct denial *n, struct turn *turn, struct gw_err *err)
{
    char text[120];
    if (n->counted == 0 || !is_over(n, turn->now))
        return GW_OK;
    (void)snprintf(text, sizeof(text), "%" PRIu64 " further act%s refused", n->counted,
                   n->counted == 1 ? " was" : "s were");
    enum gw_rc rc = audit_note(turn, AUDIT_ACT_DENIED, n->name[0] ? n->name : "others", "gateway", text, err);
    if (!rc)
        n->counted = 0;
    return rc;
}

enum gw_rc denials_tick(struct denials *d, struct turn *turn, struct gw_err *err)
{
    enum gw_rc rc = tell(&d->others, turn, err);
    for (size_t i = 0; !rc && i < DENIALS_NAMES; i++)
        rc = tell(&d->names[i], turn, err);
    return rc;
}
