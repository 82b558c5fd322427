/* The JSON of dn/job, up/job and dn/joback. */
#include <openssl/ec.h>
#include <stdio.h>
#include <string.h>

#include "agent_dsse.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"
#include "job_report.h"
#include "vendor.h"

#define HEAD "\"job\":\"j-1\",\"rev\":3,\"kind\":\"collect\",\"attempt\":\"at_1\""

static enum gw_rc parse(const char *text, struct job_message *m)
{
    struct gw_err err;
    *m = (struct job_message){0};
    return job_message_parse(gw_view_str(text), m, &err);
}

static void reads_back_what_it_writes(void)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    GW_CLEANUP(job_message_done) struct job_message again = {0};
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct gw_err err = {0};
    struct vendor_release release = {.version = "2.0", .counter = 7, .floor = 1, .file = "pump.img", .size = 10};
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    vendor_message(key, "at-1", &release, &m);
    EVP_PKEY_free(key);
    m.n = 12;
    m.job.path_count = 1;
    (void)snprintf(m.job.paths[0], sizeof(m.job.paths[0]), "/artifacts/at-1/pump.img");
    (void)snprintf(m.job.artifact.name, sizeof(m.job.artifact.name), "pump.img");
    m.job.artifact.size = 10;
    m.job.not_before.ms = INT64_C(1790000000123);
    m.job.deadline.ms = INT64_C(1790000001000);
    (void)snprintf(m.job.advisory, sizeof(m.job.advisory), "for your safety");
    gw_buf_init(&text, JOB_PAYLOAD_MAX);
    GW_ASSERT_OK(job_message_format(&m, &text, &err), &err);
    GW_ASSERT_OK(job_message_parse(gw_buf_view(&text), &again, &err), &err);
    CU_ASSERT_EQUAL(again.n, 12);
    CU_ASSERT_STRING_EQUAL(again.job.job, "job-of-at-1");
    CU_ASSERT_STRING_EQUAL(again.job.paths[0], "/artifacts/at-1/pump.img");
    CU_ASSERT_STRING_EQUAL(again.job.advisory, "for your safety");
    CU_ASSERT_EQUAL(again.job.not_before.ms, m.job.not_before.ms);
    CU_ASSERT_EQUAL(again.job.deadline.ms, m.job.deadline.ms);
    CU_ASSERT_EQUAL(again.job.postpone_until_max.ms, 0);
    CU_ASSERT_EQUAL(again.job.artifact.size, 10);
    CU_ASSERT_TRUE(gw_view_eq(gw_buf_view(&again.job.envelope.payload), gw_buf_view(&m.job.envelope.payload)));
    CU_ASSERT_EQUAL(again.job.envelope.signature_count, 1);
}

static void takes_what_later_gateways_may_add(void)
{
    GW_CLEANUP(job_message_done) struct job_message m;
    CU_ASSERT_EQUAL(parse("{\"n\":4,\"job\":null,\"more\":1}", &m), GW_OK);
    CU_ASSERT_TRUE(m.n == 4 && !m.has_job);
    CU_ASSERT_EQUAL(parse("{\"n\":4,\"job\":{" HEAD ",\"paths\":null,\"deadline\":null,\"new\":[]}}", &m), GW_OK);
    CU_ASSERT_TRUE(m.has_job && m.job.kind == JOB_COLLECT && m.job.rev == 3);
}

