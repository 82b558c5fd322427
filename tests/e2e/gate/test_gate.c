/* Sessions, kills and the shape of the house, against the shipped binaries with real agents. */
#include <arpa/inet.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enrol_client.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "gw_time.h"
#include "sockets.h"

#define LIMIT_MS 30000

static struct gw_gateway gateway;
static struct gw_agent agent;
static struct enrol_client client;

/* ---- listening sockets ------------------------------------------------------------------------------------------- */

static bool port_answers(uint16_t port)
{
    GW_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
}

/* ---- cases ------------------------------------------------------------------------------------------------------- */

/* The list is the contract's, and nothing is left over. */
static bool listens_at(const uint16_t *ports, size_t count, const char *const *paths, size_t path_count)
{
    struct sockets s;
    sockets_of(&gateway, &s);
    bool all = s.count == count + path_count;
    for (size_t i = 0; i < count; i++)
        all = all && sockets_have_port(&s, ports[i]);
    for (size_t i = 0; i < path_count; i++)
        all = all && sockets_have_path(&s, paths[i]);
    return all;
}

/* People's socket is the daemon's with a second name, in run/admin; the broker's is for the daemon alone. */
static const char *const unix_paths[] = {"/run/web/admin.sock", "/run/broker/broker.sock"};

static bool one_listens(void *ctx)
{
    (void)ctx;
    return listens_at(&gateway.port_operators, 1, unix_paths, 1);
}

static bool all_three_listen(void *ctx)
{
    (void)ctx;
    const uint16_t ports[] = {gateway.port_operators, gateway.port_devices, gateway.port_mqtt};
    return listens_at(ports, 3, unix_paths, 2);
}

/* Waits until nothing but these listens, and says what does when it never comes. */
static void await_listeners(bool (*these)(void *ctx))
{
    struct sockets s;
    bool there = gw_await(these, NULL, LIMIT_MS);
    sockets_of(&gateway, &s);
    if (!there)
        sockets_print(&s);
    CU_ASSERT(there);
}

static void unclaimed_only_the_operators_door_listens(void)
{
    gw_gateway_start(&gateway, "[daemon]\nlog_level = \"debug\"\n");
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    await_listeners(one_listens);
    CU_ASSERT_EQUAL(gw_gateway_child(&gateway, "mosquitto"), 0);
}

static void claimed_exactly_three_doors_listen(void)
{
    CU_ASSERT_FATAL(gw_gateway_claim(&gateway));
    await_listeners(all_three_listen);
}

/* What a client that speaks this version and no other is told. */
static bool shakes_hands(const char *version, const char *says)
{
    char script[160];
    (void)snprintf(script, sizeof(script), "openssl s_client -connect localhost:%u %s </dev/null 2>&1; true",
                   gateway.port_mqtt, version);
    const char *const argv[] = {"sh", "-c", script, NULL};
    GW_FREE char *out = NULL;
    return gw_proc_run(argv, &out) == 0 && strstr(out, says);
}

static void devices_speak_tls_13_alone(void)
{
    CU_ASSERT(shakes_hands("-tls1_3", "TLSv1.3, Cipher is TLS_"));
    CU_ASSERT(shakes_hands("-tls1_2", "alert protocol version"));
}

/* Whose process it is: real, effective, saved and file system uid (proc(5), status). */
static void runs_as(pid_t pid, const char *user)
{
    char path[64], line[256];
    unsigned uid[4] = {UINT_MAX, UINT_MAX, UINT_MAX, UINT_MAX};
    const struct passwd *entry = getpwnam(user);
    CU_ASSERT_FATAL(pid > 0 && entry != NULL);
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    GW_FCLOSE FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "Uid: %u %u %u %u", &uid[0], &uid[1], &uid[2], &uid[3]) == 4)
            break;
    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(uid[i], entry->pw_uid);
}

static void powers_are_separated(void)
{
    const char *const args[] = {"status", NULL};
    GW_FREE char *status = NULL;
    char separated[16];
    runs_as(gateway.proc.pid, "root");
    runs_as(gw_gateway_child(&gateway, "gatehoused"), "gatehouse");
    runs_as(gw_gateway_child(&gateway, "gatehouse-keyd"), "gatehouse-keys");
    runs_as(gw_gateway_child(&gateway, "mosquitto"), "gatehouse-broker");
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, args, &status), 0);
    gw_json_pick(status, "keys_separated", separated, sizeof(separated));
    CU_ASSERT_STRING_EQUAL(separated, "true");
}

