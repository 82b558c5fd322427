/* Devices of a draft whose attempts are still to be made: u16 wave, u32 place, u8 length, id, one after the other. */
#include "gw_buf.h"
#include "gw_cleanup.h"
#include "repo_impl.h"

#define SEAT_MAX  (2 + 4 + 1 + GW_DEVICE_ID_MAX)
#define SEATS_MAX (ROLLOUT_SLICE_MAX * SEAT_MAX) /* bytes */

static void pack(const struct rollout_seat *seats, size_t count, struct gw_buf *ret_bytes)
{
    for (size_t i = 0; i < count; i++) {
        struct gw_view id = gw_view_str(seats[i].device.text);
        (void)gw_buf_add_u16(ret_bytes, seats[i].wave);
        (void)gw_buf_add_u32(ret_bytes, seats[i].place);
        (void)gw_buf_add_u8(ret_bytes, (uint8_t)id.len);
        (void)gw_buf_add_view(ret_bytes, id);
    }
}

static enum gw_rc unpack_one(struct gw_reader *r, struct rollout_seat *ret_seat)
{
    struct gw_view id;
    uint8_t len;
    enum gw_rc rc = gw_read_u16(r, &ret_seat->wave);
    if (!rc)
        rc = gw_read_u32(r, &ret_seat->place);
    if (!rc)
        rc = gw_read_u8(r, &len);
    if (!rc)
        rc = gw_read_bytes(r, len, &id);
    if (!rc && ret_seat->wave >= ROLLOUT_WAVES_MAX)
        rc = GW_CORRUPT;
    return rc ? rc : gw_device_id_parse(id, &ret_seat->device);
}

static enum gw_rc unpack(struct gw_view bytes, struct rollout_seat *ret_seats, size_t *ret_count, struct gw_err *err)
{
    struct gw_reader r = {bytes};
    size_t count = 0;
    while (r.rest.len > 0) {
        if (count == ROLLOUT_SLICE_MAX || unpack_one(&r, &ret_seats[count]) != GW_OK)
            return gw_err_set(err, GW_CORRUPT, "a list of devices that has no attempts yet is damaged");
        count++;
    }
    *ret_count = count;
    return GW_OK;
}

enum gw_rc repo_seats_add(void *self, const char *rollout, uint32_t number, const struct rollout_seat *seats,
                          size_t count, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, SEATS_MAX);
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_seats(rollout, seats, count, err);
    if (rc)
        return rc;
    pack(seats, count, &bytes);
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_SEATS_INSERT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, rollout);
    repo_arg_i64(&a, number);
    repo_arg_bytes(&a, bytes.ptr, bytes.len);
    return db_run(s, err);
}

enum gw_rc repo_seats_get(void *self, const char *rollout, uint32_t number, struct rollout_seat *ret_seats,
                          size_t *ret_count, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_SEATS_GET);
    db_bind_str(s, 1, rollout);
    db_bind_i64(s, 2, number);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : unpack(db_col_blob(s, 0), ret_seats, ret_count, err);
}

enum gw_rc repo_seats_drop(void *self, const char *rollout, uint32_t below, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_SEATS_DROP);
    db_bind_str(s, 1, rollout);
    db_bind_i64(s, 2, below);
    return db_run(s, err);
}

enum gw_rc repo_seats_drop_lost(void *self, int limit, int *ret_count, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_SEATS_DROP_LOST);
    db_bind_i64(s, 1, limit > 0 ? limit : 0);
    rc = db_run(s, err);
    if (!rc)
        *ret_count = (int)db_changes(repo->db);
    return rc;
}
