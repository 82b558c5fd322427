#include "vfs_model.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"

#define PATH_BYTES  512
#define SHM_REGIONS 1024

struct vfs_model {
    sqlite3_vfs vfs;
    sqlite3_vfs *os; /* the operating system's, for time and randomness */
    struct disk_model *disk;
    const struct gw_fs *fs;
    char name[32];
    bool weak;
    int last_errno;
};

/* One database file: locks and the WAL's index, shared by the connections of this process. */
struct node {
    struct node *next;
    char path[PATH_BYTES];
    int users;
    int shared;              /* connections with SHARED or more */
    const void *writer;      /* holds RESERVED or more */
    bool pending, exclusive; /* the writer waits for readers, has it alone */
    void *region[SHM_REGIONS];
    int shm_users;
    int shm_shared[SQLITE_SHM_NLOCK];
    const void *shm_owner[SQLITE_SHM_NLOCK];
};

struct model_file {
    sqlite3_file base;
    struct vfs_model *v;
    struct node *node; /* main database files only */
    int fd;
    int level;     /* SQLITE_LOCK_… */
    bool sync_dir; /* a new journal or WAL: its first sync makes its name safe too */
    bool shm_mapped;
    unsigned shm_shared_mask;
    char path[PATH_BYTES];
};

static pthread_mutex_t node_lock = PTHREAD_MUTEX_INITIALIZER;
static struct node *nodes;

static struct model_file *model_file(sqlite3_file *f)
{
    return (struct model_file *)f;
}

static struct node *node_get(const char *path)
{
    (void)pthread_mutex_lock(&node_lock);
    struct node *n = nodes;
    while (n && strcmp(n->path, path) != 0)
        n = n->next;
    if (!n) {
        n = gw_xalloc(1, sizeof(*n));
        (void)snprintf(n->path, sizeof(n->path), "%s", path);
        n->next = nodes;
        nodes = n;
    }
    n->users++;
    (void)pthread_mutex_unlock(&node_lock);
    return n;
}

static void node_put(struct node *n)
{
    (void)pthread_mutex_lock(&node_lock);
    if (--n->users == 0) {
        struct node **at = &nodes;
        while (*at != n)
            at = &(*at)->next;
        *at = n->next;
        for (int i = 0; i < SHM_REGIONS; i++)
            free(n->region[i]);
        free(n);
    }
    (void)pthread_mutex_unlock(&node_lock);
}

static int io_error(struct vfs_model *v, int code)
{
    v->last_errno = errno;
    return errno == ENOSPC ? SQLITE_FULL : code;
}

static int sync_dir_of(struct vfs_model *v, const char *path)
{
    char dir[PATH_BYTES];
    (void)snprintf(dir, sizeof(dir), "%s", path);
    *strrchr(dir, '/') = '\0';
    return v->fs->sync_dir(v->fs->ctx, dir);
}

static int x_unlock(sqlite3_file *file, int level)
{
    struct model_file *f = model_file(file);
    struct node *n = f->node;
    if (!n || f->level <= level)
        return SQLITE_OK;
    (void)pthread_mutex_lock(&node_lock);
    if (n->writer == f) {
        n->writer = NULL;
        n->pending = n->exclusive = false;
    }
    if (level == SQLITE_LOCK_NONE)
        n->shared--;
    f->level = level;
    (void)pthread_mutex_unlock(&node_lock);
    return SQLITE_OK;
}

static bool lock_step(struct model_file *f, int level)
{
    struct node *n = f->node;
    if (level == SQLITE_LOCK_SHARED) {
        if (n->pending || n->exclusive)
            return false;
        n->shared++;
        return true;
    }
    if (n->writer && n->writer != f)
        return false;
    n->writer = f;
    if (level != SQLITE_LOCK_EXCLUSIVE)
        return true;
    n->pending = true;
    n->exclusive = n->shared == 1;
    return n->exclusive;
}

