/* The model of a disk that loses power: does it lose what a disk loses, and keep what a disk keeps? */
#include "disk_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_test.h"

static struct gw_err err;
static struct disk_model *disk;
static const struct gw_fs *fs;
static char dir[64], after[64], path[128];

static void begin(void)
{
    (void)snprintf(dir, sizeof(dir), "%s", gw_test_dir());
    (void)snprintf(after, sizeof(after), "%s", gw_test_dir());
    disk = disk_model_new(dir);
    fs = disk_model_fs(disk);
}

static void end(void)
{
    disk_model_free(disk);
}

static const char *in(const char *where, const char *name)
{
    (void)snprintf(path, sizeof(path), "%s/%s", where, name);
    return path;
}

static int make(const char *name)
{
    return fs->open(fs->ctx, in(dir, name), O_RDWR | O_CREAT, 0600);
}

static void put(int fd, const char *text, int64_t offset)
{
    GW_ASSERT_OK(gw_fs_write_all(fs, fd, gw_view_str(text), offset, &err), &err);
}

/* What a file holds after the crash; "(none)" when it is not there. */
static const char *left(const char *name)
{
    static char text[64];
    GW_CLOSE int fd = open(in(after, name), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    text[n < 0 ? 0 : n] = '\0';
    return n < 0 ? "(none)" : text;
}

static void crash_now(enum disk_keep keep, uint64_t seed)
{
    disk_model_crash(disk, disk_model_changes(disk), keep, seed, after);
}

static void forgets_what_was_not_synced(void)
{
    begin();
    int fd = make("a");
    put(fd, "one", 0);
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), 0);
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, dir), 0);
    put(fd, "two", 0);
    put(fd, "three", 10);
    char now[16] = "";
    CU_ASSERT_EQUAL(pread(fd, now, 15, 0), 15); /* the program sees what it wrote */
    CU_ASSERT_EQUAL(memcmp(now, "two\0\0\0\0\0\0\0three", 15), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("a"), "one");
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("a"), "two");
    CU_ASSERT_EQUAL(fs->truncate(fs->ctx, fd, 1), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("a"), "two");
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("a"), "t");
    CU_ASSERT_EQUAL(fs->close(fs->ctx, fd), 0);
    end();
}

static void forgets_a_name_until_its_directory_is_synced(void)
{
    begin();
    int fd = make("a");
    put(fd, "one", 0);
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("a"), "(none)");
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, dir), 0);
    char from[128];
    (void)snprintf(from, sizeof(from), "%s/a", dir);
    CU_ASSERT_EQUAL(fs->rename(fs->ctx, from, in(dir, "b")), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("a"), "one");
    CU_ASSERT_STRING_EQUAL(left("b"), "(none)");
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, dir), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("a"), "(none)");
    CU_ASSERT_STRING_EQUAL(left("b"), "one");
    CU_ASSERT_EQUAL(fs->unlink(fs->ctx, in(dir, "b")), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("b"), "one");
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, dir), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("b"), "(none)");
    CU_ASSERT_EQUAL(fs->close(fs->ctx, fd), 0);
    end();
}

static void syncing_one_directory_leaves_the_other(void)
{
    begin();
    CU_ASSERT_EQUAL(mkdir(in(dir, "sub"), 0700), 0);
    int one = make("one"), two = make("sub/two");
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, in(dir, "sub")), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("one"), "(none)");
    CU_ASSERT_STRING_EQUAL(left("sub/two"), "");
    CU_ASSERT_EQUAL(fs->close(fs->ctx, one), 0);
    CU_ASSERT_EQUAL(fs->close(fs->ctx, two), 0);
    end();
}

/* How a file of one page, synced as 'a' and overwritten with 'b', can look: whole 'a', whole 'b', torn at 512. */
static int look(const uint8_t *page, size_t len)
{
    size_t fresh = 0;
    for (size_t s = 0; s < len; s += 512) {
        for (size_t i = 1; i < 512; i++)
            CU_ASSERT_EQUAL(page[s], page[s + i]);
        fresh += page[s] == 'b';
    }
    return fresh == 0 ? 0 : fresh == len / 512 ? 1 : 2;
}

