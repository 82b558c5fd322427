/* The driver over SQLite: files, versions, statements, transactions. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db_impl.h"
#include "db_test_schema.h"
#include "gw_cleanup.h"
#include "gw_proc.h"
#include "whole.h"

struct gw_err err;

static const struct db_text migrations[] = {
    {"0001-thing", "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;"},
    {"0002-name", "ALTER TABLE thing ADD COLUMN name TEXT; CREATE UNIQUE INDEX thing_name ON thing (name);"},
    {"0003-limit", "CREATE TABLE small (n INTEGER NOT NULL CHECK (n < 10)) STRICT;"},
};
static const struct db_text queries[] = {
    {"put", "INSERT INTO thing (id, value, name) VALUES ($1, $2, $3);"},
    {"get", "SELECT id, value, name FROM thing WHERE id = $1;"},
    {"count", "SELECT count(*) FROM thing;"},
    {"all", "SELECT id FROM thing ORDER BY id;"},
    {"strict", "INSERT INTO small (n) VALUES ($1);"},
};
const struct db_schema thing_schema = {
    .application_id = 0x47577478, /* "GWtx" */
    .migrations = migrations,
    .migration_count = 3,
    .queries = queries,
    .query_count = QUERY_COUNT_ALL,
};

static void path_of(const char *dir, char out[128])
{
    (void)snprintf(out, 128, "%s/thing.db", dir);
}

enum gw_rc try_open(const char *dir, const struct db_options *options, struct db **ret_db)
{
    struct db_options o = options ? *options : (struct db_options){.mode = DB_READ_WRITE};
    char path[128];
    path_of(dir, path);
    if (!o.schema)
        o.schema = &thing_schema;
    return db_open(path, &o, ret_db, &err);
}

struct db *open_thing(const char *dir, const struct db_options *options)
{
    struct db *db = NULL;
    GW_ASSERT_OK(try_open(dir, options, &db), &err);
    return db;
}

enum gw_rc put_thing(struct db *db, int64_t id, size_t len)
{
    GW_FREE uint8_t *bytes = gw_xalloc(len ? len : 1, 1);
    memset(bytes, (int)id, len);
    struct db_stmt *s = db_stmt(db, QUERY_PUT);
    db_bind_i64(s, 1, id);
    db_bind_blob(s, 2, gw_view_make(bytes, len));
    return db_run(s, &err);
}

int64_t count_things(struct db *db)
{
    bool row = false;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(db, QUERY_COUNT);
    return db_step(s, &row, &err) == GW_OK && row ? db_col_i64(s, 0) : -1;
}

void meddle(const char *dir, const char *sql)
{
    char path[128];
    path_of(dir, path);
    const char *const argv[] = {"sqlite3", path, sql, NULL};
    CU_ASSERT_EQUAL(gw_proc_run(argv, NULL), 0);
}

/* user_version: how many migrations the file has had; -1 when it does not say. */
static int64_t version_of(struct db *db)
{
    int64_t version = -1;
    return db_pragma_i64(db, "PRAGMA user_version", &version, NULL) ? -1 : version;
}

static void makes_a_file_that_only_its_owner_reads(void)
{
    const char *dir = gw_test_dir();
    GW_CLEANUP(db_closep) struct db *db = open_thing(dir, NULL);
    CU_ASSERT_EQUAL(version_of(db), 3);
    GW_ASSERT_OK(put_thing(db, 1, 10), &err);
    static const char *const names[] = {"thing.db", "thing.db-wal", "thing.db-shm"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        struct stat st;
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
        CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    }
}

static void narrows_the_mode_of_a_file_that_was_there(void)
{
    const char *dir = gw_test_dir();
    char path[128];
    struct stat st;
    path_of(dir, path);
    db_close(open_thing(dir, NULL));
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
    db_close(open_thing(dir, NULL));
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
}

static void refuses_what_is_no_regular_file(void)
{
    const char *dir = gw_test_dir();
    char path[128], other[128];
    path_of(dir, path);
    (void)snprintf(other, sizeof(other), "%s/other.db", dir);
    CU_ASSERT_EQUAL(symlink(other, path), 0);
    struct db *db = NULL;
    CU_ASSERT_EQUAL(try_open(dir, NULL, &db), GW_INVALID);
    CU_ASSERT_PTR_NULL(db);
    CU_ASSERT_EQUAL(access(other, F_OK), -1);
    CU_ASSERT_EQUAL(try_open("/nonexistent", NULL, &db), GW_NOT_FOUND);
}

