/* The driver when the disk is full, fails, or a reader holds the WAL. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db_test_schema.h"
#include "gw_cleanup.h"
#include "vfs_model.h"
#include "whole.h"

#define CEILING (256 << 10)

static void write_many(struct db *db, int64_t first, int commits)
{
    for (int64_t id = first; id < first + commits; id++)
        if (put_thing(db, 2 * id, 8000) || db_begin(db, &err) || put_thing(db, 2 * id + 1, 8000) || db_commit(db, &err))
            CU_FAIL_FATAL("write failed");
}

static void bounds_the_wal(void)
{
    struct db_options options = {.mode = DB_READ_WRITE, .wal_max_bytes = CEILING};
    GW_CLEANUP(db_closep) struct db *db = open_thing(gw_test_dir(), &options);
    int64_t most = 0;
    for (int i = 0; i < 100; i++) {
        write_many(db, i, 1);
        most = db_wal_bytes(db) > most ? db_wal_bytes(db) : most;
    }
    CU_ASSERT(most > 0);
    CU_ASSERT(most < CEILING + (64 << 10)); /* one commit more */
    CU_ASSERT_FALSE(db_wal_over(db));
}

static void notices_a_reader_that_holds_the_wal(void)
{
    const char *dir = gw_test_dir();
    struct db_options options = {.mode = DB_READ_WRITE, .wal_max_bytes = CEILING}, reading = {.mode = DB_READ_ONLY};
    GW_CLEANUP(db_closep) struct db *db = open_thing(dir, &options);
    GW_CLEANUP(db_closep) struct db *reader = open_thing(dir, &reading);
    GW_ASSERT_OK(put_thing(db, 1000000, 10), &err);
    GW_ASSERT_OK(db_begin(reader, &err), &err);
    CU_ASSERT_EQUAL(count_things(reader), 1);
    write_many(db, 1, 100);
    CU_ASSERT(db_wal_over(db));
    CU_ASSERT(db_wal_bytes(db) > 4 * CEILING);
    CU_ASSERT_EQUAL(count_things(reader), 1); /* undisturbed */
    GW_ASSERT_OK(db_commit(reader, &err), &err);
    write_many(db, 200, 1);
    CU_ASSERT_FALSE(db_wal_over(db));
    CU_ASSERT(db_wal_bytes(db) < CEILING);
    CU_ASSERT_EQUAL(count_things(reader), 203);
}

static void a_statement_left_open_holds_the_wal_too(void)
{
    const char *dir = gw_test_dir();
    struct db_options options = {.mode = DB_READ_WRITE, .wal_max_bytes = CEILING}, reading = {.mode = DB_READ_ONLY};
    GW_CLEANUP(db_closep) struct db *db = open_thing(dir, &options);
    GW_CLEANUP(db_closep) struct db *reader = open_thing(dir, &reading);
    GW_ASSERT_OK(put_thing(db, 1000000, 10), &err);
    bool row = false;
    struct db_stmt *s = db_stmt(reader, QUERY_ALL);
    GW_ASSERT_OK(db_step(s, &row, &err), &err);
    write_many(db, 1, 50);
    CU_ASSERT(db_wal_over(db));
    db_reset(s);
    write_many(db, 100, 1);
    CU_ASSERT_FALSE(db_wal_over(db));
}

struct on_model {
    struct disk_model *disk;
    struct vfs_model *vfs;
    struct db *db;
    const char *dir;
};

static void open_on_model(struct on_model *m)
{
    m->dir = gw_test_dir();
    m->disk = disk_model_new(m->dir);
    m->vfs = vfs_model_new(m->disk);
    struct db_options options = {
        .mode = DB_READ_WRITE,
        .wal_max_bytes = CEILING,
        .vfs = vfs_model_name(m->vfs),
        .fs = disk_model_fs(m->disk),
        .cache_kib = 64, /* so that a transaction spills */
    };
    m->db = open_thing(m->dir, &options);
}

static void close_on_model(struct on_model *m)
{
    db_close(m->db);
    vfs_model_free(m->vfs);
    disk_model_free(m->disk);
}

/* Rows of 8,000 bytes in one transaction until one is refused; the result of that one. */
static enum gw_rc fill_until_refused(struct db *db, int64_t first, int limit)
{
    enum gw_rc rc = db_begin(db, &err);
    for (int i = 0; !rc && i < limit; i++)
        rc = put_thing(db, first + i, 8000);
    if (!rc)
        return db_commit(db, &err);
    CU_ASSERT_EQUAL(put_thing(db, first + limit, 1), rc); /* and it stays refused */
    CU_ASSERT_EQUAL(db_commit(db, &err), rc);
    CU_ASSERT_FALSE(db_in_transaction(db));
    return rc;
}

