/*
 * mem: ports/store.h in memory: the reference that storage/repo is measured against, and the fake for tests of what
 * stands above the port. Nothing survives mem_free().
 *
 * Rows lie in sorted arrays, one for each kind. The first change of a kind inside a transaction (or a mark) keeps a
 * copy of its array; rollback puts the copy back.
 */
#pragma once

#include "store.h"

struct mem;

struct mem *mem_new(void); /* never NULL */
void mem_free(struct mem *mem);
struct store mem_store(struct mem *mem);
/* The same rows for a reader: sees what is committed, answers GW_DENIED to every change. Its begin and commit do not
 * hold a snapshot. Same thread. */
struct store mem_reader(struct mem *mem);
