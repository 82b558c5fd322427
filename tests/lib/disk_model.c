#include "disk_model.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_model_impl.h"
#include "gw_cleanup.h"

static void fail(const char *what, const char *path)
{
    (void)fprintf(stderr, "disk_model: %s: %s\n", what, path);
    abort();
}

static const char *relative(const struct disk_model *m, const char *path)
{
    size_t len = strlen(m->dir);
    if (path[0] != '/' && strlen(path) + len + 2 <= DISK_PATH_MAX)
        return strcmp(path, ".") == 0 ? "" : path;
    if (strncmp(path, m->dir, len) != 0 || (path[len] != '/' && path[len] != '\0'))
        fail("outside of the model's directory", path);
    if (strlen(path) >= DISK_PATH_MAX)
        fail("path too long", path);
    return path[len] ? path + len + 1 : "";
}

struct full {
    char path[2 * DISK_PATH_MAX];
};

static struct full full(const struct disk_model *m, const char *name)
{
    struct full out;
    (void)snprintf(out.path, sizeof(out.path), "%s/%s", m->dir, name);
    return out;
}

static struct change *record(struct disk_model *m, enum change_kind kind, int file)
{
    if ((m->change_count & (m->change_count - 1)) == 0) {
        size_t cap = m->change_count ? 2 * m->change_count : 1;
        m->changes = reallocarray(m->changes, cap, sizeof(*m->changes));
        if (!m->changes)
            abort();
    }
    struct change *c = &m->changes[m->change_count++];
    *c = (struct change){.kind = kind, .file = file};
    return c;
}

/* The power is gone: nothing happens any more. */
static bool is_off(const struct disk_model *m)
{
    if (m->change_count < m->stop_at)
        return false;
    errno = EIO;
    return true;
}

static int file_of_fd(const struct disk_model *m, int fd)
{
    if (fd < 0 || fd >= DISK_FDS_MAX || m->fd_file[fd] == 0)
        fail("a descriptor that the model did not open", m->dir);
    return m->fd_file[fd] - 1;
}

int disk_model_add_file(struct disk_model *m)
{
    m->files = reallocarray(m->files, m->file_count + 1, sizeof(*m->files));
    if (!m->files)
        abort();
    m->files[m->file_count] = (struct file){0};
    return (int)m->file_count++;
}

static int opened(struct disk_model *m, int fd, const char *path, int flags)
{
    int file = names_find(&m->now, path);
    if (file < 0 && !(flags & O_CREAT))
        fail("made behind the model's back", path);
    if (file < 0) {
        file = disk_model_add_file(m);
        names_set(&m->now, path, file);
        record(m, CHANGE_CREATE, file)->path = gw_xstrdup(path);
    } else if (flags & O_TRUNC) {
        (void)record(m, CHANGE_TRUNCATE, file);
    }
    if (fd >= DISK_FDS_MAX)
        fail("too many descriptors", path);
    m->fd_file[fd] = file + 1;
    return fd;
}

static int model_open(void *ctx, const char *path, int flags, mode_t mode)
{
    struct disk_model *m = ctx;
    const char *name = relative(m, path);
    (void)pthread_mutex_lock(&m->lock);
    int fd = -1;
    if (!is_off(m))
        fd = open(full(m, name).path, flags | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd >= 0)
        fd = opened(m, fd, name, flags);
    (void)pthread_mutex_unlock(&m->lock);
    return fd;
}

/* Room for a file to become so long; its length before that is given back or taken. */
static bool has_room(struct disk_model *m, int fd, int64_t size)
{
    struct stat st;
    if (fstat(fd, &st))
        return false;
    if (m->room < 0)
        return true;
    int64_t growth = size - st.st_size;
    if (growth > m->room) {
        errno = ENOSPC;
        return false;
    }
    m->room -= growth;
    return true;
}

static bool write_has_room(struct disk_model *m, int fd, int64_t end)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (end <= st.st_size || has_room(m, fd, end));
}

