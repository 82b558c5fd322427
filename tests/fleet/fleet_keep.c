#include "fleet_keep.h"

#include <string.h>

#define MAGIC "GWF1"

void fleet_keep_begin(struct gw_buf *file)
{
    (void)gw_buf_add_str(file, MAGIC);
}

enum gw_rc fleet_keep_add(struct gw_buf *file, const struct gw_device_id *id, const struct fleet_log *log)
{
    uint8_t room[MERKLE_RANGE_BYTES_MAX];
    struct gw_buf range = {.ptr = room, .cap = sizeof(room), .max = sizeof(room)}; /* never grows */
    if (log->tree && merkle_range_format(&log->tree->range, &range))
        return GW_TOO_BIG;
    (void)gw_buf_add_u8(file, (uint8_t)strlen(id->text));
    (void)gw_buf_add_str(file, id->text);
    (void)gw_buf_add_u64(file, log->epoch);
    (void)gw_buf_add_u64(file, log->next);
    (void)gw_buf_add_u16(file, (uint16_t)range.len);
    return gw_buf_add_view(file, gw_buf_view(&range));
}

static bool read_one(struct gw_reader *in, struct fleet_kept *kept)
{
    uint8_t id_len;
    uint16_t range_len;
    struct gw_view id, range;
    if (gw_read_u8(in, &id_len) || gw_read_bytes(in, id_len, &id) || gw_device_id_parse(id, &kept->id) ||
        gw_read_u64(in, &kept->epoch) || gw_read_u64(in, &kept->next) || gw_read_u16(in, &range_len) ||
        gw_read_bytes(in, range_len, &range) || kept->epoch == 0)
        return false;
    kept->has_range = range_len > 0;
    return !kept->has_range || (merkle_range_parse(range, &kept->range) == GW_OK && kept->range.size == kept->next);
}

enum gw_rc fleet_keep_each(struct gw_view bytes, fleet_kept_fn *fn, void *ctx)
{
    struct gw_reader in = {bytes};
    char magic[4];
    if (gw_read_into(&in, magic, sizeof(magic)) || memcmp(magic, MAGIC, sizeof(magic)) != 0)
        return GW_CORRUPT;
    while (in.rest.len) {
        struct fleet_kept kept = {0};
        if (!read_one(&in, &kept))
            return GW_CORRUPT;
        fn(ctx, &kept);
    }
    return GW_OK;
}
