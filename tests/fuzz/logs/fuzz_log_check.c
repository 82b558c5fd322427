/*
 * The files of a log as a stranger hands them over: byte 0 is the log's size (0 to 255), then the entry bundle until
 * the last 64 bytes, which are put over the right hashes of level 0. The checkpoint is really signed, for the tree of
 * the bundle when it holds that many entries. Only what fits together may verify.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto_ed25519.h"
#include "crypto_hash.h"
#include "gw_cleanup.h"
#include "log_check.h"
#include "merkle_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct files {
    struct gw_buf checkpoint, tile;
    struct gw_view entries;
    bool good; /* the bundle holds its entries and the hashes are theirs */
};

static enum gw_rc fetch(void *ctx, const char *file, struct gw_buf *ret_bytes, struct gw_err *err)
{
    const struct files *f = ctx;
    (void)err;
    if (strcmp(file, "checkpoint") == 0)
        return gw_buf_add_view(ret_bytes, gw_buf_view(&f->checkpoint));
    return gw_buf_add_view(ret_bytes, strncmp(file, "tile/e", 6) == 0 ? f->entries : gw_buf_view(&f->tile));
}

static void make_tree(struct files *f, uint32_t count, struct gw_view change, struct gw_sha256 *ret_root)
{
    struct merkle_range range;
    struct gw_view rest = f->entries, event;
    merkle_range_init(&range);
    f->good = log_bundle_check(f->entries, count) == GW_OK;
    for (uint32_t i = 0; i < count; i++) {
        struct gw_sha256 leaf = {{0}};
        if (log_bundle_next(&rest, &event))
            crypto_sha256()->leaf(event, &leaf);
        (void)!merkle_range_add(&range, crypto_sha256(), &leaf);
        (void)gw_buf_add(&f->tile, leaf.bytes, sizeof(leaf.bytes));
    }
    for (size_t i = 0; i < change.len && i < f->tile.len; i++) {
        f->tile.ptr[i] ^= change.ptr[i];
        f->good = f->good && change.ptr[i] == 0;
    }
    merkle_range_root(&range, crypto_sha256(), ret_root);
}

static void sign(struct files *f, struct note_key *key, uint32_t count, const struct gw_sha256 *root)
{
    static const uint8_t seed[32] = {7};
    uint8_t pub[32], signature[64];
    if (crypto_ed25519_public(seed, pub, NULL) || note_key_make(crypto_sha256(), "gw-00", pub, key) ||
        checkpoint_format("gw-00/audit/0000000000000001", count, root, &f->checkpoint) ||
        crypto_ed25519_sign(seed, pub, gw_buf_view(&f->checkpoint), signature, NULL))
        abort();
    (void)gw_buf_add_u8(&f->checkpoint, '\n');
    (void)note_add_signature(&f->checkpoint, key->name, key->key_id, gw_view_make(signature, sizeof(signature)));
}

static void files_done(struct files *f)
{
    gw_buf_done(&f->checkpoint);
    gw_buf_done(&f->tile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 65)
        return 0;
    GW_CLEANUP(files_done) struct files f = {.entries = gw_view_make(data + 1, size - 65)};
    gw_buf_init(&f.checkpoint, NOTE_BYTES_MAX);
    gw_buf_init(&f.tile, 65536);
    struct gw_sha256 root;
    struct note_key key;
    make_tree(&f, data[0], gw_view_make(data + size - 64, 64), &root);
    sign(&f, &key, data[0], &root);
    struct log_check check = {.name = "audit/0000000000000001", .key = &key, .hash = crypto_sha256()};
    const struct log_source source = {&f, fetch};
    struct gw_err err = {0};
    enum gw_rc rc = log_check_run(&check, &source, &err);
    if (data[0] == 0 ? rc != GW_OK : (rc == GW_OK) != f.good)
        abort();
    /* The bytes as a note of their own: never signed by this key. */
    struct checkpoint checkpoint;
    if (log_check_note(f.entries, &key, &checkpoint, &err) == GW_OK)
        abort();
    return 0;
}
