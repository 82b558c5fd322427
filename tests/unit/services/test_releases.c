/* Vendor keys and releases, turn by turn. */
#include <stdio.h>
#include <string.h>

#include "desk.h"
#include "gw_cleanup.h"

#define DAY GW_DAY_MS

static void fake_status(void *self, struct import_status *ret_status)
{
    (void)self;
    *ret_status = (struct import_status){.running = true, .bytes = 7, .total = 9};
}

static void open_desk(struct desk *d)
{
    static const struct import_ops ops = {.status = fake_status};
    desk_open(d);
    d->operate.access.claimed = true;
    d->operate.releases = (struct releases){.threshold = 1, .imports = {&ops, NULL}};
}

static struct vendor_key key_of(uint8_t byte)
{
    struct vendor_key k = {.spki = {.len = 44}, .name = "Vendor"};
    struct gw_sha256 digest = desk_hash(byte);
    gw_hex_format(digest.bytes, GW_SHA256_LEN, k.keyid);
    return k;
}

static enum gw_rc key_read(struct desk *d, uint8_t byte)
{
    struct inbox_msg msg = {.kind = INBOX_KEY_READ, .u.act = {.kind = ACT_KEY_ADD}};
    struct vendor_key *key = gw_xalloc(1, sizeof(*key));
    msg.u.act.actor = (struct actor){.name = "user:ann", .role = USER_ADMIN};
    *key = key_of(byte);
    msg.blob = (uint8_t *)key;
    msg.blob_len = sizeof(*key);
    return desk_msg(d, &msg);
}

static enum gw_rc act_as(struct desk *d, enum act_kind kind, const char *text, const struct actor *actor)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .u.act = {.kind = kind, .if_rev = -1, .actor = *actor}};
    (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "%s", text);
    if (kind == ACT_KEY_ADD) {
        msg.blob = (uint8_t *)gw_xstrdup("pem");
        msg.blob_len = 3;
    }
    return desk_msg(d, &msg);
}

static enum gw_rc answered(const struct desk *d)
{
    return desk_answer(d) ? desk_answer(d)->rc : GW_OK;
}

