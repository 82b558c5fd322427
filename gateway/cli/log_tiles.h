/*
 * log_tiles: which files a log of some size has in the C2SP tlog-tiles layout: for every level the whole tiles and the
 * partial one, and the entry bundles.
 */
#pragma once

#include <stdbool.h>

#include "tile_path.h"

/* Entry bundles first, then the levels from 0 up. False ends the walk and is returned. */
typedef bool log_tiles_fn(void *ctx, const struct tile_path *path);
bool log_tiles_each(uint64_t size, log_tiles_fn *fn, void *ctx);
/* The tile of that level and index: whole, or as wide as the size leaves it; width 0 when there is none. */
struct tile_path log_tiles_at(uint64_t size, unsigned level, uint64_t index);
