/* The script that embeds SQL: what it makes, and what it refuses. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "db_impl.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "sql_store.h"
#include "whole.h"

static struct gw_err err;
static char dir[64];

static void put(const char *name, const char *text)
{
    char path[192];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str(text), 0600, &err), &err);
}

/* An area "t" with one migration and these queries. */
static void area(const char *queries)
{
    static const char *const folders[] = {"migrations", "migrations/t", "queries", "queries/t"};
    (void)snprintf(dir, sizeof(dir), "%s", gw_test_dir());
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", dir, folders[i]);
        CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    }
    put("migrations/t/0001-first.sql", "CREATE TABLE a (b TEXT);\n");
    put("queries/t/q.sql", queries);
}

/* CMake breaks its lines where it likes: every run of white space becomes one space. */
static void squeeze(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (!strchr(" \n", *from))
            *to++ = *from;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    *to = '\0';
}

/* Exit status, with all that was said in *ret_said (may be NULL). */
static int embed(char **ret_said)
{
    char source[96], out[96];
    (void)snprintf(source, sizeof(source), "-DSOURCE=%s", dir);
    (void)snprintf(out, sizeof(out), "-DOUT=%s", dir);
    const char *const argv[] = {
        CMAKE, "-DAREA=t", "-DAPPLICATION_ID=1", source, out, "-P", GW_SOURCE_DIR "/storage/sql/embed.cmake", NULL};
    int status = gw_proc_run(argv, ret_said);
    if (ret_said)
        squeeze(*ret_said);
    return status;
}

static void refuses(const char *queries, const char *why)
{
    GW_FREE char *said = NULL;
    area(queries);
    CU_ASSERT_NOT_EQUAL(embed(&said), 0);
    if (!strstr(said, why))
        printf("#   said: %s\n", said);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, why));
}

static void embeds_texts_as_they_are(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf made;
    char path[128];
    gw_buf_init(&made, 1 << 16);
    area("-- about; [this] \"file\"\n-- name: first\nSELECT 'a\\\"' , b FROM a WHERE b = $1 AND $1 <> $2;\n\n"
         "-- a comment\n-- name: second\nDELETE FROM a\nWHERE b = '[x';\n");
    CU_ASSERT_EQUAL(embed(NULL), 0);
    (void)snprintf(path, sizeof(path), "%s/sql_t.c", dir);
    GW_ASSERT_OK(gw_fs_read_file(path, &made, &err), &err);
    const char *text = gw_buf_str(&made);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "{\"first\",\n     \"SELECT 'a\\\\\\\"' , b FROM a WHERE b = $1 AND $1 <> $2;\"}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"second\",\n     \"DELETE FROM a\\n\"\n     \"WHERE b = '[x';\"}"));
    CU_ASSERT_PTR_NULL(strstr(text, "comment"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"0001-first\""));
}

static void refuses_wrong_queries(void)
{
    refuses("-- name: q\nSELECT $2, $1;\n", "uses $2 before $1");
    refuses("-- name: q\nSELECT $1, $3;\n", "uses $3 before $2");
    refuses("-- name: q\nSELECT ?;\n", "a placeholder that is not $n");
    refuses("-- name: q\nSELECT b FROM a WHERE b = :b;\n", "a placeholder that is not $n");
    refuses("-- name: q\nSELECT 1; SELECT 2;\n", "not one statement");
    refuses("-- name: q\nSELECT 1\n", "not one statement");
    refuses("-- name: Q\nSELECT 1;\n", "no name for a query");
    refuses("-- name: q\nSELECT 1;\n-- name: q\nSELECT 2;\n", "there twice");
    refuses("SELECT 1;\n", "no queries");
}

static void refuses_a_gap_in_the_migrations(void)
{
    GW_FREE char *said = NULL, *other = NULL;
    area("-- name: q\nSELECT 1;\n");
    put("migrations/t/0003-third.sql", "SELECT 1;\n");
    CU_ASSERT_NOT_EQUAL(embed(&said), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "migration 2 is missing"));
    area("-- name: q\nSELECT 1;\n");
    put("migrations/t/second.sql", "SELECT 1;\n");
    CU_ASSERT_NOT_EQUAL(embed(&other), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(other, "0001-what.sql"));
}