static void no_process_leaves_a_core_or_a_secret(void)
{
    static const char *const programs[] = {"gatehoused", "gatehouse-keyd", "mosquitto"};
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        char script[512];
        (void)snprintf(script, sizeof(script),
                       "cd /proc/%d && grep -qE '^Max core file size +0 +0 ' limits && "
                       "! tr '\\0' '\\n' < cmdline | grep -qE '[0-9a-f]{64}|gw1\\.' && "
                       "! tr '\\0' '\\n' < environ | grep -qE '[0-9a-f]{64}|gw1\\.'",
                       (int)gw_gateway_child(&gateway, programs[i]));
        const char *const argv[] = {"sh", "-c", script, NULL};
        GW_FREE char *out = NULL;
        CU_ASSERT_EQUAL(gw_proc_run(argv, &out), 0);
    }
}

/* PEM, invitations, the claim's password and 256-bit secrets: none of them in what it said at its most talkative. */
static void nothing_secret_was_said(void)
{
    static const char *const secrets[] = {"PRIVATE KEY", "gw1.", "correct horse", "BEGIN "};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        CU_ASSERT_PTR_NULL(strstr(gateway.proc.out, secrets[i]));
}

static void directories_are_the_contracts(void)
{
    static const struct {
        const char *name, *user, *group;
        unsigned mode;
    } want[] = {{"", "gatehouse", "gatehouse", 0711},
                {"/state.db", "gatehouse", "gatehouse", 0600},
                {"/journal", "gatehouse", "gatehouse", 0700},
                {"/blobs", "gatehouse", "gatehouse", 0700},
                {"/pki", "gatehouse-keys", "gatehouse-keys", 0700},
                {"/broker", "gatehouse", "gatehouse-broker", 0750},
                {"/run/broker", "gatehouse-broker", "gatehouse-broker", 0750},
                {"/run/admin", "root", "gatehouse-admin", 0750},
                {"/run/admin/admin.sock", "gatehouse", "gatehouse-admin", 0660}};
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        char path[256];
        struct stat st;
        (void)snprintf(path, sizeof(path), "%s%s", gateway.state, want[i].name);
        const struct passwd *user = getpwnam(want[i].user);
        const struct group *group = getgrnam(want[i].group);
        CU_ASSERT_FATAL(user && group && stat(path, &st) == 0);
        bool fits = (st.st_mode & 07777) == want[i].mode && st.st_uid == user->pw_uid && st.st_gid == group->gr_gid;
        if (!fits)
            printf("#   %s has mode %04o, user %u, group %u\n", path, st.st_mode & 07777, st.st_uid, st.st_gid);
        CU_ASSERT(fits);
    }
}

static bool agent_online(void *ctx)
{
    const char *id = ctx;
    const char *const args[] = {"device", "show", id, NULL};
    GW_FREE char *json = NULL;
    char online[16];
    (void)gw_gateway_cli(&gateway, args, &json);
    gw_json_pick(json, "online", online, sizeof(online));
    return strcmp(online, "true") == 0;
}

static bool agent_offline(void *ctx)
{
    const char *id = ctx;
    const char *const args[] = {"device", "show", id, NULL};
    GW_FREE char *json = NULL;
    char online[16];
    (void)gw_gateway_cli(&gateway, args, &json);
    gw_json_pick(json, "online", online, sizeof(online));
    return strcmp(online, "false") == 0;
}

static char pump[] = "pump-7";

static void an_agent_enrols_and_holds_a_session(void)
{
    CU_ASSERT_FATAL(gw_agent_make(&agent, &gateway, pump, NULL));
    gw_agent_start(&agent);
    CU_ASSERT_FATAL(gw_proc_await(&agent.proc, "session up", LIMIT_MS));
    CU_ASSERT(gw_await(agent_online, pump, LIMIT_MS));
}

struct rebirth {
    const char *program;
    pid_t old;
};

static bool reborn(void *ctx)
{
    const struct rebirth *r = ctx;
    pid_t now = gw_gateway_child(&gateway, r->program);
    return now > 0 && now != r->old;
}

static void survives_the_death_of(const char *program)
{
    struct rebirth r = {program, gw_gateway_child(&gateway, program)};
    CU_ASSERT_FATAL(r.old > 0);
    (void)kill(r.old, SIGKILL);
    CU_ASSERT(gw_await(reborn, &r, LIMIT_MS));
    CU_ASSERT(gw_await(all_three_listen, NULL, LIMIT_MS));
    CU_ASSERT(gw_await(agent_online, pump, LIMIT_MS));
}

