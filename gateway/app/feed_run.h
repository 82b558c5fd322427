/*
 * feed_run: one step along the journal, held against the rules, into a batch for core.
 */
#pragma once

#include "feed.h"
#include "journal.h"

/* Begins behind `at` and fills all of the batch but `from`. Blocks on the disk for about JOURNAL_SLICE_MS; in the
 * thread that the journal belongs to. A batch whose `to` is `at` found nothing new. */
GW_MUST_CHECK enum gw_rc feed_run(const struct journal *journal, const struct journal_feed *at,
                                  struct feed_batch *batch, struct gw_err *err);
