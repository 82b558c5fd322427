/* Logs for people: from a real agent through a real gateway to the CLI, exported, checked offline, and falsified. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_buf.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_gateway.h"
#include "gw_test.h"

#define LIMIT_MS  30000
#define LINES     700
#define AUTH_MS   60000
#define FILE_MAX  (4 * 1024 * 1024)
#define INVITES   24
#define WRONG_KEY "gw-0123456789abcdef+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n"

static struct gw_gateway gateway;
static struct gw_agent pump, server;
static char export_dir[256], pump_log[160];

/* ---- tools ------------------------------------------------------------------------------------------------------- */

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The CLI as people run it; both streams in *ret_out (free()). */
static int cli(const char *const words[], char **ret_out)
{
    const char *argv[24] = {GW_BIN_DIR "/gatehouse", "--socket", gateway.socket};
    size_t n = 3;
    for (size_t i = 0; words[i] && n + 1 < sizeof(argv) / sizeof(argv[0]); i++)
        argv[n++] = words[i];
    argv[n] = NULL;
    return gw_proc_run(argv, ret_out);
}

/* Runs it, wants that exit status and these words in what it says. */
static void expect(int want, const char *text, const char *const words[])
{
    GW_FREE char *out = NULL;
    int rc = cli(words, &out);
    bool fits = rc == want && strstr(out, text);
    if (!fits)
        printf("#   wanted %d and \"%s\", had %d and:\n%s\n", want, text, rc, out);
    CU_ASSERT(fits);
}

static size_t count_of(const char *haystack, const char *needle)
{
    size_t n = 0;
    for (const char *at = strstr(haystack, needle); at; at = strstr(at + 1, needle))
        n++;
    return n;
}

static void write_bytes(const char *path, struct gw_view bytes)
{
    GW_FCLOSE FILE *f = fopen(path, "we");
    CU_ASSERT_FATAL(f && fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len);
}

/* The agent's log is signed as far as it goes, and it holds at least so many events. */
struct wanted {
    const char *device;
    unsigned long events;
};
static bool all_signed(void *ctx)
{
    const struct wanted *w = ctx;
    GW_FREE char *json = NULL;
    char size[24], signed_size[24];
    if (gw_gateway_cli(&gateway, WORDS("logs", "list", "--device", w->device), &json))
        return false;
    gw_json_pick(json, "size", size, sizeof(size));
    gw_json_pick(json, "signed_size", signed_size, sizeof(signed_size));
    return strtoul(size, NULL, 10) >= w->events && strcmp(size, signed_size) == 0;
}

static void start_agent(struct gw_agent *a, const char *id, const char *input)
{
    char toml[320];
    (void)snprintf(toml, sizeof(toml), "[log]\ninput = \"%s\"\n", input);
    CU_ASSERT_FATAL(gw_agent_make(a, &gateway, id, toml));
    gw_agent_start(a);
}

/* What the device gave, out of what --raw printed: the agent's own events are JSON. */
static void only_lines(const char *raw, struct gw_buf *ret_lines)
{
    while (*raw) {
        size_t len = strcspn(raw, "\n");
        if (raw[0] != '{') {
            (void)gw_buf_add(ret_lines, raw, len);
            (void)gw_buf_add_u8(ret_lines, '\n');
        }
        raw += len + (raw[len] == '\n');
    }
}

static void same_as_shown(const char *device, struct gw_view want)
{
    GW_FREE char *raw = NULL;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    gw_buf_init(&lines, FILE_MAX);
    CU_ASSERT_EQUAL_FATAL(
        cli(WORDS("logs", "show", "--device", device, "--from", "0", "--limit", "10000", "--raw"), &raw), 0);
    only_lines(raw, &lines);
    bool same = gw_view_eq(gw_buf_view(&lines), want);
    if (!same)
        printf("#   %zu bytes came back of %zu\n", lines.len, want.len);
    CU_ASSERT(same);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static struct gw_buf input;

static void make_input(void)
{
    gw_buf_init(&input, FILE_MAX);
    for (int i = 0; i < LINES; i++)
        (void)gw_buf_printf(&input, "Mar 27 13:%02d:%02d pump-7 app[7]: cycle %d done\n", i / 60 % 60, i % 60, i);
    (void)gw_buf_add_str(&input, "Mar 27 14:00:00 pump-7 app[7]: \x1b[2J\x1b]0;owned\x07 end\n");
    (void)gw_buf_add_str(&input, "Mar 27 14:00:01 pump-7 app[7]: \xff\xfe no text\n");
    (void)gw_buf_add_str(&input,
                         "Mar 27 14:00:02 pump-7 sshd[9]: Failed password for root from 203.0.113.9 port 22 ssh2\n");
}

static void an_agents_log_arrives_and_is_signed(void)
{
    char path[256];
    gw_gateway_start(&gateway, "[daemon]\nquery_threads = 3\n");
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway) && gw_gateway_claim(&gateway));
    make_input();
    (void)snprintf(path, sizeof(path), "%s/input.log", gw_test_dir());
    write_bytes(path, gw_buf_view(&input));
    start_agent(&pump, "pump-7", path);
    CU_ASSERT_FATAL(gw_proc_await(&pump.proc, "acknowledged and verified up to", LIMIT_MS));
    struct wanted w = {"pump-7", LINES + 4}; /* and log.start */
    CU_ASSERT_FATAL(gw_await(all_signed, &w, LIMIT_MS));
}

