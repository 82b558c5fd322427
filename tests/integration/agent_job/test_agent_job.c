/* The agent as a process, from the offer of a job to its end, over real TLS, MQTT, HTTPS and handlers. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"
#include "job_world.h"

#define SMALL 100000
#define BIG   (6 * 1024 * 1024)

static struct job_world world;

static struct vendor_release release_of(const char *version, uint64_t counter)
{
    return (struct vendor_release){.version = version, .counter = counter, .floor = 1};
}

static void open_world(struct job_world *w, const char *extra_update)
{
    job_world_init(w, extra_update);
    job_world_start_agent(w);
}

static void offer(struct job_world *w, const char *attempt, size_t bytes, struct vendor_release *release)
{
    job_world_image(w, attempt, bytes, release);
    job_world_offer_release(w, attempt, release);
}

/* Where the device ends up, why, and, when not NULL, what it runs there. */
static void expect(struct job_world *w, enum job_state state, const char *code, const char *running, size_t *from)
{
    struct job_report report = {.code = ""};
    CU_ASSERT_FATAL(job_world_await(w, state, from, &report));
    CU_ASSERT_STRING_EQUAL(report.code, code);
    if (running)
        CU_ASSERT_STRING_EQUAL(report.running, running);
}

static bool has_reboot(void *ctx)
{
    return job_world_read(ctx, "reboots")[0] != '\0';
}

/* Offers it and goes with it up to where the test has to reboot the device. */
static void up_to_reboot(struct job_world *w, const char *attempt, struct vendor_release *release, size_t *from)
{
    job_world_remove(w, "reboots");
    offer(w, attempt, SMALL, release);
    CU_ASSERT_FATAL(job_world_await(w, JOB_STATE_REBOOTING, from, NULL));
    CU_ASSERT_FATAL(gw_await(has_reboot, w, UPDATE_LIMIT_MS));
}

