#include "survey_queue.h"

void survey_queue_init(struct survey_queue *q)
{
    fair_queue_init(&q->queue, q->items, ROLLOUT_SURVEYS_MAX, ROLLOUT_SURVEYS_OF_ONE);
}

enum gw_rc survey_queue_put(struct survey_queue *q, struct rollout_survey *survey, struct rollout_survey **ret_out,
                            struct gw_err *err)
{
    const struct fair_item item = {.what = survey, .name = survey->act.actor.name, .inner = ""};
    void *out = NULL;
    size_t mine = fair_queue_count_of(&q->queue, item.name);
    if (fair_queue_put(&q->queue, &item, &out) == GW_OK) {
        *ret_out = out;
        return GW_OK;
    }
    if (mine >= ROLLOUT_SURVEYS_OF_ONE)
        return gw_err_set(err, GW_AGAIN, "%zu previews or drafts of yours wait already: try again when one is answered",
                          mine);
    return gw_err_set(err, GW_AGAIN, "too many previews and drafts of rollouts are waiting: try again in %d s",
                      ROLLOUT_SURVEY_RETRY_S);
}

struct rollout_survey *survey_queue_take(struct survey_queue *q)
{
    return fair_queue_take(&q->queue).what;
}
