#include "tile_path.h"

#include <inttypes.h>
#include <stdio.h>

#include "gw_buf.h"
#include "gw_num.h"

static bool in_range(const struct tile_path *p)
{
    return p->level <= TILE_LEVEL_MAX && !(p->entries && p->level) && p->index <= TILE_INDEX_MAX && p->width >= 1 &&
           p->width <= TILE_WIDTH;
}

/* "x001/x234/067" */
static void format_index(uint64_t index, char out[TILE_PATH_MAX])
{
    uint64_t group[8];
    size_t groups = 0;
    do {
        group[groups++] = index % 1000;
        index /= 1000;
    } while (index > 0);
    size_t at = 0;
    while (groups-- > 0)
        at += (size_t)snprintf(out + at, TILE_PATH_MAX - at, groups ? "x%03" PRIu64 "/" : "%03" PRIu64, group[groups]);
}

enum gw_rc tile_path_format(const struct tile_path *path, char out[TILE_PATH_MAX])
{
    if (!in_range(path))
        return GW_INVALID;
    char index[TILE_PATH_MAX], kind[8] = "entries", partial[8] = "";
    format_index(path->index, index);
    if (!path->entries)
        (void)snprintf(kind, sizeof(kind), "%u", path->level);
    if (path->width < TILE_WIDTH)
        (void)snprintf(partial, sizeof(partial), ".p/%u", path->width);
    int n = snprintf(out, TILE_PATH_MAX, "tile/%s/%s%s", kind, index, partial);
    return n > 0 && n < TILE_PATH_MAX ? GW_OK : GW_INVALID;
}

static enum gw_rc parse_kind(struct gw_view text, struct tile_path *p)
{
    p->entries = gw_view_eq_str(text, "entries");
    uint64_t level = 0;
    if (!p->entries && gw_parse_u64(text, TILE_LEVEL_MAX, &level))
        return GW_INVALID;
    p->level = (uint8_t)level;
    return GW_OK;
}

/* Three digits. */
static enum gw_rc parse_group(struct gw_view text, uint64_t *index)
{
    if (text.len != 3)
        return GW_INVALID;
    uint64_t value = 0;
    for (size_t i = 0; i < 3; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return GW_INVALID;
        value = value * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    if (*index > (TILE_INDEX_MAX - value) / 1000)
        return GW_INVALID;
    *index = *index * 1000 + value;
    return GW_OK;
}

/* The groups of N; leaves what follows the last one (".p/<W>" or nothing) in *rest. */
static enum gw_rc parse_index(struct gw_view *rest, uint64_t *ret_index)
{
    uint64_t index = 0;
    size_t at = 0;
    bool first = true;
    while (at + 5 <= rest->len && rest->ptr[at] == 'x' && rest->ptr[at + 4] == '/') {
        if (parse_group(gw_view_make(rest->ptr + at + 1, 3), &index) || (first && index == 0))
            return GW_INVALID;
        first = false;
        at += 5;
    }
    if (rest->len - at < 3 || parse_group(gw_view_make(rest->ptr + at, 3), &index))
        return GW_INVALID;
    at += 3;
    *rest = gw_view_make(rest->ptr + at, rest->len - at);
    *ret_index = index;
    return GW_OK;
}

enum gw_rc tile_path_parse(struct gw_view text, struct tile_path *ret_path)
{
    struct tile_path p = {.width = TILE_WIDTH};
    struct gw_view rest;
    if (!gw_view_eq_str(gw_view_cut(text, '/', &rest), "tile") || parse_kind(gw_view_cut(rest, '/', &rest), &p) ||
        parse_index(&rest, &p.index))
        return GW_INVALID;
    if (rest.len > 0) {
        uint64_t width;
        if (!gw_view_starts(rest, ".p/") ||
            gw_parse_u64(gw_view_make(rest.ptr + 3, rest.len - 3), TILE_WIDTH - 1, &width) || width == 0)
            return GW_INVALID;
        p.width = (uint16_t)width;
    }
    *ret_path = p;
    return GW_OK;
}