static unsigned lines(const char *text)
{
    unsigned count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void installs_an_update_through_a_reboot(void)
{
    struct job_world *w = &world;
    struct job_report report;
    struct vendor_release release = release_of("2.0.0", 5);
    size_t from = 0;
    open_world(w, "");
    offer(w, "at-1", SMALL, &release);
    static const enum job_state way[] = {JOB_STATE_ACCEPTED, JOB_STATE_DOWNLOADING, JOB_STATE_DOWNLOADED,
                                         JOB_STATE_INSTALLING, JOB_STATE_REBOOTING};
    for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++)
        CU_ASSERT_FATAL(job_world_await(w, way[i], &from, &report));
    CU_ASSERT_STRING_EQUAL(report.running, "1.0.0");
    CU_ASSERT_STRING_EQUAL(report.boot, "boot-1");
    CU_ASSERT_FATAL(gw_await(has_reboot, w, UPDATE_LIMIT_MS));
    job_world_reboot(w, false);
    job_world_start_agent(w);
    CU_ASSERT_FATAL(job_world_await(w, JOB_STATE_INSTALLED, &from, &report));
    CU_ASSERT_STRING_EQUAL(report.running, "2.0.0");
    CU_ASSERT_STRING_EQUAL(report.boot, "boot-2");
    CU_ASSERT_STRING_EQUAL(job_world_read(w, "good"), "b\n");
    CU_ASSERT_STRING_EQUAL(job_world_read(w, "installs"), "at-1\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(job_world_read(w, "../record"), "/artifacts/at-1/pump.img 0 pump-7\n"));
    job_world_done(w);
}

static void a_failed_install_is_told_with_what_the_handler_said(void)
{
    struct job_world *w = &world;
    struct job_report report;
    struct vendor_release release = release_of("2.0.0", 5);
    size_t from = 0;
    job_world_init(w, "");
    job_world_write(w, "worn_out", "");
    job_world_start_agent(w);
    offer(w, "at-1", SMALL, &release);
    CU_ASSERT_FATAL(job_world_await(w, JOB_STATE_FAILED, &from, &report));
    CU_ASSERT_STRING_EQUAL(report.code, "install_failed");
    CU_ASSERT_STRING_EQUAL(report.detail, "the flash is worn out");
    CU_ASSERT_STRING_EQUAL(job_world_read(w, "fallbacks"), "fallback\n");
    job_world_done(w);
}

static void a_boot_into_the_old_version_is_rolled_back(void)
{
    struct job_world *w = &world;
    struct vendor_release release = release_of("2.0.0", 5);
    size_t from = 0;
    open_world(w, "");
    up_to_reboot(w, "at-1", &release, &from);
    job_world_reboot(w, true);
    job_world_start_agent(w);
    expect(w, JOB_STATE_ROLLED_BACK, "old_version", "1.0.0", &from);
    job_world_done(w);
}

static void a_new_version_without_session_is_left_for_the_old_one(void)
{
    struct job_world *w = &world;
    struct vendor_release release = release_of("2.0.0", 5);
    size_t from = 0;
    open_world(w, "confirm_timeout = 1\n");
    up_to_reboot(w, "at-1", &release, &from);
    job_world_reboot(w, false);
    job_world_remove(w, "reboots");
    gw_proc_signal(&w->gateway.broker, SIGSTOP); /* connections are taken by the kernel and never answered */
    char config[192];
    (void)snprintf(config, sizeof(config), "%s/agent.toml", w->gateway.dir);
    const char *const argv[] = {GW_BIN_DIR "/gatehouse-agent", "--config", config, NULL};
    gw_proc_start(&w->agent, argv, NULL);
    CU_ASSERT_FATAL(gw_await(has_reboot, w, UPDATE_LIMIT_MS));
    CU_ASSERT_STRING_EQUAL(job_world_read(w, "primary"), "a\n");
    job_world_reboot(w, false);
    gw_proc_signal(&w->gateway.broker, SIGCONT);
    job_world_start_agent(w);
    expect(w, JOB_STATE_ROLLED_BACK, "confirm_timeout", "1.0.0", &from);
    job_world_done(w);
}

static void expect_rejected(struct job_world *w, const char *attempt, const struct vendor_release *release,
                            const char *code, size_t *from)
{
    job_world_offer_release(w, attempt, release);
    expect(w, JOB_STATE_REJECTED, code, NULL, from);
}

static void rejects_what_its_own_keys_have_not_signed_or_does_not_fit(void)
{
    struct job_world *w = &world;
    struct vendor_release good = release_of("2.0.0", 5);
    size_t from = 0;
    open_world(w, "");
    job_world_image(w, "at-1", SMALL, &good);
    EVP_PKEY *vendor = w->gateway.vendor;
    w->gateway.vendor = w->gateway.stranger;
    expect_rejected(w, "at-1", &good, "signature", &from);
    w->gateway.vendor = vendor;
    struct vendor_release bad = good;
    bad.product = "valve";
    expect_rejected(w, "at-2", &bad, "product", &from);
    bad = good;
    bad.min_version = "1.5";
    expect_rejected(w, "at-3", &bad, "min_version", &from);
    bad = good;
    bad.version = "1.0.0";
    expect_rejected(w, "at-4", &bad, "running", &from);

    GW_CLEANUP(job_message_done) struct job_message m = {0};
    vendor_message(w->gateway.vendor, "at-5", &good, &m);
    m.job.envelope.payload.ptr[30] ^= 1; /* a signature of the right key over something else */
    job_world_offer(w, &m);
    expect(w, JOB_STATE_REJECTED, "signature", NULL, &from);
    m.job.kind = JOB_FACTORY_RESET;
    job_world_offer(w, &m);
    expect(w, JOB_STATE_REJECTED, "kind_off", NULL, &from);
    CU_ASSERT_STRING_EQUAL(job_world_read(w, "installs"), "");
    job_world_done(w);
}

static void rejects_everything_without_vendor_keys(void)
{
    struct job_world *w = &world;
    struct vendor_release good = release_of("2.0.0", 5);
    size_t from = 0;
    char config[192], *cut;
    job_world_init(w, "");
    (void)snprintf(config, sizeof(config), "../agent.toml");
    GW_FREE char *text = gw_xstrdup(job_world_read(w, config));
    cut = strstr(text, "vendor_keys = ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
    *cut = '#';
    job_world_write(w, config, text);
    job_world_start_agent(w);
    job_world_image(w, "at-1", SMALL, &good);
    expect_rejected(w, "at-1", &good, "no_vendor_keys", &from);
    job_world_done(w);
}

static void a_counter_below_the_confirmed_floor_is_rejected(void)
{
    struct job_world *w = &world;
    struct vendor_release release = release_of("2.0.0", 9), older = release_of("1.9.0", 7);
    size_t from = 0;
    open_world(w, "kinds = [\"update\", \"rollback\"]\n");
    release.floor = 8;
    up_to_reboot(w, "at-1", &release, &from);
    job_world_reboot(w, false);
    job_world_start_agent(w);
    CU_ASSERT_FATAL(job_world_await(w, JOB_STATE_INSTALLED, &from, NULL));
    job_world_image(w, "at-2", SMALL, &older);
    expect_rejected(w, "at-2", &older, "floor", &from);
    older.counter = 8; /* at the floor, but older: only as a rollback */
    expect_rejected(w, "at-3", &older, "older", &from);
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    vendor_message(w->gateway.vendor, "at-2", &older, &m);
    m.job.kind = JOB_ROLLBACK;
    job_world_offer(w, &m);
    CU_ASSERT(job_world_await(w, JOB_STATE_REBOOTING, &from, NULL));
    job_world_done(w);
}

static void an_artifact_with_another_digest_fails(void)
{
    struct job_world *w = &world;
    struct vendor_release release = release_of("2.0.0", 5);
    size_t from = 0;
    open_world(w, "");
    job_world_image(w, "at-1", SMALL, &release);
    release.sha256.bytes[0] ^= 1;
    job_world_offer_release(w, "at-1", &release);
    expect(w, JOB_STATE_FAILED, "digest", NULL, &from);
    CU_ASSERT_STRING_EQUAL(job_world_read(w, "installs"), "");
    job_world_done(w);
}

static char part_path[400];
static bool part_has_grown(void *ctx)
{
    struct stat st;
    (void)ctx;
    return stat(part_path, &st) == 0 && st.st_size > BIG / 4;
}

static bool part_is_gone(void *ctx)
{
    (void)ctx;
    return access(part_path, F_OK) != 0;
}

static void name_part(struct job_world *w, const struct vendor_release *release)
{
    char digest[17];
    gw_hex_format(release->sha256.bytes, 8, digest);
    (void)snprintf(part_path, sizeof(part_path), "%s/state/artifacts/%s-%s.part", w->gateway.dir, digest,
                   release->file);
}

/* Every first transfer stands still in the middle. */
static void hold_downloads(struct job_world *w)
{
    char bytes[24];
    (void)snprintf(bytes, sizeof(bytes), "%d", BIG / 2);
    job_world_write(w, "../hold", bytes);
}

static void a_download_goes_on_where_a_kill_cut_it(void)
{
    struct job_world *w = &world;
    struct vendor_release release = release_of("2.0.0", 5);
    size_t from = 0;
    long first = 0;
    job_world_init(w, "");
    hold_downloads(w);
    job_world_start_agent(w);
    job_world_image(w, "at-1", BIG, &release);
    name_part(w, &release);
    job_world_offer_release(w, "at-1", &release);
    CU_ASSERT_FATAL(gw_await(part_has_grown, NULL, UPDATE_LIMIT_MS));
    job_world_kill_agent(w);
    job_world_start_agent(w);
    CU_ASSERT_FATAL(job_world_await(w, JOB_STATE_REBOOTING, &from, NULL));
    const char *record = job_world_read(w, "../record");
    const char *last = strstr(record, "/artifacts/at-1/pump.img 0 pump-7\n/");
    CU_ASSERT_PTR_NOT_NULL_FATAL(last);
    last = strstr(last + 35, "pump.img ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(last);
    CU_ASSERT_EQUAL(sscanf(last + 9, "%ld", &first), 1);
    CU_ASSERT_TRUE(first > BIG / 4 && first < BIG);
    CU_ASSERT_EQUAL(lines(job_world_read(w, "installs")), 1);
    job_world_done(w);
}

static void a_job_that_is_withdrawn_before_its_install_is_cancelled(void)
{
    struct job_world *w = &world;
    struct vendor_release release = release_of("2.0.0", 5);
    size_t from = 0;
    job_world_init(w, "");
    hold_downloads(w);
    job_world_start_agent(w);
    job_world_image(w, "at-1", BIG, &release);
    name_part(w, &release);
    job_world_offer_release(w, "at-1", &release);
    CU_ASSERT_FATAL(gw_await(part_has_grown, NULL, UPDATE_LIMIT_MS));
    job_world_withdraw(w);
    CU_ASSERT_FATAL(job_world_await(w, JOB_STATE_CANCELLED, &from, NULL));
    CU_ASSERT(gw_await(part_is_gone, NULL, UPDATE_LIMIT_MS)); /* it reports first */
    CU_ASSERT_STRING_EQUAL(job_world_read(w, "installs"), "");
    job_world_done(w);
}

static void people_at_the_device_may_put_it_off(void)
{
    struct job_world *w = &world;
    struct job_report report;
    struct vendor_release release = release_of("2.0.0", 5);
    size_t from = 0;
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    job_world_init(w, "");
    job_world_write(w, "../not-now", "");
    job_world_start_agent(w);
    job_world_image(w, "at-1", SMALL, &release);
    vendor_message(w->gateway.vendor, "at-1", &release, &m);
    m.job.postpone_until_max.ms = gw_wall_now().ms + 4000;
    job_world_offer(w, &m);
    CU_ASSERT_FATAL(job_world_await(w, JOB_STATE_DEFERRED, &from, &report));
    CU_ASSERT_EQUAL(report.until.ms, m.job.postpone_until_max.ms);
    CU_ASSERT_STRING_EQUAL(job_world_read(w, "installs"), "");
    /* at its limit it is begun although the file is still there */
    CU_ASSERT_FATAL(job_world_await(w, JOB_STATE_REBOOTING, &from, NULL));
    CU_ASSERT_TRUE(gw_wall_now().ms >= m.job.postpone_until_max.ms);
    job_world_done(w);
}

static bool install_began(void *ctx)
{
    return job_world_read(ctx, "installs")[0] != '\0';
}

static void a_kill_during_the_install_never_repeats_it(void)
{
    struct job_world *w = &world;
    struct vendor_release release = release_of("2.0.0", 5);
    size_t from = 0;
    job_world_init(w, "");
    job_world_write(w, "hold_install", "");
    job_world_start_agent(w);
    offer(w, "at-1", SMALL, &release);
    CU_ASSERT_FATAL(gw_await(install_began, w, UPDATE_LIMIT_MS));
    gw_proc_signal(&w->agent, SIGKILL); /* the handler has a group of its own and lives on */
    (void)gw_proc_wait(&w->agent, UPDATE_LIMIT_MS);
    gw_proc_done(&w->agent);
    job_world_start_agent(w);
    CU_ASSERT_STRING_EQUAL(job_world_read(w, "fallbacks"), ""); /* not beside a handler that still runs */
    job_world_remove(w, "hold_install");
    expect(w, JOB_STATE_FAILED, "interrupted", NULL, &from);
    CU_ASSERT_STRING_EQUAL(job_world_read(w, "installs"), "at-1\n");
    CU_ASSERT_STRING_EQUAL(job_world_read(w, "primary"), "a\n");
    job_world_done(w);
}

static const struct gw_test_case cases[] = {
    {"installs an update through a reboot", installs_an_update_through_a_reboot},
    {"a failed install is told with what the handler said", a_failed_install_is_told_with_what_the_handler_said},
    {"a boot into the old version is rolled back", a_boot_into_the_old_version_is_rolled_back},
    {"a new version without session is left for the old one", a_new_version_without_session_is_left_for_the_old_one},
    {"rejects what its own keys have not signed or does not fit",
     rejects_what_its_own_keys_have_not_signed_or_does_not_fit},
    {"rejects everything without vendor keys", rejects_everything_without_vendor_keys},
    {"a counter below the confirmed floor is rejected", a_counter_below_the_confirmed_floor_is_rejected},
    {"an artifact with another digest fails", an_artifact_with_another_digest_fails},
    {"a download goes on where a kill cut it", a_download_goes_on_where_a_kill_cut_it},
    {"a job that is withdrawn before its install is cancelled",
     a_job_that_is_withdrawn_before_its_install_is_cancelled},
    {"people at the device may put it off", people_at_the_device_may_put_it_off},
    {"a kill during the install never repeats it", a_kill_during_the_install_never_repeats_it},
};

int main(void)
{
    return GW_TEST_RUN("agent jobs", cases);
}
