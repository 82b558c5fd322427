/* Starts that cannot work: one clear message that says what, where and what to do, and the exit code that tells a
 * service manager not to try again. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_gateway.h"
#include "gw_test.h"

#define HOPELESS 78
#define LIMIT_MS 60000

/* Starts with this addition to the configuration; it must end by itself with HOPELESS and say `text`. */
static void refuses(const char *extra_toml, const char *text)
{
    struct gw_gateway g;
    gw_gateway_start(&g, extra_toml);
    int code = gw_proc_wait(&g.proc, LIMIT_MS);
    CU_ASSERT_EQUAL(code, HOPELESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(g.proc.out, text));
    if (!strstr(g.proc.out, text))
        printf("#   it said: %s\n", g.proc.out);
    gw_gateway_done(&g);
}

static void an_unknown_key_names_file_line_and_key(void)
{
    refuses("[daemon]\nworkres = 2\n", "gatehouse.toml:11: daemon.workres");
}

static void a_value_out_of_range_names_its_range(void)
{
    refuses("[daemon]\nworkers = 99\n", "gatehouse.toml:11: daemon.workers");
}

static void write_config(const struct gw_gateway *g, const char *toml)
{
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), g->config, gw_view_str(toml), 0644, NULL), NULL);
}

/* Starts with this file alone as its configuration (NULL: it is left as `g` has it). One error, with these words. */
static void refuses_file(struct gw_gateway *g, const char *toml, const char *text)
{
    size_t errors = 0;
    if (toml)
        write_config(g, toml);
    gw_gateway_restart(g);
    CU_ASSERT_EQUAL(gw_proc_wait(&g->proc, LIMIT_MS), HOPELESS);
    for (const char *at = strstr(g->proc.out, "<3>"); at; at = strstr(at + 1, "<3>"))
        errors++;
    CU_ASSERT_EQUAL(errors, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(g->proc.out, text));
    if (errors != 1 || !strstr(g->proc.out, text))
        printf("#   it said: %s\n", g->proc.out);
}

/* It is an error to who only checks. Who starts says so once and waits: the address may come, or the file be mended. */
static void waits_for_address(struct gw_gateway *g, const char *toml, const char *text)
{
    const char *const check[] = {GW_BIN_DIR "/gatehoused", "--config", g->config, "--check-config", NULL};
    GW_FREE char *said = NULL;
    write_config(g, toml);
    CU_ASSERT_EQUAL(gw_proc_run(check, &said), HOPELESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, text));
    gw_gateway_restart(g);
    CU_ASSERT_FATAL(gw_proc_await(&g->proc, text, LIMIT_MS));
    write_config(g, "[mqtt]\nport = 0\n[devices]\nport = 0\n[operators]\nport = 0\n");
    CU_ASSERT(gw_gateway_await_ready(g));
    CU_ASSERT_EQUAL(gw_gateway_stop(g), 0);
    const char *first = strstr(g->proc.out, "<3>");
    CU_ASSERT(first && !strstr(first + 1, "<3>"));
}

/* 192.0.2.0/24 and 2001:db8::/32 are for examples (RFC 5737, RFC 3849): no machine has them. */
static void an_address_of_another_machine_is_named_and_awaited(void)
{
    static const char *const doors[] = {"mqtt", "devices", "operators"};
    static const char *const addresses[] = {"192.0.2.1", "2001:db8::1"};
    for (size_t i = 0; i < 3; i++) {
        struct gw_gateway g;
        char toml[256], text[160];
        const char *address = addresses[i & 1];
        gw_gateway_make(&g, NULL);
        size_t n = 0;
        for (size_t k = 0; k < 3; k++)
            n += (size_t)snprintf(toml + n, sizeof(toml) - n, "[%s]\nport = 0\n", doors[(i + k + 1) % 3]);
        (void)snprintf(toml + n, sizeof(toml) - n, "address = \"%s\"\n", address);
        (void)snprintf(text, sizeof(text), "gatehouse.toml:7: %s.address: this machine has no address %s", doors[i],
                       address);
        waits_for_address(&g, toml, text);
        gw_gateway_done(&g);
    }
}

