/* Checkpoints, notes, verifier keys and tile paths: what is accepted, and all that is not. */
#include <stdio.h>

#include "bulk_hash.h"
#include "checkpoint.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "note.h"
#include "tile_path.h"

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static void checkpoint_grammar(void)
{
    static const char *const good[] = {"o\n0\n" ROOT "\n", "example.com/log\n9223372036854775807\n" ROOT "\n",
                                       "o\n1\n" ROOT "\nextension\nmore\n"};
    static const char *const bad[] = {
        "",
        "o\n0\n" ROOT,
        "\n0\n" ROOT "\n",
        "o\n00\n" ROOT "\n",
        "o\n01\n" ROOT "\n",
        "o\n+1\n" ROOT "\n",
        "o\n-1\n" ROOT "\n",
        "o\n1 \n" ROOT "\n",
        "o\n\n" ROOT "\n",
        "o\n9223372036854775808\n" ROOT "\n",
        "o\n18446744073709551616\n" ROOT "\n",
        "o\n1\n" ROOT "\n\n",
        "o\n1\n" ROOT "\next\n\n",
        "o\n1\n" ROOT "\next",
        "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n",  /* no padding */
        "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n", /* spare bits */
        "o\n1\n47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n", /* the other alphabet */
        "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hS\n",     /* 30 bytes */
        "o\n1\n" ROOT "AAAA\n",
        "o\n1\r\n" ROOT "\n",
        "o\x01\n1\n" ROOT "\n",
        "\xff\n1\n" ROOT "\n",
    };
    struct checkpoint c;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CU_ASSERT_EQUAL(checkpoint_parse(gw_view_str(good[i]), &c, NULL), GW_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(checkpoint_parse(gw_view_str(bad[i]), &c, NULL), GW_INVALID);
}

static void checkpoint_ceilings(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 2 * CHECKPOINT_TEXT_MAX);
    struct checkpoint c;
    char origin[CHECKPOINT_ORIGIN_MAX + 1];
    memset(origin, 'o', sizeof(origin));
    origin[CHECKPOINT_ORIGIN_MAX - 1] = '\0';
    struct gw_sha256 root = {{0}};
    CU_ASSERT_EQUAL(checkpoint_format(origin, 1, &root, &text), GW_OK);
    CU_ASSERT_EQUAL(checkpoint_parse(gw_buf_view(&text), &c, NULL), GW_OK);
    CU_ASSERT_STRING_EQUAL(c.origin, origin);
    while (text.len <= CHECKPOINT_TEXT_MAX)
        (void)gw_buf_add_str(&text, "extension\n");
    CU_ASSERT_EQUAL(checkpoint_parse(gw_buf_view(&text), &c, NULL), GW_TOO_BIG);
    gw_buf_reset(&text);
    origin[CHECKPOINT_ORIGIN_MAX - 1] = 'o';
    origin[CHECKPOINT_ORIGIN_MAX] = '\0';
    CU_ASSERT_EQUAL(checkpoint_format(origin, 1, &root, &text), GW_INVALID);
    CU_ASSERT_EQUAL(checkpoint_format("two\nlines", 1, &root, &text), GW_INVALID);
    CU_ASSERT_EQUAL(checkpoint_format("", 1, &root, &text), GW_INVALID);
    CU_ASSERT_EQUAL(checkpoint_format("o", UINT64_C(1) << 63, &root, &text), GW_INVALID);
}

#define SIG "\xe2\x80\x94 key AAAAAQID\n"

