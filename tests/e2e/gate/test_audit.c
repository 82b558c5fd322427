/* Every act on devices, doors, claim, keys, tokens, accounts and alerts is one event of the gateway's own log that says
 * who and on what; and nothing that is secret lies in the gateway's state as it was given. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enrol_client.h"
#include "gw_buf.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"
#include "gw_test.h"

#define LIMIT_MS   30000
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct gw_gateway gateway;
static struct enrol_client client;

/* ---- secrets ----------------------------------------------------------------------------------------------------- */

#define SECRETS_MAX 16

/* As it was given, and the bytes that it stands for. */
static struct secret {
    const char *what;
    uint8_t bytes[128];
    size_t len;
} secrets[SECRETS_MAX];
static size_t secret_count, found, files;

static void add_secret(const char *what, const void *bytes, size_t len)
{
    CU_ASSERT_FATAL(secret_count < SECRETS_MAX && len >= 10 && len <= sizeof(secrets[0].bytes));
    struct secret *s = &secrets[secret_count++];
    s->what = what;
    s->len = len;
    memcpy(s->bytes, bytes, len);
}

/* ---- acts -------------------------------------------------------------------------------------------------------- */

struct trace {
    const char *cls, *subj, *obj, *msg;
    size_t times; /* so often by now */
};

static bool says(const char *line, size_t len, const char *key, const char *value)
{
    char text[200];
    (void)snprintf(text, sizeof(text), "\"%s\":\"%s", key, value);
    return memmem(line, len, text, strlen(text)) != NULL;
}

/* Events are lines of JSON with --raw. */
static size_t count(const struct trace *t)
{
    GW_FREE char *log = NULL;
    const char *const argv[] = {GW_BIN_DIR "/gatehouse",
                                "--socket",
                                gateway.socket,
                                "logs",
                                "show",
                                "--audit",
                                "--raw",
                                "--limit",
                                "1000",
                                NULL};
    size_t n = 0;
    if (gw_proc_run(argv, &log)) {
        printf("#   logs show: %s\n", log);
        return 0;
    }
    for (const char *line = log; *line;) {
        size_t len = strcspn(line, "\n");
        n += says(line, len, "cls", t->cls) && says(line, len, "subj", t->subj) && says(line, len, "obj", t->obj) &&
             memmem(line, len, t->msg, strlen(t->msg)) != NULL;
        line += len + (line[len] == '\n');
    }
    return n;
}

static bool is_there(void *ctx)
{
    const struct trace *t = ctx;
    return count(t) >= t->times;
}

/* By now there is so often such an event, and no oftener. */
static void told(size_t times, const char *cls, const char *obj, const char *msg)
{
    struct trace t = {cls, "local:root", obj, msg, times};
    bool there = gw_await(is_there, &t, LIMIT_MS);
    if (!there || count(&t) != times)
        printf("#   %s on %s (%s): %zu times, wanted %zu\n", cls, obj, msg, count(&t), times);
    CU_ASSERT(there && count(&t) == times);
}

static void act(const char *const words[])
{
    GW_FREE char *out = NULL;
    int rc = gw_gateway_cli(&gateway, words, &out);
    if (rc)
        printf("#   %s %s: %s\n", words[0], words[1], out);
    CU_ASSERT_EQUAL(rc, 0);
}

/* 80 bits in base32, which people are shown in groups of four. */
static void take_claim_code(void)
{
    GW_FREE char *out = NULL;
    char shown[64], code[17] = "";
    uint8_t raw[10];
    size_t n = 0;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, WORDS("claim", "--stdout"), &out), 0);
    gw_json_pick(out, "code", shown, sizeof(shown));
    for (const char *at = shown; *at; at++)
        if (*at != '-' && n < sizeof(code) - 1)
            code[n++] = *at;
    CU_ASSERT_EQUAL_FATAL(gw_base32_parse(gw_view_str(code), raw, sizeof(raw)), GW_OK);
    add_secret("a claim code", shown, strlen(shown));
    add_secret("a claim code", code, strlen(code));
    add_secret("a claim code", raw, sizeof(raw));
}

