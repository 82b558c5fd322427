/* Connects per second and memory per idle session, beside the same handshake with a bare openssl s_server. */
#include <stdlib.h>
#include <string.h>

#include "bench_kit.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "test_pki.h"

#define RUNS    3
#define SECONDS "3"

static double number_before(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    if (!at)
        return 0;
    while (at > text && at[-1] != '\n')
        at--;
    return strtod(at, NULL);
}

/* The fleet's first device against a server that does nothing but the handshake. */
static void bare_server(const struct gw_gateway *g, const struct gw_fleet *fleet)
{
    struct test_pki pki;
    struct test_cert server;
    char port[16], at[32], ca[192], cert[224], key[224];
    test_pki_init(&pki, gw_test_dir(), "bench");
    test_pki_issue(&pki, "localhost", true, 3600, &server);
    (void)snprintf(port, sizeof(port), "%u", gw_test_port());
    (void)snprintf(at, sizeof(at), "127.0.0.1:%s", port);
    (void)snprintf(ca, sizeof(ca), "%s/web/ca.crt", g->state);
    (void)snprintf(cert, sizeof(cert), "%s/devices/sim-00001/device.pem", fleet->state);
    (void)snprintf(key, sizeof(key), "%s/devices/sim-00001/device.key", fleet->state);
    const char *const serve[] = {
        "openssl",       "s_server", "-accept", at,        "-cert", server.cert_file,       "-key",
        server.key_file, "-CAfile",  ca,        "-Verify", "3",     "-verify_return_error", "-tls1_3",
        "-num_tickets",  "0",        "-quiet",  NULL};
    const char *const knock[] = {"openssl", "s_time", "-connect", at,  "-new",    "-time",     SECONDS,
                                 "-cert",   cert,     "-key",     key, "-CAfile", pki.ca_file, NULL};
    struct gw_proc proc;
    gw_proc_start(&proc, serve, NULL);
    (void)gw_proc_await(&proc, "ACCEPT", 1000); /* -quiet says nothing: a moment to listen */
    GW_FREE char *out = NULL;
    double before = bench_cpu_s(proc.pid), began = bench_now_s();
    int code = gw_proc_run(knock, &out);
    double took = bench_now_s() - began, cpu = bench_cpu_s(proc.pid) - before;
    double count = number_before(out, " connections in ");
    if (count < 1)
        bench_fail("openssl s_time", out);
    printf("  bare openssl s_server, one client after the other: %.0f handshakes/s, %.2f ms of server CPU each%s\n",
           count / took, 1000 * cpu / count, code ? " (s_time ended with an error)" : "");
    gw_proc_done(&proc);
    test_pki_done(&pki);
}

static void connect_all(const struct gw_gateway *g, struct gw_fleet *fleet, const char *devices, bool last)
{
    const char *const args[] = {"--devices", devices, "--logs-per-second", "0",      "--together", "--figures", "0",
                                "--for",     "1",     "--connect-rate",    "100000", NULL};
    double n = strtod(devices, NULL);
    struct bench_use before = bench_use(g);
    gw_fleet_start(fleet, g, args);
    bench_await(fleet, "load begins");
    struct bench_use up = bench_use(g);
    bench_end(fleet);
    double connecting = gw_fleet_figure(fleet, "connect_seconds");
    printf("  %s sessions: %.0f connects/s, %.2f ms of broker CPU each", devices, n / connecting,
           1000 * (up.broker_s - before.broker_s) / n);
    if (last)
        printf("; resident: broker %.1f MB (%.1f kB a session), daemon %.1f MB (%.2f kB a session)",
               (double)up.broker_kb / 1024, (double)(up.broker_kb - before.broker_kb) / n, (double)up.daemon_kb / 1024,
               (double)(up.daemon_kb - before.daemon_kb) / n);
    printf("; %.0f failed, %.0f cut\n", gw_fleet_figure(fleet, "connect_failures"), gw_fleet_figure(fleet, "cuts"));
    (void)fflush(stdout);
}

/* Enrolment has its own figure; memory counts from a broker that has had no session. */
static void size_of_fleet(const char *devices)
{
    struct gw_gateway gateway;
    struct gw_fleet fleet;
    bench_gateway_start(&gateway, 6000, 0);
    bench_enrol(&gateway, &fleet, devices);
    printf("  %s devices enrolled: %.0f a second\n", devices,
           strtod(devices, NULL) / gw_fleet_figure(&fleet, "enrol_seconds"));
    for (int i = 0; i < (bench_quick ? 1 : RUNS); i++)
        connect_all(&gateway, &fleet, devices, i == 0);
    bare_server(&gateway, &fleet);
    gw_fleet_done(&fleet);
    gw_gateway_done(&gateway);
}

void bench_sessions(void)
{
    printf("sessions: TLS 1.3, P-256 certificates on both sides, no tickets; load generator on the same machine\n");
    size_of_fleet("1000");
    if (!bench_quick)
        size_of_fleet("5000");
}