static void made_the_stores_tables(void)
{
    CU_ASSERT_EQUAL(sql_store_schema.application_id, 0x47577374);
    CU_ASSERT_EQUAL(sql_store_schema.query_count, SQL_STORE_COUNT);
    CU_ASSERT_STRING_EQUAL(sql_store_schema.queries[SQL_STORE_DEVICE_GET].name, "device_get");
    CU_ASSERT(sql_store_schema.migration_count >= 1);
}

static bool is_of_rollouts(const char *name)
{
    return strncmp(name, "rollout_", 8) == 0 || strncmp(name, "attempt_", 8) == 0 || strncmp(name, "seats_", 6) == 0 ||
           strncmp(name, "inventory_", 10) == 0;
}

/* Calls of the store whose cost must not grow with the fleet, and what SQLite may do for them besides looking into an
 * index: sort the few attempts of one device. */
static bool must_be_cheap(const char *name)
{
    static const char *const also[] = {"attempt_count", "attempt_cancel_planned", "attempt_drop_back"};
    for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++)
        if (strcmp(name, also[i]) == 0)
            return false; /* they touch what they name */
    return is_of_rollouts(name);
}

static bool step_is_cheap(const char *name, struct gw_view step)
{
    bool walks = gw_view_starts(step, "SCAN") && !memmem(step.ptr, step.len, "INDEX", 5);
    bool sorts = gw_view_starts(step, "USE TEMP B-TREE") && strcmp(name, "attempt_each_of") != 0;
    if (walks || sorts)
        printf("# %s: " GW_VIEW_FMT "\n", name, GW_VIEW_ARG(step));
    return !walks && !sorts;
}

static void finds_rows_of_rollouts_through_indexes(void)
{
    static struct db_text plans[SQL_STORE_COUNT];
    struct gw_buf texts[SQL_STORE_COUNT];
    struct db_schema schema = sql_store_schema;
    struct db *db = NULL;
    char path[160];
    int looked = 0;
    for (size_t i = 0; i < SQL_STORE_COUNT; i++) {
        gw_buf_init(&texts[i], 65536);
        (void)gw_buf_printf(&texts[i], "EXPLAIN QUERY PLAN %s", sql_store_schema.queries[i].sql);
        plans[i] = (struct db_text){sql_store_schema.queries[i].name, gw_buf_str(&texts[i])};
    }
    schema.queries = plans;
    (void)snprintf(path, sizeof(path), "%s/plans.db", gw_test_dir());
    GW_ASSERT_OK(db_open(path, &(struct db_options){.mode = DB_READ_WRITE, .schema = &schema}, &db, NULL), NULL);
    for (size_t i = 0; i < SQL_STORE_COUNT; i++) {
        struct db_stmt *s = db_stmt(db, i);
        bool row = true;
        while (must_be_cheap(plans[i].name) && db_step(s, &row, NULL) == GW_OK && row) {
            CU_ASSERT_TRUE(step_is_cheap(plans[i].name, db_col_text(s, 3)));
            looked++;
        }
        db_reset(s);
    }
    CU_ASSERT(looked > 15);
    db_close(db);
    for (size_t i = 0; i < SQL_STORE_COUNT; i++)
        gw_buf_done(&texts[i]);
}

/* Indexes that a query writes. */
static int indexes_written(size_t query)
{
    struct db_text plan = {"plan", NULL};
    struct db_schema schema = sql_store_schema;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct db *db = NULL;
    char path[160];
    int count = 0;
    bool row = true;
    gw_buf_init(&text, 65536);
    (void)gw_buf_printf(&text, "EXPLAIN %s", sql_store_schema.queries[query].sql);
    plan.sql = gw_buf_str(&text);
    schema.queries = &plan;
    schema.query_count = 1;
    (void)snprintf(path, sizeof(path), "%s/writes.db", gw_test_dir());
    GW_ASSERT_OK(db_open(path, &(struct db_options){.mode = DB_READ_WRITE, .schema = &schema}, &db, NULL), NULL);
    struct db_stmt *s = db_stmt(db, 0);
    while (db_step(s, &row, NULL) == GW_OK && row)
        count += gw_view_eq_str(db_col_text(s, 1), "IdxInsert");
    db_reset(s);
    db_close(db);
    return count;
}

