/*
 * slow_flush: what the library of that name counts, in a file that the bench makes and both map.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#define SLOW_FLUSH_ENV_MS      "SLOW_FLUSH_MS"      /* how much longer each flush takes */
#define SLOW_FLUSH_ENV_COUNTS  "SLOW_FLUSH_COUNTS"  /* path of the file */
#define SLOW_FLUSH_ENV_PROGRAM "SLOW_FLUSH_PROGRAM" /* whose flushes; "gatehoused" when it is not set */

#define SLOW_FLUSH_ENDS 64

struct slow_flush_counts {
    _Atomic uint64_t journal_wal, journal_db, state_wal, state_db, other; /* that have begun */
    /* When the last flushes of state.db-wal, which are core's alone, ended: CLOCK_MONOTONIC, nanoseconds; the flush
     * numbered n, from 1 on, at n % SLOW_FLUSH_ENDS. */
    _Atomic uint64_t state_wal_ended_ns[SLOW_FLUSH_ENDS];
};
