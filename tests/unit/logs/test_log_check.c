/* The check of one log's files, against logs of many sizes made here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto_ed25519.h"
#include "crypto_hash.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "log_check.h"
#include "log_tiles.h"
#include "merkle_range.h"

#define NAME     "dev/pump-7/0123456789abcdef"
#define FILE_MAX 600

struct file {
    char name[TILE_PATH_MAX];
    struct gw_buf bytes;
};

/* A log as files in memory. */
struct world {
    uint64_t size;
    uint8_t seed[32];
    struct note_key key;
    struct file files[FILE_MAX];
    size_t count;
};

static void event_text(uint64_t index, char out[64], size_t *ret_len)
{
    *ret_len = (size_t)snprintf(out, 64, "event %" PRIu64, index);
}

static void leaf_of(uint64_t index, struct gw_sha256 *ret_leaf)
{
    char text[64];
    size_t len;
    event_text(index, text, &len);
    crypto_sha256()->leaf(gw_view_make(text, len), ret_leaf);
}

/* Root of the events [from, from + count). */
static void root_of(uint64_t from, uint64_t count, struct gw_sha256 *ret_root)
{
    struct merkle_range range;
    merkle_range_init(&range);
    for (uint64_t i = 0; i < count; i++) {
        struct gw_sha256 leaf;
        leaf_of(from + i, &leaf);
        if (merkle_range_add(&range, crypto_sha256(), &leaf))
            abort();
    }
    merkle_range_root(&range, crypto_sha256(), ret_root);
}

static bool make_tile(void *ctx, const struct tile_path *path)
{
    struct world *w = ctx;
    struct file *f = &w->files[w->count++];
    CU_ASSERT_EQUAL_FATAL(tile_path_format(path, f->name), GW_OK);
    gw_buf_init(&f->bytes, LOG_CHECK_FILE_MAX);
    for (uint64_t i = path->index * TILE_WIDTH; i < path->index * TILE_WIDTH + path->width; i++) {
        char text[64];
        size_t len;
        struct gw_sha256 hash;
        event_text(i, text, &len);
        root_of(i << (8 * path->level), UINT64_C(1) << (8 * path->level), &hash);
        if (path->entries)
            (void)log_bundle_add(&f->bytes, gw_view_make(text, len));
        else if (path->level == 0)
            leaf_of(i, &hash);
        if (!path->entries)
            (void)gw_buf_add(&f->bytes, hash.bytes, sizeof(hash.bytes));
    }
    return true;
}

static void make_checkpoint(struct world *w, const char *origin, const struct gw_sha256 *root)
{
    struct file *f = &w->files[0];
    uint8_t signature[64];
    struct gw_err err = {0};
    gw_buf_done(&f->bytes);
    gw_buf_init(&f->bytes, NOTE_BYTES_MAX);
    (void)snprintf(f->name, sizeof(f->name), "checkpoint");
    CU_ASSERT_EQUAL_FATAL(checkpoint_format(origin, w->size, root, &f->bytes), GW_OK);
    GW_ASSERT_OK(crypto_ed25519_sign(w->seed, w->key.pub, gw_buf_view(&f->bytes), signature, &err), &err);
    (void)gw_buf_add_u8(&f->bytes, '\n');
    (void)note_add_signature(&f->bytes, w->key.name, w->key.key_id, gw_view_make(signature, sizeof(signature)));
}

static void world_init(struct world *w, uint64_t size)
{
    *w = (struct world){.size = size, .count = 1};
    uint8_t pub[32];
    struct gw_sha256 root;
    struct gw_err err = {0};
    GW_ASSERT_OK(crypto_ed25519_make(w->seed, pub, &err), &err);
    CU_ASSERT_EQUAL_FATAL(note_key_make(crypto_sha256(), "gw-00", pub, &w->key), GW_OK);
    root_of(0, size, &root);
    make_checkpoint(w, "gw-00/" NAME, &root);
    (void)log_tiles_each(size, make_tile, w);
}

static void world_done(struct world *w)
{
    for (size_t i = 0; i < w->count; i++)
        gw_buf_done(&w->files[i].bytes);
}

static struct file *file_of(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->files[i].name, name) == 0)
            return &w->files[i];
    return NULL;
}

static enum gw_rc fetch(void *ctx, const char *name, struct gw_buf *ret_bytes, struct gw_err *err)
{
    const struct file *f = file_of(ctx, name);
    return f ? gw_buf_add_view(ret_bytes, gw_buf_view(&f->bytes)) : gw_err_set(err, GW_CORRUPT, "%s is missing", name);
}

static enum gw_rc check(struct world *w, struct log_check *c, struct gw_err *err)
{
    const struct log_source source = {w, fetch};
    c->name = c->name ? c->name : NAME;
    c->key = &w->key;
    c->hash = crypto_sha256();
    *err = (struct gw_err){.rc = GW_OK};
    return log_check_run(c, &source, err);
}

static void expect_refusal(struct world *w, const char *text)
{
    struct log_check c = {.name = NULL};
    struct gw_err err;
    enum gw_rc rc = check(w, &c, &err);
    if (!rc || !strstr(gw_err_text(&err), text) || !strstr(gw_err_text(&err), NAME))
        printf("#   wanted \"%s\", had %s: %s\n", text, gw_rc_text(rc), gw_err_text(&err));
    CU_ASSERT_NOT_EQUAL(rc, GW_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), text));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), NAME));
}

