/* Vendor keys, releases with their files and envelopes, and what is known of products. */
#include "gw_cleanup.h"
#include "store_suite.h"

static struct vendor_key key_of(unsigned number)
{
    struct gw_sha256 digest = digest_of(number);
    struct vendor_key k = {.spki = {.len = 44}, .added = {number}};
    gw_hex_format(digest.bytes, GW_SHA256_LEN, k.keyid);
    memset(k.spki.der, (int)number, k.spki.len);
    (void)snprintf(k.name, sizeof(k.name), "Key %u \xc3\xbc", number);
    return k;
}

static bool see_key(void *ctx, const struct vendor_key *key)
{
    struct audit_event e = {.n = key->added.ms};
    return see_event(ctx, &e);
}

static void gives_back_vendor_keys(void)
{
    struct vendor_key one = key_of(1), two = key_of(2), got = {0};
    struct seen all = {0}, stopped = {.stop_after = 1};
    begin();
    GW_ASSERT_OK(st.ops->vendor_key_put(st.self, &two, &err), &err);
    GW_ASSERT_OK(st.ops->vendor_key_put(st.self, &one, &err), &err);
    commit();
    begin();
    one.removed.ms = 99;
    GW_ASSERT_OK(st.ops->vendor_key_put(st.self, &one, &err), &err);
    commit();
    GW_ASSERT_OK(st.ops->vendor_key_get(st.self, one.keyid, &got, &err), &err);
    CU_ASSERT_STRING_EQUAL(got.keyid, one.keyid);
    CU_ASSERT_STRING_EQUAL(got.name, one.name);
    CU_ASSERT_EQUAL(got.spki.len, 44);
    CU_ASSERT_EQUAL(memcmp(got.spki.der, one.spki.der, 44), 0);
    CU_ASSERT_EQUAL(got.added.ms, 1);
    CU_ASSERT_EQUAL(got.removed.ms, 99);
    ASSERT_RC(st.ops->vendor_key_get(st.self, key_of(3).keyid, &got, &err), GW_NOT_FOUND);
    ASSERT_RC(st.ops->vendor_key_get(st.self, "x", &got, &err), GW_NOT_FOUND);
    GW_ASSERT_OK(st.ops->vendor_key_each(st.self, see_key, &all, &err), &err);
    CU_ASSERT_STRING_EQUAL(all.text, "1 2");
    GW_ASSERT_OK(st.ops->vendor_key_each(st.self, see_key, &stopped, &err), &err);
    CU_ASSERT_STRING_EQUAL(stopped.text, "1");
    begin();
    one.keyid[0] = 'x';
    ASSERT_RC(st.ops->vendor_key_put(st.self, &one, &err), GW_INVALID);
    memset(two.name, 'n', sizeof(two.name));
    ASSERT_RC(st.ops->vendor_key_put(st.self, &two, &err), GW_INVALID);
    commit();
}

static struct release_entry entry_of(const char *product, unsigned counter)
{
    struct gw_sha256 digest = digest_of(counter);
    struct release_entry e = {
        .release_counter = counter,
        .security_floor = counter - 1,
        .security_only = true,
        .state = RELEASE_STAGED,
        .released_at = {10},
        .expires_at = {20},
        .imported = {15},
        .changed = {16},
        .bytes = 300,
        .file_count = 2,
        .signer_count = 2,
    };
    gw_hex_format(digest.bytes, RELEASE_ID_LEN / 2, e.id);
    e.id[RELEASE_ID_LEN - 1] = product[0] == 'p' ? '0' : '1';
    (void)snprintf(e.product, sizeof(e.product), "%s", product);
    (void)snprintf(e.version, sizeof(e.version), "2.%u", counter);
    (void)snprintf(e.channel, sizeof(e.channel), "stable");
    (void)snprintf(e.imported_by, sizeof(e.imported_by), "local:ann");
    (void)snprintf(e.signers[0], sizeof(e.signers[0]), "%s", key_of(1).keyid);
    (void)snprintf(e.signers[1], sizeof(e.signers[1]), "%s", key_of(2).keyid);
    return e;
}