static void a_port_that_is_the_systems_is_named(void)
{
    struct gw_gateway g;
    if (geteuid() != 0) {
        gw_test_skip("needs root");
        return;
    }
    gw_gateway_make(&g, NULL);
    refuses_file(&g, "[mqtt]\nport = 0\n[devices]\nport = 0\n[operators]\nport = 443\n",
                 "gatehouse.toml:6: operators.port: ports below 1024");
    gw_gateway_done(&g);
}

/* Who only checks, as root, hears the same. */
static void a_check_as_root_knows_whose_ports_those_are(void)
{
    struct gw_gateway g;
    gw_gateway_make(&g, NULL);
    const char *const check[] = {GW_BIN_DIR "/gatehoused", "--config", g.config, "--check-config", NULL};
    GW_FREE char *said = NULL;
    write_config(&g, "[devices]\nport = 443\n");
    CU_ASSERT_EQUAL(gw_proc_run(check, &said), HOPELESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "gatehouse.toml:2: devices.port: ports below 1024"));
    gw_gateway_done(&g);
}

static void two_listeners_at_one_port_are_named(void)
{
    struct gw_gateway g;
    gw_gateway_make(&g, NULL);
    refuses_file(&g, "[mqtt]\nport = 8443\n", "gatehouse.toml: devices.port: 8443 is mqtt.port too");
    refuses_file(&g, "[devices]\nport = 9443\naddress = \"0.0.0.0\"\n[operators]\nport = 9443\n",
                 "gatehouse.toml:5: operators.port: 9443 is devices.port too");
    gw_gateway_done(&g);
}

static void a_name_that_is_no_host_is_named(void)
{
    static const char *const bad[] = {"a b",  "https://gw.example", "gw.example:9443", "[::1]", "10.0.0.300",
                                      "x..y", "*.example"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct gw_gateway g;
        char toml[128], text[128];
        gw_gateway_make(&g, NULL);
        (void)snprintf(toml, sizeof(toml), "[gateway]\nnames = [\"localhost\", \"%s\"]\n", bad[i]);
        (void)snprintf(text, sizeof(text), "gatehouse.toml:2: gateway.names: element 2, \"%s\", is neither a host name",
                       bad[i]);
        refuses_file(&g, toml, text);
        gw_gateway_done(&g);
    }
}

static void a_configuration_that_is_no_file_is_named(void)
{
    struct gw_gateway g;
    gw_gateway_make(&g, NULL);
    CU_ASSERT_FATAL(unlink(g.config) == 0 && mkdir(g.config, 0755) == 0);
    refuses_file(&g, NULL, "gatehouse.toml: is a directory");
    CU_ASSERT_FATAL(rmdir(g.config) == 0 && mkfifo(g.config, 0644) == 0);
    refuses_file(&g, NULL, "gatehouse.toml: is no regular file");
    CU_ASSERT_FATAL(unlink(g.config) == 0);
    refuses_file(&g, NULL, "gatehouse.toml: No such file or directory");
    CU_ASSERT_FATAL(symlink(g.config, g.config) == 0);
    refuses_file(&g, NULL, "gatehouse.toml: Too many levels of symbolic links");
    gw_gateway_done(&g);
}

static void a_configuration_closed_to_the_daemon_is_named(void)
{
    struct gw_gateway g;
    if (geteuid() != 0) {
        gw_test_skip("needs root");
        return;
    }
    gw_gateway_make(&g, NULL);
    CU_ASSERT_EQUAL_FATAL(chmod(g.config, 0600), 0);
    refuses_file(&g, NULL, "gatehouse.toml: Permission denied; gatehoused reads it as user gatehouse");
    gw_gateway_done(&g);
}