static void keeps_a_seeded_part_torn_at_sectors(void)
{
    static uint8_t page[4096], again[4096];
    bool seen[3] = {false};
    begin();
    int fd = make("a");
    memset(page, 'a', sizeof(page));
    GW_ASSERT_OK(gw_fs_write_all(fs, fd, gw_view_make(page, sizeof(page)), 0, &err), &err);
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), 0);
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, dir), 0);
    memset(page, 'b', sizeof(page));
    GW_ASSERT_OK(gw_fs_write_all(fs, fd, gw_view_make(page, sizeof(page)), 0, &err), &err);
    for (uint64_t seed = 0; seed < 50; seed++) {
        for (int round = 0; round < 2; round++) {
            crash_now(DISK_KEEP_SOME, seed);
            GW_CLOSE int got = open(in(after, "a"), O_RDONLY | O_CLOEXEC);
            CU_ASSERT_EQUAL(read(got, round ? again : page, sizeof(page)), sizeof(page));
        }
        CU_ASSERT_EQUAL(memcmp(page, again, sizeof(page)), 0); /* the same seed, the same disk */
        seen[look(page, sizeof(page))] = true;
    }
    CU_ASSERT(seen[0] && seen[1] && seen[2]);
    CU_ASSERT_EQUAL(fs->close(fs->ctx, fd), 0);
    end();
}

static void stops_at_a_change_and_after_it(void)
{
    begin();
    disk_model_stop_at(disk, 2);
    int fd = make("a");
    put(fd, "one", 0);
    CU_ASSERT(disk_model_stopped(disk));
    CU_ASSERT_EQUAL(fs->pwrite(fs->ctx, fd, "x", 1, 0), -1);
    CU_ASSERT_EQUAL(errno, EIO);
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), -1);
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, dir), -1);
    CU_ASSERT_EQUAL(fs->truncate(fs->ctx, fd, 0), -1);
    CU_ASSERT_EQUAL(fs->unlink(fs->ctx, in(dir, "a")), -1);
    CU_ASSERT_EQUAL(make("b"), -1);
    CU_ASSERT_EQUAL(disk_model_changes(disk), 2);
    CU_ASSERT_EQUAL(fs->close(fs->ctx, fd), 0);
    end();
}

static void can_go_back_to_an_earlier_change(void)
{
    begin();
    int fd = make("a");
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, dir), 0);
    put(fd, "one", 0);
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), 0);
    uint64_t then = disk_model_changes(disk);
    put(fd, "two", 0);
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("a"), "two");
    disk_model_crash(disk, then, DISK_KEEP_NONE, 0, after);
    CU_ASSERT_STRING_EQUAL(left("a"), "one");
    disk_model_crash(disk, 0, DISK_KEEP_NONE, 0, after);
    CU_ASSERT_STRING_EQUAL(left("a"), "(none)");
    CU_ASSERT_EQUAL(fs->close(fs->ctx, fd), 0);
    end();
}

static void starts_from_what_lies_there(void)
{
    begin();
    int fd = make("a");
    put(fd, "one", 0);
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), 0);
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, dir), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_EQUAL(fs->close(fs->ctx, fd), 0);
    end();
    (void)snprintf(dir, sizeof(dir), "%s", after);
    (void)snprintf(after, sizeof(after), "%s", gw_test_dir());
    disk = disk_model_new(dir);
    fs = disk_model_fs(disk);
    fd = fs->open(fs->ctx, in(dir, "a"), O_RDWR, 0);
    put(fd, "two", 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("a"), "one");
    CU_ASSERT_EQUAL(fs->close(fs->ctx, fd), 0);
    end();
}

static void is_wrong_when_told_to_be(void)
{
    begin();
    disk_model_skip_sync(disk, "a", 1);
    disk_model_fail_sync(disk, "b", 0);
    int fd = make("a"), other = make("b");
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, dir), 0);
    put(fd, "one", 0);
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), 0);
    put(fd, "two", 0);
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), 0); /* a lie */
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("a"), "one");
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, fd), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("a"), "two");
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, other), -1);
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, other), 0);
    disk_model_skip_dir_syncs(disk);
    int third = make("c");
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, dir), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("c"), "(none)");
    CU_ASSERT_EQUAL(fs->close(fs->ctx, fd) | fs->close(fs->ctx, other) | fs->close(fs->ctx, third), 0);
    end();
}

