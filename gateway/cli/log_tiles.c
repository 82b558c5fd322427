#include "log_tiles.h"

/* How many hashes (entries) the level has at this size. */
static uint64_t width_of(uint64_t size, unsigned level)
{
    return size >> (8 * level);
}

struct tile_path log_tiles_at(uint64_t size, unsigned level, uint64_t index)
{
    struct tile_path path = {.level = (uint8_t)level, .index = index};
    uint64_t width = width_of(size, level), from = index * TILE_WIDTH;
    if (from < width)
        path.width = (uint16_t)(width - from < TILE_WIDTH ? width - from : TILE_WIDTH);
    return path;
}

static bool each_of_level(uint64_t size, unsigned level, bool entries, log_tiles_fn *fn, void *ctx)
{
    bool go_on = true;
    for (uint64_t index = 0; go_on && index * TILE_WIDTH < width_of(size, level); index++) {
        struct tile_path path = log_tiles_at(size, level, index);
        path.entries = entries;
        go_on = fn(ctx, &path);
    }
    return go_on;
}

bool log_tiles_each(uint64_t size, log_tiles_fn *fn, void *ctx)
{
    bool go_on = each_of_level(size, 0, true, fn, ctx);
    for (unsigned level = 0; go_on && level <= TILE_LEVEL_MAX && width_of(size, level) > 0; level++)
        go_on = each_of_level(size, level, false, fn, ctx);
    return go_on;
}
