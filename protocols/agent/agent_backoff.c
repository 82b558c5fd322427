#include "agent_backoff.h"

#include "gw_id.h"

int64_t agent_jitter_ms(int64_t ms)
{
    uint32_t dice;
    gw_random(&dice, sizeof(dice));
    int64_t span = ms * 2 / 5;
    return ms - ms / 5 + (span > 0 ? (int64_t)(dice % ((uint64_t)span + 1)) : 0);
}

int64_t agent_backoff_next_ms(struct agent_backoff *backoff, int64_t first_ms, int64_t max_ms)
{
    backoff->wait_ms = backoff->wait_ms ? backoff->wait_ms * 2 : first_ms;
    if (backoff->wait_ms > max_ms)
        backoff->wait_ms = max_ms;
    return agent_jitter_ms(backoff->wait_ms);
}

void agent_backoff_reset(struct agent_backoff *backoff)
{
    backoff->wait_ms = 0;
}
