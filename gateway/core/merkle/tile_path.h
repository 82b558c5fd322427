/*
 * tile_path: where a tile or an entry bundle of a log lies. C2SP tlog-tiles, "Parameters" and "Merkle Tree".
 *
 *     tile/<L>/<N>[.p/<W>]      tile/entries/<N>[.p/<W>]
 *
 * N is written in groups of three digits, all but the last with "x" in front: 1234067 is x001/x234/067. A whole tile
 * has 256 hashes (a whole bundle 256 entries); ".p/<W>" names the first W, 1 to 255, of one that is not whole yet.
 */
#pragma once

#include <stdint.h>

#include "gw_rc.h"
#include "gw_view.h"

#define TILE_WIDTH     256
#define TILE_LEVEL_MAX 7 /* 256^7 leaves below one hash of level 7: 2^56 */
#define TILE_PATH_MAX  64
#define TILE_INDEX_MAX ((UINT64_C(1) << 55) - 1)

struct tile_path {
    bool entries;   /* an entry bundle: level is 0 then */
    uint8_t level;  /* 0 to TILE_LEVEL_MAX */
    uint64_t index; /* 0 to TILE_INDEX_MAX */
    uint16_t width; /* 1 to 256; 256 is the whole tile */
};

/* Terminated text; GW_INVALID when a field is out of its range. */
GW_MUST_CHECK enum gw_rc tile_path_format(const struct tile_path *path, char out[TILE_PATH_MAX]);
/* Exactly the grammar above, nothing in front or behind: GW_INVALID otherwise. */
GW_MUST_CHECK enum gw_rc tile_path_parse(struct gw_view text, struct tile_path *ret_path);
