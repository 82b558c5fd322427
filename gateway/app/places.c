#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"

#define ADMIN_SOCKET "admin.sock"

/* Not getpwnam_r(3) with a buffer of ours, here and for the group below: an entry may be of any length, and the
 * supervisor has one thread. */
static enum gw_rc find_user(const char *name, struct places_user *ret_user, struct gw_err *err)
{
    const struct passwd *found = getpwnam(name);
    if (!found)
        return gw_err_set(err, GW_NOT_FOUND,
                          "user %s does not exist: install the package, or run rootfs/up.sh, which makes it", name);
    *ret_user = (struct places_user){found->pw_uid, found->pw_gid};
    return GW_OK;
}

static enum gw_rc find_users(struct places *p, struct gw_err *err)
{
    struct places_user self = {geteuid(), getegid()};
    p->root = self.uid == 0;
    p->daemon = p->keys = p->broker = self;
    p->admin_gid = self.gid;
    if (!p->root)
        return GW_OK;
    enum gw_rc rc = find_user("gatehouse", &p->daemon, err);
    if (!rc)
        rc = find_user("gatehouse-keys", &p->keys, err);
    if (!rc)
        rc = find_user("gatehouse-broker", &p->broker, err);
    if (rc)
        return rc;
    const struct group *found = getgrnam("gatehouse-admin");
    if (!found)
        return gw_err_set(err, GW_NOT_FOUND, "group gatehouse-admin does not exist: install the package");
    p->admin_gid = found->gr_gid;
    return GW_OK;
}

struct place {
    const char *name; /* "" for the base itself */
    struct places_user owner;
    mode_t mode;
};

/* errno tells why a directory cannot be had. What only a person can mend is not tried again. */
static enum gw_rc dir_failed(const char *path, struct gw_err *err)
{
    int why = errno;
    const char *cure = NULL;
    if (why == ENOENT)
        cure = "make the directory above it first";
    else if (why == EACCES || why == EPERM)
        cure = "give it to the user that gatehoused is started as, or start it as root";
    else if (why == ENOTDIR || why == ELOOP)
        cure = "move away what has its name, or name another one with --state";
    enum gw_rc rc = gw_err_sys(err, "directory %s", path);
    if (!cure)
        return rc;
    char text[sizeof(err->text)];
    (void)snprintf(text, sizeof(text), "%s", gw_err_text(err));
    return gw_err_set(err, rc == GW_IO ? GW_INVALID : rc, "%s; %s", text, cure);
}

/* Makes a directory, or takes one that is there. It must be root's or already its owner's: the daemon owns <state>, and
 * could otherwise plant a directory for us to hand to keyd. Never follows a link. */
static enum gw_rc make_dir(const struct places *p, int base_fd, const char *path, const struct place *place,
                           struct gw_err *err)
{
    if (mkdirat(base_fd, path, place->mode) && errno != EEXIST)
        return dir_failed(path, err);
    GW_CLOSE int fd = openat(base_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st))
        return dir_failed(path, err);
    if (st.st_uid != 0 && st.st_uid != place->owner.uid)
        return gw_err_set(err, GW_DENIED, "directory %s belongs to uid %u, not to %u: if you moved it, chown it", path,
                          (unsigned)st.st_uid, (unsigned)place->owner.uid);
    if (p->root && fchown(fd, place->owner.uid, place->owner.gid))
        return gw_err_sys(err, "owner of %s", path);
    return fchmod(fd, place->mode) ? gw_err_sys(err, "mode of %s", path) : GW_OK;
}

