/* The pure parts: the table of devices and the flood brake. */
#include <string.h>

#include "devtable.h"
#include "flood.h"
#include "gw_test.h"

static struct registry_entry entry_of(size_t device, uint8_t cert)
{
    struct registry_entry entry = {.not_after.ms = 1000};
    (void)snprintf(entry.id.text, sizeof(entry.id.text), "dev-%zu", device);
    memcpy(entry.cert_sha256.bytes, &device, sizeof(device));
    entry.cert_sha256.bytes[GW_SHA256_LEN - 1] = cert;
    return entry;
}

static void count_devices(void *ctx, struct devtable_device *device)
{
    (void)device;
    (*(size_t *)ctx)++;
}

static void finds_what_it_holds(void)
{
    struct devtable t;
    devtable_init(&t, 100);
    for (size_t i = 0; i < 100; i++)
        for (uint8_t cert = 0; cert < 2; cert++) {
            struct registry_entry entry = entry_of(i, cert);
            CU_ASSERT_EQUAL(devtable_add(&t, &entry), GW_OK);
            CU_ASSERT_EQUAL(devtable_add(&t, &entry), GW_EXISTS);
        }
    struct registry_entry third = entry_of(5, 2), stranger = entry_of(100, 0);
    CU_ASSERT_EQUAL(devtable_add(&t, &third), GW_TOO_BIG);
    CU_ASSERT_EQUAL(devtable_add(&t, &stranger), GW_TOO_BIG);
    CU_ASSERT_PTR_NULL(devtable_find(&t, "dev-100"));
    CU_ASSERT_PTR_NULL(devtable_find_cert(&t, &third.cert_sha256));
    struct devtable_device *device = devtable_find(&t, "dev-5");
    CU_ASSERT_PTR_NOT_NULL_FATAL(device);
    struct registry_entry first = entry_of(5, 0);
    CU_ASSERT_PTR_EQUAL(devtable_find_cert(&t, &first.cert_sha256)->owner, device);
    devtable_clear_certs(&t, device);
    CU_ASSERT_PTR_NULL(devtable_find_cert(&t, &first.cert_sha256));
    CU_ASSERT_EQUAL(devtable_add(&t, &third), GW_OK);
    devtable_remove(&t, device);
    CU_ASSERT_PTR_NULL(devtable_find(&t, "dev-5"));
    CU_ASSERT_PTR_NULL(devtable_find_cert(&t, &third.cert_sha256));
    size_t count = 0;
    devtable_each(&t, count_devices, &count);
    CU_ASSERT_EQUAL(count, 99);
    devtable_done(&t);
    CU_ASSERT_PTR_NULL(devtable_find(&t, "dev-1"));
    devtable_done(&t);
}

static void takes_sessions_over(void)
{
    struct devtable old, new;
    devtable_init(&old, 10);
    devtable_init(&new, 10);
    struct registry_entry stays = entry_of(1, 0), goes = entry_of(2, 0), other = entry_of(2, 1);
    CU_ASSERT(!devtable_add(&old, &stays) && !devtable_add(&old, &goes));
    int client;
    const struct mosquitto *connected = (const struct mosquitto *)(const void *)&client;
    for (size_t i = 1; i <= 2; i++) {
        char id[8];
        (void)snprintf(id, sizeof(id), "dev-%zu", i);
        struct devtable_device *device = devtable_find(&old, id);
        device->session =
            (struct devtable_session){.client = connected, .cert_sha256 = device->certs[0].sha256, .not_after.ms = 900};
        device->bucket.messages_milli = 77;
    }
    stays.not_after.ms = 500;
    CU_ASSERT(!devtable_add(&new, &stays) && !devtable_add(&new, &other));
    const struct devtable_session *left = &devtable_find(&old, "dev-2")->session;
    CU_ASSERT(devtable_session_stands(&devtable_find(&old, "dev-1")->session, devtable_find(&new, "dev-1")));
    CU_ASSERT(!devtable_session_stands(left, devtable_find(&new, "dev-2")));
    CU_ASSERT(!devtable_session_stands(left, NULL));
    devtable_take_sessions(&new, &old);
    CU_ASSERT_PTR_EQUAL(devtable_find(&new, "dev-1")->session.client, connected);
    CU_ASSERT_EQUAL(devtable_find(&new, "dev-1")->session.not_after.ms, 500);
    CU_ASSERT_PTR_NULL(devtable_find(&new, "dev-2")->session.client);
    CU_ASSERT_EQUAL(devtable_find(&new, "dev-2")->bucket.messages_milli, 77);
    devtable_done(&old);
    devtable_done(&new);
}

