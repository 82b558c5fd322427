/* What a whole gateway takes from the process that starts it, and from its machine's clock. */
#include <arpa/inet.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_gateway.h"
#include "gw_test.h"

#define HOPELESS 78
#define LIMIT_MS 60000

static const char *const children[] = {"gatehoused", "gatehouse-keyd", "mosquitto"};
#define CHILDREN (sizeof(children) / sizeof(children[0]))

/* proc(5), environ: "NAME=value" each ended by NUL, into `text`; its length, 0 when it cannot be read. */
static size_t read_environ(pid_t pid, char *text, size_t text_size)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
    GW_FCLOSE FILE *f = fopen(path, "re");
    size_t len = f ? fread(text, 1, text_size - 1, f) : 0;
    text[len] = '\0';
    return len;
}

static bool has(const char *text, size_t len, const char *var)
{
    for (size_t at = 0; at < len; at += strlen(text + at) + 1)
        if (strcmp(text + at, var) == 0)
            return true;
    return false;
}

/* Everything of a child but PATH, the time zone and OPENSSL_CONF of the broker is printed and counted. */
static size_t strangers(const char *text, size_t len)
{
    static const char *const known[] = {
        "PATH=",         "LANG=",         "LC_ALL=",       "TZ=",           "OPENSSL_CONF=",
        "ASAN_OPTIONS=", "LSAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS="};
    size_t n = 0;
    for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            is_known = is_known || strncmp(text + at, known[i], strlen(known[i])) == 0;
        n += !is_known;
        if (!is_known)
            printf("#   stranger: %s\n", text + at);
    }
    return n;
}

static bool broker_runs(void *ctx)
{
    return gw_gateway_child(ctx, "mosquitto") != 0;
}