static void a_full_disk_refuses_and_recovers(void)
{
    struct on_model m;
    open_on_model(&m);
    write_many(m.db, 1, 3);
    disk_model_room(m.disk, 100000);
    CU_ASSERT_EQUAL(fill_until_refused(m.db, 100, 1000), GW_NO_SPACE);
    CU_ASSERT_EQUAL(count_things(m.db), 6); /* nothing of it stays */
    GW_ASSERT_OK(whole_db(m.db, &err), &err);
    disk_model_room(m.disk, 0);
    CU_ASSERT_EQUAL(fill_until_refused(m.db, 100, 200), GW_NO_SPACE);
    CU_ASSERT_EQUAL(count_things(m.db), 6);
    disk_model_room(m.disk, -1); /* there is space again */
    CU_ASSERT_EQUAL(fill_until_refused(m.db, 100, 50), GW_OK);
    CU_ASSERT_EQUAL(count_things(m.db), 56);
    GW_ASSERT_OK(whole_db(m.db, &err), &err);
    close_on_model(&m);
    GW_CLEANUP(db_closep) struct db *again = open_thing(m.dir, NULL);
    CU_ASSERT_EQUAL(count_things(again), 56);
}

/* Each commit is small here: it fails in COMMIT itself, when the WAL cannot grow. */
static void a_commit_on_a_full_disk_leaves_nothing(void)
{
    struct on_model m;
    enum gw_rc rc = GW_OK;
    int done = 0;
    open_on_model(&m);
    disk_model_room(m.disk, 200000);
    while (!rc && done < 1000) {
        rc = db_begin(m.db, &err);
        if (!rc)
            rc = put_thing(m.db, done, 3000);
        if (!rc)
            rc = db_commit(m.db, &err);
        db_rollback(m.db);
        done += !rc;
    }
    CU_ASSERT_EQUAL(rc, GW_NO_SPACE);
    CU_ASSERT(done > 3);
    CU_ASSERT_EQUAL(count_things(m.db), done);
    disk_model_room(m.disk, -1);
    GW_ASSERT_OK(put_thing(m.db, done, 3000), &err);
    CU_ASSERT_EQUAL(count_things(m.db), done + 1);
    close_on_model(&m);
}

static void a_dead_disk_is_an_io_error(void)
{
    struct on_model m;
    open_on_model(&m);
    GW_ASSERT_OK(put_thing(m.db, 1, 100), &err);
    disk_model_stop_at(m.disk, disk_model_changes(m.disk));
    CU_ASSERT_EQUAL(put_thing(m.db, 2, 100), GW_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "thing.db: disk I/O error"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "Input/output error"));
    CU_ASSERT_EQUAL(fill_until_refused(m.db, 2, 10), GW_IO);
    close_on_model(&m);
}

/* The operating system's own refusal, in a child: RLIMIT_FSIZE stands for a quota. Exit status 0: as it should be. */
static int child_with_a_limit(const char *dir)
{
    struct rlimit limit = {.rlim_cur = 300000, .rlim_max = RLIM_INFINITY};
    struct db *db = NULL;
    (void)signal(SIGXFSZ, SIG_IGN);
    if (try_open(dir, NULL, &db) || put_thing(db, 1, 100) || setrlimit(RLIMIT_FSIZE, &limit))
        return 1;
    if (put_thing(db, 2, 1000000) != GW_NO_SPACE)
        return 2;
    if (count_things(db) != 1)
        return 3;
    limit.rlim_cur = RLIM_INFINITY;
    if (setrlimit(RLIMIT_FSIZE, &limit) || put_thing(db, 2, 1000000) || count_things(db) != 2 || whole_db(db, &err))
        return 4;
    db_close(db);
    return 0;
}

static void a_file_size_limit_is_no_space(void)
{
    int status = -1;
    const char *dir = gw_test_dir();
    pid_t pid = fork();
    if (pid == 0)
        _exit(child_with_a_limit(dir));
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status));
    CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
    GW_CLEANUP(db_closep) struct db *db = open_thing(dir, NULL);
    CU_ASSERT_EQUAL(count_things(db), 2);
}

static void a_full_disk_at_first_start_is_no_space(void)
{
    const char *dir = gw_test_dir();
    struct disk_model *disk = disk_model_new(dir);
    struct vfs_model *vfs = vfs_model_new(disk);
    struct db_options options = {.mode = DB_READ_WRITE, .vfs = vfs_model_name(vfs), .fs = disk_model_fs(disk)};
    struct db *db = NULL;
    disk_model_room(disk, 10000);
    CU_ASSERT_EQUAL(try_open(dir, &options, &db), GW_NO_SPACE);
    disk_model_room(disk, -1);
    db = open_thing(dir, &options);
    CU_ASSERT_EQUAL(count_things(db), 0);
    db_close(db);
    vfs_model_free(vfs);
    disk_model_free(disk);
}

const struct gw_test_case disk_cases[] = {
    {"bounds the WAL", bounds_the_wal},
    {"notices a reader that holds the WAL, and shrinks it afterwards", notices_a_reader_that_holds_the_wal},
    {"notices a statement that was left open", a_statement_left_open_holds_the_wal_too},
    {"refuses on a full disk, keeps nothing of it, and recovers", a_full_disk_refuses_and_recovers},
    {"leaves nothing of a commit that met a full disk", a_commit_on_a_full_disk_leaves_nothing},
    {"calls a dead disk an I/O error", a_dead_disk_is_an_io_error},
    {"calls a file size limit no space", a_file_size_limit_is_no_space},
    {"comes up after a first start on a full disk", a_full_disk_at_first_start_is_no_space},
};
const size_t disk_case_count = sizeof(disk_cases) / sizeof(disk_cases[0]);
