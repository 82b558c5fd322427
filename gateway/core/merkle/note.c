#include "note.h"

#include "gw_id.h"
#include "gw_utf8.h"

static const uint8_t dash[] = {0xe2, 0x80, 0x94, ' '}; /* em dash, space */

/* White space of Unicode beyond ASCII, as UTF-8. */
static bool has_wide_space(struct gw_view v)
{
    static const char *const spaces[] = {"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
                                         "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};
    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
        if (v.len && memmem(v.ptr, v.len, spaces[i], strlen(spaces[i])))
            return true;
    for (size_t i = 0; i + 2 < v.len; i++) /* U+2000 to U+200A */
        if (v.ptr[i] == 0xe2 && v.ptr[i + 1] == 0x80 && v.ptr[i + 2] >= 0x80 && v.ptr[i + 2] <= 0x8a)
            return true;
    return false;
}

static bool name_ok(struct gw_view name)
{
    if (name.len == 0 || name.len >= NOTE_NAME_MAX || !gw_utf8_valid(name) || has_wide_space(name))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] == '+' || name.ptr[i] == 0x7f)
            return false;
    return true;
}

enum gw_rc note_signature_bytes(const struct note_signature *signature, uint8_t *out, size_t out_max, size_t *ret_len)
{
    uint8_t room[NOTE_SIGNATURE_MAX + 8];
    struct gw_buf bytes = {.ptr = room, .cap = sizeof(room), .max = sizeof(room) - 1}; /* never grows */
    enum gw_rc rc = gw_base64_parse(signature->base64, &bytes);
    if (rc || bytes.len < 5)
        return rc ? rc : GW_INVALID;
    if (bytes.len - 4 > out_max)
        return GW_TOO_BIG;
    memcpy(out, room + 4, bytes.len - 4);
    *ret_len = bytes.len - 4;
    return GW_OK;
}

static enum gw_rc parse_signature(struct gw_view line, struct note_signature *ret)
{
    if (line.len < sizeof(dash) || memcmp(line.ptr, dash, sizeof(dash)) != 0)
        return GW_INVALID;
    struct note_signature s;
    s.name = gw_view_cut(gw_view_make(line.ptr + sizeof(dash), line.len - sizeof(dash)), ' ', &s.base64);
    uint8_t room[NOTE_SIGNATURE_MAX + 8];
    struct gw_buf bytes = {.ptr = room, .cap = sizeof(room), .max = sizeof(room) - 1};
    if (!name_ok(s.name) || gw_base64_parse(s.base64, &bytes) || bytes.len < 5)
        return GW_INVALID;
    s.key_id = (uint32_t)room[0] << 24 | (uint32_t)room[1] << 16 | (uint32_t)room[2] << 8 | room[3];
    *ret = s;
    return GW_OK;
}

/* Where the last empty line is: the index of the second of two line ends, or 0. */
static size_t last_empty_line(struct gw_view v)
{
    for (size_t i = v.len; i-- > 1;)
        if (v.ptr[i] == '\n' && v.ptr[i - 1] == '\n')
            return i;
    return 0;
}

static bool characters_ok(struct gw_view v)
{
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] < 0x20 && v.ptr[i] != '\n')
            return false;
    return gw_utf8_valid(v);
}

enum gw_rc note_parse(struct gw_view bytes, struct note *ret_note, struct gw_err *err)
{
    if (bytes.len > NOTE_BYTES_MAX)
        return gw_err_set(err, GW_TOO_BIG, "a note of more than %d bytes", NOTE_BYTES_MAX);
    if (bytes.len == 0 || bytes.ptr[bytes.len - 1] != '\n' || !characters_ok(bytes))
        return gw_err_set(err, GW_INVALID, "note: not UTF-8 lines");
    size_t gap = last_empty_line(bytes);
    if (gap == 0 || gap + 1 == bytes.len)
        return gw_err_set(err, GW_INVALID, "note: no signatures");
    ret_note->text = gw_view_make(bytes.ptr, gap);
    ret_note->count = 0;
    struct gw_view rest = gw_view_make(bytes.ptr + gap + 1, bytes.len - gap - 1);
    while (rest.len > 0) {
        if (ret_note->count == NOTE_SIGNATURES_MAX)
            return gw_err_set(err, GW_TOO_BIG, "note: more than %d signatures", NOTE_SIGNATURES_MAX);
        if (parse_signature(gw_view_cut(rest, '\n', &rest), &ret_note->signature[ret_note->count]))
            return gw_err_set(err, GW_INVALID, "note: signature line %zu is malformed", ret_note->count + 1);
        ret_note->count++;
    }
    return GW_OK;
}