static const struct flood_limits limits = {FLOOD_RATE_MESSAGES, FLOOD_RATE_BYTES, INT64_C(1) << 30};

static void brakes_messages(void)
{
    struct flood_bucket bucket = {0};
    struct gw_mono now = {5000};
    for (int i = 0; i < FLOOD_RATE_MESSAGES * FLOOD_BURST_MESSAGES_S; i++)
        CU_ASSERT_FATAL(flood_take(&bucket, &limits, now, 10));
    CU_ASSERT(!flood_take(&bucket, &limits, now, 10));
    now.ms += 4;
    CU_ASSERT(!flood_take(&bucket, &limits, now, 10));
    now.ms += 1; /* 5 ms at 200/s is one */
    CU_ASSERT(flood_take(&bucket, &limits, now, 10));
    CU_ASSERT(!flood_take(&bucket, &limits, now, 10));
}

static void lets_a_backlog_through(void)
{
    struct flood_bucket bucket = {0};
    struct gw_mono now = {0};
    int batches = 0;
    while (flood_take(&bucket, &limits, now, 65536))
        batches++;
    CU_ASSERT_EQUAL(batches, 512); /* 32 MiB at once */
    for (int s = 0; s < 100; s++) {
        now.ms += 1000;
        for (int i = 0; i < 64; i++) /* then 4 MiB a second for good */
            CU_ASSERT_FATAL(flood_take(&bucket, &limits, now, 65536));
    }
    CU_ASSERT(!flood_take(&bucket, &limits, now, 65536));
}

static void logs_have_a_day_s_share(void)
{
    struct flood_bucket bucket = {0};
    struct gw_mono now = {7};
    int64_t taken = 0;
    for (; flood_take_log(&bucket, &limits, now, 65536); taken += 65536)
        now.ms++; /* a day's share may come at once, and refills meanwhile */
    CU_ASSERT(taken >= limits.log_day && taken < limits.log_day + limits.log_day / 1000);
    now.ms += GW_DAY_MS / 2;
    for (taken = 0; flood_take_log(&bucket, &limits, now, 65536); taken += 65536)
        continue;
    CU_ASSERT(taken <= limits.log_day / 2 + 65536 && taken >= limits.log_day / 2 - 65536);
    now.ms += 10 * GW_DAY_MS;
    for (taken = 0; flood_take_log(&bucket, &limits, now, 1); taken += FLOOD_LOG_LEAST)
        continue;
    CU_ASSERT_EQUAL(taken, limits.log_day);
}

static void bears_any_clock(void)
{
    struct flood_bucket bucket = {0};
    const struct flood_limits most = {FLOOD_RATE_MAX, FLOOD_RATE_MAX, (int64_t)FLOOD_LOG_MIB_DAY_MAX << 20};
    CU_ASSERT(flood_take(&bucket, &most, (struct gw_mono){INT64_MAX}, SIZE_MAX >> 40));
    CU_ASSERT(flood_take(&bucket, &most, (struct gw_mono){0}, 1));
    CU_ASSERT(flood_take(&bucket, &most, (struct gw_mono){INT64_MAX}, 1));
    CU_ASSERT(flood_take_log(&bucket, &most, (struct gw_mono){INT64_MAX}, SIZE_MAX >> 40));
    CU_ASSERT(flood_take_log(&bucket, &most, (struct gw_mono){0}, 1));
    CU_ASSERT(flood_take_log(&bucket, &most, (struct gw_mono){INT64_MAX}, 1));
    bucket = (struct flood_bucket){0};
    CU_ASSERT(!flood_take(&bucket, &limits, (struct gw_mono){0}, 40 * 1024 * 1024)); /* more than a full bucket */
    CU_ASSERT(flood_take(&bucket, &limits, (struct gw_mono){0}, 1));
}

static const struct gw_test_case cases[] = {
    {"finds what it holds and refuses what is too much", finds_what_it_holds},
    {"takes sessions over into a new table, with the shorter end", takes_sessions_over},
    {"brakes messages at the rate once the bucket is empty", brakes_messages},
    {"lets a backlog of full log batches through", lets_a_backlog_through},
    {"lets a day's share into the logs", logs_have_a_day_s_share},
    {"bears any clock", bears_any_clock},
};

int main(void)
{
    return GW_TEST_RUN("broker table", cases);
}
