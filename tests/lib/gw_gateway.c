#include "gw_gateway.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_test.h"

#define READY_MS 60000
#define END_MS   60000

static void write_file(const char *path, const char *text)
{
    GW_FCLOSE FILE *f = fopen(path, "we");
    if (!f || fputs(text, f) < 0)
        abort();
    (void)chmod(path, 0644);
}

void gw_gateway_make(struct gw_gateway *g, const char *extra_toml)
{
    *g = (struct gw_gateway){.port_mqtt = 0};
    const char *dir = gw_test_dir();
    (void)chmod(dir, 0711); /* the gateway's users pass through */
    (void)snprintf(g->state, sizeof(g->state), "%s/state", dir);
    (void)snprintf(g->config, sizeof(g->config), "%s/gatehouse.toml", dir);
    (void)snprintf(g->socket, sizeof(g->socket), "%s/run/admin/admin.sock", g->state);
    char text[2048];
    (void)snprintf(text, sizeof(text),
                   "[gateway]\nnames = [\"localhost\", \"127.0.0.1\"]\n[operators]\nport = 0\n[devices]\nport = 0\n"
                   "max = 1000\n[mqtt]\nport = 0\n%s",
                   extra_toml ? extra_toml : "");
    write_file(g->config, text);
}

void gw_gateway_start(struct gw_gateway *g, const char *extra_toml)
{
    gw_gateway_make(g, extra_toml);
    gw_gateway_restart(g);
}

void gw_gateway_restart(struct gw_gateway *g)
{
    gw_proc_done(&g->proc);
    const char *argv[16] = {GW_BIN_DIR "/gatehoused", "--config", g->config, "--state", g->state};
    size_t n = 5;
    for (size_t i = 0; i < sizeof(g->pass_env) / sizeof(g->pass_env[0]) && g->pass_env[i]; i++) {
        argv[n++] = "--pass-env";
        argv[n++] = g->pass_env[i];
    }
    gw_proc_start(&g->proc, argv, NULL);
}

void gw_json_pick(const char *json, const char *key, char *out, size_t out_size)
{
    char name[96];
    (void)snprintf(name, sizeof(name), "\"%s\":", key);
    out[0] = '\0';
    const char *at = strstr(json, name);
    if (!at)
        return;
    at += strlen(name);
    while (*at == ' ')
        at++;
    bool quoted = *at == '"';
    at += quoted;
    size_t n = quoted ? strcspn(at, "\"") : strcspn(at, ",}] \n");
    (void)snprintf(out, out_size, "%.*s", (int)n, at);
}

static uint16_t pick_port(const char *json, const char *key)
{
    char text[16];
    gw_json_pick(json, key, text, sizeof(text));
    return (uint16_t)strtoul(text, NULL, 10);
}

int gw_gateway_cli(const struct gw_gateway *g, const char *const args[], char **ret_out)
{
    const char *argv[24] = {GW_BIN_DIR "/gatehouse", "--socket", g->socket, "--json"};
    size_t n = 4;
    for (size_t i = 0; args[i] && n + 1 < sizeof(argv) / sizeof(argv[0]); i++)
        argv[n++] = args[i];
    argv[n] = NULL;
    return gw_proc_run(argv, ret_out);
}

bool gw_gateway_await_ready(struct gw_gateway *g)
{
    if (!gw_proc_await(&g->proc, "supervisor: ready", READY_MS)) {
        printf("#   gatehoused said:\n%s\n", g->proc.out);
        return false;
    }
    const char *const args[] = {"status", NULL};
    GW_FREE char *out = NULL;
    if (gw_gateway_cli(g, args, &out)) {
        printf("#   status: %s\n", out);
        return false;
    }
    g->port_mqtt = pick_port(out, "port_mqtt");
    g->port_devices = pick_port(out, "port_devices");
    g->port_operators = pick_port(out, "port_operators");
    return g->port_mqtt && g->port_devices && g->port_operators;
}

bool gw_gateway_skip(const char *suite)
{
    if (geteuid() == 0)
        return false;
    printf("skip - %s: all of it # only root can claim a gateway\n", suite);
    return true;
}

bool gw_gateway_claim(struct gw_gateway *g)
{
    const char *const args[] = {"claim", "--stdout", NULL};
    GW_FREE char *out = NULL;
    if (gw_gateway_cli(g, args, &out)) {
        printf("#   claim: %s\n", out);
        return false;
    }
    char code[64], url[96], body[256];
    gw_json_pick(out, "code", code, sizeof(code));
    (void)snprintf(url, sizeof(url), "https://localhost:%u/api/v1/claim", g->port_operators);
    (void)snprintf(body, sizeof(body), "{\"code\":\"%s\",\"name\":\"admin\",\"password\":\"correct horse battery\"}",
                   code);
    char ca[192], origin[96];
    (void)snprintf(ca, sizeof(ca), "%s/web/ca.crt", g->state);
    (void)snprintf(origin, sizeof(origin), "Origin: https://localhost:%u", g->port_operators);
    const char *const argv[] = {"curl",
                                "-sS",
                                "--fail-with-body",
                                "--cacert",
                                ca,
                                "-H",
                                "Content-Type: application/json",
                                "-H",
                                "X-GW-CSRF: setup",
                                "-H",
                                origin,
                                "-d",
                                body,
                                url,
                                NULL};
    GW_FREE char *answer = NULL;
    int code_of = gw_proc_run(argv, &answer);
    if (code_of)
        printf("#   claim: %s\n", answer);
    return code_of == 0;
}