uint32_t note_key_id(const struct gw_sha256_ops *ops, const char *name, enum note_key_type type, const uint8_t pub[32])
{
    const uint8_t middle[2] = {'\n', (uint8_t)type};
    struct gw_sha256 hash;
    struct gw_sha256_stream *s = ops->stream_new();
    ops->stream_add(s, gw_view_str(name));
    ops->stream_add(s, gw_view_make(middle, sizeof(middle)));
    ops->stream_add(s, gw_view_make(pub, 32));
    ops->stream_end(s, &hash);
    return (uint32_t)hash.bytes[0] << 24 | (uint32_t)hash.bytes[1] << 16 | (uint32_t)hash.bytes[2] << 8 | hash.bytes[3];
}

enum gw_rc note_key_make(const struct gw_sha256_ops *ops, const char *name, const uint8_t pub[32],
                         struct note_key *ret_key)
{
    struct gw_view text = gw_view_str(name);
    if (!name_ok(text) || gw_view_copy_str(text, ret_key->name, sizeof(ret_key->name)))
        return GW_INVALID;
    memcpy(ret_key->pub, pub, sizeof(ret_key->pub));
    ret_key->key_id = note_key_id(ops, ret_key->name, NOTE_ED25519, pub);
    return GW_OK;
}

enum gw_rc note_key_parse(struct gw_view vkey, const struct gw_sha256_ops *ops, struct note_key *ret_key,
                          struct gw_err *err)
{
    struct gw_view rest, name = gw_view_cut(vkey, '+', &rest);
    struct gw_view hex, base64;
    hex = gw_view_cut(rest, '+', &base64);
    uint8_t id[4], room[64];
    struct gw_buf bytes = {.ptr = room, .cap = sizeof(room), .max = sizeof(room) - 1};
    if (!name_ok(name) || gw_hex_parse(hex, id, sizeof(id)) || gw_base64_parse(base64, &bytes) || bytes.len < 2)
        return gw_err_set(err, GW_INVALID, "verifier key: not <name>+<8 hex>+<base64>");
    if (room[0] != NOTE_ED25519)
        return gw_err_set(err, GW_UNSUPPORTED, "verifier key: type %u is not Ed25519", room[0]);
    struct note_key key;
    char text[NOTE_NAME_MAX];
    if (bytes.len != 33 || gw_view_copy_str(name, text, sizeof(text)) || note_key_make(ops, text, room + 1, &key))
        return gw_err_set(err, GW_INVALID, "verifier key: the public key is not 32 bytes");
    if (key.key_id != ((uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3]))
        return gw_err_set(err, GW_INVALID, "verifier key: the key id belongs to another key");
    *ret_key = key;
    return GW_OK;
}

enum gw_rc note_key_format(const struct note_key *key, struct gw_buf *ret_vkey)
{
    uint8_t typed[33] = {NOTE_ED25519};
    memcpy(typed + 1, key->pub, sizeof(key->pub));
    (void)gw_buf_printf(ret_vkey, "%s+%08x+", key->name, key->key_id);
    return gw_base64_add(ret_vkey, typed, sizeof(typed));
}

enum gw_rc note_add_signature(struct gw_buf *note, const char *name, uint32_t key_id, struct gw_view signature)
{
    uint8_t bytes[4 + NOTE_SIGNATURE_MAX] = {(uint8_t)(key_id >> 24), (uint8_t)(key_id >> 16), (uint8_t)(key_id >> 8),
                                             (uint8_t)key_id};
    if (!name_ok(gw_view_str(name)) || signature.len == 0 || signature.len > NOTE_SIGNATURE_MAX)
        return GW_INVALID;
    memcpy(bytes + 4, signature.ptr, signature.len);
    (void)gw_buf_add(note, dash, sizeof(dash));
    (void)gw_buf_printf(note, "%s ", name);
    (void)gw_base64_add(note, bytes, 4 + signature.len);
    return gw_buf_add_u8(note, '\n');
}

enum gw_rc note_verify(const struct note *note, const struct note_key *key, note_verify_fn *verify, void *ctx)
{
    bool found = false;
    for (size_t i = 0; i < note->count; i++) {
        const struct note_signature *s = &note->signature[i];
        if (s->key_id != key->key_id || !gw_view_eq_str(s->name, key->name))
            continue;
        uint8_t bytes[64];
        size_t len = 0;
        if (note_signature_bytes(s, bytes, sizeof(bytes), &len) || len != sizeof(bytes) ||
            !verify(ctx, key->pub, note->text, gw_view_make(bytes, len)))
            return GW_CORRUPT;
        found = true;
    }
    return found ? GW_OK : GW_NOT_FOUND;
}
