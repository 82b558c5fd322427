#include <stdio.h>
#include <string.h>

#include "desk.h"

static enum device_state state_of(struct desk *d, const char *id)
{
    struct device device;
    struct gw_device_id key = desk_id(id);
    CU_ASSERT_EQUAL_FATAL(d->store.ops->device_get(d->store.self, &key, &device, NULL), GW_OK);
    return device.state;
}

static size_t cert_total;

static bool count_cert(void *ctx, const struct device_cert *cert)
{
    (void)ctx;
    cert_total += !cert->revoked;
    return true;
}

static size_t certs_of(struct desk *d, const char *id)
{
    struct gw_device_id key = desk_id(id);
    cert_total = 0;
    CU_ASSERT_EQUAL(d->store.ops->cert_each_of(d->store.self, &key, count_cert, NULL, NULL), GW_OK);
    return cert_total;
}

static void right_secret(void)
{
    struct desk d;
    desk_open(&d);
    struct desk_request r = {.device = "pump-1", .key = 7};
    desk_invite(&d, "pump-1", r.secret);
    CU_ASSERT_EQUAL(desk_enrol(&d, &r), GW_OK);
    CU_ASSERT_EQUAL_FATAL(desk_out(&d, OUT_WORK)->work->kind, WORK_CSR);
    CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);
    CU_ASSERT_EQUAL_FATAL(desk_out(&d, OUT_WORK)->work->kind, WORK_ISSUE);
    CU_ASSERT_EQUAL(state_of(&d, "pump-1"), DEVICE_INVITED);
    CU_ASSERT_EQUAL(desk_issued(&d, &r, 1), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_ENROLLED);
    CU_ASSERT(desk_out(&d, OUT_REGISTRY) != NULL);
    CU_ASSERT(desk_out(&d, OUT_ANSWER)->after_registry);
    CU_ASSERT_EQUAL(state_of(&d, "pump-1"), DEVICE_ACTIVE);
    CU_ASSERT_EQUAL(desk_audits(&d, "device.enrol"), 1);
    desk_close(&d);
}

static void same_key_again(void)
{
    struct desk d;
    desk_open(&d);
    struct desk_request r = {.device = "pump-1", .key = 7};
    desk_invite(&d, "pump-1", r.secret);
    CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);
    CU_ASSERT_EQUAL(desk_issued(&d, &r, 1), GW_OK);
    CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);
    CU_ASSERT(desk_out(&d, OUT_WORK) == NULL);
    CU_ASSERT_EQUAL(desk_answer(&d)->cert.serial[0], 1);
    CU_ASSERT_EQUAL(desk_issued(&d, &r, 2), GW_OK); /* a twin that was under way gets what the first one got */
    CU_ASSERT_EQUAL(desk_answer(&d)->cert.serial[0], 1);
    CU_ASSERT_EQUAL(certs_of(&d, "pump-1"), 1);
    desk_close(&d);
}

static void second_key(void)
{
    struct desk d;
    desk_open(&d);
    struct desk_request r = {.device = "pump-1", .key = 7};
    desk_invite(&d, "pump-1", r.secret);
    CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);
    r.key = 8;
    CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    CU_ASSERT(desk_out(&d, OUT_WORK) == NULL);
    CU_ASSERT_EQUAL(desk_audits(&d, "cert.rejected"), 1);
    CU_ASSERT_EQUAL(desk_issued(&d, &r, 2), GW_OK); /* nor by a result that comes late */
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    desk_close(&d);
}

/* Who holds the secret fills the audit log no more than who guesses it. */
static void second_keys_end_an_invitation(void)
{
    struct desk d;
    desk_open(&d);
    struct desk_request r = {.device = "pump-1", .key = 7};
    desk_invite(&d, "pump-1", r.secret);
    CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);
    for (r.key = 8; r.key < 40; r.key++) {
        CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);
        CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    }
    CU_ASSERT_EQUAL(desk_audits(&d, "cert.rejected"), ENROL_WRONG_MAX - 1);
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.lockout"), 1);
    desk_close(&d);
}

static enum gw_rc ask_renewal(struct desk *d, const char *device, uint8_t key)
{
    struct inbox_msg checked = {.kind = INBOX_CSR_CHECKED};
    checked.u.csr.renew = true;
    checked.u.csr.context.id = desk_id(device);
    checked.u.csr.spki_sha256 = desk_hash(key);
    return desk_msg(d, &checked);
}