static void refuses_jobs_that_break_the_contract(void)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{\"job\":null}",
        "{\"n\":1}",
        "{\"n\":-1,\"job\":null}",
        "{\"n\":9007199254740992,\"job\":null}",
        "{\"n\":\"1\",\"job\":null}",
        "{\"n\":1,\"n\":2,\"job\":null}",
        "{\"n\":1,\"job\":{\"job\":\"a/b\",\"rev\":3,\"kind\":\"collect\",\"attempt\":\"a\"}}",
        "{\"n\":1,\"job\":{\"job\":\"a\",\"rev\":0,\"kind\":\"collect\",\"attempt\":\"a\"}}",
        "{\"n\":1,\"job\":{\"job\":\"a\",\"rev\":1,\"kind\":\"explode\",\"attempt\":\"a\"}}",
        "{\"n\":1,\"job\":{\"job\":\"a\",\"rev\":1,\"kind\":\"collect\",\"attempt\":\"..\"}}",
        "{\"n\":1,\"job\":{\"job\":\"a\",\"rev\":1,\"kind\":\"update\",\"attempt\":\"a\"}}",
        "{\"n\":1,\"job\":{\"job\":\"a\",\"rev\":1,\"kind\":\"update\",\"attempt\":\"a\",\"envelope\":{}}}",
        "{\"n\":1,\"job\":{" HEAD ",\"paths\":[\"https://evil/artifacts/x\"]}}",
        "{\"n\":1,\"job\":{" HEAD ",\"paths\":[1]}}",
        "{\"n\":1,\"job\":{" HEAD ",\"deadline\":\"tomorrow\"}}",
        "{\"n\":1,\"job\":{" HEAD ",\"artifact\":{\"name\":\"../x\"}}}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct job_message m;
        CU_ASSERT_EQUAL(parse(bad[i], &m), GW_INVALID);
    }
}

static void a_path_leads_nowhere_but_to_the_artifacts(void)
{
    static const char *const bad[] = {"",
                                      "/artifacts/",
                                      "/artifact/x",
                                      "artifacts/x",
                                      "//artifacts/x",
                                      "/artifacts//x",
                                      "/artifacts/../x",
                                      "/artifacts/%2e%2e/x",
                                      "/artifacts/x?y",
                                      "/artifacts/x y",
                                      "/artifacts/x@host",
                                      "https://h/artifacts/x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_FALSE(job_path_valid(gw_view_str(bad[i])));
    CU_ASSERT_TRUE(job_path_valid(gw_view_str("/artifacts/at-1/pump_2.0.img")));
}

static void a_job_has_at_most_so_many_bytes(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct job_message m;
    struct gw_err err;
    gw_buf_init(&text, 2 * JOB_PAYLOAD_MAX);
    (void)gw_buf_add_str(&text, "{\"n\":1,\"job\":null,\"x\":\"");
    while (text.len < JOB_PAYLOAD_MAX)
        (void)gw_buf_add_str(&text, "xxxxxxxxxxxxxxxx");
    (void)gw_buf_add_str(&text, "\"}");
    CU_ASSERT_EQUAL(job_message_parse(gw_buf_view(&text), &m, &err), GW_TOO_BIG);
}

static void reports_keep_the_end_of_a_long_detail(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct job_report r;
    struct gw_err err = {0};
    gw_buf_init(&text, JOB_REPORT_MAX);
    (void)gw_buf_add_str(&text, "{\"job\":\"j\",\"rev\":1,\"state\":\"failed\",\"detail\":\"");
    for (int i = 0; i < 400; i++)
        (void)gw_buf_add_str(&text, "\u00e4");
    (void)gw_buf_add_str(&text, "the end\"}");
    GW_ASSERT_OK(job_report_parse(gw_buf_view(&text), &r, &err), &err);
    size_t len = strlen(r.detail);
    CU_ASSERT_TRUE(len <= JOB_REPORT_DETAIL_MAX && len > JOB_REPORT_DETAIL_MAX - 4);
    CU_ASSERT_STRING_EQUAL(r.detail + len - 7, "the end");
    CU_ASSERT_EQUAL((unsigned char)r.detail[0], 0xc3);
}

static void refuses_reports_and_acknowledgements_that_break_the_contract(void)
{
    static const char *const bad[] = {
        "{\"job\":\"j\",\"rev\":1}",
        "{\"job\":\"j\",\"rev\":1,\"state\":\"ok\"}",
        "{\"job\":\"j\",\"rev\":\"1\",\"state\":\"failed\"}",
        "{\"job\":\"\",\"rev\":1,\"state\":\"failed\"}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct job_report r;
        struct job_ack a;
        CU_ASSERT_EQUAL(job_report_parse(gw_view_str(bad[i]), &r, NULL), GW_INVALID);
        CU_ASSERT_EQUAL(job_ack_parse(gw_view_str(bad[i]), &a, NULL), GW_INVALID);
    }
    struct job_report r;
    CU_ASSERT_EQUAL(
        job_report_parse(gw_view_str("{\"job\":\"j\",\"rev\":1,\"state\":\"failed\",\"progress\":101}"), &r, NULL),
        GW_INVALID);
    CU_ASSERT_EQUAL(
        job_report_parse(gw_view_str("{\"job\":\"j\",\"rev\":1,\"state\":\"failed\",\"code\":\"A b\"}"), &r, NULL),
        GW_INVALID);
}

static void counts_each_vendor_key_once_and_no_other(void)
{
    static const char *const types[] = {"ED25519", "EC"};
    EVP_PKEY *key[3];
    struct agent_vendor_keys keys = {.count = 0};
    struct gw_err err = {0};
    char path[256];
    for (size_t i = 0; i < 2; i++) {
        key[i] = i ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, types[i]);
        (void)snprintf(path, sizeof(path), "%s/key.pem", gw_test_dir());
        vendor_write_public(path, key[i]);
        GW_ASSERT_OK(agent_vendor_keys_add(&keys, path, &err), &err);
        CU_ASSERT_EQUAL(agent_vendor_keys_add(&keys, path, &err), GW_EXISTS);
    }
    key[2] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    struct dsse_envelope e;
    dsse_init(&e);
    (void)snprintf(e.type, sizeof(e.type), "text/plain");
    (void)gw_buf_add_str(&e.payload, "words");
    vendor_sign(key[2], &e);
    CU_ASSERT_EQUAL(agent_dsse_verify(&e, &keys, 1, &err), GW_DENIED); /* by a stranger alone */
    vendor_sign(key[1], &e);
    GW_ASSERT_OK(agent_dsse_verify(&e, &keys, 1, &err), &err);
    CU_ASSERT_EQUAL(agent_dsse_verify(&e, &keys, 2, &err), GW_DENIED);
    vendor_sign(key[0], &e);
    GW_ASSERT_OK(agent_dsse_verify(&e, &keys, 2, &err), &err);
    e.payload.ptr[0] ^= 1;
    CU_ASSERT_EQUAL(agent_dsse_verify(&e, &keys, 1, &err), GW_DENIED);
    struct agent_vendor_keys none = {.count = 0};
    CU_ASSERT_EQUAL(agent_dsse_verify(&e, &none, 0, &err), GW_DENIED);
    dsse_done(&e);
    agent_vendor_keys_done(&keys);
    for (size_t i = 0; i < 3; i++)
        EVP_PKEY_free(key[i]);
}