static void the_claim_is_told(void)
{
    gw_gateway_start(&gateway, "[daemon]\nlog_level = \"debug\"\n");
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    take_claim_code();
    CU_ASSERT_FATAL(gw_gateway_claim(&gateway));
    told(2, "auth.claim_code", "gateway", "a claim code was made");
    struct trace claimed = {"auth.claim", "127.0.0.1", "admin", "the gateway was claimed", 1};
    CU_ASSERT(gw_await(is_there, &claimed, LIMIT_MS) && count(&claimed) == 1);
}

static void enrol(const char *id)
{
    char secret[64], credentials[128];
    CU_ASSERT_FATAL(enrol_invite(&gateway, id, secret, sizeof(secret)));
    enrol_client_key(&client, id, id);
    (void)snprintf(credentials, sizeof(credentials), "%s:%s", id, secret);
    CU_ASSERT_EQUAL_FATAL(enrol_client_post(&client, &gateway, id, credentials), 200);
}

static void acts_on_devices_are_told(void)
{
    enrol("pump-1");
    told(1, "device.invite", "pump-1", "an invitation was made");
    struct trace enrolled = {"device.enrol", "127.0.0.1", "pump-1", "", 1};
    CU_ASSERT(gw_await(is_there, &enrolled, LIMIT_MS) && count(&enrolled) == 1);
    enrol_client_key(&client, "pump-1-new", "pump-1");
    CU_ASSERT_EQUAL(enrol_client_renew(&client, &gateway, "pump-1-new", "pump-1"), 200);
    struct trace renewed = {"cert.renewed", "127.0.0.1", "pump-1", "", 1};
    CU_ASSERT(gw_await(is_there, &renewed, LIMIT_MS) && count(&renewed) == 1);
    act(WORDS("device", "quarantine", "pump-1"));
    told(1, "device.quarantine", "pump-1", "");
    act(WORDS("device", "release", "pump-1"));
    told(1, "device.release", "pump-1", "");
    act(WORDS("device", "revoke", "pump-1"));
    told(1, "device.revoke", "pump-1", "");
    act(WORDS("device", "retire", "pump-1"));
    told(1, "device.retire", "pump-1", "");
}

static void the_door_and_who_knocks_are_told(void)
{
    act(WORDS("door", "open", "5"));
    told(1, "cfg.change", "enrolment door", "");
    enrol_client_key(&client, "valve-1", "valve-1");
    enrol_client_key(&client, "valve-2", "valve-2");
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "valve-1", NULL), 202);
    struct trace knocked = {"device.knock", "127.0.0.1", "valve-1", "", 1};
    CU_ASSERT(gw_await(is_there, &knocked, LIMIT_MS));
    GW_FREE char *pending = NULL;
    char spki[80];
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, WORDS("pending"), &pending), 0);
    gw_json_pick(pending, "spki_sha256", spki, sizeof(spki));
    act(WORDS("device", "approve", "valve-1", spki));
    told(1, "device.approve", "valve-1", "");
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "valve-2", NULL), 202);
    act(WORDS("device", "reject", "valve-2"));
    told(1, "device.reject", "valve-2", "");
    act(WORDS("door", "close"));
    told(2, "cfg.change", "enrolment door", "");
}

static void keys_and_tokens_are_told(void)
{
    char key[200], pub[200], keyid[80];
    (void)snprintf(key, sizeof(key), "%s/vendor.key", gw_test_dir());
    (void)snprintf(pub, sizeof(pub), "%.*s.pub", (int)(strlen(key) - 4), key);
    act(WORDS("release", "keygen", "--out", key));
    GW_FREE char *added = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, WORDS("release", "key", "add", pub, "--name", "Acme"), &added), 0);
    gw_json_pick(added, "keyid", keyid, sizeof(keyid));
    CU_ASSERT_EQUAL_FATAL(strlen(keyid), 64);
    told(1, "cfg.vendor_key", "", keyid);
    act(WORDS("release", "key", "remove", keyid));
    told(2, "cfg.vendor_key", "", keyid);
    act(WORDS("token", "add", "nightly", "viewer", "--stdout"));
    told(1, "cfg.token", "token:nightly", "");
    act(WORDS("token", "revoke", "nightly"));
    told(2, "cfg.token", "token:nightly", "");
    act(WORDS("metrics-token", "--stdout"));
    told(1, "cfg.metrics_token", "", "");
    act(WORDS("metrics-token", "revoke"));
    told(2, "cfg.metrics_token", "", "");
}