static void children_get_no_more_than_the_list(void)
{
    struct gw_gateway g;
    (void)setenv("SECRET_OF_ROOT", "words", 1);
    (void)setenv("TZ", "Europe/Vienna", 1);
    gw_gateway_make(&g, NULL);
    g.pass_env[0] = "PASSED_ON";
    (void)setenv("PASSED_ON", "by name", 1);
    gw_gateway_restart(&g);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&g) && gw_gateway_claim(&g) && gw_await(broker_runs, &g, LIMIT_MS));
    for (size_t i = 0; i < CHILDREN; i++) {
        char text[16384];
        size_t len = read_environ(gw_gateway_child(&g, children[i]), text, sizeof(text));
        CU_ASSERT(has(text, len, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"));
        CU_ASSERT(has(text, len, "TZ=Europe/Vienna"));
        CU_ASSERT(has(text, len, "PASSED_ON=by name"));
        CU_ASSERT_EQUAL(strangers(text, len), 1); /* the one that was asked for */
    }
    CU_ASSERT_EQUAL(gw_gateway_stop(&g), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(g.proc.out, "children get PASSED_ON of this environment"));
    gw_gateway_done(&g);
    (void)unsetenv("SECRET_OF_ROOT");
    (void)unsetenv("PASSED_ON");
    (void)unsetenv("TZ");
}

/* What comes to `fd` next is `words`. */
static bool hears(int fd, const char *words)
{
    char text[64];
    struct pollfd one = {.fd = fd, .events = POLLIN};
    ssize_t n = poll(&one, 1, LIMIT_MS) == 1 ? recv(fd, text, sizeof(text) - 1, 0) : -1;
    text[n > 0 ? n : 0] = '\0';
    return strcmp(text, words) == 0;
}

static void the_service_manager_is_told(void)
{
    struct gw_gateway g;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    gw_gateway_make(&g, NULL);
    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s/notify", gw_test_dir());
    GW_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    (void)setenv("NOTIFY_SOCKET", to.sun_path, 1);
    gw_gateway_restart(&g);
    (void)unsetenv("NOTIFY_SOCKET");
    CU_ASSERT(hears(fd, "READY=1"));
    CU_ASSERT(gw_gateway_await_ready(&g));
    CU_ASSERT_EQUAL(gw_gateway_stop(&g), 0);
    CU_ASSERT(hears(fd, "STOPPING=1"));
    gw_gateway_done(&g);
}

/* Debian's libfaketime, of whatever architecture; false when it is not installed. */
static bool find_faketime(char *out, size_t out_size)
{
    glob_t found = {.gl_pathc = 0};
    bool there = glob("/usr/lib/*/faketime/libfaketime.so.1", 0, NULL, &found) == 0;
    if (there)
        (void)snprintf(out, out_size, "%s", found.gl_pathv[0]);
    globfree(&found);
    return there;
}

/* How often `text` stands in `in`. */
static size_t times(const char *in, const char *text)
{
    size_t n = 0;
    for (const char *at = strstr(in, text); at; at = strstr(at + 1, text))
        n++;
    return n;
}

/* What runs between sees this date, in the gateway and all its children. */
static void start_at(struct gw_gateway *g, const char *faketime, const char *date)
{
    (void)setenv("LD_PRELOAD", faketime, 1);
    (void)setenv("FAKETIME", date, 1);
    (void)setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
    gw_gateway_restart(g);
    (void)unsetenv("LD_PRELOAD");
    (void)unsetenv("FAKETIME");
    (void)unsetenv("FAKETIME_DONT_FAKE_MONOTONIC");
}

static void a_clock_before_the_build_date_stops_the_first_start(void)
{
    char faketime[256];
    if (!find_faketime(faketime, sizeof(faketime))) {
        printf("skip - surroundings: a clock before the build date stops the first start # no libfaketime\n");
        return;
    }
    struct gw_gateway g;
    gw_gateway_make(&g, NULL);
    g.pass_env[0] = "LD_PRELOAD";
    g.pass_env[1] = "FAKETIME";
    g.pass_env[2] = "FAKETIME_DONT_FAKE_MONOTONIC";
    start_at(&g, faketime, "@2020-02-02 02:02:02");
    CU_ASSERT_EQUAL(gw_proc_wait(&g.proc, LIMIT_MS), HOPELESS);
    CU_ASSERT_EQUAL(times(g.proc.out, "the clock stands before the day this program was built: set it"), 1);
    CU_ASSERT_EQUAL(times(g.proc.out, "<3>"), 1);
    if (times(g.proc.out, "<3>") != 1)
        printf("#   it said: %s\n", g.proc.out);
    g.pass_env[0] = NULL;
    gw_gateway_restart(&g); /* the clock was set: a start needs no hand */
    CU_ASSERT(gw_gateway_await_ready(&g));
    gw_gateway_done(&g);
}

/* As on a fresh Debian: localhost is ::1 first, where nobody listens, and 127.0.0.1 second. */
static void devices_try_the_other_addresses_of_a_name(void)
{
    static struct gw_gateway gateway;
    static struct gw_agent agent;
    char script[640], hosts[200];
    const char *const trial[] = {"unshare", "-m", "mount", "--bind", "/etc/hosts", "/etc/hosts", NULL};
    if (geteuid() != 0 || gw_proc_run(trial, NULL) != 0) {
        gw_test_skip("no file system may be mounted here");
        return;
    }
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway) && gw_gateway_claim(&gateway));
    CU_ASSERT_FATAL(gw_agent_make(&agent, &gateway, "pump-1", NULL));
    (void)snprintf(hosts, sizeof(hosts), "%s/hosts", agent.dir);
    (void)snprintf(script, sizeof(script),
                   "printf '::1 localhost\n127.0.0.1 localhost\n' >%s && mount --bind %s /etc/hosts && "
                   "exec " GW_BIN_DIR "/gatehouse-agent --config %s",
                   hosts, hosts, agent.config);
    const char *const argv[] = {"unshare", "-m", "sh", "-c", script, NULL};
    gw_proc_start(&agent.proc, argv, NULL);
    CU_ASSERT(gw_proc_await(&agent.proc, "session up", LIMIT_MS));
    gw_agent_done(&agent);
    (void)snprintf(script, sizeof(script),
                   "mount --bind %s /etc/hosts && exec " GW_BIN_DIR
                   "/gatehouse-fleet --devices 2 --gateway localhost:%u --mqtt-port %u --admin-socket %s --state "
                   "%s/fleet --figures 1",
                   hosts, gateway.port_devices, gateway.port_mqtt, gateway.socket, agent.dir);
    gw_proc_start(&agent.proc, argv, NULL);
    CU_ASSERT(gw_proc_await(&agent.proc, "enrolled 2/2, up 2,", LIMIT_MS));
    gw_agent_done(&agent);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_done(&gateway);
}

static bool reaches(int family, uint16_t port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    GW_CLOSE int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && (family == AF_INET6 ? connect(fd, (struct sockaddr *)&v6, sizeof(v6))
                                          : connect(fd, (struct sockaddr *)&v4, sizeof(v4))) == 0;
}

