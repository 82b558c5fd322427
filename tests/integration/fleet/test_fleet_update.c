/*
 * Update jobs of the simulated fleet, over a real broker and a real HTTPS server: each kind of device does what it is
 * for, and no restart makes one start an attempt twice.
 */
#include "fleet_world.h"

#include <stdio.h>
#include <string.h>

#include "gw_test.h"

#define IMAGE_BYTES (256 * 1024)

static struct fleet_world world;
static struct vendor_release release_2 = {.version = "2.0.0", .counter = 2};

enum who {
    GOOD = 1,
    FAILS,
    BOOTS_OLD,
    REFUSES,
    DEFERS,
    SLOW,
    SILENT,
    FLAPS,
    CRASHES,
    CHEATED, /* its job is signed by a stranger */
};

static const char behaviour[] = "[fails_install]\ndevices = [\"2\"]\n"
                                "[boots_old]\ndevices = [\"3\"]\n"
                                "[refuses]\ndevices = [\"4\"]\n"
                                "[defers]\ndevices = [\"5\"]\nfor_seconds = 1\n"
                                "[slow_download]\ndevices = [\"6\"]\nbytes_per_second = 131072\n"
                                "[goes_silent]\ndevices = [\"7\"]\nat = \"installing\"\nfor_seconds = 1\n"
                                "[flaps]\ndevices = [\"8\"]\nafter_ms = 50\ntimes = 2\n"
                                "[crashes]\ndevices = [\"9\"]\nafter_ms = 50\n";
static const char *const quick[] = {"--install-ms", "100", "--reboot-ms", "100", "--logs-per-second", "0", NULL};

static void expect(unsigned device, enum job_state state, const char *code, const char *running)
{
    struct job_report report;
    size_t from = 0;
    CU_ASSERT_FATAL(fleet_world_await(&world, device, state, &from, &report));
    CU_ASSERT_STRING_EQUAL(report.code, code);
    CU_ASSERT_STRING_EQUAL(report.running, running);
}

static void every_kind_of_device_does_what_it_is_for(void)
{
    fleet_world_init(&world);
    fleet_world_release(&world, "two", IMAGE_BYTES, &release_2);
    fleet_world_start(&world, behaviour, quick);
    for (unsigned d = GOOD; d <= CHEATED; d++)
        fleet_world_offer(&world, d, d == CHEATED ? world.gateway.stranger : world.gateway.vendor, "two", &release_2,
                          JOB_UPDATE);
    expect(GOOD, JOB_STATE_INSTALLED, "", "2.0.0");
    expect(FAILS, JOB_STATE_FAILED, "install_failed", "1.0.0");
    expect(BOOTS_OLD, JOB_STATE_ROLLED_BACK, "old_version", "1.0.0");
    expect(REFUSES, JOB_STATE_REJECTED, "kind_off", "1.0.0");
    expect(DEFERS, JOB_STATE_DEFERRED, "postponed", "1.0.0");
    expect(DEFERS, JOB_STATE_INSTALLED, "", "2.0.0");
    expect(SLOW, JOB_STATE_INSTALLED, "", "2.0.0");
    expect(FLAPS, JOB_STATE_INSTALLED, "", "2.0.0");
    expect(CRASHES, JOB_STATE_INSTALLED, "", "2.0.0");
    expect(CHEATED, JOB_STATE_REJECTED, "signature", "1.0.0");
    CU_ASSERT(fleet_world_await_crash(&world, CRASHES));
    CU_ASSERT_FALSE(world.devices[GOOD].crashed);
    CU_ASSERT(fleet_world_await_state(&world, FLAPS, 4, "\"release\":\"2.0.0\"")); /* start, update, twice more */
    CU_ASSERT(fleet_world_await_state(&world, GOOD, 2, "{\"name\":\"b\",\"release\":\"2.0.0\",\"state\":\"booted\"}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(world.devices[GOOD].state, "\"job_n\":\"1\""));
}

/* Away in the middle of an installation: whoever comes back then does not begin it again. */
static void the_silent_one_comes_back_and_says_what_became_of_it(void)
{
    CU_ASSERT(fleet_world_await_state(&world, SILENT, 2, "\"release\":\"1.0.0\""));
    expect(SILENT, JOB_STATE_FAILED, "interrupted", "1.0.0");
    CU_ASSERT_EQUAL(fleet_world_started(&world, SILENT, "two"), 1);
}

static void the_journal_names_each_installation_once(void)
{
    for (unsigned d = GOOD; d <= CHEATED; d++)
        CU_ASSERT_EQUAL(fleet_world_started(&world, d, "two"), d == REFUSES || d == CHEATED ? 0 : 1);
}

