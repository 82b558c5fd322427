/* Sessions, kills and the shape of the house, against the shipped binaries with real agents. */
#include <arpa/inet.h>
#include <dirent.h>
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

#define LIMIT_MS 30000

static struct gw_gateway gateway;
static struct gw_agent agent;
static struct enrol_client client;

/* ---- listening sockets ------------------------------------------------------------------------------------------- */

#define PORTS_MAX 32

struct ports {
    uint16_t port[PORTS_MAX];
    bool loopback[PORTS_MAX];
    size_t count;
};

/* Listening TCP sockets (state 0A) of one table of /proc. */
static void read_table(const char *path, struct ports *all, unsigned long inodes[PORTS_MAX])
{
    GW_FCLOSE FILE *f = fopen(path, "re");
    char line[512];
    while (f && fgets(line, sizeof(line), f)) {
        char local[64], remote[64];
        unsigned state;
        unsigned long inode;
        if (sscanf(line, " %*d: %63s %63s %x %*s %*s %*s %*s %*s %lu", local, remote, &state, &inode) != 4 ||
            state != 0x0a || all->count == PORTS_MAX)
            continue;
        char *colon = strrchr(local, ':');
        all->port[all->count] = (uint16_t)strtoul(colon + 1, NULL, 16);
        all->loopback[all->count] =
            strncmp(local, "0100007F:", 9) == 0 || strncmp(local, "00000000000000000000000001000000:", 33) == 0;
        inodes[all->count++] = inode;
    }
}

/* Does any descriptor of this process refer to the socket? */
static bool holds(const char *pid, unsigned long inode)
{
    char dir_path[64], want[64];
    (void)snprintf(dir_path, sizeof(dir_path), "/proc/%s/fd", pid);
    (void)snprintf(want, sizeof(want), "socket:[%lu]", inode);
    DIR *dir = opendir(dir_path);
    bool found = false;
    for (struct dirent *e = dir ? readdir(dir) : NULL; e && !found; e = readdir(dir)) {
        char path[400], target[128];
        (void)snprintf(path, sizeof(path), "%s/%s", dir_path, e->d_name);
        ssize_t n = readlink(path, target, sizeof(target) - 1);
        if (n > 0) {
            target[n] = '\0';
            found = strcmp(target, want) == 0;
        }
    }
    if (dir)
        (void)closedir(dir);
    return found;
}

static void ports_of(const pid_t *pids, size_t pid_count, struct ports *ret_ports)
{
    struct ports all = {.count = 0};
    unsigned long inodes[PORTS_MAX];
    read_table("/proc/net/tcp", &all, inodes);
    read_table("/proc/net/tcp6", &all, inodes);
    *ret_ports = (struct ports){.count = 0};
    for (size_t i = 0; i < all.count; i++)
        for (size_t p = 0; p < pid_count; p++) {
            char pid[16];
            (void)snprintf(pid, sizeof(pid), "%d", (int)pids[p]);
            if (pids[p] && holds(pid, inodes[i])) {
                ret_ports->port[ret_ports->count] = all.port[i];
                ret_ports->loopback[ret_ports->count++] = all.loopback[i];
                break;
            }
        }
}

static void gateway_ports(struct ports *ret_ports)
{
    pid_t pids[] = {gateway.proc.pid, gw_gateway_child(&gateway, "gatehoused"),
                    gw_gateway_child(&gateway, "gatehouse-keyd"), gw_gateway_child(&gateway, "mosquitto")};
    ports_of(pids, sizeof(pids) / sizeof(pids[0]), ret_ports);
}

static bool has_port(const struct ports *p, uint16_t port)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->port[i] == port && p->loopback[i])
            return true;
    return false;
}

static bool port_answers(uint16_t port)
{
    GW_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
}

/* ---- cases ------------------------------------------------------------------------------------------------------- */

static void unclaimed_only_the_operators_door_listens(void)
{
    gw_gateway_start(&gateway, "[daemon]\nlog_level = \"debug\"\n");
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    struct ports ports;
    gateway_ports(&ports);
    CU_ASSERT_EQUAL(ports.count, 1);
    CU_ASSERT(has_port(&ports, gateway.port_operators));
    CU_ASSERT_EQUAL(gw_gateway_child(&gateway, "mosquitto"), 0);
}

