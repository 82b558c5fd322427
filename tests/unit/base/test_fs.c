#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_fs.h"
#include "gw_test.h"

enum op {
    OP_OPEN,
    OP_PWRITE,
    OP_SYNC,
    OP_CLOSE,
    OP_RENAME,
    OP_SYNC_DIR,
    OP_COUNT,
};

/* The real file system, one operation of which fails; and a diary of what was called. */
struct flaky {
    enum op fail;
    bool armed;
    int code;
    size_t short_write; /* most bytes a pwrite takes; 0: all */
    unsigned eintr;     /* that many writes are interrupted first */
    char diary[256];
    char dir[128];
};

static bool note(struct flaky *f, enum op op, const char *name)
{
    size_t n = strlen(f->diary);
    (void)snprintf(f->diary + n, sizeof(f->diary) - n, "%s ", name);
    if (f->armed && f->fail == op) {
        errno = f->code;
        return true;
    }
    return false;
}

static int flaky_open(void *ctx, const char *path, int flags, mode_t mode)
{
    return note(ctx, OP_OPEN, "open") ? -1 : gw_fs_posix()->open(NULL, path, flags, mode);
}

static ssize_t flaky_pwrite(void *ctx, int fd, const void *bytes, size_t len, int64_t offset)
{
    struct flaky *f = ctx;
    if (f->eintr) {
        f->eintr--;
        errno = EINTR;
        return -1;
    }
    if (note(f, OP_PWRITE, "write"))
        return f->code ? -1 : 0;
    if (f->short_write && len > f->short_write)
        len = f->short_write;
    return gw_fs_posix()->pwrite(NULL, fd, bytes, len, offset);
}

static int flaky_truncate(void *ctx, int fd, int64_t size)
{
    (void)ctx;
    return gw_fs_posix()->truncate(NULL, fd, size);
}

static int flaky_sync(void *ctx, int fd)
{
    return note(ctx, OP_SYNC, "sync") ? -1 : gw_fs_posix()->sync(NULL, fd);
}

static int flaky_sync_dir(void *ctx, const char *dir_path)
{
    struct flaky *f = ctx;
    (void)snprintf(f->dir, sizeof(f->dir), "%s", dir_path);
    return note(f, OP_SYNC_DIR, "sync_dir") ? -1 : gw_fs_posix()->sync_dir(NULL, dir_path);
}

static int flaky_rename(void *ctx, const char *from, const char *to)
{
    return note(ctx, OP_RENAME, "rename") ? -1 : gw_fs_posix()->rename(NULL, from, to);
}

static int flaky_unlink(void *ctx, const char *path)
{
    (void)ctx;
    return gw_fs_posix()->unlink(NULL, path);
}

static int flaky_close(void *ctx, int fd)
{
    int rc = gw_fs_posix()->close(NULL, fd);
    return note(ctx, OP_CLOSE, "close") ? -1 : rc;
}

static struct gw_fs flaky_fs(struct flaky *f)
{
    return (struct gw_fs){.ctx = f,
                          .open = flaky_open,
                          .pwrite = flaky_pwrite,
                          .truncate = flaky_truncate,
                          .sync = flaky_sync,
                          .sync_dir = flaky_sync_dir,
                          .rename = flaky_rename,
                          .unlink = flaky_unlink,
                          .close = flaky_close};
}

static bool file_is(const char *path, const char *content)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    bool same = !gw_fs_read_file(path, &b, NULL) && gw_view_eq_str(gw_buf_view(&b), content);
    gw_buf_done(&b);
    return same;
}

static void replaces_in_the_order_that_survives_a_power_cut(void)
{
    struct flaky f = {0};
    struct gw_fs fs = flaky_fs(&f);
    struct gw_err err = {0};
    char path[128], fresh[160];
    const char *dir = gw_test_dir();
    (void)snprintf(path, sizeof(path), "%s/file", dir);
    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    GW_ASSERT_OK(gw_fs_replace(&fs, path, GW_VIEW_LIT("one"), 0600, &err), &err);
    CU_ASSERT_STRING_EQUAL(f.diary, "open write sync close rename sync_dir ");
    CU_ASSERT_STRING_EQUAL(f.dir, dir);
    CU_ASSERT(file_is(path, "one"));
    struct stat st;
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(access(fresh, F_OK), -1);
    GW_ASSERT_OK(gw_fs_replace(&fs, path, GW_VIEW_LIT(""), 0600, &err), &err);
    CU_ASSERT(file_is(path, ""));
}

