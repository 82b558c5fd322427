#include "survey_queue.h"

#include <string.h>

static bool of_one(const struct rollout_survey *a, const struct rollout_survey *b)
{
    return strcmp(a->act.actor.name, b->act.actor.name) == 0;
}

/* How many wait of its actor; *ret_last: where the newest of them is. */
static size_t count_of(const struct survey_queue *q, const struct rollout_survey *survey, size_t *ret_last)
{
    size_t count = 0;
    for (size_t i = 0; i < q->count; i++)
        if (of_one(q->items[i].survey, survey)) {
            *ret_last = i;
            count++;
        }
    return count;
}

static struct rollout_survey *remove_at(struct survey_queue *q, size_t at)
{
    struct rollout_survey *survey = q->items[at].survey;
    q->count--;
    memmove(&q->items[at], &q->items[at + 1], (q->count - at) * sizeof(q->items[0]));
    return survey;
}

/* For an actor that has none: the newest of the newest actor that has as many as it may. */
static struct rollout_survey *make_room(struct survey_queue *q)
{
    for (size_t i = q->count; i-- > 0;) {
        size_t last = 0;
        if (count_of(q, q->items[i].survey, &last) >= ROLLOUT_SURVEYS_OF_ONE)
            return remove_at(q, last);
    }
    return NULL;
}

enum gw_rc survey_queue_put(struct survey_queue *q, struct rollout_survey *survey, struct rollout_survey **ret_out,
                            struct gw_err *err)
{
    struct rollout_survey *out = NULL;
    size_t last, mine = count_of(q, survey, &last);
    if (mine >= ROLLOUT_SURVEYS_OF_ONE)
        return gw_err_set(err, GW_AGAIN, "%zu previews or drafts of yours wait already: try again when one is answered",
                          mine);
    if (q->count == ROLLOUT_SURVEYS_MAX && mine == 0)
        out = make_room(q);
    if (q->count == ROLLOUT_SURVEYS_MAX)
        return gw_err_set(err, GW_AGAIN, "too many previews and drafts of rollouts are waiting: try again in %d s",
                          ROLLOUT_SURVEY_RETRY_S);
    q->items[q->count++] = (struct survey_waiting){survey, ++q->now};
    *ret_out = out;
    return GW_OK;
}

struct rollout_survey *survey_queue_take(struct survey_queue *q)
{
    size_t at = 0;
    if (q->count == 0)
        return NULL;
    for (size_t i = 1; i < q->count; i++)
        if (q->items[i].since < q->items[at].since)
            at = i;
    struct rollout_survey *survey = remove_at(q, at);
    q->now++;
    for (size_t i = 0; i < q->count; i++)
        if (of_one(q->items[i].survey, survey))
            q->items[i].since = q->now;
    return survey;
}
