/* Transactions, marks, readers. */
#include "gw_cleanup.h"
#include "store_suite.h"

/* One row of every kind; returns the number of the audit event. */
static int64_t put_all(const char *device)
{
    struct device d = device_of(device, DEVICE_ACTIVE);
    struct device_cert c = cert_of(device, 1, 100);
    struct device_invite v = invite_of(device);
    struct device_pending p = pending_of(device, 1, "here");
    struct user u = user_of("ann");
    struct audit_event e = event_of("put");
    put_device(&d);
    put_cert(&c);
    GW_ASSERT_OK(st.ops->invite_put(st.self, &v, &err), &err);
    GW_ASSERT_OK(st.ops->pending_put(st.self, &p, &err), &err);
    GW_ASSERT_OK(st.ops->user_put(st.self, &u, &err), &err);
    GW_ASSERT_OK(st.ops->setting_put(st.self, "key", GW_VIEW_LIT("value"), &err), &err);
    GW_ASSERT_OK(st.ops->audit_put(st.self, &e, &err), &err);
    return e.n;
}

/* How many of the seven kinds a store shows. */
static int kinds(struct store s, const char *device)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf value;
    struct gw_device_id id = id_of(device);
    struct gw_sha256 digest = digest_of(1);
    struct device d;
    struct device_cert c;
    struct device_invite v;
    struct device_pending p;
    struct user u;
    struct seen events = {0};
    gw_buf_init(&value, 100);
    int n = s.ops->device_get(s.self, &id, &d, &err) == GW_OK;
    n += s.ops->cert_get(s.self, &digest, &c, &err) == GW_OK;
    n += s.ops->invite_get(s.self, &id, &v, &err) == GW_OK;
    n += s.ops->pending_get(s.self, &id, &digest, &p, &err) == GW_OK;
    n += s.ops->user_get(s.self, "ann", &u, &err) == GW_OK;
    n += s.ops->setting_get(s.self, "key", &value, &err) == GW_OK;
    GW_ASSERT_OK(s.ops->audit_each(s.self, 0, 10, see_event, &events, &err), &err);
    return n + events.count;
}

static void sees_its_own_changes_before_commit(void)
{
    begin();
    (void)put_all("pump-7");
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 7);
    commit();
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 7);
}

static void leaves_nothing_after_rollback(void)
{
    begin();
    (void)put_all("pump-7");
    rollback();
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 0);
    begin();
    (void)put_all("pump-7");
    commit();
    struct gw_device_id id = id_of("pump-7");
    struct gw_sha256 digest = digest_of(1);
    begin();
    GW_ASSERT_OK(st.ops->cert_delete(st.self, &digest, &err), &err);
    GW_ASSERT_OK(st.ops->invite_delete(st.self, &id, &err), &err);
    GW_ASSERT_OK(st.ops->pending_delete(st.self, &id, NULL, &err), &err);
    GW_ASSERT_OK(st.ops->setting_delete(st.self, "key", &err), &err);
    GW_ASSERT_OK(st.ops->audit_delete(st.self, INT64_MAX, &err), &err);
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 2);
    rollback();
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 7);
}

static void a_refused_put_does_not_spoil_its_neighbours(void)
{
    struct device d = device_of("pump-7", DEVICE_ACTIVE), again = d, got;
    begin();
    put_device(&d);
    ASSERT_RC(st.ops->device_put(st.self, &again, &err), GW_CONFLICT);
    (void)again;
    commit();
    GW_ASSERT_OK(st.ops->device_get(st.self, &d.id, &got, &err), &err);
}

