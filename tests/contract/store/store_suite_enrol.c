/* Invitations and pending entries. */
#include "store_suite.h"

static void gives_back_the_invitation(void)
{
    struct device_invite put = invite_of("pump-7"), got = {0};
    put.bound = true;
    put.spki_sha256 = digest_of(3);
    put.wrong_count = 4;
    put.wrong_since = (struct gw_wall){15};
    begin();
    GW_ASSERT_OK(st.ops->invite_put(st.self, &put, &err), &err);
    CU_ASSERT_EQUAL(put.rev, 1);
    commit();
    GW_ASSERT_OK(st.ops->invite_get(st.self, &put.device, &got, &err), &err);
    CU_ASSERT(gw_device_id_eq(&got.device, &put.device));
    CU_ASSERT(gw_sha256_eq(&got.secret_sha256, &put.secret_sha256));
    CU_ASSERT(gw_sha256_eq(&got.spki_sha256, &put.spki_sha256));
    CU_ASSERT(got.bound);
    CU_ASSERT_EQUAL(got.created.ms, 10);
    CU_ASSERT_EQUAL(got.expires.ms, 20);
    CU_ASSERT_EQUAL(got.wrong_count, 4);
    CU_ASSERT_EQUAL(got.wrong_since.ms, 15);
    CU_ASSERT_EQUAL(got.rev, 1);
}

static void keeps_one_invitation_a_device(void)
{
    struct device_invite first = invite_of("pump-7"), second = invite_of("pump-7"), got;
    begin();
    GW_ASSERT_OK(st.ops->invite_put(st.self, &first, &err), &err);
    ASSERT_RC(st.ops->invite_put(st.self, &second, &err), GW_CONFLICT);
    second = first;
    first.wrong_count = 1;
    GW_ASSERT_OK(st.ops->invite_put(st.self, &first, &err), &err);
    ASSERT_RC(st.ops->invite_put(st.self, &second, &err), GW_CONFLICT);
    commit();
    GW_ASSERT_OK(st.ops->invite_get(st.self, &first.device, &got, &err), &err);
    CU_ASSERT_EQUAL(got.wrong_count, 1);
    CU_ASSERT_EQUAL(got.rev, 2);
    begin();
    GW_ASSERT_OK(st.ops->invite_delete(st.self, &first.device, &err), &err);
    GW_ASSERT_OK(st.ops->invite_delete(st.self, &first.device, &err), &err);
    ASSERT_RC(st.ops->invite_put(st.self, &first, &err), GW_CONFLICT); /* an update of nothing */
    commit();
    ASSERT_RC(st.ops->invite_get(st.self, &first.device, &got, &err), GW_NOT_FOUND);
}

static void refuses_an_invitation_that_breaks_its_rules(void)
{
    struct device_invite bad_id = invite_of("NOT AN ID"), negative = invite_of("pump-7");
    negative.wrong_count = -1;
    begin();
    ASSERT_RC(st.ops->invite_put(st.self, &bad_id, &err), GW_INVALID);
    ASSERT_RC(st.ops->invite_put(st.self, &negative, &err), GW_INVALID);
    commit();
}

static void put_pending(const struct device_pending *pending)
{
    GW_ASSERT_OK(st.ops->pending_put(st.self, pending, &err), &err);
}

static void put_some(void)
{
    struct device_pending some[] = {pending_of("pump-8", 2, "10.0.0.1"), pending_of("pump-7", 9, "10.0.0.2"),
                                    pending_of("pump-7", 4, "10.0.0.1"), pending_of("pump-9", 1, "10.0.0.1")};
    begin();
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
        put_pending(&some[i]);
    commit();
}

static void gives_back_the_pending_entry(void)
{
    struct device_pending put = pending_of("pump-7", 4, "fd00::1"), got = {0};
    begin();
    put_pending(&put);
    put.approved = true;
    put_pending(&put);
    commit();
    GW_ASSERT_OK(st.ops->pending_get(st.self, &put.device, &put.spki_sha256, &got, &err), &err);
    CU_ASSERT(gw_device_id_eq(&got.device, &put.device));
    CU_ASSERT_EQUAL(got.spki.len, 91);
    CU_ASSERT_EQUAL(memcmp(got.spki.der, put.spki.der, 91), 0);
    CU_ASSERT_STRING_EQUAL(got.source, "fd00::1");
    CU_ASSERT_EQUAL(got.created.ms, 10);
    CU_ASSERT_EQUAL(got.expires.ms, 4);
    CU_ASSERT(got.approved);
    struct gw_sha256 other = digest_of(5);
    ASSERT_RC(st.ops->pending_get(st.self, &put.device, &other, &got, &err), GW_NOT_FOUND);
}

