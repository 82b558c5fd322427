#include "core_figures.h"

#include "core_loop.h"

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
                             .storage = session->watch.storage,
                             .turns = core->turns,
                             .commits = core->commits,
                             .failed_commits = core->failed_commits};
    for (enum device_state state = DEVICE_INVITED; state <= DEVICE_RETIRED; state++)
        (void)!store->ops->device_count(store->self, state, &f.devices[state], NULL);
    (void)!store->ops->pending_count(store->self, NULL, &f.pending, NULL);
    (void)!store->ops->alert_count_open(store->self, f.alerts_open, NULL);
    (void)!store->ops->alert_count(store->self, &f.alerts, NULL);
    watch_totals(&session->watch, &f.refused);
    *ret_figures = f;
}
