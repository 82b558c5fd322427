/*
 * fleet_keep: where the logs stood when the fleet ended cleanly, so that a restart goes on with them.
 *
 *     <state>/logs:  "GWF1" ‖ (u8 length ‖ id ‖ u64 epoch ‖ u64 next ‖ u16 length ‖ compact range) × n
 *
 * Reading removes the file: a fleet that is killed afterwards has lost its place, and says so as a device would.
 */
#pragma once

#include "fleet_log.h"
#include "gw_id.h"

/* Appends one log, of which everything is acknowledged. */
enum gw_rc fleet_keep_add(struct gw_buf *file, const struct gw_device_id *id, const struct fleet_log *log);
void fleet_keep_begin(struct gw_buf *file);

struct fleet_kept {
    struct gw_device_id id;
    uint64_t epoch, next;
    bool has_range;
    struct merkle_range range;
};
/* Each log of the bytes, in order. GW_CORRUPT when they are not as above; what was told until then stands. */
typedef void fleet_kept_fn(void *ctx, const struct fleet_kept *kept);
GW_MUST_CHECK enum gw_rc fleet_keep_each(struct gw_view bytes, fleet_kept_fn *fn, void *ctx);