static void keys_of_other_kinds_are_refused(void)
{
    struct agent_vendor_keys keys = {.count = 0};
    struct gw_err err;
    char path[256];
    EVP_PKEY *key = EVP_EC_gen("P-384");
    (void)snprintf(path, sizeof(path), "%s/key.pem", gw_test_dir());
    vendor_write_public(path, key);
    CU_ASSERT_EQUAL(agent_vendor_keys_add(&keys, path, &err), GW_UNSUPPORTED);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str("no key"), 0600, NULL), NULL);
    CU_ASSERT_EQUAL(agent_vendor_keys_add(&keys, path, &err), GW_CORRUPT);
    EVP_PKEY_free(key);
}

static const struct gw_test_case cases[] = {
    {"reads back what it writes", reads_back_what_it_writes},
    {"takes what later gateways may add", takes_what_later_gateways_may_add},
    {"refuses jobs that break the contract", refuses_jobs_that_break_the_contract},
    {"a path leads nowhere but to the artifacts", a_path_leads_nowhere_but_to_the_artifacts},
    {"a job has at most so many bytes", a_job_has_at_most_so_many_bytes},
    {"reports keep the end of a long detail", reports_keep_the_end_of_a_long_detail},
    {"refuses reports and acknowledgements that break the contract",
     refuses_reports_and_acknowledgements_that_break_the_contract},
    {"counts each vendor key once and no other", counts_each_vendor_key_once_and_no_other},
    {"keys of other kinds are refused", keys_of_other_kinds_are_refused},
};

int main(void)
{
    return GW_TEST_RUN("job wire", cases);
}
