/* The model's other half: what a disk holds after the power has gone. */
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

#define PAGE   4096
#define SECTOR 512

int names_find(const struct names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i].path, path) == 0)
            return names->list[i].file;
    return -1;
}

void names_remove(struct names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i].path, path) == 0) {
            names->list[i] = names->list[--names->count];
            return;
        }
}

void names_set(struct names *names, const char *path, int file)
{
    names_remove(names, path);
    names->list = reallocarray(names->list, names->count + 1, sizeof(*names->list));
    if (!names->list)
        abort();
    struct name *name = &names->list[names->count++];
    name->file = file;
    (void)snprintf(name->path, sizeof(name->path), "%s", path);
}

bool names_rename_dir(struct names *names, const char *from, const char *to)
{
    bool found = false;
    size_t len = strlen(from);
    for (size_t i = 0; i < names->count; i++) {
        char *path = names->list[i].path;
        char tail[DISK_PATH_MAX];
        if (strncmp(path, from, len) != 0 || path[len] != '/')
            continue;
        (void)snprintf(tail, sizeof(tail), "%s", path + len);
        if (snprintf(path, DISK_PATH_MAX, "%s%s", to, tail) >= DISK_PATH_MAX)
            abort();
        found = true;
    }
    return found;
}

void names_copy(const struct names *from, struct names *ret_copy)
{
    ret_copy->count = 0;
    for (size_t i = 0; i < from->count; i++)
        names_set(ret_copy, from->list[i].path, from->list[i].file);
}

void pending_add(struct pending *p, size_t change)
{
    p->list = reallocarray(p->list, p->count + 1, sizeof(*p->list));
    if (!p->list)
        abort();
    p->list[p->count++] = change;
}

/* splitmix64 (public domain, S. Vigna): the same choice for the same seed on every machine. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void resize(struct content *c, size_t len)
{
    if (!c->bytes || len > c->len) {
        c->bytes = realloc(c->bytes, len + 1);
        if (!c->bytes)
            abort();
        memset(c->bytes + c->len, 0, len - c->len);
    }
    c->len = len;
}

static void put(struct content *c, const struct change *w, size_t from, size_t to)
{
    size_t at = (size_t)w->offset + from;
    if (at + (to - from) > c->len)
        resize(c, at + (to - from));
    memcpy(c->bytes + at, w->bytes + from, to - from);
}

static void apply_whole(struct content *c, const struct change *w)
{
    if (w->kind == CHANGE_TRUNCATE)
        resize(c, (size_t)w->offset);
    else
        put(c, w, 0, w->len);
}

/* The end of the unit (page or sector of the file) that byte `at` of the write lies in. */
static size_t unit_end(const struct change *w, size_t at, size_t unit)
{
    size_t in_file = (size_t)w->offset + at;
    size_t end = at + unit - in_file % unit;
    return end < w->len ? end : w->len;
}

/* Each page of a write: not there, there, or torn. */
static void apply_some(struct content *c, const struct change *w, uint64_t *seed)
{
    if (w->kind == CHANGE_TRUNCATE) {
        if (draw(seed) & 1)
            resize(c, (size_t)w->offset);
        return;
    }
    for (size_t at = 0, end; at < w->len; at = end) {
        end = unit_end(w, at, PAGE);
        uint64_t fate = draw(seed) % 3;
        if (fate == 1)
            put(c, w, at, end);
        for (size_t s = at, s_end; fate == 2 && s < end; s = s_end) {
            s_end = unit_end(w, s, SECTOR);
            if (draw(seed) & 1)
                put(c, w, s, s_end < end ? s_end : end);
        }
    }
}

static void apply_name(struct names *names, const struct change *c)
{
    switch (c->kind) {
    case CHANGE_CREATE:
        names_set(names, c->path, c->file);
        return;
    case CHANGE_RENAME:
        if (c->file < 0) {
            (void)names_rename_dir(names, c->path, c->to);
            return;
        }
        names_remove(names, c->path);
        names_set(names, c->to, c->file);
        return;
    case CHANGE_UNLINK:
        names_remove(names, c->path);
        return;
    case CHANGE_WRITE:
    case CHANGE_TRUNCATE:
    case CHANGE_SYNC:
    case CHANGE_SYNC_DIR:
        abort();
    }
}

static bool lies_in(const char *path, const char *dir)
{
    size_t len = path && strrchr(path, '/') ? (size_t)(strrchr(path, '/') - path) : 0;
    return path && strlen(dir) == len && strncmp(path, dir, len) == 0;
}