static void refuses_changes_outside_of_a_transaction(void)
{
    struct device d = device_of("pump-7", DEVICE_ACTIVE);
    struct device_cert c = cert_of("pump-7", 1, 100);
    struct device_invite v = invite_of("pump-7");
    struct device_pending p = pending_of("pump-7", 1, "here");
    struct user u = user_of("ann");
    struct audit_event e = event_of("put");
    ASSERT_RC(st.ops->device_put(st.self, &d, &err), GW_INVALID);
    ASSERT_RC(st.ops->cert_put(st.self, &c, &err), GW_INVALID);
    ASSERT_RC(st.ops->cert_delete(st.self, &c.sha256, &err), GW_INVALID);
    ASSERT_RC(st.ops->invite_put(st.self, &v, &err), GW_INVALID);
    ASSERT_RC(st.ops->invite_delete(st.self, &v.device, &err), GW_INVALID);
    ASSERT_RC(st.ops->pending_put(st.self, &p, &err), GW_INVALID);
    ASSERT_RC(st.ops->pending_delete(st.self, &p.device, NULL, &err), GW_INVALID);
    ASSERT_RC(st.ops->pending_delete_expired(st.self, (struct gw_wall){1}, &err), GW_INVALID);
    ASSERT_RC(st.ops->user_put(st.self, &u, &err), GW_INVALID);
    ASSERT_RC(st.ops->setting_put(st.self, "key", GW_VIEW_LIT("x"), &err), GW_INVALID);
    ASSERT_RC(st.ops->setting_delete(st.self, "key", &err), GW_INVALID);
    ASSERT_RC(st.ops->audit_put(st.self, &e, &err), GW_INVALID);
    ASSERT_RC(st.ops->audit_delete(st.self, 1, &err), GW_INVALID);
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 0);
}

static void pairs_begin_with_commit_or_rollback(void)
{
    ASSERT_RC(st.ops->commit(st.self, &err), GW_INVALID);
    st.ops->rollback(st.self); /* of nothing: nothing */
    begin();
    ASSERT_RC(st.ops->begin(st.self, &err), GW_INVALID);
    (void)put_all("pump-7");
    commit();
    ASSERT_RC(st.ops->commit(st.self, &err), GW_INVALID);
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 7);
}

static void a_mark_undoes_one_turn_alone(void)
{
    struct seen seen = {0};
    begin();
    struct device before = device_of("before", DEVICE_ACTIVE), after = device_of("after", DEVICE_ACTIVE),
                  kept = device_of("kept", DEVICE_ACTIVE);
    put_device(&before);
    GW_ASSERT_OK(st.ops->mark(st.self, &err), &err);
    (void)put_all("undone");
    before.state = DEVICE_REVOKED;
    put_device(&before);
    GW_ASSERT_OK(st.ops->mark_end(st.self, false, &err), &err);
    CU_ASSERT_EQUAL(kinds(st, "undone"), 0);
    GW_ASSERT_OK(st.ops->mark(st.self, &err), &err);
    put_device(&kept);
    GW_ASSERT_OK(st.ops->mark_end(st.self, true, &err), &err);
    put_device(&after);
    commit();
    GW_ASSERT_OK(st.ops->device_each(st.self, NULL, 10, see_device, &seen, &err), &err);
    CU_ASSERT_STRING_EQUAL(seen.text, "after before kept");
    struct device got;
    GW_ASSERT_OK(st.ops->device_get(st.self, &before.id, &got, &err), &err);
    CU_ASSERT_EQUAL(got.state, DEVICE_ACTIVE);
    CU_ASSERT_EQUAL(got.rev, 1);
}

static void rollback_takes_what_a_mark_has_kept(void)
{
    begin();
    GW_ASSERT_OK(st.ops->mark(st.self, &err), &err);
    (void)put_all("pump-7");
    GW_ASSERT_OK(st.ops->mark_end(st.self, true, &err), &err);
    rollback();
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 0);
    begin();
    GW_ASSERT_OK(st.ops->mark(st.self, &err), &err);
    (void)put_all("pump-7");
    rollback(); /* inside the mark */
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 0);
    begin();
    (void)put_all("pump-7");
    commit();
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 7);
}

static void marks_do_not_nest(void)
{
    ASSERT_RC(st.ops->mark(st.self, &err), GW_INVALID);
    ASSERT_RC(st.ops->mark_end(st.self, true, &err), GW_INVALID);
    begin();
    ASSERT_RC(st.ops->mark_end(st.self, true, &err), GW_INVALID);
    GW_ASSERT_OK(st.ops->mark(st.self, &err), &err);
    ASSERT_RC(st.ops->mark(st.self, &err), GW_INVALID);
    (void)put_all("pump-7");
    ASSERT_RC(st.ops->commit(st.self, &err), GW_INVALID); /* has rolled back */
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 0);
    begin();
    GW_ASSERT_OK(st.ops->mark(st.self, &err), &err);
    GW_ASSERT_OK(st.ops->mark_end(st.self, true, &err), &err);
    commit();
}