static void takes_keys_from_admins_alone(void)
{
    struct desk d;
    const struct actor viewer = {.name = "user:vi", .role = USER_VIEWER},
                       op = {.name = "user:op", .role = USER_OPERATOR},
                       admin = {.name = "user:ann", .role = USER_ADMIN},
                       local = {.name = "local:bob", .role = USER_ADMIN, .local = true},
                       root = {.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    open_desk(&d);
    d.operate.access.claimed = true;
    const struct {
        const struct actor *actor;
        bool may;
    } rows[] = {{&viewer, false}, {&op, false}, {&admin, true}, {&local, false}, {&root, true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(act_as(&d, ACT_KEY_ADD, "Vendor", rows[i].actor), GW_OK);
        CU_ASSERT_EQUAL(desk_out(&d, OUT_WORK) != NULL, rows[i].may);
        CU_ASSERT_EQUAL(answered(&d), rows[i].may ? GW_OK : GW_DENIED);
        CU_ASSERT_EQUAL(act_as(&d, ACT_KEY_REMOVE, key_of(1).keyid, rows[i].actor), GW_OK);
        CU_ASSERT_EQUAL(answered(&d), rows[i].may ? GW_NOT_FOUND : GW_DENIED);
    }
    CU_ASSERT_EQUAL(act_as(&d, ACT_RELEASES_LIST, "", &viewer), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_OK);
    CU_ASSERT_EQUAL(act_as(&d, ACT_RELEASES_WITHDRAW, "0123456789abcdef", &viewer), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_DENIED);
    desk_close(&d);
}

static void keeps_shows_and_forgets_keys(void)
{
    struct desk d;
    struct inbox_msg bad = {.kind = INBOX_KEY_READ, .u.act = {.kind = ACT_KEY_ADD, .text = "not a key"}};
    bad.u.act.actor = (struct actor){.name = "user:ann", .role = USER_ADMIN};
    open_desk(&d);
    CU_ASSERT_EQUAL(key_read(&d, 1), GW_OK);
    CU_ASSERT_STRING_EQUAL(desk_answer(&d)->keys[0].keyid, key_of(1).keyid);
    CU_ASSERT_EQUAL(desk_answer(&d)->keys[0].added.ms, d.now.ms);
    CU_ASSERT_EQUAL(desk_audits(&d, "cfg.vendor_key"), 1);
    CU_ASSERT_EQUAL(key_read(&d, 1), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_EXISTS);
    CU_ASSERT_EQUAL(desk_msg(&d, &bad), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(desk_answer(&d)->text, "not a key");
    CU_ASSERT_EQUAL(desk_act(&d, ACT_KEY_REMOVE, NULL, key_of(1).keyid), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_OK);
    CU_ASSERT_TRUE(desk_says(&d, key_of(1).keyid, "a vendor key is trusted no more"));
    size_t told = desk_audits(&d, "cfg.vendor_key");
    CU_ASSERT_EQUAL(desk_act(&d, ACT_KEY_REMOVE, NULL, key_of(1).keyid), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(desk_audits(&d, "cfg.vendor_key"), told);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_KEY_LIST, NULL, NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->key_count, 0);
    CU_ASSERT_EQUAL(key_read(&d, 1), GW_OK); /* it may come back */
    CU_ASSERT_EQUAL(answered(&d), GW_OK);
    for (uint8_t i = 2; i <= VENDOR_KEYS_MAX; i++)
        CU_ASSERT_EQUAL(key_read(&d, i), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_OK);
    CU_ASSERT_EQUAL(key_read(&d, VENDOR_KEYS_MAX + 1), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_CONFLICT);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_KEY_LIST, NULL, NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->key_count, VENDOR_KEYS_MAX);
    desk_close(&d);
}

/* A good outcome of an import: two files, signed by key 1. */
static struct import_outcome *outcome_of(const struct desk *d, const char *version, uint64_t counter)
{
    struct import_outcome *o = gw_xalloc(1, sizeof(*o));
    struct release *r = &o->release;
    o->actor = (struct actor){.name = "user:op", .role = USER_OPERATOR};
    o->has_release = true;
    (void)snprintf(o->id, sizeof(o->id), "%016llx", (unsigned long long)counter);
    (void)snprintf(o->signers[o->signer_count++], sizeof(o->signers[0]), "%s", key_of(1).keyid);
    o->envelope_len = 2;
    memcpy(o->envelope, "{}", 2);
    (void)snprintf(r->product, sizeof(r->product), "pump");
    (void)snprintf(r->version, sizeof(r->version), "%s", version);
    (void)snprintf(r->channel, sizeof(r->channel), "stable");
    r->release_counter = counter;
    r->hardware_count = r->artifact_count = 1;
    (void)snprintf(r->hardware[0], sizeof(r->hardware[0]), "rev-b");
    r->artifacts[0] = (struct release_file){.name = "a.swu", .format = "swupdate", .sha256 = desk_hash(7), .size = 9};
    r->notes = (struct release_file){.name = "n.txt", .format = "text", .sha256 = desk_hash(8), .size = 1};
    r->released_at.ms = d->now.ms - DAY;
    r->expires_at.ms = d->now.ms + DAY;
    return o;
}

static enum gw_rc imported(struct desk *d, struct import_outcome *o)
{
    struct inbox_msg msg = {.kind = INBOX_IMPORTED, .blob = (uint8_t *)o, .blob_len = sizeof(*o)};
    return desk_msg(d, &msg);
}

static void open_with_key(struct desk *d)
{
    open_desk(d);
    d->operate.access.claimed = true;
    CU_ASSERT_EQUAL_FATAL(key_read(d, 1), GW_OK);
}

/* Revoked while its upload was on the way. */
static void stages_nothing_for_a_token_that_has_ended(void)
{
    struct desk d;
    struct token token = {.name = "ci", .role = TOKEN_OPERATOR, .sha256 = {{9}}};
    open_with_key(&d);
    for (int i = 0; i < 2; i++) {
        struct import_outcome *o = outcome_of(&d, i ? "1.1" : "1.0", 10 + (uint64_t)i);
        o->actor = (struct actor){.name = "token:ci", .role = USER_OPERATOR, .token = {{9}}};
        CU_ASSERT_EQUAL_FATAL(d.store.ops->begin(d.store.self, NULL), GW_OK);
        enum gw_rc rc = i ? d.store.ops->token_delete(d.store.self, "ci", NULL)
                          : d.store.ops->token_put(d.store.self, &token, NULL);
        CU_ASSERT_EQUAL(rc, GW_OK);
        CU_ASSERT_EQUAL_FATAL(d.store.ops->commit(d.store.self, NULL), GW_OK);
        CU_ASSERT_EQUAL(imported(&d, o), GW_OK);
        CU_ASSERT_EQUAL(desk_answer(&d)->kind, i ? ANSWER_UNAUTHORIZED : ANSWER_RELEASES);
    }
    CU_ASSERT_EQUAL(desk_audits(&d, "release.staged"), 1);
    desk_close(&d);
}

static void stages_what_was_imported(void)
{
    struct desk d;
    open_with_key(&d);
    CU_ASSERT_EQUAL(imported(&d, outcome_of(&d, "1.0", 10)), GW_OK);
    const struct answer *a = desk_answer(&d);
    CU_ASSERT_FATAL(a->kind == ANSWER_RELEASES && a->release_count == 1 && a->file_count == 2);
    CU_ASSERT_STRING_EQUAL(a->releases[0].entry.imported_by, "user:op");
    CU_ASSERT_EQUAL(a->releases[0].entry.bytes, 10);
    CU_ASSERT_EQUAL(a->releases[0].trusted_signers, 1);
    CU_ASSERT_EQUAL(a->files[1].role, RELEASE_ROLE_NOTES);
    CU_ASSERT_EQUAL(desk_audits(&d, "release.staged"), 1);
    CU_ASSERT_EQUAL(imported(&d, outcome_of(&d, "0.9", 9)), GW_OK); /* older, but above the floor */
    CU_ASSERT_EQUAL(answered(&d), GW_OK);
    CU_ASSERT_EQUAL(desk_audits(&d, "release.staged"), 2);
    struct release_product product;
    CU_ASSERT_EQUAL(d.store.ops->product_get(d.store.self, "pump", &product, NULL), GW_OK);
    CU_ASSERT_EQUAL(product.counter_seen, 10);
    desk_close(&d);
}

static void expect_refusal(struct desk *d, struct import_outcome *o, enum release_check check)
{
    size_t before = desk_audits(d, "release.refused");
    uint64_t counted = d->operate.releases.refused[check];
    CU_ASSERT_EQUAL(imported(d, o), GW_OK);
    CU_ASSERT_NOT_EQUAL(answered(d), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(d)->refusal.check, check);
    CU_ASSERT_EQUAL(desk_audits(d, "release.refused"), before + 1);
    CU_ASSERT_EQUAL(d->operate.releases.refused[check], counted + 1);
}

static void asks_again_what_may_have_changed(void)
{
    struct desk d;
    open_with_key(&d);
    CU_ASSERT_EQUAL(imported(&d, outcome_of(&d, "1.0", 10)), GW_OK);
    expect_refusal(&d, outcome_of(&d, "1.1", 10), RELEASE_CHECK_DUPLICATE);
    expect_refusal(&d, outcome_of(&d, "1.0.0", 11), RELEASE_CHECK_DUPLICATE);
    struct import_outcome *late = outcome_of(&d, "1.2", 12);
    late->release.expires_at.ms = d.now.ms - 1;
    expect_refusal(&d, late, RELEASE_CHECK_EXPIRY);
    struct release_product product = {.product = "pump", .counter_seen = 10, .floor_confirmed = 13};
    CU_ASSERT_EQUAL(d.store.ops->begin(d.store.self, NULL), GW_OK);
    CU_ASSERT_EQUAL(d.store.ops->product_put(d.store.self, &product, NULL), GW_OK);
    CU_ASSERT_EQUAL(d.store.ops->commit(d.store.self, NULL), GW_OK);
    expect_refusal(&d, outcome_of(&d, "1.2", 12), RELEASE_CHECK_FLOOR);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_KEY_REMOVE, NULL, key_of(1).keyid), GW_OK);
    expect_refusal(&d, outcome_of(&d, "1.4", 14), RELEASE_CHECK_SIGNATURE);
    struct import_outcome *viewer = outcome_of(&d, "1.4", 14);
    viewer->actor.role = USER_VIEWER;
    CU_ASSERT_EQUAL(imported(&d, viewer), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_DENIED);
    CU_ASSERT_EQUAL(desk_audits(&d, "authz.denied"), 1);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_RELEASES_LIST, NULL, NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->release_count, 1);
    CU_ASSERT_EQUAL(desk_answer(&d)->releases[0].trusted_signers, 0); /* shown as no longer trusted */
    desk_close(&d);
}