static void going_back_is_an_installation_too(void)
{
    static struct vendor_release release_1 = {.version = "1.0.0", .counter = 1};
    size_t from = world.devices[GOOD].reports.count;
    struct job_report report;
    fleet_world_release(&world, "back", IMAGE_BYTES, &release_1);
    fleet_world_offer(&world, GOOD, world.gateway.vendor, "back", &release_1, JOB_ROLLBACK);
    CU_ASSERT_FATAL(fleet_world_await(&world, GOOD, JOB_STATE_INSTALLED, &from, &report));
    CU_ASSERT_STRING_EQUAL(report.running, "1.0.0");
    CU_ASSERT_EQUAL(fleet_world_started(&world, GOOD, "back"), 1);
    CU_ASSERT(fleet_world_await_state(&world, GOOD, 3, "{\"name\":\"b\",\"release\":\"2.0.0\",\"state\":\"standby\"}"));
}

/* The report may come before the line: it tells that the record was written, which is before the handler begins. */
static bool has_begun_three(void *ctx)
{
    (void)ctx;
    return fleet_world_started(&world, GOOD, "three") == 1;
}

static void a_killed_fleet_starts_nothing_twice(void)
{
    static const char *const slow_install[] = {"--install-ms", "60000", "--logs-per-second", "0", NULL};
    static const char *const slow_reboot[] = {"--install-ms",      "10", "--reboot-ms", "60000",
                                              "--logs-per-second", "0",  NULL};
    static struct vendor_release release_3 = {.version = "3.0.0", .counter = 3};
    struct job_report report;
    size_t from = world.devices[GOOD].reports.count, from_2 = world.devices[FAILS].reports.count;
    fleet_world_release(&world, "three", IMAGE_BYTES, &release_3);
    fleet_world_kill(&world);
    fleet_world_start(&world, NULL, slow_install);
    fleet_world_offer(&world, GOOD, world.gateway.vendor, "three", &release_3, JOB_UPDATE);
    CU_ASSERT_FATAL(fleet_world_await(&world, GOOD, JOB_STATE_INSTALLING, &from, NULL));
    CU_ASSERT_FATAL(gw_await(has_begun_three, NULL, 30000));
    fleet_world_kill(&world);
    fleet_world_start(&world, NULL, slow_reboot);
    CU_ASSERT_FATAL(fleet_world_await(&world, GOOD, JOB_STATE_FAILED, &from, &report));
    CU_ASSERT_STRING_EQUAL(report.code, "interrupted");
    fleet_world_offer(&world, FAILS, world.gateway.vendor, "three", &release_3, JOB_UPDATE);
    CU_ASSERT_FATAL(fleet_world_await(&world, FAILS, JOB_STATE_REBOOTING, &from_2, NULL));
    fleet_world_kill(&world);
    fleet_world_start(&world, NULL, quick);
    CU_ASSERT_FATAL(fleet_world_await(&world, FAILS, JOB_STATE_INSTALLED, &from_2, &report));
    CU_ASSERT_STRING_EQUAL(report.running, "3.0.0");
    CU_ASSERT_EQUAL(fleet_world_started(&world, GOOD, "three"), 1);
    CU_ASSERT_EQUAL(fleet_world_started(&world, FAILS, "three"), 1);
}

static void a_liar_says_installed_and_runs_the_old_version(void)
{
    static const char *const part[] = {"--install-ms",     "10",   "--reboot-ms", "10", "--logs-per-second", "0",
                                       "--artifact-bytes", "1000", NULL};
    static struct vendor_release release_4 = {.version = "4.0.0", .counter = 4};
    struct job_report report;
    size_t from = world.devices[BOOTS_OLD].reports.count;
    fleet_world_release(&world, "four", IMAGE_BYTES, &release_4);
    memset(release_4.sha256.bytes, 7, sizeof(release_4.sha256.bytes)); /* of a part, no digest is looked at */
    fleet_world_kill(&world);
    fleet_world_start(&world, "[boots_old]\ndevices = [\"3\"]\nsays = \"installed\"\n", part);
    fleet_world_offer(&world, BOOTS_OLD, world.gateway.vendor, "four", &release_4, JOB_UPDATE);
    CU_ASSERT_FATAL(fleet_world_await(&world, BOOTS_OLD, JOB_STATE_INSTALLED, &from, &report));
    CU_ASSERT_STRING_EQUAL(report.running, "1.0.0");
    CU_ASSERT(fleet_world_await_state(&world, BOOTS_OLD, 2, "\"release\":\"1.0.0\""));
    fleet_world_done(&world);
}

static const struct gw_test_case cases[] = {
    {"every kind of device does what it is for", every_kind_of_device_does_what_it_is_for},
    {"a device that falls silent while it installs does not begin again",
     the_silent_one_comes_back_and_says_what_became_of_it},
    {"the handler journal names each installation once", the_journal_names_each_installation_once},
    {"going back to an earlier release is an installation too", going_back_is_an_installation_too},
    {"a killed fleet starts nothing twice", a_killed_fleet_starts_nothing_twice},
    {"a liar says installed and runs the old version", a_liar_says_installed_and_runs_the_old_version},
};

int main(void)
{
    return GW_TEST_RUN("updates of a simulated fleet", cases);
}
