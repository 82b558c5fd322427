#include "ack.h"

#include <string.h>

#include "gw_cleanup.h"
#include "json.h"

static enum gw_rc parse_root(const struct json_value *object, struct gw_sha256 *ret_root, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, 64);
    enum gw_rc rc = json_base64(object, "root", &bytes, err);
    if (rc)
        return rc;
    if (bytes.len != GW_SHA256_LEN)
        return gw_err_set(err, GW_INVALID, "root is %zu bytes, not %d", bytes.len, GW_SHA256_LEN);
    memcpy(ret_root->bytes, bytes.ptr, GW_SHA256_LEN);
    return GW_OK;
}

static enum gw_rc parse_members(const struct json_value *object, struct ack *out, struct gw_err *err)
{
    enum gw_rc rc = json_u64_text(object, "epoch", UINT64_MAX, &out->epoch, err);
    if (!rc)
        rc = json_u64_text(object, "next_seq", UINT64_MAX, &out->next_seq, err);
    if (!rc)
        rc = json_u64_text(object, "credit", UINT64_MAX, &out->credit_bytes, err);
    if (!rc)
        rc = parse_root(object, &out->root, err);
    if (!rc && json_has(object, "checkpoint"))
        rc = json_str(object, "checkpoint", out->checkpoint, sizeof(out->checkpoint), err);
    return rc;
}

enum gw_rc ack_parse(struct gw_view payload, struct ack *ret_ack, struct gw_err *err)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct ack out = {0};
    enum gw_rc rc = json_read(payload, ACK_TEXT_MAX, &doc, err);
    if (!rc)
        rc = parse_members(json_root(doc), &out, err);
    if (rc)
        return gw_err_wrap(err, rc == GW_NOT_FOUND ? GW_INVALID : rc, "acknowledgement");
    *ret_ack = out;
    return GW_OK;
}

enum gw_rc ack_format(const struct ack *ack, struct gw_buf *ret_payload)
{
    struct json_writer w;
    json_writer_begin(&w, ret_payload);
    json_put_object(&w, NULL);
    json_put_u64_text(&w, "epoch", ack->epoch);
    json_put_u64_text(&w, "next_seq", ack->next_seq);
    json_put_u64_text(&w, "credit", ack->credit_bytes);
    json_put_base64(&w, "root", ack->root.bytes, GW_SHA256_LEN);
    if (ack->checkpoint[0])
        json_put_str(&w, "checkpoint", ack->checkpoint);
    json_put_end(&w);
    return json_writer_end(&w);
}
