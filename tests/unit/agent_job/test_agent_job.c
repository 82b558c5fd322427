/* The device's side of an update: what it does with a job, and that no stop makes it do an install twice. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk_model.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "gw_test.h"
#include "job_sim.h"

#define ROUNDS 60

static struct job_sim sim;

static void begin(void)
{
    job_sim_init(&sim, gw_test_dir(), gw_fs_posix());
    job_sim_open(&sim);
}

static void offer(const char *attempt, const char *version, uint64_t counter, int64_t n)
{
    struct vendor_release release = job_sim_release(version, counter, counter > 1 ? counter - 1 : 1);
    job_sim_offer_release(&sim, attempt, &release, n);
}

static void expect_end(enum job_state state, const char *code)
{
    CU_ASSERT_TRUE(job_sim_over(&sim));
    CU_ASSERT_EQUAL(sim.last.state, state);
    CU_ASSERT_STRING_EQUAL(sim.last.code, code);
}

static void goes_the_whole_way(void)
{
    static const enum job_state way[] = {JOB_STATE_ACCEPTED,   JOB_STATE_DOWNLOADING, JOB_STATE_DOWNLOADED,
                                         JOB_STATE_INSTALLING, JOB_STATE_REBOOTING,   JOB_STATE_INSTALLED};
    begin();
    offer("at-1", "2.0", 7, 1);
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_INSTALLED, "");
    CU_ASSERT_EQUAL(sim.changed, JOB_STATE_INSTALLED);
    CU_ASSERT_EQUAL(sim.trace_count, 6);
    CU_ASSERT_EQUAL(memcmp(sim.trace, way, sizeof(way)), 0);
    CU_ASSERT_EQUAL(sim.events, 6);
    CU_ASSERT_STRING_EQUAL(sim.last.running, "2.0");
    CU_ASSERT_STRING_EQUAL(sim.last.boot, "boot-2");
    CU_ASSERT_EQUAL(agent_job_record(sim.job)->floor, 6);
    CU_ASSERT_EQUAL(sim.device.installs, 1);
    job_sim_done(&sim);
}

static void the_floor_rises_only_with_the_confirmation(void)
{
    begin();
    sim.confirm_fails = true;
    offer("at-1", "2.0", 7, 1);
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_ROLLED_BACK, "confirm_failed");
    CU_ASSERT_EQUAL(agent_job_record(sim.job)->floor, 0);
    CU_ASSERT_STRING_EQUAL(sim.device.running, "1.0");
    job_sim_done(&sim);
}

static void lower_numbers_are_passed_over_and_kept_over_a_restart(void)
{
    begin();
    job_sim_withdraw(&sim, 9);
    job_sim_run(&sim, 2, false);
    job_sim_close(&sim);
    gw_buf_reset(&sim.offer);
    job_sim_open(&sim);
    CU_ASSERT_EQUAL(agent_job_record(sim.job)->n, 9);
    offer("at-1", "2.0", 7, 8);
    job_sim_run(&sim, ROUNDS, true);
    CU_ASSERT_EQUAL(agent_job_record(sim.job)->step, AGENT_JOB_IDLE);
    CU_ASSERT_EQUAL(sim.reports, 0);
    offer("at-1", "2.0", 7, 10);
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_INSTALLED, "");
    job_sim_done(&sim);
}

static void a_lower_number_does_not_renumber_what_is_over(void)
{
    begin();
    sim.install_fails = true;
    offer("at-1", "2.0", 7, 5);
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_FAILED, "install_failed");
    unsigned reports = sim.reports;
    offer("at-1", "2.0", 7, 4);
    job_sim_run(&sim, ROUNDS, true);
    CU_ASSERT_EQUAL(agent_job_record(sim.job)->n, 5);
    CU_ASSERT_EQUAL(sim.reports, reports);
    job_sim_close(&sim); /* and the same after a restart: it connects with the lower number offered */
    job_sim_open(&sim);
    job_sim_run(&sim, ROUNDS, true);
    CU_ASSERT_EQUAL(agent_job_record(sim.job)->n, 5);
    CU_ASSERT_EQUAL(sim.device.installs, 1);
    job_sim_done(&sim);
}

