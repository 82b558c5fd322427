/* Pages that watch a real gateway. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "gw_time.h"
#include "gw_wss.h"
#include "people_kit.h"

#define WAIT_MS 20000

static struct gw_gateway gateway;

static int open_as(struct gw_wss *w, const struct person *p, const char *origin)
{
    char ca[192], ours[64];
    (void)snprintf(ca, sizeof(ca), "%s/web/ca.crt", gateway.state);
    (void)snprintf(ours, sizeof(ours), "https://localhost:%u", gateway.port_operators);
    const struct gw_wss_ask ask = {.port = gateway.port_operators,
                                   .ca_path = ca,
                                   .path = "/api/v1/live",
                                   .protocol = "gw.v1",
                                   .origin = origin ? origin : ours,
                                   .cookie = p && p->cookie[0] ? p->cookie : NULL};
    return gw_wss_open(w, &ask);
}

/* Reads until a message holds all of the texts (NULL: not wanted), and keeps that message; acknowledges on the way. */
static bool hears(struct gw_wss *w, const char *a, const char *b, char **ret_text)
{
    int64_t end_ms = gw_mono_now().ms + WAIT_MS;
    struct gw_buf text;
    gw_buf_init(&text, 65536 + 1);
    bool found = false;
    while (!found && !w->close_code && gw_mono_now().ms < end_ms) {
        char n[32], ack[64];
        gw_buf_reset(&text);
        if (!gw_wss_read(w, &text, WAIT_MS))
            break;
        gw_json_pick(gw_buf_str(&text), "n", n, sizeof(n));
        (void)snprintf(ack, sizeof(ack), "{\"t\":\"ack\",\"n\":%s}", n);
        if (n[0])
            (void)gw_wss_say(w, ack);
        found = strstr(gw_buf_str(&text), a) && (!b || strstr(gw_buf_str(&text), b));
    }
    if (!found)
        printf("#   did not hear %s %s (close code %d)\n", a, b ? b : "", w->close_code);
    if (ret_text)
        *ret_text = gw_xstrdup(found ? gw_buf_str(&text) : "");
    gw_buf_done(&text);
    return found;
}

static void page_done(struct gw_wss *w)
{
    gw_wss_close(w);
}

static void gateway_done(struct gw_gateway **g)
{
    gw_gateway_done(*g);
}

#define WITH_GATEWAY                                                                                                   \
    GW_CLEANUP(gateway_done) struct gw_gateway *opened_ = &gateway;                                                    \
    CU_ASSERT_TRUE_FATAL(kit_open(opened_))

static bool say_hello(struct gw_wss *w)
{
    return gw_wss_say(w, "{\"t\":\"hello\",\"v\":1}") && hears(w, "\"t\":\"hello\"", "\"epoch\":\"", NULL);
}

static bool watch(struct gw_wss *w, const char *topic, char **ret_snap)
{
    char text[96];
    (void)snprintf(text, sizeof(text), "{\"t\":\"sub\",\"id\":4,\"topic\":\"%s\"}", topic);
    return gw_wss_say(w, text) && hears(w, "\"t\":\"snap\"", "\"more\":false", ret_snap);
}

static void who_may_connect(void)
{
    WITH_GATEWAY;
    struct person vic, nobody = {.cookie = ""};
    char wrong_port[64];
    GW_CLEANUP(page_done) struct gw_wss w = {.close_code = 0};
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &vic, "vic", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL(open_as(&w, &nobody, NULL), 401);
    gw_wss_close(&w);
    CU_ASSERT_EQUAL(open_as(&w, &vic, "https://evil.example"), 403);
    gw_wss_close(&w);
    (void)snprintf(wrong_port, sizeof(wrong_port), "https://localhost:%u", gateway.port_devices);
    CU_ASSERT_EQUAL(open_as(&w, &vic, wrong_port), 403);
    gw_wss_close(&w);
    CU_ASSERT_EQUAL(open_as(&w, &vic, ""), 403);
    gw_wss_close(&w);
    CU_ASSERT_EQUAL_FATAL(open_as(&w, &vic, NULL), 101);
    CU_ASSERT_TRUE(gw_wss_say(&w, "{\"t\":\"hello\",\"v\":1}"));
    CU_ASSERT_TRUE(hears(&w, "\"t\":\"hello\"", "\"role\":\"viewer\"", NULL));
    static const char *const topics[] = {"overview", "devices", "pending", "releases", "rollouts", "alerts"};
    for (int i = 0; i < 6; i++) {
        char text[96], id[16];
        (void)snprintf(text, sizeof(text), "{\"t\":\"sub\",\"id\":%d,\"topic\":\"%s\"}", i + 1, topics[i]);
        (void)snprintf(id, sizeof(id), "\"id\":%d", i + 1);
        CU_ASSERT_TRUE(gw_wss_say(&w, text));
        CU_ASSERT_TRUE(hears(&w, "\"t\":\"snap\"", id, NULL));
    }
}

