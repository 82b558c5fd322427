/*
 * db_test_schema: a small database for the driver's own tests.
 */
#pragma once

#include "db.h"
#include "gw_test.h"

enum { QUERY_PUT, QUERY_GET, QUERY_COUNT, QUERY_ALL, QUERY_STRICT, QUERY_COUNT_ALL };
extern const struct db_schema thing_schema;
extern struct gw_err err;

extern const struct gw_test_case disk_cases[];
extern const size_t disk_case_count;

/* Opens <dir>/thing.db with the options given (NULL: read-write), asserting success. */
struct db *open_thing(const char *dir, const struct db_options *options);
enum gw_rc try_open(const char *dir, const struct db_options *options, struct db **ret_db);
/* One row {id, bytes of value `id`}; in the open transaction, or one of its own. */
enum gw_rc put_thing(struct db *db, int64_t id, size_t len);
int64_t count_things(struct db *db);
/* Statements from outside of the driver, on the real file. */
void meddle(const char *dir, const char *sql);