static ssize_t model_pwrite(void *ctx, int fd, const void *bytes, size_t len, int64_t offset)
{
    struct disk_model *m = ctx;
    ssize_t n = -1;
    (void)pthread_mutex_lock(&m->lock);
    int file = file_of_fd(m, fd);
    if (!is_off(m) && write_has_room(m, fd, offset + (int64_t)len))
        n = pwrite(fd, bytes, len, offset);
    if (n > 0) {
        struct change *c = record(m, CHANGE_WRITE, file);
        c->offset = offset;
        c->len = (size_t)n;
        c->bytes = gw_xalloc(c->len, 1);
        memcpy(c->bytes, bytes, c->len);
    }
    (void)pthread_mutex_unlock(&m->lock);
    return n;
}

static int model_truncate(void *ctx, int fd, int64_t size)
{
    struct disk_model *m = ctx;
    int rc = -1;
    (void)pthread_mutex_lock(&m->lock);
    int file = file_of_fd(m, fd);
    if (!is_off(m) && has_room(m, fd, size))
        rc = ftruncate(fd, size);
    if (rc == 0)
        record(m, CHANGE_TRUNCATE, file)->offset = size;
    (void)pthread_mutex_unlock(&m->lock);
    return rc;
}

static bool ends_in(const char *path, const char *suffix)
{
    size_t len = strlen(path), tail = strlen(suffix);
    return len >= tail && strcmp(path + len - tail, suffix) == 0;
}

/* Is it this sync's turn to go wrong? */
static bool lie_now(const struct disk_model *m, struct lie *lie, int file)
{
    if (!lie->armed)
        return false;
    for (size_t i = 0; i < m->now.count; i++)
        if (m->now.list[i].file == file && ends_in(m->now.list[i].path, lie->suffix)) {
            bool now = lie->left == 0;
            lie->left--;
            lie->armed = !now;
            return now;
        }
    return false;
}

static int model_sync(void *ctx, int fd)
{
    struct disk_model *m = ctx;
    int rc = -1;
    (void)pthread_mutex_lock(&m->lock);
    int file = file_of_fd(m, fd);
    if (!is_off(m)) {
        if (lie_now(m, &m->fail, file)) {
            errno = EIO;
        } else {
            record(m, CHANGE_SYNC, file)->lied = lie_now(m, &m->skip, file);
            rc = 0;
        }
    }
    (void)pthread_mutex_unlock(&m->lock);
    return rc;
}

static int model_sync_dir(void *ctx, const char *path)
{
    struct disk_model *m = ctx;
    const char *name = relative(m, path);
    int rc = -1;
    (void)pthread_mutex_lock(&m->lock);
    if (!is_off(m)) {
        struct change *c = record(m, CHANGE_SYNC_DIR, -1);
        c->path = gw_xstrdup(name);
        c->lied = m->skip_dir_syncs;
        rc = 0;
    }
    (void)pthread_mutex_unlock(&m->lock);
    return rc;
}

static int model_rename(void *ctx, const char *from, const char *to)
{
    struct disk_model *m = ctx;
    const char *old = relative(m, from), *fresh = relative(m, to);
    int rc = -1;
    (void)pthread_mutex_lock(&m->lock);
    if (!is_off(m))
        rc = rename(full(m, old).path, full(m, fresh).path);
    if (rc == 0) {
        int file = names_find(&m->now, old);
        if (file < 0 && !names_rename_dir(&m->now, old, fresh))
            fail("rename of a file that the model does not know", from);
        if (file >= 0) {
            names_remove(&m->now, old);
            names_set(&m->now, fresh, file);
        }
        struct change *c = record(m, CHANGE_RENAME, file);
        c->path = gw_xstrdup(old);
        c->to = gw_xstrdup(fresh);
    }
    (void)pthread_mutex_unlock(&m->lock);
    return rc;
}

static int model_unlink(void *ctx, const char *path)
{
    struct disk_model *m = ctx;
    const char *name = relative(m, path);
    struct stat st = {0};
    int rc = -1;
    (void)pthread_mutex_lock(&m->lock);
    if (!is_off(m) && lstat(full(m, name).path, &st) == 0)
        rc = unlink(full(m, name).path);
    if (rc == 0) {
        record(m, CHANGE_UNLINK, names_find(&m->now, name))->path = gw_xstrdup(name);
        names_remove(&m->now, name);
        if (m->room >= 0)
            m->room += st.st_size;
    }
    (void)pthread_mutex_unlock(&m->lock);
    return rc;
}

