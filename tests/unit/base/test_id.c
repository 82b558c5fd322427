#include <string.h>

#include "gw_id.h"
#include "gw_test.h"

static void takes_every_well_formed_device_id(void)
{
    char longest[GW_DEVICE_ID_MAX + 1];
    memset(longest, 'z', GW_DEVICE_ID_MAX);
    longest[GW_DEVICE_ID_MAX] = '\0';
    const char *const good[] = {"abc", "0-9", "a--", "pump-7", "gateway1", "roots", "allx", "123", "gw-logs", longest};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct gw_device_id id;
        memset(&id, 0xaa, sizeof(id));
        CU_ASSERT_EQUAL(gw_device_id_parse(gw_view_str(good[i]), &id), GW_OK);
        CU_ASSERT_STRING_EQUAL(id.text, good[i]);
        for (size_t k = strlen(good[i]); k < sizeof(id.text); k++)
            CU_ASSERT_EQUAL(id.text[k], 0); /* comparable as bytes */
    }
}

static void refuses_every_other_device_id(void)
{
    char too_long[GW_DEVICE_ID_MAX + 2];
    memset(too_long, 'z', GW_DEVICE_ID_MAX + 1);
    too_long[GW_DEVICE_ID_MAX + 1] = '\0';
    const char *const bad[] = {"",     "a",     "ab",  "-ab",     "Abc",    "abC",        "a_b",
                               "a.b",  "a/b",   "a b", "ab+",     "ab#",    "ab\n",       "äbc",
                               "root", "audit", "all", "gateway", "gw-log", "gw-control", too_long};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct gw_device_id id = {"untouched"};
        CU_ASSERT_EQUAL(gw_device_id_parse(gw_view_str(bad[i]), &id), GW_INVALID);
        CU_ASSERT_STRING_EQUAL(id.text, "untouched");
    }
    struct gw_device_id id;
    CU_ASSERT_EQUAL(gw_device_id_parse(gw_view_make("ab\0c", 4), &id), GW_INVALID);
}

static void tells_device_ids_apart(void)
{
    struct gw_device_id a, b;
    CU_ASSERT_EQUAL_FATAL(gw_device_id_parse(GW_VIEW_LIT("pump-7"), &a), GW_OK);
    CU_ASSERT_EQUAL_FATAL(gw_device_id_parse(GW_VIEW_LIT("pump-70"), &b), GW_OK);
    CU_ASSERT(gw_device_id_eq(&a, &a));
    CU_ASSERT_FALSE(gw_device_id_eq(&a, &b));
}

static void gives_random_bytes(void)
{
    uint8_t a[32] = {0}, b[32] = {0};
    gw_random(a, sizeof(a));
    gw_random(b, sizeof(b));
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof(a)), 0);
    uint8_t one = 0x5a;
    gw_random(&one, 0);
    CU_ASSERT_EQUAL(one, 0x5a);
}

static void writes_and_reads_hex(void)
{
    uint8_t all[256], back[256];
    char text[513];
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)i;
    gw_hex_format(all, sizeof(all), text);
    CU_ASSERT_EQUAL(strlen(text), 512);
    CU_ASSERT_EQUAL(strncmp(text, "000102030405060708090a0b0c0d0e0f10", 34), 0);
    CU_ASSERT_EQUAL(gw_hex_parse(gw_view_str(text), back, sizeof(back)), GW_OK);
    CU_ASSERT_EQUAL(memcmp(all, back, sizeof(all)), 0);
    CU_ASSERT_EQUAL(gw_hex_parse(GW_VIEW_LIT("aBCdEf"), back, 3), GW_OK);
    CU_ASSERT_EQUAL(memcmp(back, "\xab\xcd\xef", 3), 0);
    gw_hex_format(all, 0, text);
    CU_ASSERT_STRING_EQUAL(text, "");
    CU_ASSERT_EQUAL(gw_hex_parse(GW_VIEW_LIT(""), back, 0), GW_OK);
}

static void refuses_hex_of_another_length_or_alphabet(void)
{
    static const char *const bad[] = {"", "0", "00", "000", "00000", "000000", "00 0", "0x00", "00g0", "00:0", "-001"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t out[2] = {0x11, 0x22};
        CU_ASSERT_EQUAL(gw_hex_parse(gw_view_str(bad[i]), out, 2), GW_INVALID);
        CU_ASSERT(out[0] == 0x11 && out[1] == 0x22);
    }
}

static void agrees_with_the_base64_vectors_of_rfc_4648(void)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xfb\xff\xbf", "+/+/"}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct gw_buf text, bytes;
        gw_buf_init(&text, 64);
        gw_buf_init(&bytes, 64);
        CU_ASSERT_EQUAL(gw_base64_add(&text, pairs[i][0], strlen(pairs[i][0])), GW_OK);
        CU_ASSERT_STRING_EQUAL(gw_buf_str(&text), pairs[i][1]);
        CU_ASSERT_EQUAL(gw_base64_parse(gw_view_str(pairs[i][1]), &bytes), GW_OK);
        CU_ASSERT(gw_view_eq_str(gw_buf_view(&bytes), pairs[i][0]));
        gw_buf_done(&text);
        gw_buf_done(&bytes);
    }
}

