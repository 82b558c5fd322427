#include "registry.h"

#include <stdio.h>
#include <string.h>

static const char magic[] = "GWR1";
#define MAGIC_LEN (sizeof(magic) - 1)

static const struct {
    enum registry_reason reason;
    const char *text;
} reason_texts[] = {
    {REGISTRY_UNKNOWN_CERTIFICATE, "unknown certificate"},
    {REGISTRY_EXPIRED_CERTIFICATE, "expired certificate"},
    {REGISTRY_CLIENT_ID_DIFFERS, "client id differs from the certificate"},
    {REGISTRY_NO_CERTIFICATE, "no certificate"},
    {REGISTRY_LOCAL_IMPOSTOR, "local impostor"},
    {REGISTRY_PUBLISH_REFUSED, "publish outside its topics"},
    {REGISTRY_SUBSCRIBE_REFUSED, "subscribe outside its topics"},
    {REGISTRY_RETAIN_REFUSED, "retain refused"},
    {REGISTRY_QOS_REFUSED, "qos refused"},
    {REGISTRY_PERSISTENT_REFUSED, "persistent session refused"},
    {REGISTRY_FLOOD, "flood"},
    {REGISTRY_BAD_CONTROL, "bad control message"},
    {REGISTRY_QUARANTINE_REFUSED, "refused in quarantine"},
    {REGISTRY_SESSION_EXPIRED, "certificate expired during the session"},
    {REGISTRY_UNAUTHENTICATED, "ended without a session"},
    {REGISTRY_OVERSIZE, "packet above 72 KiB"},
    {REGISTRY_BROKEN_PACKET, "broken MQTT packet"},
    {REGISTRY_LOG_FULL, "more log than a day's share"},
};

const char *registry_reason_text(enum registry_reason reason)
{
    for (size_t i = 0; i < sizeof(reason_texts) / sizeof(reason_texts[0]); i++)
        if (reason_texts[i].reason == reason)
            return reason_texts[i].text;
    return "unknown reason";
}

static enum gw_rc read_bool(struct gw_reader *r, bool *ret_value)
{
    uint8_t value;
    if (gw_read_u8(r, &value) || value > 1)
        return GW_INVALID;
    *ret_value = value == 1;
    return GW_OK;
}

static enum gw_rc read_short(struct gw_reader *r, struct gw_view *ret_view)
{
    uint8_t len;
    return gw_read_u8(r, &len) || gw_read_bytes(r, len, ret_view) ? GW_INVALID : GW_OK;
}

static enum gw_rc read_id(struct gw_reader *r, struct gw_device_id *ret_id)
{
    struct gw_view text;
    return read_short(r, &text) || gw_device_id_parse(text, ret_id) ? GW_INVALID : GW_OK;
}

/* An address is short printable ASCII: it ends up in logs and on pages. */
static enum gw_rc read_source(struct gw_reader *r, char ret_source[DEVICE_SOURCE_MAX])
{
    struct gw_view text;
    if (read_short(r, &text))
        return GW_INVALID;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
            return GW_INVALID;
    return gw_view_copy_str(text, ret_source, DEVICE_SOURCE_MAX) ? GW_INVALID : GW_OK;
}

/* As registry_what() makes it. */
static enum gw_rc read_what(struct gw_reader *r, char ret_what[DEVICE_WHAT_MAX])
{
    struct gw_view text;
    if (read_short(r, &text))
        return GW_INVALID;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e || text.ptr[i] == '"')
            return GW_INVALID;
    return gw_view_copy_str(text, ret_what, DEVICE_WHAT_MAX) ? GW_INVALID : GW_OK;
}

void registry_what(struct gw_view hostile, char ret_what[DEVICE_WHAT_MAX])
{
    static const char cut[] = "...";
    size_t n = 0, last_whole = 0; /* up to here there is room for the mark */
    for (size_t i = 0; i < hostile.len; i++) {
        uint8_t c = hostile.ptr[i];
        bool plain = c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
        if (n + (plain ? 1 : 4) >= DEVICE_WHAT_MAX) {
            memcpy(ret_what + last_whole, cut, sizeof(cut));
            return;
        }
        n += (size_t)snprintf(ret_what + n, DEVICE_WHAT_MAX - n, plain ? "%c" : "\\x%02x", c);
        if (n + sizeof(cut) <= DEVICE_WHAT_MAX)
            last_whole = n;
    }
    ret_what[n] = '\0';
}

