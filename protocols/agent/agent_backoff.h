/*
 * agent_backoff: waiting longer after each failure, never at the same moment as a thousand others.
 */
#pragma once

#include <stdint.h>

struct agent_backoff {
    int64_t wait_ms; /* 0 before the first failure */
};

/* ms ± 20 %, evenly. */
int64_t agent_jitter_ms(int64_t ms);
/* The next wait: first_ms, doubling up to max_ms, each ± 20 %. */
int64_t agent_backoff_next_ms(struct agent_backoff *backoff, int64_t first_ms, int64_t max_ms);
void agent_backoff_reset(struct agent_backoff *backoff);