static struct release_entry_file file_of(const char *name, unsigned number, enum release_role role)
{
    struct release_entry_file f = {.role = role, .file = {.sha256 = digest_of(number), .size = 100 * number}};
    (void)snprintf(f.file.name, sizeof(f.file.name), "%s", name);
    (void)snprintf(f.file.format, sizeof(f.file.format), "swu");
    (void)snprintf(f.file.hardware, sizeof(f.file.hardware), role == RELEASE_ROLE_ARTIFACT ? "rev-b" : "");
    return f;
}

/* Files 1 and `second`; envelope "{...}" with a NUL. */
static enum gw_rc add(struct release_entry *entry, unsigned second)
{
    struct release_entry_file files[2] = {file_of("a.swu", 1, RELEASE_ROLE_ARTIFACT),
                                          file_of("b.json", second, RELEASE_ROLE_SBOM)};
    struct store_release release = {entry, files, gw_view_make("{\0}", 3)};
    return st.ops->release_add(st.self, &release, &err);
}

static void put_release(const char *product, unsigned counter, unsigned second)
{
    struct release_entry e = entry_of(product, counter);
    GW_ASSERT_OK(add(&e, second), &err);
    CU_ASSERT_EQUAL(e.rev, 1);
}

static bool see_release(void *ctx, const struct release_entry *entry)
{
    struct audit_event e = {.n = (int64_t)entry->release_counter};
    return see_event(ctx, &e);
}

static bool see_file(void *ctx, const struct release_entry_file *file)
{
    struct audit_event e = {.n = (int64_t)file->file.size + (int64_t)file->role};
    return see_event(ctx, &e);
}

static void gives_back_a_release(void)
{
    struct release_entry want = entry_of("pump", 7), got = {0};
    struct seen files = {0}, one = {.stop_after = 1}, none = {0};
    GW_CLEANUP(gw_buf_done) struct gw_buf envelope, small;
    gw_buf_init(&envelope, RELEASE_ENVELOPE_MAX);
    gw_buf_init(&small, 2);
    begin();
    put_release("pump", 7, 2);
    commit();
    GW_ASSERT_OK(st.ops->release_get(st.self, want.id, &got, &err), &err);
    want.rev = 1;
    CU_ASSERT_STRING_EQUAL(got.id, want.id);
    CU_ASSERT_STRING_EQUAL(got.product, "pump");
    CU_ASSERT_STRING_EQUAL(got.version, "2.7");
    CU_ASSERT_STRING_EQUAL(got.channel, "stable");
    CU_ASSERT_STRING_EQUAL(got.imported_by, "local:ann");
    CU_ASSERT(got.release_counter == 7 && got.security_floor == 6 && got.security_only);
    CU_ASSERT(release_is_given(&got) && got.state == RELEASE_STAGED && got.rev == 1 && got.bytes == 300 &&
              got.file_count == 2);
    CU_ASSERT(got.released_at.ms == 10 && got.expires_at.ms == 20 && got.imported.ms == 15 && got.changed.ms == 16);
    CU_ASSERT_EQUAL_FATAL(got.signer_count, 2);
    CU_ASSERT_STRING_EQUAL(got.signers[0], want.signers[0]);
    CU_ASSERT_STRING_EQUAL(got.signers[1], want.signers[1]);
    GW_ASSERT_OK(st.ops->release_files(st.self, want.id, see_file, &files, &err), &err);
    CU_ASSERT_STRING_EQUAL(files.text, "101 202");
    GW_ASSERT_OK(st.ops->release_files(st.self, want.id, see_file, &one, &err), &err);
    CU_ASSERT_EQUAL(one.count, 1);
    GW_ASSERT_OK(st.ops->release_files(st.self, "0123456789abcdef", see_file, &none, &err), &err);
    CU_ASSERT_EQUAL(none.count, 0);
    GW_ASSERT_OK(st.ops->release_envelope(st.self, want.id, &envelope, &err), &err);
    CU_ASSERT(gw_view_eq(gw_buf_view(&envelope), gw_view_make("{\0}", 3)));
    ASSERT_RC(st.ops->release_envelope(st.self, want.id, &small, &err), GW_TOO_BIG);
    ASSERT_RC(st.ops->release_envelope(st.self, "0123456789abcdef", &envelope, &err), GW_NOT_FOUND);
    ASSERT_RC(st.ops->release_get(st.self, "0123456789abcdef", &got, &err), GW_NOT_FOUND);
}

