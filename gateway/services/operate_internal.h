/* operate_internal: shared by the files of the operate service only. */
#pragma once

#include "operate.h"

GW_MUST_CHECK enum gw_rc operate_status(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                        struct gw_err *err);
GW_MUST_CHECK enum gw_rc operate_device_list(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                             struct gw_err *err);
GW_MUST_CHECK enum gw_rc operate_device_get(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                            struct gw_err *err);
GW_MUST_CHECK enum gw_rc operate_pending_list(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                              struct gw_err *err);
