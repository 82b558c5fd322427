/* rollouts_page: a person who has the rollouts page open in a real browser for the whole run (watch.mjs). */
#pragma once

#include <stdbool.h>

#include "rollouts_kit.h"

bool page_built(void); /* false: without GW_PAGE, and nothing below does anything */
/* Opens it and waits until it stands before the empty list of rollouts. */
void page_open(const struct gw_gateway *g);
/* Waits until it has shown this state of this rollout; aborts the case otherwise. */
void page_await(const struct kit_rollout *rollout, const char *state);
/* How often somebody has signed in so far; waits until it was once more than `before`. */
int page_signins(void);
void page_await_signin(int before);
/* Waits for its end, the second rollout's, and reads what it has seen. */
void page_end(void);
/* What it showed of the n-th rollout (from 0), at the end: what the CLI says now, rollout and waves, state and counts.
 * It went through exactly these `states` (ends with NULL), never back to one that was over. */
void page_compare(const struct gw_gateway *g, size_t n, const struct kit_rollout *rollout, const char *const states[]);
/* It was loaded once and is that page still, was signed in at least so often, and nothing was on its console. */
void page_was_kept(int signins);
void page_done(void);