static void note_grammar(void)
{
    static const char *const good[] = {"text\n\n" SIG, "text\n\n" SIG SIG, "\n\n" SIG, "a\n\nb\n\n" SIG};
    static const char *const bad[] = {
        "",
        "text\n",
        "text\n\n",
        "text\n" SIG,
        "text\n\n\xe2\x80\x94 key AAAAAQID", /* last line not ended */
        "text\n\n- key AAAAAQID\n",
        "text\n\n\xe2\x80\x94 AAAAAQID\n",
        "text\n\n\xe2\x80\x94  AAAAAQID\n",          /* empty name */
        "text\n\n\xe2\x80\x94 a+b AAAAAQID\n",       /* plus in a name */
        "text\n\n\xe2\x80\x94 a\xc2\xa0 AAAAAQID\n", /* no-break space in a name */
        "text\n\n\xe2\x80\x94 key AAAA\n",           /* three bytes */
        "text\n\n\xe2\x80\x94 key AAAAAA==\n",       /* a key id alone */
        "text\n\n\xe2\x80\x94 key AAAAAQID \n",
        "text\n\n\xe2\x80\x94 key AAAAAQI\n",
        "te\txt\n\n" SIG,
        "te\xc0\x80xt\n\n" SIG,
    };
    struct note n;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CU_ASSERT_EQUAL(note_parse(gw_view_str(good[i]), &n, NULL), GW_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(note_parse(gw_view_str(bad[i]), &n, NULL), GW_INVALID);
    CU_ASSERT_EQUAL_FATAL(note_parse(gw_view_str(good[3]), &n, NULL), GW_OK);
    CU_ASSERT(gw_view_eq_str(n.text, "a\n\nb\n"));
    CU_ASSERT_EQUAL(n.count, 1);
    CU_ASSERT_EQUAL(n.signature[0].key_id, 1);
    uint8_t bytes[NOTE_SIGNATURE_MAX];
    size_t len = 0;
    CU_ASSERT_EQUAL(note_signature_bytes(&n.signature[0], bytes, sizeof(bytes), &len), GW_OK);
    CU_ASSERT(len == 2 && bytes[0] == 2 && bytes[1] == 3);
}

static void note_ceilings(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 2 * NOTE_BYTES_MAX);
    (void)gw_buf_add_str(&text, "text\n\n");
    for (size_t i = 0; i < NOTE_SIGNATURES_MAX; i++)
        (void)gw_buf_add_str(&text, SIG);
    struct note n;
    CU_ASSERT_EQUAL(note_parse(gw_buf_view(&text), &n, NULL), GW_OK);
    CU_ASSERT_EQUAL(n.count, NOTE_SIGNATURES_MAX);
    (void)gw_buf_add_str(&text, SIG);
    CU_ASSERT_EQUAL(note_parse(gw_buf_view(&text), &n, NULL), GW_TOO_BIG);
    while (text.len <= NOTE_BYTES_MAX)
        (void)gw_buf_add_str(&text, SIG);
    CU_ASSERT_EQUAL(note_parse(gw_buf_view(&text), &n, NULL), GW_TOO_BIG);
}

/* The verifier key of the C2SP signed-note page. */
#define SPEC_VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

