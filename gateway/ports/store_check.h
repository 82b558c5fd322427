/*
 * store_check: what every implementation of the store refuses to keep: texts without a terminator, numbers outside of
 * their enum, lengths above their array, names that break their grammar. Pure. GW_INVALID with what is wrong.
 */
#pragma once

#include "store.h"

GW_MUST_CHECK enum gw_rc store_check_device(const struct device *device, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_cert(const struct device_cert *cert, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_invite(const struct device_invite *invite, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_pending(const struct device_pending *pending, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_user(const struct user *user, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_token(const struct token *token, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_audit(const struct audit_event *event, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_vendor_key(const struct vendor_key *key, struct gw_err *err);
/* GW_TOO_BIG: the envelope is above RELEASE_ENVELOPE_MAX. */
GW_MUST_CHECK enum gw_rc store_check_release(const struct store_release *release, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_product(const struct release_product *product, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_alert(const struct alert *alert, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_alert_window(const struct alert_window *window, struct gw_err *err);
/* Also that the counters add up to the waves' devices. */
GW_MUST_CHECK enum gw_rc store_check_rollout(const struct rollout_entry *entry, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_attempt(const struct attempt_entry *entry, struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_seats(const char *rollout, const struct rollout_seat *seats, size_t count,
                                           struct gw_err *err);
GW_MUST_CHECK enum gw_rc store_check_inventory(const struct inventory *inventory, struct gw_err *err);
/* GW_TOO_BIG: the value is above STORE_SETTING_MAX. */
GW_MUST_CHECK enum gw_rc store_check_setting(const char *key, struct gw_view value, struct gw_err *err);