static void runs_wal_with_full_sync(void)
{
    static const struct db_text look[] = {
        {"mode", "SELECT journal_mode FROM pragma_journal_mode;"},
        {"sync", "SELECT synchronous FROM pragma_synchronous;"},
        {"keys", "SELECT foreign_keys FROM pragma_foreign_keys;"},
        {"trust", "SELECT trusted_schema FROM pragma_trusted_schema;"},
        {"cells", "SELECT cell_size_check FROM pragma_cell_size_check;"},
    };
    static const char *const want[] = {"wal", "2", "1", "0", "1"};
    struct db_schema schema = thing_schema;
    schema.queries = look;
    schema.query_count = 5;
    struct db_options options = {.mode = DB_READ_WRITE, .schema = &schema};
    GW_CLEANUP(db_closep) struct db *db = open_thing(gw_test_dir(), &options);
    for (size_t i = 0; i < 5; i++) {
        bool row = false;
        GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(db, i);
        GW_ASSERT_OK(db_step(s, &row, &err), &err);
        CU_ASSERT_FATAL(row);
        CU_ASSERT(gw_view_eq_str(db_col_text(s, 0), want[i]));
    }
}

static void migrates_an_older_file_and_keeps_its_rows(void)
{
    const char *dir = gw_test_dir();
    static const struct db_text old_queries[] = {{"put", "INSERT INTO thing (id, value) VALUES ($1, $2);"}};
    struct db_schema old = thing_schema;
    old.migration_count = 1;
    old.queries = old_queries;
    old.query_count = 1;
    struct db_options options = {.mode = DB_READ_WRITE, .schema = &old};
    struct db *db = open_thing(dir, &options);
    CU_ASSERT_EQUAL(version_of(db), 1);
    GW_ASSERT_OK(put_thing(db, 7, 3), &err);
    db_close(db);
    options = (struct db_options){.mode = DB_READ_ONLY};
    CU_ASSERT_EQUAL(try_open(dir, &options, &db), GW_UNSUPPORTED); /* a reader does not migrate */
    db = open_thing(dir, NULL);
    CU_ASSERT_EQUAL(version_of(db), 3);
    CU_ASSERT_EQUAL(count_things(db), 1);
    db_close(db);
    db = open_thing(dir, NULL); /* nothing left to do */
    CU_ASSERT_EQUAL(version_of(db), 3);
    db_close(db);
}

static void leaves_a_file_alone_when_a_migration_fails(void)
{
    const char *dir = gw_test_dir();
    static const struct db_text broken[] = {
        {"0001-thing", "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;"},
        {"0002-wrong", "CREATE TABLE half (n INTEGER); INSERT INTO nowhere VALUES (1);"},
    };
    struct db_schema schema = {
        .application_id = thing_schema.application_id, .migrations = broken, .migration_count = 2};
    struct db_options options = {.mode = DB_READ_WRITE, .schema = &schema};
    struct db *db = NULL;
    CU_ASSERT_NOT_EQUAL(try_open(dir, &options, &db), GW_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "0002-wrong"));
    schema.migration_count = 1;
    db = open_thing(dir, &options);
    CU_ASSERT_EQUAL(version_of(db), 1);
    db_close(db);
    meddle(dir, "CREATE TABLE half (n INTEGER)"); /* it is not there */
}

static void refuses_a_newer_file(void)
{
    const char *dir = gw_test_dir();
    db_close(open_thing(dir, NULL));
    meddle(dir, "PRAGMA user_version = 9");
    struct db *db = NULL;
    CU_ASSERT_EQUAL(try_open(dir, NULL, &db), GW_UNSUPPORTED);
    CU_ASSERT_STRING_EQUAL(err.text, "thing.db is of version 9, this program knows 3: install the newer program or "
                                     "restore a backup");
    struct db_options reader = {.mode = DB_READ_ONLY};
    CU_ASSERT_EQUAL(try_open(dir, &reader, &db), GW_UNSUPPORTED);
    meddle(dir, "PRAGMA user_version = -1");
    CU_ASSERT_EQUAL(try_open(dir, NULL, &db), GW_CORRUPT);
}

static void refuses_another_programs_file(void)
{
    const char *dir = gw_test_dir();
    struct db *db = NULL;
    meddle(dir, "CREATE TABLE theirs (n); INSERT INTO theirs VALUES (1)");
    CU_ASSERT_EQUAL(try_open(dir, NULL, &db), GW_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "belongs to another program"));
    meddle(dir, "PRAGMA application_id = 123");
    CU_ASSERT_EQUAL(try_open(dir, NULL, &db), GW_CORRUPT);
    meddle(dir, "SELECT n FROM theirs"); /* still a database */
}