static void a_reader_sees_what_is_committed(void)
{
    begin();
    (void)put_all("pump-7");
    commit();
    struct store reader = store_over_reader();
    CU_ASSERT_EQUAL(kinds(reader, "pump-7"), 7);
    begin();
    struct device d = device_of("pump-8", DEVICE_ACTIVE);
    put_device(&d);
    struct seen before = {0}, after = {0};
    GW_ASSERT_OK(reader.ops->device_each(reader.self, NULL, 10, see_device, &before, &err), &err);
    CU_ASSERT_STRING_EQUAL(before.text, "pump-7");
    GW_ASSERT_OK(st.ops->commit(st.self, &err), &err);
    GW_ASSERT_OK(reader.ops->device_each(reader.self, NULL, 10, see_device, &after, &err), &err);
    CU_ASSERT_STRING_EQUAL(after.text, "pump-7 pump-8");
}

static void a_reader_changes_nothing(void)
{
    struct device d = device_of("pump-7", DEVICE_ACTIVE);
    struct device_cert c = cert_of("pump-7", 1, 100);
    struct device_invite v = invite_of("pump-7");
    struct device_pending p = pending_of("pump-7", 1, "here");
    struct user u = user_of("ann");
    struct audit_event e = event_of("put");
    struct store r = store_over_reader();
    GW_ASSERT_OK(r.ops->begin(r.self, &err), &err);
    ASSERT_RC(r.ops->mark(r.self, &err), GW_DENIED);
    ASSERT_RC(r.ops->device_put(r.self, &d, &err), GW_DENIED);
    ASSERT_RC(r.ops->cert_put(r.self, &c, &err), GW_DENIED);
    ASSERT_RC(r.ops->cert_delete(r.self, &c.sha256, &err), GW_DENIED);
    ASSERT_RC(r.ops->invite_put(r.self, &v, &err), GW_DENIED);
    ASSERT_RC(r.ops->invite_delete(r.self, &v.device, &err), GW_DENIED);
    ASSERT_RC(r.ops->pending_put(r.self, &p, &err), GW_DENIED);
    ASSERT_RC(r.ops->pending_delete(r.self, &p.device, NULL, &err), GW_DENIED);
    ASSERT_RC(r.ops->pending_delete_expired(r.self, (struct gw_wall){1}, &err), GW_DENIED);
    ASSERT_RC(r.ops->user_put(r.self, &u, &err), GW_DENIED);
    ASSERT_RC(r.ops->setting_put(r.self, "key", GW_VIEW_LIT("x"), &err), GW_DENIED);
    ASSERT_RC(r.ops->setting_delete(r.self, "key", &err), GW_DENIED);
    ASSERT_RC(r.ops->audit_put(r.self, &e, &err), GW_DENIED);
    ASSERT_RC(r.ops->audit_delete(r.self, 1, &err), GW_DENIED);
    GW_ASSERT_OK(r.ops->commit(r.self, &err), &err);
    ASSERT_RC(r.ops->device_put(r.self, &d, &err), GW_DENIED);
    CU_ASSERT_EQUAL(kinds(st, "pump-7"), 0);
}

const struct gw_test_case transaction_cases[] = {
    {"sees its own changes before commit", sees_its_own_changes_before_commit},
    {"leaves nothing after rollback", leaves_nothing_after_rollback},
    {"does not spoil a transaction by a refused put", a_refused_put_does_not_spoil_its_neighbours},
    {"refuses every change outside of a transaction", refuses_changes_outside_of_a_transaction},
    {"pairs begin with commit or rollback", pairs_begin_with_commit_or_rollback},
    {"undoes one turn alone by a mark", a_mark_undoes_one_turn_alone},
    {"takes back by rollback what a mark has kept", rollback_takes_what_a_mark_has_kept},
    {"does not nest marks, nor commit inside of one", marks_do_not_nest},
    {"shows a reader what is committed", a_reader_sees_what_is_committed},
    {"answers a reader's changes with denied", a_reader_changes_nothing},
};
const size_t transaction_case_count = sizeof(transaction_cases) / sizeof(transaction_cases[0]);
