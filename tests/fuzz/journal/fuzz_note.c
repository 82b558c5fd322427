/* Notes, checkpoints, verifier keys, tile paths and stored ranges from anywhere: what is taken writes back the same. */
#include <stdlib.h>

#include "checkpoint.h"
#include "gw_cleanup.h"
#include "merkle_range.h"
#include "note.h"
#include "tile_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void try_checkpoint(struct gw_view text)
{
    struct checkpoint c;
    struct gw_err err = {0};
    if (checkpoint_parse(text, &c, &err))
        return;
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, CHECKPOINT_TEXT_MAX);
    must(checkpoint_format(c.origin, c.size, &c.root, &out) == GW_OK);
    must(out.len <= text.len && memcmp(out.ptr, text.ptr, out.len) == 0); /* extension lines may follow */
}

static bool refuse(void *ctx, const uint8_t pub[32], struct gw_view text, struct gw_view signature)
{
    (void)ctx;
    (void)pub;
    (void)text;
    must(signature.len == 64);
    return false;
}

static void try_note(struct gw_view bytes)
{
    struct note n;
    struct gw_err err = {0};
    if (note_parse(bytes, &n, &err))
        return;
    must(n.count > 0 && n.text.len > 0 && n.text.ptr[n.text.len - 1] == '\n');
    uint8_t room[NOTE_SIGNATURE_MAX];
    size_t len = 0;
    for (size_t i = 0; i < n.count; i++)
        must(note_signature_bytes(&n.signature[i], room, sizeof(room), &len) != GW_OK || len > 0);
    struct note_key key = {.key_id = n.signature[0].key_id};
    if (gw_view_copy_str(n.signature[0].name, key.name, sizeof(key.name)) == GW_OK)
        must(note_verify(&n, &key, refuse, NULL) == GW_CORRUPT);
    try_checkpoint(n.text);
}

static void try_path(struct gw_view text)
{
    struct tile_path path;
    char out[TILE_PATH_MAX];
    if (tile_path_parse(text, &path))
        return;
    must(tile_path_format(&path, out) == GW_OK);
    must(gw_view_eq_str(text, out));
}

static void try_range(struct gw_view bytes)
{
    struct merkle_range range;
    if (merkle_range_parse(bytes, &range))
        return;
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, MERKLE_RANGE_BYTES_MAX);
    must(merkle_range_format(&range, &out) == GW_OK);
    must(gw_view_eq(gw_buf_view(&out), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_view all = gw_view_make(data, size);
    try_note(all);
    try_checkpoint(all);
    try_path(all);
    try_range(all);
    return 0;
}