static void passes_pending_entries_in_order(void)
{
    struct seen all = {0}, of_one = {0}, stopped = {.stop_after = 1};
    struct gw_device_id device = id_of("pump-7");
    put_some();
    GW_ASSERT_OK(st.ops->pending_each(st.self, NULL, see_pending, &all, &err), &err);
    CU_ASSERT_STRING_EQUAL(all.text, "pump-7/4 pump-7/9 pump-8/2 pump-9/1");
    GW_ASSERT_OK(st.ops->pending_each(st.self, &device, see_pending, &of_one, &err), &err);
    CU_ASSERT_STRING_EQUAL(of_one.text, "pump-7/4 pump-7/9");
    GW_ASSERT_OK(st.ops->pending_each(st.self, NULL, see_pending, &stopped, &err), &err);
    CU_ASSERT_EQUAL(stopped.count, 1);
}

static void counts_pending_entries(void)
{
    int64_t all = -1, from = -1, none = -1;
    put_some();
    GW_ASSERT_OK(st.ops->pending_count(st.self, NULL, &all, &err), &err);
    GW_ASSERT_OK(st.ops->pending_count(st.self, "10.0.0.1", &from, &err), &err);
    GW_ASSERT_OK(st.ops->pending_count(st.self, "10.0.0.", &none, &err), &err);
    CU_ASSERT_EQUAL(all, 4);
    CU_ASSERT_EQUAL(from, 3);
    CU_ASSERT_EQUAL(none, 0);
}

static void deletes_pending_entries(void)
{
    struct seen left = {0}, rest = {0}, last = {0};
    struct gw_device_id seven = id_of("pump-7"), eight = id_of("pump-8");
    struct gw_sha256 nine = digest_of(9);
    put_some();
    begin();
    GW_ASSERT_OK(st.ops->pending_delete(st.self, &seven, &nine, &err), &err);
    GW_ASSERT_OK(st.ops->pending_delete(st.self, &seven, &nine, &err), &err);
    GW_ASSERT_OK(st.ops->pending_delete(st.self, &eight, &nine, &err), &err);
    commit();
    GW_ASSERT_OK(st.ops->pending_each(st.self, NULL, see_pending, &left, &err), &err);
    CU_ASSERT_STRING_EQUAL(left.text, "pump-7/4 pump-8/2 pump-9/1");
    begin();
    GW_ASSERT_OK(st.ops->pending_delete(st.self, &seven, NULL, &err), &err);
    GW_ASSERT_OK(st.ops->pending_delete(st.self, &seven, NULL, &err), &err);
    commit();
    GW_ASSERT_OK(st.ops->pending_each(st.self, NULL, see_pending, &rest, &err), &err);
    CU_ASSERT_STRING_EQUAL(rest.text, "pump-8/2 pump-9/1");
    begin();
    GW_ASSERT_OK(st.ops->pending_delete_expired(st.self, (struct gw_wall){1}, &err), &err);
    commit();
    GW_ASSERT_OK(st.ops->pending_each(st.self, NULL, see_pending, &last, &err), &err);
    CU_ASSERT_STRING_EQUAL(last.text, "pump-8/2");
}

static void refuses_a_pending_entry_that_breaks_its_rules(void)
{
    struct device_pending bad_id = pending_of("all", 1, ""), long_key = pending_of("pump-7", 1, ""),
                          no_end = pending_of("pump-7", 1, "");
    long_key.spki.len = DEVICE_SPKI_MAX + 1;
    memset(no_end.source, '1', sizeof(no_end.source));
    begin();
    ASSERT_RC(st.ops->pending_put(st.self, &bad_id, &err), GW_INVALID);
    ASSERT_RC(st.ops->pending_put(st.self, &long_key, &err), GW_INVALID);
    ASSERT_RC(st.ops->pending_put(st.self, &no_end, &err), GW_INVALID);
    commit();
}

const struct gw_test_case enrol_cases[] = {
    {"gives back the invitation that was put", gives_back_the_invitation},
    {"keeps one invitation a device, by revision", keeps_one_invitation_a_device},
    {"refuses an invitation that breaks its rules", refuses_an_invitation_that_breaks_its_rules},
    {"gives back the pending entry that was put last", gives_back_the_pending_entry},
    {"passes pending entries in order", passes_pending_entries_in_order},
    {"counts pending entries, and those of one source", counts_pending_entries},
    {"deletes pending entries by key, device and time", deletes_pending_entries},
    {"refuses a pending entry that breaks its rules", refuses_a_pending_entry_that_breaks_its_rules},
};
const size_t enrol_case_count = sizeof(enrol_cases) / sizeof(enrol_cases[0]);
