/*
 * query_run: one read of the logs against a journal, into an answer for the REST adapter.
 *
 * Ceilings (query.h): QUERY_EVENTS_MAX events or logs, QUERY_BYTES_MAX of them as JSON, QUERY_SEARCH_MS for a search,
 * in slices of the journal's JOURNAL_SLICE_MS with a snapshot each. What does not fit is told by `more`, `next` or the
 * cursor, never left out.
 */
#pragma once

#include <stdatomic.h>

#include "answer.h"
#include "journal.h"
#include "query.h"

/* Fills the zeroed answer, also when it fails: rc and text then. `stop` ends a search early. Blocks on the disk; in the
 * thread that the journal belongs to. */
void query_run(const struct journal *journal, const struct query *query, const atomic_bool *stop,
               struct answer *ret_answer);
