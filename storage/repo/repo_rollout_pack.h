/*
 * repo_rollout_pack: the plan and the counters of a rollout as bytes of one column each. Big-endian, fixed fields, the
 * first byte a version; states that later versions add go behind the known ones, so that older rows stay readable.
 *
 *     plan      u8 2, u8 waves, waves × (u8 select, u8 percent, u8 ok_pct, u8 unreachable_pct, u32 max_concurrent,
 *               u32 min_sample, u64 soak_ms, and from version 2 on u8 n, n bytes of query), u8 failure_pct, u8 action,
 *               u32 min_decided, 4 × u64 terms (confirm, step, total, postpone), u32 back_concurrent, u64 seed
 *
 *     progress  u8 2, u8 n (states of an attempt), u8 waves, u8 opened, u8 hold, u8 hold_wave, waves × (u8 state,
 *               u8 waived, u32 total, u32 holders, u32 back_total, u64 soak_from, n × u32 count, n × u32 back), and
 *               from version 2 on u32 unplanned, u32 old_back, u8 holders, u8 wave, u32 place
 */
#pragma once

#include "gw_buf.h"
#include "rollout.h"

#define REPO_PLAN_MAX     10240 /* bytes */
#define REPO_PROGRESS_MAX 8192

void repo_plan_pack(const struct rollout_plan *plan, struct gw_buf *ret_bytes);
/* GW_CORRUPT: not what pack writes, or a plan that breaks its rules. */
GW_MUST_CHECK enum gw_rc repo_plan_unpack(struct gw_view bytes, struct rollout_plan *ret_plan);
/* All of it but `state`, which has a column of its own. */
void repo_progress_pack(const struct rollout *rollout, struct gw_buf *ret_bytes);
GW_MUST_CHECK enum gw_rc repo_progress_unpack(struct gw_view bytes, struct rollout *ret_rollout);
