#include "keyd_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto_hash.h"
#include "gw_buf.h"
#include "gw_cleanup.h"
#include "keyd_dir.h"

#define FILE_NAME     "checkpoints"
#define FILE_NAME_NEW "checkpoints.new"
#define HEADER        "gatehouse-keyd 1"
#define HEADER_LEN    16
#define RECORD_LEN    80
#define CHECKED_LEN   72
#define CHUNK_RECORDS 1024
#define SLOTS_MIN     1024
/* Written anew when the file is larger than this and twice its content. */
#define COMPACT_MIN ((int64_t)8 * 1024 * 1024)

struct keyd_memory {
    const struct keyd_dir *dir; /* borrowed */
    int fd;
    int64_t end;        /* of the good records */
    int64_t compact_at; /* file size that asks for a new file */
    bool broken;
    size_t origins_max;
    struct keyd_mark *slots; /* open addressing; size and root all zero with used[] false */
    uint8_t *used;
    size_t slot_count; /* a power of two, at most half full */
    size_t count;
};

static size_t slot_of(const struct keyd_memory *m, const struct gw_sha256 *origin)
{
    uint64_t h = 0;
    memcpy(&h, origin->bytes, sizeof(h));
    size_t at = (size_t)h & (m->slot_count - 1);
    while (m->used[at] && !gw_sha256_eq(&m->slots[at].origin, origin))
        at = (at + 1) & (m->slot_count - 1);
    return at;
}

static void make_slots(struct keyd_memory *m, size_t slot_count)
{
    m->slot_count = slot_count;
    m->slots = gw_xalloc(slot_count, sizeof(*m->slots));
    m->used = gw_xalloc(slot_count, 1);
}

static void grow(struct keyd_memory *m)
{
    struct keyd_mark *old = m->slots;
    uint8_t *old_used = m->used;
    size_t old_count = m->slot_count;
    make_slots(m, old_count * 2);
    for (size_t i = 0; i < old_count; i++) {
        if (!old_used[i])
            continue;
        size_t at = slot_of(m, &old[i].origin);
        m->slots[at] = old[i];
        m->used[at] = 1;
    }
    free(old);
    free(old_used);
}

static void remember(struct keyd_memory *m, const struct keyd_mark *mark)
{
    size_t at = slot_of(m, &mark->origin);
    if (!m->used[at]) {
        if ((m->count + 1) * 2 > m->slot_count) {
            grow(m);
            at = slot_of(m, &mark->origin);
        }
        m->used[at] = 1;
        m->count++;
    }
    m->slots[at] = *mark;
}

static void check_sum(const uint8_t *record, struct gw_sha256 *ret_sum)
{
    crypto_sha256()->digest(gw_view_make(record, CHECKED_LEN), ret_sum);
}

static void format_record(const struct keyd_mark *mark, struct gw_buf *b)
{
    size_t at = b->len;
    struct gw_sha256 sum;
    (void)gw_buf_add(b, mark->origin.bytes, GW_SHA256_LEN);
    (void)gw_buf_add_u64(b, mark->size);
    if (gw_buf_add(b, mark->root.bytes, GW_SHA256_LEN))
        return;
    check_sum(b->ptr + at, &sum);
    (void)gw_buf_add(b, sum.bytes, RECORD_LEN - CHECKED_LEN);
}

static bool parse_record(const uint8_t *record, struct keyd_mark *ret_mark)
{
    struct gw_sha256 sum;
    check_sum(record, &sum);
    struct gw_reader r = {gw_view_make(record, CHECKED_LEN)};
    return memcmp(sum.bytes, record + CHECKED_LEN, RECORD_LEN - CHECKED_LEN) == 0 &&
           !gw_read_into(&r, ret_mark->origin.bytes, GW_SHA256_LEN) && !gw_read_u64(&r, &ret_mark->size) &&
           !gw_read_into(&r, ret_mark->root.bytes, GW_SHA256_LEN);
}