/* One attempt is being installed, under number 3; the next one waits. */
static void begin_with_one_that_waits(int64_t n)
{
    begin();
    sim.install_fails = true;
    offer("at-1", "2.0", 7, 3);
    agent_job_step(sim.job, sim.now, sim.wall);
    for (int i = 0; i < ROUNDS && sim.verb != AGENT_VERB_INSTALL; i++) {
        job_sim_run(&sim, 1, false);
        agent_job_step(sim.job, sim.now, sim.wall);
    }
    CU_ASSERT_EQUAL_FATAL(agent_job_record(sim.job)->step, AGENT_JOB_INSTALLING);
    offer("at-2", "2.0", 7, n);
    CU_ASSERT_EQUAL(agent_job_record(sim.job)->n, 3);
}

static void a_lower_number_does_not_displace_the_one_that_waits(void)
{
    static const int64_t lower[] = {1, 2, 4}; /* below what is persisted, and below what waits alone */
    for (size_t i = 0; i < sizeof(lower) / sizeof(lower[0]); i++) {
        begin_with_one_that_waits(5);
        offer("at-3", "2.0", 7, lower[i]);
        job_sim_run(&sim, ROUNDS, true);
        expect_end(JOB_STATE_FAILED, "install_failed");
        CU_ASSERT_STRING_EQUAL(agent_job_record(sim.job)->attempt, "at-2");
        CU_ASSERT_EQUAL(agent_job_record(sim.job)->n, 5);
        CU_ASSERT_EQUAL(sim.device.installs, 2);
        job_sim_done(&sim);
    }
}

static void a_lower_withdrawal_leaves_the_one_that_waits(void)
{
    static const int64_t lower[] = {2, 4};
    for (size_t i = 0; i < sizeof(lower) / sizeof(lower[0]); i++) {
        begin_with_one_that_waits(5);
        job_sim_withdraw(&sim, lower[i]);
        job_sim_run(&sim, ROUNDS, true);
        CU_ASSERT_STRING_EQUAL(agent_job_record(sim.job)->attempt, "at-2");
        CU_ASSERT_EQUAL(agent_job_record(sim.job)->n, 5);
        job_sim_done(&sim);
    }
}

static void what_waits_is_dropped_when_a_higher_number_overtakes_it(void)
{
    begin_with_one_that_waits(4);
    offer("at-1", "2.0", 7, 5); /* the running one after all */
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_FAILED, "install_failed");
    CU_ASSERT_STRING_EQUAL(agent_job_record(sim.job)->attempt, "at-1");
    CU_ASSERT_EQUAL(agent_job_record(sim.job)->n, 5);
    CU_ASSERT_EQUAL(sim.device.installs, 1);
    job_sim_done(&sim);
}

static void a_new_session_offers_anew_what_waits(void)
{
    begin_with_one_that_waits(5);
    agent_job_session(sim.job, false);
    agent_job_session(sim.job, true);
    offer("at-3", "2.0", 7, 4); /* a gateway that was restored, and was told 3 */
    job_sim_run(&sim, ROUNDS, true);
    CU_ASSERT_STRING_EQUAL(agent_job_record(sim.job)->attempt, "at-3");
    CU_ASSERT_EQUAL(agent_job_record(sim.job)->n, 4);
    job_sim_done(&sim);
}

/* A disk that has no room for one file, while it is named. */
static const char *no_room_for;

static int open_unless_full(void *ctx, const char *path, int flags, mode_t mode)
{
    const char *name = strrchr(path, '/');
    if (no_room_for && (flags & O_CREAT) && name && strcmp(name + 1, no_room_for) == 0) {
        errno = ENOSPC;
        return -1;
    }
    return gw_fs_posix()->open(ctx, path, flags, mode);
}