/* What each report pays: an index that hangs on a column that stays is not to be written. */
static void writes_no_index_that_a_report_leaves_alone(void)
{
    CU_ASSERT_EQUAL(indexes_written(SQL_STORE_ATTEMPT_UPDATE), 1);       /* by timer */
    CU_ASSERT_EQUAL(indexes_written(SQL_STORE_ATTEMPT_UPDATE_STATE), 2); /* by state */
    CU_ASSERT_EQUAL(indexes_written(SQL_STORE_ATTEMPT_UPDATE_LIVE), 3);  /* by device, once in its life */
}

#define BEFORE_ROLLOUTS 3 /* migrations of the schema that knew of no rollouts */

/* user_version: how many migrations the file has had; -1 when it does not say. */
static int64_t version_of(struct db *db)
{
    int64_t version = -1;
    return db_pragma_i64(db, "PRAGMA user_version", &version, NULL) ? -1 : version;
}

static void brings_a_store_without_rollouts_up_to_date(void)
{
    static struct db_text old_queries[SQL_STORE_COUNT];
    struct db_schema old = sql_store_schema;
    struct db *db = NULL;
    char path[160];
    bool row = false;
    for (size_t i = 0; i < SQL_STORE_COUNT; i++) { /* their numbers stay; others may know of what came later */
        bool asked = strncmp(sql_store_schema.queries[i].name, "device_", 7) == 0;
        old_queries[i] = asked ? sql_store_schema.queries[i] : (struct db_text){"none", "SELECT 1;"};
    }
    old.queries = old_queries;
    old.migration_count = BEFORE_ROLLOUTS;
    (void)snprintf(path, sizeof(path), "%s/old.db", gw_test_dir());
    GW_ASSERT_OK(db_open(path, &(struct db_options){.mode = DB_READ_WRITE, .schema = &old}, &db, NULL), NULL);
    CU_ASSERT_EQUAL(version_of(db), BEFORE_ROLLOUTS);
    struct db_stmt *s = db_stmt(db, SQL_STORE_DEVICE_INSERT);
    db_bind_str(s, 1, "pump-7");
    db_bind_i64(s, 2, 3);
    db_bind_str(s, 3, "Pump seven");
    db_bind_i64(s, 4, 10);
    db_bind_i64(s, 5, 11);
    GW_ASSERT_OK(db_run(s, NULL), NULL);
    db_close(db);
    db = NULL;
    struct db_options options = {.mode = DB_READ_WRITE, .schema = &sql_store_schema};
    GW_ASSERT_OK(db_open(path, &options, &db, &err), &err);
    CU_ASSERT_EQUAL(version_of(db), (int64_t)sql_store_schema.migration_count);
    s = db_stmt(db, SQL_STORE_DEVICE_GET);
    db_bind_str(s, 1, "pump-7");
    CU_ASSERT(db_step(s, &row, NULL) == GW_OK && row);
    CU_ASSERT_TRUE(gw_view_eq_str(db_col_text(s, 2), "Pump seven"));
    db_reset(s);
    s = db_stmt(db, SQL_STORE_INVENTORY_GET);
    db_bind_str(s, 1, "pump-7");
    CU_ASSERT(db_step(s, &row, NULL) == GW_OK && !row);
    db_reset(s);
    GW_ASSERT_OK(whole_db(db, &err), &err);
    db_close(db);
}

#define BEFORE_LIVE 5 /* migrations of the schema whose attempts had no column for that */

