/* How often a device may have a new certificate. */
#include <string.h>

#include "audit_note.h"
#include "enrol_internal.h"

static bool lapsed(const struct enrol_renewals *r, struct gw_wall now)
{
    return now.ms - r->since.ms >= GW_HOUR_MS || now.ms < r->since.ms;
}

/* The device's count, or the oldest one, begun anew. */
static struct enrol_renewals *count_of(struct enrol *e, const struct gw_device_id *device, struct gw_wall now)
{
    struct enrol_renewals *oldest = &e->renewals[0];
    for (size_t i = 0; i < ENROL_RENEW_PLACES; i++) {
        struct enrol_renewals *r = &e->renewals[i];
        if (gw_device_id_eq(&r->device, device) && !lapsed(r, now))
            return r;
        if (r->since.ms < oldest->since.ms)
            oldest = r;
    }
    *oldest = (struct enrol_renewals){.device = *device, .since = now};
    return oldest;
}

enum gw_rc enrol_pace_check(struct enrol *e, struct turn *turn, const struct inbox_msg *msg,
                            const struct gw_device_id *device, struct gw_err *err)
{
    struct enrol_renewals *r = count_of(e, device, turn->now);
    bool told = r->count > ENROL_RENEW_MAX;
    if (!told)
        r->count++;
    if (r->count <= ENROL_RENEW_MAX)
        return GW_OK;
    turn_done(turn, msg->asker, GW_AGAIN, "the device had too many certificates within an hour: try again later");
    enum gw_rc rc = told
                        ? GW_OK
                        : audit_note(turn, AUDIT_CERT_REFUSED, msg->u.csr.context.source, device->text,
                                     "the device asks for too many certificates: no more of them within the hour", err);
    return rc ? rc : GW_NO_SPACE;
}

void enrol_pace_undo(struct enrol *e, const struct gw_device_id *device)
{
    for (size_t i = 0; i < ENROL_RENEW_PLACES; i++)
        if (gw_device_id_eq(&e->renewals[i].device, device) && e->renewals[i].count > 0)
            e->renewals[i].count--;
}