/* One that is every address, and one that has a name of its own in square brackets, in pages and invitations. */
static void an_ipv6_address_is_a_name_and_two_colons_are_every_address(void)
{
    static struct gw_gateway gateway;
    static struct gw_agent agent;
    char url[96];
    gw_gateway_make(&gateway, NULL);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), gateway.config,
                               gw_view_str("[gateway]\nnames = [\"0:0::1\", \"localhost\"]\n"
                                           "[operators]\nport = 0\naddress = \"::\"\n"
                                           "[devices]\nport = 0\naddress = \"::\"\nmax = 100\n"
                                           "[mqtt]\nport = 0\naddress = \"::\"\n"),
                               0644, NULL),
                 NULL);
    gw_gateway_restart(&gateway);
    if (!gw_gateway_await_ready(&gateway) && strstr(gateway.proc.out, "this machine has no IPv6")) {
        gw_test_skip("no IPv6 here");
        gw_gateway_done(&gateway);
        return;
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(gateway.proc.out, "people at https://[::1]:"));
    CU_ASSERT_FATAL(gw_gateway_claim(&gateway));
    (void)snprintf(url, sizeof(url), "https://[::1]:%u/healthz", gateway.port_operators);
    const char *const ask[] = {"curl", "-gsk", "--fail", url, NULL};
    CU_ASSERT_EQUAL(gw_proc_run(ask, NULL), 0);
    CU_ASSERT_FATAL(gw_agent_make(&agent, &gateway, "pump-1", NULL));
    gw_agent_start(&agent);
    CU_ASSERT(gw_proc_await(&agent.proc, "session up with [::1]:", LIMIT_MS));
    CU_ASSERT(reaches(AF_INET, gateway.port_mqtt) && reaches(AF_INET6, gateway.port_mqtt));
    CU_ASSERT(reaches(AF_INET, gateway.port_devices) && reaches(AF_INET6, gateway.port_devices));
    CU_ASSERT(reaches(AF_INET, gateway.port_operators) && reaches(AF_INET6, gateway.port_operators));
    gw_agent_done(&agent);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_done(&gateway);
}

static bool confirmed(void *ctx)
{
    const char *const args[] = {"status", NULL};
    GW_FREE char *out = NULL;
    return gw_gateway_cli(ctx, args, &out) == 0 && strstr(out, "\"confirmed\":true");
}

/* Listens at the broker's port once nobody else does. */
struct holder {
    struct sockaddr_in at;
    int fd; /* -1: not yet */
};

static bool hold(void *ctx)
{
    struct holder *h = ctx;
    int on = 1;
    h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (h->fd >= 0 && setsockopt(h->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(h->fd, (struct sockaddr *)&h->at, sizeof(h->at)) == 0 && listen(h->fd, 1) == 0)
        return true;
    gw_cleanup_fd(&h->fd);
    return false;
}

static void a_broker_whose_port_is_taken_says_so_and_comes_back(void)
{
    struct gw_gateway g;
    gw_gateway_start(&g, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&g) && gw_gateway_claim(&g) && gw_await(confirmed, &g, LIMIT_MS));
    struct holder holder = {.at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, .fd = -1};
    holder.at.sin_port = htons(g.port_mqtt);
    pid_t broker = gw_gateway_child(&g, "mosquitto");
    CU_ASSERT_FATAL(broker > 0 && kill(g.proc.pid, SIGSTOP) == 0); /* the supervisor shall not be faster than we are */
    CU_ASSERT_EQUAL(kill(broker, SIGKILL), 0);
    CU_ASSERT_TRUE(gw_await(hold, &holder, LIMIT_MS));
    CU_ASSERT_EQUAL_FATAL(kill(g.proc.pid, SIGCONT), 0);
    CU_ASSERT(gw_proc_await(&g.proc, "the broker is down: its port is taken by another program", LIMIT_MS));
    gw_cleanup_fd(&holder.fd);
    CU_ASSERT(gw_await(confirmed, &g, LIMIT_MS)); /* by itself */
    const char *const args[] = {"logs", "show", "--audit", NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_gateway_cli(&g, args, &out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "its port is taken by another program: stop that one, or change mqtt.port"));
    CU_ASSERT_EQUAL(gw_gateway_stop(&g), 0);
    gw_gateway_done(&g);
}