static void logs_of_all_sizes_verify(void)
{
    static const uint64_t sizes[] = {0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        GW_CLEANUP(world_done) struct world w;
        world_init(&w, sizes[i]);
        struct log_check c = {.name = NULL};
        struct gw_err err;
        GW_ASSERT_OK(check(&w, &c, &err), &err);
        CU_ASSERT_EQUAL(c.checkpoint.size, sizes[i]);
    }
}

/* Level 2 begins at 65,536 events. */
static void a_log_with_three_levels_of_tiles_verifies(void)
{
    GW_CLEANUP(world_done) struct world w;
    world_init(&w, 65536 + 3);
    CU_ASSERT_EQUAL(w.count, 1 + 257 + 257 + 1 + 1);
    struct log_check c = {.name = NULL};
    struct gw_err err;
    GW_ASSERT_OK(check(&w, &c, &err), &err);
    file_of(&w, "tile/2/000.p/1")->bytes.ptr[31] ^= 1;
    expect_refusal(&w, "tile/2/000.p/1: hash 0 of its level was altered");
}

static void any_byte_of_any_file_counts(void)
{
    GW_CLEANUP(world_done) struct world w;
    world_init(&w, 300);
    for (size_t i = 0; i < w.count; i++) {
        struct gw_buf *bytes = &w.files[i].bytes;
        for (size_t at = 0; at < bytes->len; at += bytes->len / 23 + 1) {
            bytes->ptr[at] ^= 0x04;
            expect_refusal(&w, w.files[i].name);
            bytes->ptr[at] ^= 0x04;
        }
    }
    struct log_check c = {.name = NULL};
    struct gw_err err;
    GW_ASSERT_OK(check(&w, &c, &err), &err);
}

static void a_shorter_or_longer_file_is_refused(void)
{
    GW_CLEANUP(world_done) struct world w;
    world_init(&w, 300);
    for (size_t i = 1; i < w.count; i++) {
        w.files[i].bytes.len--;
        expect_refusal(&w, w.files[i].name);
        w.files[i].bytes.len++;
        (void)gw_buf_add_u8(&w.files[i].bytes, 0);
        expect_refusal(&w, w.files[i].name);
        w.files[i].bytes.len--;
    }
}

static void entries_that_changed_places_are_found(void)
{
    GW_CLEANUP(world_done) struct world w;
    world_init(&w, 300);
    struct gw_buf *bytes = &file_of(&w, "tile/entries/001.p/44")->bytes;
    memcpy(bytes->ptr,
           "\0\x09"
           "event 257\0\x09"
           "event 256",
           22);
    expect_refusal(&w, "tile/entries/001.p/44: entry 256 was altered");
}

static void a_signed_root_of_other_events_is_told(void)
{
    GW_CLEANUP(world_done) struct world w;
    world_init(&w, 300);
    struct gw_sha256 root;
    root_of(1, 300, &root);
    make_checkpoint(&w, "gw-00/" NAME, &root);
    expect_refusal(&w, "its 300 entries have not the root that checkpoint signs");
}

static void the_checkpoint_of_another_log_is_refused(void)
{
    GW_CLEANUP(world_done) struct world w;
    world_init(&w, 3);
    struct gw_sha256 root;
    root_of(0, 3, &root);
    make_checkpoint(&w, "gw-00/dev/pump-8/0123456789abcdef", &root);
    expect_refusal(&w, "is that of gw-00/dev/pump-8");
    make_checkpoint(&w, "gw-01/" NAME, &root);
    expect_refusal(&w, "is that of gw-01");
}

static void a_stranger_signs_nothing(void)
{
    GW_CLEANUP(world_done) struct world w;
    GW_CLEANUP(world_done) struct world other;
    world_init(&w, 3);
    world_init(&other, 3);
    w.key = other.key;
    expect_refusal(&w, "not signed by the key");
}

static void what_the_root_log_says_must_hold(void)
{
    GW_CLEANUP(world_done) struct world w;
    world_init(&w, 300);
    struct log_claim claims[] = {{.size = 0},
                                 {.size = 10, .index = 1},
                                 {.size = 10, .index = 2},
                                 {.size = 300, .index = 3},
                                 {.size = 301, .index = 4}};
    for (size_t i = 0; i < 4; i++)
        root_of(0, claims[i].size, &claims[i].root);
    struct log_check c = {.claims = claims, .claim_count = 5};
    struct gw_err err;
    GW_ASSERT_OK(check(&w, &c, &err), &err);
    CU_ASSERT_EQUAL(c.claims_held, 4);
    claims[2].root.bytes[0] ^= 1;
    CU_ASSERT_EQUAL(check(&w, &c, &err), GW_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), "first 10 entries are not those that the root log's entry 2"));
}

static const struct gw_test_case cases[] = {
    {"logs of all sizes verify", logs_of_all_sizes_verify},
    {"a log with three levels of tiles verifies", a_log_with_three_levels_of_tiles_verifies},
    {"any byte of any file counts, and the file is named", any_byte_of_any_file_counts},
    {"a shorter or longer file is refused", a_shorter_or_longer_file_is_refused},
    {"entries that changed places are found", entries_that_changed_places_are_found},
    {"a signed root of other events is told", a_signed_root_of_other_events_is_told},
    {"the checkpoint of another log is refused", the_checkpoint_of_another_log_is_refused},
    {"a stranger's signature is none", a_stranger_signs_nothing},
    {"what the root log says must hold", what_the_root_log_says_must_hold},
};

int main(void)
{
    return GW_TEST_RUN("check of a log", cases);
}
