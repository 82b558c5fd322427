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
    lanes_init(&lanes);
}

/* -1: no room; 0: it waits; above: the number of what gave way to it. */
static int put_name(enum work_lane lane, const char *key, const char *name, int n)
{
    struct work *work = gw_xalloc(1, sizeof(*work)), *out = NULL;
    work->lane = lane;
    work->act.number = n;
    (void)snprintf(work->lane_key, sizeof(work->lane_key), "%s", key);
    (void)snprintf(work->act.name, sizeof(work->act.name), "%s", name);
    if (lanes_put(&lanes, work, &out)) {
        free(work);
        return -1;
    }
    int gave_way = out ? (int)out->act.number : 0;
    free(out);
    return gave_way;
}

static int put(enum work_lane lane, const char *key, int n)
{
    return put_name(lane, key, "", n);
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

/* How many are taken up to and with number n, while a few sources ask again as soon as they have their answer. */
static int taken_until(int n, int sources)
{
    char key[16];
    for (int taken = 1; taken <= 1000; taken++) {
        int got = take();
        if (got == n)
            return taken;
        if (got < 100 || got >= 100 + sources)
            continue;
        (void)snprintf(key, sizeof(key), "busy-%d", got - 100);
        CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, key, got), 0);
    }
    return 1001;
}

/* Two behind one address, and others who never pause: each of those goes once for each of the two. */
static void the_second_of_an_address_waits_no_longer_than_a_round(void)
{
    char key[16];
    for (int sources = 1; sources <= 8; sources++) {
        forget();
        for (int i = 0; i < sources; i++) {
            (void)snprintf(key, sizeof(key), "busy-%d", i);
            CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, key, 100 + i), 0);
        }
        CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, "192.0.2.1", "ann", 1), 0);
        CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, "192.0.2.1", "ann", 2), 0);
        CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, "192.0.2.1", "bob", 3), 0);
        CU_ASSERT_EQUAL(taken_until(1, sources), sources + 1);
        CU_ASSERT_EQUAL(taken_until(3, sources), sources + 1); /* bob before what ann asked for first */
        CU_ASSERT_EQUAL(taken_until(2, sources), sources + 1);
    }
    forget();
}

/* Whoever was served goes behind all who wait, also when he comes back at once, and so does whoever is new. */
static void new_ones_go_behind_those_who_wait(void)
{
    char key[16];
    forget();
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "192.0.2.1", 1), 0);
    CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, "192.0.2.1", 2), 0);
    int taken = 0;
    for (int got = 0; got != 2 && taken < 100; taken++) {
        (void)snprintf(key, sizeof(key), "new-%d", taken);
        CU_ASSERT_EQUAL(put(WORK_LANE_STRANGER, key, 100 + taken), 0);
        got = take();
    }
    CU_ASSERT_EQUAL(taken, 3);
    forget();
}

static void no_name_takes_the_places_of_its_address(void)
{
    forget();
    for (int i = 0; i < LANES_OF_ONE; i++)
        CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, "192.0.2.1", "ann", 10 + i), 0);
    CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, "192.0.2.1", "ann", 99), -1);
    CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, "192.0.2.1", "bob", 20), 13); /* ann's newest */
    CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, "192.0.2.1", "cat", 30), 12);
    CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, "192.0.2.1", "dan", 40), 11);
    CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, "192.0.2.1", "eve", 50), -1); /* one each */
    CU_ASSERT_EQUAL(lanes_count(&lanes), LANES_OF_ONE);
    CU_ASSERT_EQUAL(take(), 10);
    CU_ASSERT_EQUAL(take(), 20);
    CU_ASSERT_EQUAL(take(), 30);
    CU_ASSERT_EQUAL(take(), 40);
    forget();
}

/* The lane is full of sources that have two each: no source gives way to one that has two, a name of its own does. */
static void a_name_gives_way_when_no_source_does(void)
{
    char key[16];
    forget();
    for (int i = 0; i < LANES_MAX; i++) {
        (void)snprintf(key, sizeof(key), "192.0.2.%d", i / 2);
        CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, key, "ann", 100 + i), 0);
    }
    CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, "192.0.2.0", "bob", 1), 101);
    CU_ASSERT_EQUAL(put_name(WORK_LANE_STRANGER, "192.0.2.0", "cat", 2), -1);
    CU_ASSERT_EQUAL(lanes_count(&lanes), LANES_MAX);
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
    {"serves the second of an address a round later", the_second_of_an_address_waits_no_longer_than_a_round},
    {"puts new ones behind those who wait", new_ones_go_behind_those_who_wait},
    {"lets no name take all places of its address", no_name_takes_the_places_of_its_address},
    {"lets a name give way when no source does", a_name_gives_way_when_no_source_does},
    {"lets a few sources crowd out nobody", a_few_sources_crowd_out_nobody},
    {"is full when as many sources as places wait", as_many_sources_as_places_fill_the_lane},
};

int main(void)
{
    return GW_TEST_RUN("lanes", cases);
}