static int x_lock(sqlite3_file *file, int level)
{
    struct model_file *f = model_file(file);
    if (!f->node || f->level >= level)
        return SQLITE_OK;
    (void)pthread_mutex_lock(&node_lock);
    bool got = lock_step(f, level);
    if (got)
        f->level = level;
    else if (f->node->pending && f->node->writer == f)
        f->level = SQLITE_LOCK_PENDING;
    (void)pthread_mutex_unlock(&node_lock);
    return got ? SQLITE_OK : SQLITE_BUSY;
}

static int x_check_reserved_lock(sqlite3_file *file, int *ret)
{
    struct model_file *f = model_file(file);
    (void)pthread_mutex_lock(&node_lock);
    *ret = f->node && f->node->writer != NULL;
    (void)pthread_mutex_unlock(&node_lock);
    return SQLITE_OK;
}

static int x_shm_unmap(sqlite3_file *file, int delete_it);

static int x_close(sqlite3_file *file)
{
    struct model_file *f = model_file(file);
    (void)x_shm_unmap(file, 0);
    (void)x_unlock(file, SQLITE_LOCK_NONE);
    if (f->node)
        node_put(f->node);
    f->node = NULL;
    return f->v->fs->close(f->v->fs->ctx, f->fd) ? SQLITE_IOERR_CLOSE : SQLITE_OK;
}

static int x_read(sqlite3_file *file, void *out, int len, sqlite3_int64 offset)
{
    struct model_file *f = model_file(file);
    if (disk_model_stopped(f->v->disk)) {
        errno = EIO;
        return io_error(f->v, SQLITE_IOERR_READ);
    }
    size_t got = 0;
    while (got < (size_t)len) {
        ssize_t n = pread(f->fd, (char *)out + got, (size_t)len - got, offset + (int64_t)got);
        if (n < 0)
            return io_error(f->v, SQLITE_IOERR_READ);
        if (n == 0) {
            memset((char *)out + got, 0, (size_t)len - got);
            return SQLITE_IOERR_SHORT_READ;
        }
        got += (size_t)n;
    }
    return SQLITE_OK;
}

static int x_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
    struct model_file *f = model_file(file);
    size_t done = 0;
    while (done < (size_t)len) {
        ssize_t n = f->v->fs->pwrite(f->v->fs->ctx, f->fd, (const char *)bytes + done, (size_t)len - done,
                                     offset + (int64_t)done);
        if (n <= 0)
            return io_error(f->v, SQLITE_IOERR_WRITE);
        done += (size_t)n;
    }
    return SQLITE_OK;
}

static int x_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct model_file *f = model_file(file);
    return f->v->fs->truncate(f->v->fs->ctx, f->fd, size) ? io_error(f->v, SQLITE_IOERR_TRUNCATE) : SQLITE_OK;
}

static int x_sync(sqlite3_file *file, int flags)
{
    struct model_file *f = model_file(file);
    (void)flags;
    if (f->v->fs->sync(f->v->fs->ctx, f->fd))
        return io_error(f->v, SQLITE_IOERR_FSYNC);
    if (f->sync_dir && sync_dir_of(f->v, f->path))
        return io_error(f->v, SQLITE_IOERR_DIR_FSYNC);
    f->sync_dir = false;
    return SQLITE_OK;
}

static int x_file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    struct model_file *f = model_file(file);
    struct stat st;
    if (fstat(f->fd, &st))
        return io_error(f->v, SQLITE_IOERR_FSTAT);
    *ret_size = st.st_size;
    return SQLITE_OK;
}

static int x_file_control(sqlite3_file *file, int op, void *arg)
{
    struct model_file *f = model_file(file);
    if (op == SQLITE_FCNTL_LAST_ERRNO) {
        *(int *)arg = f->v->last_errno;
        return SQLITE_OK;
    }
    if (op != SQLITE_FCNTL_PRAGMA || !f->v->weak)
        return SQLITE_NOTFOUND;
    char **words = arg; /* [1] the pragma, [2] its value, which SQLite reads again after we have said "not mine" */
    if (words[2] && strcmp(words[1], "synchronous") == 0 && strcmp(words[2], "FULL") == 0)
        (void)snprintf(words[2], sizeof("FULL"), "%d", 1);
    return SQLITE_NOTFOUND;
}

