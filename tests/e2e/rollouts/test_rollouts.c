/*
 * Signed releases to 200 devices over real TLS by the shipped programs, while each of them is killed with SIGKILL at
 * named points. A wave that fails its gate holds until a person waives it; a second release fails by its rule and is
 * rolled back. Afterwards the handlers' journals prove that no device began an attempt twice and no wave began early,
 * and the devices' own accounts that every acknowledged event is in the journal once. A person watches all of it on the
 * page, which is never loaded again.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../release/vendor_kit.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"
#include "gw_time.h"
#include "rollouts_kit.h"
#include "rollouts_logs.h"
#include "rollouts_page.h"

#define LIMIT_MS     90000
#define DEVICES      200 /* and one reference agent */
#define FIRST_WAVE   11
#define SECOND_WAVE  60
#define SILENT       2 /* of the devices, for good */
#define SOAK_MS      2000
#define IMAGE_BYTES  ((size_t)128 * 1024)
#define AGENT_DEVICE "pump-agent"

static struct gw_gateway gateway;
static struct gw_fleet fleet;
static struct gw_agent agent;
static struct vendor vendor;
static char release_1[32], release_2[32];
static struct kit_rollout first, second;
static char handlers[192], ledger[192], agent_installs[224];
static int64_t waived_ms;
static uint16_t ports[3];

/* ---- the points -------------------------------------------------------------------------------------------------- */

enum point {
    POINT_DAEMON_OFFERING = 1,
    POINT_AGENT_INSTALLING,
    POINT_DAEMON_SOAKING,
    POINT_BROKER_REPORTING,
    POINT_DAEMON_HOLDING,
    POINT_KEYD_RUNNING,
    POINT_FLEET_REBOOTING,
    POINT_SUPERVISOR_RUNNING,
    POINT_DAEMON_ROLLING_BACK,
    POINT_BROKER_ROLLING_BACK,
    POINT_COUNT,
};
static const char *const point_names[POINT_COUNT] = {"",
                                                     "daemon while the first wave is offered",
                                                     "agent while its handler installs",
                                                     "daemon while a wave soaks",
                                                     "broker while devices report",
                                                     "daemon while the rollout holds",
                                                     "keyd while the last wave runs",
                                                     "all devices while they install and reboot",
                                                     "supervisor while the last wave runs",
                                                     "daemon while it rolls back",
                                                     "broker while it rolls back"};
static int hits[POINT_COUNT];

static void hit(enum point point, pid_t pid)
{
    CU_ASSERT(pid > 0);
    if (pid > 0 && kill(pid, SIGKILL) == 0)
        hits[point]++;
}

/* ---- waiting ----------------------------------------------------------------------------------------------------- */

struct wanted {
    struct kit_rollout *rollout;
    const char *state, *wave_state;
    size_t wave; /* from 0, with wave_state */
    const char *path;
    size_t lines;
};

static bool stands(void *ctx)
{
    const struct wanted *w = ctx;
    if (!kit_look(&gateway, w->rollout))
        return false;
    return (!w->state || strcmp(w->rollout->state, w->state) == 0) &&
           (!w->wave_state || strcmp(w->rollout->wave[w->wave], w->wave_state) == 0);
}

static void tell_trouble(const struct kit_rollout *r)
{
    size_t count;
    GW_FREE struct kit_attempt *list = kit_attempts(&gateway, r, &count);
    printf("#   %s is %s (%s); not yet ok:", r->id, r->state, r->hold);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].state, "ok") != 0 && strcmp(list[i].state, "planned") != 0)
            printf(" %s %s(%s)", list[i].device, list[i].state, list[i].code);
    (void)gw_proc_await(&gateway.proc, "\n", 0);
    printf("\n#   the gateway says:\n%.20000s\n", gateway.proc.out ? gateway.proc.out : "");
}

static void await_state(struct kit_rollout *r, const char *state)
{
    struct wanted w = {.rollout = r, .state = state};
    bool there = gw_await(stands, &w, LIMIT_MS);
    if (!there)
        tell_trouble(r);
    CU_ASSERT_FATAL(there);
}

