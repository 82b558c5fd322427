#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "invitation.h"

#define SECRET "aaaqeayeaudaocajbifqydiob4"
#define ROOT   "00112233445566778899aabbccddeeff"

static enum gw_rc parse(const char *text, struct invitation *out)
{
    struct gw_err err;
    enum gw_rc rc = invitation_parse(gw_view_str(text), out, &err);
    if (rc) /* a message must not carry the secret on */
        CU_ASSERT_PTR_NULL(strstr(err.text, SECRET));
    return rc;
}

static void reads_every_kind_of_host(void)
{
    static const char *const hosts[] = {"gw.example.com", "gateway", "192.168.1.20", "[::1]", "[::ffff:10.0.0.1]"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        char text[256];
        struct invitation in;
        (void)snprintf(text, sizeof(text), " gw1.%s:8443.pump-7." SECRET "." ROOT "\r\n", hosts[i]);
        CU_ASSERT_EQUAL_FATAL(parse(text, &in), GW_OK);
        CU_ASSERT_STRING_EQUAL(in.host, hosts[i]);
        CU_ASSERT_EQUAL(in.port, 8443);
        CU_ASSERT_STRING_EQUAL(in.device.text, "pump-7");
        CU_ASSERT_EQUAL(in.secret[1], 1);
        CU_ASSERT_EQUAL(in.root[15], 0xff);
        GW_CLEANUP(gw_buf_done) struct gw_buf again;
        gw_buf_init(&again, INVITATION_TEXT_MAX);
        CU_ASSERT_EQUAL(invitation_format(&in, &again), GW_OK);
        CU_ASSERT_TRUE(gw_view_eq(gw_buf_view(&again), gw_view_trim(gw_view_str(text))));
    }
}

static void refuses_what_breaks_the_grammar(void)
{
    static const char *const bad[] = {
        "",
        "gw1.",
        "gw2.host:1.pump-7." SECRET "." ROOT,
        "gw1.host:0.pump-7." SECRET "." ROOT,
        "gw1.host:65536.pump-7." SECRET "." ROOT,
        "gw1.host:08443.pump-7." SECRET "." ROOT,
        "gw1.host.pump-7." SECRET "." ROOT,
        "gw1.:1.pump-7." SECRET "." ROOT,
        "gw1.ho_st:1.pump-7." SECRET "." ROOT,
        "gw1.host.:1.pump-7." SECRET "." ROOT,
        "gw1.a..b:1.pump-7." SECRET "." ROOT,
        "gw1.1.2.3:1.pump-7." SECRET "." ROOT,
        "gw1.256.1.1.1:1.pump-7." SECRET "." ROOT,
        "gw1.[::1:1.pump-7." SECRET "." ROOT,
        "gw1.[]:1.pump-7." SECRET "." ROOT,
        "gw1.[g::1]:1.pump-7." SECRET "." ROOT,
        "gw1.host:1.Pump." SECRET "." ROOT,
        "gw1.host:1.root." SECRET "." ROOT,
        "gw1.host:1.pump-7.aaaa." ROOT,
        "gw1.host:1.pump-7.0aaqeayeaudaocajbifqydiob4." ROOT,
        "gw1.host:1.pump-7.aaaqeayeaudaocajbifqydiobb." ROOT, /* spare bits set */
        "gw1.host:1.pump-7." SECRET ".00",
        "gw1.host:1.pump-7." SECRET "." ROOT "00",
        "gw1.host:1.pump-7." SECRET "." ROOT ".",
        "gw1.host\n:1.pump-7." SECRET "." ROOT,
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct invitation in;
        CU_ASSERT_EQUAL(parse(bad[i], &in), GW_INVALID);
    }
}

static void takes_either_case_of_secret_and_root(void)
{
    struct invitation in;
    CU_ASSERT_EQUAL(parse("gw1.host:1.pump-7.AAAQEAYEAUDAOCAJBIFQYDIOB4.00112233445566778899AABBCCDDEEFF", &in), GW_OK);
    char secret[GW_BASE32_LEN(INVITATION_SECRET_LEN) + 1];
    invitation_secret_text(&in, secret);
    CU_ASSERT_STRING_EQUAL(secret, SECRET);
}

static void formats_nothing_that_it_would_not_read(void)
{
    struct invitation in = {.host = "a b", .port = 1, .device = {"pump-7"}};
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, INVITATION_TEXT_MAX);
    CU_ASSERT_EQUAL(invitation_format(&in, &text), GW_INVALID);
    (void)snprintf(in.host, sizeof(in.host), "ab");
    CU_ASSERT_EQUAL(invitation_format(&in, &text), GW_OK);
    in.port = 0;
    CU_ASSERT_EQUAL(invitation_format(&in, &text), GW_INVALID);
}

static const struct gw_test_case cases[] = {
    {"reads every kind of host and formats the same line", reads_every_kind_of_host},
    {"refuses what breaks the grammar, without quoting the secret", refuses_what_breaks_the_grammar},
    {"takes either case of secret and root", takes_either_case_of_secret_and_root},
    {"formats nothing that it would not read", formats_nothing_that_it_would_not_read},
};

int main(void)
{
    return GW_TEST_RUN("invitation", cases);
}
