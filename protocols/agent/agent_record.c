#include "agent_record.h"

#include <string.h>

static bool type_known(uint8_t type)
{
    switch ((enum agent_record_type)type) {
    case AGENT_RECORD_HEAD:
    case AGENT_RECORD_EVENT:
    case AGENT_RECORD_EPOCH:
    case AGENT_RECORD_SEAL:
    case AGENT_RECORD_FREE:
    case AGENT_RECORD_LOST:
        return true;
    }
    return false;
}

void agent_record_add(struct gw_buf *out, const struct gw_sha256_ops *ops, enum agent_record_type type,
                      struct gw_view payload)
{
    size_t start = out->len;
    (void)gw_buf_add_u8(out, (uint8_t)type);
    (void)gw_buf_add(out, "\0\0", 3);
    (void)gw_buf_add_u32(out, (uint32_t)payload.len);
    if (gw_buf_add_view(out, payload))
        return;
    struct gw_sha256 check;
    ops->digest(gw_view_make(out->ptr + start, out->len - start), &check);
    (void)gw_buf_add(out, check.bytes, AGENT_RECORD_TAIL_LEN);
}

static enum gw_rc read_head(struct gw_reader *r, uint8_t *ret_type, uint32_t *ret_len)
{
    uint8_t zero;
    uint16_t zeros;
    if (gw_read_u8(r, ret_type) || gw_read_u8(r, &zero) || gw_read_u16(r, &zeros) || gw_read_u32(r, ret_len))
        return GW_CORRUPT;
    if (!type_known(*ret_type) || zero || zeros || *ret_len > AGENT_RECORD_PAYLOAD_MAX)
        return GW_CORRUPT;
    return GW_OK;
}

enum gw_rc agent_record_read(struct gw_reader *r, const struct gw_sha256_ops *ops, struct agent_record *ret_record)
{
    if (r->rest.len == 0)
        return GW_NOT_FOUND;
    struct gw_reader ahead = *r;
    struct gw_view payload, tail;
    uint8_t type;
    uint32_t len;
    enum gw_rc rc = read_head(&ahead, &type, &len);
    if (rc)
        return rc;
    if (gw_read_bytes(&ahead, len, &payload) || gw_read_bytes(&ahead, AGENT_RECORD_TAIL_LEN, &tail))
        return GW_CORRUPT;
    struct gw_sha256 check;
    ops->digest(gw_view_make(r->rest.ptr, AGENT_RECORD_HEAD_LEN + (size_t)len), &check);
    if (memcmp(check.bytes, tail.ptr, AGENT_RECORD_TAIL_LEN) != 0)
        return GW_CORRUPT;
    *ret_record = (struct agent_record){.type = (enum agent_record_type)type, .payload = payload};
    *r = ahead;
    return GW_OK;
}