static void verifier_keys(void)
{
    struct note_key key;
    struct gw_err err = {0};
    GW_ASSERT_OK(note_key_parse(GW_VIEW_LIT(SPEC_VKEY), bulk_hash_ops(), &key, &err), &err);
    CU_ASSERT_STRING_EQUAL(key.name, "example.com/foo");
    CU_ASSERT_EQUAL(key.key_id, 0x530d903a);
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, NOTE_VKEY_MAX);
    CU_ASSERT_EQUAL(note_key_format(&key, &text), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&text), SPEC_VKEY);
    static const char *const bad[] = {"",
                                      "name",
                                      "name+530d903a",
                                      "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
                                      "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
                                      "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U==",
                                      "example.com/foo+530d903+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(note_key_parse(gw_view_str(bad[i]), bulk_hash_ops(), &key, NULL), GW_INVALID);
    CU_ASSERT_EQUAL(note_key_parse(GW_VIEW_LIT("n+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
                                   bulk_hash_ops(), &key, NULL),
                    GW_UNSUPPORTED);
    uint8_t pub[32] = {0};
    CU_ASSERT_EQUAL(note_key_make(bulk_hash_ops(), "a b", pub, &key), GW_INVALID);
}

static bool always(void *ctx, const uint8_t pub[32], struct gw_view text, struct gw_view signature)
{
    (void)pub;
    (void)text;
    (void)signature;
    return *(bool *)ctx;
}

static void unknown_keys_are_passed_over(void)
{
    struct note_key key;
    CU_ASSERT_EQUAL_FATAL(note_key_parse(GW_VIEW_LIT(SPEC_VKEY), bulk_hash_ops(), &key, NULL), GW_OK);
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 4096);
    uint8_t signature[64] = {1};
    (void)gw_buf_add_str(&text, "text\n\n");
    CU_ASSERT_EQUAL(note_add_signature(&text, "other", 7, gw_view_make(signature, 64)), GW_OK);
    struct note n;
    bool answer = true;
    CU_ASSERT_EQUAL(note_parse(gw_buf_view(&text), &n, NULL), GW_OK);
    CU_ASSERT_EQUAL(note_verify(&n, &key, always, &answer), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(note_add_signature(&text, key.name, key.key_id, gw_view_make(signature, 64)), GW_OK);
    CU_ASSERT_EQUAL(note_parse(gw_buf_view(&text), &n, NULL), GW_OK);
    CU_ASSERT_EQUAL(note_verify(&n, &key, always, &answer), GW_OK);
    answer = false;
    CU_ASSERT_EQUAL(note_verify(&n, &key, always, &answer), GW_CORRUPT);
    answer = true; /* a signature of the wrong length is never right */
    CU_ASSERT_EQUAL(note_add_signature(&text, key.name, key.key_id, gw_view_make(signature, 63)), GW_OK);
    CU_ASSERT_EQUAL(note_parse(gw_buf_view(&text), &n, NULL), GW_OK);
    CU_ASSERT_EQUAL(note_verify(&n, &key, always, &answer), GW_CORRUPT);
    CU_ASSERT_EQUAL(note_add_signature(&text, "no good", 1, gw_view_make(signature, 64)), GW_INVALID);
}

static void tile_paths(void)
{
    static const struct {
        struct tile_path path;
        const char *text;
    } pairs[] = {
        {{false, 0, 0, 256}, "tile/0/000"},
        {{false, 1, 999, 256}, "tile/1/999"},
        {{false, 0, 1000, 256}, "tile/0/x001/000"},
        {{false, 2, 1234067, 256}, "tile/2/x001/x234/067"},
        {{true, 0, 1234067, 1}, "tile/entries/x001/x234/067.p/1"},
        {{false, 7, TILE_INDEX_MAX, 255}, "tile/7/x036/x028/x797/x018/x963/967.p/255"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char text[TILE_PATH_MAX];
        CU_ASSERT_EQUAL(tile_path_format(&pairs[i].path, text), GW_OK);
        CU_ASSERT_STRING_EQUAL(text, pairs[i].text);
        struct tile_path back;
        CU_ASSERT_EQUAL_FATAL(tile_path_parse(gw_view_str(pairs[i].text), &back), GW_OK);
        CU_ASSERT(back.entries == pairs[i].path.entries && back.level == pairs[i].path.level &&
                  back.index == pairs[i].path.index && back.width == pairs[i].path.width);
    }
    static const char *const bad[] = {"",
                                      "tile",
                                      "tile/",
                                      "tile/0",
                                      "tile/0/",
                                      "tile/0/0",
                                      "tile/8/000",
                                      "tile/00/000",
                                      "tile/-1/000",
                                      "tile/0/0000",
                                      "tile/0/00a",
                                      "tile/0/x000/001",
                                      "tile/0/x01/000",
                                      "tile/0/000.p/0",
                                      "tile/0/000.p/256",
                                      "tile/0/000.p/01",
                                      "tile/0/000.p/",
                                      "tile/0/000.p",
                                      "tile/0/000/",
                                      "tile/entry/000",
                                      "tile/0/x001/x234",
                                      "tile/0/001/234",
                                      "Tile/0/000",
                                      "/tile/0/000",
                                      "tile/0/x036/x028/x797/x018/x963/968",
                                      "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
                                      "tile/0/000.q/1"};
    struct tile_path back;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(tile_path_parse(gw_view_str(bad[i]), &back), GW_INVALID);
    char text[TILE_PATH_MAX];
    CU_ASSERT_EQUAL(tile_path_format(&(struct tile_path){true, 1, 0, 1}, text), GW_INVALID);
    CU_ASSERT_EQUAL(tile_path_format(&(struct tile_path){false, 0, 0, 0}, text), GW_INVALID);
}

static const struct gw_test_case cases[] = {
    {"takes a checkpoint by its grammar alone", checkpoint_grammar},
    {"keeps a checkpoint within its ceilings", checkpoint_ceilings},
    {"takes a note by its grammar alone", note_grammar},
    {"keeps a note within its ceilings", note_ceilings},
    {"takes a verifier key only with the key id that belongs to it", verifier_keys},
    {"passes over unknown keys and refuses a known key's wrong signature", unknown_keys_are_passed_over},
    {"writes and reads tile paths in groups of three digits", tile_paths},
};

int main(void)
{
    return GW_TEST_RUN("note", cases);
}