/* The password goes by standard input; the shell feeds it. */
static void user(const char *verb, const char *name, const char *role, const char *password)
{
    static const char script[] = "if [ -n \"$1\" ]; then printf '%s\\n' \"$1\"; fi | { shift; exec \"$@\"; }";
    const char *const argv[] = {"sh",       "-c",           script, "sh", password, GW_BIN_DIR "/gatehouse",
                                "--socket", gateway.socket, "user", verb, name,     role,
                                NULL};
    GW_FREE char *out = NULL;
    int rc = gw_proc_run(argv, &out);
    if (rc)
        printf("#   user %s: %s\n", verb, out);
    CU_ASSERT_EQUAL(rc, 0);
}

static void acts_on_accounts_are_told(void)
{
    user("add", "vic", "viewer", "a long password of vic");
    told(1, "user.add", "user:vic", "");
    user("role", "vic", "operator", "");
    told(1, "user.role", "user:vic", "");
    user("disable", "vic", NULL, "");
    told(1, "user.disable", "user:vic", "");
    user("enable", "vic", NULL, "");
    told(1, "user.enable", "user:vic", "");
    user("password", "vic", NULL, "another one of vic");
    told(1, "user.password", "user:vic", "");
}

static bool has_alert(void *ctx)
{
    GW_FREE char *out = NULL;
    char *id = ctx;
    if (gw_gateway_cli(&gateway, WORDS("alerts", "list"), &out) == 0)
        gw_json_pick(out, "id", id, 32);
    return id[0] != '\0';
}

static void acts_on_alerts_are_told(void)
{
    char secret[64], id[32] = "";
    CU_ASSERT_FATAL(enrol_invite(&gateway, "pump-2", secret, sizeof(secret)));
    enrol_client_key(&client, "pump-2", "pump-2");
    for (int i = 0; i < 5; i++) /* voids it, which is an alert */
        CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "pump-2", "pump-2:aaaaaaaaaaaaaaaaaaaaaaaaaa"), 401);
    CU_ASSERT_FATAL(gw_await(has_alert, id, LIMIT_MS));
    act(WORDS("alerts", "note", id, "looked at"));
    told(1, "alert.note", id, "");
    act(WORDS("alerts", "snooze", id, "1h"));
    told(1, "alert.snooze", id, "");
    act(WORDS("alerts", "ack", id));
    told(1, "alert.acknowledge", id, "");
    act(WORDS("alerts", "resolve", id));
    told(1, "alert.resolve", id, "");
}

/* ---- where they must not be -------------------------------------------------------------------------------------- */

static void add_hex(const char *what, const char *text)
{
    uint8_t raw[32];
    add_secret(what, text, strlen(text));
    if (gw_hex_parse(gw_view_str(text), raw, sizeof(raw)) == GW_OK)
        add_secret(what, raw, sizeof(raw));
    else
        CU_FAIL("no 256 bits in hex");
}

static int look(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    GW_CLEANUP(gw_buf_done) struct gw_buf content;
    gw_buf_init(&content, (size_t)64 << 20);
    if (flag != FTW_F || gw_fs_read_file(path, &content, NULL))
        return 0;
    files++;
    for (size_t i = 0; i < secret_count; i++)
        if (memmem(content.ptr, content.len, secrets[i].bytes, secrets[i].len)) {
            printf("#   %s: %s\n", path, secrets[i].what);
            found++;
        }
    return 0;
}

/* The invitation's secret: 128 bits in base32. */
static void take_invitation(void)
{
    char secret[64];
    uint8_t raw[16];
    CU_ASSERT_FATAL(enrol_invite(&gateway, "pump-9", secret, sizeof(secret)));
    CU_ASSERT_EQUAL(gw_base32_parse(gw_view_str(secret), raw, sizeof(raw)), GW_OK);
    add_secret("the secret of an invitation", secret, strlen(secret));
    add_secret("the secret of an invitation", raw, sizeof(raw));
}

static void take_token(const char *const words[])
{
    char token[96];
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, words, &out), 0);
    gw_json_pick(out, "token", token, sizeof(token));
    CU_ASSERT_FATAL(strlen(token) == 68);
    add_hex("a token", token + 4);
}