static void check_descriptors(int max, int limit, const char *says)
{
    struct gw_gateway g = {0};
    const char *dir = gw_test_dir();
    (void)chmod(dir, 0711);
    (void)snprintf(g.state, sizeof(g.state), "%s/state", dir);
    (void)snprintf(g.config, sizeof(g.config), "%s/gatehouse.toml", dir);
    GW_FCLOSE FILE *f = fopen(g.config, "we");
    CU_ASSERT_FATAL(f != NULL && fprintf(f, "[devices]\nmax = %d\nport = 0\n", max) >= 0);
    (void)fflush(f);
    (void)chmod(g.config, 0644);
    char script[512];
    (void)snprintf(script, sizeof(script), "ulimit -n %d; exec '%s/gatehoused' --config '%s' --state '%s'", limit,
                   GW_BIN_DIR, g.config, g.state);
    const char *const argv[] = {"sh", "-c", script, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_proc_run(argv, &out), HOPELESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, says));
}

static void too_few_descriptors_are_told_at_start(void)
{
    check_descriptors(200000, 1024, "devices.max = 200000 needs 204352 descriptors");
    check_descriptors(10, 5939, "the gateway's doors need 5940 descriptors");
}

/* `door` is the section whose port is taken. */
static void taken_port(const char *door)
{
    GW_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    CU_ASSERT_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 1) == 0 &&
                    getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    struct gw_gateway g = {0};
    const char *dir = gw_test_dir();
    (void)chmod(dir, 0711);
    (void)snprintf(g.state, sizeof(g.state), "%s/state", dir);
    (void)snprintf(g.config, sizeof(g.config), "%s/gatehouse.toml", dir);
    {
        GW_FCLOSE FILE *f = fopen(g.config, "we");
        CU_ASSERT_FATAL(f != NULL);
        static const char *const doors[] = {"operators", "devices", "mqtt"};
        for (int i = 0; i < 3; i++)
            (void)fprintf(f, "[%s]\nport = %u\n", doors[i], strcmp(doors[i], door) == 0 ? ntohs(at.sin_port) : 0);
        (void)fchmod(fileno(f), 0644);
    }
    gw_gateway_restart(&g);
    CU_ASSERT_EQUAL(gw_proc_wait(&g.proc, LIMIT_MS), HOPELESS);
    char text[160];
    (void)snprintf(text, sizeof(text),
                   "%s: port %u of 127.0.0.1 is taken by another program: stop it, or change %s.port", door,
                   ntohs(at.sin_port), door);
    CU_ASSERT_PTR_NOT_NULL(strstr(g.proc.out, text));
    if (!strstr(g.proc.out, text))
        printf("#   it said: %s\n", g.proc.out);
    gw_cleanup_fd(&fd);
    gw_gateway_restart(&g); /* the port is free now: a start needs no hand */
    CU_ASSERT(gw_proc_await(&g.proc, "supervisor: ready", LIMIT_MS));
    gw_gateway_done(&g);
}

static void a_taken_port_is_named(void)
{
    taken_port("mqtt");
    taken_port("devices");
    taken_port("operators");
}

/* Lets a gateway make its state, then harms it by this command (%s is the state directory) and starts again. */
static void refuses_harmed_state(const char *command, const char *text)
{
    struct gw_gateway g;
    gw_gateway_start(&g, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&g));
    CU_ASSERT_EQUAL_FATAL(gw_gateway_stop(&g), 0);
    char script[512];
    (void)snprintf(script, sizeof(script), "cd '%s' && %s", g.state, command);
    const char *const argv[] = {"sh", "-c", script, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_proc_run(argv, &out), 0);
    gw_gateway_restart(&g);
    CU_ASSERT_EQUAL(gw_proc_wait(&g.proc, LIMIT_MS), HOPELESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(g.proc.out, text));
    if (!strstr(g.proc.out, text))
        printf("#   it said: %s\n", g.proc.out);
    gw_gateway_done(&g);
}

static void more_devices_than_allowed_are_refused_at_start(void)
{
    struct gw_gateway g;
    gw_gateway_start(&g, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&g));
    CU_ASSERT_EQUAL_FATAL(gw_gateway_stop(&g), 0);
    char script[1024];
    (void)snprintf(script, sizeof(script),
                   "sqlite3 '%s/state.db' \"WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 1001) "
                   "INSERT INTO device (id, state, name, created, changed, rev) SELECT 'pump-' || i, 3, '', 1, 1, 1 "
                   "FROM n\"",
                   g.state);
    const char *const argv[] = {"sh", "-c", script, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_proc_run(argv, &out), 0);
    gw_gateway_restart(&g);
    CU_ASSERT_EQUAL(gw_proc_wait(&g.proc, LIMIT_MS), HOPELESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(g.proc.out, "devices.max = 1000, but 1001 devices are active or quarantined"));
    gw_gateway_done(&g);
}

