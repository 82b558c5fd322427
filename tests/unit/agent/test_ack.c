#include <string.h>

#include "ack.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define ROOT64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static enum gw_rc parse(const char *text, struct ack *out)
{
    return ack_parse(gw_view_str(text), out, NULL);
}

static void reads_what_it_writes(void)
{
    struct ack in = {.epoch = UINT64_MAX, .next_seq = 7121, .credit_bytes = 262144, .checkpoint = "a\n\n\u2014 b c\n"};
    struct ack out;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, ACK_TEXT_MAX);
    in.root.bytes[31] = 9;
    CU_ASSERT_EQUAL_FATAL(ack_format(&in, &text), GW_OK);
    CU_ASSERT_EQUAL_FATAL(ack_parse(gw_buf_view(&text), &out, NULL), GW_OK);
    CU_ASSERT_EQUAL(out.epoch, in.epoch);
    CU_ASSERT_EQUAL(out.next_seq, in.next_seq);
    CU_ASSERT_EQUAL(out.credit_bytes, in.credit_bytes);
    CU_ASSERT_TRUE(gw_sha256_eq(&out.root, &in.root));
    CU_ASSERT_STRING_EQUAL(out.checkpoint, in.checkpoint);
}

static void takes_an_answer_without_checkpoint_and_with_more_members(void)
{
    struct ack out;
    CU_ASSERT_EQUAL(
        parse("{\"epoch\":\"1\",\"next_seq\":\"2\",\"credit\":\"0\",\"root\":\"" ROOT64 "\",\"later\":[1]}", &out),
        GW_OK);
    CU_ASSERT_STRING_EQUAL(out.checkpoint, "");
    CU_ASSERT_EQUAL(out.root.bytes[31], 31);
}

static void refuses_what_breaks_the_contract(void)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[1]",
        "{\"epoch\":1,\"next_seq\":\"2\",\"credit\":\"0\",\"root\":\"" ROOT64 "\"}",
        "{\"epoch\":\"18446744073709551616\",\"next_seq\":\"2\",\"credit\":\"0\",\"root\":\"" ROOT64 "\"}",
        "{\"epoch\":\"1\",\"next_seq\":\"-2\",\"credit\":\"0\",\"root\":\"" ROOT64 "\"}",
        "{\"epoch\":\"1\",\"next_seq\":\"2\",\"root\":\"" ROOT64 "\"}",
        "{\"epoch\":\"1\",\"next_seq\":\"2\",\"credit\":\"0\",\"root\":\"AAAA\"}",
        "{\"epoch\":\"1\",\"next_seq\":\"2\",\"credit\":\"0\"}",
        "{\"epoch\":\"1\",\"next_seq\":\"2\",\"credit\":\"0\",\"root\":\"" ROOT64 "\",\"checkpoint\":7}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct ack out;
        CU_ASSERT_EQUAL(parse(bad[i], &out), GW_INVALID);
    }
}

static const struct gw_test_case cases[] = {
    {"reads what it writes", reads_what_it_writes},
    {"takes an answer without checkpoint and with more members",
     takes_an_answer_without_checkpoint_and_with_more_members},
    {"refuses what breaks the contract", refuses_what_breaks_the_contract},
};

int main(void)
{
    return GW_TEST_RUN("ack", cases);
}
