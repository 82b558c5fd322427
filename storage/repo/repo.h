/*
 * repo: ports/store.h over SQLite: state.db.
 *
 * Thread: as the port says: one thread at a time per repo. Query threads open their own with read_only; each of its
 * calls sees what was committed when it began, or when the first read after begin was made.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_fs.h"
#include "store.h"

struct repo;

struct repo_options {
    bool read_only;
    int64_t wal_max_bytes;  /* 0: DB_WAL_MAX_BYTES (db.h) */
    const char *vfs;        /* NULL: the operating system's */
    const struct gw_fs *fs; /* NULL: the operating system's */
};

/* Opens state.db, or makes it (not read_only). options NULL: all zero. Errors are those of db_open(). */
GW_MUST_CHECK enum gw_rc repo_open(const char *path, const struct repo_options *options, struct repo **ret_repo,
                                   struct gw_err *err);
struct store repo_store(struct repo *repo); /* valid until repo_close() */
void repo_close(struct repo *repo);         /* rolls back what is open; accepts NULL */