/* One that is offered and one that has ended, as that schema wrote them. */
static const struct db_text former_rows[] = {
    {"first",
     "INSERT INTO attempt VALUES ('at-aaaaaaaaaaaaaaaa-00000000', 'ro-aaaaaaaaaaaaaaaa', 'pump-1', 0, 0, 0, 2, "
     "0, 1, 0, 0, 1, 0, 0, 0, 5, 5, 5, 5, 0, 0, 0, '', '', 9, 1, 5, '0123456789abcdef', '2.0', 2, '', '', 0);"},
    {"second",
     "INSERT INTO attempt VALUES ('at-aaaaaaaaaaaaaaaa-00000001', 'ro-aaaaaaaaaaaaaaaa', 'pump-2', 0, 1, 0, "
     "10, 0, 1, 0, 0, 1, 0, 0, 1, 5, 5, 5, 5, 0, 0, 0, '', '', 0, 1, 5, '0123456789abcdef', '2.0', 2, '', '', "
     "0);"},
};
static const struct db_text look_at_live[] = {
    {"wrong", "SELECT count(*) FROM attempt WHERE (live = 1) <> (state < 10);"},
    {"all", "SELECT count(*) FROM attempt;"},
    {"again", "INSERT INTO attempt SELECT 'at-bbbbbbbbbbbbbbbb-0000000' || place, 'ro-bbbbbbbbbbbbbbbb', device, wave, "
              "place, back, 1, code, rev, progress, breaks, online, proved, cancel, taken, first_offer, offered, sent, "
              "step_since, until, confirm_since, cancel_since, boot_before, boot_confirm, timer, created, changed, "
              "release, version, counter, before_release, before_version, before_counter, 1 FROM attempt "
              "WHERE rollout = 'ro-aaaaaaaaaaaaaaaa' AND device = $1;"},
};

static int64_t number(struct db *db, size_t query)
{
    struct db_stmt *s = db_stmt(db, query);
    bool row = false;
    GW_ASSERT_OK(db_step(s, &row, NULL), NULL);
    int64_t value = row ? db_col_i64(s, 0) : -1;
    db_reset(s);
    return value;
}

static enum gw_rc add_again(struct db *db, const char *device)
{
    struct db_stmt *s = db_stmt(db, 2);
    db_bind_str(s, 1, device);
    return db_run(s, NULL);
}

static void holds_devices_of_attempts_of_a_former_schema(void)
{
    struct db_schema schema = sql_store_schema;
    struct db *db = NULL;
    char path[160];
    schema.queries = former_rows;
    schema.query_count = 2;
    schema.migration_count = BEFORE_LIVE;
    (void)snprintf(path, sizeof(path), "%s/former.db", gw_test_dir());
    GW_ASSERT_OK(db_open(path, &(struct db_options){.mode = DB_READ_WRITE, .schema = &schema}, &db, NULL), NULL);
    GW_ASSERT_OK(db_run(db_stmt(db, 0), NULL), NULL);
    GW_ASSERT_OK(db_run(db_stmt(db, 1), NULL), NULL);
    db_close(db);
    db = NULL;
    schema = sql_store_schema;
    schema.queries = look_at_live;
    schema.query_count = 3;
    GW_ASSERT_OK(db_open(path, &(struct db_options){.mode = DB_READ_WRITE, .schema = &schema}, &db, &err), &err);
    CU_ASSERT_EQUAL(number(db, 0), 0);
    CU_ASSERT_EQUAL(number(db, 1), 2);
    CU_ASSERT_EQUAL(add_again(db, "pump-1"), GW_EXISTS); /* its attempt is open */
    CU_ASSERT_EQUAL(add_again(db, "pump-2"), GW_OK);
    GW_ASSERT_OK(whole_db(db, &err), &err);
    db_close(db);
}

#define BEFORE_LONG_PLANS 9 /* migrations of the schema that held a plan to 1,024 bytes */

#define INDEXES                                                                                                        \
    "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema WHERE tbl_name = 'rollout' AND type = 'index' " \
    "AND sql IS NOT NULL ORDER BY name);"