static void await_wave(struct kit_rollout *r, size_t wave, const char *state)
{
    struct wanted w = {.rollout = r, .wave_state = state, .wave = wave};
    bool there = gw_await(stands, &w, LIMIT_MS);
    if (!there)
        tell_trouble(r);
    CU_ASSERT_FATAL(there);
}

static bool has_lines(void *ctx)
{
    const struct wanted *w = ctx;
    return kit_lines(w->path) >= w->lines;
}

/* So many installations have been begun by the devices of this journal. */
static void await_begun(const char *path, size_t lines)
{
    struct wanted w = {.path = path, .lines = lines};
    CU_ASSERT_FATAL(gw_await(has_lines, &w, LIMIT_MS));
}

static bool answers(void *ctx)
{
    static const char *const args[] = {"status", NULL};
    GW_FREE char *out = NULL;
    (void)ctx;
    return gw_gateway_cli(&gateway, args, &out) == 0;
}

static void kill_daemon(enum point point)
{
    hit(point, gw_gateway_child(&gateway, "gatehoused"));
    CU_ASSERT_FATAL(gw_await(answers, NULL, LIMIT_MS));
}

/* ---- the stage --------------------------------------------------------------------------------------------------- */

static const char behaviour[] = "[fails_install]\ndevices = [\"11-15\"]\n"
                                "[boots_old]\ndevices = [\"16-18\"]\nsays = \"installed\"\n"
                                "[refuses]\ndevices = [\"19\"]\n"
                                "[flaps]\ndevices = [\"20\"]\nafter_ms = 250\ntimes = 6\n"
                                "[defers]\ndevices = [\"71-75\"]\nfor_seconds = 2\n"
                                "[slow_download]\ndevices = [\"76-80\"]\nbytes_per_second = 65536\n"
                                "[crashes]\ndevices = [\"81-83\"]\nafter_ms = 100\n"
                                "[goes_silent]\ndevices = [\"84\", \"85\"]\nat = \"rebooting\"\n";

static void start_fleet(void)
{
    char path[192];
    (void)snprintf(path, sizeof(path), "%s/behaviour.toml", fleet.state);
    const char *const args[] = {"--devices",    "200",         "--product",   "pump",         "--hardware",
                                "rev-b",        "--release",   "0.9.0",       "--vendor-key", vendor.pub,
                                "--install-ms", "300",         "--reboot-ms", "300",          "--logs-per-second",
                                "50",           "--behaviour", path,          "--figures",    "0",
                                "--ledger",     ledger,        NULL};
    gw_fleet_start(&fleet, &gateway, args);
}

static void write_text(const char *path, const char *text, mode_t mode)
{
    struct gw_err err = {0};
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str(text), mode, &err), &err);
}

static void make_agent(void)
{
    char toml[1024], script[224];
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct gw_err err = {0};
    CU_ASSERT_FATAL(gw_agent_make(&agent, &gateway, AGENT_DEVICE, NULL));
    (void)snprintf(script, sizeof(script), "%s/handler.sh", agent.dir);
    gw_buf_init(&text, 65536);
    GW_ASSERT_OK(gw_fs_read_file(GW_SOURCE_DIR "/tests/e2e/rollouts/handler.sh", &text, &err), &err);
    write_text(script, gw_buf_str(&text), 0700);
    (void)snprintf(agent_installs, sizeof(agent_installs), "%s/installs", agent.dir);
    (void)snprintf(toml, sizeof(toml),
                   "[device]\nproduct = \"pump\"\nhardware = \"rev-b\"\n"
                   "[update]\nvendor_keys = [\"%s\"]\nhandler = \"script\"\nscript = \"%s\"\n",
                   vendor.pub, script);
    gw_buf_reset(&text);
    GW_ASSERT_OK(gw_fs_read_file(agent.config, &text, &err), &err);
    (void)gw_buf_add_str(&text, toml);
    write_text(agent.config, gw_buf_str(&text), 0600);
    gw_agent_start(&agent);
    CU_ASSERT_FATAL(gw_proc_await(&agent.proc, "session up", LIMIT_MS));
}

static void import(int counter, const char *version, char *ret_id, size_t size)
{
    GW_FREE char *out = NULL;
    const struct kit_release r = {.version = version, .counter = counter, .size = IMAGE_BYTES};
    CU_ASSERT_EQUAL_FATAL(kit_import(&gateway, kit_release(&vendor, &r), &out), 0);
    gw_json_pick(out, "id", ret_id, size);
}