/* What REST says of an object, and what a page was told, byte for byte. */
static bool is_the_object(const struct person *p, const char *path, const char *message)
{
    GW_FREE char *answer = NULL;
    if (kit_http(&gateway, p, &(struct http_ask){.method = "GET", .path = path}, &answer) != 200)
        return false;
    char *body = strstr(answer, "\r\n\r\n") + 4;
    body[strcspn(body, "\n")] = '\0';
    if (strstr(message, body))
        return true;
    printf("#   %s\n#   is not in %s\n", body, message);
    return false;
}

static void device_enrols(void)
{
    WITH_GATEWAY;
    struct person vic;
    GW_CLEANUP(page_done) struct gw_wss w = {.close_code = 0};
    GW_CLEANUP(gw_agent_done) struct gw_agent agent = {.dir = ""};
    GW_FREE char *snap = NULL, *online = NULL, *gone = NULL;
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &vic, "vic", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(open_as(&w, &vic, NULL), 101);
    CU_ASSERT_TRUE_FATAL(say_hello(&w) && watch(&w, "devices", &snap));
    CU_ASSERT_PTR_NOT_NULL(strstr(snap, "\"total\":0,\"rows\":[]"));
    CU_ASSERT_TRUE_FATAL(gw_agent_make(&agent, &gateway, "pump-7", NULL));
    CU_ASSERT_TRUE(hears(&w, "[\"pump-7\",{", "\"state\":\"invited\"", NULL));
    gw_agent_start(&agent);
    CU_ASSERT_TRUE(hears(&w, "\"online\":true", "\"inventory\":{", &online)); /* its first word behind its connect */
    CU_ASSERT_PTR_NOT_NULL(strstr(online, "\"state\":\"active\""));
    CU_ASSERT_TRUE(is_the_object(&vic, "/api/v1/devices/pump-7", online));
    gw_agent_done(&agent);
    agent = (struct gw_agent){.dir = ""};
    CU_ASSERT_TRUE(hears(&w, "[\"pump-7\",{", "\"online\":false", NULL));
    const char *const quarantine[] = {"device", "quarantine", "pump-7", NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, quarantine, &out), 0);
    CU_ASSERT_TRUE(hears(&w, "[\"pump-7\",{", "\"state\":\"quarantined\"", &gone));
    CU_ASSERT_TRUE(is_the_object(&vic, "/api/v1/devices/pump-7", gone));
}

static void sign_out_closes(void)
{
    WITH_GATEWAY;
    struct person vic, other;
    struct gw_buf text;
    GW_CLEANUP(page_done) struct gw_wss w = {.close_code = 0};
    GW_CLEANUP(page_done) struct gw_wss stays = {.close_code = 0};
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &vic, "vic", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &other, "olga", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(open_as(&w, &vic, NULL), 101);
    CU_ASSERT_EQUAL_FATAL(open_as(&stays, &other, NULL), 101);
    CU_ASSERT_TRUE_FATAL(say_hello(&w) && say_hello(&stays));
    CU_ASSERT_EQUAL(kit_http(&gateway, &vic, &(struct http_ask){.method = "DELETE", .path = "/api/v1/session"}, NULL),
                    200);
    gw_buf_init(&text, 65536);
    int64_t begin_ms = gw_mono_now().ms;
    while (gw_wss_read(&w, &text, WAIT_MS))
        gw_buf_reset(&text);
    printf("#   closed %lld ms after the answer\n", (long long)(gw_mono_now().ms - begin_ms));
    CU_ASSERT_EQUAL(w.close_code, 4401);
    CU_ASSERT_EQUAL(kit_user(&gateway, "role", "olga", "viewer", NULL), 0); /* another role ends the session, too */
    while (gw_wss_read(&stays, &text, WAIT_MS))
        gw_buf_reset(&text);
    CU_ASSERT_EQUAL(stays.close_code, 4401);
    /* and another password all sessions but the one that changed it */
    static const char change[] = "{\"old\":\"" KIT_PASSWORD "\",\"new\":\"another long password\"}";
    GW_CLEANUP(page_done) struct gw_wss watches = {.close_code = 0};
    struct person elsewhere;
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &vic, "vic", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &elsewhere, "vic", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(open_as(&watches, &elsewhere, NULL), 101);
    CU_ASSERT_TRUE_FATAL(say_hello(&watches));
    struct http_ask password = {.method = "POST", .path = "/api/v1/session/password", .body = change};
    CU_ASSERT_EQUAL(kit_http(&gateway, &vic, &password, NULL), 200);
    while (gw_wss_read(&watches, &text, WAIT_MS))
        gw_buf_reset(&text);
    CU_ASSERT_EQUAL(watches.close_code, 4401);
    gw_buf_done(&text);
    gw_wss_close(&w);
    CU_ASSERT_EQUAL(open_as(&w, &elsewhere, NULL), 401);
}

static bool is_signed_out(void *ctx)
{
    GW_CLEANUP(page_done) struct gw_wss w = {.close_code = 0};
    return open_as(&w, ctx, NULL) == 401;
}

