#include "lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"

static struct lanes lanes;

static void forget(void)
{
    for (struct work *work = lanes_take(&lanes); work; work = lanes_take(&lanes))
        free(work);
    lanes = (struct lanes){.turn = 0};
}

/* -1: no room; 0: it waits; above: the number of what gave way to it. */
static int put(enum work_lane lane, const char *key, int n)
{
    struct work *work = gw_xalloc(1, sizeof(*work)), *out = NULL;
    work->lane = lane;
    work->act.number = n;
    (void)snprintf(work->lane_key, sizeof(work->lane_key), "%s", key);
    if (lanes_put(&lanes, work, &out)) {
        free(work);
        return -1;
    }
    int gave_way = out ? (int)out->act.number : 0;
    free(out);
    return gave_way;
}

/* 0: nobody waits. */
static int take(void)
{
    struct work *work = lanes_take(&lanes);
    int n = work ? (int)work->act.number : 0;
    free(work);
    return n;
}

static void every_lane_has_its_turns(void)
{
    static const int wanted[] = {100, 200, 101, 300, 102, 201, 103, 301};
    forget();
    for (int i = 0; i < 4; i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "%d", i);
        CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, key, 300 + i), 0);
        CU_ASSERT_EQUAL(put(WORK_LANE_FAMILIAR, key, 200 + i), 0);
        CU_ASSERT_EQUAL(put(WORK_LANE_KNOWN, key, 100 + i), 0);
    }
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        CU_ASSERT_EQUAL(take(), wanted[i]);
    forget();
}

/* Somebody who is signed in and changes his password for ever, as fast as it goes. */
static void who_never_stops_holds_up_nobody(void)
{
    forget();
    for (int i = 0; i < LANES_OF_ONE; i++)
        CU_ASSERT_EQUAL(put(WORK_LANE_KNOWN, "user:eve", 1), 0);
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "203.0.113.1", 2), 0);
    CU_ASSERT_EQUAL(put(WORK_LANE_KNOWN, "ann", 3), 0);
    int taken = 0;
    bool stranger = false, ann = false;
    for (; taken < 8 && !(stranger && ann); taken++) {
        int n = take();
        stranger = stranger || n == 2;
        ann = ann || n == 3;
        if (n == 1)
            CU_ASSERT_EQUAL(put(WORK_LANE_KNOWN, "user:eve", 1), 0);
    }
    CU_ASSERT(stranger && ann);
    CU_ASSERT(taken <= 4);
    forget();
}

static void one_key_has_one_place_in_the_round(void)
{
    static const int wanted[] = {10, 20, 30, 11, 21, 12, 13};
    forget();
    for (int i = 0; i < LANES_OF_ONE; i++)
        CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "a", 10 + i), 0);
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "a", 99), -1);
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "b", 20), 0);
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "b", 21), 0);
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "c", 30), 0);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        CU_ASSERT_EQUAL(take(), wanted[i]);
    CU_ASSERT_EQUAL(take(), 0);
    /* who was served often has no debt, and nobody saves up for later */
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "a", 14), 0);
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "d", 40), 0);
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "d", 41), 0);
    CU_ASSERT_EQUAL(take(), 14);
    CU_ASSERT_EQUAL(take(), 40);
    CU_ASSERT_EQUAL(take(), 41);
    forget();
}

/* Eight sources fill the lane of strangers, each with all that it may have. */
static void a_few_sources_crowd_out_nobody(void)
{
    char key[16];
    forget();
    for (int i = 0; i < LANES_MAX; i++) {
        (void)snprintf(key, sizeof(key), "flood-%d", i / LANES_OF_ONE);
        CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, key, 100 + i), 0);
    }
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "192.0.2.1", 1), 103); /* the newest of the first that has most */
    CU_ASSERT_EQUAL(lanes_count(&lanes), LANES_MAX);
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "flood-0", 99), -1); /* it would only push out its like */
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "192.0.2.1", 2), 107);
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "192.0.2.1", 3), 111); /* three and four: as good as equal */
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "192.0.2.1", 4), -1);
    int until = 0;
    while (take() != 1 && until < LANES_MAX)
        until++;
    CU_ASSERT(until <= 8); /* one of each at most */
    forget();
}

static void as_many_sources_as_places_fill_the_lane(void)
{
    char key[16];
    forget();
    for (int i = 0; i < LANES_MAX; i++) {
        (void)snprintf(key, sizeof(key), "%d", i);
        CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, key, 100 + i), 0);
    }
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "192.0.2.1", 1), -1); /* nobody gives way who has one alone */
    CU_ASSERT_EQUAL(put(WORK_LANE_FAMILIAR, "192.0.2.1", 1), 0);
    CU_ASSERT_EQUAL(put(WORK_LANE_KNOWN, "ann", 2), 0);
    forget();
}

static const struct gw_test_case cases[] = {
    {"gives every lane its turns, the known most of them", every_lane_has_its_turns},
    {"lets nobody who never stops hold up anybody else", who_never_stops_holds_up_nobody},
    {"gives one key one place in the round", one_key_has_one_place_in_the_round},
    {"lets a few sources crowd out nobody", a_few_sources_crowd_out_nobody},
    {"is full when as many sources as places wait", as_many_sources_as_places_fill_the_lane},
};

int main(void)
{
    return GW_TEST_RUN("lanes", cases);
}