static enum gw_rc read_digest(struct gw_reader *r, struct gw_sha256 *ret_digest)
{
    return gw_read_into(r, ret_digest->bytes, sizeof(ret_digest->bytes)) ? GW_INVALID : GW_OK;
}

enum gw_rc registry_entry_next(struct gw_reader *items, struct registry_entry *ret_entry)
{
    if (items->rest.len == 0)
        return GW_NOT_FOUND;
    struct registry_entry entry = {0};
    uint64_t not_after;
    if (read_digest(items, &entry.cert_sha256) || gw_read_u64(items, &not_after) || not_after > INT64_MAX ||
        read_bool(items, &entry.quarantined) || read_id(items, &entry.id))
        return GW_INVALID;
    entry.not_after.ms = (int64_t)not_after;
    *ret_entry = entry;
    return GW_OK;
}

enum gw_rc registry_record_next(struct gw_reader *items, struct registry_record *ret_record)
{
    if (items->rest.len == 0)
        return GW_NOT_FOUND;
    struct registry_record record = {0};
    if (read_bool(items, &record.online) || read_id(items, &record.id) || read_digest(items, &record.cert_sha256) ||
        read_source(items, record.source))
        return GW_INVALID;
    *ret_record = record;
    return GW_OK;
}

/* The rest must be exactly m->count entries; with `only`, all of that device. */
static enum gw_rc read_entries(struct gw_reader *r, const struct gw_device_id *only, struct registry_message *m)
{
    m->items = r->rest;
    for (uint32_t i = 0; i < m->count; i++) {
        struct registry_entry entry;
        if (registry_entry_next(r, &entry) || (only && !gw_device_id_eq(only, &entry.id)))
            return GW_INVALID;
    }
    return GW_OK;
}

static enum gw_rc read_begin(struct gw_reader *r, struct registry_message *m)
{
    if (gw_read_u64(r, &m->generation) || gw_read_u32(r, &m->count) || read_digest(r, &m->digest))
        return GW_INVALID;
    return m->count > REGISTRY_ENTRIES_MAX ? GW_TOO_BIG : GW_OK;
}

static enum gw_rc read_chunk(struct gw_reader *r, struct registry_message *m)
{
    uint16_t count;
    if (gw_read_u64(r, &m->generation) || gw_read_u16(r, &count) || count == 0)
        return GW_INVALID;
    m->count = count;
    return read_entries(r, NULL, m);
}

static enum gw_rc read_device(struct gw_reader *r, struct registry_message *m)
{
    uint8_t count;
    if (gw_read_u64(r, &m->generation) || read_id(r, &m->id) || gw_read_u8(r, &count))
        return GW_INVALID;
    if (count > REGISTRY_DEVICE_ENTRIES)
        return GW_TOO_BIG;
    m->count = count;
    return read_entries(r, &m->id, m);
}

static enum gw_rc read_sync(struct gw_reader *r, struct registry_message *m)
{
    if (gw_read_u32(r, &m->request) || gw_read_u64(r, &m->number) || gw_read_u32(r, &m->count))
        return GW_INVALID;
    return m->count > REGISTRY_ENTRIES_MAX ? GW_TOO_BIG : GW_OK;
}

static enum gw_rc read_presence(struct gw_reader *r, struct registry_message *m)
{
    uint16_t count;
    if (gw_read_u64(r, &m->number) || gw_read_u16(r, &count))
        return GW_INVALID;
    m->count = count;
    m->items = r->rest;
    for (uint32_t i = 0; i < m->count; i++) {
        struct registry_record record;
        if (registry_record_next(r, &record))
            return GW_INVALID;
    }
    return GW_OK;
}

static enum gw_rc read_security(struct gw_reader *r, struct registry_message *m)
{
    uint8_t reason;
    struct gw_view id;
    if (gw_read_u8(r, &reason) || reason == 0 || reason > REGISTRY_REASON_LAST || gw_read_u32(r, &m->count) ||
        read_short(r, &id) || (id.len && gw_device_id_parse(id, &m->id)))
        return GW_INVALID;
    m->reason = (enum registry_reason)reason;
    enum gw_rc rc = read_source(r, m->source);
    return rc ? rc : read_what(r, m->what);
}

