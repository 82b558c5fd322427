#include "registry.h"

#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"

static struct registry_entry entry_of(const char *id, uint8_t seed)
{
    struct registry_entry entry = {.not_after.ms = 1800000000000 + seed, .quarantined = seed % 2 == 1};
    memset(entry.cert_sha256.bytes, seed, GW_SHA256_LEN);
    (void)snprintf(entry.id.text, sizeof(entry.id.text), "%s", id);
    return entry;
}

static struct registry_message there_and_back(const struct registry_message *message, struct gw_buf *bytes)
{
    struct registry_message back = {0};
    gw_buf_reset(bytes);
    CU_ASSERT_EQUAL_FATAL(registry_format(message, bytes), GW_OK);
    CU_ASSERT_EQUAL_FATAL(registry_parse(gw_buf_view(bytes), &back), GW_OK);
    CU_ASSERT_EQUAL(back.type, message->type);
    CU_ASSERT_EQUAL(back.generation, message->generation);
    CU_ASSERT_EQUAL(back.number, message->number);
    CU_ASSERT_EQUAL(back.request, message->request);
    CU_ASSERT_EQUAL(back.count, message->count);
    CU_ASSERT(gw_sha256_eq(&back.digest, &message->digest));
    CU_ASSERT(gw_device_id_eq(&back.id, &message->id));
    CU_ASSERT_EQUAL(back.reason, message->reason);
    CU_ASSERT_STRING_EQUAL(back.source, message->source);
    CU_ASSERT_STRING_EQUAL(back.what, message->what);
    CU_ASSERT(gw_view_eq(back.items, message->items));
    /* Every shorter run of bytes, and one byte more, is refused. */
    for (size_t len = 0; len < bytes->len; len++)
        CU_ASSERT_NOT_EQUAL(registry_parse(gw_view_make(bytes->ptr, len), &back), GW_OK);
    (void)gw_buf_add_u8(bytes, 0);
    CU_ASSERT_EQUAL(registry_parse(gw_buf_view(bytes), &back), GW_INVALID);
    return back;
}

static void carries_every_message(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes, items, records;
    gw_buf_init(&bytes, REGISTRY_MESSAGE_MAX);
    gw_buf_init(&items, REGISTRY_MESSAGE_MAX);
    gw_buf_init(&records, REGISTRY_MESSAGE_MAX);
    struct registry_entry entries[2] = {entry_of("pump-1", 4), entry_of("pump-1", 5)};
    (void)registry_entry_add(&items, &entries[0]);
    (void)registry_entry_add(&items, &entries[1]);
    struct registry_record record = {true, {"pump-1"}, {{9}}, "2001:db8::7"};
    (void)registry_record_add(&records, &record);
    const struct registry_message messages[] = {
        {.type = REGISTRY_BEGIN, .generation = UINT64_MAX, .count = REGISTRY_ENTRIES_MAX, .digest = {{1, 2}}},
        {.type = REGISTRY_ENTRIES, .generation = 7, .count = 2, .items = gw_buf_view(&items)},
        {.type = REGISTRY_COMMIT, .generation = 7},
        {.type = REGISTRY_DEVICE, .generation = 8, .id = {"pump-1"}, .count = 2, .items = gw_buf_view(&items)},
        {.type = REGISTRY_DEVICE, .generation = 9, .id = {"pump-1"}},
        {.type = REGISTRY_LIST, .request = 3},
        {.type = REGISTRY_AT, .generation = 8},
        {.type = REGISTRY_WANTED, .generation = 0},
        {.type = REGISTRY_SYNC, .request = 3, .number = 77, .count = 2},
        {.type = REGISTRY_PRESENCE, .number = 77, .count = 1, .items = gw_buf_view(&records)},
        {.type = REGISTRY_PRESENCE, .number = 78},
        {.type = REGISTRY_SECURITY, .reason = REGISTRY_FLOOD, .count = 4, .id = {"pump-1"}, .source = "10.0.0.1"},
        {.type = REGISTRY_SECURITY, .reason = REGISTRY_LOCAL_IMPOSTOR, .count = 1},
        {.type = REGISTRY_SECURITY, .reason = REGISTRY_PUBLISH_REFUSED, .what = "gw/v1/pump-2/up/log"},
    };
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
        (void)there_and_back(&messages[i], &bytes);
    struct gw_reader r = {gw_buf_view(&items)};
    struct registry_entry entry;
    for (size_t i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(registry_entry_next(&r, &entry), GW_OK);
        CU_ASSERT(gw_sha256_eq(&entry.cert_sha256, &entries[i].cert_sha256));
        CU_ASSERT_EQUAL(entry.not_after.ms, entries[i].not_after.ms);
        CU_ASSERT_EQUAL(entry.quarantined, entries[i].quarantined);
    }
    CU_ASSERT_EQUAL(registry_entry_next(&r, &entry), GW_NOT_FOUND);
}