static bool keep_last(void *ctx, const struct audit_event *event)
{
    *(struct audit_event *)ctx = *event;
    return true;
}

static struct audit_event last_audit(struct desk *d)
{
    struct audit_event event = {.n = 0};
    CU_ASSERT_EQUAL(d->store.ops->audit_each(d->store.self, 0, 1000, keep_last, &event, NULL), GW_OK);
    return event;
}

static void audits_refusals_by_what_they_mean(void)
{
    static const struct {
        enum release_check check;
        enum event_sev sev;
    } rows[] = {{RELEASE_CHECK_SIGNATURE, EVENT_SEV_HIGH},  {RELEASE_CHECK_DIGEST, EVENT_SEV_HIGH},
                {RELEASE_CHECK_FLOOR, EVENT_SEV_HIGH},      {RELEASE_CHECK_CONTAINER, EVENT_SEV_MEDIUM},
                {RELEASE_CHECK_MANIFEST, EVENT_SEV_MEDIUM}, {RELEASE_CHECK_FILES, EVENT_SEV_MEDIUM},
                {RELEASE_CHECK_DUPLICATE, EVENT_SEV_LOW},   {RELEASE_CHECK_SPACE, EVENT_SEV_LOW},
                {(enum release_check)0, EVENT_SEV_LOW}};
    struct desk d;
    open_with_key(&d);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct import_outcome *o = outcome_of(&d, "1.0", 10);
        bool named = o->has_release = i % 2 == 0;
        o->rc = GW_CORRUPT;
        o->refusal.check = rows[i].check;
        (void)snprintf(o->why, sizeof(o->why), "the reason");
        CU_ASSERT_EQUAL(imported(&d, o), GW_OK);
        CU_ASSERT_EQUAL(answered(&d), GW_INVALID); /* not a fault of the gateway's own data */
        CU_ASSERT_STRING_EQUAL(desk_answer(&d)->text, "the reason");
        CU_ASSERT_EQUAL(last_audit(&d).sev, rows[i].sev);
        CU_ASSERT_STRING_EQUAL(last_audit(&d).obj, named ? "pump 1.0" : "release");
    }
    desk_close(&d);
}

