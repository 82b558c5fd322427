#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "release_kit.h"
#include "release_manifest.h"

#define HEAD                                                                                                           \
    "{\"product\":\"pump\",\"version\":\"2.1\",\"release_counter\":21,\"security_floor\":18,\"channel\":\"stable\","
#define SHA  "\"sha256\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
#define ART  "\"artifacts\":[{\"name\":\"a.swu\",\"format\":\"raw\"," SHA ",\"size\":7}],"
#define HW   "\"hardware\":[\"rev-b\"],"
#define TIME "\"released_at\":\"2026-11-01T00:00:00Z\",\"expires_at\":\"2027-11-01T00:00:00Z\"}"

static enum gw_rc parse(const char *json, struct gw_err *err)
{
    GW_FREE struct release *r = gw_xalloc(1, sizeof(*r));
    return release_manifest_parse(gw_view_str(json), r, err);
}

static void takes_what_it_wrote(void)
{
    GW_FREE struct release *one = kit_release();
    GW_FREE struct release *two = gw_xalloc(1, sizeof(*two));
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    struct gw_err err = {0};
    gw_buf_init(&json, RELEASE_MANIFEST_MAX);
    GW_ASSERT_OK(release_manifest_format(one, &json, &err), &err);
    GW_ASSERT_OK(release_manifest_parse(gw_buf_view(&json), two, &err), &err);
    CU_ASSERT_EQUAL(memcmp(one, two, sizeof(*one)), 0);
}

static void takes_a_manifest_with_nothing_that_may_be_missing(void)
{
    GW_FREE struct release *r = gw_xalloc(1, sizeof(*r));
    struct gw_err err = {0};
    GW_ASSERT_OK(release_manifest_parse(GW_VIEW_LIT(HEAD HW ART TIME), r, &err), &err);
    CU_ASSERT_EQUAL(r->fix_count, 0);
    CU_ASSERT_FALSE(r->security_only);
    CU_ASSERT_STRING_EQUAL(r->min_version, "");
    CU_ASSERT_EQUAL(release_file_count(r), 1);
    CU_ASSERT_EQUAL(release_bytes(r), 7);
}

static void refuses_what_breaks_the_grammar(void)
{
    static const struct {
        const char *json, *word;
    } bad[] = {
        {HEAD HW ART "\"extra\":1," TIME, "extra"},
        {HEAD HW ART "\"product\":\"x\"," TIME, "repeats"},
        {HEAD ART TIME, "hardware"},
        {HEAD "\"hardware\":[]," ART TIME, "hardware"},
        {HEAD "\"hardware\":[\"a\",\"a\"]," ART TIME, "twice"},
        {HEAD "\"hardware\":[\"a b\"]," ART TIME, "hardware"},
        {HEAD HW TIME, "artifacts"},
        {HEAD HW "\"artifacts\":[]," TIME, "artifacts"},
        {HEAD HW "\"artifacts\":[7]," TIME, "artifacts[0]"},
        {HEAD HW "\"artifacts\":[{\"name\":\"../a\",\"format\":\"raw\"," SHA ",\"size\":7}]," TIME, "name"},
        {HEAD HW "\"artifacts\":[{\"name\":\"..\",\"format\":\"raw\"," SHA ",\"size\":7}]," TIME, "name"},
        {HEAD HW "\"artifacts\":[{\"name\":\"release.dsse.json\",\"format\":\"raw\"," SHA ",\"size\":7}]," TIME,
         "name"},
        {HEAD HW "\"artifacts\":[{\"name\":\"a\",\"format\":\"raw\"," SHA ",\"size\":-1}]," TIME, "size"},
        {HEAD HW "\"artifacts\":[{\"name\":\"a\",\"format\":\"raw\"," SHA ",\"size\":8589934592}]," TIME, "size"},
        {HEAD HW "\"artifacts\":[{\"name\":\"a\",\"format\":\"raw\",\"size\":7}]," TIME, "sha256"},
        {HEAD HW "\"artifacts\":[{\"name\":\"a\",\"format\":\"raw\"," SHA ",\"size\":7,\"for\":\"rev-c\"}]," TIME,
         "hardware"},
        {HEAD HW ART "\"sbom\":{\"name\":\"a.swu\",\"format\":\"spdx\"," SHA ",\"size\":7}," TIME, "twice"},
        {HEAD HW ART "\"sbom\":{\"name\":\"s\",\"format\":\"spdx\"," SHA ",\"size\":7,\"for\":\"rev-b\"}," TIME, "for"},
        {HEAD HW ART "\"fixes\":[\"CVE 1\"]," TIME, "fixes[0]"},
        {HEAD HW ART "\"min_version\":\"-1\"," TIME, "min_version"},
        {HEAD HW ART "\"released_at\":\"2026-11-01T00:00:00Z\",\"expires_at\":\"2026-11-01T00:00:00Z\"}", "expires_at"},
        {HEAD HW ART "\"released_at\":\"2026-11-01T00:00:00Z\"}", "expires_at"},
        {"[]", "object"},
        {"", "JSON"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct gw_err err = {0};
        CU_ASSERT_EQUAL(parse(bad[i].json, &err), GW_INVALID);
        CU_ASSERT_EQUAL(err.rc, GW_INVALID);
        if (!strstr(err.text, bad[i].word))
            printf("#   %zu: \"%s\" has no \"%s\"\n", i, err.text, bad[i].word);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].word));
    }
}