static const struct db_text short_plans[] = {
    {"indexes", INDEXES},
    {"first", "INSERT INTO rollout VALUES ('ro-aaaaaaaaaaaaaaaa', 'Spring', '0123456789abcdef', 'pump', '2.0', 2, "
              "x'0201', 2, x'0202', 3, 4, 5, 6, 'local:ann', 'why', 7);"},
    {"second", "INSERT INTO rollout VALUES ('ro-bbbbbbbbbbbbbbbb', '', '0123456789abcdef', 'pump', '2.0', 2, "
               "x'', 9, x'', 0, 0, 8, 8, '', '', 1);"},
    {"long", "INSERT INTO rollout VALUES ('ro-cccccccccccccccc', '', '0123456789abcdef', 'pump', '2.0', 2, "
             "zeroblob(1025), 1, x'', 0, 0, 9, 9, '', '', 1);"},
};
static const struct db_text long_plans[] = {
    {"indexes", INDEXES},
    {"kept", "SELECT count(*) FROM rollout WHERE id = 'ro-aaaaaaaaaaaaaaaa' AND name = 'Spring' AND release = "
             "'0123456789abcdef' AND product = 'pump' AND version = '2.0' AND counter = 2 AND plan = x'0201' AND "
             "state = 2 AND progress = x'0202' AND timer = 3 AND attempts = 4 AND created = 5 AND changed = 6 AND "
             "created_by = 'local:ann' AND reason = 'why' AND rev = 7;"},
    {"all", "SELECT count(*) FROM rollout;"},
    {"left", "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%_new';"},
    {"long", "INSERT INTO rollout VALUES ('ro-cccccccccccccccc', '', '0123456789abcdef', 'pump', '2.0', 2, "
             "zeroblob(10240), 1, x'', 0, 0, 9, 9, '', '', 1);"},
    {"longer", "UPDATE rollout SET plan = zeroblob(10241);"},
};

static void text_of(struct db *db, size_t query, char *out, size_t size)
{
    struct db_stmt *s = db_stmt(db, query);
    bool row = false;
    GW_ASSERT_OK(db_step(s, &row, NULL), NULL);
    struct gw_view text = row ? db_col_text(s, 0) : gw_view_str("");
    (void)snprintf(out, size, "%.*s", (int)text.len, (const char *)text.ptr);
    db_reset(s);
}

static void gives_plans_of_a_former_schema_more_room(void)
{
    struct db_schema schema = sql_store_schema;
    struct db *db = NULL;
    char path[160], before[1024], after[1024];
    schema.queries = short_plans;
    schema.query_count = sizeof(short_plans) / sizeof(short_plans[0]);
    schema.migration_count = BEFORE_LONG_PLANS;
    (void)snprintf(path, sizeof(path), "%s/short.db", gw_test_dir());
    GW_ASSERT_OK(db_open(path, &(struct db_options){.mode = DB_READ_WRITE, .schema = &schema}, &db, NULL), NULL);
    text_of(db, 0, before, sizeof(before));
    GW_ASSERT_OK(db_run(db_stmt(db, 1), NULL), NULL);
    GW_ASSERT_OK(db_run(db_stmt(db, 2), NULL), NULL);
    CU_ASSERT_EQUAL(db_run(db_stmt(db, 3), NULL), GW_INVALID);
    db_close(db);
    db = NULL;
    schema = sql_store_schema;
    schema.queries = long_plans;
    schema.query_count = sizeof(long_plans) / sizeof(long_plans[0]);
    GW_ASSERT_OK(db_open(path, &(struct db_options){.mode = DB_READ_WRITE, .schema = &schema}, &db, &err), &err);
    text_of(db, 0, after, sizeof(after));
    CU_ASSERT_STRING_EQUAL(after, before);
    CU_ASSERT(number(db, 1) == 1 && number(db, 2) == 2 && number(db, 3) == 0);
    CU_ASSERT_EQUAL(db_run(db_stmt(db, 4), NULL), GW_OK);
    CU_ASSERT_EQUAL(db_run(db_stmt(db, 5), NULL), GW_INVALID);
    GW_ASSERT_OK(whole_db(db, &err), &err);
    db_close(db);
}

static const struct gw_test_case cases[] = {
    {"embeds texts as they are, without comments", embeds_texts_as_they_are},
    {"refuses queries that break the rules", refuses_wrong_queries},
    {"refuses a gap in the migrations", refuses_a_gap_in_the_migrations},
    {"has made the store's tables", made_the_stores_tables},
    {"brings a store without rollouts up to date", brings_a_store_without_rollouts_up_to_date},
    {"finds rows of rollouts through indexes", finds_rows_of_rollouts_through_indexes},
    {"writes no index that a report leaves alone", writes_no_index_that_a_report_leaves_alone},
    {"holds devices of attempts of a former schema", holds_devices_of_attempts_of_a_former_schema},
    {"gives plans of a former schema more room, and keeps their rows and indexes",
     gives_plans_of_a_former_schema_more_room},
};

int main(void)
{
    return GW_TEST_RUN("sql", cases);
}