/* ctx: how many devices, from the first, have told what they run; a rollout takes nobody of whom that is not known. */
static bool all_told(void *ctx)
{
    unsigned *told = ctx;
    char device[32], version[32];
    while (*told < DEVICES) {
        (void)snprintf(device, sizeof(device), "sim-%05u", *told + 1);
        kit_version(&gateway, device, version, sizeof(version));
        if (strcmp(version, "0.9.0") != 0)
            return false;
        ++*told;
    }
    return true;
}

static void a_fleet_and_two_releases(void)
{
    char path[192];
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_FATAL(gw_gateway_claim(&gateway));
    ports[0] = gateway.port_mqtt;
    ports[1] = gateway.port_devices;
    ports[2] = gateway.port_operators;
    kit_vendor(&vendor, "vendor");
    CU_ASSERT_FATAL(kit_trust(&gateway, &vendor));
    import(1, "1.0.0", release_1, sizeof(release_1));
    import(2, "2.0.0", release_2, sizeof(release_2));
    gw_fleet_make(&fleet);
    (void)mkdir(fleet.state, 0700);
    (void)snprintf(path, sizeof(path), "%s/behaviour.toml", fleet.state);
    write_text(path, behaviour, 0600);
    (void)snprintf(handlers, sizeof(handlers), "%s/handlers", fleet.state);
    (void)snprintf(ledger, sizeof(ledger), "%s/ledger", fleet.state);
    start_fleet();
    CU_ASSERT_FATAL(gw_proc_await(&fleet.proc, "all enrolled: 200, refused: 0", LIMIT_MS));
    make_agent();
    CU_ASSERT_FATAL(gw_await(all_told, &(unsigned){0}, LIMIT_MS));
    page_open(&gateway);
}

/* ---- the first rollout ------------------------------------------------------------------------------------------- */

static void put_wave(struct gw_buf *plan, unsigned from, unsigned to, int ok_pct, bool with_agent)
{
    (void)gw_buf_printf(plan, "{\"select\":\"list\",\"max_concurrent\":40,\"devices\":[");
    for (unsigned d = from; d <= to; d++)
        (void)gw_buf_printf(plan, "%s\"sim-%05u\"", d > from ? "," : "", d);
    (void)gw_buf_printf(plan,
                        "%s],\"gate\":{\"ok_pct\":%d,\"min_sample\":1000,\"unreachable_pct\":30,\"soak_ms\":%d}},",
                        with_agent ? ",\"" AGENT_DEVICE "\"" : "", ok_pct, SOAK_MS);
}

/* Eleven canaries, sixty of whom a sixth fails, the rest; whoever is silent for 15 s has failed. */
static void roll_out_the_first(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf plan;
    gw_buf_init(&plan, 65536);
    (void)gw_buf_add_str(&plan, "{\"waves\":[");
    put_wave(&plan, 1, 10, 90, true);
    put_wave(&plan, 11, 10 + SECOND_WAVE, 95, false);
    (void)gw_buf_printf(&plan, "{\"select\":\"rest\",\"max_concurrent\":40,\"gate\":{\"ok_pct\":0,\"min_sample\":1,"
                               "\"unreachable_pct\":100}}],\"abort\":{\"failure_pct\":80,\"min_decided\":60},"
                               "\"confirm_ms\":2000,\"step_ms\":15000,\"total_ms\":120000,\"postpone_max_ms\":60000}");
    kit_roll_out(&gateway, release_1, gw_buf_str(&plan), &first);
    CU_ASSERT_EQUAL(first.devices, DEVICES + 1);
    CU_ASSERT_EQUAL(first.waves, 3);
}

static void the_first_wave_passes_though_they_die(void)
{
    roll_out_the_first();
    await_begun(handlers, 1);
    kill_daemon(POINT_DAEMON_OFFERING);
    await_begun(agent_installs, 1);
    hit(POINT_AGENT_INSTALLING, agent.proc.pid);
    gw_agent_start(&agent);
    await_wave(&first, 0, "soaking");
    kill_daemon(POINT_DAEMON_SOAKING);
    await_wave(&first, 0, "passed");
}

