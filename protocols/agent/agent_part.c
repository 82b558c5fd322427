#include "agent_part.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bulk_hash.h"

#define CHECK_SLICE (1024 * 1024) /* bytes hashed again in one step */
#define SYNC_BYTES  (4 * 1024 * 1024)

static void hash_restart(struct agent_part *p)
{
    bulk_hash_ops()->stream_free(p->hash);
    p->hash = bulk_hash_ops()->stream_new();
    p->have = 0;
}

enum gw_rc agent_part_empty(struct agent_part *p, struct gw_err *err)
{
    if (p->fs->truncate(p->fs->ctx, p->fd, 0))
        return gw_err_sys(err, "%s", p->part);
    p->length = p->synced = 0;
    p->resumed = false;
    hash_restart(p);
    return GW_OK;
}

enum gw_rc agent_part_open(struct agent_part *p, const struct gw_fs *fs, const char *path,
                           const struct agent_part_want *want, struct gw_err *err)
{
    struct stat st;
    *p = (struct agent_part){.fs = fs, .want = *want, .fd = -1};
    if (strlen(path) >= sizeof(p->path) || !strchr(path, '/'))
        return gw_err_set(err, GW_INVALID, "%s: the path is too long, or names no directory", path);
    (void)snprintf(p->path, sizeof(p->path), "%s", path);
    (void)snprintf(p->part, sizeof(p->part), "%s.part", path);
    if (access(p->path, F_OK) == 0 && fs->rename(fs->ctx, p->path, p->part))
        return gw_err_sys(err, "%s", p->path);
    p->fd = fs->open(fs->ctx, p->part, O_RDWR | O_CREAT, 0600);
    if (p->fd < 0 || fstat(p->fd, &st))
        return gw_err_sys(err, "%s", p->part);
    p->length = p->synced = (uint64_t)st.st_size;
    p->resumed = p->length > 0;
    hash_restart(p);
    return p->length > want->size ? agent_part_empty(p, err) : GW_OK;
}

void agent_part_close(struct agent_part *p)
{
    if (p->fd >= 0)
        (void)p->fs->close(p->fs->ctx, p->fd);
    p->fd = -1;
    bulk_hash_ops()->stream_free(p->hash);
    p->hash = NULL;
}

enum gw_rc agent_part_room(const struct agent_part *p, struct gw_err *err)
{
    struct statvfs st;
    if (fstatvfs(p->fd, &st))
        return gw_err_sys(err, "%s", p->part);
    uint64_t free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
    uint64_t wanted = p->want.size - p->length;
    if (free_bytes < wanted || free_bytes - wanted < p->want.spare_bytes)
        return gw_err_set(err, GW_NO_SPACE, "the disk is full: %llu bytes to come and %llu to spare, %llu free",
                          (unsigned long long)wanted, (unsigned long long)p->want.spare_bytes,
                          (unsigned long long)free_bytes);
    return GW_OK;
}

static enum gw_rc sync_file(struct agent_part *p, struct gw_err *err)
{
    if (p->fs->sync(p->fs->ctx, p->fd))
        return gw_err_sys(err, "sync of %s", p->part);
    p->synced = p->have;
    return GW_OK;
}

enum gw_rc agent_part_take(struct agent_part *p, struct gw_view bytes, struct gw_err *err)
{
    if (bytes.len > p->want.size - p->have)
        return gw_err_set(err, GW_CORRUPT, "longer than the %llu bytes of the manifest",
                          (unsigned long long)p->want.size);
    enum gw_rc rc = gw_fs_write_all(p->fs, p->fd, bytes, (int64_t)p->have, err);
    if (rc)
        return gw_err_wrap(err, rc, "%s", rc == GW_NO_SPACE ? "the disk is full" : p->part);
    bulk_hash_ops()->stream_add(p->hash, bytes);
    p->have += bytes.len;
    return p->have - p->synced >= SYNC_BYTES ? sync_file(p, err) : GW_OK;
}

enum gw_rc agent_part_check(struct agent_part *p, bool *ret_all, struct gw_err *err)
{
    static uint8_t slice[CHECK_SLICE];
    uint64_t left = p->length - p->have;
    size_t want = left < sizeof(slice) ? (size_t)left : sizeof(slice);
    ssize_t n = want ? pread(p->fd, slice, want, (off_t)p->have) : 0;
    if (n < 0)
        return gw_err_sys(err, "read of %s", p->part);
    bulk_hash_ops()->stream_add(p->hash, gw_view_make(slice, (size_t)n));
    p->have += (uint64_t)n;
    *ret_all = n == 0 || p->have == p->length;
    if (*ret_all)
        p->length = p->have;
    return GW_OK;
}

void agent_part_pause(struct agent_part *p)
{
    p->resumed = p->resumed || p->length > 0;
    p->length = p->have;
}

static enum gw_rc name_whole(struct agent_part *p, struct gw_err *err)
{
    enum gw_rc rc = sync_file(p, err);
    if (rc)
        return rc;
    if (p->fs->rename(p->fs->ctx, p->part, p->path))
        return gw_err_sys(err, "rename to %s", p->path);
    return gw_fs_sync_parent(p->fs, p->path, err);
}

enum gw_rc agent_part_finish(struct agent_part *p, struct gw_err *err)
{
    struct gw_sha256 hash;
    bulk_hash_ops()->stream_end(p->hash, &hash);
    p->hash = NULL;
    if (gw_sha256_eq(&hash, &p->want.sha256))
        return name_whole(p, err);
    bool again = p->resumed;
    enum gw_rc rc = agent_part_empty(p, err);
    if (rc)
        return rc;
    return gw_err_set(err, again ? GW_AGAIN : GW_CORRUPT, "the SHA-256 is not that of the manifest");
}