static void takes_an_id_a_counter_and_a_version_once(void)
{
    struct release_entry id = entry_of("pump", 7), counter = entry_of("pump", 7), version = entry_of("pump", 9);
    begin();
    put_release("pump", 7, 2);
    commit();
    (void)snprintf(id.product, sizeof(id.product), "other");
    counter.id[0] = 'f';
    (void)snprintf(counter.version, sizeof(counter.version), "9.9");
    (void)snprintf(version.version, sizeof(version.version), "2.7");
    begin();
    ASSERT_RC(add(&id, 2), GW_EXISTS);
    ASSERT_RC(add(&counter, 2), GW_EXISTS);
    ASSERT_RC(add(&version, 2), GW_EXISTS);
    put_release("valve", 7, 2); /* another product has its own numbers */
    commit();
}

static void passes_releases_by_product_and_counter(void)
{
    struct seen all = {0}, page = {0}, rest = {0}, none = {0}, stopped = {.stop_after = 2};
    struct store_release_after start = {.release_counter = 0}, behind = {.product = "pump", .release_counter = 2};
    begin();
    put_release("valve", 4, 2);
    put_release("pump", 10, 2);
    put_release("pump", 2, 2);
    put_release("pump", 3, 2);
    commit();
    GW_ASSERT_OK(st.ops->release_each(st.self, &start, 10, see_release, &all, &err), &err);
    CU_ASSERT_STRING_EQUAL(all.text, "2 3 10 4");
    GW_ASSERT_OK(st.ops->release_each(st.self, &start, 2, see_release, &page, &err), &err);
    CU_ASSERT_STRING_EQUAL(page.text, "2 3");
    GW_ASSERT_OK(st.ops->release_each(st.self, &behind, 10, see_release, &rest, &err), &err);
    CU_ASSERT_STRING_EQUAL(rest.text, "3 10 4");
    GW_ASSERT_OK(st.ops->release_each(st.self, &start, 0, see_release, &none, &err), &err);
    CU_ASSERT_EQUAL(none.count, 0);
    GW_ASSERT_OK(st.ops->release_each(st.self, &start, 10, see_release, &stopped, &err), &err);
    CU_ASSERT_STRING_EQUAL(stopped.text, "2 3");
}

static int64_t refs(unsigned number)
{
    struct gw_sha256 digest = digest_of(number);
    int64_t count = -1;
    GW_ASSERT_OK(st.ops->release_refs(st.self, &digest, &count, &err), &err);
    return count;
}

static void counts_who_needs_a_blob(void)
{
    struct release_entry got = {0}, stale;
    begin();
    put_release("pump", 7, 2);
    put_release("pump", 8, 3);
    commit();
    CU_ASSERT_EQUAL(refs(1), 2);
    CU_ASSERT_EQUAL(refs(2), 1);
    CU_ASSERT_EQUAL(refs(4), 0);
    GW_ASSERT_OK(st.ops->release_get(st.self, entry_of("pump", 7).id, &got, &err), &err);
    stale = got;
    got.state = RELEASE_WITHDRAWN;
    got.changed.ms = 50;
    got.damaged.ms = 40;
    begin();
    GW_ASSERT_OK(st.ops->release_put(st.self, &got, &err), &err);
    ASSERT_RC(st.ops->release_put(st.self, &stale, &err), GW_CONFLICT);
    commit();
    CU_ASSERT_EQUAL(got.rev, 2);
    CU_ASSERT_EQUAL(refs(1), 1);
    CU_ASSERT_EQUAL(refs(2), 0);
    CU_ASSERT_EQUAL(refs(3), 1);
    GW_ASSERT_OK(st.ops->release_get(st.self, got.id, &stale, &err), &err);
    CU_ASSERT(stale.state == RELEASE_WITHDRAWN && stale.changed.ms == 50 && stale.rev == 2 && stale.signer_count == 2);
    CU_ASSERT(stale.damaged.ms == 40 && !release_is_given(&stale));
}