static void withdraws_for_good(void)
{
    struct desk d;
    open_with_key(&d);
    CU_ASSERT_EQUAL(imported(&d, outcome_of(&d, "1.0", 10)), GW_OK);
    struct inbox_msg stale = {.kind = INBOX_ACT, .u.act = {.kind = ACT_RELEASES_WITHDRAW, .if_rev = 7}};
    stale.u.act.actor = (struct actor){.name = "user:op", .role = USER_OPERATOR};
    (void)snprintf(stale.u.act.text, sizeof(stale.u.act.text), "000000000000000a");
    CU_ASSERT_EQUAL(desk_msg(&d, &stale), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_CONFLICT);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_RELEASES_WITHDRAW, NULL, "000000000000000a"), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->releases[0].entry.state, RELEASE_WITHDRAWN);
    CU_ASSERT(desk_out(&d, OUT_COLLECT) != NULL);
    CU_ASSERT_EQUAL(desk_audits(&d, "release.withdraw"), 1);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_RELEASES_WITHDRAW, NULL, "000000000000000a"), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_CONFLICT);
    CU_ASSERT(desk_out(&d, OUT_COLLECT) == NULL);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_RELEASES_VERIFY, NULL, "000000000000000a"), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_CONFLICT);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_RELEASES_GET, NULL, "000000000000000b"), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_NOT_FOUND);
    expect_refusal(&d, outcome_of(&d, "1.0", 10), RELEASE_CHECK_DUPLICATE);
    desk_close(&d);
}

static enum gw_rc verified(struct desk *d, enum gw_rc rc, uint16_t bad)
{
    CU_ASSERT_EQUAL(desk_act(d, ACT_RELEASES_VERIFY, NULL, "000000000000000a"), GW_OK);
    const struct turn_out *out = desk_out(d, OUT_VERIFY);
    CU_ASSERT_FATAL(out != NULL && out->verify->file_count == 2);
    struct import_verify *v = gw_xalloc(1, sizeof(*v));
    *v = *out->verify;
    v->rc = rc;
    v->bad = bad;
    struct inbox_msg msg = {.kind = INBOX_VERIFIED, .asker = v->asker, .blob = (uint8_t *)v, .blob_len = sizeof(*v)};
    enum gw_rc turn_rc = desk_msg(d, &msg);
    return turn_rc ? turn_rc : answered(d);
}

