/*
 * rows_run: one list of the rows that fit a query, out of a read-only store, into an answer for the REST adapter. Ends
 * after QUERY_ROWS_MS at the latest, within a row, and tells where it goes on.
 */
#pragma once

#include <stdatomic.h>

#include "rows.h"

/* Fills the zeroed answer, also when it fails: rc and text then. `stop` ends it early. Blocks on the disk. */
void rows_run(const struct rows_source *source, const struct query *query, const atomic_bool *stop,
              struct answer *ret_answer);