static void killed_and_back(void)
{
    WITH_GATEWAY;
    struct person vic;
    GW_CLEANUP(page_done) struct gw_wss w = {.close_code = 0};
    GW_FREE char *snap = NULL, *again = NULL;
    char epoch[32], old[32], seq[32], text[256];
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &vic, "vic", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(open_as(&w, &vic, NULL), 101);
    CU_ASSERT_TRUE_FATAL(say_hello(&w) && watch(&w, "overview", &snap));
    gw_json_pick(snap, "epoch", old, sizeof(old));
    gw_json_pick(snap, "seq", seq, sizeof(seq));
    CU_ASSERT_EQUAL(strlen(old), 16);
    pid_t daemon = gw_gateway_child(&gateway, "gatehoused");
    CU_ASSERT_EQUAL_FATAL(kill(daemon, SIGKILL), 0);
    CU_ASSERT_FALSE(hears(&w, "never", NULL, NULL));
    CU_ASSERT_EQUAL(w.close_code, 1006);
    gw_wss_close(&w);
    CU_ASSERT_TRUE_FATAL(gw_await(is_signed_out, &vic, WAIT_MS)); /* the next daemon: sessions live in memory */
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &vic, "vic", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(open_as(&w, &vic, NULL), 101);
    CU_ASSERT_TRUE_FATAL(say_hello(&w));
    (void)snprintf(text, sizeof(text),
                   "{\"t\":\"sub\",\"id\":4,\"topic\":\"overview\",\"resume\":{\"epoch\":\"%s\",\"seq\":%s}}", old,
                   seq);
    CU_ASSERT_TRUE(gw_wss_say(&w, text));
    CU_ASSERT_TRUE(hears(&w, "\"t\":\"resync\"", "\"why\":\"epoch\"", NULL));
    CU_ASSERT_TRUE(hears(&w, "\"t\":\"snap\"", "\"id\":4", &again));
    gw_json_pick(again, "epoch", epoch, sizeof(epoch));
    CU_ASSERT_STRING_NOT_EQUAL(epoch, old);
}

static void a_stop_is_told(void)
{
    WITH_GATEWAY;
    struct person vic;
    GW_CLEANUP(page_done) struct gw_wss w = {.close_code = 0};
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &vic, "vic", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(open_as(&w, &vic, NULL), 101);
    CU_ASSERT_TRUE_FATAL(say_hello(&w) && watch(&w, "overview", NULL));
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    CU_ASSERT_FALSE(hears(&w, "never", NULL, NULL));
    CU_ASSERT_EQUAL(w.close_code, 1001);
}

static void logs_come(void)
{
    WITH_GATEWAY;
    struct person vic;
    GW_CLEANUP(page_done) struct gw_wss w = {.close_code = 0};
    GW_CLEANUP(gw_agent_done) struct gw_agent agent = {.dir = ""};
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &vic, "vic", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(open_as(&w, &vic, NULL), 101);
    CU_ASSERT_TRUE_FATAL(say_hello(&w));
    CU_ASSERT_TRUE(gw_wss_say(&w, "{\"t\":\"sub\",\"id\":7,\"topic\":\"log\",\"q\":\"audit:yes pump-9\"}"));
    CU_ASSERT_TRUE(gw_wss_say(&w, "{\"t\":\"sub\",\"id\":8,\"topic\":\"log\",\"q\":\"device:pump-9\"}"));
    CU_ASSERT_TRUE(hears(&w, "\"t\":\"ok\"", "\"id\":8", NULL));
    char input[192], toml[256];
    (void)snprintf(input, sizeof(input), "%s/input", gw_test_dir());
    (void)snprintf(toml, sizeof(toml), "[log]\ninput = \"%s\"\n", input);
    CU_ASSERT_EQUAL_FATAL(mkfifo(input, 0600), 0);
    GW_CLOSE int fifo = open(input, O_RDWR | O_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(gw_agent_make(&agent, &gateway, "pump-9", toml));
    CU_ASSERT_TRUE(hears(&w, "\"id\":7,\"events\":[{\"log\":\"audit/", "an invitation was made", NULL));
    gw_agent_start(&agent);
    CU_ASSERT_EQUAL(write(fifo, "a line of the pump\n", 19), 19);
    CU_ASSERT_TRUE(hears(&w, "\"id\":8,\"events\":[{\"log\":\"dev/pump-9/", "a line of the pump", NULL));
}

int main(void)
{
    static const struct gw_test_case cases[] = {
        {"lets a viewer watch, and nobody without a session or from another origin", who_may_connect},
        {"shows a device that enrols, connects, is quarantined and goes, as REST does", device_enrols},
        {"closes when its session ends, and leaves others alone until theirs does", sign_out_closes},
        {"is another epoch after a kill, and says so to who resumes", killed_and_back},
        {"hears what comes into the logs it asked for", logs_come},
        {"is told when the gateway stops", a_stop_is_told},
    };
    return GW_GATEWAY_TEST_RUN("live", cases);
}