static void lists_the_logs(void)
{
    GW_FREE char *json = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, WORDS("logs", "list", "--device", "pump-7"), &json), 0);
    gw_json_pick(json, "log", pump_log, sizeof(pump_log));
    CU_ASSERT_EQUAL(strncmp(pump_log, "dev/pump-7/", 11), 0);
    expect(0, pump_log, WORDS("logs", "list"));
    expect(0, "audit/", WORDS("logs", "list"));
    expect(0, "root/", WORDS("logs", "list"));
    expect(1, "no such device", WORDS("logs", "list", "--device", "pump-8"));
    GW_FREE char *refused = NULL;
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, WORDS("logs", "list", "--device", "pump-8"), &refused), 1);
    CU_ASSERT_PTR_NULL(strstr(refused, "\"logs\"")); /* the problem alone */
}

static void shows_every_byte_again(void)
{
    same_as_shown("pump-7", gw_buf_view(&input));
}

static void a_terminal_is_safe_from_a_device(void)
{
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(cli(WORDS("logs", "show", "--device", "pump-7", "--limit", "20"), &out), 0);
    CU_ASSERT_PTR_NULL(strchr(out, '\x1b'));
    CU_ASSERT_PTR_NULL(strchr(out, '\xff'));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "==> dev/pump-7/"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "auth.login fail"));
}

static void shows_what_is_asked_for(void)
{
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(cli(WORDS("logs", "show", "--device", "pump-7", "--text", "cycle 42 done", "--raw"), &out), 0);
    CU_ASSERT_EQUAL(count_of(out, "\n"), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "cycle 42 done"));
    GW_FREE char *severe = NULL;
    CU_ASSERT_EQUAL(cli(WORDS("logs", "show", "--device", "pump-7", "--min-sev", "medium", "--raw"), &severe), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(severe, "Failed password"));
    CU_ASSERT_PTR_NULL(strstr(severe, "cycle"));
    GW_FREE char *newest = NULL;
    CU_ASSERT_EQUAL(
        cli(WORDS("logs", "show", "--device", "pump-7", "--since", "1h", "--limit", "300", "--raw"), &newest), 0);
    CU_ASSERT_EQUAL(count_of(newest, "\n"), 300);
    CU_ASSERT_EQUAL(count_of(newest, "cycle 600 done"), 1);
    expect(0, "no such events", WORDS("logs", "show", "--device", "pump-7", "--text", "no such text"));
    expect(0, "cycle 2 done", WORDS("logs", "show", "--log", pump_log, "--from", "1", "--limit", "6"));
    expect(1, "no such log", WORDS("logs", "show", "--log", "audit/0123456789abcdef"));
    expect(2, "--min-sev is one of", WORDS("logs", "show", "--device", "pump-7", "--min-sev", "loud"));
    expect(2, "one of", WORDS("logs", "show"));
}

/* ---- exporting and verifying ------------------------------------------------------------------------------------- */

static void an_export_verifies(void)
{
    (void)snprintf(export_dir, sizeof(export_dir), "%s/export", gw_test_dir());
    expect(0, pump_log, WORDS("logs", "export", "--all", "--out", export_dir));
    expect(0, "in the root log say", WORDS("logs", "verify", export_dir));
    expect(0, "events verified", WORDS("logs", "verify", "--device", "pump-7"));
    char one[512];
    (void)snprintf(one, sizeof(one), "%s/%s", export_dir, pump_log);
    char key[300];
    (void)snprintf(key, sizeof(key), "%s/key", export_dir);
    expect(0, "events verified", WORDS("logs", "verify", one, "--key", key));
}