static int model_close(void *ctx, int fd)
{
    struct disk_model *m = ctx;
    (void)pthread_mutex_lock(&m->lock);
    (void)file_of_fd(m, fd);
    m->fd_file[fd] = 0;
    int rc = close(fd);
    (void)pthread_mutex_unlock(&m->lock);
    return rc;
}

/* What lies in the directory when the model begins. nftw(3) passes no context. */
static struct disk_model *walking;

static int take_file(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
    (void)walk;
    if (flag != FTW_F || !S_ISREG(st->st_mode))
        return 0;
    struct gw_buf content;
    gw_buf_init(&content, SIZE_MAX / 2);
    if (gw_fs_read_file(path, &content, NULL) != GW_OK)
        fail("cannot read", path);
    int file = disk_model_add_file(walking);
    struct content *base = &walking->files[file].base;
    gw_buf_take(&content, &base->bytes, &base->len);
    names_set(&walking->base, relative(walking, path), file);
    return 0;
}

struct disk_model *disk_model_new(const char *dir)
{
    struct disk_model *m = gw_xalloc(1, sizeof(*m));
    (void)pthread_mutex_init(&m->lock, NULL);
    if (dir[0] != '/' || strlen(dir) >= sizeof(m->dir))
        fail("needs an absolute path", dir);
    (void)snprintf(m->dir, sizeof(m->dir), "%s", dir);
    m->fs = (struct gw_fs){
        .ctx = m,
        .open = model_open,
        .pwrite = model_pwrite,
        .truncate = model_truncate,
        .sync = model_sync,
        .sync_dir = model_sync_dir,
        .rename = model_rename,
        .unlink = model_unlink,
        .close = model_close,
    };
    m->stop_at = UINT64_MAX;
    m->room = -1;
    m->replayed = UINT64_MAX; /* not begun */
    walking = m;
    if (nftw(dir, take_file, 16, FTW_PHYS))
        fail("cannot walk", dir);
    names_copy(&m->base, &m->now);
    return m;
}

void disk_model_free(struct disk_model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->change_count; i++) {
        free(m->changes[i].bytes);
        free(m->changes[i].path);
        free(m->changes[i].to);
    }
    for (size_t i = 0; i < m->file_count; i++) {
        free(m->files[i].base.bytes);
        free(m->files[i].safe.bytes);
        free(m->files[i].pending.list);
    }
    free(m->changes);
    free(m->files);
    free(m->now.list);
    free(m->base.list);
    free(m->safe.list);
    free(m->pending_names.list);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

const char *disk_model_dir(const struct disk_model *m)
{
    return m->dir;
}

const struct gw_fs *disk_model_fs(struct disk_model *m)
{
    return &m->fs;
}

uint64_t disk_model_changes(const struct disk_model *m)
{
    return m->change_count;
}

void disk_model_stop_at(struct disk_model *m, uint64_t change)
{
    m->stop_at = change;
}

bool disk_model_stopped(const struct disk_model *m)
{
    return m->change_count >= m->stop_at;
}

void disk_model_room(struct disk_model *m, int64_t bytes)
{
    m->room = bytes;
}

static void arm(struct lie *lie, const char *suffix, uint64_t n)
{
    (void)snprintf(lie->suffix, sizeof(lie->suffix), "%s", suffix);
    lie->left = n;
    lie->armed = true;
}

void disk_model_skip_sync(struct disk_model *m, const char *suffix, uint64_t n)
{
    arm(&m->skip, suffix, n);
}

void disk_model_fail_sync(struct disk_model *m, const char *suffix, uint64_t n)
{
    arm(&m->fail, suffix, n);
}

void disk_model_skip_dir_syncs(struct disk_model *m)
{
    m->skip_dir_syncs = true;
}