/* Runs the job while stderr goes to a file; how many lines of it hold these words. */
static unsigned lines_with(const char *words, unsigned rounds)
{
    char path[256];
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    (void)snprintf(path, sizeof(path), "%s/stderr", gw_test_dir());
    GW_CLOSE int keep = dup(STDERR_FILENO);
    GW_CLOSE int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(keep >= 0 && to >= 0 && dup2(to, STDERR_FILENO) >= 0);
    gw_log_init("agent-job", GW_LOG_INFO);
    job_sim_run(&sim, rounds, true);
    gw_log_init("agent-job", GW_LOG_ERROR);
    (void)dup2(keep, STDERR_FILENO);
    GW_ASSERT_OK(gw_fs_read_file(path, &text, NULL), NULL);
    CU_ASSERT_EQUAL_FATAL(gw_buf_add_u8(&text, '\0'), GW_OK);
    unsigned count = 0;
    for (const char *at = (const char *)text.ptr; (at = strstr(at, words)); at++)
        count++;
    return count;
}

static void a_full_disk_is_told_once_and_once_more_when_it_has_room(void)
{
    static const char *const files[] = {"state.new", "started.new"};
    static struct gw_fs fs;
    fs = *gw_fs_posix();
    fs.open = open_unless_full;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        job_sim_init(&sim, gw_test_dir(), &fs);
        job_sim_open(&sim);
        no_room_for = files[i];
        offer("at-1", "2.0", 7, 1);
        CU_ASSERT_EQUAL(lines_with("No space left on device; the job waits", ROUNDS), 1);
        CU_ASSERT_EQUAL(sim.device.installs, 0);
        no_room_for = NULL;
        CU_ASSERT_EQUAL(lines_with("writing works again", ROUNDS), 1);
        expect_end(JOB_STATE_INSTALLED, "");
        no_room_for = files[i];
        offer("at-2", "3.0", 8, 2); /* another time is told again */
        CU_ASSERT_EQUAL(lines_with("No space left on device; the job waits", ROUNDS), 1);
        no_room_for = NULL;
        job_sim_done(&sim);
    }
}

static void a_repeated_offer_starts_nothing_again(void)
{
    begin();
    sim.install_fails = true;
    offer("at-1", "2.0", 7, 1);
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_FAILED, "install_failed");
    unsigned reports = sim.reports;
    offer("at-1", "2.0", 7, 1); /* the same: it is told once more */
    job_sim_run(&sim, ROUNDS, true);
    CU_ASSERT_EQUAL(sim.reports, reports + 1);
    offer("at-1", "2.0", 7, 2); /* the same attempt under another number */
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_FAILED, "install_failed");
    offer("at-2", "2.0", 7, 3);
    job_sim_run(&sim, ROUNDS, true);
    offer("at-1", "2.0", 7, 4); /* an old one again */
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_REJECTED, "started_before");
    CU_ASSERT_EQUAL(sim.device.installs, 2);
    job_sim_done(&sim);
}

/* One that outlived a killed agent holds the handlers' lock. */
static void an_install_waits_for_an_earlier_handler(void)
{
    begin();
    sim.busy = 3;
    offer("at-1", "2.0", 7, 1);
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_INSTALLED, "");
    CU_ASSERT_EQUAL(sim.busy, 0);
    CU_ASSERT_EQUAL(sim.device.installs, 1);
    job_sim_done(&sim);
}

static void reports_are_repeated_until_acknowledged(void)
{
    begin();
    sim.silent = true;
    sim.fetch_fails = true;
    offer("at-1", "2.0", 7, 1);
    job_sim_run(&sim, 10, false);
    unsigned before = sim.reports;
    int64_t from = sim.now.ms;
    job_sim_run(&sim, ROUNDS, false);
    unsigned more = sim.reports - before, minutes = (unsigned)((sim.now.ms - from) / GW_MINUTE_MS);
    CU_ASSERT_TRUE(more >= minutes * 3 / 4 && more <= minutes * 5 / 4 + 1);
    int64_t least = INT64_MAX, most = 0; /* between two of them: 60 s, 20 % less or more */
    for (int i = 0; i < 100; i++) {
        before = sim.reports;
        for (from = sim.now.ms; sim.reports == before && sim.now.ms < from + 2 * GW_MINUTE_MS;)
            job_sim_run(&sim, 1, false);
        least = sim.now.ms - from < least ? sim.now.ms - from : least;
        most = sim.now.ms - from > most ? sim.now.ms - from : most;
    }
    CU_ASSERT_TRUE(least < 56 * GW_SECOND_MS && most > 64 * GW_SECOND_MS && most <= 73 * GW_SECOND_MS);
    job_sim_close(&sim);
    job_sim_open(&sim);
    sim.silent = false;
    job_sim_run(&sim, 5, false);
    expect_end(JOB_STATE_FAILED, "digest");
    before = sim.reports;
    job_sim_run(&sim, ROUNDS, false);
    CU_ASSERT_EQUAL(sim.reports, before);
    job_sim_done(&sim);
}

