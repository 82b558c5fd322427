#include "survey_queue.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"

static struct survey_queue queue;

static void forget(void)
{
    for (struct rollout_survey *s = survey_queue_take(&queue); s; s = survey_queue_take(&queue))
        rollout_survey_free(s);
    survey_queue_init(&queue);
}

/* -1: no room; 0: it waits; above: the number of what gave way to it. */
static int put(const char *actor, int n, struct gw_err *err)
{
    struct rollout_survey *survey = gw_xalloc(1, sizeof(*survey)), *out = NULL;
    survey->act.number = n;
    (void)snprintf(survey->act.actor.name, sizeof(survey->act.actor.name), "%s", actor);
    if (survey_queue_put(&queue, survey, &out, err)) {
        rollout_survey_free(survey);
        return -1;
    }
    int gave_way = out ? (int)out->act.number : 0;
    rollout_survey_free(out);
    return gave_way;
}

static int take(void)
{
    struct rollout_survey *survey = survey_queue_take(&queue);
    int n = survey ? (int)survey->act.number : 0;
    rollout_survey_free(survey);
    return n;
}

static void one_has_a_share(void)
{
    struct gw_err err = {0};
    forget();
    for (int i = 0; i < ROLLOUT_SURVEYS_OF_ONE; i++)
        CU_ASSERT_EQUAL(put("user:ann", 1 + i, &err), 0);
    CU_ASSERT_EQUAL(put("user:ann", 99, &err), -1);
    CU_ASSERT_EQUAL(err.rc, GW_AGAIN);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), "of yours"));
    CU_ASSERT_EQUAL(put("user:bob", 10, &err), 0);
    CU_ASSERT_EQUAL(take(), 1);
    CU_ASSERT_EQUAL(put("user:ann", 3, &err), 0); /* one is out: there is room for one more */
    forget();
}

/* Ann asks again whenever she has been served: everybody else has a turn in between. */
static void actors_go_round(void)
{
    static const int wanted[] = {1, 10, 20, 2, 21, 3};
    struct gw_err err = {0};
    forget();
    CU_ASSERT_EQUAL(put("user:ann", 1, &err), 0);
    CU_ASSERT_EQUAL(put("user:ann", 2, &err), 0);
    CU_ASSERT_EQUAL(put("user:bob", 10, &err), 0);
    CU_ASSERT_EQUAL(put("user:cat", 20, &err), 0);
    CU_ASSERT_EQUAL(put("user:cat", 21, &err), 0);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        CU_ASSERT_EQUAL(take(), wanted[i]);
        if (i == 0)
            CU_ASSERT_EQUAL(put("user:ann", 3, &err), 0);
    }
    CU_ASSERT_EQUAL(take(), 0);
    forget();
}

static void another_actor_has_a_place_while_one_has_two(void)
{
    char actor[32];
    struct gw_err err = {0};
    forget();
    for (int i = 0; i < ROLLOUT_SURVEYS_MAX; i++) {
        (void)snprintf(actor, sizeof(actor), "token:t%d", i / 2);
        CU_ASSERT_EQUAL(put(actor, 100 + i, &err), 0);
    }
    for (int i = 1; i < ROLLOUT_SURVEYS_MAX; i += 2) {
        (void)snprintf(actor, sizeof(actor), "user:u%d", i);
        CU_ASSERT_EQUAL(put(actor, 200 + i, &err), 100 + i);
    }
    CU_ASSERT_EQUAL(put("user:last", 1, &err), -1); /* as many actors as places, each with one */
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), "too many"));
    CU_ASSERT_EQUAL(put("token:t0", 2, &err), -1); /* and nobody's gives way to a second one */
    CU_ASSERT_EQUAL(queue.queue.count, ROLLOUT_SURVEYS_MAX);
    CU_ASSERT_EQUAL(take(), 100);
    forget();
}

static const struct gw_test_case cases[] = {
    {"gives one actor a share", one_has_a_share},
    {"serves actors in turn", actors_go_round},
    {"has a place for another actor while one has two", another_actor_has_a_place_while_one_has_two},
};

int main(void)
{
    return GW_TEST_RUN("survey queue", cases);
}
