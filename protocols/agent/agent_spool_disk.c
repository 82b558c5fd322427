#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_spool_internal.h"
#include "gw_cleanup.h"
#include "gw_id.h"

#define NAME_LEN      20    /* 16 hex and ".seg" */
#define HEAD_READ_MAX 16384 /* a head record is at most about 6,300 bytes */

void spool_disk_path(const struct agent_spool *s, uint64_t number, const char *suffix, char out[SPOOL_PATH_MAX])
{
    (void)snprintf(out, SPOOL_PATH_MAX, "%s/%016llx%s", s->dir, (unsigned long long)number, suffix);
}

static struct spool_segment *last_segment(const struct agent_spool *s)
{
    return &s->segments[s->segment_count - 1];
}

static void push_segment(struct agent_spool *s, uint64_t number, int fd, uint32_t size)
{
    s->segments = gw_xgrow(s->segments, s->segment_count, &s->segment_cap, sizeof(*s->segments));
    s->segments[s->segment_count++] = (struct spool_segment){.number = number, .fd = fd, .size = size};
}

static void pop_segment(struct agent_spool *s)
{
    (void)s->settings.fs->close(s->settings.fs->ctx, last_segment(s)->fd);
    s->segment_count--;
}

/* Writes the head record into a file that nobody knows yet and makes file and name durable. */
static enum gw_rc write_head(struct agent_spool *s, uint64_t number, int fd, uint32_t *ret_size, struct gw_err *err)
{
    const struct gw_fs *fs = s->settings.fs;
    GW_CLEANUP(gw_buf_done) struct gw_buf payload, record;
    gw_buf_init(&payload, AGENT_RECORD_PAYLOAD_MAX);
    gw_buf_init(&record, AGENT_RECORD_PAYLOAD_MAX + 64);
    spool_head_format(s, number, &payload);
    agent_record_add(&record, s->settings.hash, AGENT_RECORD_HEAD, gw_buf_view(&payload));
    enum gw_rc rc = gw_buf_rc(&payload) ? gw_buf_rc(&payload) : gw_buf_rc(&record);
    if (rc)
        return gw_err_set(err, rc, "head record");
    rc = gw_fs_write_all(fs, fd, gw_buf_view(&record), 0, err);
    if (!rc && fs->sync(fs->ctx, fd))
        rc = gw_err_sys(err, "sync");
    if (!rc && fs->sync_dir(fs->ctx, s->dir))
        rc = gw_err_sys(err, "sync of the directory");
    *ret_size = (uint32_t)record.len;
    return rc;
}