static void refuses_a_digest_in_capitals(void)
{
    struct gw_err err = {0};
    CU_ASSERT_EQUAL(parse(HEAD HW "\"artifacts\":[{\"name\":\"a\",\"format\":\"raw\",\"size\":7,\"sha256\":"
                                  "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]," TIME,
                          &err),
                    GW_INVALID);
}

static void refuses_counters_out_of_order_and_range(void)
{
    static const struct {
        uint64_t counter, floor;
        enum gw_rc rc;
    } rows[] = {
        {1, 0, GW_OK},
        {1, 1, GW_OK},
        {0, 0, GW_INVALID},
        {1, 2, GW_INVALID},
        {RELEASE_COUNTER_MAX, RELEASE_COUNTER_MAX, GW_OK},
        {(uint64_t)RELEASE_COUNTER_MAX + 1, 0, GW_INVALID},
    };
    GW_FREE struct release *r = kit_release();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        r->release_counter = rows[i].counter;
        r->security_floor = rows[i].floor;
        CU_ASSERT_EQUAL(release_valid(r, NULL), rows[i].rc);
    }
}

static void meets_every_ceiling_of_its_lists(void)
{
    GW_FREE struct release *r = kit_release();
    r->artifact_count = RELEASE_ARTIFACTS_MAX;
    for (size_t i = 0; i < RELEASE_ARTIFACTS_MAX; i++) {
        r->artifacts[i] = r->artifacts[0];
        (void)snprintf(r->artifacts[i].name, sizeof(r->artifacts[i].name), "a%zu", i);
    }
    r->fix_count = RELEASE_FIXES_MAX;
    for (size_t i = 0; i < RELEASE_FIXES_MAX; i++)
        (void)snprintf(r->fixes[i], sizeof(r->fixes[i]), "F-%zu", i);
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    struct gw_err err = {0};
    gw_buf_init(&json, RELEASE_MANIFEST_MAX);
    GW_ASSERT_OK(release_manifest_format(r, &json, &err), &err);
    GW_FREE struct release *back = gw_xalloc(1, sizeof(*back));
    GW_ASSERT_OK(release_manifest_parse(gw_buf_view(&json), back, &err), &err);
    CU_ASSERT_EQUAL(release_file_count(back), RELEASE_ARTIFACTS_MAX + 1);
    r->fix_count = RELEASE_FIXES_MAX + 1;
    CU_ASSERT_EQUAL(release_valid(r, NULL), GW_INVALID);
    r->fix_count = 0;
    r->artifact_count = RELEASE_ARTIFACTS_MAX + 1;
    CU_ASSERT_EQUAL(release_valid(r, NULL), GW_INVALID);
}

static void refuses_to_write_more_than_an_envelope_takes(void)
{
    GW_FREE struct release *r = kit_release();
    (void)snprintf(r->hardware[0], sizeof(r->hardware[0]), "%064d", 0);
    r->artifact_count = RELEASE_ARTIFACTS_MAX;
    for (size_t i = 0; i < RELEASE_ARTIFACTS_MAX; i++) {
        r->artifacts[i] = r->artifacts[0];
        (void)snprintf(r->artifacts[i].name, sizeof(r->artifacts[i].name), "%0100zu", i);
        (void)snprintf(r->artifacts[i].format, sizeof(r->artifacts[i].format), "%032d", 0);
        (void)snprintf(r->artifacts[i].hardware, sizeof(r->artifacts[i].hardware), "%064d", 0);
    }
    r->fix_count = RELEASE_FIXES_MAX;
    for (size_t i = 0; i < RELEASE_FIXES_MAX; i++)
        (void)snprintf(r->fixes[i], sizeof(r->fixes[i]), "%064zu", i);
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    gw_buf_init(&json, 1 << 20);
    CU_ASSERT_EQUAL(release_manifest_format(r, &json, NULL), GW_TOO_BIG);
    CU_ASSERT_EQUAL(json.len, 0);
}

static void lets_a_draft_leave_out_what_files_tell(void)
{
    GW_FREE struct release *r = gw_xalloc(1, sizeof(*r));
    struct release_draft draft;
    struct gw_err err = {0};
    GW_ASSERT_OK(release_manifest_parse_draft(
                     GW_VIEW_LIT(HEAD HW "\"artifacts\":[{\"name\":\"a\",\"format\":\"raw\"},{\"name\":\"b\","
                                         "\"format\":\"raw\"," SHA ",\"size\":1}],\"notes\":{\"name\":\"n\","
                                         "\"format\":\"text\",\"size\":2},\"expires_at\":\"2027-01-01T00:00:00Z\"}"),
                     r, &draft, &err),
                 &err);
    CU_ASSERT(draft.no_released_at && draft.no_digest[0] && draft.no_size[0]);
    CU_ASSERT(!draft.no_digest[1] && !draft.no_size[1]);
    CU_ASSERT(draft.no_digest[2] && !draft.no_size[2]);
}

const struct gw_test_case manifest_cases[] = {
    {"takes what it wrote", takes_what_it_wrote},
    {"takes a manifest with nothing that may be missing", takes_a_manifest_with_nothing_that_may_be_missing},
    {"refuses what breaks the grammar", refuses_what_breaks_the_grammar},
    {"refuses a digest in capitals", refuses_a_digest_in_capitals},
    {"refuses counters out of order and range", refuses_counters_out_of_order_and_range},
    {"meets every ceiling of its lists", meets_every_ceiling_of_its_lists},
    {"refuses to write more than an envelope takes", refuses_to_write_more_than_an_envelope_takes},
    {"lets a draft leave out what files tell", lets_a_draft_leave_out_what_files_tell},
};
const size_t manifest_case_count = sizeof(manifest_cases) / sizeof(manifest_cases[0]);