static void tells_what_verification_found(void)
{
    struct desk d;
    open_with_key(&d);
    CU_ASSERT_EQUAL(imported(&d, outcome_of(&d, "1.0", 10)), GW_OK);
    CU_ASSERT_EQUAL(verified(&d, GW_OK, 2), GW_OK);
    CU_ASSERT_EQUAL(desk_audits(&d, "release.verify"), 1);
    CU_ASSERT_EQUAL(verified(&d, GW_CORRUPT, 1), GW_CORRUPT);
    CU_ASSERT_STRING_EQUAL(desk_answer(&d)->refusal.file, "n.txt");
    CU_ASSERT_EQUAL(desk_answer(&d)->refusal.check, RELEASE_CHECK_DIGEST);
    CU_ASSERT_EQUAL(last_audit(&d).sev, EVENT_SEV_CRITICAL);
    CU_ASSERT_STRING_EQUAL(last_audit(&d).cls, "integ.hash_mismatch");
    CU_ASSERT_EQUAL(verified(&d, GW_NOT_FOUND, 0), GW_CORRUPT);
    CU_ASSERT_EQUAL(desk_audits(&d, "integ.hash_mismatch"), 2);
    CU_ASSERT_EQUAL(verified(&d, GW_IO, 0), GW_IO); /* says nothing about the release */
    CU_ASSERT_EQUAL(desk_audits(&d, "integ.hash_mismatch"), 2);
    desk_close(&d);
}

static void lists_in_pages(void)
{
    struct desk d;
    open_with_key(&d);
    for (uint64_t i = 1; i <= 5; i++) {
        char version[8];
        (void)snprintf(version, sizeof(version), "%d", (int)i);
        CU_ASSERT_EQUAL(imported(&d, outcome_of(&d, version, i)), GW_OK);
    }
    struct inbox_msg page = {.kind = INBOX_ACT, .u.act = {.kind = ACT_RELEASES_LIST, .number = 2}};
    page.u.act.actor = (struct actor){.name = "user:op", .role = USER_OPERATOR};
    CU_ASSERT_EQUAL(desk_msg(&d, &page), GW_OK);
    CU_ASSERT(desk_answer(&d)->release_count == 2 && desk_answer(&d)->more);
    (void)snprintf(page.u.act.text, sizeof(page.u.act.text), "%s", desk_answer(&d)->releases[1].entry.id);
    page.u.act.number = 3;
    CU_ASSERT_EQUAL(desk_msg(&d, &page), GW_OK);
    CU_ASSERT(desk_answer(&d)->release_count == 3 && !desk_answer(&d)->more);
    CU_ASSERT_EQUAL(desk_answer(&d)->releases[0].entry.release_counter, 3);
    (void)snprintf(page.u.act.text, sizeof(page.u.act.text), "ffffffffffffffff");
    CU_ASSERT_EQUAL(desk_msg(&d, &page), GW_OK);
    CU_ASSERT_EQUAL(answered(&d), GW_INVALID);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_RELEASES_PROGRESS, NULL, NULL), GW_OK);
    CU_ASSERT(desk_answer(&d)->import.running && desk_answer(&d)->import.bytes == 7);
    desk_close(&d);
}

const struct gw_test_case releases_cases[] = {
    {"takes keys from admins alone, and from root on the machine", takes_keys_from_admins_alone},
    {"keeps, shows and forgets keys", keeps_shows_and_forgets_keys},
    {"stages nothing for a token that has ended meanwhile", stages_nothing_for_a_token_that_has_ended},
    {"stages what was imported", stages_what_was_imported},
    {"asks again what may have changed meanwhile", asks_again_what_may_have_changed},
    {"audits refusals by what they mean", audits_refusals_by_what_they_mean},
    {"withdraws for good", withdraws_for_good},
    {"tells what verification found", tells_what_verification_found},
    {"lists in pages", lists_in_pages},
};
const size_t releases_case_count = sizeof(releases_cases) / sizeof(releases_cases[0]);
