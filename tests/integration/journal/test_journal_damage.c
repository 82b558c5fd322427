/* Somebody with access to the file alters it: verify finds each kind of lie, and names where. */
#include <stdio.h>

#include "journal_kit.h"
#include "sql_journal.h"
#include "whole.h"

#define EVENTS 700

enum lie { LIE_INBOX, LIE_BUNDLE_GONE, LIE_NODE, LIE_RANGE, LIE_INBOX_GONE, LIE_SWAP, LIE_COUNT };

static const struct db_text lies[LIE_COUNT] = {
    [LIE_INBOX] = {"inbox", "UPDATE inbox SET raw = CAST(substr(raw, 1, length(raw) - 1) || 'x' AS BLOB) "
                            "WHERE first = (SELECT MAX(first) FROM inbox WHERE device = 'pump-1');"},
    [LIE_BUNDLE_GONE] = {"bundle_gone", "DELETE FROM bundle WHERE idx = 0;"},
    [LIE_NODE] = {"node", "UPDATE node SET hash = randomblob(32) WHERE idx = 1;"},
    [LIE_RANGE] = {"range",
                   "UPDATE log SET range = CAST(substr(range, 1, 8) || randomblob(length(range) - 8) AS BLOB);"},
    [LIE_INBOX_GONE] = {"inbox_gone", "DELETE FROM inbox WHERE first = (SELECT MAX(first) FROM inbox);"},
    [LIE_SWAP] = {"swap", "UPDATE bundle SET idx = CASE idx WHEN 0 THEN 100 ELSE 0 END;"},
};

/* Runs one of the statements above on the file. */
static void alter(const char *path, enum lie lie)
{
    struct db_schema schema = sql_journal_schema;
    schema.queries = lies;
    schema.query_count = LIE_COUNT;
    struct db_options options = {.mode = DB_READ_WRITE, .schema = &schema};
    struct gw_err err = {0};
    struct db *db = NULL;
    GW_ASSERT_OK(db_open(path, &options, &db, &err), &err);
    GW_ASSERT_OK(db_run(db_stmt(db, lie), &err), &err);
    CU_ASSERT(db_changes(db) > 0);
    db_close(db);
}

static void verify_finds_every_lie(void)
{
    for (enum lie lie = LIE_INBOX; lie < LIE_COUNT; lie++) {
        struct kit kit;
        struct gw_err err = {0};
        kit_open(&kit);
        for (uint64_t first = 0; first < EVENTS; first += 100)
            (void)kit_send(&kit, "pump-1", 1, first, 100);
        GW_ASSERT_OK(whole_journal(kit.db, &err), &err);
        kit_close(&kit);
        alter(kit.path, lie);
        kit_reopen(&kit);
        CU_ASSERT_EQUAL(whole_journal(kit.db, &err), GW_CORRUPT);
        printf("#   %s: %s\n", lies[lie].name, gw_err_text(&err));
        CU_ASSERT(strstr(gw_err_text(&err), "pump-1") != NULL);
        kit_close(&kit);
    }
}

/* One damaged log does not keep the others from being read or written. */
static void damage_stays_where_it_is(void)
{
    struct kit kit;
    kit_open(&kit);
    (void)kit_send(&kit, "pump-1", 1, 0, 100);
    (void)kit_send(&kit, "pump-2", 1, 0, 300);
    kit_close(&kit);
    alter(kit.path, LIE_BUNDLE_GONE);
    kit_reopen(&kit);
    struct journal_span span = {kit_log("pump-2", 1), 0, 10};
    CU_ASSERT_EQUAL(kit.port.ops->read(kit.port.self, &span, NULL, NULL, NULL), GW_CORRUPT);
    CU_ASSERT_EQUAL(kit_count_good(&kit.port, "pump-1", 1, UINT64_MAX), 100);
    CU_ASSERT_EQUAL(kit_send(&kit, "pump-1", 1, 100, 10).verdict, LOG_ACCEPT);
    CU_ASSERT_EQUAL(kit_send(&kit, "pump-2", 1, 300, 10).verdict, LOG_ACCEPT);
    kit_close(&kit);
}

static const struct gw_test_case cases[] = {
    {"lets verify find every kind of altered row", verify_finds_every_lie},
    {"keeps damage to the log that it befell", damage_stays_where_it_is},
};

int main(void)
{
    return GW_TEST_RUN("journal damage", cases);
}