static void expect_what(const void *bytes, size_t len, const char *want)
{
    char what[DEVICE_WHAT_MAX];
    registry_what(gw_view_make(bytes, len), what);
    CU_ASSERT_STRING_EQUAL(what, want);
}

static void what_was_tried_is_made_harmless(void)
{
    expect_what("gw/v1/pump-2/up/log", 19, "gw/v1/pump-2/up/log");
    expect_what("", 0, "");
    expect_what("a\x1b[2J\"\\\n\0\xe2\x80\xae", 12, "a\\x1b[2J\\x22\\x5c\\x0a\\x00\\xe2\\x80\\xae");
    char text[70000], want[DEVICE_WHAT_MAX];
    memset(text, 'a', sizeof(text));
    memset(want, 'a', sizeof(want));
    want[DEVICE_WHAT_MAX - 1] = '\0';
    expect_what(text, DEVICE_WHAT_MAX - 1, want);
    memcpy(want + DEVICE_WHAT_MAX - 4, "...", 4);
    expect_what(text, DEVICE_WHAT_MAX, want);
    expect_what(text, sizeof(text), want);
    memset(text, '\xff', sizeof(text));
    for (size_t i = 0; i < 24; i++)
        memcpy(want + 4 * i, "\\xff", 4);
    memcpy(want + 96, "...", 4);
    expect_what(text, sizeof(text), want); /* no half of an escape */
}

static enum gw_rc parse_changed(const struct registry_message *message, size_t at, uint8_t value)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, 2 * REGISTRY_MESSAGE_MAX);
    CU_ASSERT_FATAL(registry_format(message, &bytes) == GW_OK && at < bytes.len);
    bytes.ptr[at] = value;
    struct registry_message back;
    return registry_parse(gw_buf_view(&bytes), &back);
}