static void mosquitto_killed_comes_back_and_so_do_devices(void)
{
    survives_the_death_of("mosquitto");
}

static void the_daemon_killed_comes_back_and_sessions_stay(void)
{
    pid_t broker = gw_gateway_child(&gateway, "mosquitto");
    survives_the_death_of("gatehoused");
    CU_ASSERT_EQUAL(gw_gateway_child(&gateway, "mosquitto"), broker);
}

static void keyd_killed_comes_back_and_issues_again(void)
{
    survives_the_death_of("gatehouse-keyd");
    char secret[64], credentials[128];
    CU_ASSERT_FATAL(enrol_invite(&gateway, "pump-8", secret, sizeof(secret)));
    enrol_client_key(&client, "pump-8", "pump-8");
    (void)snprintf(credentials, sizeof(credentials), "pump-8:%s", secret);
    int status = 0;
    for (int i = 0; i < 10 && status != 200; i++) /* 503 while keyd starts: ask again, as a device would */
        status = enrol_client_post(&client, &gateway, "pump-8", credentials);
    CU_ASSERT_EQUAL(status, 200);
}

static void act_on(const char *verb, const char *id, const char *then)
{
    const char *const args[] = {"device", verb, id, NULL};
    GW_FREE char *out = NULL;
    char state[32];
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, args, &out), 0);
    enrol_state(&gateway, id, state, sizeof(state));
    CU_ASSERT_STRING_EQUAL(state, then);
}

/* ctx: how many sessions the agent has had by now, at least. */
static bool has_had_sessions(void *ctx)
{
    size_t n = 0;
    (void)gw_proc_await(&agent.proc, "session up", 0);
    for (const char *at = strstr(agent.proc.out, "session up"); at; at = strstr(at + 1, "session up"))
        n++;
    return n >= *(const size_t *)ctx;
}

static size_t sessions(void)
{
    size_t n = 1;
    while (has_had_sessions(&n))
        n++;
    return n - 1;
}

static bool is_audited(void *ctx)
{
    const char *const show[] = {"logs", "show", "--audit", "--limit", "1000", NULL};
    GW_FREE char *log = NULL;
    return gw_gateway_cli(&gateway, show, &log) == 0 && strstr(log, ctx);
}

/* pump-7 has a live session, which is cut; pump-8, whose certificate we have, shows what is left to it. */
static void quarantine_cuts_and_readmits_with_less(void)
{
    size_t again = sessions() + 1;
    act_on("quarantine", pump, "quarantined");
    CU_ASSERT(gw_await(has_had_sessions, &again, LIMIT_MS));
    CU_ASSERT(gw_await(agent_online, pump, LIMIT_MS));
    act_on("quarantine", "pump-8", "quarantined");
    CU_ASSERT_EQUAL(enrol_client_mqtt(&client, &gateway, "pump-8", "pump-8", "gw/v1/pump-8/up/state"), 0);
    (void)enrol_client_mqtt(&client, &gateway, "pump-8", "pump-8", "gw/v1/pump-8/up/line");
    CU_ASSERT(gw_await(is_audited, "refused in quarantine: \\\"gw/v1/pump-8/up/line\\\"", LIMIT_MS));
    act_on("release", "pump-8", "active");
    again = sessions() + 1;
    act_on("release", pump, "active");
    CU_ASSERT(gw_await(has_had_sessions, &again, LIMIT_MS));
    CU_ASSERT(gw_await(agent_online, pump, LIMIT_MS));
}

static void revoke_cuts_the_live_session(void)
{
    const char *const revoke[] = {"device", "revoke", pump, NULL};
    GW_FREE char *out = NULL;
    int64_t before = gw_mono_now().ms;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, revoke, &out), 0);
    CU_ASSERT(gw_await(agent_offline, pump, LIMIT_MS));
    printf("#   revoke until offline: %lld ms, with two runs of the CLI\n", (long long)(gw_mono_now().ms - before));
    CU_ASSERT_NOT_EQUAL(enrol_client_mqtt(&client, &gateway, "pump-8", pump, "gw/v1/pump-7/up/state"), 0);
}