static int x_sector_size(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

static int x_device_characteristics(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as the Unix VFS says of every disk */
}

static int x_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **ret)
{
    struct model_file *f = model_file(file);
    if (region >= SHM_REGIONS)
        return SQLITE_NOMEM;
    (void)pthread_mutex_lock(&node_lock);
    if (!f->shm_mapped)
        f->node->shm_users++;
    f->shm_mapped = true;
    if (!f->node->region[region] && extend)
        f->node->region[region] = gw_xalloc(1, (size_t)size);
    *ret = f->node->region[region];
    (void)pthread_mutex_unlock(&node_lock);
    return SQLITE_OK;
}

static bool shm_lock_one(struct model_file *f, int slot, bool exclusive)
{
    struct node *n = f->node;
    if (n->shm_owner[slot] && n->shm_owner[slot] != f)
        return false;
    bool mine = f->shm_shared_mask & (1U << slot);
    if (exclusive)
        return n->shm_shared[slot] == (mine ? 1 : 0);
    return true;
}

static void shm_take(struct model_file *f, int slot, bool exclusive)
{
    if (exclusive) {
        f->node->shm_owner[slot] = f;
    } else if (!(f->shm_shared_mask & (1U << slot))) {
        f->shm_shared_mask |= 1U << slot;
        f->node->shm_shared[slot]++;
    }
}

static void shm_release(struct model_file *f, int slot)
{
    if (f->node->shm_owner[slot] == f)
        f->node->shm_owner[slot] = NULL;
    if (f->shm_shared_mask & (1U << slot))
        f->node->shm_shared[slot]--;
    f->shm_shared_mask &= ~(1U << slot);
}

static int x_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    struct model_file *f = model_file(file);
    bool exclusive = flags & SQLITE_SHM_EXCLUSIVE, ok = true;
    (void)pthread_mutex_lock(&node_lock);
    for (int i = offset; i < offset + count; i++) {
        if (flags & SQLITE_SHM_UNLOCK)
            shm_release(f, i);
        else
            ok = ok && shm_lock_one(f, i, exclusive);
    }
    for (int i = offset; ok && (flags & SQLITE_SHM_LOCK) && i < offset + count; i++)
        shm_take(f, i, exclusive);
    (void)pthread_mutex_unlock(&node_lock);
    return ok ? SQLITE_OK : SQLITE_BUSY;
}

static void x_shm_barrier(sqlite3_file *file)
{
    (void)file;
    (void)pthread_mutex_lock(&node_lock);
    (void)pthread_mutex_unlock(&node_lock);
}

static int x_shm_unmap(sqlite3_file *file, int delete_it)
{
    struct model_file *f = model_file(file);
    (void)delete_it;
    if (!f->shm_mapped)
        return SQLITE_OK;
    (void)pthread_mutex_lock(&node_lock);
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++)
        shm_release(f, i);
    f->shm_mapped = false;
    if (--f->node->shm_users == 0)
        for (int i = 0; i < SHM_REGIONS; i++) {
            free(f->node->region[i]);
            f->node->region[i] = NULL;
        }
    (void)pthread_mutex_unlock(&node_lock);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_file_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_check_reserved_lock,
    .xFileControl = x_file_control,
    .xSectorSize = x_sector_size,
    .xDeviceCharacteristics = x_device_characteristics,
    .xShmMap = x_shm_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_shm_barrier,
    .xShmUnmap = x_shm_unmap,
};

