#include "rules.h"

#include <string.h>

/* Drops what is outside of (t - within, t]. */
static void forget_old(struct alert_window *w, int64_t within_ms, struct gw_wall t)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < w->count; i++)
        if (w->times[i].ms <= t.ms && t.ms - w->times[i].ms < within_ms)
            w->times[kept++] = w->times[i];
    w->count = kept;
}

bool rules_window_add(struct alert_window *window, const struct rules_threshold *threshold, struct gw_wall t)
{
    if (threshold->times <= 1)
        return true;
    forget_old(window, threshold->within_ms, t);
    if (window->count == ALERT_WINDOW_MAX) { /* never with a threshold in its range: the oldest makes room */
        memmove(window->times, window->times + 1, (ALERT_WINDOW_MAX - 1) * sizeof(window->times[0]));
        window->count--;
    }
    window->times[window->count++] = t;
    window->until.ms = t.ms + threshold->within_ms;
    if (window->count < threshold->times)
        return false;
    window->count = 0;
    return true;
}
