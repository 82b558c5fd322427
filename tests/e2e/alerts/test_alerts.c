/* Alerts for people: from what a real agent logs, and what the gateway notices, to the command line; through a kill. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_gateway.h"
#include "gw_test.h"
#include "metrics_kit.h"

#define LIMIT_MS   60000
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct gw_gateway gateway;
static struct gw_agent pump;

/* The open alert of this class, as its JSON from "id" on; NULL when there is none. */
static char *find(const char *cls)
{
    GW_FREE char *json = NULL;
    char wanted[64];
    if (gw_gateway_cli(&gateway, WORDS("alerts", "list"), &json))
        return NULL;
    (void)snprintf(wanted, sizeof(wanted), "\"class\":\"%s\"", cls);
    for (char *at = strstr(json, "{\"id\":"); at; at = strstr(at + 1, "{\"id\":")) {
        char *end = strstr(at + 1, "{\"id\":"), *hit = strstr(at, wanted);
        if (hit && (!end || hit < end))
            return gw_xstrdup(at);
    }
    return NULL;
}

struct wanted {
    const char *cls;
    const char *count;
};

static bool has_count(void *ctx)
{
    const struct wanted *w = ctx;
    char count[24];
    GW_FREE char *alert = find(w->cls);
    if (!alert)
        return false;
    gw_json_pick(alert, "count", count, sizeof(count));
    return strcmp(count, w->count) == 0;
}

static void open_world(void)
{
    char input[200], toml[320];
    (void)snprintf(input, sizeof(input), "%s/input.log", gw_test_dir());
    GW_FCLOSE FILE *f = fopen(input, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    for (int i = 0; i < 7; i++)
        (void)fprintf(f, "<38>Jan  1 00:00:0%d pump sshd[7]: Failed password for root from 192.0.2.7 port 4%d ssh2\n",
                      i, i);
    (void)fprintf(f, "{\"cls\":\"integ.hash_mismatch\",\"sev\":5,\"msg\":\"/sbin/init is not what was installed\"}\n");
    (void)fflush(f);
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&gateway) && gw_gateway_claim(&gateway));
    (void)snprintf(toml, sizeof(toml), "[log]\ninput = \"%s\"\n", input);
    CU_ASSERT_TRUE_FATAL(gw_agent_make(&pump, &gateway, "pump-7", toml));
    gw_agent_start(&pump);
}

static void what_a_device_logs_becomes_alerts(void)
{
    struct wanted logins = {"auth.login", "7"}, hash = {"integ.hash_mismatch", "1"};
    open_world();
    CU_ASSERT_TRUE(gw_await(has_count, &logins, LIMIT_MS));
    CU_ASSERT_TRUE(gw_await(has_count, &hash, LIMIT_MS));
    char text[96];
    GW_FREE char *alert = find("integ.hash_mismatch");
    CU_ASSERT_PTR_NOT_NULL_FATAL(alert);
    if (!alert)
        return;
    gw_json_pick(alert, "severity", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "critical");
    gw_json_pick(alert, "device", text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "pump-7");
    CU_ASSERT_PTR_NOT_NULL(strstr(alert, "is not what was installed"));
}

static void a_kill_neither_loses_nor_repeats(void)
{
    struct wanted logins = {"auth.login", "7"}, hash = {"integ.hash_mismatch", "1"}, boot = {"boot.start", "1"};
    CU_ASSERT_PTR_NULL(find("boot.start")); /* the first start is none to look at */
    (void)kill(gateway.proc.pid, SIGKILL);
    (void)gw_proc_wait(&gateway.proc, LIMIT_MS);
    gw_gateway_restart(&gateway);
    CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_TRUE(gw_await(has_count, &boot, LIMIT_MS));
    CU_ASSERT_TRUE(gw_await(has_count, &logins, LIMIT_MS));
    CU_ASSERT_TRUE(has_count(&hash));
}

static void people_work_through_them(void)
{
    char id[32], rev[24], log[160], seq[24];
    GW_FREE char *alert = find("integ.hash_mismatch"), *out = NULL, *stale = NULL, *shown = NULL, *done = NULL,
                 *audit = NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(alert);
    if (!alert)
        return;
    gw_json_pick(alert, "id", id, sizeof(id));
    gw_json_pick(alert, "rev", rev, sizeof(rev));
    gw_json_pick(alert, "log", log, sizeof(log));
    gw_json_pick(alert, "seq", seq, sizeof(seq));
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, WORDS("alerts", "ack", id, "--rev", rev, "--note", "Ann looks"), &out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "\"state\":\"acknowledged\""));
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, WORDS("alerts", "resolve", id, "--rev", rev), &stale), 1);
    CU_ASSERT_EQUAL(
        gw_gateway_cli(&gateway, WORDS("logs", "show", "--log", log, "--from", seq, "--limit", "1"), &shown), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(shown, "is not what was installed")); /* the evidence is where it says */
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, WORDS("alerts", "resolve", id), &done), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(done, "Ann looks"));
    GW_FREE char *gone = find("integ.hash_mismatch");
    CU_ASSERT_PTR_NULL(gone);
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, WORDS("alerts", "list", "--all"), &audit), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(audit, "\"state\":\"resolved\""));
}

static char token[96];

static void figures_are_for_who_has_the_token(void)
{
    GW_FREE char *first = NULL, *wrong = NULL, *log = NULL, *revoked = NULL, *closed = NULL;
    CU_ASSERT_EQUAL(kit_scrape(&gateway, "gwm_0", &wrong), 401);
    CU_ASSERT_TRUE_FATAL(kit_metrics_token(&gateway, token, sizeof(token)));
    CU_ASSERT_EQUAL(strlen(token), 68);
    CU_ASSERT_EQUAL_FATAL(kit_scrape(&gateway, token, &first), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(first, "\ngatehouse_alerts_open{severity=\"high\"} 1\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(first, "\ngatehouse_up{part=\"keyd\"} 1\n"));
    CU_ASSERT_PTR_NULL(strstr(first, "pump-7"));
    CU_ASSERT_TRUE(kit_metric_is(&gateway, token, "gatehouse_devices_online", 1)); /* back after the kill */
    CU_ASSERT_PTR_NULL(strstr(first, "\ngatehouse_disk_free_bytes 0\n"));
    CU_ASSERT_PTR_NULL(strstr(first, "\nprocess_resident_memory_bytes 0\n"));
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, WORDS("logs", "show", "--audit", "--text", "cfg.metrics_token"), &log), 0);
    CU_ASSERT_PTR_NULL(strstr(log, token + 4)); /* audited, without the token */
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, WORDS("metrics-token", "revoke"), &revoked), 0);
    CU_ASSERT_EQUAL(kit_scrape(&gateway, token, &closed), 401);
    gw_agent_done(&pump);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"what a device logs becomes alerts", what_a_device_logs_becomes_alerts},
    {"a kill of the gateway neither loses nor repeats", a_kill_neither_loses_nor_repeats},
    {"people work through them, from alert to evidence", people_work_through_them},
    {"figures are for who has the token", figures_are_for_who_has_the_token},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("e2e alerts", cases);
}
