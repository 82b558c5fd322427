#include "dsse.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_hash.h"
#include "json.h"

void dsse_init(struct dsse_envelope *envelope)
{
    *envelope = (struct dsse_envelope){0};
    gw_buf_init(&envelope->payload, DSSE_ENVELOPE_MAX);
}

void dsse_done(struct dsse_envelope *envelope)
{
    gw_buf_done(&envelope->payload);
    *envelope = (struct dsse_envelope){0};
}

static bool keyid_valid(struct gw_view keyid)
{
    if (keyid.len != DSSE_KEYID_LEN)
        return false;
    for (size_t i = 0; i < keyid.len; i++)
        if (!(keyid.ptr[i] >= '0' && keyid.ptr[i] <= '9') && !(keyid.ptr[i] >= 'a' && keyid.ptr[i] <= 'f'))
            return false;
    return true;
}

static enum gw_rc read_signature(const struct json_value *item, struct dsse_signature *ret_signature,
                                 struct gw_err *err)
{
    static const char *const keys[] = {"keyid", "sig", NULL};
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, DSSE_SIGNATURE_MAX);
    struct gw_view keyid;
    enum gw_rc rc = json_only_keys(item, keys, err);
    if (!rc)
        rc = json_text(item, "keyid", &keyid, err);
    if (!rc)
        rc = json_base64(item, "sig", &bytes, err);
    if (rc)
        return rc;
    if (!keyid_valid(keyid))
        return gw_err_set(err, GW_INVALID, "keyid must be %d lower-case hex digits", DSSE_KEYID_LEN);
    if (bytes.len == 0)
        return gw_err_set(err, GW_INVALID, "sig is empty");
    (void)snprintf(ret_signature->keyid, sizeof(ret_signature->keyid), GW_VIEW_FMT, GW_VIEW_ARG(keyid));
    ret_signature->len = (uint8_t)bytes.len;
    memcpy(ret_signature->bytes, bytes.ptr, bytes.len);
    return GW_OK;
}

static enum gw_rc read_signatures(const struct json_value *root, struct dsse_envelope *envelope, struct gw_err *err)
{
    const struct json_value *list;
    enum gw_rc rc = json_member(root, "signatures", JSON_KIND_ARRAY, &list, err);
    if (rc)
        return rc;
    size_t count = json_count(list);
    if (count < 1 || count > DSSE_SIGNATURES_MAX)
        return gw_err_set(err, GW_INVALID, "signatures must have 1 to %d items", DSSE_SIGNATURES_MAX);
    for (size_t i = 0; i < count; i++) {
        rc = json_kind_of(json_item(list, i)) == JSON_KIND_OBJECT
                 ? read_signature(json_item(list, i), &envelope->signatures[i], err)
                 : gw_err_set(err, GW_INVALID, "it must be an object");
        if (rc)
            return gw_err_wrap(err, rc, "signatures[%zu]", i);
        for (size_t k = 0; k < i; k++)
            if (strcmp(envelope->signatures[i].keyid, envelope->signatures[k].keyid) == 0)
                return gw_err_set(err, GW_INVALID, "signatures[%zu]: its keyid is there twice", i);
    }
    envelope->signature_count = count;
    return GW_OK;
}

static bool type_valid(struct gw_view type)
{
    if (type.len == 0 || type.len > DSSE_TYPE_MAX)
        return false;
    for (size_t i = 0; i < type.len; i++)
        if (type.ptr[i] <= ' ' || type.ptr[i] > '~')
            return false;
    return true;
}

static enum gw_rc read_envelope(const struct json_value *root, struct dsse_envelope *envelope, struct gw_err *err)
{
    static const char *const keys[] = {"payload", "payloadType", "signatures", NULL};
    struct gw_view type;
    enum gw_rc rc = json_only_keys(root, keys, err);
    if (!rc)
        rc = json_text(root, "payloadType", &type, err);
    if (!rc && !type_valid(type))
        rc = gw_err_set(err, GW_INVALID, "payloadType must be 1 to %d printable characters", DSSE_TYPE_MAX);
    if (!rc)
        rc = json_base64(root, "payload", &envelope->payload, err);
    if (!rc)
        rc = read_signatures(root, envelope, err);
    if (!rc)
        (void)snprintf(envelope->type, sizeof(envelope->type), GW_VIEW_FMT, GW_VIEW_ARG(type));
    return rc;
}

/* On failure the envelope is empty again. */
static enum gw_rc give_up(struct dsse_envelope *envelope, enum gw_rc rc, struct gw_err *err)
{
    rc = rc == GW_TOO_BIG ? rc : GW_INVALID; /* a missing member is told as GW_NOT_FOUND */
    if (err)
        err->rc = rc;
    dsse_done(envelope);
    dsse_init(envelope);
    return rc;
}

enum gw_rc dsse_read(const struct json_value *object, struct dsse_envelope *envelope, struct gw_err *err)
{
    enum gw_rc rc = read_envelope(object, envelope, err);
    return rc ? give_up(envelope, rc, err) : GW_OK;
}

enum gw_rc dsse_parse(struct gw_view json, struct dsse_envelope *envelope, struct gw_err *err)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum gw_rc rc = json_read(json, DSSE_ENVELOPE_MAX, &doc, err);
    return rc ? give_up(envelope, rc, err) : dsse_read(json_root(doc), envelope, err);
}

void dsse_write(struct json_writer *w, const char *key, const struct dsse_envelope *envelope)
{
    json_put_object(w, key);
    json_put_base64(w, "payload", envelope->payload.ptr, envelope->payload.len);
    json_put_str(w, "payloadType", envelope->type);
    json_put_array(w, "signatures");
    for (size_t i = 0; i < envelope->signature_count; i++) {
        json_put_object(w, NULL);
        json_put_str(w, "keyid", envelope->signatures[i].keyid);
        json_put_base64(w, "sig", envelope->signatures[i].bytes, envelope->signatures[i].len);
        json_put_end(w);
    }
    json_put_end(w);
    json_put_end(w);
}

enum gw_rc dsse_format(const struct dsse_envelope *envelope, struct gw_buf *ret_json)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    gw_buf_init(&json, DSSE_ENVELOPE_MAX);
    struct json_writer w;
    json_writer_begin(&w, &json);
    dsse_write(&w, NULL, envelope);
    enum gw_rc rc = json_writer_end(&w);
    return rc ? rc : gw_buf_add_view(ret_json, gw_buf_view(&json));
}

enum gw_rc dsse_pae(struct gw_view type, struct gw_view payload, struct gw_buf *ret_pae)
{
    (void)gw_buf_printf(ret_pae, "DSSEv1 %zu ", type.len);
    (void)gw_buf_add_view(ret_pae, type);
    (void)gw_buf_printf(ret_pae, " %zu ", payload.len);
    return gw_buf_add_view(ret_pae, payload);
}
