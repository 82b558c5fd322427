/* operate_internal: shared by the files of the operate service only. */
#pragma once

#include "operate.h"

/* Acts on one device. */
GW_MUST_CHECK enum gw_rc operate_device_act(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                            struct gw_err *err);
/* The enrolment door. */
GW_MUST_CHECK enum gw_rc operate_door(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                      struct gw_err *err);
/* Also after an act: the device as it is now. */
GW_MUST_CHECK enum gw_rc operate_device_get(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                            struct gw_err *err);
/* Reads that core answers at once. */
GW_MUST_CHECK enum gw_rc operate_read(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                      struct gw_err *err);
/* Hands a read, in the message's blob, to the query threads. GW_INVALID when it is none. */
GW_MUST_CHECK enum gw_rc operate_query(struct turn *turn, struct inbox_msg *msg, struct gw_err *err);
