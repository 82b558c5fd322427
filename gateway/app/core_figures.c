#include "core_figures.h"

#include <string.h>

#include "core_loop.h"

struct summing {
    struct core_figures *figures;
    size_t rollouts;
};

static bool sum_attempts(void *ctx, const struct rollout_entry *entry)
{
    struct summing *s = ctx;
    for (size_t w = 0; w < entry->rollout.wave_count; w++)
        for (size_t state = 0; state < ATTEMPT_STATES; state++) {
            s->figures->attempts[state] += entry->rollout.waves[w].count[state];
            s->figures->attempts_back[state] += entry->rollout.waves[w].back[state];
        }
    return ++s->rollouts < CORE_FIGURES_ROLLOUTS_MAX;
}

void core_figures_get(const struct core *core, struct core_figures *ret_figures)
{
    const struct store *store = core->store;
    const struct session *session = &core->session;
    struct core_figures f = {.claimed = core->operate.access.claimed,
                             .broker_up = session->broker_up,
                             .keyd_up = core->facts.keyd_up,
                             .registry_confirmed = session->broker_up && session->confirmed == session->generation,
                             .online = (int64_t)session->online_count,
                             .alerts_lost = core->operate.alerts.lost,
                             .reports = core->operate.rollouts.counts,
                             .releases_damaged = core->operate.releases.damaged,
                             .artifacts_intact = core->operate.releases.intact,
                             .artifacts_withheld = session->watch.artifacts_damaged,
                             .storage = session->watch.storage,
                             .turns = core->turns,
                             .commits = core->commits,
                             .failed_commits = core->failed_commits};
    for (enum device_state state = DEVICE_INVITED; state <= DEVICE_RETIRED; state++)
        (void)!store->ops->device_count(store->self, state, &f.devices[state], NULL);
    (void)!store->ops->pending_count(store->self, NULL, &f.pending, NULL);
    (void)!store->ops->alert_count_open(store->self, f.alerts_open, NULL);
    (void)!store->ops->alert_count(store->self, &f.alerts, NULL);
    (void)!store->ops->rollout_count(store->self, f.rollouts, NULL);
    struct summing sum = {.figures = &f};
    (void)!store->ops->rollout_each_live(store->self, NULL, sum_attempts, &sum, NULL);
    watch_totals(&session->watch, &f.refused);
    memcpy(f.imports_refused, core->operate.releases.refused, sizeof(f.imports_refused));
    *ret_figures = f;
}