static void sync_names(struct disk_model *m, const char *dir)
{
    size_t left = 0;
    for (size_t i = 0; i < m->pending_names.count; i++) {
        const struct change *c = &m->changes[m->pending_names.list[i]];
        if (lies_in(c->path, dir) || lies_in(c->to, dir))
            apply_name(&m->safe, c);
        else
            m->pending_names.list[left++] = m->pending_names.list[i];
    }
    m->pending_names.count = left;
}

static void sync_content(struct disk_model *m, struct file *f)
{
    for (size_t i = 0; i < f->pending.count; i++)
        apply_whole(&f->safe, &m->changes[f->pending.list[i]]);
    f->pending.count = 0;
}

static void replay(struct disk_model *m, size_t at)
{
    const struct change *c = &m->changes[at];
    switch (c->kind) {
    case CHANGE_WRITE:
    case CHANGE_TRUNCATE:
        pending_add(&m->files[c->file].pending, at);
        return;
    case CHANGE_SYNC:
        if (!c->lied)
            sync_content(m, &m->files[c->file]);
        return;
    case CHANGE_SYNC_DIR:
        if (!c->lied)
            sync_names(m, c->path);
        return;
    case CHANGE_CREATE:
    case CHANGE_RENAME:
    case CHANGE_UNLINK:
        pending_add(&m->pending_names, at);
        return;
    }
}

static void copy_content(const struct content *from, struct content *ret_copy)
{
    ret_copy->len = 0;
    resize(ret_copy, from->len);
    if (from->len)
        memcpy(ret_copy->bytes, from->bytes, from->len);
}

static void replay_to(struct disk_model *m, uint64_t change)
{
    if (change > m->change_count)
        abort();
    if (change < m->replayed) { /* or not begun */
        for (size_t i = 0; i < m->file_count; i++) {
            copy_content(&m->files[i].base, &m->files[i].safe);
            m->files[i].pending.count = 0;
        }
        names_copy(&m->base, &m->safe);
        m->pending_names.count = 0;
        m->replayed = 0;
    }
    while (m->replayed < change)
        replay(m, m->replayed++);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
    (void)st;
    (void)flag;
    return walk->level > 0 ? remove(path) : 0;
}

/* nftw(3) passes no context. */
static const struct disk_model *copying;
static const char *copy_from, *copy_to;

/* Whether the directory is there depends on the change that names it; write_file() makes it. */
static bool is_renamed(const char *dir)
{
    for (size_t i = 0; i < copying->change_count; i++) {
        const struct change *c = &copying->changes[i];
        if (c->kind == CHANGE_RENAME && c->file < 0 && (strcmp(c->path, dir) == 0 || strcmp(c->to, dir) == 0))
            return true;
    }
    return false;
}

static int copy_dir(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
    char to[2 * DISK_PATH_MAX];
    if (flag != FTW_D || walk->level == 0 || is_renamed(path + strlen(copy_from) + 1))
        return 0;
    (void)snprintf(to, sizeof(to), "%s%s", copy_to, path + strlen(copy_from));
    return mkdir(to, st->st_mode & 07777);
}

static void write_file(const char *dir, const char *path, const struct content *c)
{
    char full[2 * DISK_PATH_MAX];
    (void)snprintf(full, sizeof(full), "%s/%s", dir, path);
    char *slash = strrchr(full, '/');
    *slash = '\0';
    if (mkdir(full, 0700) && errno != EEXIST)
        abort();
    *slash = '/';
    GW_CLOSE int fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || gw_fs_write_all(gw_fs_posix(), fd, gw_view_make(c->bytes, c->len), 0, NULL) != GW_OK)
        abort();
}

void disk_model_crash(struct disk_model *m, uint64_t change, enum disk_keep keep, uint64_t seed, const char *to_dir)
{
    replay_to(m, change);
    copying = m;
    copy_from = m->dir;
    copy_to = to_dir;
    if (nftw(to_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) || nftw(m->dir, copy_dir, 16, FTW_PHYS))
        abort();
    struct names names = {0};
    names_copy(&m->safe, &names);
    uint64_t state = seed ^ (change * UINT64_C(0x2545f4914f6cdd1d));
    size_t kept = keep == DISK_KEEP_SOME ? (size_t)(draw(&state) % (m->pending_names.count + 1)) : 0;
    for (size_t i = 0; i < kept; i++)
        apply_name(&names, &m->changes[m->pending_names.list[i]]);
    for (size_t i = 0; i < names.count; i++) {
        const struct file *f = &m->files[names.list[i].file];
        struct content c = {0};
        copy_content(&f->safe, &c);
        for (size_t j = 0; keep == DISK_KEEP_SOME && j < f->pending.count; j++)
            apply_some(&c, &m->changes[f->pending.list[j]], &state);
        write_file(to_dir, names.list[i].path, &c);
        free(c.bytes);
    }
    free(names.list);
}