static void renewals_are_paced(void)
{
    struct desk d;
    desk_open(&d);
    desk_active(&d, "pump-1", 7, 1);
    desk_active(&d, "pump-2", 8, 2);
    for (uint8_t i = 0; i < ENROL_RENEW_MAX; i++) {
        CU_ASSERT_EQUAL(ask_renewal(&d, "pump-1", (uint8_t)(100 + i)), GW_OK);
        CU_ASSERT(desk_out(&d, OUT_WORK) != NULL);
    }
    for (uint8_t i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(ask_renewal(&d, "pump-1", (uint8_t)(150 + i)), GW_OK);
        CU_ASSERT(desk_out(&d, OUT_WORK) == NULL);
        CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_AGAIN);
    }
    CU_ASSERT_EQUAL(desk_audits(&d, "cert.rejected"), 1);
    CU_ASSERT_EQUAL(ask_renewal(&d, "pump-2", 200), GW_OK); /* others are not touched */
    CU_ASSERT(desk_out(&d, OUT_WORK) != NULL);
    d.now.ms += GW_HOUR_MS;
    CU_ASSERT_EQUAL(ask_renewal(&d, "pump-1", 201), GW_OK);
    CU_ASSERT(desk_out(&d, OUT_WORK) != NULL);
    desk_close(&d);
}

/* While keyd is away a device may ask as often as it likes: nothing was issued, and nothing is told of it. */
static void renewals_that_fail_do_not_count(void)
{
    struct desk d;
    desk_open(&d);
    desk_active(&d, "pump-1", 7, 1);
    for (uint8_t i = 0; i < 2 * ENROL_RENEW_MAX; i++) {
        CU_ASSERT_EQUAL(ask_renewal(&d, "pump-1", (uint8_t)(100 + i)), GW_OK);
        CU_ASSERT(desk_out(&d, OUT_WORK) != NULL);
        struct inbox_msg failed = {.kind = INBOX_ISSUED};
        failed.u.issued.rc = GW_AGAIN;
        failed.u.issued.renew = true;
        failed.u.issued.context.id = desk_id("pump-1");
        CU_ASSERT_EQUAL(desk_msg(&d, &failed), GW_OK);
    }
    CU_ASSERT_EQUAL(desk_audits(&d, "cert.rejected"), 0);
    desk_close(&d);
}

static void five_wrong(void)
{
    struct desk d;
    desk_open(&d);
    struct desk_request right = {.device = "pump-1", .key = 7}, wrong = right;
    desk_invite(&d, "pump-1", right.secret);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(desk_enrol(&d, &wrong), GW_OK);
    d.now.ms += ENROL_WRONG_WINDOW_MS; /* the hour is over: the count begins anew */
    CU_ASSERT_EQUAL(desk_enrol(&d, &wrong), GW_OK);
    CU_ASSERT_EQUAL(desk_enrol(&d, &right), GW_OK);
    CU_ASSERT(desk_out(&d, OUT_WORK) != NULL);
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(desk_enrol(&d, &wrong), GW_OK);
        CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    }
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.lockout"), 1);
    CU_ASSERT_EQUAL(desk_enrol(&d, &right), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    desk_close(&d);
}