static void a_second_gateway_on_the_same_state_is_refused(void)
{
    const char *const argv[] = {GW_BIN_DIR "/gatehoused", "--config", gateway.config, "--state", gateway.state, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_proc_run(argv, &out), 78);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "another gatehoused runs on"));
}

static bool everything_is_gone(void *ctx)
{
    const pid_t *pids = ctx;
    for (size_t i = 0; i < 3; i++)
        if (pids[i] && kill(pids[i], 0) == 0)
            return false;
    return !port_answers(gateway.port_mqtt) && !port_answers(gateway.port_devices) &&
           !port_answers(gateway.port_operators);
}

static void nothing_survives_a_killed_supervisor(void)
{
    pid_t pids[3] = {gw_gateway_child(&gateway, "gatehoused"), gw_gateway_child(&gateway, "gatehouse-keyd"),
                     gw_gateway_child(&gateway, "mosquitto")};
    CU_ASSERT_FATAL(pids[0] > 0 && pids[1] > 0 && pids[2] > 0);
    gw_proc_signal(&gateway.proc, SIGKILL);
    CU_ASSERT_EQUAL(gw_proc_wait(&gateway.proc, LIMIT_MS), 128 + SIGKILL);
    CU_ASSERT(gw_await(everything_is_gone, pids, LIMIT_MS));
}

static void starts_again_without_a_hand(void)
{
    uint16_t mqtt = gateway.port_mqtt;
    gw_gateway_restart(&gateway);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_EQUAL(gateway.port_mqtt, mqtt); /* devices find it where it was */
    CU_ASSERT(gw_await(all_three_listen, NULL, LIMIT_MS));
}

/* Where `what` is told for the last time; NULL: not at all. */
static const char *last_told(const char *log, const char *what)
{
    const char *last = NULL;
    for (const char *at = strstr(log, what); at; at = strstr(at + 1, what))
        last = at;
    return last;
}

static bool stop_and_start_are_told(void *ctx)
{
    (void)ctx;
    const char *const show[] = {"logs", "show", "--audit", "--from", "0", "--limit", "10000", NULL};
    GW_FREE char *log = NULL;
    if (gw_gateway_cli(&gateway, show, &log))
        return false;
    const char *stop = last_told(log, "\"boot.shutdown\""), *start = last_told(log, "\"boot.start\"");
    const char *killed = last_told(log, "was no clean stop");
    return stop && start && stop < start && killed && killed < stop && killed > last_told(log, "\"device.revoke\"");
}

static void its_log_tells_starts_and_stops(void)
{
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_restart(&gateway);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT(gw_await(stop_and_start_are_told, NULL, LIMIT_MS)); /* and that the supervisor was killed before */
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_agent_done(&agent);
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"unclaimed, the operators' door and the admin socket listen, and nothing else",
     unclaimed_only_the_operators_door_listens},
    {"claimed, exactly three doors and two unix sockets listen, all on loopback", claimed_exactly_three_doors_listen},
    {"the broker speaks TLS 1.3 and nothing older", devices_speak_tls_13_alone},
    {"supervisor, daemon, keyd and broker run as four users", powers_are_separated},
    {"no process may leave a core, or has a secret in its arguments or environment",
     no_process_leaves_a_core_or_a_secret},
    {"directories and sockets have the owners and modes of the contract", directories_are_the_contracts},
    {"an agent enrols and holds a session", an_agent_enrols_and_holds_a_session},
    {"mosquitto killed comes back, and so do the devices", mosquitto_killed_comes_back_and_so_do_devices},
    {"the daemon killed comes back while the broker keeps its sessions",
     the_daemon_killed_comes_back_and_sessions_stay},
    {"keyd killed comes back and issues again", keyd_killed_comes_back_and_issues_again},
    {"quarantine cuts and re-admits with less, release restores", quarantine_cuts_and_readmits_with_less},
    {"revoke cuts the live session", revoke_cuts_the_live_session},
    {"a second gateway on the same state is refused", a_second_gateway_on_the_same_state_is_refused},
    {"nothing secret was said, at log_level debug", nothing_secret_was_said},
    {"nothing survives a supervisor killed with SIGKILL, and the ports are free", nothing_survives_a_killed_supervisor},
    {"starts again without a hand", starts_again_without_a_hand},
    {"its log tells every start and stop, and that a start follows no clean stop", its_log_tells_starts_and_stops},
};

int main(void)
{
    enrol_client_init(&client);
    return GW_GATEWAY_TEST_RUN("the gate end to end", cases);
}