static bool storage_is(struct gw_gateway *g, const char *how)
{
    const char *const argv[] = {GW_BIN_DIR "/gatehouse", "--socket", g->socket, "status", NULL};
    char row[128];
    GW_FREE char *out = NULL;
    (void)snprintf(row, sizeof(row), "storage                    %s", how);
    return gw_proc_run(argv, &out) == 0 && strstr(out, row) != NULL;
}

static bool is_not_signed(void *ctx)
{
    return storage_is(ctx, "NOT SIGNED: gatehouse-keyd does not answer");
}

static bool is_good(void *ctx)
{
    return storage_is(ctx, "good");
}

static void a_key_daemon_that_hangs_is_told(void)
{
    const char *const claim[] = {"claim", "--stdout", NULL};
    struct gw_gateway g;
    gw_gateway_start(&g, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&g));
    pid_t keyd = gw_gateway_child(&g, "gatehouse-keyd");
    CU_ASSERT_FATAL(keyd > 0 && kill(keyd, SIGSTOP) == 0);
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_gateway_cli(&g, claim, &out), 0); /* an event of the gateway, and its log wants a signature */
    CU_ASSERT(gw_await(is_not_signed, &g, LIMIT_MS));
    CU_ASSERT_EQUAL_FATAL(kill(keyd, SIGCONT), 0);
    CU_ASSERT(gw_await(is_good, &g, LIMIT_MS)); /* by itself: nothing else happens */
    CU_ASSERT(gw_proc_await(&g.proc, "gatehouse-keyd signs checkpoints again", LIMIT_MS));
    CU_ASSERT_EQUAL(gw_gateway_stop(&g), 0);
    gw_gateway_done(&g);
}

#define NOBODY 65534

/* Its real, effective and saved uid (proc(5), status). */
static bool is_nobodys(pid_t pid)
{
    char path[64], line[256];
    unsigned uid[3] = {0, 0, 0};
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    GW_FCLOSE FILE *f = pid > 0 ? fopen(path, "re") : NULL;
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "Uid: %u %u %u", &uid[0], &uid[1], &uid[2]) == 3)
            break;
    return uid[0] == NOBODY && uid[1] == NOBODY && uid[2] == NOBODY;
}

/* All of it is one user's then, and people are told that the keys are not kept apart. */
static void started_by_another_user_it_says_what_is_lost(void)
{
    struct gw_gateway g;
    gw_gateway_make(&g, NULL);
    CU_ASSERT_FATAL(mkdir(g.state, 0711) == 0 && chown(g.state, NOBODY, NOBODY) == 0);
    const char *const argv[] = {
        "setpriv",  "--reuid=65534", "--regid=65534", "--clear-groups", GW_BIN_DIR "/gatehoused",
        "--config", g.config,        "--state",       g.state,          NULL};
    gw_proc_start(&g.proc, argv, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&g) && gw_gateway_claim(&g) && gw_await(confirmed, &g, LIMIT_MS));
    CU_ASSERT(is_nobodys(g.proc.pid));
    for (size_t i = 0; i < CHILDREN; i++)
        CU_ASSERT(is_nobodys(gw_gateway_child(&g, children[i])));
    const char *const status[] = {GW_BIN_DIR "/gatehouse", "--socket", g.socket, "status", NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_proc_run(status, &out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "NOT SEPARATED"));
    CU_ASSERT_EQUAL(gw_gateway_stop(&g), 0);
    gw_gateway_done(&g);
}

static const struct gw_test_case cases[] = {
    {"a broker whose port is taken says so, and comes back when it is free",
     a_broker_whose_port_is_taken_says_so_and_comes_back},
    {"a key daemon that hangs is told, and when it signs again", a_key_daemon_that_hangs_is_told},
    {"the service manager is told when all is up, and when it ends", the_service_manager_is_told},
    {"devices try the other addresses of a name", devices_try_the_other_addresses_of_a_name},
    {"an IPv6 address is a name, and :: is every address at every listener",
     an_ipv6_address_is_a_name_and_two_colons_are_every_address},
    {"a clock before the build date stops the first start", a_clock_before_the_build_date_stops_the_first_start},
    {"started by another user, it runs as that one and says that keys are not separated",
     started_by_another_user_it_says_what_is_lost},
    {"children get of the environment what a list allows, and no more", children_get_no_more_than_the_list},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("surroundings", cases);
}
