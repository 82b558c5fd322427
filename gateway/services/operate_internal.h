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
/* Hands a read of the logs, in the message's blob, to the query threads. GW_INVALID when it is none. */
GW_MUST_CHECK enum gw_rc operate_query(struct turn *turn, struct inbox_msg *msg, struct gw_err *err);
GW_MUST_CHECK enum gw_rc operate_log_key(const struct operate *o, struct turn *turn, const struct inbox_msg *msg);