static void write_at(const char *dir, off_t offset, const char *text)
{
    char path[128];
    path_of(dir, path);
    GW_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT_EQUAL(pwrite(fd, text, strlen(text), offset), (ssize_t)strlen(text));
}

static void refuses_what_is_no_database(void)
{
    const char *dir = gw_test_dir();
    struct db *db = NULL;
    char text[2048];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    write_at(dir, 0, text);
    CU_ASSERT_EQUAL(try_open(dir, NULL, &db), GW_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "thing.db"));
    CU_ASSERT_PTR_NULL(db);
}

static void finds_damage(void)
{
    const char *dir = gw_test_dir();
    struct db *db = open_thing(dir, NULL);
    GW_ASSERT_OK(db_begin(db, &err), &err);
    for (int i = 0; i < 200; i++)
        GW_ASSERT_OK(put_thing(db, i, 500), &err);
    GW_ASSERT_OK(db_commit(db, &err), &err);
    GW_ASSERT_OK(whole_db(db, &err), &err);
    db_close(db);
    for (int page = 8; page < 20; page++)
        write_at(dir, 4096L * page, "damaged, and not by little");
    db = open_thing(dir, NULL);
    CU_ASSERT_EQUAL(whole_db(db, &err), GW_CORRUPT);
    bool row = true;
    enum gw_rc rc = GW_OK;
    struct db_stmt *s = db_stmt(db, QUERY_ALL);
    while (!rc && row)
        rc = db_step(s, &row, &err);
    CU_ASSERT_EQUAL(rc, GW_CORRUPT);
    db_reset(s);
    db_close(db);
}

static void gives_back_what_was_bound(void)
{
    GW_CLEANUP(db_closep) struct db *db = open_thing(gw_test_dir(), NULL);
    struct db_stmt *s = db_stmt(db, QUERY_PUT);
    db_bind_i64(s, 1, INT64_MIN);
    db_bind_blob(s, 2, gw_view_make(NULL, 0));
    db_bind_text(s, 3, gw_view_make("a\0b", 3));
    GW_ASSERT_OK(db_run(s, &err), &err);
    CU_ASSERT_EQUAL(db_changes(db), 1);
    s = db_stmt(db, QUERY_PUT);
    db_bind_i64(s, 1, 2);
    db_bind_blob(s, 2, GW_VIEW_LIT("blob"));
    db_bind_null(s, 3);
    GW_ASSERT_OK(db_run(s, &err), &err);
    bool row = false;
    s = db_stmt(db, QUERY_GET);
    db_bind_i64(s, 1, INT64_MIN);
    GW_ASSERT_OK(db_step(s, &row, &err), &err);
    CU_ASSERT_FATAL(row);
    CU_ASSERT_EQUAL(db_col_i64(s, 0), INT64_MIN);
    CU_ASSERT_FALSE(db_col_is_null(s, 1));
    CU_ASSERT_EQUAL(db_col_blob(s, 1).len, 0);
    CU_ASSERT(gw_view_eq(db_col_text(s, 2), gw_view_make("a\0b", 3)));
    GW_ASSERT_OK(db_step(s, &row, &err), &err);
    CU_ASSERT_FALSE(row);
    db_reset(s);
    s = db_stmt(db, QUERY_GET); /* bindings are gone: id = NULL finds nothing */
    GW_ASSERT_OK(db_step(s, &row, &err), &err);
    CU_ASSERT_FALSE(row);
    db_reset(s);
    s = db_stmt(db, QUERY_GET);
    db_bind_i64(s, 1, 2);
    GW_ASSERT_OK(db_step(s, &row, &err), &err);
    CU_ASSERT(gw_view_eq_str(db_col_blob(s, 1), "blob"));
    CU_ASSERT(db_col_is_null(s, 2));
    CU_ASSERT_EQUAL(db_col_text(s, 2).len, 0);
    db_reset(s);
    db_reset(s); /* twice is once */
    db_reset(NULL);
}