static struct vfs_model *model_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static int x_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
    struct vfs_model *v = model_of(vfs);
    struct model_file *f = model_file(file);
    *f = (struct model_file){.v = v, .fd = -1};
    if (!path || strlen(path) >= sizeof(f->path)) /* temporary files stay in memory (db.c) */
        return SQLITE_CANTOPEN;
    int how = flags & SQLITE_OPEN_READONLY ? O_RDONLY : O_RDWR;
    how |= (flags & SQLITE_OPEN_CREATE ? O_CREAT : 0) | (flags & SQLITE_OPEN_EXCLUSIVE ? O_EXCL : 0);
    bool fresh = access(path, F_OK) != 0;
    f->fd = v->fs->open(v->fs->ctx, path, how, 0600);
    if (f->fd < 0) {
        v->last_errno = errno;
        return SQLITE_CANTOPEN;
    }
    (void)snprintf(f->path, sizeof(f->path), "%s", path);
    f->sync_dir = fresh && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL));
    if (flags & SQLITE_OPEN_MAIN_DB)
        f->node = node_get(path);
    if (ret_flags)
        *ret_flags = flags;
    f->base.pMethods = &methods;
    return SQLITE_OK;
}

static int x_delete(sqlite3_vfs *vfs, const char *path, int sync_it)
{
    struct vfs_model *v = model_of(vfs);
    if (v->fs->unlink(v->fs->ctx, path)) {
        v->last_errno = errno;
        return errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
    }
    return sync_it && sync_dir_of(v, path) ? io_error(v, SQLITE_IOERR_DIR_FSYNC) : SQLITE_OK;
}

static int x_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
    (void)vfs;
    struct stat st;
    if (flags == SQLITE_ACCESS_EXISTS) /* as the Unix VFS: an empty file does not exist */
        *ret = stat(path, &st) == 0 && (!S_ISREG(st.st_mode) || st.st_size > 0);
    else
        *ret = access(path, R_OK | W_OK) == 0;
    return SQLITE_OK;
}

static int x_full_pathname(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
    (void)vfs;
    int n = snprintf(out, (size_t)size, "%s", path);
    return path[0] == '/' && n < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int x_randomness(sqlite3_vfs *vfs, int len, char *out)
{
    return model_of(vfs)->os->xRandomness(model_of(vfs)->os, len, out);
}

static int x_sleep(sqlite3_vfs *vfs, int microseconds)
{
    return model_of(vfs)->os->xSleep(model_of(vfs)->os, microseconds);
}

static int x_current_time(sqlite3_vfs *vfs, double *ret)
{
    return model_of(vfs)->os->xCurrentTime(model_of(vfs)->os, ret);
}

static int x_get_last_error(sqlite3_vfs *vfs, int len, char *out)
{
    (void)len;
    (void)out;
    return model_of(vfs)->last_errno;
}

struct vfs_model *vfs_model_new(struct disk_model *disk)
{
    static unsigned count;
    struct vfs_model *v = gw_xalloc(1, sizeof(*v));
    (void)snprintf(v->name, sizeof(v->name), "gw-model-%u", count++);
    v->disk = disk;
    v->fs = disk_model_fs(disk);
    v->os = sqlite3_vfs_find(NULL);
    v->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = sizeof(struct model_file),
        .mxPathname = PATH_BYTES - 1,
        .zName = v->name,
        .pAppData = v,
        .xOpen = x_open,
        .xDelete = x_delete,
        .xAccess = x_access,
        .xFullPathname = x_full_pathname,
        .xRandomness = x_randomness,
        .xSleep = x_sleep,
        .xCurrentTime = x_current_time,
        .xGetLastError = x_get_last_error,
    };
    if (!v->os || sqlite3_vfs_register(&v->vfs, 0) != SQLITE_OK)
        abort();
    return v;
}

void vfs_model_free(struct vfs_model *v)
{
    if (!v)
        return;
    (void)sqlite3_vfs_unregister(&v->vfs);
    free(v);
}

const char *vfs_model_name(const struct vfs_model *v)
{
    return v->name;
}

void vfs_model_weaken(struct vfs_model *v)
{
    v->weak = true;
}