enum gw_rc spool_disk_add_segment(struct agent_spool *s, uint64_t number, struct gw_err *err)
{
    const struct gw_fs *fs = s->settings.fs;
    char path[SPOOL_PATH_MAX];
    uint32_t size = 0;
    spool_disk_path(s, number, ".seg", path);
    int fd = fs->open(fs->ctx, path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return gw_err_sys(err, "spool file %s", path);
    enum gw_rc rc = write_head(s, number, fd, &size, err);
    if (rc) {
        (void)fs->close(fs->ctx, fd);
        (void)fs->unlink(fs->ctx, path);
        return gw_err_wrap(err, rc, "spool file %s", path);
    }
    push_segment(s, number, fd, size);
    return GW_OK;
}

enum gw_rc spool_disk_swap(struct agent_spool *s, uint64_t number, struct gw_view content, int *ret_fd,
                           struct gw_err *err)
{
    const struct gw_fs *fs = s->settings.fs;
    char path[SPOOL_PATH_MAX], fresh[SPOOL_PATH_MAX];
    spool_disk_path(s, number, ".seg", path);
    spool_disk_path(s, number, ".new", fresh);
    (void)fs->unlink(fs->ctx, fresh);
    int fd = fs->open(fs->ctx, fresh, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return gw_err_sys(err, "spool file %s", fresh);
    enum gw_rc rc = gw_fs_write_all(fs, fd, content, 0, err);
    if (!rc && (fs->sync(fs->ctx, fd) || fs->rename(fs->ctx, fresh, path)))
        rc = gw_err_sys(err, "spool file %s", path);
    if (rc) {
        (void)fs->close(fs->ctx, fd);
        (void)fs->unlink(fs->ctx, fresh);
        return rc;
    }
    *ret_fd = fd;
    return GW_OK;
}

static enum gw_rc flush(struct agent_spool *s, struct gw_err *err)
{
    const struct gw_fs *fs = s->settings.fs;
    struct spool_segment *last = last_segment(s);
    if (s->out.len == 0)
        return GW_OK;
    enum gw_rc rc = gw_fs_write_all(fs, last->fd, gw_buf_view(&s->out), last->size, err);
    if (rc) {
        /* What was half written must not be taken for a record later: its bytes come from outside. */
        if (fs->truncate(fs->ctx, last->fd, last->size))
            s->broken = true;
        return gw_err_wrap(err, rc, "spool file %016llx", (unsigned long long)last->number);
    }
    last->size += (uint32_t)s->out.len;
    gw_buf_reset(&s->out);
    s->unsynced = true;
    return GW_OK;
}

enum gw_rc spool_disk_sync(struct agent_spool *s, struct gw_err *err)
{
    const struct gw_fs *fs = s->settings.fs;
    if (s->broken)
        return gw_err_set(err, GW_IO, "spool: an earlier write or sync failed; start anew");
    enum gw_rc rc = flush(s, err);
    if (rc || !s->unsynced)
        return rc;
    if (fs->sync(fs->ctx, last_segment(s)->fd)) {
        s->broken = true; /* the kernel may have dropped the pages: another sync would lie */
        (void)gw_err_sys(err, "sync of spool file %016llx", (unsigned long long)last_segment(s)->number);
        return err ? (err->rc = GW_IO) : GW_IO;
    }
    s->unsynced = false;
    return GW_OK;
}

static void write_epoch_file(struct agent_spool *s)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%016llx\n", (unsigned long long)s->epoch);
    if (!gw_fs_replace(s->settings.fs, s->epoch_path, gw_view_make(text, (size_t)n), 0600, NULL))
        s->epoch_written = true;
}

/* A neighbour whose content stands in the next file goes as soon as that file is there for good, and must be gone for
 * good before that file goes. */
static bool drop_stale(struct agent_spool *s)
{
    const struct gw_fs *fs = s->settings.fs;
    char path[SPOOL_PATH_MAX];
    if (s->stale == 0)
        return true;
    spool_disk_path(s, s->stale, ".seg", path);
    if (fs->sync_dir(fs->ctx, s->dir) || (fs->unlink(fs->ctx, path) && errno != ENOENT) ||
        fs->sync_dir(fs->ctx, s->dir))
        return false;
    s->stale = 0;
    return true;
}

/* The front file goes once nothing in it lives: the next one's head says all that it did. */
static void drop_front(struct agent_spool *s)
{
    const struct gw_fs *fs = s->settings.fs;
    while (s->segment_count > 1 && s->segments[0].live == 0) {
        char path[SPOOL_PATH_MAX];
        spool_disk_path(s, s->segments[0].number, ".seg", path);
        /* One at a time, so that after a power cut no file is missing between two. It may have gone in an earlier call
         * that could not sync the directory. */
        if ((fs->unlink(fs->ctx, path) && errno != ENOENT) || fs->sync_dir(fs->ctx, s->dir))
            return;
        (void)fs->close(fs->ctx, s->segments[0].fd);
        s->segment_count--;
        memmove(s->segments, s->segments + 1, s->segment_count * sizeof(s->segments[0]));
    }
}

void spool_disk_tidy(struct agent_spool *s)
{
    if (!s->epoch_written)
        write_epoch_file(s);
    if (last_segment(s)->size >= s->settings.segment_bytes)
        (void)spool_disk_add_segment(s, last_segment(s)->number + 1, NULL);
    if (!drop_stale(s))
        return;
    drop_front(s);
    spool_compact(s);
    (void)drop_stale(s); /* otherwise the next time */
}

enum gw_rc spool_disk_read(const struct agent_spool *s, const struct spool_entry *e, struct gw_buf *ret_bytes,
                           struct gw_err *err)
{
    const struct spool_segment *segment = spool_segment_find(s, e->segment);
    if (e->offset >= segment->size) {
        size_t at = e->offset - segment->size;
        return gw_buf_add(ret_bytes, s->out.ptr + at, e->len);
    }
    uint8_t *room = gw_buf_reserve(ret_bytes, e->len);
    if (!room)
        return gw_err_set(err, gw_buf_rc(ret_bytes), "spool: event of %u bytes", e->len);
    for (size_t done = 0; done < e->len;) {
        ssize_t n = pread(segment->fd, room + done, e->len - done, (off_t)(e->offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            (void)gw_err_sys(err, "spool file %016llx at %u", (unsigned long long)segment->number, e->offset);
            return GW_IO;
        }
        if (n == 0)
            return gw_err_set(err, GW_IO, "spool file %016llx ends at %zu, within an event",
                              (unsigned long long)segment->number, e->offset + done);
        done += (size_t)n;
    }
    gw_buf_commit(ret_bytes, e->len);
    return GW_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return x < y ? -1 : x > y;
}

/* Collects the numbers of the ".seg" files, sorted; drops what a stopped compaction left. */
static enum gw_rc list_files(struct agent_spool *s, struct gw_buf *ret_numbers, struct gw_err *err)
{
    const struct gw_fs *fs = s->settings.fs;
    DIR *dir = opendir(s->dir);
    if (!dir)
        return gw_err_sys(err, "spool directory %s", s->dir);
    struct dirent *d;
    while (errno = 0, (d = readdir(dir))) {
        struct gw_view name = gw_view_str(d->d_name);
        uint8_t be[8];
        if (name.len != NAME_LEN || gw_hex_parse(gw_view_make(name.ptr, 16), be, sizeof(be)))
            continue;
        uint64_t number;
        struct gw_reader r = {gw_view_make(be, sizeof(be))};
        char path[SPOOL_PATH_MAX];
        if (gw_read_u64(&r, &number))
            continue;
        if (gw_view_eq_str(gw_view_make(name.ptr + 16, 4), ".seg"))
            (void)gw_buf_add(ret_numbers, &number, sizeof(number));
        spool_disk_path(s, number, ".new", path);
        if (gw_view_eq_str(gw_view_make(name.ptr + 16, 4), ".new"))
            (void)fs->unlink(fs->ctx, path);
    }
    enum gw_rc rc = errno ? gw_err_sys(err, "spool directory %s", s->dir) : GW_OK; /* half a spool is none */
    (void)closedir(dir);
    if (rc)
        return rc;
    if (ret_numbers->len)
        qsort(ret_numbers->ptr, ret_numbers->len / sizeof(uint64_t), sizeof(uint64_t), compare_numbers);
    return gw_buf_rc(ret_numbers);
}

/* Applies the records of one file; *ret_good is how many bytes were whole records. */
static void replay(struct agent_spool *s, struct gw_view content, bool first, uint32_t *ret_good)
{
    struct gw_reader r = {content};
    struct agent_record record;
    uint64_t number = last_segment(s)->number;
    for (uint32_t at = 0; !agent_record_read(&r, s->settings.hash, &record);
         at = (uint32_t)(content.len - r.rest.len)) {
        if ((at == 0) != (record.type == AGENT_RECORD_HEAD))
            return;
        uint32_t offset = at + AGENT_RECORD_HEAD_LEN;
        if (at == 0 && !first && !s->damaged) {
            *ret_good = (uint32_t)(content.len - r.rest.len);
            continue; /* says what we know already */
        }
        if (s->damaged ? spool_salvage(s, &record, number, offset) : spool_apply(s, &record, number, offset))
            return;
        *ret_good = (uint32_t)(content.len - r.rest.len);
    }
}

/* The end of the last file may be torn: what is not a whole record was never promised. */
static enum gw_rc cut_tail(struct agent_spool *s, uint32_t good, struct gw_err *err)
{
    const struct gw_fs *fs = s->settings.fs;
    struct spool_segment *last = last_segment(s);
    if (fs->truncate(fs->ctx, last->fd, good) || fs->sync(fs->ctx, last->fd))
        return gw_err_sys(err, "cut of spool file %016llx", (unsigned long long)last->number);
    last->size = good;
    return GW_OK;
}

static enum gw_rc load(struct agent_spool *s, uint64_t number, bool first, bool last, struct gw_err *err)
{
    const struct gw_fs *fs = s->settings.fs;
    char path[SPOOL_PATH_MAX];
    GW_CLEANUP(gw_buf_done) struct gw_buf content;
    gw_buf_init(&content, SPOOL_FILE_MAX);
    spool_disk_path(s, number, ".seg", path);
    enum gw_rc rc = gw_fs_read_file(path, &content, err);
    if (rc)
        return rc;
    int fd = fs->open(fs->ctx, path, O_RDWR, 0);
    if (fd < 0)
        return gw_err_sys(err, "spool file %s", path);
    push_segment(s, number, fd, (uint32_t)content.len);
    uint32_t good = 0;
    replay(s, gw_buf_view(&content), first, &good);
    if (last && good == 0) { /* power failed while it was made: nothing in it was promised */
        pop_segment(s);
        if (fs->unlink(fs->ctx, path) || fs->sync_dir(fs->ctx, s->dir))
            return gw_err_sys(err, "spool file %s", path);
        return GW_OK;
    }
    if (good < content.len && last)
        return cut_tail(s, good, err);
    s->damaged = s->damaged || good < content.len;
    return GW_OK;
}

/* After a whole replay the numbered events and the batches cover freed … next without a hole. */
static bool consistent(const struct agent_spool *s)
{
    uint64_t at = s->freed;
    for (size_t i = 0; i < s->sealed_count; i++) {
        if (s->sealed[i].first != at)
            return false;
        at += s->sealed[i].count;
    }
    return at == s->next && s->numbered == s->next - s->freed;
}

/* From which number on a file stands for others; its own when its head cannot be read. */
static uint64_t covers_from(const struct agent_spool *s, uint64_t number)
{
    char path[SPOOL_PATH_MAX];
    uint8_t bytes[HEAD_READ_MAX];
    struct agent_record record;
    uint64_t from = number;
    spool_disk_path(s, number, ".seg", path);
    GW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : pread(fd, bytes, sizeof(bytes), 0);
    struct gw_reader r = {gw_view_make(bytes, n < 0 ? 0 : (size_t)n)};
    if (agent_record_read(&r, s->settings.hash, &record) || record.type != AGENT_RECORD_HEAD)
        return number;
    struct gw_reader payload = {record.payload};
    return gw_read_u64(&payload, &from) || from > number ? number : from;
}

struct file {
    uint64_t number, from;
};

/* Fills files with what counts, in rising order, and removes what a later file stands for. */
static size_t choose_files(struct agent_spool *s, struct gw_view numbers, struct file *files)
{
    size_t count = numbers.len / sizeof(uint64_t), chosen = count;
    uint64_t covered = UINT64_MAX;
    for (size_t i = count; i > 0; i--) {
        struct file f;
        char path[SPOOL_PATH_MAX];
        memcpy(&f.number, numbers.ptr + (i - 1) * sizeof(f.number), sizeof(f.number));
        if (f.number >= covered) {
            spool_disk_path(s, f.number, ".seg", path);
            (void)s->settings.fs->unlink(s->settings.fs->ctx, path);
            continue;
        }
        f.from = covers_from(s, f.number);
        covered = f.from;
        files[--chosen] = f;
    }
    memmove(files, files + chosen, (count - chosen) * sizeof(*files));
    return count - chosen;
}

enum gw_rc spool_disk_open(struct agent_spool *s, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf numbers;
    gw_buf_init(&numbers, 1024 * 1024);
    enum gw_rc rc = list_files(s, &numbers, err);
    if (rc)
        return rc;
    GW_FREE struct file *files = gw_xalloc(numbers.len / sizeof(uint64_t), sizeof(*files));
    size_t count = choose_files(s, gw_buf_view(&numbers), files);
    for (size_t i = 0; i < count && !rc; i++) {
        s->damaged = s->damaged || (i > 0 && files[i].from != files[i - 1].number + 1);
        rc = load(s, files[i].number, i == 0, i + 1 == count, err);
    }
    if (!rc)
        s->damaged = s->damaged || !consistent(s);
    return rc;
}