static void a_newer_database_is_refused(void)
{
    refuses_harmed_state("sqlite3 state.db 'PRAGMA user_version = 999'", "state.db is of version 999");
    refuses_harmed_state("sqlite3 journal/journal.db 'PRAGMA user_version = 999'", "journal.db is of version 999");
}

static void a_database_of_another_user_is_refused(void)
{
    if (geteuid() != 0) {
        gw_test_skip("needs root");
        return;
    }
    refuses_harmed_state("chown root state.db && chmod 0600 state.db",
                         "must belong to the user that the daemon runs as, gatehouse");
}

static void a_damaged_database_is_refused(void)
{
    refuses_harmed_state("rm -f state.db-wal && printf 'this is no database, it is a text of some length' > state.db",
                         "is damaged: restore it from a backup");
    refuses_harmed_state("printf 'this is no database, it is a text of some length' > journal/journal.db",
                         "is damaged: restore it from a backup");
}

static void a_pki_of_another_user_is_refused(void)
{
    if (geteuid() != 0) {
        gw_test_skip("needs root");
        return;
    }
    refuses_harmed_state("chown gatehouse pki", "pki belongs to uid");
}

static void a_damaged_key_is_named(void)
{
    refuses_harmed_state("printf rubbish > pki/ca/issuer.key", "issuer.key");
    refuses_harmed_state("rm pki/ca/log.key", "log.key: No such file or directory; restore pki/ of the state");
    refuses_harmed_state("printf rubbish > pki/checkpoints", "; restore pki/ of the state from a backup");
    refuses_harmed_state("printf rubbish > web/server.key", "server.key: no PEM block \"PRIVATE KEY\"; remove it");
}

static void an_open_pki_is_closed_again(void)
{
    struct gw_gateway g;
    gw_gateway_start(&g, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&g));
    CU_ASSERT_EQUAL_FATAL(gw_gateway_stop(&g), 0);
    char path[192];
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/pki", g.state);
    CU_ASSERT_EQUAL_FATAL(chmod(path, 0755), 0);
    gw_gateway_restart(&g);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&g));
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0700);
    CU_ASSERT_EQUAL(gw_gateway_stop(&g), 0);
    gw_gateway_done(&g);
}

/* /root has mode 0700 on Debian: a copy of the programs there is closed to the gateway's users. */
static void programs_that_its_users_cannot_reach_are_named(void)
{
    if (geteuid() != 0) {
        gw_test_skip("needs root");
        return;
    }
    const char *dir = gw_test_dir();
    char script[1024];
    (void)snprintf(
        script, sizeof(script),
        "cd '%s' && chmod 0711 . && mkdir -m 0700 closed && cp '%s/gatehoused' '%s/gatehouse-keyd' "
        "'%s/gatehouse_broker.so' closed && printf '[operators]\nport = 0\n' > g.toml && chmod 0644 g.toml && "
        "exec timeout 20 closed/gatehoused --config g.toml --state '%s/state'",
        dir, GW_BIN_DIR, GW_BIN_DIR, GW_BIN_DIR, dir);
    const char *const argv[] = {"sh", "-c", script, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_proc_run(argv, &out), HOPELESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "gatehouse-keyd: user gatehouse-keys may not use it"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "chmod o+x"));
}

static void a_missing_program_is_named(void)
{
    const char *dir = gw_test_dir();
    char script[1024];
    (void)snprintf(script, sizeof(script),
                   "cd '%s' && chmod 0711 . && mkdir -m 0755 half && cp '%s/gatehoused' half && "
                   "printf '[operators]\nport = 0\n' > g.toml && chmod 0644 g.toml && "
                   "exec timeout 20 half/gatehoused --config g.toml --state '%s/state'",
                   dir, GW_BIN_DIR, dir);
    const char *const argv[] = {"sh", "-c", script, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_proc_run(argv, &out), HOPELESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "gatehouse-keyd is missing: install it"));
}