static void refuses_base64_that_is_not_canonical(void)
{
    static const char *const bad[] = {
        "Z",        "Zg",        "Zg=",          "Zm9vZ",    "Zh==",   "Zm9=", "Zm9vZh==",     "====",
        "Z===",     "=g==",      "Zg=g",         "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm9v Zm9v   ", "Zm-_",
        "Zm9v====", "Zm9vZg=\n", "Zg==\n\n\n\n", "Zm\n9vZg"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct gw_buf out;
        gw_buf_init(&out, 64);
        CU_ASSERT_EQUAL(gw_buf_add_str(&out, "kept"), GW_OK);
        CU_ASSERT_EQUAL(gw_base64_parse(gw_view_str(bad[i]), &out), GW_INVALID);
        CU_ASSERT_STRING_EQUAL(gw_buf_str(&out), "kept");
        gw_buf_done(&out);
    }
}

static void stops_base64_at_the_buffers_ceiling(void)
{
    struct gw_buf out;
    gw_buf_init(&out, 5);
    CU_ASSERT_EQUAL(gw_base64_parse(GW_VIEW_LIT("Zm9vYmFy"), &out), GW_TOO_BIG);
    CU_ASSERT_EQUAL(out.len, 0);
    gw_buf_reset(&out);
    CU_ASSERT_EQUAL(gw_base64_add(&out, "abcd", 4), GW_TOO_BIG);
    gw_buf_done(&out);
}

static void agrees_with_the_base32_vectors_of_rfc_4648(void)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "my"},
                                           {"fo", "mzxq"},
                                           {"foo", "mzxw6"},
                                           {"foob", "mzxw6yq"},
                                           {"fooba", "mzxw6ytb"},
                                           {"foobar", "mzxw6ytboi"}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char text[32], back[32] = {0};
        size_t len = strlen(pairs[i][0]);
        gw_base32_format(pairs[i][0], len, text);
        CU_ASSERT_STRING_EQUAL(text, pairs[i][1]);
        CU_ASSERT_EQUAL(strlen(text), GW_BASE32_LEN(len));
        CU_ASSERT_EQUAL(gw_base32_parse(gw_view_str(text), back, len), GW_OK);
        CU_ASSERT_STRING_EQUAL(back, pairs[i][0]);
    }
    uint8_t secret[16] = {0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff}, back[16];
    char text[GW_BASE32_LEN(16) + 1];
    gw_base32_format(secret, sizeof(secret), text);
    CU_ASSERT_EQUAL(strlen(text), 26);
    for (char *c = text; *c; c++)
        if (*c >= 'a')
            *c = (char)(*c - 32);
    CU_ASSERT_EQUAL(gw_base32_parse(gw_view_str(text), back, sizeof(back)), GW_OK); /* upper case as typed */
    CU_ASSERT_EQUAL(memcmp(secret, back, sizeof(secret)), 0);
}

static void refuses_base32_that_is_not_canonical(void)
{
    /* length, alphabet (0, 1, 8, 9 and '=' are not in it), spare bits */
    static const char *const bad[] = {"",     "mzx",  "mzxw6", "mzx=", "mz q", "mzx0",
                                      "mzx1", "mzx8", "mzx9",  "mzxr", "mz-q"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t out[2] = {0x11, 0x22};
        CU_ASSERT_EQUAL(gw_base32_parse(gw_view_str(bad[i]), out, 2), GW_INVALID);
        CU_ASSERT(out[0] == 0x11 && out[1] == 0x22);
    }
}

static const struct gw_test_case cases[] = {
    {"takes every well-formed device id", takes_every_well_formed_device_id},
    {"refuses every other device id", refuses_every_other_device_id},
    {"tells device ids apart", tells_device_ids_apart},
    {"gives random bytes", gives_random_bytes},
    {"writes and reads hex", writes_and_reads_hex},
    {"refuses hex of another length or alphabet", refuses_hex_of_another_length_or_alphabet},
    {"agrees with the base64 vectors of RFC 4648", agrees_with_the_base64_vectors_of_rfc_4648},
    {"refuses base64 that is not canonical and leaves the output", refuses_base64_that_is_not_canonical},
    {"stops base64 at the buffer's ceiling", stops_base64_at_the_buffers_ceiling},
    {"agrees with the base32 vectors of RFC 4648", agrees_with_the_base32_vectors_of_rfc_4648},
    {"refuses base32 that is not canonical and leaves the output", refuses_base32_that_is_not_canonical},
};

int main(void)
{
    return GW_TEST_RUN("identifier", cases);
}