static void names_broken_rules(void)
{
    GW_CLEANUP(db_closep) struct db *db = open_thing(gw_test_dir(), NULL);
    GW_ASSERT_OK(db_begin(db, &err), &err);
    GW_ASSERT_OK(put_thing(db, 1, 1), &err);
    CU_ASSERT_EQUAL(put_thing(db, 1, 1), GW_EXISTS);
    struct db_stmt *s = db_stmt(db, QUERY_STRICT);
    db_bind_i64(s, 1, 10);
    CU_ASSERT_EQUAL(db_run(s, &err), GW_INVALID); /* CHECK */
    s = db_stmt(db, QUERY_STRICT);
    CU_ASSERT_EQUAL(db_run(s, &err), GW_INVALID); /* NOT NULL */
    s = db_stmt(db, QUERY_STRICT);
    db_bind_str(s, 1, "text");
    CU_ASSERT_EQUAL(db_run(s, &err), GW_INVALID); /* STRICT */
    CU_ASSERT_EQUAL(put_thing(db, 2, DB_VALUE_MAX + 1), GW_TOO_BIG);
    GW_ASSERT_OK(db_commit(db, &err), &err); /* none of them has spoilt the transaction */
    CU_ASSERT_EQUAL(count_things(db), 1);
}

static void a_reader_only_reads(void)
{
    const char *dir = gw_test_dir();
    struct db_options options = {.mode = DB_READ_ONLY};
    struct db *reader = NULL;
    CU_ASSERT_EQUAL(try_open(dir, &options, &reader), GW_NOT_FOUND);
    GW_CLEANUP(db_closep) struct db *db = open_thing(dir, NULL);
    reader = open_thing(dir, &options);
    CU_ASSERT(db_is_read_only(reader));
    CU_ASSERT_EQUAL(put_thing(reader, 1, 1), GW_DENIED);
    GW_ASSERT_OK(db_begin(reader, &err), &err);
    CU_ASSERT_EQUAL(count_things(reader), 0);
    GW_ASSERT_OK(put_thing(db, 1, 1), &err);
    CU_ASSERT_EQUAL(count_things(reader), 0); /* its snapshot */
    GW_ASSERT_OK(db_commit(reader, &err), &err);
    CU_ASSERT_EQUAL(count_things(reader), 1);
    db_close(reader);
}

static void a_second_writer_is_told_to_wait(void)
{
    const char *dir = gw_test_dir();
    struct db_options hasty = {.mode = DB_READ_WRITE, .busy_ms = 1};
    GW_CLEANUP(db_closep) struct db *one = open_thing(dir, &hasty);
    GW_CLEANUP(db_closep) struct db *two = open_thing(dir, &hasty);
    GW_ASSERT_OK(db_begin(one, &err), &err);
    CU_ASSERT_EQUAL(db_begin(two, &err), GW_AGAIN);
    CU_ASSERT_FALSE(db_in_transaction(two));
    CU_ASSERT_EQUAL(put_thing(two, 1, 1), GW_AGAIN);
    GW_ASSERT_OK(db_commit(one, &err), &err);
    GW_ASSERT_OK(db_begin(two, &err), &err);
    db_rollback(two);
}

static void closing_rolls_back(void)
{
    const char *dir = gw_test_dir();
    struct db *db = open_thing(dir, NULL);
    GW_ASSERT_OK(db_begin(db, &err), &err);
    GW_ASSERT_OK(put_thing(db, 1, 1), &err);
    CU_ASSERT_EQUAL(count_things(db), 1);
    db_close(db);
    db = open_thing(dir, NULL);
    CU_ASSERT_EQUAL(count_things(db), 0);
    db_close(db);
    db_close(NULL);
}

static const struct gw_test_case cases[] = {
    {"makes a file that only its owner reads", makes_a_file_that_only_its_owner_reads},
    {"narrows the mode of a file that was there", narrows_the_mode_of_a_file_that_was_there},
    {"refuses what is no regular file", refuses_what_is_no_regular_file},
    {"runs WAL with synchronous=FULL and wary settings", runs_wal_with_full_sync},
    {"migrates an older file and keeps its rows", migrates_an_older_file_and_keeps_its_rows},
    {"leaves a file alone when a migration fails", leaves_a_file_alone_when_a_migration_fails},
    {"refuses a file of a newer version", refuses_a_newer_file},
    {"refuses another program's file", refuses_another_programs_file},
    {"refuses what is no database", refuses_what_is_no_database},
    {"finds damage", finds_damage},
    {"gives back what was bound", gives_back_what_was_bound},
    {"names broken rules, which spoil nothing", names_broken_rules},
    {"lets a reader read, from its snapshot", a_reader_only_reads},
    {"tells a second writer to wait", a_second_writer_is_told_to_wait},
    {"rolls back when it is closed", closing_rolls_back},
};

int main(void)
{
    static struct gw_test_case all[32];
    size_t count = sizeof(cases) / sizeof(cases[0]);
    memcpy(all, cases, sizeof(cases));
    memcpy(all + count, disk_cases, disk_case_count * sizeof(disk_cases[0]));
    return gw_test_run("db", all, count + disk_case_count);
}