static void lapsed(void)
{
    struct desk d;
    desk_open(&d);
    struct desk_request r = {.device = "pump-1", .key = 7};
    desk_invite(&d, "pump-1", r.secret);
    d.now.ms += ENROL_INVITE_MS;
    CU_ASSERT_EQUAL(desk_enrol(&d, &r), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    desk_close(&d);
}

static void strays_become_one_event(void)
{
    struct desk d;
    desk_open(&d);
    struct desk_request r = {.device = "ghost-1"};
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(desk_enrol(&d, &r), GW_OK);
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.enrol"), 0);
    struct inbox_msg tick = {.kind = INBOX_TICK};
    CU_ASSERT_EQUAL(desk_msg(&d, &tick), GW_OK);
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.enrol"), 1);
    desk_close(&d);
}

static void open_door(struct desk *d, int64_t minutes)
{
    struct inbox_msg msg = {.kind = INBOX_ACT};
    msg.u.act = (struct inbox_act){.kind = ACT_DOOR_OPEN, .number = minutes, .if_rev = -1};
    msg.u.act.actor = (struct actor){.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    CU_ASSERT_EQUAL(desk_msg(d, &msg), GW_OK);
}

static void closed_door(void)
{
    struct desk d;
    desk_open(&d);
    struct desk_request r = {.cn = "valve-1", .key = 3};
    CU_ASSERT_EQUAL(desk_enrol(&d, &r), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    CU_ASSERT(desk_out(&d, OUT_WORK) == NULL); /* its bytes were not even looked at */
    CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);  /* the door closed while the worker was busy */
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    desk_close(&d);
}

static void door_closes_by_itself(void)
{
    struct desk d;
    desk_open(&d);
    open_door(&d, 5);
    struct desk_request r = {.cn = "valve-1", .key = 3};
    d.now.ms += 5 * GW_MINUTE_MS;
    CU_ASSERT_EQUAL(desk_enrol(&d, &r), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    open_door(&d, 61);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_INVALID);
    desk_close(&d);
}

static void caps_of_the_door(void)
{
    struct desk d;
    desk_open(&d);
    open_door(&d, 60);
    for (int i = 0; i < 130; i++) {
        char cn[32], source[32];
        (void)snprintf(cn, sizeof(cn), "valve-%d", i);
        (void)snprintf(source, sizeof(source), "192.0.2.%d", i / 5);
        struct desk_request r = {.cn = cn, .key = (uint8_t)i, .source = source};
        CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);
        CU_ASSERT_EQUAL(desk_answer(&d)->kind, i < ENROL_PENDING_MAX ? ANSWER_RETRY : ANSWER_UNAUTHORIZED);
    }
    desk_close(&d);
    desk_open(&d);
    open_door(&d, 60);
    for (int i = 0; i < 7; i++) {
        char cn[32];
        (void)snprintf(cn, sizeof(cn), "valve-%d", i);
        struct desk_request r = {.cn = cn, .key = (uint8_t)i};
        CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);
        CU_ASSERT_EQUAL(desk_answer(&d)->kind, i < ENROL_PENDING_PER_SOURCE ? ANSWER_RETRY : ANSWER_UNAUTHORIZED);
    }
    desk_close(&d);
}

static void approve_one_of_two(void)
{
    struct desk d;
    desk_open(&d);
    open_door(&d, 60);
    struct desk_request good = {.cn = "valve-1", .key = 3}, twin = {.cn = "valve-1", .key = 4, .source = "192.0.2.9"};
    CU_ASSERT_EQUAL(desk_csr(&d, &good), GW_OK);
    CU_ASSERT_EQUAL(desk_csr(&d, &twin), GW_OK);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_PENDING_LIST, NULL, NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->pending_count, 2);
    struct inbox_msg approve = {.kind = INBOX_ACT};
    approve.u.act = (struct inbox_act){.kind = ACT_APPROVE, .device = desk_id("valve-1"), .if_rev = -1};
    approve.u.act.actor = (struct actor){.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    approve.u.act.spki_sha256 = desk_hash(3);
    CU_ASSERT_EQUAL(desk_msg(&d, &approve), GW_OK);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_DOOR_CLOSE, NULL, NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_csr(&d, &twin), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    CU_ASSERT_EQUAL(desk_csr(&d, &good), GW_OK);
    CU_ASSERT_EQUAL_FATAL(desk_out(&d, OUT_WORK)->work->kind, WORK_ISSUE);
    CU_ASSERT_EQUAL(desk_issued(&d, &good, 1), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_ENROLLED);
    CU_ASSERT_EQUAL(state_of(&d, "valve-1"), DEVICE_ACTIVE);
    desk_close(&d);
}

