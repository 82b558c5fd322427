#include "cli_ask_test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_server.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"

#define RUN GW_CLEANUP(cli_run_done) struct cli_run

#define DEVICE(id, name)                                                                                               \
    "{\"id\":\"" id "\",\"name\":\"" name                                                                              \
    "\",\"state\":\"active\",\"online\":true,\"seen\":\"2026-11-23T01:02:03.004Z\",\"source\":\"192.0.2.7\","          \
    "\"certificate\":{\"sha256\":\"abcd\",\"not_after\":\"2027-11-23T01:02:03.004Z\"},\"created\":\"c\","              \
    "\"changed\":\"h\",\"rev\":\"4\"}"

/* Runs one command against these answers; s->requests tell what was asked. */
static void run_with(struct cli_server *s, struct cli_run *run, bool tty, const char *const answers[],
                     const char *const words[])
{
    cli_server_start(s, answers);
    cli_run(run, s->path, tty, words);
    cli_server_stop(s);
}

static bool has(struct gw_buf *b, const char *text)
{
    return strstr(gw_buf_str(b), text) != NULL;
}

void prints_status_for_people(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false,
             CLI_WORDS("200 {\"gateway\":\"gw-00\",\"version\":\"0.1.0\",\"started\":\"2026-11-23T01:02:03.004Z\","
                       "\"claimed\":true,\"keys_separated\":false,\"broker_up\":true,\"keyd_up\":false,\"registry\":{"
                       "\"confirmed\":false,\"generation\":\"7\"},\"door_open_until\":null,\"devices\":{\"invited\":0,"
                       "\"active\":12},\"live_connections\":4,\"online\":9,\"server_key_sha256\":\"ab\"}"),
             CLI_WORDS("status"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_TRUE(has(&run.out, "broker                     up\n"));
    CU_ASSERT_TRUE(has(&run.out, "key daemon                 DOWN\n"));
    CU_ASSERT_TRUE(has(&run.out, "NOT SEPARATED"));
    CU_ASSERT_TRUE(has(&run.out, "registry                   generation 7, NOT CONFIRMED"));
    CU_ASSERT_TRUE(has(&run.out, "enrolment door open until  -\n"));
    CU_ASSERT_TRUE(has(&run.out, "live connections           4\n"));
    CU_ASSERT_TRUE(has(&run.out, "  active                   12\n"));
    CU_ASSERT_FALSE(has(&run.out, "invited"));
    RUN fresh;
    run_with(&s, &fresh, false,
             CLI_WORDS(
                 "200 {\"claimed\":false,\"broker_up\":false,\"registry\":{\"confirmed\":false,\"generation\":\"7\"}}"),
             CLI_WORDS("status"));
    CU_ASSERT_EQUAL(fresh.rc, CLI_OK);
    CU_ASSERT_TRUE(has(&fresh.out, "starts once the gateway is claimed\n"));
    CU_ASSERT_FALSE(has(&fresh.out, "NOT CONFIRMED"));
    RUN hung;
    run_with(&s, &hung, false, CLI_WORDS("200 {\"storage\":{\"unsigned\":true,\"checkpoints_denied\":\"0\"}}"),
             CLI_WORDS("status"));
    CU_ASSERT_TRUE(has(&hung.out, "storage                    NOT SIGNED: gatehouse-keyd does not answer"));
    RUN altered;
    run_with(&s, &altered, false, CLI_WORDS("200 {\"storage\":{\"unsigned\":true,\"checkpoints_denied\":\"1\"}}"),
             CLI_WORDS("status"));
    CU_ASSERT_TRUE(has(&altered.out, "storage                    A LOG DIFFERS"));
}

void prints_the_answer_as_it_came_with_json(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false, CLI_WORDS("200 {\"pending\": []}\n"), CLI_WORDS("pending", "--json"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), "{\"pending\": []}\n");
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.err), "");
}

#define NO_LOGS "200 {\"logs\":[],\"next\":null}"