static void a_withdrawal_cancels_before_the_install_and_not_after(void)
{
    begin();
    offer("at-1", "2.0", 7, 1);
    agent_job_step(sim.job, sim.now, sim.wall);
    CU_ASSERT_TRUE(sim.fetching);
    job_sim_withdraw(&sim, 1); /* its own number says nothing new */
    CU_ASSERT_TRUE(sim.fetching);
    job_sim_withdraw(&sim, 2);
    CU_ASSERT_FALSE(sim.fetching);
    job_sim_run(&sim, 5, false);
    expect_end(JOB_STATE_CANCELLED, "");
    offer("at-2", "2.0", 7, 3);
    while (sim.device.installs == 0)
        job_sim_run(&sim, 1, false);
    job_sim_withdraw(&sim, 4);
    gw_buf_reset(&sim.offer);
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_INSTALLED, "");
    job_sim_done(&sim);
}

static void a_newer_job_takes_the_place_of_one_that_is_not_installing(void)
{
    begin();
    offer("at-1", "2.0", 7, 1);
    agent_job_step(sim.job, sim.now, sim.wall);
    offer("at-2", "3.0", 8, 2);
    while (sim.device.installs == 0)
        job_sim_run(&sim, 1, false);
    CU_ASSERT_STRING_EQUAL(sim.last.job, "job-of-at-2");
    offer("at-3", "4.0", 9, 3); /* waits until the other one is over */
    job_sim_run(&sim, 2 * ROUNDS, true);
    expect_end(JOB_STATE_INSTALLED, "");
    CU_ASSERT_STRING_EQUAL(sim.device.running, "4.0");
    CU_ASSERT_EQUAL(sim.device.installs, 2);
    job_sim_done(&sim);
}

static void a_new_version_that_finds_no_session_goes_back(void)
{
    begin();
    offer("at-1", "2.0", 7, 1);
    while (sim.device.reboots == 0)
        job_sim_run(&sim, 1, false);
    sim.no_session = true;
    job_sim_boot(&sim);
    CU_ASSERT_STRING_EQUAL(sim.device.running, "2.0");
    job_sim_run(&sim, ROUNDS, true);
    CU_ASSERT_STRING_EQUAL(sim.device.running, "1.0");
    sim.no_session = false;
    agent_job_session(sim.job, true);
    job_sim_run(&sim, 5, true);
    expect_end(JOB_STATE_ROLLED_BACK, "confirm_timeout");
    CU_ASSERT_EQUAL(sim.device.confirms, 0);
    job_sim_done(&sim);
}

static void a_restart_does_not_extend_the_time_for_the_confirmation(void)
{
    begin();
    offer("at-1", "2.0", 7, 1);
    while (sim.device.reboots == 0)
        job_sim_run(&sim, 1, false);
    sim.no_session = true;
    job_sim_boot(&sim);
    int64_t from = sim.now.ms;
    for (int i = 0; i < 100 && !sim.device.fallbacks; i++) {
        job_sim_run(&sim, 1, false);
        job_sim_close(&sim);
        job_sim_open(&sim);
    }
    CU_ASSERT_TRUE(sim.now.ms - from <= sim.config.confirm_timeout_ms + GW_MINUTE_MS);
    job_sim_done(&sim);
}

