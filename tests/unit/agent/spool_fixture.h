/*
 * spool_fixture: a spool in a directory of its own, for the tests of this folder.
 */
#pragma once

#include "agent_spool.h"
#include "bulk_hash.h"
#include "gw_fs.h"
#include "gw_test.h"

struct spool_fixture {
    char dir[128];
    char epoch_path[160];
    struct agent_spool_settings settings;
    struct agent_spool *spool;
    struct gw_err err;
};

void spool_fixture_init(struct spool_fixture *f, uint64_t max_bytes, uint32_t segment_bytes);
void spool_fixture_reopen(struct spool_fixture *f);
void spool_fixture_done(struct spool_fixture *f);

/* Adds one event of the given severity; the text is the event. */
void spool_fixture_add(struct spool_fixture *f, const char *text, unsigned severity);
void spool_fixture_sync(struct spool_fixture *f);
/* Seals all that is queued and syncs; tells how many batches. */
size_t spool_fixture_seal_all(struct spool_fixture *f);
/* Reads all sealed events from `from` on into text, one a line. */
void spool_fixture_read(struct spool_fixture *f, uint64_t from, struct gw_buf *ret_lines);
/* Plays a gateway that takes and proves everything: reads all that was not freed, one event a line. */
void spool_fixture_drain(struct spool_fixture *f, struct gw_buf *ret_lines);
size_t spool_fixture_files(const struct spool_fixture *f);
uint64_t spool_fixture_bytes(const struct spool_fixture *f); /* of those files */