static void approval_ends_the_invitation(void)
{
    struct desk d;
    desk_open(&d);
    struct desk_request holder = {.device = "valve-1", .key = 9}, knock = {.cn = "valve-1", .key = 3};
    desk_invite(&d, "valve-1", holder.secret);
    open_door(&d, 60);
    CU_ASSERT_EQUAL(desk_csr(&d, &knock), GW_OK);
    struct inbox_msg approve = {.kind = INBOX_ACT};
    approve.u.act = (struct inbox_act){.kind = ACT_APPROVE, .device = desk_id("valve-1"), .if_rev = -1};
    approve.u.act.actor = (struct actor){.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    approve.u.act.spki_sha256 = desk_hash(3);
    CU_ASSERT_EQUAL(desk_msg(&d, &approve), GW_OK);
    CU_ASSERT_EQUAL(desk_enrol(&d, &holder), GW_OK); /* one key is meant: the other way in is shut */
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    CU_ASSERT_EQUAL(desk_csr(&d, &knock), GW_OK);
    CU_ASSERT_EQUAL_FATAL(desk_out(&d, OUT_WORK)->work->kind, WORK_ISSUE);
    desk_close(&d);
}

/* An id that is somebody's already is not to be had by knocking: not while it is active, nor after it was revoked. */
static void a_name_that_is_taken_cannot_be_knocked_for(void)
{
    struct desk d;
    desk_open(&d);
    struct desk_request thief = {.cn = "valve-1", .key = 3};
    desk_active(&d, "valve-1", 1, 1);
    open_door(&d, 60);
    CU_ASSERT_EQUAL(desk_csr(&d, &thief), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_REVOKE, "valve-1", NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_csr(&d, &thief), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    CU_ASSERT_EQUAL(state_of(&d, "valve-1"), DEVICE_REVOKED);
    desk_close(&d);
}

static void pending_lapses(void)
{
    struct desk d;
    desk_open(&d);
    open_door(&d, 60);
    struct desk_request r = {.cn = "valve-1", .key = 3};
    CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);
    d.now.ms += ENROL_PENDING_MS;
    struct inbox_msg tick = {.kind = INBOX_TICK};
    CU_ASSERT_EQUAL(desk_msg(&d, &tick), GW_OK);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_PENDING_LIST, NULL, NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->pending_count, 0);
    desk_close(&d);
}

static void revoked_meanwhile(void)
{
    struct desk d;
    desk_open(&d);
    struct desk_request r = {.device = "pump-1", .key = 7};
    desk_invite(&d, "pump-1", r.secret);
    CU_ASSERT_EQUAL(desk_csr(&d, &r), GW_OK);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_REJECT, "pump-1", NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_issued(&d, &r, 1), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
    CU_ASSERT_EQUAL(state_of(&d, "pump-1"), DEVICE_REJECTED);
    CU_ASSERT_EQUAL(certs_of(&d, "pump-1"), 0);
    desk_close(&d);
}

/* The key process has answered a renewal that was asked for with the certificate of this serial. */
static enum gw_rc renewal_issued(struct desk *d, const char *device, uint8_t shown, uint8_t key, uint8_t serial)
{
    struct inbox_msg msg = {.kind = INBOX_ISSUED};
    struct inbox_issued *issued = &msg.u.issued;
    issued->renew = true;
    issued->context.id = desk_id(device);
    issued->context.cert_sha256 = desk_hash(shown);
    issued->spki_sha256 = desk_hash(key);
    issued->cert = (struct device_cert){.device = issued->context.id,
                                        .sha256 = desk_hash(serial),
                                        .spki_sha256 = issued->spki_sha256,
                                        .serial = {serial},
                                        .not_before = d->now,
                                        .not_after = {d->now.ms + 365 * GW_DAY_MS},
                                        .der_len = 1};
    return desk_msg(d, &msg);
}

/* A revoked device that is invited again may enrol: but not by a renewal that its old certificate asked for. */
static void revoked_and_invited_while_it_renews(void)
{
    for (int enrolled_again = 0; enrolled_again < 2; enrolled_again++) {
        struct desk d;
        desk_open(&d);
        desk_active(&d, "pump-1", 7, 1);
        CU_ASSERT_EQUAL(ask_renewal(&d, "pump-1", 9), GW_OK);
        CU_ASSERT_PTR_NOT_NULL(desk_out(&d, OUT_WORK));
        CU_ASSERT_EQUAL(desk_act(&d, ACT_REVOKE, "pump-1", NULL), GW_OK);
        if (enrolled_again)
            desk_active(&d, "pump-1", 8, 2);
        else
            CU_ASSERT_EQUAL(desk_act(&d, ACT_INVITE, "pump-1", NULL), GW_OK);
        CU_ASSERT_EQUAL(renewal_issued(&d, "pump-1", 1, 9, 3), GW_OK);
        CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_UNAUTHORIZED);
        CU_ASSERT_PTR_NULL(desk_out(&d, OUT_REGISTRY));
        CU_ASSERT_EQUAL(certs_of(&d, "pump-1"), (size_t)enrolled_again);
        CU_ASSERT_EQUAL(state_of(&d, "pump-1"), enrolled_again ? DEVICE_ACTIVE : DEVICE_INVITED);
        desk_close(&d);
    }
}