static void a_device_that_does_not_reboot_fails_after_three_tries(void)
{
    begin();
    offer("at-1", "2.0", 7, 1);
    job_sim_run(&sim, 3 * ROUNDS, false);
    expect_end(JOB_STATE_FAILED, "reboot");
    CU_ASSERT_EQUAL(sim.device.reboots, 3);
    CU_ASSERT_STRING_EQUAL(sim.device.primary, "1.0");
    job_sim_done(&sim);
}

static void a_handler_that_does_not_start_fails(void)
{
    begin();
    sim.bad_handler = true;
    offer("at-1", "2.0", 7, 1);
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_FAILED, "handler");
    job_sim_done(&sim);
}

static void times_of_the_job_are_kept(void)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    struct vendor_release release = job_sim_release("2.0", 7, 1);
    begin();
    job_sim_message(&sim, "at-1", &release, &m);
    m.job.not_before.ms = sim.wall.ms + GW_HOUR_MS;
    m.job.deadline.ms = sim.wall.ms + 2 * GW_HOUR_MS;
    job_sim_offer(&sim, &m, 1);
    job_sim_run(&sim, 10, true);
    CU_ASSERT_EQUAL(sim.last.state, JOB_STATE_ACCEPTED);
    sim.wall.ms = m.job.not_before.ms;
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_INSTALLED, "");
    release = job_sim_release("3.0", 8, 1);
    job_message_done(&m);
    job_sim_message(&sim, "at-2", &release, &m);
    m.job.deadline.ms = sim.wall.ms - 1;
    job_sim_offer(&sim, &m, 2);
    job_sim_run(&sim, 10, true);
    expect_end(JOB_STATE_FAILED, "deadline");
    job_sim_done(&sim);
}

static void a_job_may_be_postponed_up_to_its_limit(void)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    struct vendor_release release = job_sim_release("2.0", 7, 1);
    char path[256];
    begin();
    (void)snprintf(path, sizeof(path), "%s/not-now", gw_test_dir());
    (void)snprintf(sim.config.update_postpone_file, sizeof(sim.config.update_postpone_file), "%s", path);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str("2999-01-01T00:00:00Z\n"), 0600, NULL), NULL);
    job_sim_message(&sim, "at-1", &release, &m);
    m.job.postpone_until_max.ms = sim.wall.ms + GW_HOUR_MS;
    job_sim_offer(&sim, &m, 1);
    job_sim_run(&sim, 10, true);
    CU_ASSERT_EQUAL(sim.last.state, JOB_STATE_DEFERRED);
    CU_ASSERT_EQUAL(sim.last.until.ms, m.job.postpone_until_max.ms);
    job_sim_close(&sim);
    job_sim_open(&sim);
    CU_ASSERT_EQUAL(sim.device.installs, 0);
    sim.wall = m.job.postpone_until_max;
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_INSTALLED, "");
    job_sim_done(&sim);
}

static void a_damaged_record_refuses_every_job(void)
{
    char path[256];
    begin();
    offer("at-1", "2.0", 7, 1);
    job_sim_run(&sim, ROUNDS, true);
    job_sim_close(&sim);
    (void)snprintf(path, sizeof(path), "%s/state", sim.dir);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str("{}\n"), 0600, NULL), NULL);
    gw_buf_reset(&sim.offer);
    job_sim_open(&sim);
    offer("at-2", "3.0", 8, 5);
    job_sim_run(&sim, ROUNDS, true);
    CU_ASSERT_EQUAL(sim.last.state, JOB_STATE_REJECTED);
    CU_ASSERT_STRING_EQUAL(sim.last.code, "state_damaged");
    CU_ASSERT_EQUAL(sim.device.installs, 1);
    job_sim_done(&sim);
}