/* Starts on this state directory, made by `script` in a directory of its own; as nobody when `nobody`. */
static void refuses_state(const char *script, const char *state, bool nobody, const char *text)
{
    const char *dir = gw_test_dir();
    char line[1024];
    (void)snprintf(line, sizeof(line),
                   "cd '%s' && chmod 0711 . && printf '[operators]\nport = 0\n' > g.toml && chmod 0644 g.toml && %s && "
                   "exec %s '%s/gatehoused' --config '%s/g.toml' --state '%s/%s'",
                   dir, script, nobody ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : "", GW_BIN_DIR, dir,
                   dir, state);
    const char *const argv[] = {"sh", "-c", line, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_proc_run(argv, &out), HOPELESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, text));
    if (!strstr(out, text))
        printf("#   it said: %s\n", out);
}

static void a_state_directory_of_no_use_is_named(void)
{
    refuses_state("echo x > file", "file", false, "/file: Not a directory; move away what has its name");
    refuses_state("true", "none/state", false, "/none/state: No such file or directory; make the directory above it");
    if (geteuid() == 0)
        refuses_state("mkdir -m 0700 closed", "closed", true, "/closed: Permission denied; give it to the user");
}

static void a_missing_configuration_is_named(void)
{
    const char *const argv[] = {GW_BIN_DIR "/gatehoused", "--config", "/nonexistent/gatehouse.toml", "--check-config",
                                NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_proc_run(argv, &out), HOPELESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "/nonexistent/gatehouse.toml"));
}

static void the_printed_defaults_are_accepted(void)
{
    char path[192], script[512];
    (void)snprintf(path, sizeof(path), "%s/defaults.toml", gw_test_dir());
    (void)snprintf(script, sizeof(script),
                   "'%s/gatehoused' --print-config > '%s' && '%s/gatehoused' --config '%s' "
                   "--check-config",
                   GW_BIN_DIR, path, GW_BIN_DIR, path);
    const char *const argv[] = {"sh", "-c", script, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_proc_run(argv, &out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, ": ok"));
}

static const struct gw_test_case cases[] = {
    {"an unknown key names file, line and key", an_unknown_key_names_file_line_and_key},
    {"a value out of range names file, line and key", a_value_out_of_range_names_its_range},
    {"an address that this machine does not have names file, line and key, and is waited for",
     an_address_of_another_machine_is_named_and_awaited},
    {"a port of the system names file, line and key", a_port_that_is_the_systems_is_named},
    {"a check as root knows that those ports are the system's", a_check_as_root_knows_whose_ports_those_are},
    {"two listeners at one port are named", two_listeners_at_one_port_are_named},
    {"a name that is no host name and no address is named", a_name_that_is_no_host_is_named},
    {"a configuration that is no file is named", a_configuration_that_is_no_file_is_named},
    {"a configuration that the daemon may not read is named", a_configuration_closed_to_the_daemon_is_named},
    {"too few descriptors for the devices are told at start", too_few_descriptors_are_told_at_start},
    {"a taken port is named, and a later start needs no hand", a_taken_port_is_named},
    {"more active devices than devices.max are refused at start", more_devices_than_allowed_are_refused_at_start},
    {"a newer database is refused", a_newer_database_is_refused},
    {"a database of another user is refused", a_database_of_another_user_is_refused},
    {"a damaged database is refused", a_damaged_database_is_refused},
    {"a key directory of another user is refused", a_pki_of_another_user_is_refused},
    {"a damaged key is named", a_damaged_key_is_named},
    {"a key directory left open is closed again", an_open_pki_is_closed_again},
    {"programs that the gateway's users cannot reach are named", programs_that_its_users_cannot_reach_are_named},
    {"a missing program is named", a_missing_program_is_named},
    {"a state directory that cannot be used is named", a_state_directory_of_no_use_is_named},
    {"a missing configuration is named", a_missing_configuration_is_named},
    {"the printed defaults are a valid configuration", the_printed_defaults_are_accepted},
};

int main(void)
{
    return GW_TEST_RUN("starts that cannot work", cases);
}