static void revoke_marks_certificates(void)
{
    struct desk d;
    desk_open(&d);
    desk_active(&d, "pump-1", 7, 1);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_REVOKE, "pump-1", NULL), GW_OK);
    CU_ASSERT(desk_out(&d, OUT_CUT) != NULL && desk_out(&d, OUT_REGISTRY) != NULL);
    CU_ASSERT(desk_out(&d, OUT_ANSWER)->after_registry);
    CU_ASSERT_EQUAL(certs_of(&d, "pump-1"), 0);
    struct inbox_msg renew = {.kind = INBOX_RENEW};
    renew.u.enrol.cert_sha256 = desk_hash(1);
    CU_ASSERT_EQUAL(desk_msg(&d, &renew), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_DENIED);
    struct inbox_msg trust = {.kind = INBOX_TRUST};
    trust.u.enrol.cert_sha256 = desk_hash(1);
    CU_ASSERT_EQUAL(desk_msg(&d, &trust), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_DENIED);
    desk_close(&d);
}

static void out_of_force_is_told(void)
{
    struct desk d;
    struct answer_refused totals;
    struct inbox_msg trust = {.kind = INBOX_TRUST}, tick = {.kind = INBOX_TICK};
    desk_open(&d);
    desk_active(&d, "pump-1", 7, 1);
    trust.u.enrol.id = desk_id("pump-1");
    trust.u.enrol.cert_sha256 = desk_hash(1);
    (void)snprintf(trust.u.enrol.source, sizeof(trust.u.enrol.source), "192.0.2.7");
    CU_ASSERT_EQUAL(desk_msg(&d, &trust), GW_OK);
    CU_ASSERT_EQUAL(desk_audits(&d, "cert.rejected"), 0);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_REVOKE, "pump-1", NULL), GW_OK);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(desk_msg(&d, &trust), GW_OK);
    CU_ASSERT_EQUAL(desk_audits(&d, "cert.rejected"), 1); /* the first at once … */
    CU_ASSERT(desk_audited(&d, "cert.rejected", "192.0.2.7"));
    d.now.ms += GW_MINUTE_MS;
    CU_ASSERT_EQUAL(desk_msg(&d, &tick), GW_OK);
    CU_ASSERT_EQUAL(desk_audits(&d, "cert.rejected"), 2); /* … the others as one */
    watch_totals(&d.session.watch, &totals);
    CU_ASSERT_EQUAL(totals.certificate, 5);
    desk_close(&d);
}

static void at_most_two(void)
{
    struct desk d;
    desk_open(&d);
    desk_active(&d, "pump-1", 7, 1);
    struct inbox_msg online = {.kind = INBOX_BUS};
    online.u.bus = (struct bus_event){.kind = BUS_PRESENCE, .device = desk_id("pump-1"), .online = true};
    online.u.bus.cert_sha256 = desk_hash(1);
    CU_ASSERT_EQUAL(desk_msg(&d, &online), GW_OK);
    for (uint8_t key = 20; key < 23; key++) { /* renewals whose certificates never connect */
        struct inbox_msg issued = {.kind = INBOX_ISSUED};
        struct inbox_issued *i = &issued.u.issued;
        i->renew = true;
        i->context.id = desk_id("pump-1");
        i->context.cert_sha256 = desk_hash(1);
        i->spki_sha256 = desk_hash(key);
        i->cert =
            (struct device_cert){.device = i->context.id, .sha256 = desk_hash(key), .spki_sha256 = desk_hash(key)};
        i->cert.not_before.ms = d.now.ms + key;
        i->cert.not_after.ms = d.now.ms + GW_DAY_MS;
        i->cert.der_len = 1;
        i->cert.serial[0] = key;
        CU_ASSERT_EQUAL(desk_msg(&d, &issued), GW_OK);
        CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_ENROLLED);
        CU_ASSERT_EQUAL(certs_of(&d, "pump-1"), 2);
    }
    online.u.bus.cert_sha256 = desk_hash(22);
    CU_ASSERT_EQUAL(desk_msg(&d, &online), GW_OK);
    CU_ASSERT_EQUAL(certs_of(&d, "pump-1"), 1);
    CU_ASSERT(desk_out(&d, OUT_REGISTRY) != NULL);
    desk_close(&d);
}