/* A base directory by its absolute path, then what lies in it, relative to it. */
static enum gw_rc make_tree(const struct places *p, const char *base, const struct place *places, size_t count,
                            struct gw_err *err)
{
    enum gw_rc rc = make_dir(p, AT_FDCWD, base, &places[0], err);
    if (rc)
        return rc;
    GW_CLOSE int fd = open(base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return dir_failed(base, err);
    for (size_t i = 1; !rc && i < count; i++)
        rc = make_dir(p, fd, places[i].name, &places[i], err);
    return rc ? gw_err_wrap(err, rc, "%s", base) : GW_OK;
}

static enum gw_rc make_dirs(const struct places *p, const struct options *o, struct gw_err *err)
{
    struct places_user top = {p->root ? 0 : p->daemon.uid, p->root ? 0 : p->daemon.gid};
    struct places_user admins = {top.uid, p->admin_gid};
    const struct place state[] = {
        {"", p->daemon, 0711},    {"journal", p->daemon, 0700}, {"blobs", p->daemon, 0700},
        {"web", p->daemon, 0700}, {"pki", p->keys, 0700},       {"broker", {p->daemon.uid, p->broker.gid}, 0750},
    };
    const struct place run[] = {
        {"", top, 0755}, {"broker", p->broker, 0750}, {"web", p->daemon, 0700}, {"admin", admins, 0750}};
    enum gw_rc rc = make_tree(p, o->state, state, sizeof(state) / sizeof(state[0]), err);
    return rc ? rc : make_tree(p, o->run, run, sizeof(run) / sizeof(run[0]), err);
}

/* On a directory of the state itself, so that no other way of writing its path goes round it. */
static enum gw_rc take_lock(struct places *p, const struct options *o, struct gw_err *err)
{
    char path[OPTIONS_PATH_MAX + 64];
    options_path(path, o->state, "pki");
    p->lock_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (p->lock_fd < 0)
        return gw_err_sys(err, "%s", path);
    if (flock(p->lock_fd, LOCK_EX | LOCK_NB)) {
        if (errno == EWOULDBLOCK)
            return gw_err_set(err, GW_EXISTS, "another gatehoused runs on %s: stop it first", o->state);
        return gw_err_sys(err, "%s", path);
    }
    return GW_OK;
}

enum gw_rc places_make(struct places *p, const struct options *o, struct gw_err *err)
{
    *p = (struct places){.lock_fd = -1, .pki_fd = -1};
    enum gw_rc rc = find_users(p, err);
    if (!rc)
        rc = make_dirs(p, o, err);
    if (!rc)
        rc = take_lock(p, o, err);
    if (rc)
        return rc;
    char path[OPTIONS_PATH_MAX + 64];
    options_path(path, o->state, "pki");
    p->pki_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return p->pki_fd < 0 ? gw_err_sys(err, "%s", path) : GW_OK;
}

static int open_dir(const char *base, const char *name)
{
    char path[OPTIONS_PATH_MAX + 64];
    options_path(path, base, name);
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A second name for the socket's inode: the daemon cannot write where people look, and we follow no link of its. */
enum gw_rc places_publish(const struct places *p, const struct options *o, struct gw_err *err)
{
    GW_CLOSE int from = open_dir(o->run, "web");
    GW_CLOSE int to = open_dir(o->run, "admin");
    if (from < 0 || to < 0)
        return gw_err_sys(err, "runtime directories in %s", o->run);
    if (unlinkat(to, ADMIN_SOCKET, 0) && errno != ENOENT)
        return gw_err_sys(err, "old admin socket");
    if (linkat(from, ADMIN_SOCKET, to, ADMIN_SOCKET, 0))
        return gw_err_sys(err, "admin socket in %s/admin", o->run);
    struct stat st;
    if (fstatat(to, ADMIN_SOCKET, &st, AT_SYMLINK_NOFOLLOW) || !S_ISSOCK(st.st_mode)) {
        (void)unlinkat(to, ADMIN_SOCKET, 0);
        return gw_err_set(err, GW_INVALID, "%s/web/" ADMIN_SOCKET " is no socket", o->run);
    }
    if (p->root && fchownat(to, ADMIN_SOCKET, p->daemon.uid, p->admin_gid, AT_SYMLINK_NOFOLLOW))
        return gw_err_sys(err, "owner of the admin socket");
    return fchmodat(to, ADMIN_SOCKET, 0660, 0) ? gw_err_sys(err, "mode of the admin socket") : GW_OK;
}

void places_unpublish(const struct options *o)
{
    GW_CLOSE int to = open_dir(o->run, "admin");
    if (to >= 0)
        (void)unlinkat(to, ADMIN_SOCKET, 0);
}