static void keeps_the_old_file_whatever_fails_before_the_rename(void)
{
    static const enum op ops[] = {OP_OPEN, OP_PWRITE, OP_SYNC, OP_CLOSE, OP_RENAME};
    struct gw_err err = {0};
    char path[128], fresh[160];
    (void)snprintf(path, sizeof(path), "%s/file", gw_test_dir());
    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, GW_VIEW_LIT("old"), 0600, &err), &err);
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        struct flaky f = {.armed = true, .fail = ops[i], .code = ENOSPC};
        struct gw_fs fs = flaky_fs(&f);
        CU_ASSERT_EQUAL(gw_fs_replace(&fs, path, GW_VIEW_LIT("new"), 0600, &err), GW_NO_SPACE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "No space left"));
        CU_ASSERT(file_is(path, "old"));
        CU_ASSERT_EQUAL(access(fresh, F_OK), -1); /* nothing is left lying about */
    }
}

static void says_so_when_the_directory_is_not_durable(void)
{
    struct flaky f = {.armed = true, .fail = OP_SYNC_DIR, .code = EIO};
    struct gw_fs fs = flaky_fs(&f);
    struct gw_err err = {0};
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/file", gw_test_dir());
    CU_ASSERT_EQUAL(gw_fs_replace(&fs, path, GW_VIEW_LIT("new"), 0600, &err), GW_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "sync of directory"));
}

static void removes_what_an_earlier_stop_left(void)
{
    struct gw_err err = {0};
    char path[128], fresh[160];
    (void)snprintf(path, sizeof(path), "%s/file", gw_test_dir());
    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), fresh, GW_VIEW_LIT("half a file"), 0644, &err), &err);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, GW_VIEW_LIT("x"), 0600, &err), &err);
    CU_ASSERT(file_is(path, "x"));
}

static void writes_through_short_and_interrupted_writes(void)
{
    struct flaky f = {.short_write = 3, .eintr = 2};
    struct gw_fs fs = flaky_fs(&f);
    struct gw_err err = {0};
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/file", gw_test_dir());
    GW_ASSERT_OK(gw_fs_replace(&fs, path, GW_VIEW_LIT("0123456789"), 0600, &err), &err);
    CU_ASSERT(file_is(path, "0123456789"));
}

static void ends_when_a_write_makes_no_progress(void)
{
    struct flaky f = {.armed = true, .fail = OP_PWRITE, .code = 0};
    struct gw_fs fs = flaky_fs(&f);
    struct gw_err err = {0};
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/file", gw_test_dir());
    errno = EAGAIN; /* of some earlier call: must not be taken for the reason */
    CU_ASSERT_EQUAL(gw_fs_replace(&fs, path, GW_VIEW_LIT("x"), 0600, &err), GW_IO);
}

static void refuses_a_path_that_is_too_long(void)
{
    char path[5000];
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    struct gw_err err = {0};
    CU_ASSERT_EQUAL(gw_fs_replace(gw_fs_posix(), path, GW_VIEW_LIT("x"), 0600, &err), GW_TOO_BIG);
    path[sizeof(path) - 2] = '/';
    CU_ASSERT_EQUAL(gw_fs_sync_parent(gw_fs_posix(), path, &err), GW_TOO_BIG);
}

static void finds_the_directory_of_any_path(void)
{
    struct gw_err err = {0};
    char cwd[256];
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(cwd, sizeof(cwd)));
    CU_ASSERT_EQUAL_FATAL(chdir(gw_test_dir()), 0);
    struct flaky f = {0};
    struct gw_fs fs = flaky_fs(&f);
    GW_ASSERT_OK(gw_fs_replace(&fs, "plain", GW_VIEW_LIT("x"), 0600, &err), &err);
    CU_ASSERT_STRING_EQUAL(f.dir, ".");
    CU_ASSERT_EQUAL(mkdir("sub", 0700), 0);
    GW_ASSERT_OK(gw_fs_replace(&fs, "sub/file", GW_VIEW_LIT("x"), 0600, &err), &err);
    CU_ASSERT_STRING_EQUAL(f.dir, "sub");
    CU_ASSERT_EQUAL_FATAL(chdir(cwd), 0);
    GW_ASSERT_OK(gw_fs_sync_parent(&fs, "/x", &err), &err);
    CU_ASSERT_STRING_EQUAL(f.dir, "/");
    char path[256];
    const char *dir = gw_test_dir();
    (void)snprintf(path, sizeof(path), "%s/x", dir);
    GW_ASSERT_OK(gw_fs_sync_parent(&fs, path, &err), &err);
    CU_ASSERT_STRING_EQUAL(f.dir, dir);
}

