/* Rollouts over a store, turn by turn: what is stored, sent and told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "shop.h"

static enum rollout_state state_of(struct desk *d, const char *id)
{
    return shop_rollout(d, id).rollout.state;
}

static void brings_a_release_to_a_fleet_in_waves(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 4);
    struct rollout_plan plan = shop_plan(25, 10);
    struct rollout_entry r = shop_draft(&d, &plan);
    CU_ASSERT_EQUAL(r.rollout.waves[0].total, 1);
    CU_ASSERT_EQUAL(r.rollout.waves[1].total, 3);
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.created"), 1);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_START), GW_OK);
    char job[ATTEMPT_ID_LEN + 1], first[16] = "";
    int64_t rev, n;
    int offered = 0;
    for (int i = 0; i < 4; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        if (!shop_job(&d, id, job, &rev, &n))
            continue;
        offered++;
        (void)snprintf(first, sizeof(first), "%s", id);
        CU_ASSERT_EQUAL(rev, 1);
        CU_ASSERT_EQUAL(n, 1);
    }
    CU_ASSERT_EQUAL_FATAL(offered, 1);
    shop_check(&d, r.id);
    shop_installs(&d, first, "2.0");
    CU_ASSERT_EQUAL(shop_attempt(&d, first).attempt.state, ATTEMPT_OK);
    CU_ASSERT_FALSE(shop_job(&d, first, job, &rev, &n)); /* withdrawn from it, with a higher n */
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_EQUAL(desk_audits(&d, "upd.ok"), 1);
    for (int i = 0; i < 4; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        if (strcmp(id, first) == 0)
            continue;
        CU_ASSERT_TRUE(shop_job(&d, id, job, &rev, &n));
        shop_installs(&d, id, "2.0");
    }
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_FINISHED);
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.finished"), 1);
    shop_check(&d, r.id);
    desk_close(&d);
}

const struct gw_test_case rollouts_cases[] = {
    {"a release comes to a fleet in waves", brings_a_release_to_a_fleet_in_waves},
};
const size_t rollouts_case_count = sizeof(rollouts_cases) / sizeof(rollouts_cases[0]);