static void an_export_leaves_alone_what_is_there(void)
{
    expect(1, "is there already", WORDS("logs", "export", "--all", "--out", export_dir));
    char none[300];
    (void)snprintf(none, sizeof(none), "%s/none", gw_test_dir());
    expect(1, "nothing to export", WORDS("logs", "export", "--log", "audit/0123456789abcdef", "--out", none));
    CU_ASSERT_NOT_EQUAL(access(none, F_OK), 0);
    expect(2, "--out DIR", WORDS("logs", "export", "--all"));
}

static void another_key_is_refused(void)
{
    char key[300];
    (void)snprintf(key, sizeof(key), "%s/other-key", gw_test_dir());
    write_bytes(key, GW_VIEW_LIT("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n"));
    expect(1, "checkpoint: it is not signed by the key example.com/foo",
           WORDS("logs", "verify", export_dir, "--key", key));
    write_bytes(key, GW_VIEW_LIT(WRONG_KEY));
    expect(1, "is no verifier key", WORDS("logs", "verify", export_dir, "--key", key));
}

/* Changes one byte of a file of the exported log, verifies, wants these words, and changes it back. */
static void flip(const char *log, const char *file, long at, const char *want)
{
    char path[600];
    (void)snprintf(path, sizeof(path), "%s/%s/%s", export_dir, log, file);
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, FILE_MAX);
    struct gw_err err = {0};
    GW_ASSERT_OK(gw_fs_read_file(path, &bytes, &err), &err);
    size_t index = at < 0 ? bytes.len - (size_t)-at : (size_t)at;
    bytes.ptr[index] ^= 0x01;
    write_bytes(path, gw_buf_view(&bytes));
    GW_FREE char *out = NULL;
    int rc = cli(WORDS("logs", "verify", export_dir), &out);
    char both[200];
    (void)snprintf(both, sizeof(both), "%s: %s", log, file);
    if (rc != 1 || !strstr(out, both) || !strstr(out, want))
        printf("#   %s at %ld: wanted \"%s\" and \"%s\", had %d and:\n%s\n", file, at, both, want, rc, out);
    CU_ASSERT_EQUAL(rc, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, both));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, want));
    bytes.ptr[index] ^= 0x01;
    write_bytes(path, gw_buf_view(&bytes));
}

static void one_wrong_byte_is_found_and_named(void)
{
    flip(pump_log, "tile/entries/000", 40, "was altered");
    flip(pump_log, "tile/entries/001", 500, "was altered");
    flip(pump_log, "tile/entries/001", 0, "breaks at entry 256");
    flip(pump_log, "tile/0/000", 3 * 32 + 5, "hash 3 of its level was altered");
    flip(pump_log, "tile/0/001", 0, "hash 256 of its level was altered");
    flip(pump_log, "tile/1/000.p/2", 40, "hash 1 of its level was altered");
    flip(pump_log, "checkpoint", 70, "checkpoint: ");
    flip(pump_log, "checkpoint", -10, "signature "); /* is wrong, or no base64 any more */
    expect(0, "events verified", WORDS("logs", "verify", export_dir));
}

static void a_missing_file_is_named(void)
{
    char path[600], away[620];
    (void)snprintf(path, sizeof(path), "%s/%s/tile/0/001", export_dir, pump_log);
    (void)snprintf(away, sizeof(away), "%s.away", path);
    CU_ASSERT_EQUAL(rename(path, away), 0);
    expect(1, "tile/0/001 is missing", WORDS("logs", "verify", export_dir));
    CU_ASSERT_EQUAL(rename(away, path), 0);
}

/* ---- the gateway's own log --------------------------------------------------------------------------------------- */

static bool daemon_answers(void *ctx)
{
    (void)ctx;
    GW_FREE char *out = NULL;
    return cli(WORDS("status"), &out) == 0;
}

static bool invite(const char *id)
{
    GW_FREE char *out = NULL;
    return gw_gateway_cli(&gateway, WORDS("device", "invite", id), &out) == 0;
}

static bool audited(void *ctx)
{
    GW_FREE char *out = NULL;
    return cli(WORDS("logs", "show", "--audit", "--limit", "1000", "--raw"), &out) == 0 && strstr(out, ctx);
}