static void does_not_follow_a_link_when_it_opens(void)
{
    char target[128], link_path[128];
    const char *dir = gw_test_dir();
    struct gw_err err = {0};
    (void)snprintf(target, sizeof(target), "%s/target", dir);
    (void)snprintf(link_path, sizeof(link_path), "%s/link", dir);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), target, GW_VIEW_LIT("x"), 0600, &err), &err);
    CU_ASSERT_EQUAL_FATAL(symlink(target, link_path), 0);
    CU_ASSERT_EQUAL(gw_fs_posix()->open(NULL, link_path, O_RDONLY, 0), -1);
    CU_ASSERT_EQUAL(errno, ELOOP);
}

static void does_every_plain_operation(void)
{
    const struct gw_fs *fs = gw_fs_posix();
    char a[128], b[128];
    const char *dir = gw_test_dir();
    (void)snprintf(a, sizeof(a), "%s/a", dir);
    (void)snprintf(b, sizeof(b), "%s/b", dir);
    int fd = fs->open(NULL, a, O_RDWR | O_CREAT | O_EXCL, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    CU_ASSERT_EQUAL(gw_fs_write_all(fs, fd, GW_VIEW_LIT("abcdef"), 2, NULL), GW_OK);
    CU_ASSERT_EQUAL(fs->truncate(NULL, fd, 4), 0);
    CU_ASSERT_EQUAL(fs->sync(NULL, fd), 0);
    CU_ASSERT_EQUAL(fs->close(NULL, fd), 0);
    CU_ASSERT_EQUAL(fs->rename(NULL, a, b), 0);
    CU_ASSERT_EQUAL(fs->sync_dir(NULL, dir), 0);
    CU_ASSERT_EQUAL(fs->sync_dir(NULL, b), -1);
    struct gw_buf content;
    gw_buf_init(&content, 16);
    CU_ASSERT_EQUAL(gw_fs_read_file(b, &content, NULL), GW_OK);
    CU_ASSERT(gw_view_eq(gw_buf_view(&content), gw_view_make("\0\0ab", 4)));
    gw_buf_done(&content);
    CU_ASSERT_EQUAL(fs->unlink(NULL, b), 0);
    CU_ASSERT_EQUAL(fs->unlink(NULL, b), -1);
}

static void reads_a_file_up_to_the_ceiling(void)
{
    struct gw_err err = {0};
    struct gw_buf content;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/file", gw_test_dir());
    gw_buf_init(&content, 4);
    CU_ASSERT_EQUAL(gw_fs_read_file(path, &content, &err), GW_NOT_FOUND);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, GW_VIEW_LIT("1234"), 0600, &err), &err);
    GW_ASSERT_OK(gw_fs_read_file(path, &content, &err), &err);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&content), "1234");
    gw_buf_reset(&content);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, GW_VIEW_LIT("12345"), 0600, &err), &err);
    CU_ASSERT_EQUAL(gw_fs_read_file(path, &content, &err), GW_TOO_BIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "more than 4 bytes"));
    gw_buf_reset(&content);
    CU_ASSERT_EQUAL(gw_fs_read_file("/", &content, &err), GW_IO); /* a directory */
    gw_buf_done(&content);
}

static const struct gw_test_case cases[] = {
    {"replaces in the order that survives a power cut", replaces_in_the_order_that_survives_a_power_cut},
    {"keeps the old file whatever fails before the rename", keeps_the_old_file_whatever_fails_before_the_rename},
    {"says so when the directory is not durable", says_so_when_the_directory_is_not_durable},
    {"removes what an earlier stop left", removes_what_an_earlier_stop_left},
    {"writes through short and interrupted writes", writes_through_short_and_interrupted_writes},
    {"ends when a write makes no progress", ends_when_a_write_makes_no_progress},
    {"refuses a path that is too long", refuses_a_path_that_is_too_long},
    {"finds the directory of any path", finds_the_directory_of_any_path},
    {"does not follow a link when it opens", does_not_follow_a_link_when_it_opens},
    {"does every plain operation", does_every_plain_operation},
    {"reads a file up to the ceiling", reads_a_file_up_to_the_ceiling},
};

int main(void)
{
    return GW_TEST_RUN("file system", cases);
}
