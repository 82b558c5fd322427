#include <string.h>

#include "gw_utf8.h"
#include "rollout.h"

void rollout_plan_init(struct rollout_plan *ret_plan)
{
    *ret_plan = (struct rollout_plan){
        .abort = {.failure_pct = 20, .min_decided = 5, .action = ROLLOUT_ON_FAILURE_ABORT},
        .terms = {.confirm_ms = ATTEMPT_CONFIRM_MS_DEFAULT,
                  .step_ms = ATTEMPT_STEP_MS_DEFAULT,
                  .total_ms = ATTEMPT_TOTAL_MS_DEFAULT,
                  .postpone_max_ms = ATTEMPT_POSTPONE_MS_DEFAULT},
        .back_concurrent = 50,
    };
}

static enum gw_rc wave_error(struct gw_err *err, unsigned index, const char *text)
{
    return gw_err_set(err, GW_INVALID, "wave %u: %s", index + 1, text);
}

/* Whether it can be read is for one who has a parser. */
static enum gw_rc check_query(const struct rollout_wave_plan *wave, unsigned index, struct gw_err *err)
{
    if (!memchr(wave->query, '\0', sizeof(wave->query)))
        return wave_error(err, index, "the query is too long");
    if (wave->select == ROLLOUT_SELECT_QUERY && !wave->query[0])
        return wave_error(err, index, "the query is empty");
    if (wave->select != ROLLOUT_SELECT_QUERY && wave->query[0])
        return wave_error(err, index, "a query is given, but select is not \"query\"");
    return gw_utf8_valid(gw_view_str(wave->query)) ? GW_OK : wave_error(err, index, "the query is not UTF-8");
}

static enum gw_rc check_select(const struct rollout_plan *plan, unsigned index, struct gw_err *err)
{
    const struct rollout_wave_plan *wave = &plan->waves[index];
    if (wave->select < ROLLOUT_SELECT_LIST || wave->select > ROLLOUT_SELECT_QUERY)
        return wave_error(err, index, "select is none of list, percent, query, rest");
    switch (wave->select) {
    case ROLLOUT_SELECT_PERCENT:
        if (wave->percent < 1 || wave->percent > 100)
            return wave_error(err, index, "percent is not within 1 and 100");
        return GW_OK;
    case ROLLOUT_SELECT_REST:
        if (index + 1 != plan->wave_count)
            return wave_error(err, index, "select \"rest\" is for the last wave alone");
        break;
    case ROLLOUT_SELECT_LIST:
    case ROLLOUT_SELECT_QUERY:
        break;
    }
    if (wave->percent != 0)
        return wave_error(err, index, "percent is given, but select is not \"percent\"");
    return GW_OK;
}

static enum gw_rc check_wave(const struct rollout_plan *plan, unsigned index, struct gw_err *err)
{
    const struct rollout_wave_plan *wave = &plan->waves[index];
    enum gw_rc rc = check_select(plan, index, err);
    if (!rc)
        rc = check_query(wave, index, err);
    if (rc)
        return rc;
    if (wave->max_concurrent < 1 || wave->max_concurrent > ROLLOUT_CONCURRENT_MAX)
        return wave_error(err, index, "max_concurrent is not within 1 and 100000");
    if (wave->gate.ok_pct > 100)
        return wave_error(err, index, "ok_pct is above 100");
    if (wave->gate.unreachable_pct > 100)
        return wave_error(err, index, "unreachable_pct is above 100");
    if (wave->gate.min_sample < 1 || wave->gate.min_sample > ROLLOUT_DEVICES_MAX)
        return wave_error(err, index, "min_sample is not within 1 and 1000000");
    if (wave->gate.soak_ms < 0 || wave->gate.soak_ms > ROLLOUT_TIME_MAX_MS)
        return wave_error(err, index, "soak time is not within 0 and 365 days");
    return GW_OK;
}

static enum gw_rc check_abort(const struct rollout_abort *abort_rule, struct gw_err *err)
{
    if (abort_rule->failure_pct == 0)
        return GW_OK;
    if (abort_rule->failure_pct > 100)
        return gw_err_set(err, GW_INVALID, "abort: failure_pct is above 100");
    if (abort_rule->min_decided < 1 || abort_rule->min_decided > ROLLOUT_DEVICES_MAX)
        return gw_err_set(err, GW_INVALID, "abort: min_decided is not within 1 and 1000000");
    if (abort_rule->action < ROLLOUT_ON_FAILURE_HOLD || abort_rule->action > ROLLOUT_ON_FAILURE_ROLLBACK)
        return gw_err_set(err, GW_INVALID, "abort: action is none of hold, abort, rollback");
    return GW_OK;
}

static enum gw_rc check_time(int64_t ms, int64_t least_ms, const char *name, struct gw_err *err)
{
    if (ms < least_ms || ms > ROLLOUT_TIME_MAX_MS)
        return gw_err_set(err, GW_INVALID, "%s is not within %lld ms and 365 days", name, (long long)least_ms);
    return GW_OK;
}

static enum gw_rc check_terms(const struct attempt_terms *terms, struct gw_err *err)
{
    enum gw_rc rc = check_time(terms->confirm_ms, GW_SECOND_MS, "confirm time", err);
    if (rc == GW_OK)
        rc = check_time(terms->step_ms, GW_SECOND_MS, "step time", err);
    if (rc == GW_OK)
        rc = check_time(terms->total_ms, GW_SECOND_MS, "total time", err);
    if (rc == GW_OK)
        rc = check_time(terms->postpone_max_ms, 0, "postpone time", err);
    if (rc == GW_OK && terms->total_ms < terms->step_ms)
        return gw_err_set(err, GW_INVALID, "total time is below the step time");
    return rc;
}

enum gw_rc rollout_plan_valid(const struct rollout_plan *plan, struct gw_err *err)
{
    if (plan->wave_count < 1 || plan->wave_count > ROLLOUT_WAVES_MAX)
        return gw_err_set(err, GW_INVALID, "a plan has 1 to %d waves", ROLLOUT_WAVES_MAX);
    for (unsigned i = 0; i < plan->wave_count; i++) {
        enum gw_rc rc = check_wave(plan, i, err);
        if (rc)
            return rc;
    }
    if (plan->back_concurrent < 1 || plan->back_concurrent > ROLLOUT_CONCURRENT_MAX)
        return gw_err_set(err, GW_INVALID, "back_concurrent is not within 1 and 100000");
    enum gw_rc rc = check_abort(&plan->abort, err);
    return rc ? rc : check_terms(&plan->terms, err);
}