static void every_act_is_audited_once_across_kills(void)
{
    char id[32], last[64];
    for (int i = 0; i < INVITES; i++) {
        (void)snprintf(id, sizeof(id), "inv-%03d", i);
        CU_ASSERT_FATAL(invite(id));
        if (i % 8 != 3)
            continue;
        (void)kill(gw_gateway_child(&gateway, "gatehoused"), SIGKILL); /* its audit event may be anywhere now */
        CU_ASSERT_FATAL(gw_await(daemon_answers, NULL, LIMIT_MS));
    }
    (void)snprintf(last, sizeof(last), "\"obj\":\"%s\"", id);
    CU_ASSERT_FATAL(gw_await(audited, last, LIMIT_MS));
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL_FATAL(cli(WORDS("logs", "show", "--audit", "--limit", "1000", "--raw"), &out), 0);
    for (int i = 0; i < INVITES; i++) {
        (void)snprintf(last, sizeof(last), "\"obj\":\"inv-%03d\"", i);
        if (count_of(out, last) != 1)
            printf("#   %s: %zu times\n", last, count_of(out, last));
        CU_ASSERT_EQUAL(count_of(out, last), 1);
    }
    expect(0, "device.invite ok  by local:", WORDS("logs", "show", "--audit"));
}

static void tail_shows_what_comes(void)
{
    struct gw_proc tail = {.pid = 0};
    const char *const argv[] = {GW_BIN_DIR "/gatehouse", "--socket", gateway.socket, "logs", "tail", NULL};
    gw_proc_start(&tail, argv, NULL);
    CU_ASSERT_FATAL(gw_proc_await(&tail, "from here on", LIMIT_MS));
    CU_ASSERT(invite("tail-1"));
    CU_ASSERT(gw_proc_await(&tail, "on tail-1", LIMIT_MS));
    gw_proc_signal(&tail, SIGINT);
    CU_ASSERT_EQUAL(gw_proc_wait(&tail, LIMIT_MS), 0);
    CU_ASSERT_PTR_NULL(strstr(tail.out, "inv-000"));
    gw_proc_done(&tail);
}

/* ---- a real log -------------------------------------------------------------------------------------------------- */

static void a_real_log_comes_back_whole_and_proven(void)
{
    const char *data = gw_test_shared_data();
    if (!data) {
        gw_test_skip("the shared data is not there");
        return;
    }
    char path[512];
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, FILE_MAX);
    struct gw_err err = {0};
    (void)snprintf(path, sizeof(path), "%s/logs/auth.log", data);
    GW_ASSERT_OK(gw_fs_read_file(path, &text, &err), &err);
    start_agent(&server, "server-1", path);
    struct wanted w = {"server-1", 7122};
    CU_ASSERT_FATAL(gw_await(all_signed, &w, AUTH_MS));
    CU_ASSERT(gw_proc_await(&server.proc, "acknowledged and verified up to 7122", LIMIT_MS));
    same_as_shown("server-1", gw_buf_view(&text));
    expect(0, "7122 events verified", WORDS("logs", "verify", "--device", "server-1"));
    (void)snprintf(path, sizeof(path), "%s/server", gw_test_dir());
    expect(0, "7122 events", WORDS("logs", "export", "--device", "server-1", "--out", path));
    expect(0, "7122 events verified", WORDS("logs", "verify", path));
    gw_agent_done(&server);
}

static void an_export_verifies_with_the_gateway_switched_off(void)
{
    gw_agent_done(&pump);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    expect(0, "events verified", WORDS("logs", "verify", export_dir));
    expect(3, "gatehoused running", WORDS("logs", "list"));
    gw_gateway_done(&gateway);
    gw_buf_done(&input);
}

static const struct gw_test_case cases[] = {
    {"an agent's log arrives, is acknowledged, verified and signed", an_agents_log_arrives_and_is_signed},
    {"lists the logs", lists_the_logs},
    {"shows every byte again", shows_every_byte_again},
    {"a terminal is safe from what a device writes", a_terminal_is_safe_from_a_device},
    {"shows what is asked for", shows_what_is_asked_for},
    {"an export verifies, whole and by the log", an_export_verifies},
    {"an export leaves alone what is there", an_export_leaves_alone_what_is_there},
    {"another key is refused", another_key_is_refused},
    {"one wrong byte is found and named", one_wrong_byte_is_found_and_named},
    {"a missing file is named", a_missing_file_is_named},
    {"every act is audited once, also across kills", every_act_is_audited_once_across_kills},
    {"tail shows what comes and ends with Ctrl-C", tail_shows_what_comes},
    {"a real log comes back whole and proven", a_real_log_comes_back_whole_and_proven},
    {"an export verifies with the gateway switched off", an_export_verifies_with_the_gateway_switched_off},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("logs for people end to end", cases);
}
