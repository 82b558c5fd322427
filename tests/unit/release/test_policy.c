#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "release_files.h"
#include "release_kit.h"
#include "release_policy.h"

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void orders_versions(void)
{
    /* Each below the next. */
    static const char *const rising[] = {
        "0",
        "0.9",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-rc",
        "1.0",
        "1.0.1",
        "1.2",
        "1.10",
        "2.0-1",
        "2.0-2",
        "2.0-10",
        "2.0-10a",
        "2.0",
        "2.0a",
        "2024.1",
        "2024.1.99",
        "2024.10.0",
        "2024.a",
        "18446744073709551616.0",
        "a",
    };
    size_t count = sizeof(rising) / sizeof(rising[0]);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            int expected = (i > k) - (i < k);
            int actual = sign(release_version_compare(gw_view_str(rising[i]), gw_view_str(rising[k])));
            if (actual != expected)
                printf("#   %s against %s: %d\n", rising[i], rising[k], actual);
            CU_ASSERT_EQUAL(actual, expected);
        }
}

static void takes_equal_versions_as_equal(void)
{
    static const char *const pairs[][2] = {
        {"1.0", "1.0.0"}, {"1", "1.0+build.7"}, {"1.0+a", "1.0+b"}, {"01.002", "1.2"}, {"1.0-rc.01", "1.0-rc.1"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        CU_ASSERT_EQUAL(release_version_compare(gw_view_str(pairs[i][0]), gw_view_str(pairs[i][1])), 0);
}

static enum gw_rc admit(const struct release *r, unsigned signers, uint64_t floor, int64_t now_ms,
                        struct release_refusal *ret_refusal)
{
    struct gw_err err = {0};
    const struct release_trust trust = {.signers = signers, .threshold = 2};
    memset(ret_refusal, 0, sizeof(*ret_refusal));
    enum gw_rc rc = release_admit(r, &trust, floor, (struct gw_wall){now_ms}, ret_refusal, &err);
    if (rc) {
        char expected[200];
        (void)snprintf(expected, sizeof(expected), "%s: %s: ", release_check_text(ret_refusal->check),
                       ret_refusal->file);
        CU_ASSERT_EQUAL(strncmp(err.text, expected, strlen(expected)), 0);
    }
    return rc;
}

static void admits_and_refuses_by_the_first_check_that_fails(void)
{
    GW_FREE struct release *r = kit_release();
    struct release_refusal refusal;
    int64_t end = r->expires_at.ms;
    CU_ASSERT_EQUAL(admit(r, 2, 21, end, &refusal), GW_OK);
    CU_ASSERT_EQUAL(admit(r, 1, 99, end + 1, &refusal), GW_DENIED);
    CU_ASSERT_EQUAL(refusal.check, RELEASE_CHECK_SIGNATURE);
    CU_ASSERT_STRING_EQUAL(refusal.file, RELEASE_ENVELOPE_FILE);
    CU_ASSERT_EQUAL(admit(r, 2, 99, end + 1, &refusal), GW_DENIED);
    CU_ASSERT_EQUAL(refusal.check, RELEASE_CHECK_EXPIRY);
    CU_ASSERT_EQUAL(admit(r, 2, 22, end, &refusal), GW_DENIED);
    CU_ASSERT_EQUAL(refusal.check, RELEASE_CHECK_FLOOR);
    r->security_floor = 22;
    CU_ASSERT_EQUAL(admit(r, 2, 0, end, &refusal), GW_INVALID);
    CU_ASSERT_EQUAL(refusal.check, RELEASE_CHECK_MANIFEST);
}

static void never_admits_with_a_threshold_of_none(void)
{
    GW_FREE struct release *r = kit_release();
    const struct release_trust none = {0, 0};
    CU_ASSERT_EQUAL(release_admit(r, &none, 0, r->released_at, NULL, NULL), GW_DENIED);
}

static void refuses_a_version_or_counter_that_is_known(void)
{
    GW_FREE struct release *r = kit_release();
    struct release_refusal refusal = {0};
    struct release_known known = {"pump", "2.0", 20, RELEASE_STAGED};
    CU_ASSERT_EQUAL(release_admit_beside(r, &known, &refusal, NULL), GW_OK);
    known.release_counter = 21;
    CU_ASSERT_EQUAL(release_admit_beside(r, &known, &refusal, NULL), GW_EXISTS);
    CU_ASSERT_EQUAL(refusal.check, RELEASE_CHECK_DUPLICATE);
    known = (struct release_known){"pump", "2.1", 7, RELEASE_WITHDRAWN};
    CU_ASSERT_EQUAL(release_admit_beside(r, &known, &refusal, NULL), GW_EXISTS);
    known = (struct release_known){"valve", "2.1.0", 21, RELEASE_STAGED};
    CU_ASSERT_EQUAL(release_admit_beside(r, &known, &refusal, NULL), GW_OK);
}

static void tells_whom_a_release_fits(void)
{
    GW_FREE struct release *r = kit_release();
    const struct release_target good = {"pump", "rev-a", "1.9", 19, 18};
    struct release_target t = good;
    CU_ASSERT_EQUAL(release_fits(r, &t), RELEASE_FITS);
    t.product = "valve";
    CU_ASSERT_EQUAL(release_fits(r, &t), RELEASE_FIT_PRODUCT);
    t = good;
    t.hardware = "rev-c";
    CU_ASSERT_EQUAL(release_fits(r, &t), RELEASE_FIT_HARDWARE);
    t = good;
    t.version = "1.4.9";
    CU_ASSERT_EQUAL(release_fits(r, &t), RELEASE_FIT_MIN_VERSION);
    t.version = "";
    CU_ASSERT_EQUAL(release_fits(r, &t), RELEASE_FIT_MIN_VERSION);
    t = good;
    t.floor_confirmed = 22;
    CU_ASSERT_EQUAL(release_fits(r, &t), RELEASE_FIT_FLOOR);
    t = good;
    t.running_counter = 21;
    CU_ASSERT_EQUAL(release_fits(r, &t), RELEASE_FIT_RUNNING);
    (void)snprintf(r->artifacts[0].hardware, sizeof(r->artifacts[0].hardware), "rev-b");
    CU_ASSERT_EQUAL(release_fits(r, &good), RELEASE_FIT_ARTIFACT);
}

static void prefers_the_artifact_that_names_the_hardware(void)
{
    GW_FREE struct release *r = kit_release();
    CU_ASSERT_EQUAL(release_artifact_for(r, "rev-a", NULL), 0);
    CU_ASSERT_EQUAL(release_artifact_for(r, "rev-b", NULL), 1);
    CU_ASSERT_EQUAL(release_artifact_for(r, "rev-b", "raw"), 1);
    CU_ASSERT_EQUAL(release_artifact_for(r, "rev-b", "rauc"), RELEASE_ARTIFACTS_MAX);
}

static enum gw_rc tick(struct release_files *files, const struct release_file *file)
{
    const struct release_file *expected = NULL;
    enum gw_rc rc = release_files_header(files, file->name, file->size, &expected, NULL, NULL);
    if (!rc)
        CU_ASSERT_PTR_EQUAL(expected, file);
    return rc ? rc : release_files_end(files, &file->sha256, NULL, NULL);
}

static void ticks_off_every_file_once(void)
{
    GW_FREE struct release *r = kit_release();
    struct release_files files;
    struct release_refusal refusal = {0};
    release_files_begin(&files, r);
    CU_ASSERT_EQUAL(release_files_header(&files, "other", 1, NULL, &refusal, NULL), GW_INVALID);
    CU_ASSERT_EQUAL(refusal.check, RELEASE_CHECK_FILES);
    CU_ASSERT_STRING_EQUAL(refusal.file, "other");
    CU_ASSERT_EQUAL(release_files_header(&files, "b.swu", 999, NULL, &refusal, NULL), GW_INVALID);
    CU_ASSERT_EQUAL(refusal.check, RELEASE_CHECK_SIZE);
    CU_ASSERT_EQUAL(tick(&files, &r->sbom), GW_OK);
    CU_ASSERT_EQUAL(tick(&files, &r->sbom), GW_INVALID);
    CU_ASSERT_EQUAL(tick(&files, &r->artifacts[1]), GW_OK);
    CU_ASSERT_EQUAL(release_files_finish(&files, &refusal, NULL), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(refusal.file, "all.swu");
    CU_ASSERT_EQUAL(tick(&files, &r->artifacts[0]), GW_OK);
    CU_ASSERT_EQUAL(release_files_finish(&files, &refusal, NULL), GW_OK);
}

static void refuses_a_file_of_another_digest(void)
{
    GW_FREE struct release *r = kit_release();
    struct release_files files;
    struct release_refusal refusal = {0};
    struct gw_sha256 other = r->artifacts[0].sha256;
    other.bytes[31] ^= 1;
    release_files_begin(&files, r);
    CU_ASSERT_EQUAL(release_files_header(&files, "all.swu", 1000, NULL, NULL, NULL), GW_OK);
    CU_ASSERT_EQUAL(release_files_end(&files, &other, &refusal, NULL), GW_CORRUPT);
    CU_ASSERT_EQUAL(refusal.check, RELEASE_CHECK_DIGEST);
    CU_ASSERT_STRING_EQUAL(refusal.file, "all.swu");
}

static void shows_no_control_characters_of_a_file_name(void)
{
    struct release_refusal refusal = {0};
    struct gw_err err = {0};
    CU_ASSERT_EQUAL(release_refuse(&refusal, &err, GW_INVALID, RELEASE_CHECK_FILES, "a\033[2J b", "no"), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(refusal.file, "a?[2J?b");
    CU_ASSERT_STRING_EQUAL(err.text, "files: a?[2J?b: no");
}

/* Written in databases and told to others: neither number nor name may ever change. */
static void keeps_the_states(void)
{
    CU_ASSERT(RELEASE_STAGED == 1 && RELEASE_WITHDRAWN == 2);
    CU_ASSERT_STRING_EQUAL(release_state_text(RELEASE_STAGED), "staged");
    CU_ASSERT_STRING_EQUAL(release_state_text(RELEASE_WITHDRAWN), "withdrawn");
}

const struct gw_test_case policy_cases[] = {
    {"orders versions", orders_versions},
    {"takes equal versions as equal", takes_equal_versions_as_equal},
    {"admits, and refuses by the first check that fails", admits_and_refuses_by_the_first_check_that_fails},
    {"never admits with a threshold of none", never_admits_with_a_threshold_of_none},
    {"refuses a version or counter that is known", refuses_a_version_or_counter_that_is_known},
    {"tells whom a release fits", tells_whom_a_release_fits},
    {"prefers the artifact that names the hardware", prefers_the_artifact_that_names_the_hardware},
    {"ticks off every file once", ticks_off_every_file_once},
    {"refuses a file of another digest", refuses_a_file_of_another_digest},
    {"shows no control characters of a file name", shows_no_control_characters_of_a_file_name},
    {"keeps numbers and names of the states", keeps_the_states},
};
const size_t policy_case_count = sizeof(policy_cases) / sizeof(policy_cases[0]);