static void ceiling_of_devices(void)
{
    struct desk d;
    desk_open(&d);
    d.operate.enrol.devices_max = 3;
    desk_active(&d, "pump-1", 1, 1);
    desk_active(&d, "pump-2", 2, 2);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_QUARANTINE, "pump-2", NULL), GW_OK); /* counts as well */
    struct desk_request third = {.device = "pump-3", .key = 3}, fourth = {.device = "pump-4", .key = 4};
    desk_invite(&d, "pump-3", third.secret);
    desk_invite(&d, "pump-4", fourth.secret);
    CU_ASSERT_EQUAL(desk_csr(&d, &third), GW_OK);
    CU_ASSERT_EQUAL(desk_csr(&d, &fourth), GW_OK); /* both under way at once: the last place goes to one */
    CU_ASSERT_EQUAL(desk_issued(&d, &third, 3), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_ENROLLED);
    CU_ASSERT_EQUAL(desk_audits(&d, "device.ceiling"), 0);
    CU_ASSERT_EQUAL(desk_issued(&d, &fourth, 4), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_AGAIN);
    CU_ASSERT_PTR_NOT_NULL(strstr(desk_answer(&d)->text, "as many devices as it may"));
    CU_ASSERT_EQUAL(state_of(&d, "pump-4"), DEVICE_INVITED);
    CU_ASSERT_EQUAL(desk_csr(&d, &fourth), GW_OK);
    CU_ASSERT_PTR_NULL(desk_out(&d, OUT_WORK));
    CU_ASSERT_EQUAL(desk_audits(&d, "device.ceiling"), 1); /* one a minute, however often it asks */
    CU_ASSERT_EQUAL(desk_csr(&d, &third), GW_OK);          /* those that are in stay in */
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_ENROLLED);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_REVOKE, "pump-1", NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_csr(&d, &fourth), GW_OK);
    CU_ASSERT_PTR_NOT_NULL(desk_out(&d, OUT_WORK));
    desk_close(&d);
}

const struct gw_test_case enrol_cases[] = {
    {"leads a right secret to a certificate, in the order of the contract", right_secret},
    {"gives the same key the same certificate, also to a twin under way", same_key_again},
    {"refuses a second key, also when its certificate was made already", second_key},
    {"second keys end an invitation as wrong secrets do", second_keys_end_an_invitation},
    {"renewals of a device are paced", renewals_are_paced},
    {"renewals that fail do not count", renewals_that_fail_do_not_count},
    {"voids an invitation after five wrong secrets within an hour", five_wrong},
    {"refuses a secret after its day", lapsed},
    {"makes one event of many attempts on unknown devices", strays_become_one_event},
    {"reads no request while the door is closed", closed_door},
    {"closes the door when its time is over", door_closes_by_itself},
    {"keeps at most 100 pending, at most 5 of one source", caps_of_the_door},
    {"approves one of two that claim the same id, by its key", approve_one_of_two},
    {"ends an invitation when another key is approved for its device", approval_ends_the_invitation},
    {"lets nobody knock for a name that is taken", a_name_that_is_taken_cannot_be_knocked_for},
    {"forgets a pending request after a day", pending_lapses},
    {"hands out nothing when the device was rejected meanwhile", revoked_meanwhile},
    {"hands out no renewal of a certificate that was revoked meanwhile", revoked_and_invited_while_it_renews},
    {"revokes all certificates of a device, and what they open", revoke_marks_certificates},
    {"counts and tells who shows a certificate that is not in force", out_of_force_is_told},
    {"refuses the device that would exceed devices.max, and tells once a minute", ceiling_of_devices},
    {"keeps at most two certificates, the one in use among them", at_most_two},
};
const size_t enrol_case_count = sizeof(enrol_cases) / sizeof(enrol_cases[0]);