void a_device_that_is_not_there_is_not_one_without_logs(void)
{
    static const char *const asks[][4] = {{"logs", "list", "--device", "pump-7"},
                                          {"logs", "show", "--device", "pump-7"},
                                          {"logs", "tail", "--device", "pump-7"}};
    struct cli_server s;
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        RUN run;
        run_with(&s, &run, false, CLI_WORDS(NO_LOGS, "404 {\"title\":\"Not Found\",\"detail\":\"no such device\"}"),
                 CLI_WORDS(asks[i][0], asks[i][1], asks[i][2], asks[i][3]));
        CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
        CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.err),
                               "gatehouse: refused: no such device (404); see `gatehouse device list`\n");
        CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[1], "GET /api/v1/devices/pump-7 HTTP/1.1\r\n"));
    }
    RUN run;
    run_with(&s, &run, false, CLI_WORDS(NO_LOGS, "200 " DEVICE("pump-7", "")),
             CLI_WORDS("logs", "list", "--device", "pump-7"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.err), "gatehouse: pump-7 has sent no log yet\n");
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), "");
}

void names_the_list_in_which_to_look(void)
{
    static const char keyid[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static const char *const none[] = {"404 {\"detail\":\"none\"}", NULL};
    struct cli_server s;
    RUN key, release;
    run_with(&s, &key, false, none, CLI_WORDS("release", "key", "remove", keyid));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&key.err), "gatehouse: refused: none (404); see `gatehouse release key list`\n");
    run_with(&s, &release, false, none, CLI_WORDS("release", "show", "0000000000000001"));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&release.err), "gatehouse: refused: none (404); see `gatehouse release list`\n");
}

void walks_all_pages_of_devices(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false,
             CLI_WORDS("200 {\"devices\":[" DEVICE("pump-1", "One") "],\"next\":\"pump-1\"}",
                       "200 {\"devices\":[" DEVICE("pump-2", "") "],\"next\":null}"),
             CLI_WORDS("device", "list"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), "ID      STATE   ONLINE  SEEN                      FROM       NAME\n"
                                                 "pump-1  active  yes     2026-11-23T01:02:03.004Z  192.0.2.7  One\n"
                                                 "pump-2  active  yes     2026-11-23T01:02:03.004Z  192.0.2.7  -\n");
    CU_ASSERT_EQUAL(s.count, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "GET /api/v1/devices?limit=500 HTTP/1.1\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[1], "GET /api/v1/devices?limit=500&cursor=pump-1 HTTP/1.1\r\n"));
}

void a_list_that_goes_in_circles_ends(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false,
             CLI_WORDS("200 {\"devices\":[],\"next\":\"pump-1\"}", "200 {\"devices\":[],\"next\":\"pump-1\"}"),
             CLI_WORDS("device", "list"));
    CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
    CU_ASSERT_TRUE(has(&run.err, "does not go forward"));
}

void escapes_what_a_device_says_about_itself(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, true, CLI_WORDS("200 " DEVICE("pump-1", "\\u001b[2J\\u009b1m\\u202etxt\\n\\\\ \xc3\xa4")),
             CLI_WORDS("device", "show", "pump-1"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_TRUE(has(&run.out, "name                 \\u{1b}[2J\\u{9b}1m\\u{202e}txt\\u{a}\\\\ \xc3\xa4\n"));
    CU_ASSERT_TRUE(has(&run.out, "certificate SHA-256  abcd\n"));
    CU_ASSERT_FALSE(has(&run.out, "\x1b"));
}

void device_acts_name_device_and_revision(void)
{
    static const char *const acts[] = {"reject", "quarantine", "release", "revoke", "retire"};
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        struct cli_server s;
        RUN run;
        char line[96];
        run_with(&s, &run, false, CLI_WORDS("200 " DEVICE("pump-1", "")),
                 CLI_WORDS("device", acts[i], "pump-1", "--rev", "12"));
        CU_ASSERT_EQUAL(run.rc, CLI_OK);
        CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), "pump-1  active\n");
        (void)snprintf(line, sizeof(line), "POST /api/v1/devices/pump-1/%s HTTP/1.1\r\n", acts[i]);
        CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], line));
        CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "If-Match: \"12\"\r\n"));
        CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "Content-Length: 0\r\n"));
        CU_ASSERT_PTR_NULL(strcasestr(s.requests[0], "content-type"));
    }
    struct cli_server s;
    RUN run;