static void the_second_wave_holds_until_a_person_waives_it(void)
{
    static const char *const words[] = {"2", "gate", "--reason", "the ten are known to be broken", NULL};
    static const char *const none[] = {NULL};
    await_begun(handlers, FIRST_WAVE + SECOND_WAVE - 10);
    hit(POINT_BROKER_REPORTING, gw_gateway_child(&gateway, "mosquitto"));
    await_state(&first, "holding");
    CU_ASSERT_STRING_EQUAL(first.hold, "gate");
    page_await(&first, "holding");
    int signins = page_signins();
    kill_daemon(POINT_DAEMON_HOLDING);
    page_await_signin(signins); /* the session went with the daemon, the page did not */
    CU_ASSERT_FATAL(kit_look(&gateway, &first));
    CU_ASSERT_STRING_EQUAL(first.state, "holding");
    CU_ASSERT_STRING_EQUAL(first.wave[2], "waiting");
    CU_ASSERT(kit_act(&gateway, "resume", &first, none)); /* looks again, and nothing has changed */
    await_state(&first, "holding");
    waived_ms = gw_wall_now().ms;
    CU_ASSERT_FATAL(kit_act(&gateway, "waive", &first, words));
    await_wave(&first, 2, "open");
}

static void the_last_wave_ends_though_they_die(void)
{
    size_t before = kit_lines(handlers);
    await_begun(handlers, before + 10);
    hit(POINT_KEYD_RUNNING, gw_gateway_child(&gateway, "gatehouse-keyd"));
    await_begun(handlers, before + 30);
    hit(POINT_FLEET_REBOOTING, fleet.proc.pid);
    start_fleet();
    await_begun(handlers, before + 60);
    hit(POINT_SUPERVISOR_RUNNING, gateway.proc.pid);
    (void)gw_proc_wait(&gateway.proc, LIMIT_MS);
    gw_gateway_restart(&gateway);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    await_state(&first, "finished");
    page_await(&first, "finished");
}

/* ---- what it came to --------------------------------------------------------------------------------------------- */

static const struct kit_attempt *of_device(const struct kit_attempt *list, size_t count, const char *device)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].device, device) == 0)
            return &list[i];
    printf("#   %s has no attempt\n", device);
    abort();
}

static void expect(const struct kit_attempt *list, size_t count, unsigned from, unsigned to, const char *state)
{
    for (unsigned d = from; d <= to; d++) {
        char device[64];
        (void)snprintf(device, sizeof(device), "sim-%05u", d);
        const struct kit_attempt *a = of_device(list, count, device);
        if (strcmp(a->state, state) != 0)
            printf("#   %s is %s(%s), not %s\n", device, a->state, a->code, state);
        CU_ASSERT_STRING_EQUAL(a->state, state);
    }
}

/* They say installed and run the old version: rolled back, or timed out when the report that told of the reboot is what
 * the killed broker lost. */
static void expect_liars(const struct kit_attempt *list, size_t count)
{
    for (unsigned d = 16; d <= 18; d++) {
        char device[64];
        (void)snprintf(device, sizeof(device), "sim-%05u", d);
        const struct kit_attempt *a = of_device(list, count, device);
        CU_ASSERT(strcmp(a->state, "rolled_back") == 0 || strcmp(a->state, "timed_out") == 0);
    }
}

static void every_device_came_to_its_end(void)
{
    size_t count;
    GW_FREE struct kit_attempt *list = kit_attempts(&gateway, &first, &count);
    CU_ASSERT_EQUAL_FATAL(count, DEVICES + 1);
    expect(list, count, 1, 10, "ok");
    expect(list, count, 11, 15, "failed");
    expect_liars(list, count);
    expect(list, count, 19, 19, "rejected");
    expect(list, count, 20, 20, "failed");
    CU_ASSERT_STRING_EQUAL(of_device(list, count, "sim-00020")->code, "unstable");
    expect(list, count, 21, 70, "ok");
    CU_ASSERT_STRING_EQUAL(of_device(list, count, AGENT_DEVICE)->state, "failed"); /* "interrupted" */
    /* of the last wave: those whose installation the kill cut short, and the silent ones */
    size_t ok = kit_count(list, count, "ok"), failed = kit_count(list, count, "failed");
    printf("#   ok %zu, failed %zu, rolled back %zu, rejected %zu, timed out %zu\n", ok, failed,
           kit_count(list, count, "rolled_back"), kit_count(list, count, "rejected"),
           kit_count(list, count, "timed_out"));
    CU_ASSERT_EQUAL(ok + failed + kit_count(list, count, "rolled_back") + kit_count(list, count, "rejected") +
                        kit_count(list, count, "timed_out"),
                    DEVICES + 1);
    CU_ASSERT(ok >= 60 + 130 - 40 - 2); /* at most all 40 that were under way then */
}