static void kinds_that_are_not_listed_are_rejected(void)
{
    begin();
    for (int kind = JOB_ROLLBACK; kind <= JOB_RENEW_CERT; kind++) {
        GW_CLEANUP(job_message_done) struct job_message m = {0};
        struct vendor_release release = job_sim_release("2.0", 7, 1);
        job_sim_message(&sim, "at-1", &release, &m);
        m.job.kind = (enum job_kind)kind;
        job_sim_offer(&sim, &m, kind);
        job_sim_run(&sim, 5, true);
        expect_end(JOB_STATE_REJECTED, "kind_off");
    }
    sim.config.update_kinds |= 1u << JOB_COLLECT;
    struct job_message m = {.has_job = true, .job = {.job = "j", .attempt = "at-2", .rev = 1, .kind = JOB_COLLECT}};
    job_sim_offer(&sim, &m, 9);
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_INSTALLED, "");
    CU_ASSERT_STRING_EQUAL(sim.last.detail, "words");
    job_sim_done(&sim);
}

/* ---- stops at every change of the disk ---- */

#define POINTS_MAX 256

/* What the device was at each begin of a verb, and when. */
struct point {
    uint64_t changes;
    struct sim_device device;
};
static struct disk_model *disk;
static struct point points[POINTS_MAX];
static size_t point_count;

static void note_point(void *ctx, enum agent_verb verb)
{
    struct job_sim *s = ctx;
    (void)verb;
    CU_ASSERT_FATAL(point_count < POINTS_MAX);
    points[point_count++] = (struct point){.changes = disk_model_changes(disk), .device = s->device};
}

static void check_end(uint64_t at)
{
    bool fine = job_sim_over(&sim) && sim.device.installs <= 1 && agent_job_record(sim.job)->n == 1 &&
                (sim.last.state == JOB_STATE_INSTALLED || sim.last.state == JOB_STATE_FAILED ||
                 sim.last.state == JOB_STATE_ROLLED_BACK);
    bool truth = (sim.last.state == JOB_STATE_INSTALLED) == (strcmp(sim.device.running, "2.0") == 0) &&
                 (agent_job_record(sim.job)->floor == 6) == (sim.last.state == JOB_STATE_INSTALLED) &&
                 strcmp(sim.device.primary, sim.device.running) == 0;
    if (!fine || !truth)
        printf("#   stop at change %llu: %s %s, %u installs, runs %s, boots %s, floor %llu\n", (unsigned long long)at,
               job_state_text(sim.last.state), sim.last.code, sim.device.installs, sim.device.running,
               sim.device.primary, (unsigned long long)agent_job_record(sim.job)->floor);
    CU_ASSERT_TRUE(fine);
    CU_ASSERT_TRUE(truth);
}

/* Returns how many changes the whole way makes. */
static uint64_t record_the_way(void)
{
    disk = disk_model_new(gw_test_dir());
    job_sim_init(&sim, disk_model_dir(disk), disk_model_fs(disk));
    sim.on_act = note_point;
    sim.ctx = &sim;
    point_count = 0;
    job_sim_open(&sim);
    note_point(&sim, 0);
    offer("at-1", "2.0", 7, 1);
    job_sim_run(&sim, ROUNDS, true);
    expect_end(JOB_STATE_INSTALLED, "");
    return disk_model_changes(disk);
}

/* The disk refuses from a change on; the agent is killed and starts again beside a disk that works. */
static void a_kill_at_any_change_never_installs_twice(void)
{
    uint64_t all = record_the_way();
    unsigned unfinished = 0;
    job_sim_done(&sim);
    disk_model_free(disk);
    for (uint64_t at = 0; at < all; at++) {
        disk = disk_model_new(gw_test_dir());
        job_sim_init(&sim, disk_model_dir(disk), disk_model_fs(disk));
        job_sim_open(&sim);
        disk_model_stop_at(disk, at);
        offer("at-1", "2.0", 7, 1);
        job_sim_run(&sim, ROUNDS, true);
        unfinished += !job_sim_over(&sim);
        job_sim_close(&sim);
        sim.fs = gw_fs_posix();
        job_sim_open(&sim);
        job_sim_run(&sim, 3 * ROUNDS, true);
        check_end(at);
        job_sim_done(&sim);
        disk_model_free(disk);
    }
    CU_ASSERT_TRUE(all > 40 && unfinished > all - 12);
}