#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    run_with(&s, &run, false, CLI_WORDS("200 " DEVICE("pump-1", "")), CLI_WORDS("device", "approve", "pump-1", KEY));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/devices/pump-1/approve "));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "Content-Type: application/json\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "\r\n\r\n{\"spki_sha256\":\"" KEY "\"}"));
    CU_ASSERT_PTR_NULL(strcasestr(s.requests[0], "if-match"));
}

void a_refusal_is_told_with_its_reason(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false, CLI_WORDS("409 {\"title\":\"Conflict\",\"detail\":\"pump-1 is \\u001bretired\"}"),
             CLI_WORDS("device", "revoke", "pump-1"));
    CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.err), "gatehouse: refused: pump-1 is \\u{1b}retired (409)\n");
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), "");
    RUN json;
    run_with(&s, &json, false, CLI_WORDS("403 {\"title\":\"Forbidden\"}"), CLI_WORDS("status", "--json"));
    CU_ASSERT_EQUAL(json.rc, CLI_REFUSED);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&json.err), "gatehouse: refused: Forbidden (403)\n");
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&json.out), "{\"title\":\"Forbidden\"}\n");
    RUN none;
    run_with(&s, &none, false, CLI_WORDS("404 {\"detail\":\"no such device\"}"), CLI_WORDS("device", "show", "pump-1"));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&none.err),
                           "gatehouse: refused: no such device (404); see `gatehouse device list`\n");
    RUN bare;
    run_with(&s, &bare, false, CLI_WORDS("500 "), CLI_WORDS("status"));
    CU_ASSERT_EQUAL(bare.rc, CLI_REFUSED);
    CU_ASSERT_TRUE(has(&bare.err, "status 500 and no reason"));
}

void an_answer_that_is_not_ours_is_refused(void)
{
    static const char *const answers[] = {"200 <html>", "200 [1]", "200 ", "200 {\"devices\":7}", "200 {}"};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct cli_server s;
        RUN run;
        run_with(&s, &run, false, CLI_WORDS(answers[i]), CLI_WORDS("device", "list"));
        CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
        CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), "");
        CU_ASSERT_TRUE(run.err.len > 0);
    }
}

void an_invitation_goes_to_a_private_file(void)
{
    struct cli_server s;
    RUN run;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/invitation", gw_test_dir());
    run_with(&s, &run, true, CLI_WORDS("200 {\"invitation\":\"gw1.secret\",\"expires\":\"soon\"}"),
             CLI_WORDS("device", "invite", "pump-1", "--out", path, "--name=Pump \"1\""));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), "");
    CU_ASSERT_FALSE(has(&run.err, "secret"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "\r\n\r\n{\"name\":\"Pump \\\"1\\\"\"}"));
    struct stat st;
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 100);
    CU_ASSERT_EQUAL(gw_fs_read_file(path, &text, NULL), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&text), "gw1.secret\n");
    RUN json;
    (void)snprintf(path, sizeof(path), "%s/again", gw_test_dir());
    run_with(&s, &json, false, CLI_WORDS("200 {\"invitation\":\"gw1.secret\",\"expires\":\"soon\"}"),
             CLI_WORDS("device", "invite", "pump-1", "--json", "--out", path));
    CU_ASSERT_EQUAL(json.rc, CLI_OK);
    CU_ASSERT_TRUE(has(&json.out, "\"expires\":\"soon\"}\n"));
    CU_ASSERT_FALSE(has(&json.out, "secret"));
    CU_ASSERT_FALSE(has(&json.err, "secret"));
}

void no_invitation_is_asked_for_when_the_file_is_there(void)
{
    struct cli_server s;
    RUN run;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/invitation", gw_test_dir());
    CU_ASSERT_EQUAL_FATAL(symlink("/nowhere", path), 0);
    run_with(&s, &run, false, CLI_WORDS("200 {\"invitation\":\"gw1.secret\"}"),
             CLI_WORDS("device", "invite", "pump-1", "--out", path));
    CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
    CU_ASSERT_TRUE(has(&run.err, "No invitation was made"));
    CU_ASSERT_EQUAL(s.count, 0);
}