int gw_gateway_stop(struct gw_gateway *g)
{
    gw_proc_signal(&g->proc, SIGTERM);
    return gw_proc_wait(&g->proc, READY_MS);
}

void gw_gateway_done(struct gw_gateway *g)
{
    gw_proc_end(&g->proc, END_MS);
}

static bool is_child(const char *pid_text, pid_t parent, const char *program)
{
    char path[64], line[512];
    (void)snprintf(path, sizeof(path), "/proc/%s/stat", pid_text);
    GW_FCLOSE FILE *f = fopen(path, "re");
    if (!f || !fgets(line, sizeof(line), f))
        return false;
    char *name = strchr(line, '('), *end = strrchr(line, ')');
    if (!name || !end)
        return false;
    *end = '\0';
    long ppid = strtol(end + 4, NULL, 10); /* ") S 123": behind the state */
    return ppid == parent && strncmp(name + 1, program, 15) == 0;
}

pid_t gw_gateway_child(const struct gw_gateway *g, const char *program)
{
    DIR *proc = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *e = proc ? readdir(proc) : NULL; e && !found; e = readdir(proc))
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && is_child(e->d_name, g->proc.pid, program))
            found = (pid_t)strtol(e->d_name, NULL, 10);
    if (proc)
        (void)closedir(proc);
    return found;
}

bool gw_agent_make(struct gw_agent *a, const struct gw_gateway *g, const char *id, const char *extra_toml)
{
    *a = (struct gw_agent){.dir = ""};
    (void)snprintf(a->dir, sizeof(a->dir), "%s", gw_test_dir());
    (void)snprintf(a->config, sizeof(a->config), "%s/agent.toml", a->dir);
    char invitation[224], text[2048];
    (void)snprintf(invitation, sizeof(invitation), "%s/invitation", a->dir);
    const char *const argv[] = {
        GW_BIN_DIR "/gatehouse", "--socket", g->socket, "device", "invite", id, "--out", invitation, NULL};
    GW_FREE char *out = NULL;
    if (gw_proc_run(argv, &out)) {
        printf("#   invite %s: %s\n", id, out);
        return false;
    }
    (void)snprintf(text, sizeof(text),
                   "invitation = \"%s\"\n[gateway]\nmqtt_port = %u\n[state]\ndir = \"%s/state\"\n%s", invitation,
                   g->port_mqtt, a->dir, extra_toml ? extra_toml : "");
    write_file(a->config, text);
    return true;
}

void gw_agent_start(struct gw_agent *a)
{
    gw_proc_done(&a->proc);
    const char *const argv[] = {GW_BIN_DIR "/gatehouse-agent", "--config", a->config, NULL};
    gw_proc_start(&a->proc, argv, NULL);
}

void gw_agent_done(struct gw_agent *a)
{
    gw_proc_end(&a->proc, END_MS);
}

void gw_fleet_make(struct gw_fleet *f)
{
    *f = (struct gw_fleet){.state = ""};
    (void)snprintf(f->state, sizeof(f->state), "%s/fleet", gw_test_dir());
}

void gw_fleet_start(struct gw_fleet *f, const struct gw_gateway *g, const char *const args[])
{
    char host[64], port[16];
    (void)snprintf(host, sizeof(host), "127.0.0.1:%u", g->port_devices);
    (void)snprintf(port, sizeof(port), "%u", g->port_mqtt);
    const char *argv[40] = {GW_BIN_DIR "/gatehouse-fleet",
                            "--gateway",
                            host,
                            "--mqtt-port",
                            port,
                            "--admin-socket",
                            g->socket,
                            "--state",
                            f->state,
                            "--report",
                            "json"};
    size_t n = 11;
    for (size_t i = 0; args[i] && n + 1 < sizeof(argv) / sizeof(argv[0]); i++)
        argv[n++] = args[i];
    gw_proc_done(&f->proc);
    gw_proc_start(&f->proc, argv, NULL);
}

void gw_fleet_done(struct gw_fleet *f)
{
    gw_proc_end(&f->proc, END_MS);
}

double gw_fleet_figure(const struct gw_fleet *f, const char *name)
{
    char text[32] = "";
    const char *report = strstr(f->proc.out, "{\"devices\"");
    if (report)
        gw_json_pick(report, name, text, sizeof(text));
    return text[0] ? strtod(text, NULL) : -1;
}
