#include "rollout_survey.h"

#include <stdlib.h>

void rollout_survey_shift(struct rollout_survey *survey)
{
    struct rollout_seats *first = survey->seats;
    survey->seats = first->next;
    free(first);
}

void rollout_survey_free(struct rollout_survey *survey)
{
    if (!survey)
        return;
    while (survey->seats)
        rollout_survey_shift(survey);
    free(survey->order);
    free(survey);
}