static int64_t last_ok(const struct kit_attempt *list, size_t count, int64_t wave)
{
    int64_t last = 0;
    for (size_t i = 0; i < count; i++)
        if (list[i].wave == wave && strcmp(list[i].state, "ok") == 0 && list[i].since_ms > last)
            last = list[i].since_ms;
    return last;
}

static int64_t first_begun(const struct kit_attempt *list, size_t count, const struct kit_begun *begun, size_t lines,
                           int64_t wave)
{
    for (size_t i = 0; i < lines; i++) /* in order of time */
        for (size_t k = 0; k < count; k++)
            if (list[k].wave == wave && strcmp(list[k].id, begun[i].attempt) == 0)
                return begun[i].ms;
    return 0;
}

static void no_wave_began_early(void)
{
    size_t count, lines;
    GW_FREE struct kit_attempt *list = kit_attempts(&gateway, &first, &count);
    GW_FREE struct kit_begun *begun = kit_handlers(handlers, &lines);
    int64_t second_ms = first_begun(list, count, begun, lines, 2), third_ms = first_begun(list, count, begun, lines, 3);
    printf("#   wave 2 began %lld ms behind the last ok of wave 1, wave 3 %lld ms behind that of wave 2 and %lld ms "
           "behind the waiver; the soak time is %d ms\n",
           (long long)(second_ms - last_ok(list, count, 1)), (long long)(third_ms - last_ok(list, count, 2)),
           (long long)(third_ms - waived_ms), SOAK_MS);
    CU_ASSERT(second_ms >= last_ok(list, count, 1) + SOAK_MS);
    CU_ASSERT(third_ms >= last_ok(list, count, 2) + SOAK_MS);
    CU_ASSERT(third_ms >= waived_ms);
}

/* ---- the second rollout ------------------------------------------------------------------------------------------ */

static void the_second_release_fails_and_goes_back(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf plan;
    gw_buf_init(&plan, 65536);
    (void)gw_buf_add_str(&plan, "{\"waves\":[");
    put_wave(&plan, 1, 70, 95, false);
    (void)gw_buf_printf(&plan, "{\"select\":\"rest\",\"max_concurrent\":40,\"gate\":{\"ok_pct\":90,\"min_sample\":1,"
                               "\"unreachable_pct\":100}}],\"abort\":{\"failure_pct\":10,\"min_decided\":30,"
                               "\"action\":\"rollback\"},\"confirm_ms\":2000,\"step_ms\":15000,\"total_ms\":120000}");
    size_t before = kit_lines(handlers);
    kit_roll_out(&gateway, release_2, gw_buf_str(&plan), &second);
    await_state(&second, "rolling_back");
    page_await(&second, "rolling_back");
    kill_daemon(POINT_DAEMON_ROLLING_BACK);
    await_begun(handlers, before + 72); /* some of those that go back have begun */
    hit(POINT_BROKER_ROLLING_BACK, gw_gateway_child(&gateway, "mosquitto"));
    await_state(&second, "rolled_back");
    CU_ASSERT_STRING_EQUAL(second.wave[1], "stopped"); /* the second wave was never offered it */
}