void a_refused_invitation_leaves_no_file(void)
{
    struct cli_server s;
    RUN run;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/invitation", gw_test_dir());
    run_with(&s, &run, false, CLI_WORDS("409 {\"detail\":\"no\"}"),
             CLI_WORDS("device", "invite", "pump-1", "--out", path));
    CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
    CU_ASSERT_EQUAL(access(path, F_OK), -1);
}

void an_invitation_on_a_terminal_has_its_qr_code(void)
{
    struct cli_server s;
    RUN tty;
    run_with(&s, &tty, true, CLI_WORDS("200 {\"invitation\":\"gw1.x\",\"expires\":\"soon\"}"),
             CLI_WORDS("device", "invite", "pump-1"));
    CU_ASSERT_EQUAL(tty.rc, CLI_OK);
    CU_ASSERT_TRUE(has(&tty.out, "gw1.x\n\x1b[40;97m\xe2\x96\x88"));
    CU_ASSERT_TRUE(has(&tty.err, "valid until soon"));
    RUN pipe_run;
    run_with(&s, &pipe_run, false, CLI_WORDS("200 {\"invitation\":\"gw1.x\"}"),
             CLI_WORDS("device", "invite", "pump-1"));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&pipe_run.out), "gw1.x\n");
    RUN asked;
    run_with(&s, &asked, false, CLI_WORDS("200 {\"invitation\":\"gw1.x\"}"),
             CLI_WORDS("device", "invite", "pump-1", "--qr"));
    CU_ASSERT_TRUE(has(&asked.out, "gw1.x\n\xe2\x96\x88"));
    CU_ASSERT_FALSE(has(&asked.out, "\x1b"));
}

void a_claim_code_needs_a_terminal(void)
{
    static const char *const answer =
        "200 {\"code\":\"abcdefghijklmnop\",\"expires\":\"soon\",\"server_key_sha256\":\"ab\"}";
    struct cli_server s;
    RUN refused;
    run_with(&s, &refused, false, CLI_WORDS(answer), CLI_WORDS("claim"));
    CU_ASSERT_EQUAL(refused.rc, CLI_REFUSED);
    CU_ASSERT_EQUAL(s.count, 0); /* asking would have voided the code before */
    CU_ASSERT_TRUE(has(&refused.err, "--stdout"));
    RUN json;
    run_with(&s, &json, false, CLI_WORDS(answer), CLI_WORDS("claim", "--json"));
    CU_ASSERT_EQUAL(json.rc, CLI_REFUSED);
    RUN tty;
    run_with(&s, &tty, true, CLI_WORDS(answer), CLI_WORDS("claim"));
    CU_ASSERT_EQUAL(tty.rc, CLI_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&tty.out), "claim code          abcd-efgh-ijkl-mnop\n"
                                                 "valid until         soon\n"
                                                 "server key SHA-256  ab\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/claim-code "));
    RUN forced;
    run_with(&s, &forced, false, CLI_WORDS(answer), CLI_WORDS("claim", "--stdout"));
    CU_ASSERT_EQUAL(forced.rc, CLI_OK);
}

void door_and_pending_ask_and_tell(void)
{
    struct cli_server s;
    RUN opened;
    run_with(&s, &opened, false, CLI_WORDS("200 {\"ok\":true,\"detail\":\"the door is open\"}"),
             CLI_WORDS("door", "open", "60"));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&opened.out), "the door is open\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/enrolment-door "));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "\r\n\r\n{\"minutes\":60}"));
    RUN closed;
    run_with(&s, &closed, false, CLI_WORDS("200 {\"ok\":true,\"detail\":\"closed\"}"), CLI_WORDS("door", "close"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "DELETE /api/v1/enrolment-door "));
    RUN pending;
    run_with(&s, &pending, false,
             CLI_WORDS("200 {\"pending\":[{\"id\":\"pump-1\",\"spki_sha256\":\"ab\",\"source\":\"192.0.2.7\","
                       "\"created\":\"c\",\"expires\":\"e\",\"approved\":false}]}"),
             CLI_WORDS("pending"));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&pending.out), "ID      PUBLIC KEY SHA-256  FROM       ASKED  LAPSES  APPROVED\n"
                                                     "pump-1  ab                  192.0.2.7  c      e       no\n");
}
