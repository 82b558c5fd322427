/* Devices. */
#include "store_suite.h"

static void gives_back_what_was_put(void)
{
    struct device put = device_of("pump-7", DEVICE_ACTIVE), got;
    memset(put.name, 'x', sizeof(put.name) - 1);
    begin();
    put_device(&put);
    CU_ASSERT_EQUAL(put.rev, 1);
    commit();
    GW_ASSERT_OK(st.ops->device_get(st.self, &put.id, &got, &err), &err);
    CU_ASSERT(gw_device_id_eq(&got.id, &put.id));
    CU_ASSERT_STRING_EQUAL(got.name, put.name);
    CU_ASSERT_EQUAL(got.state, DEVICE_ACTIVE);
    CU_ASSERT_EQUAL(got.created.ms, 1000);
    CU_ASSERT_EQUAL(got.changed.ms, 2000);
    CU_ASSERT_EQUAL(got.rev, 1);
}

static void leaves_the_output_alone_when_nothing_is_found(void)
{
    struct gw_device_id id = id_of("nobody");
    struct device got = {.rev = 42};
    ASSERT_RC(st.ops->device_get(st.self, &id, &got, &err), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(got.rev, 42);
}

static void refuses_a_put_with_another_revision(void)
{
    struct device d = device_of("pump-7", DEVICE_INVITED), stale, got;
    begin();
    put_device(&d);
    commit();
    stale = d;
    begin();
    d.state = DEVICE_ACTIVE;
    put_device(&d);
    CU_ASSERT_EQUAL(d.rev, 2);
    ASSERT_RC(st.ops->device_put(st.self, &stale, &err), GW_CONFLICT);
    CU_ASSERT_EQUAL(stale.rev, 1);
    stale.rev = 0;
    ASSERT_RC(st.ops->device_put(st.self, &stale, &err), GW_CONFLICT);
    stale.rev = 3;
    ASSERT_RC(st.ops->device_put(st.self, &stale, &err), GW_CONFLICT);
    stale.rev = -1;
    ASSERT_RC(st.ops->device_put(st.self, &stale, &err), GW_CONFLICT);
    commit();
    GW_ASSERT_OK(st.ops->device_get(st.self, &d.id, &got, &err), &err);
    CU_ASSERT_EQUAL(got.state, DEVICE_ACTIVE);
    CU_ASSERT_EQUAL(got.rev, 2);
}

static void refuses_an_update_of_what_is_not_there(void)
{
    struct device d = device_of("pump-7", DEVICE_INVITED);
    d.rev = 1;
    begin();
    ASSERT_RC(st.ops->device_put(st.self, &d, &err), GW_CONFLICT);
    commit();
}

static void refuses_a_device_that_breaks_its_rules(void)
{
    struct device bad_id = device_of("root", DEVICE_INVITED), bad_state = device_of("pump-1", DEVICE_INVITED),
                  bad_name = device_of("pump-2", DEVICE_INVITED);
    bad_state.state = (enum device_state)8;
    memset(bad_name.name, 'x', sizeof(bad_name.name));
    begin();
    ASSERT_RC(st.ops->device_put(st.self, &bad_id, &err), GW_INVALID);
    ASSERT_RC(st.ops->device_put(st.self, &bad_state, &err), GW_INVALID);
    ASSERT_RC(st.ops->device_put(st.self, &bad_name, &err), GW_INVALID);
    bad_id.id.text[0] = '\0';
    ASSERT_RC(st.ops->device_put(st.self, &bad_id, &err), GW_INVALID);
    commit();
    struct seen seen = {0};
    GW_ASSERT_OK(st.ops->device_each(st.self, NULL, 10, see_device, &seen, &err), &err);
    CU_ASSERT_EQUAL(seen.count, 0);
}

static void passes_devices_in_order_behind_a_cursor(void)
{
    static const char *const ids[] = {"pump-10", "pump-9", "aaa", "pump-1", "0zz", "pump-"};
    begin();
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct device d = device_of(ids[i], DEVICE_ACTIVE);
        put_device(&d);
    }
    commit();
    struct seen all = {0}, behind = {0}, few = {0}, none = {0}, stopped = {.stop_after = 2}, empty = {0};
    struct gw_device_id from = id_of("pump-"), gap = id_of("pump-2"), start = id_of("");
    GW_ASSERT_OK(st.ops->device_each(st.self, NULL, 100, see_device, &all, &err), &err);
    CU_ASSERT_STRING_EQUAL(all.text, "0zz aaa pump- pump-1 pump-10 pump-9");
    GW_ASSERT_OK(st.ops->device_each(st.self, &from, 100, see_device, &behind, &err), &err);
    CU_ASSERT_STRING_EQUAL(behind.text, "pump-1 pump-10 pump-9");
    GW_ASSERT_OK(st.ops->device_each(st.self, &gap, 1, see_device, &few, &err), &err);
    CU_ASSERT_STRING_EQUAL(few.text, "pump-9");
    GW_ASSERT_OK(st.ops->device_each(st.self, NULL, 0, see_device, &none, &err), &err);
    GW_ASSERT_OK(st.ops->device_each(st.self, NULL, -1, see_device, &none, &err), &err);
    CU_ASSERT_EQUAL(none.count, 0);
    GW_ASSERT_OK(st.ops->device_each(st.self, &start, 100, see_device, &stopped, &err), &err);
    CU_ASSERT_STRING_EQUAL(stopped.text, "0zz aaa");
    GW_ASSERT_OK(st.ops->device_each(st.self, &from, 0, see_device, &empty, &err), &err);
    CU_ASSERT_EQUAL(empty.count, 0);
}