static void nobody_keeps_the_second_release(void)
{
    size_t lines, forth = 0, back = 0;
    GW_FREE struct kit_begun *begun = kit_handlers(handlers, &lines);
    for (size_t i = 0; i < lines; i++) {
        forth += strcmp(begun[i].version, "2.0.0") == 0;
        back += strcmp(begun[i].kind, "rollback") == 0;
    }
    printf("#   %zu installations of 2.0.0 were begun, %zu of what was there before\n", forth, back);
    CU_ASSERT(forth >= 30 && forth <= 70);
    CU_ASSERT(back > 0);
    for (unsigned d = 1; d <= 70; d++) {
        char device[64], version[32];
        (void)snprintf(device, sizeof(device), "sim-%05u", d);
        kit_version(&gateway, device, version, sizeof(version));
        if (strcmp(version, "2.0.0") == 0)
            printf("#   %s runs %s\n", device, version);
        CU_ASSERT_STRING_NOT_EQUAL(version, "2.0.0");
    }
}

/* ---- proofs ------------------------------------------------------------------------------------------------------ */

static int by_attempt(const void *a, const void *b)
{
    const struct kit_begun *x = a, *y = b;
    int order = strcmp(x->attempt, y->attempt);
    return order ? order : strcmp(x->device, y->device);
}

static void no_device_began_an_attempt_twice(void)
{
    size_t lines, twice = 0;
    GW_FREE struct kit_begun *begun = kit_handlers(handlers, &lines);
    CU_ASSERT_FATAL(begun && lines > 0);
    qsort(begun, lines, sizeof(*begun), by_attempt);
    for (size_t i = 1; i < lines; i++)
        twice += by_attempt(&begun[i - 1], &begun[i]) == 0;
    printf("#   %zu installations were begun by simulated devices, %zu by the agent, %zu of them twice\n", lines,
           kit_lines(agent_installs), twice);
    CU_ASSERT_EQUAL(twice, 0);
    CU_ASSERT_EQUAL(kit_lines(agent_installs), 1);
}

static void the_page_showed_it_without_a_reload(void)
{
    static const char *const of_first[] = {"running", "holding", "running", "finished", NULL};
    static const char *const of_second[] = {"running", "rolling_back", "rolled_back", NULL};
    if (!page_built()) {
        gw_test_skip("this build has no page (GW_PAGE=OFF)");
        return;
    }
    page_end();
    page_compare(&gateway, 0, &first, of_first);
    page_compare(&gateway, 1, &second, of_second);
    page_was_kept(5); /* once at first; before and behind the hold, with the supervisor, while it rolls back */
    page_done();
}

static void every_log_verifies(void)
{
    gw_proc_signal(&fleet.proc, SIGTERM); /* what is on its way is acknowledged first */
    CU_ASSERT_EQUAL(gw_proc_wait(&fleet.proc, LIMIT_MS), 0);
    gw_proc_signal(&agent.proc, SIGTERM);
    CU_ASSERT_EQUAL(gw_proc_wait(&agent.proc, LIMIT_MS), 0);
    logs_export(&gateway);
}

static void everything_ends_and_frees_its_ports(void)
{
    gw_fleet_done(&fleet);
    gw_agent_done(&agent);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT(kit_port_free(ports[i]));
    for (int i = 1; i < POINT_COUNT; i++) {
        printf("#   killed %d times: %s\n", hits[i], point_names[i]);
        CU_ASSERT(hits[i] > 0);
    }
}

static void every_acknowledged_event_is_there_once(void)
{
    logs_compare(&gateway, ledger, DEVICES, SILENT, &agent, AGENT_DEVICE);
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"a fleet of 200, an agent and two releases", a_fleet_and_two_releases},
    {"the first wave passes though daemon and agent die", the_first_wave_passes_though_they_die},
    {"the second wave holds until a person waives its gate", the_second_wave_holds_until_a_person_waives_it},
    {"the last wave ends though keyd, devices and supervisor die", the_last_wave_ends_though_they_die},
    {"every device came to the end that it was made for", every_device_came_to_its_end},
    {"no wave began before its time", no_wave_began_early},
    {"the second release fails by its rule and goes back", the_second_release_fails_and_goes_back},
    {"nobody keeps the second release", nobody_keeps_the_second_release},
    {"no device began an attempt twice", no_device_began_an_attempt_twice},
    {"the page showed all of it without a reload", the_page_showed_it_without_a_reload},
    {"every log verifies behind all of it", every_log_verifies},
    {"everything ends, every port is free, every point was hit", everything_ends_and_frees_its_ports},
    {"every acknowledged event is in the journal exactly once", every_acknowledged_event_is_there_once},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("rollouts end to end", cases);
}
