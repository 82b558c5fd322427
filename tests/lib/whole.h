/*
 * whole: reads a database again from end to end and holds it against what it says of itself.
 *
 * For tests that damage files, cut the power or stop processes. Any mode of opening will do; nothing is written.
 * GW_CORRUPT with the first finding.
 */
#pragma once

#include "gw_err.h"

struct db;
struct journal_db;
struct repo;

/* Structure, indexes, CHECKs. */
GW_MUST_CHECK enum gw_rc whole_db(struct db *db, struct gw_err *err);
GW_MUST_CHECK enum gw_rc whole_repo(struct repo *repo, struct gw_err *err);
/* Besides: every event of every log, and each tree that is stored for it: roots, nodes, compact ranges. */
GW_MUST_CHECK enum gw_rc whole_journal(struct journal_db *journal, struct gw_err *err);