static void refuses_what_is_outside_the_limits(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf items;
    gw_buf_init(&items, REGISTRY_MESSAGE_MAX);
    struct registry_entry entry = entry_of("pump-1", 4);
    (void)registry_entry_add(&items, &entry);
    struct registry_message m = {.type = REGISTRY_ENTRIES, .count = 1, .items = gw_buf_view(&items)};
    CU_ASSERT_EQUAL(parse_changed(&m, 4, 2), GW_OK);
    CU_ASSERT_EQUAL(parse_changed(&m, 0, 'X'), GW_INVALID);            /* magic */
    CU_ASSERT_EQUAL(parse_changed(&m, 4, 6), GW_INVALID);              /* type */
    CU_ASSERT_EQUAL(parse_changed(&m, 14, 0), GW_INVALID);             /* count 0 */
    CU_ASSERT_EQUAL(parse_changed(&m, 14, 2), GW_INVALID);             /* count above what is there */
    CU_ASSERT_EQUAL(parse_changed(&m, 15 + 32, 0x80), GW_INVALID);     /* a time beyond 2^63 */
    CU_ASSERT_EQUAL(parse_changed(&m, 15 + 32 + 8, 2), GW_INVALID);    /* quarantined is 0 or 1 */
    CU_ASSERT_EQUAL(parse_changed(&m, 15 + 32 + 10, 'P'), GW_INVALID); /* id grammar */
    m = (struct registry_message){.type = REGISTRY_BEGIN, .count = REGISTRY_ENTRIES_MAX + 1};
    CU_ASSERT_EQUAL(parse_changed(&m, 4, REGISTRY_BEGIN), GW_TOO_BIG);
    m = (struct registry_message){.type = REGISTRY_DEVICE, .id = {"pump-2"}, .count = 1, .items = gw_buf_view(&items)};
    CU_ASSERT_EQUAL(parse_changed(&m, 4, REGISTRY_DEVICE), GW_INVALID); /* an entry of another device */
    m = (struct registry_message){.type = REGISTRY_DEVICE, .id = {"pump-1"}, .count = 3};
    CU_ASSERT_EQUAL(parse_changed(&m, 4, REGISTRY_DEVICE), GW_TOO_BIG);
    m = (struct registry_message){.type = REGISTRY_SECURITY, .reason = REGISTRY_FLOOD, .source = "ab"};
    CU_ASSERT_EQUAL(parse_changed(&m, 5, REGISTRY_REASON_LAST + 1), GW_INVALID);
    CU_ASSERT_EQUAL(parse_changed(&m, 5, 0), GW_INVALID);
    CU_ASSERT_EQUAL(parse_changed(&m, 12, '\n'), GW_INVALID); /* no control characters in a source */
    m = (struct registry_message){.type = REGISTRY_SECURITY, .reason = REGISTRY_FLOOD, .what = "ab"};
    CU_ASSERT_EQUAL(parse_changed(&m, 13, 'a'), GW_OK);
    CU_ASSERT_EQUAL(parse_changed(&m, 13, '\x1b'), GW_INVALID); /* nor in what was tried, */
    CU_ASSERT_EQUAL(parse_changed(&m, 13, '"'), GW_INVALID);    /* nor what ends its quotes */
    CU_ASSERT_EQUAL(parse_changed(&m, 12, 3), GW_INVALID);
    m = (struct registry_message){.type = (enum registry_type)99};
    CU_ASSERT_EQUAL(parse_changed(&m, 4, 99), GW_INVALID);
    uint8_t *big = gw_xalloc(1, REGISTRY_MESSAGE_MAX + 1);
    memcpy(big, "GWR1", 4);
    struct registry_message back;
    CU_ASSERT_EQUAL(registry_parse(gw_view_make(big, REGISTRY_MESSAGE_MAX + 1), &back), GW_TOO_BIG);
    free(big);
}

static void knows_its_own_sizes(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf items;
    gw_buf_init(&items, REGISTRY_MESSAGE_MAX);
    char longest[GW_DEVICE_ID_MAX + 1];
    memset(longest, 'a', GW_DEVICE_ID_MAX);
    longest[GW_DEVICE_ID_MAX] = '\0';
    struct registry_entry entry = entry_of(longest, 1);
    (void)registry_entry_add(&items, &entry);
    CU_ASSERT_EQUAL(items.len, REGISTRY_ENTRY_MAX);
    gw_buf_reset(&items);
    struct registry_record record = {.online = true, .id = entry.id};
    memset(record.source, 'x', sizeof(record.source) - 1);
    (void)registry_record_add(&items, &record);
    CU_ASSERT_EQUAL(items.len, REGISTRY_RECORD_MAX);
}

static void names_every_reason_once(void)
{
    for (int a = 1; a <= REGISTRY_REASON_LAST; a++) {
        CU_ASSERT_STRING_NOT_EQUAL(registry_reason_text((enum registry_reason)a), "unknown reason");
        for (int b = 1; b < a; b++)
            CU_ASSERT_STRING_NOT_EQUAL(registry_reason_text((enum registry_reason)a),
                                       registry_reason_text((enum registry_reason)b));
    }
    CU_ASSERT_STRING_EQUAL(registry_reason_text((enum registry_reason)0), "unknown reason");
}

static const struct gw_test_case cases[] = {
    {"carries every message there and back and refuses it cut short", carries_every_message},
    {"refuses what is outside the limits", refuses_what_is_outside_the_limits},
    {"knows the largest size of its items", knows_its_own_sizes},
    {"names every reason once", names_every_reason_once},
    {"what somebody tried is made harmless and cut with a mark", what_was_tried_is_made_harmless},
};

int main(void)
{
    return GW_TEST_RUN("registry messages", cases);
}