static const struct sim_device *device_at(uint64_t change, bool late)
{
    const struct sim_device *found = &points[0].device;
    for (size_t i = 0; i < point_count; i++)
        if (points[i].changes < change || (late && points[i].changes == change))
            found = &points[i].device;
    return found;
}

static void lose_power(uint64_t change, enum disk_keep keep, bool late, const char *dir)
{
    struct job_sim whole = sim;
    disk_model_crash(disk, change, keep, change * 7919 + late, dir);
    sim.device = *device_at(change, late);
    sim.fs = gw_fs_posix();
    sim.job = NULL;
    sim.on_act = NULL;
    sim.verb = 0;
    sim.last = (struct job_report){.job = ""};
    (void)snprintf(sim.dir, sizeof(sim.dir), "%s", dir);
    job_sim_boot(&sim);
    job_sim_run(&sim, 3 * ROUNDS, true);
    check_end(change);
    job_sim_close(&sim);
    whole.now = sim.now;
    sim = whole;
}

static void a_loss_of_power_at_any_change_never_installs_twice(void)
{
    uint64_t all = record_the_way();
    const char *dir = gw_test_dir();
    for (uint64_t change = 0; change <= all; change++) {
        lose_power(change, DISK_KEEP_NONE, false, dir);
        lose_power(change, DISK_KEEP_NONE, true, dir);
        lose_power(change, DISK_KEEP_SOME, true, dir);
    }
    job_sim_done(&sim);
    disk_model_free(disk);
}

static const struct gw_test_case cases[] = {
    {"goes the whole way", goes_the_whole_way},
    {"the floor rises only with the confirmation", the_floor_rises_only_with_the_confirmation},
    {"lower numbers are passed over, and kept over a restart", lower_numbers_are_passed_over_and_kept_over_a_restart},
    {"a lower number does not renumber what is over", a_lower_number_does_not_renumber_what_is_over},
    {"a lower number does not displace the one that waits", a_lower_number_does_not_displace_the_one_that_waits},
    {"a lower withdrawal leaves the one that waits", a_lower_withdrawal_leaves_the_one_that_waits},
    {"what waits is dropped when a higher number overtakes it",
     what_waits_is_dropped_when_a_higher_number_overtakes_it},
    {"a new session offers anew what waits", a_new_session_offers_anew_what_waits},
    {"a full disk is told once, and once more when it has room",
     a_full_disk_is_told_once_and_once_more_when_it_has_room},
    {"a repeated offer starts nothing again", a_repeated_offer_starts_nothing_again},
    {"an install waits for an earlier handler", an_install_waits_for_an_earlier_handler},
    {"reports are repeated until acknowledged", reports_are_repeated_until_acknowledged},
    {"a withdrawal cancels before the install and not after", a_withdrawal_cancels_before_the_install_and_not_after},
    {"a newer job takes the place of one that is not installing",
     a_newer_job_takes_the_place_of_one_that_is_not_installing},
    {"a new version that finds no session goes back", a_new_version_that_finds_no_session_goes_back},
    {"a restart does not extend the time for the confirmation",
     a_restart_does_not_extend_the_time_for_the_confirmation},
    {"a device that does not reboot fails after three tries", a_device_that_does_not_reboot_fails_after_three_tries},
    {"a handler that does not start fails", a_handler_that_does_not_start_fails},
    {"times of the job are kept", times_of_the_job_are_kept},
    {"a job may be postponed up to its limit", a_job_may_be_postponed_up_to_its_limit},
    {"a damaged record refuses every job", a_damaged_record_refuses_every_job},
    {"kinds that are not listed are rejected", kinds_that_are_not_listed_are_rejected},
    {"a kill at any change never installs twice", a_kill_at_any_change_never_installs_twice},
    {"a loss of power at any change never installs twice", a_loss_of_power_at_any_change_never_installs_twice},
};

int main(void)
{
    gw_log_init("agent-job", GW_LOG_ERROR);
    return GW_TEST_RUN("agent job", cases);
}
