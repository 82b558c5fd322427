/*
 * rollouts_act: the acts of people on rollouts, from the message to the answer. What they mean is decided in
 * rollouts.h and core; here is only who is told what.
 */
#pragma once

#include "rollouts.h"

/* ACT_ROLLOUT_LIST, GET, ATTEMPTS and ACT_DEVICE_ATTEMPTS: out of the store alone. */
GW_MUST_CHECK enum gw_rc rollouts_read(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err);
/* The rollout and what its waves wait for. */
void rollouts_row(const struct rollout_entry *entry, struct answer_rollout *ret_row);
/* Where a list goes on behind this id, "": from the newest. GW_INVALID: there is no such rollout. */
GW_MUST_CHECK enum gw_rc rollouts_behind(const struct store *store, const char *id,
                                         struct store_rollout_before *ret_before, struct gw_err *err);
/* An answer with this one rollout and what its waves wait for. */
void rollouts_answer(struct turn *turn, struct asker asker, const struct rollout_entry *entry);
/* The changes, and CREATE and PREVIEW, which take over the message's blob and are answered later (OUT_SURVEY): the
 * actor was let in by access. What is refused has changed nothing. */
GW_MUST_CHECK enum gw_rc rollouts_act(struct rollouts *r, struct turn *turn, struct inbox_msg *msg, struct gw_err *err);