static void is_full_when_told_to_be(void)
{
    begin();
    disk_model_room(disk, 5);
    int fd = make("a");
    put(fd, "12345", 0);
    put(fd, "54321", 0); /* no growth */
    CU_ASSERT_EQUAL(fs->pwrite(fs->ctx, fd, "6", 1, 5), -1);
    CU_ASSERT_EQUAL(errno, ENOSPC);
    CU_ASSERT_EQUAL(fs->truncate(fs->ctx, fd, 3), 0);
    put(fd, "67", 3);
    CU_ASSERT_EQUAL(fs->pwrite(fs->ctx, fd, "8", 1, 5), -1);
    CU_ASSERT_EQUAL(fs->unlink(fs->ctx, in(dir, "a")), 0);
    int other = make("b");
    put(other, "12345", 0);
    CU_ASSERT_EQUAL(fs->close(fs->ctx, fd) | fs->close(fs->ctx, other), 0);
    end();
}

static void gw_fs_replace_is_all_or_nothing(void)
{
    begin();
    char file[128];
    (void)snprintf(file, sizeof(file), "%s/conf", dir);
    GW_ASSERT_OK(gw_fs_replace(fs, file, GW_VIEW_LIT("old"), 0600, &err), &err);
    uint64_t first = disk_model_changes(disk);
    GW_ASSERT_OK(gw_fs_replace(fs, file, GW_VIEW_LIT("new"), 0600, &err), &err);
    uint64_t last = disk_model_changes(disk);
    for (uint64_t k = first; k <= last; k++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            disk_model_crash(disk, k, seed ? DISK_KEEP_SOME : DISK_KEEP_NONE, seed, after);
            const char *got = left("conf");
            CU_ASSERT(strcmp(got, "new") == 0 || (k < last && strcmp(got, "old") == 0));
        }
    end();
}

static void a_renamed_directory_takes_its_safe_files_along(void)
{
    begin();
    CU_ASSERT_EQUAL_FATAL(mkdir(in(dir, "fresh"), 0700), 0);
    int whole = fs->open(fs->ctx, "fresh/whole", O_RDWR | O_CREAT | O_EXCL, 0600); /* relative to the directory */
    put(whole, "one", 0);
    CU_ASSERT_EQUAL(fs->sync(fs->ctx, whole), 0);
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, "fresh"), 0);
    CU_ASSERT_EQUAL(fs->rename(fs->ctx, "fresh", "named"), 0);
    CU_ASSERT_EQUAL(access(in(dir, "named/whole"), F_OK), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("fresh/whole"), "one");
    CU_ASSERT_NOT_EQUAL(access(in(after, "named"), F_OK), 0);
    CU_ASSERT_EQUAL(fs->sync_dir(fs->ctx, "."), 0);
    crash_now(DISK_KEEP_NONE, 0);
    CU_ASSERT_STRING_EQUAL(left("named/whole"), "one");
    CU_ASSERT_NOT_EQUAL(access(in(after, "fresh"), F_OK), 0);
    CU_ASSERT_EQUAL(fs->close(fs->ctx, whole), 0);
    end();
}

static const struct gw_test_case cases[] = {
    {"forgets what was not synced", forgets_what_was_not_synced},
    {"forgets a name until its directory is synced", forgets_a_name_until_its_directory_is_synced},
    {"a renamed directory takes its safe files along", a_renamed_directory_takes_its_safe_files_along},
    {"leaves other directories unsynced", syncing_one_directory_leaves_the_other},
    {"keeps a seeded part, torn at sectors", keeps_a_seeded_part_torn_at_sectors},
    {"stops at a change and after it", stops_at_a_change_and_after_it},
    {"can go back to an earlier change", can_go_back_to_an_earlier_change},
    {"starts from what lies in the directory", starts_from_what_lies_there},
    {"skips and fails the syncs that it is told to", is_wrong_when_told_to_be},
    {"is full when it is told to be", is_full_when_told_to_be},
    {"shows gw_fs_replace to be all or nothing", gw_fs_replace_is_all_or_nothing},
};

int main(void)
{
    return GW_TEST_RUN("disk model", cases);
}