enum gw_rc keyd_memory_create(const struct keyd_dir *dir, struct gw_err *err)
{
    struct stat st;
    if (fstatat(dir->fd, FILE_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        if (st.st_size > HEADER_LEN)
            return gw_err_set(err, GW_EXISTS,
                              "the key directory remembers signatures (%s) but has no keys (ca): bring ca back, or "
                              "empty the directory to become a new gateway",
                              FILE_NAME);
        if (dir->fs.unlink(dir->fs.ctx, FILE_NAME))
            return gw_err_sys(err, "removal of %s", FILE_NAME);
    }
    enum gw_rc rc = keyd_dir_write(dir, FILE_NAME, gw_view_make(HEADER, HEADER_LEN), err);
    return rc ? rc : keyd_dir_sync(dir, ".", err);
}

/* Reads len bytes at the offset, or fewer at the end of the file; -1 and errno. */
static ssize_t read_at(int fd, uint8_t *out, size_t len, int64_t offset)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = pread(fd, out + got, len - got, offset + (int64_t)got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

/* Takes records from the file up to its end or the first bad one; m->end is where they stop. */
static enum gw_rc load(struct keyd_memory *m, struct gw_err *err)
{
    GW_FREE uint8_t *chunk = gw_xalloc(CHUNK_RECORDS, RECORD_LEN);
    if (read_at(m->fd, chunk, HEADER_LEN, 0) != HEADER_LEN || memcmp(chunk, HEADER, HEADER_LEN) != 0)
        return gw_err_set(err, GW_CORRUPT, "%s: not a memory of checkpoints", FILE_NAME);
    m->end = HEADER_LEN;
    for (;;) {
        ssize_t n = read_at(m->fd, chunk, (size_t)CHUNK_RECORDS * RECORD_LEN, m->end);
        if (n < 0)
            return gw_err_sys(err, "read of %s", FILE_NAME);
        size_t whole = (size_t)n / RECORD_LEN;
        for (size_t i = 0; i < whole; i++) {
            struct keyd_mark mark;
            if (!parse_record(chunk + i * RECORD_LEN, &mark))
                return GW_OK;
            remember(m, &mark);
            m->end += RECORD_LEN;
        }
        if (m->count > m->origins_max)
            return gw_err_set(err, GW_TOO_BIG, "%s: more than %zu logs", FILE_NAME, m->origins_max);
        if (whole < CHUNK_RECORDS)
            return GW_OK;
    }
}

/* What stands behind the good records may be one unfinished batch, no more. */
static enum gw_rc check_tail(const struct keyd_memory *m, struct gw_err *err)
{
    struct stat st;
    if (fstat(m->fd, &st))
        return gw_err_sys(err, "%s", FILE_NAME);
    if (st.st_size - m->end > (int64_t)KEYD_MEMORY_BATCH_MAX * RECORD_LEN)
        return gw_err_set(err, GW_CORRUPT, "%s: damaged at byte %lld", FILE_NAME, (long long)m->end);
    return GW_OK;
}

static enum gw_rc write_all_marks(const struct keyd_memory *m, int fd, int64_t *ret_end, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf b;
    gw_buf_init(&b, (size_t)CHUNK_RECORDS * RECORD_LEN + HEADER_LEN);
    (void)gw_buf_add(&b, HEADER, HEADER_LEN);
    int64_t end = 0;
    for (size_t i = 0; i <= m->slot_count; i++) {
        if (i < m->slot_count && m->used[i])
            format_record(&m->slots[i], &b);
        if (i < m->slot_count && b.len < (size_t)CHUNK_RECORDS * RECORD_LEN)
            continue;
        enum gw_rc rc = gw_fs_write_all(&m->dir->fs, fd, gw_buf_view(&b), end, err);
        if (rc)
            return rc;
        end += (int64_t)b.len;
        gw_buf_reset(&b);
    }
    *ret_end = end;
    return GW_OK;
}

/* A successor of the file, whole and synced, still under its own name. */
static enum gw_rc write_new(const struct keyd_memory *m, int fd, int64_t *ret_end, struct gw_err *err)
{
    enum gw_rc rc = write_all_marks(m, fd, ret_end, err);
    if (rc)
        return gw_err_wrap(err, rc, FILE_NAME_NEW);
    return m->dir->fs.sync(m->dir->fs.ctx, fd) ? gw_err_sys(err, "sync of %s", FILE_NAME_NEW) : GW_OK;
}

/* Replaces the file by one that holds each origin once. The old one stays in use when this fails. */
static enum gw_rc replace_file(struct keyd_memory *m, struct gw_err *err)
{
    const struct gw_fs *fs = &m->dir->fs;
    int64_t end = 0;
    int fd = fs->open(fs->ctx, FILE_NAME_NEW, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        return gw_err_sys(err, FILE_NAME_NEW);
    enum gw_rc rc = write_new(m, fd, &end, err);
    if (!rc && fs->rename(fs->ctx, FILE_NAME_NEW, FILE_NAME))
        rc = gw_err_sys(err, "rename to %s", FILE_NAME);
    (void)fs->close(fs->ctx, rc ? fd : m->fd);
    if (rc)
        return rc;
    m->fd = fd;
    m->end = end;
    m->compact_at = end * 2 > COMPACT_MIN ? end * 2 : COMPACT_MIN;
    rc = keyd_dir_sync(m->dir, ".", err);
    m->broken = rc != GW_OK; /* the new name may not last, and the old file is gone */
    return rc;
}

static enum gw_rc compact(struct keyd_memory *m, struct gw_err *err)
{
    enum gw_rc rc = replace_file(m, err);
    if (rc) {
        (void)m->dir->fs.unlink(m->dir->fs.ctx, FILE_NAME_NEW); /* room for what matters more */
        m->compact_at = m->end + COMPACT_MIN;                   /* not again for every batch */
    }
    return rc;
}

static void cleanup_memory(struct keyd_memory **m)
{
    keyd_memory_free(*m);
}

enum gw_rc keyd_memory_open(const struct keyd_dir *dir, size_t origins_max, struct keyd_memory **ret_memory,
                            struct gw_err *err)
{
    GW_CLEANUP(cleanup_memory) struct keyd_memory *m = gw_xalloc(1, sizeof(*m));
    m->dir = dir;
    m->origins_max = origins_max;
    make_slots(m, SLOTS_MIN);
    m->fd = dir->fs.open(dir->fs.ctx, FILE_NAME, O_RDWR, 0);
    if (m->fd < 0)
        return gw_err_sys(err, FILE_NAME);
    enum gw_rc rc = load(m, err);
    if (!rc)
        rc = check_tail(m, err);
    if (!rc)
        rc = compact(m, err);
    if (!rc)
        *ret_memory = GW_TAKE(m);
    return rc;
}

void keyd_memory_free(struct keyd_memory *m)
{
    if (!m)
        return;
    if (m->fd >= 0)
        (void)m->dir->fs.close(m->dir->fs.ctx, m->fd);
    free(m->slots);
    free(m->used);
    free(m);
}

enum gw_rc keyd_memory_check(const struct keyd_memory *m, const struct keyd_mark *mark, size_t *pending_new)
{
    size_t at = slot_of(m, &mark->origin);
    if (!m->used[at]) {
        if (m->count + *pending_new >= m->origins_max)
            return GW_TOO_BIG;
        (*pending_new)++;
        return GW_OK;
    }
    const struct keyd_mark *last = &m->slots[at];
    if (mark->size < last->size || (mark->size == last->size && !gw_sha256_eq(&mark->root, &last->root)))
        return GW_DENIED;
    return GW_OK;
}

/* Appends and syncs. A failed append is cut off again; when that fails too, the memory is broken. */
static enum gw_rc append(struct keyd_memory *m, struct gw_view records, struct gw_err *err)
{
    const struct gw_fs *fs = &m->dir->fs;
    enum gw_rc rc = gw_fs_write_all(fs, m->fd, records, m->end, err);
    if (rc) {
        m->broken = fs->truncate(fs->ctx, m->fd, m->end) != 0;
        return gw_err_wrap(err, rc, FILE_NAME);
    }
    if (fs->sync(fs->ctx, m->fd)) {
        m->broken = true; /* the kernel may have dropped the pages and forgotten the error */
        return gw_err_sys(err, "sync of %s", FILE_NAME);
    }
    m->end += (int64_t)records.len;
    return GW_OK;
}

enum gw_rc keyd_memory_put(struct keyd_memory *m, const struct keyd_mark *marks, size_t count, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf b;
    gw_buf_init(&b, (size_t)KEYD_MEMORY_BATCH_MAX * RECORD_LEN);
    if (m->broken)
        return gw_err_set(err, GW_IO, "%s: an earlier write failed", FILE_NAME);
    for (size_t i = 0; i < count; i++) {
        size_t at = slot_of(m, &marks[i].origin);
        if (!m->used[at] || m->slots[at].size != marks[i].size)
            format_record(&marks[i], &b);
    }
    enum gw_rc rc = gw_buf_rc(&b);
    if (rc)
        return gw_err_set(err, rc, "a batch of %zu checkpoints", count);
    if (b.len == 0)
        return GW_OK; /* all of them were signed before */
    if (m->end >= m->compact_at && compact(m, err) && m->broken)
        return GW_IO;
    rc = append(m, gw_buf_view(&b), err);
    for (size_t i = 0; !rc && i < count; i++)
        remember(m, &marks[i]);
    return rc;
}

bool keyd_memory_broken(const struct keyd_memory *m)
{
    return m->broken;
}

size_t keyd_memory_count(const struct keyd_memory *m)
{
    return m->count;
}
