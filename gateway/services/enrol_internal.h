/* enrol_internal: shared by the files of the enrol service only. */
#pragma once

#include "enrol.h"

/* The device, or a fresh one in memory (rev 0, state 0) when it is unknown. */
GW_MUST_CHECK enum gw_rc enrol_device_or_new(struct turn *turn, const struct gw_device_id *id,
                                             struct device *ret_device, struct gw_err *err);

/* Loads the invitation and says whether this secret opens it now: GW_OK, GW_DENIED (no invitation, void, lapsed, wrong;
 * *ret_known tells whether there is one to count against). */
GW_MUST_CHECK enum gw_rc enrol_secret_check(struct enrol *e, struct turn *turn, const struct inbox_enrol *request,
                                            struct device_invite *ret_invite, bool *ret_known, struct gw_err *err);

/* A certificate of the device for this key that is neither revoked nor expired. With `unused_only`, one that has not
 * connected yet. GW_NOT_FOUND when there is none. */
GW_MUST_CHECK enum gw_rc enrol_cert_for_key(struct turn *turn, const struct gw_device_id *device,
                                            const struct gw_sha256 *spki_sha256, bool unused_only,
                                            struct device_cert *ret_cert, struct gw_err *err);

/* Stores a fresh certificate and keeps at most one older one. */
GW_MUST_CHECK enum gw_rc enrol_cert_keep(struct turn *turn, const struct device_cert *cert, struct gw_err *err);

/* Is there room for this device among devices.max? GW_NO_SPACE, answered and told, when there is not. */
GW_MUST_CHECK enum gw_rc enrol_room_check(struct enrol *e, struct turn *turn, struct asker asker,
                                          const struct device *device, struct gw_err *err);

/* Is this renewal one too many? Then it is answered, and the first of them told: GW_NO_SPACE. */
GW_MUST_CHECK enum gw_rc enrol_pace_check(struct enrol *e, struct turn *turn, const struct inbox_msg *msg,
                                          const struct gw_device_id *device, struct gw_err *err);
/* Nothing came of a renewal that was let through. */
void enrol_pace_undo(struct enrol *e, const struct gw_device_id *device);

void enrol_answer_cert(struct turn *turn, struct asker asker, const struct device_cert *cert);
