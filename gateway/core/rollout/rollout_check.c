#include "rollout_internal.h"

static uint64_t sum(const uint32_t count[ATTEMPT_STATES])
{
    uint64_t total = 0;
    for (int s = 0; s < ATTEMPT_STATES; s++)
        total += count[s];
    return total;
}

static uint32_t ended(const uint32_t count[ATTEMPT_STATES])
{
    uint32_t total = 0;
    for (int s = ATTEMPT_OK; s < ATTEMPT_STATES; s++)
        total += count[s];
    return total;
}

static const char *wave_broken(const struct rollout_wave *wave)
{
    if (sum(wave->count) != wave->total || wave->count[0] != 0)
        return "the counts of a wave do not add up to its devices";
    if (sum(wave->back) != wave->back_total || wave->back[0] != 0 || wave->back_total > wave->total)
        return "the counts of a wave's rollback do not add up";
    if (wave->holders > ended(wave->count))
        return "more devices hold the version than have ended";
    return NULL;
}

static const char *order_broken(const struct rollout *r)
{
    bool runs = r->state == ROLLOUT_RUNNING || r->state == ROLLOUT_PAUSED || r->state == ROLLOUT_HOLDING;
    for (unsigned w = 0; w < r->wave_count; w++) {
        const struct rollout_wave *wave = &r->waves[w];
        if (w + 1u < r->opened && wave->state != ROLLOUT_WAVE_PASSED)
            return "a wave was opened before the one in front of it had passed";
        if (runs && (wave->state == ROLLOUT_WAVE_WAITING) != (w >= r->opened))
            return "a wave is waiting and opened, or neither";
        if (w >= r->opened && wave->count[ATTEMPT_PLANNED] + (uint64_t)wave->count[ATTEMPT_CANCELLED] != wave->total)
            return "somebody of a wave that is not open was offered";
    }
    return NULL;
}

static const char *state_broken(const struct rollout *r)
{
    if ((r->state == ROLLOUT_HOLDING) && r->hold == ROLLOUT_HOLD_NONE)
        return "it holds without a reason";
    if (r->hold != ROLLOUT_HOLD_NONE && r->state != ROLLOUT_HOLDING && r->state != ROLLOUT_PAUSED)
        return "it has a reason to hold and does not";
    if (rollout_state_ended(r->state) && !(rollout_forward_idle(r) && rollout_back_idle(r)))
        return "it has ended and something is open";
    bool back = r->state == ROLLOUT_ROLLING_BACK || r->state == ROLLOUT_ABORTING;
    if (!back && !rollout_back_idle(r))
        return "devices go back and it does not roll back";
    return NULL;
}

static const char *rest_broken(const struct rollout *r)
{
    uint64_t planned = 0;
    for (unsigned w = 0; w < r->wave_count; w++)
        planned += r->waves[w].count[ATTEMPT_PLANNED];
    if (r->rest.unplanned > 0 && (r->state != ROLLOUT_DRAFT || r->rest.unplanned > planned))
        return "devices without attempts in a rollout that is no draft";
    if (r->rest.holders && (r->state != ROLLOUT_ROLLING_BACK || r->rest.wave >= r->wave_count))
        return "holders are looked for in a rollout that does not roll back";
    bool back = r->state == ROLLOUT_ROLLING_BACK, ends = r->state == ROLLOUT_ABORTING || r->state == ROLLOUT_ABORTED;
    if (r->rest.old_back > 0 && !ends && !(back && r->rest.holders))
        return "attempts of an earlier rollback are left over";
    return NULL;
}

/* Those that were never planned leave a draft that is aborted. */
static bool total_kept(const struct rollout *before, const struct rollout *r, unsigned wave)
{
    uint32_t was = before->waves[wave].total, is = r->waves[wave].total;
    return is == was || (is < was && before->rest.unplanned > 0 && r->state != ROLLOUT_DRAFT);
}

/* What this step releases, against the places that there are. */
static const char *release_broken(const struct rollout_turn *t)
{
    const struct rollout *r = t->r;
    const struct rollout_rows *rows = &t->update->rows;
    for (unsigned w = 0; w < r->wave_count; w++) {
        const struct rollout_wave *wave = &r->waves[w];
        if (rows->offer[w] != 0 && (r->state != ROLLOUT_RUNNING || w >= r->opened))
            return "offers of a wave that is not open";
        if (rows->offer[w] != 0 && rollout_count_open(wave->count) > t->plan->waves[w].max_concurrent)
            return "more offers of a wave than max_concurrent";
        if (rows->offer_back[w] == 0)
            continue;
        if (r->state != ROLLOUT_ROLLING_BACK || rollout_count_open(wave->back) > t->plan->back_concurrent)
            return "more offers of a rollback than back_concurrent";
        for (unsigned later = w + 1; later < r->wave_count; later++)
            if (rollout_count_undecided(r->waves[later].back) != 0)
                return "a wave goes back before a later one has";
    }
    return NULL;
}

const char *rollout_broken(const struct rollout *before, const struct rollout_turn *t)
{
    const struct rollout *r = t->r;
    if (r->opened < before->opened || r->opened > r->wave_count)
        return "a wave was closed again";
    for (unsigned w = 0; w < r->wave_count; w++) {
        const char *broken = wave_broken(&r->waves[w]);
        if (broken)
            return broken;
        if (!total_kept(before, r, w))
            return "a wave has other devices than before";
    }
    const char *broken = order_broken(r);
    if (!broken)
        broken = state_broken(r);
    if (!broken)
        broken = rest_broken(r);
    return broken ? broken : release_broken(t);
}