static bool look_up(void *ctx, const struct device *device)
{
    struct device got;
    int64_t count;
    int *found = ctx;
    *found += st.ops->device_get(st.self, &device->id, &got, &err) == GW_OK;
    return st.ops->device_count(st.self, DEVICE_ACTIVE, &count, &err) == GW_OK;
}

static void lets_a_visitor_read(void)
{
    int found = 0;
    begin();
    for (char c = 'a'; c < 'e'; c++) {
        struct device d = device_of((char[]){c, c, c, '\0'}, DEVICE_ACTIVE);
        put_device(&d);
    }
    GW_ASSERT_OK(st.ops->device_each(st.self, NULL, 10, look_up, &found, &err), &err);
    commit();
    CU_ASSERT_EQUAL(found, 4);
}

static void counts_by_state(void)
{
    int64_t active = -1, revoked = -1;
    begin();
    for (int i = 0; i < 5; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "dev-%d", i);
        struct device d = device_of(name, i < 3 ? DEVICE_ACTIVE : DEVICE_PENDING);
        put_device(&d);
    }
    GW_ASSERT_OK(st.ops->device_count(st.self, DEVICE_ACTIVE, &active, &err), &err);
    CU_ASSERT_EQUAL(active, 3);
    commit();
    GW_ASSERT_OK(st.ops->device_count(st.self, DEVICE_PENDING, &active, &err), &err);
    GW_ASSERT_OK(st.ops->device_count(st.self, DEVICE_REVOKED, &revoked, &err), &err);
    CU_ASSERT_EQUAL(active, 2);
    CU_ASSERT_EQUAL(revoked, 0);
}

#define MANY 10000

struct walk {
    int count;
    bool in_order;
    struct gw_device_id last;
};

static bool walk_one(void *ctx, const struct device *device)
{
    struct walk *w = ctx;
    w->in_order = w->in_order && strcmp(w->last.text, device->id.text) < 0;
    w->last = device->id;
    w->count++;
    return true;
}

static void holds_ten_thousand_devices_in_order(void)
{
    begin();
    for (int i = 0; i < MANY; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "dev-%05d", i * 7919 % MANY);
        struct device d = device_of(name, DEVICE_ACTIVE);
        if (st.ops->device_put(st.self, &d, &err) != GW_OK)
            break;
    }
    commit();
    struct walk w = {.in_order = true};
    for (int before = -1; before != w.count;) { /* pages of 512 */
        before = w.count;
        GW_ASSERT_OK(st.ops->device_each(st.self, &w.last, 512, walk_one, &w, &err), &err);
    }
    CU_ASSERT_EQUAL(w.count, MANY);
    CU_ASSERT(w.in_order);
    CU_ASSERT_STRING_EQUAL(w.last.text, "dev-09999");
}

const struct gw_test_case device_cases[] = {
    {"gives back the device that was put", gives_back_what_was_put},
    {"leaves the output alone when nothing is found", leaves_the_output_alone_when_nothing_is_found},
    {"refuses a put with another revision", refuses_a_put_with_another_revision},
    {"refuses an update of what is not there", refuses_an_update_of_what_is_not_there},
    {"refuses a device that breaks its rules", refuses_a_device_that_breaks_its_rules},
    {"passes devices in order behind a cursor", passes_devices_in_order_behind_a_cursor},
    {"lets a visitor read", lets_a_visitor_read},
    {"counts devices by state", counts_by_state},
    {"holds ten thousand devices in order", holds_ten_thousand_devices_in_order},
};
const size_t device_case_count = sizeof(device_cases) / sizeof(device_cases[0]);