static enum gw_rc read_body(struct gw_reader *r, uint8_t type, struct registry_message *m)
{
    switch (type) {
    case REGISTRY_BEGIN:
        return read_begin(r, m);
    case REGISTRY_ENTRIES:
        return read_chunk(r, m);
    case REGISTRY_COMMIT:
    case REGISTRY_AT:
    case REGISTRY_WANTED:
        return gw_read_u64(r, &m->generation) ? GW_INVALID : GW_OK;
    case REGISTRY_DEVICE:
        return read_device(r, m);
    case REGISTRY_LIST:
        return gw_read_u32(r, &m->request) ? GW_INVALID : GW_OK;
    case REGISTRY_SYNC:
        return read_sync(r, m);
    case REGISTRY_PRESENCE:
        return read_presence(r, m);
    case REGISTRY_SECURITY:
        return read_security(r, m);
    }
    return GW_INVALID;
}

enum gw_rc registry_parse(struct gw_view bytes, struct registry_message *ret_message)
{
    if (bytes.len > REGISTRY_MESSAGE_MAX)
        return GW_TOO_BIG;
    struct gw_reader r = {bytes};
    struct gw_view head;
    uint8_t type;
    if (gw_read_bytes(&r, MAGIC_LEN, &head) || !gw_view_eq_str(head, magic) || gw_read_u8(&r, &type))
        return GW_INVALID;
    struct registry_message m = {.type = (enum registry_type)type};
    enum gw_rc rc = read_body(&r, type, &m);
    if (rc)
        return rc;
    if (r.rest.len)
        return GW_INVALID;
    *ret_message = m;
    return GW_OK;
}

static enum gw_rc add_short(struct gw_buf *b, const char *text)
{
    size_t len = strlen(text);
    (void)gw_buf_add_u8(b, (uint8_t)len);
    return gw_buf_add(b, text, len);
}

enum gw_rc registry_entry_add(struct gw_buf *items, const struct registry_entry *entry)
{
    (void)gw_buf_add(items, entry->cert_sha256.bytes, GW_SHA256_LEN);
    (void)gw_buf_add_u64(items, (uint64_t)entry->not_after.ms);
    (void)gw_buf_add_u8(items, entry->quarantined ? 1 : 0);
    return add_short(items, entry->id.text);
}

enum gw_rc registry_record_add(struct gw_buf *items, const struct registry_record *record)
{
    (void)gw_buf_add_u8(items, record->online ? 1 : 0);
    (void)add_short(items, record->id.text);
    (void)gw_buf_add(items, record->cert_sha256.bytes, GW_SHA256_LEN);
    return add_short(items, record->source);
}

static void add_body(const struct registry_message *m, struct gw_buf *b)
{
    switch (m->type) {
    case REGISTRY_BEGIN:
        (void)gw_buf_add_u64(b, m->generation);
        (void)gw_buf_add_u32(b, m->count);
        (void)gw_buf_add(b, m->digest.bytes, GW_SHA256_LEN);
        return;
    case REGISTRY_ENTRIES:
        (void)gw_buf_add_u64(b, m->generation);
        (void)gw_buf_add_u16(b, (uint16_t)m->count);
        (void)gw_buf_add_view(b, m->items);
        return;
    case REGISTRY_COMMIT:
    case REGISTRY_AT:
    case REGISTRY_WANTED:
        (void)gw_buf_add_u64(b, m->generation);
        return;
    case REGISTRY_DEVICE:
        (void)gw_buf_add_u64(b, m->generation);
        (void)add_short(b, m->id.text);
        (void)gw_buf_add_u8(b, (uint8_t)m->count);
        (void)gw_buf_add_view(b, m->items);
        return;
    case REGISTRY_LIST:
        (void)gw_buf_add_u32(b, m->request);
        return;
    case REGISTRY_SYNC:
        (void)gw_buf_add_u32(b, m->request);
        (void)gw_buf_add_u64(b, m->number);
        (void)gw_buf_add_u32(b, m->count);
        return;
    case REGISTRY_PRESENCE:
        (void)gw_buf_add_u64(b, m->number);
        (void)gw_buf_add_u16(b, (uint16_t)m->count);
        (void)gw_buf_add_view(b, m->items);
        return;
    case REGISTRY_SECURITY:
        (void)gw_buf_add_u8(b, (uint8_t)m->reason);
        (void)gw_buf_add_u32(b, m->count);
        (void)add_short(b, m->id.text);
        (void)add_short(b, m->source);
        (void)add_short(b, m->what);
        return;
    }
}

enum gw_rc registry_format(const struct registry_message *message, struct gw_buf *ret_bytes)
{
    (void)gw_buf_add_str(ret_bytes, magic);
    (void)gw_buf_add_u8(ret_bytes, (uint8_t)message->type);
    add_body(message, ret_bytes);
    return gw_buf_rc(ret_bytes);
}