static struct release_entry stored(const char *product, unsigned counter)
{
    struct release_entry got = {0};
    GW_ASSERT_OK(st.ops->release_get(st.self, entry_of(product, counter).id, &got, &err), &err);
    return got;
}

static void finds_a_release_by_its_version(void)
{
    struct release_entry got = {0};
    begin();
    put_release("pump", 7, 1);
    put_release("pump", 8, 1);
    put_release("valve", 9, 1);
    commit();
    struct release_entry wanted = stored("pump", 8);
    GW_ASSERT_OK(st.ops->release_find(st.self, "pump", wanted.version, &got, &err), &err);
    CU_ASSERT_STRING_EQUAL(got.id, wanted.id);
    ASSERT_RC(st.ops->release_find(st.self, "valve", wanted.version, &got, &err), GW_NOT_FOUND);
    ASSERT_RC(st.ops->release_find(st.self, "pump", "", &got, &err), GW_NOT_FOUND);
}

static void marks_all_that_name_a_damaged_file(void)
{
    int64_t count = -1;
    struct gw_sha256 second = digest_of(2), nobodys = digest_of(9);
    begin();
    put_release("pump", 7, 2);
    put_release("pump", 8, 2);
    put_release("pump", 9, 3);
    put_release("valve", 10, 2);
    struct release_entry withdrawn = stored("pump", 8);
    withdrawn.state = RELEASE_WITHDRAWN;
    GW_ASSERT_OK(st.ops->release_put(st.self, &withdrawn, &err), &err);
    GW_ASSERT_OK(st.ops->release_damage(st.self, &second, (struct gw_wall){70}, &count, &err), &err);
    commit();
    CU_ASSERT_EQUAL(count, 2);
    struct release_entry marked = stored("pump", 7), other = stored("valve", 10);
    CU_ASSERT(marked.damaged.ms == 70 && marked.changed.ms == 70 && marked.rev == 2 && !release_is_given(&marked));
    CU_ASSERT(other.damaged.ms == 70 && other.rev == 2);
    CU_ASSERT(stored("pump", 8).damaged.ms == 0 && stored("pump", 8).rev == 2);
    CU_ASSERT(stored("pump", 9).damaged.ms == 0 && stored("pump", 9).rev == 1);
    begin();
    GW_ASSERT_OK(st.ops->release_damage(st.self, &second, (struct gw_wall){80}, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 0); /* since when it is known stays */
    GW_ASSERT_OK(st.ops->release_damage(st.self, &nobodys, (struct gw_wall){80}, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 0);
    rollback();
    CU_ASSERT_EQUAL(stored("pump", 7).damaged.ms, 70);
    ASSERT_RC(st.ops->release_damage(st.self, &second, (struct gw_wall){90}, &count, &err), GW_INVALID);
}

static void undoes_a_release_whole(void)
{
    struct release_entry e = entry_of("pump", 7), got;
    begin();
    GW_ASSERT_OK(st.ops->mark(st.self, &err), &err);
    GW_ASSERT_OK(add(&e, 2), &err);
    GW_ASSERT_OK(st.ops->mark_end(st.self, false, &err), &err);
    commit();
    CU_ASSERT_EQUAL(refs(1), 0);
    ASSERT_RC(st.ops->release_get(st.self, e.id, &got, &err), GW_NOT_FOUND);
    begin();
    put_release("pump", 7, 2);
    rollback();
    CU_ASSERT_EQUAL(refs(1), 0);
}

static void refuses_a_release_that_breaks_its_rules(void)
{
    struct release_entry bad_id = entry_of("pump", 7), bad_floor = bad_id, bad_state = bad_id, no_files = bad_id,
                         signers = bad_id, signer = bad_id, old = bad_id;
    bad_id.id[0] = 'X';
    bad_floor.security_floor = 8;
    bad_state.state = (enum release_state)0;
    no_files.file_count = 0;
    signers.signer_count = VENDOR_SIGNERS_MAX + 1;
    signer.signers[1][3] = ' ';
    old.rev = 1;
    static uint8_t big[RELEASE_ENVELOPE_MAX + 1];
    struct release_entry fine = entry_of("pump", 7);
    struct release_entry_file files[2] = {file_of("a", 1, RELEASE_ROLE_ARTIFACT), file_of("..", 1, RELEASE_ROLE_SBOM)};
    struct store_release bad_name = {&fine, files, gw_view_make("x", 1)};
    begin();
    ASSERT_RC(add(&bad_id, 2), GW_INVALID);
    ASSERT_RC(add(&bad_floor, 2), GW_INVALID);
    ASSERT_RC(add(&bad_state, 2), GW_INVALID);
    ASSERT_RC(add(&no_files, 2), GW_INVALID);
    ASSERT_RC(add(&signers, 2), GW_INVALID);
    ASSERT_RC(add(&signer, 2), GW_INVALID);
    ASSERT_RC(add(&old, 2), GW_CONFLICT);
    ASSERT_RC(st.ops->release_add(st.self, &bad_name, &err), GW_INVALID);
    files[1] = file_of("b", 1, RELEASE_ROLE_SBOM);
    bad_name.envelope = gw_view_make(big, sizeof(big));
    ASSERT_RC(st.ops->release_add(st.self, &bad_name, &err), GW_TOO_BIG);
    commit();
    CU_ASSERT_EQUAL(refs(1), 0);
}

static void remembers_products(void)
{
    struct release_product p = {.product = "pump", .counter_seen = 9, .floor_confirmed = 3}, got = {0};
    begin();
    GW_ASSERT_OK(st.ops->product_put(st.self, &p, &err), &err);
    p.counter_seen = RELEASE_COUNTER_MAX;
    GW_ASSERT_OK(st.ops->product_put(st.self, &p, &err), &err);
    commit();
    GW_ASSERT_OK(st.ops->product_get(st.self, "pump", &got, &err), &err);
    CU_ASSERT_STRING_EQUAL(got.product, "pump");
    CU_ASSERT_EQUAL(got.counter_seen, RELEASE_COUNTER_MAX);
    CU_ASSERT_EQUAL(got.floor_confirmed, 3);
    ASSERT_RC(st.ops->product_get(st.self, "valve", &got, &err), GW_NOT_FOUND);
    begin();
    p.counter_seen++;
    ASSERT_RC(st.ops->product_put(st.self, &p, &err), GW_INVALID);
    commit();
}

static void a_reader_sees_releases_but_changes_none(void)
{
    struct store reader = store_over_reader();
    struct vendor_key key = key_of(1);
    struct release_product p = {.product = "pump"};
    struct release_entry got = {0};
    begin();
    put_release("pump", 7, 2);
    commit();
    GW_ASSERT_OK(reader.ops->release_get(reader.self, entry_of("pump", 7).id, &got, &err), &err);
    ASSERT_RC(reader.ops->release_put(reader.self, &got, &err), GW_DENIED);
    ASSERT_RC(reader.ops->vendor_key_put(reader.self, &key, &err), GW_DENIED);
    ASSERT_RC(reader.ops->product_put(reader.self, &p, &err), GW_DENIED);
    int64_t count = 0;
    struct gw_sha256 digest = digest_of(1);
    ASSERT_RC(reader.ops->release_damage(reader.self, &digest, (struct gw_wall){9}, &count, &err), GW_DENIED);
    ASSERT_RC(st.ops->release_put(st.self, &got, &err), GW_INVALID); /* outside of a transaction */
}

const struct gw_test_case release_cases[] = {
    {"gives back vendor keys, removed ones too", gives_back_vendor_keys},
    {"gives back a release with its files and envelope", gives_back_a_release},
    {"takes an id, a counter and a version once", takes_an_id_a_counter_and_a_version_once},
    {"passes releases by product and counter", passes_releases_by_product_and_counter},
    {"counts who needs a blob", counts_who_needs_a_blob},
    {"finds a release by its product and version", finds_a_release_by_its_version},
    {"marks all staged releases that name a damaged file", marks_all_that_name_a_damaged_file},
    {"undoes a release whole", undoes_a_release_whole},
    {"refuses a release that breaks its rules", refuses_a_release_that_breaks_its_rules},
    {"remembers products", remembers_products},
    {"lets a reader see releases but change none", a_reader_sees_releases_but_changes_none},
};
const size_t release_case_count = sizeof(release_cases) / sizeof(release_cases[0]);
