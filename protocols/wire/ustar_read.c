#include <inttypes.h>
#include <string.h>

#include "ustar.h"

/* Fields of a header block: offset and length in bytes. */
#define NAME_AT    0
#define SIZE_AT    124
#define SIZE_LEN   12
#define CHKSUM_AT  148
#define CHKSUM_LEN 8
#define TYPE_AT    156
#define LINK_AT    157
#define MAGIC_AT   257
#define PREFIX_AT  345
#define PREFIX_LEN 155

static enum gw_rc fail(struct ustar_reader *r, struct gw_err *err, const char *what)
{
    r->failed = gw_err_set(err, GW_INVALID, "%s (byte %" PRIu64 " of the archive)", what, r->offset);
    return r->failed;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}

void ustar_reader_begin(struct ustar_reader *r, const struct ustar_sink *sink, uint64_t max_bytes)
{
    memset(r, 0, sizeof(*r));
    r->sink = *sink;
    r->max_bytes = max_bytes;
}

const char *ustar_reader_file(const struct ustar_reader *r)
{
    return r->file_count ? r->names[r->file_count - 1] : "";
}

bool ustar_name_valid(struct gw_view name)
{
    if (name.len == 0 || name.len > USTAR_NAME_MAX || gw_view_eq_str(name, ".") || gw_view_eq_str(name, ".."))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

/* Octal digits, then nothing but NUL or space; at least one digit. */
static bool read_octal(const uint8_t *field, size_t len, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t i = 0;
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
        value = value * 8 + (uint64_t)(field[i] - '0'); /* twelve digits are 36 bits */
    if (i == 0)
        return false;
    for (; i < len; i++)
        if (field[i] != 0 && field[i] != ' ')
            return false;
    *ret_value = value;
    return true;
}

/* Six octal digits, NUL, space; the sum of all bytes with the field itself as spaces. */
static bool checksum_holds(const uint8_t block[USTAR_BLOCK])
{
    uint64_t told;
    const uint8_t *field = block + CHKSUM_AT;
    if (field[6] != 0 || field[7] != ' ' || !read_octal(field, 6, &told) || field[5] < '0')
        return false;
    uint64_t sum = 0;
    for (size_t i = 0; i < USTAR_BLOCK; i++)
        sum += i >= CHKSUM_AT && i < CHKSUM_AT + CHKSUM_LEN ? ' ' : block[i];
    return sum == told;
}

/* What an entry that is no regular file is, for the message; NULL for a regular file. */
static const char *unwanted(uint8_t type)
{
    switch (type) {
    case '0':
    case 0:
        return NULL;
    case '1':
        return "a hard link: only regular files are taken";
    case '2':
        return "a symbolic link: only regular files are taken";
    case '3':
    case '4':
    case '6':
        return "a device or pipe: only regular files are taken";
    case '5':
        return "a directory: only regular files are taken";
    case 'x':
    case 'g':
        return "a pax header: only plain ustar is taken (tar --format=ustar)";
    case 'L':
    case 'K':
    case 'S':
    case 'D':
    case 'M':
    case 'N':
    case 'V':
        return "a GNU extension: only plain ustar is taken (tar --format=ustar)";
    default:
        return "an entry of unknown type: only regular files are taken";
    }
}

static const char *check_form(const uint8_t block[USTAR_BLOCK])
{
    static const uint8_t magic[8] = {'u', 's', 't', 'a', 'r', 0, '0', '0'};
    if (!checksum_holds(block))
        return "the checksum of a header does not hold";
    if (memcmp(block + MAGIC_AT, "ustar  ", 8) == 0)
        return "a GNU header: only plain ustar is taken (tar --format=ustar)";
    if (memcmp(block + MAGIC_AT, magic, sizeof(magic)) != 0)
        return "a header without the mark of ustar";
    const char *what = unwanted(block[TYPE_AT]);
    if (what)
        return what;
    if (!all_zero(block + PREFIX_AT, PREFIX_LEN) || block[LINK_AT] != 0)
        return "a header with a path or a link in it";
    return NULL;
}

static const char *take_name(struct ustar_reader *r)
{
    const uint8_t *field = r->block + NAME_AT;
    struct gw_view name = gw_view_make(field, strnlen((const char *)field, USTAR_NAME_MAX));
    if (!ustar_name_valid(name) || !all_zero(field + name.len, USTAR_NAME_MAX - name.len))
        return "a file name that is not 1 to 100 of A-Z a-z 0-9 . _ -";
    for (uint32_t i = 0; i < r->file_count; i++)
        if (gw_view_eq_str(name, r->names[i]))
            return "a file name that was there before";
    if (r->file_count == USTAR_FILES_MAX)
        return "too many files";
    memcpy(r->names[r->file_count], name.ptr, name.len);
    r->names[r->file_count++][name.len] = '\0';
    return NULL;
}

static enum gw_rc end_file(struct ustar_reader *r, struct gw_err *err)
{
    r->open = false;
    r->failed = r->sink.end(r->sink.ctx, err);
    return r->failed;
}

static enum gw_rc take_header(struct ustar_reader *r, struct gw_err *err)
{
    uint64_t size;
    const char *what = check_form(r->block);
    if (!what)
        what = take_name(r);
    if (what)
        return fail(r, err, what);
    if (!read_octal(r->block + SIZE_AT, SIZE_LEN, &size) || size > USTAR_SIZE_MAX)
        return fail(r, err, "a size that is not octal or not below 2^33");
    if (size > r->max_bytes - r->seen_bytes) {
        r->failed = gw_err_set(err, GW_TOO_BIG, "with %s the files have more than %" PRIu64 " bytes",
                               ustar_reader_file(r), r->max_bytes);
        return r->failed;
    }
    r->seen_bytes += size;
    r->left = size;
    r->pad = (uint32_t)ustar_padding(size);
    r->open = true;
    r->failed = r->sink.header(r->sink.ctx, ustar_reader_file(r), size, err);
    return r->failed || size > 0 ? r->failed : end_file(r, err);
}

/* A whole block stands in r->block, r->offset is behind it. */
static enum gw_rc take_block(struct ustar_reader *r, struct gw_err *err)
{
    r->block_len = 0;
    if (!all_zero(r->block, USTAR_BLOCK)) {
        if (r->end_blocks > 0)
            return fail(r, err, "something other than zeros behind the end");
        return take_header(r, err);
    }
    if (++r->end_blocks == 2)
        r->limit = (r->offset + USTAR_RECORD - 1) / USTAR_RECORD * USTAR_RECORD;
    if (r->end_blocks > 2 && r->offset > r->limit)
        return fail(r, err, "more zeros behind the end than fill the record");
    return GW_OK;
}

static struct gw_view cut(struct gw_view *rest, uint64_t max)
{
    size_t len = rest->len < max ? rest->len : (size_t)max;
    struct gw_view head = gw_view_make(rest->ptr, len);
    *rest = gw_view_make(rest->ptr + len, rest->len - len);
    return head;
}

static enum gw_rc take_data(struct ustar_reader *r, struct gw_view *rest, struct gw_err *err)
{
    struct gw_view bytes = cut(rest, r->left);
    r->offset += bytes.len;
    r->left -= bytes.len;
    r->failed = r->sink.data(r->sink.ctx, bytes, err);
    return r->failed || r->left > 0 ? r->failed : end_file(r, err);
}

static enum gw_rc take_padding(struct ustar_reader *r, struct gw_view *rest, struct gw_err *err)
{
    struct gw_view bytes = cut(rest, r->pad);
    for (size_t i = 0; i < bytes.len; i++, r->offset++)
        if (bytes.ptr[i])
            return fail(r, err, "something other than zeros behind a file");
    r->pad -= (uint32_t)bytes.len;
    return GW_OK;
}

enum gw_rc ustar_reader_feed(struct ustar_reader *r, struct gw_view bytes, struct gw_err *err)
{
    if (r->failed)
        return gw_err_set(err, r->failed, "the archive was refused before");
    enum gw_rc rc = GW_OK;
    while (!rc && bytes.len > 0) {
        if (r->left > 0) {
            rc = take_data(r, &bytes, err);
        } else if (r->pad > 0) {
            rc = take_padding(r, &bytes, err);
        } else {
            struct gw_view part = cut(&bytes, USTAR_BLOCK - r->block_len);
            memcpy(r->block + r->block_len, part.ptr, part.len);
            r->block_len += (uint32_t)part.len;
            r->offset += part.len;
            if (r->block_len == USTAR_BLOCK)
                rc = take_block(r, err);
        }
    }
    return rc;
}

enum gw_rc ustar_reader_finish(struct ustar_reader *r, struct gw_err *err)
{
    if (r->failed)
        return gw_err_set(err, r->failed, "the archive was refused before");
    if (r->open || r->pad > 0 || r->block_len > 0 || r->end_blocks < 2)
        return fail(r, err, "the archive is cut short");
    return GW_OK;
}
