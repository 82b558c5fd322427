/*
 * journal_db: fills ports/journal.h over one SQLite file, journal.db.
 *
 * A received batch becomes one inbox row with its bytes as they came. As soon as a log has 256 events that are not
 * sealed, they become one bundle in the same transaction (or in one of the next, when many logs fill up at once): zstd
 * of the exact entry bundle, while level 1 and higher of the log's tiles are kept as hashes (32 bytes for 256 events; a
 * hash for each event would cost more than the events). So every event lies in exactly one of inbox and bundle for
 * whoever looks, and sealing never loses a read.
 *
 * Thread: as the port says. One writable journal_db at a time; any number of read-only ones, in any thread, each its
 * own.
 */
#pragma once

#include "db.h"
#include "gw_hash.h"
#include "journal.h"

struct journal_db;

/*
 * Copying the write-ahead log into the database costs three flushes beside the one of each commit, so it waits for more
 * than state.db's does: at full load one commit in twenty or so pays them, not every one (docs/performance.md).
 */
#define JOURNAL_WAL_AUTO_FRAMES 16384 /* of 4 KiB: 64 MiB */
#define JOURNAL_WAL_MAX_BYTES   (INT64_C(128) << 20)

struct journal_options {
    enum db_mode mode;
    const struct gw_sha256_ops *hash;
    /* Severity of an event's bytes; for the bundle's mask and for search. Called in the journal's thread; never fails.
     */
    enum event_sev (*severity)(struct gw_view event);
    int64_t wal_max_bytes; /* 0: JOURNAL_WAL_MAX_BYTES */
    const char *vfs;       /* as in struct db_options, and fs too */
    const struct gw_fs *fs;
};

/* Opens or makes the file. Errors are those of db_open(). *ret_journal is untouched on failure. */
GW_MUST_CHECK enum gw_rc journal_db_open(const char *path, const struct journal_options *options,
                                         struct journal_db **ret_journal, struct gw_err *err);
void journal_db_close(struct journal_db *journal); /* accepts NULL */
void journal_db_closep(struct journal_db **journal);

/* The port; valid until close. */
struct journal journal_db_port(struct journal_db *journal);