static bool all_three_listen(void *ctx)
{
    (void)ctx;
    struct ports ports;
    gateway_ports(&ports);
    return ports.count == 3 && has_port(&ports, gateway.port_operators) && has_port(&ports, gateway.port_devices) &&
           has_port(&ports, gateway.port_mqtt);
}

static void claimed_exactly_three_doors_listen(void)
{
    CU_ASSERT_FATAL(gw_gateway_claim(&gateway));
    CU_ASSERT(gw_await(all_three_listen, NULL, LIMIT_MS));
}

static void status_uid(pid_t pid, char *out, size_t out_size)
{
    char path[64], line[256];
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    GW_FCLOSE FILE *f = fopen(path, "re");
    out[0] = '\0';
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "Uid:", 4) == 0)
            (void)snprintf(out, out_size, "%s", line + 4);
}

static void powers_are_separated(void)
{
    if (geteuid() != 0) {
        gw_test_skip("needs root");
        return;
    }
    char daemon[128], keyd[128], broker[128], root[128];
    status_uid(gateway.proc.pid, root, sizeof(root));
    status_uid(gw_gateway_child(&gateway, "gatehoused"), daemon, sizeof(daemon));
    status_uid(gw_gateway_child(&gateway, "gatehouse-keyd"), keyd, sizeof(keyd));
    status_uid(gw_gateway_child(&gateway, "mosquitto"), broker, sizeof(broker));
    CU_ASSERT(daemon[0] && keyd[0] && broker[0]);
    CU_ASSERT_STRING_NOT_EQUAL(daemon, root);
    CU_ASSERT_STRING_NOT_EQUAL(keyd, root);
    CU_ASSERT_STRING_NOT_EQUAL(broker, root);
    CU_ASSERT_STRING_NOT_EQUAL(daemon, keyd);
    CU_ASSERT_STRING_NOT_EQUAL(daemon, broker);
    CU_ASSERT_STRING_NOT_EQUAL(keyd, broker);
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

static void directory_modes_are_the_contract(void)
{
    static const struct {
        const char *name;
        unsigned mode;
    } want[] = {{"", 0711},     {"/state.db", 0600}, {"/journal", 0700},   {"/blobs", 0700},
                {"/pki", 0700}, {"/broker", 0750},   {"/run/admin", 0750}, {"/run/admin/admin.sock", 0660}};
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        char path[256];
        struct stat st;
        (void)snprintf(path, sizeof(path), "%s%s", gateway.state, want[i].name);
        CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
        if ((st.st_mode & 07777) != want[i].mode)
            printf("#   %s has mode %04o\n", path, st.st_mode & 07777);
        CU_ASSERT_EQUAL(st.st_mode & 07777, want[i].mode);
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

static void quarantine_cuts_and_readmits_with_less(void)
{
    const char *const quarantine[] = {"device", "quarantine", pump, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, quarantine, &out), 0);
    CU_ASSERT(gw_await(agent_online, pump, LIMIT_MS));
    const char *const release[] = {"device", "release", pump, NULL};
    GW_FREE char *released = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, release, &released), 0);
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
    {"unclaimed, only the operators' door listens", unclaimed_only_the_operators_door_listens},
    {"claimed, exactly three doors listen, all on loopback", claimed_exactly_three_doors_listen},
    {"supervisor, daemon, keyd and broker run as four users", powers_are_separated},
    {"no process may leave a core, or has a secret in its arguments or environment",
     no_process_leaves_a_core_or_a_secret},
    {"directories and sockets have the modes of the contract", directory_modes_are_the_contract},
    {"an agent enrols and holds a session", an_agent_enrols_and_holds_a_session},
    {"mosquitto killed comes back, and so do the devices", mosquitto_killed_comes_back_and_so_do_devices},
    {"the daemon killed comes back while the broker keeps its sessions",
     the_daemon_killed_comes_back_and_sessions_stay},
    {"keyd killed comes back and issues again", keyd_killed_comes_back_and_issues_again},
    {"quarantine cuts and re-admits, release restores", quarantine_cuts_and_readmits_with_less},
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
