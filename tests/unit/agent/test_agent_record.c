/* How the spool's files frame what they hold. */
#include <string.h>

#include "agent_record.h"
#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_test.h"

static struct gw_buf bytes;

static void write_one(enum agent_record_type type, struct gw_view payload)
{
    gw_buf_done(&bytes);
    gw_buf_init(&bytes, 2 * AGENT_RECORD_PAYLOAD_MAX);
    agent_record_add(&bytes, bulk_hash_ops(), type, payload);
    CU_ASSERT_EQUAL_FATAL(gw_buf_rc(&bytes), GW_OK);
}

static enum gw_rc read_one(size_t len, struct agent_record *ret_record)
{
    struct gw_reader r = {gw_view_make(bytes.ptr, len)};
    enum gw_rc rc = agent_record_read(&r, bulk_hash_ops(), ret_record);
    CU_ASSERT_EQUAL(r.rest.len, rc ? len : 0);
    return rc;
}

static void reads_back_what_it_writes(void)
{
    struct agent_record record;
    write_one(AGENT_RECORD_EVENT, gw_view_str("an event"));
    CU_ASSERT_EQUAL(read_one(bytes.len, &record), GW_OK);
    CU_ASSERT(record.type == AGENT_RECORD_EVENT && gw_view_eq_str(record.payload, "an event"));
    CU_ASSERT_EQUAL(read_one(0, &record), GW_NOT_FOUND);
}

static void sees_every_damaged_byte_and_every_torn_end(void)
{
    struct agent_record record;
    unsigned unseen = 0;
    write_one(AGENT_RECORD_SEAL, gw_view_str("an event"));
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.ptr[i] ^= 0x40;
        unseen += read_one(bytes.len, &record) != GW_CORRUPT;
        bytes.ptr[i] ^= 0x40;
        unseen += i > 0 && read_one(i, &record) != GW_CORRUPT;
    }
    CU_ASSERT_EQUAL(unseen, 0);
}

/* The check sum of each is right. */
static void refuses_what_nobody_writes(void)
{
    GW_FREE uint8_t *payload = gw_xalloc(AGENT_RECORD_PAYLOAD_MAX + 1, 1);
    struct agent_record record;
    write_one(AGENT_RECORD_EVENT, gw_view_make(payload, AGENT_RECORD_PAYLOAD_MAX));
    CU_ASSERT_EQUAL(read_one(bytes.len, &record), GW_OK);
    write_one(AGENT_RECORD_EVENT, gw_view_make(payload, AGENT_RECORD_PAYLOAD_MAX + 1));
    CU_ASSERT_EQUAL(read_one(bytes.len, &record), GW_CORRUPT);
    write_one((enum agent_record_type)'X', gw_view_str("what is this"));
    CU_ASSERT_EQUAL(read_one(bytes.len, &record), GW_CORRUPT);
    gw_buf_done(&bytes);
}

static const struct gw_test_case cases[] = {
    {"reads back what it writes", reads_back_what_it_writes},
    {"sees every damaged byte and every torn end", sees_every_damaged_byte_and_every_torn_end},
    {"refuses what nobody writes", refuses_what_nobody_writes},
};

int main(void)
{
    return GW_TEST_RUN("agent's records", cases);
}