static char cookie[65], csrf[96];

static void take_session(void)
{
    char url[96];
    (void)snprintf(url, sizeof(url), "https://localhost:%u/api/v1/session", gateway.port_operators);
    const char *const argv[] = {"curl", "-sik",
                                "-H",   "Content-Type: application/json",
                                "-H",   "X-GW-CSRF: 1",
                                "-d",   "{\"name\":\"admin\",\"password\":\"correct horse battery\"}",
                                url,    NULL};
    GW_FREE char *answer = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_proc_run(argv, &answer), 0);
    const char *set = strstr(answer, "set-cookie: __Host-gw=");
    CU_ASSERT_PTR_NOT_NULL_FATAL(set);
    (void)snprintf(cookie, sizeof(cookie), "%s", set + strlen("set-cookie: __Host-gw="));
    add_hex("a session's cookie", cookie);
    gw_json_pick(answer, "csrf", csrf, sizeof(csrf));
    add_secret("a session's own token", csrf, strlen(csrf));
    add_secret("a password", "correct horse battery", strlen("correct horse battery"));
}

/* POST session/password as the person who is signed in; curl's exit code with --fail. */
static int change_password(const char *old, const char *new)
{
    char url[96], with_cookie[128], with_csrf[128], body[200];
    (void)snprintf(url, sizeof(url), "https://localhost:%u/api/v1/session/password", gateway.port_operators);
    (void)snprintf(with_cookie, sizeof(with_cookie), "Cookie: __Host-gw=%s", cookie);
    (void)snprintf(with_csrf, sizeof(with_csrf), "X-GW-CSRF: %s", csrf);
    (void)snprintf(body, sizeof(body), "{\"old\":\"%s\",\"new\":\"%s\"}", old, new);
    const char *const argv[] = {"curl", "-skf",    "-H", "Content-Type: application/json",
                                "-H",   with_csrf, "-H", with_cookie,
                                "-d",   body,      url,  NULL};
    GW_FREE char *out = NULL;
    return gw_proc_run(argv, &out);
}

static void own_passwords_are_told(void)
{
    take_session();
    CU_ASSERT_EQUAL(change_password("wrong wrong wrong", "another long password"), 22);
    struct trace wrong = {"auth.password", "user:admin", "user:admin", "a wrong password was given", 1};
    CU_ASSERT(gw_await(is_there, &wrong, LIMIT_MS) && count(&wrong) == 1);
    CU_ASSERT_EQUAL(change_password("correct horse battery", "another long password"), 0);
    struct trace changed = {"auth.password", "user:admin", "user:admin", "", 2};
    CU_ASSERT(gw_await(is_there, &changed, LIMIT_MS) && count(&changed) == 2);
    add_secret("a password", "another long password", strlen("another long password"));
}

static void no_secret_lies_in_the_state(void)
{
    take_invitation();
    take_token(WORDS("token", "add", "secret-1", "operator", "--stdout"));
    take_token(WORDS("metrics-token", "--stdout"));
    CU_ASSERT_EQUAL(nftw(gateway.state, look, 16, FTW_PHYS), 0); /* while it runs: with its write-ahead logs */
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    CU_ASSERT_EQUAL(nftw(gateway.state, look, 16, FTW_PHYS), 0);
    CU_ASSERT(files > 10);
    CU_ASSERT_EQUAL(found, 0);
    for (size_t i = 0; i < secret_count; i++) /* nor was any said, at its most talkative */
        CU_ASSERT_PTR_NULL(memmem(gateway.proc.out, strlen(gateway.proc.out), secrets[i].bytes, secrets[i].len));
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"the claim is told", the_claim_is_told},
    {"acts on devices are told", acts_on_devices_are_told},
    {"the enrolment door and who knocks are told", the_door_and_who_knocks_are_told},
    {"keys and tokens are told", keys_and_tokens_are_told},
    {"acts on accounts are told", acts_on_accounts_are_told},
    {"acts on alerts are told", acts_on_alerts_are_told},
    {"a password that is changed is told, and one that is wrong", own_passwords_are_told},
    {"no secret lies in the state or was said", no_secret_lies_in_the_state},
};

int main(void)
{
    enrol_client_init(&client);
    return GW_GATEWAY_TEST_RUN("acts and secrets", cases);
}
