/* The file that a download grows in, on a disk that loses power. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent_part.h"
#include "bulk_hash.h"
#include "disk_model.h"
#include "gw_buf.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define PIECE  (1024 * 1024 + 17)
#define PIECES 6 /* more than is written between two syncs */

static uint8_t content[PIECES * PIECE];
static struct agent_part_want want;
static struct gw_err err;

static void make_content(void)
{
    for (size_t i = 0; i < sizeof(content); i++)
        content[i] = (uint8_t)(i * 31 + i / 4096 + 1);
    bulk_hash_ops()->digest(gw_view_make(content, sizeof(content)), &want.sha256);
    want.size = sizeof(content);
}

/* A whole download; *ret_named: the changes of the disk when it had been told that the file is there. */
static struct disk_model *download(void (*spoil)(struct disk_model *disk), uint64_t *ret_named)
{
    struct disk_model *disk = disk_model_new(gw_test_dir());
    struct agent_part part;
    char path[256];
    make_content();
    (void)snprintf(path, sizeof(path), "%s/a.swu", disk_model_dir(disk));
    if (spoil)
        spoil(disk);
    GW_ASSERT_OK(agent_part_open(&part, disk_model_fs(disk), path, &want, &err), &err);
    for (size_t i = 0; i < PIECES; i++)
        GW_ASSERT_OK(agent_part_take(&part, gw_view_make(content + i * PIECE, PIECE), &err), &err);
    GW_ASSERT_OK(agent_part_finish(&part, &err), &err);
    *ret_named = disk_model_changes(disk);
    agent_part_close(&part);
    return disk;
}

/* 0: nothing of this name, 1: all of it, -1: something else. */
static int found_in(const char *dir, const char *name)
{
    char path[256];
    GW_CLEANUP(gw_buf_done) struct gw_buf is;
    gw_buf_init(&is, 2 * sizeof(content));
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    enum gw_rc rc = gw_fs_read_file(path, &is, NULL);
    if (rc == GW_NOT_FOUND)
        return 0;
    return !rc && is.len == sizeof(content) && memcmp(is.ptr, content, is.len) == 0 ? 1 : -1;
}

/* Stops after which the name stands for something else, or for nothing though it was told that it is there. */
static unsigned broken(struct disk_model *disk, uint64_t named, enum disk_keep keep)
{
    const char *dir = gw_test_dir();
    unsigned count = 0;
    for (uint64_t change = 0; change <= disk_model_changes(disk); change++) {
        disk_model_crash(disk, change, keep, change, dir);
        int found = found_in(dir, "a.swu");
        count += found < 0 || (change >= named && found != 1);
    }
    return count;
}

static void what_has_its_name_is_whole(void)
{
    uint64_t named;
    struct disk_model *disk = download(NULL, &named);
    CU_ASSERT_EQUAL(broken(disk, named, DISK_KEEP_NONE), 0);
    CU_ASSERT_EQUAL(broken(disk, named, DISK_KEEP_SOME), 0);
    disk_model_free(disk);
}

static void the_name_comes_last(void)
{
    uint64_t named;
    struct disk_model *disk = download(NULL, &named);
    const char *dir = gw_test_dir();
    unsigned early = 0;
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/a.swu.part", disk_model_dir(disk));
    CU_ASSERT_EQUAL(access(path, F_OK), -1);
    for (uint64_t change = 0; change < named; change++) {
        disk_model_crash(disk, change, DISK_KEEP_NONE, 0, dir);
        early += found_in(dir, "a.swu") == 1;
    }
    CU_ASSERT_EQUAL(early, 0); /* the name is safe with the last change alone */
    disk_model_free(disk);
}

static void skip_the_last_sync(struct disk_model *disk)
{
    disk_model_skip_sync(disk, ".part", 1);
}

static unsigned broken_when(void (*spoil)(struct disk_model *disk))
{
    uint64_t named;
    struct disk_model *disk = download(spoil, &named);
    unsigned count = broken(disk, named, DISK_KEEP_NONE);
    disk_model_free(disk);
    return count;
}

static void sees_a_sync_that_is_missing(void)
{
    CU_ASSERT_NOT_EQUAL(broken_when(skip_the_last_sync), 0);
    CU_ASSERT_NOT_EQUAL(broken_when(disk_model_skip_dir_syncs), 0);
}

static void tells_of_a_sync_that_fails(void)
{
    struct disk_model *disk = disk_model_new(gw_test_dir());
    struct agent_part part;
    char path[256];
    make_content();
    (void)snprintf(path, sizeof(path), "%s/a.swu", disk_model_dir(disk));
    disk_model_fail_sync(disk, ".part", 0);
    GW_ASSERT_OK(agent_part_open(&part, disk_model_fs(disk), path, &want, &err), &err);
    enum gw_rc rc = GW_OK;
    for (size_t i = 0; !rc && i < PIECES; i++)
        rc = agent_part_take(&part, gw_view_make(content + i * PIECE, PIECE), &err);
    CU_ASSERT_EQUAL(rc, GW_IO);
    CU_ASSERT_EQUAL(found_in(disk_model_dir(disk), "a.swu"), 0);
    agent_part_close(&part);
    disk_model_free(disk);
}

static const struct gw_test_case cases[] = {
    {"what has its name is whole, whenever the power goes", what_has_its_name_is_whole},
    {"the name is safe with the last change, not before", the_name_comes_last},
    {"this test sees a sync that is missing", sees_a_sync_that_is_missing},
    {"tells of a sync that fails", tells_of_a_sync_that_fails},
};

int main(void)
{
    return GW_TEST_RUN("download and power", cases);
}
