#include "cli_rollout_test.h"

#include <string.h>

#include "cli_server.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"
#include "rollout.h"

#define RUN GW_CLEANUP(cli_run_done) struct cli_run

#define RO      "ro-aaaaaaaaaaaaaaaa"
#define RO2     "ro-aaaaaaaaaaaaaaab"
#define RELEASE "000000000000000a"
#define ROLLOUT(id, state, rev)                                                                                        \
    "{\"id\":\"" id "\",\"name\":\"Pumpen\",\"product\":\"pump\",\"version\":\"2.1\",\"state\":\"" state               \
    "\",\"hold\":null,\"devices\":10,\"counts\":{\"ok\":3,\"failed\":1,\"planned\":4,\"installing\":2},"               \
    "\"changed\":\"2026-11-23T01:02:03.004Z\",\"plan\":{\"seed\":\"77\"},\"waves\":[{\"wave\":1,\"state\":\"open\","   \
    "\"devices\":10,\"counts\":{\"ok\":3,\"failed\":1,\"planned\":4,\"installing\":2},\"failures\":1,"                 \
    "\"waits_for\":\"person\",\"hold\":\"gate\",\"soak_until\":null}],\"rev\":\"" rev "\"}"

static void run_with(struct cli_server *s, struct cli_run *run, const char *const answers[], const char *const words[])
{
    cli_server_start(s, answers);
    cli_run(run, s->path, false, words);
    cli_server_stop(s);
}

static bool has(struct gw_buf *b, const char *text)
{
    bool found = strstr(gw_buf_str(b), text) != NULL;
    if (!found)
        printf("# expected \"%s\" in \"%s\"\n", text, gw_buf_str(b));
    return found;
}

/* A file with this text; its path lives until the next call. */
static const char *file_with(const char *text)
{
    static char path[256];
    static const char *dir;
    struct gw_err err = {0};
    dir = dir ? dir : gw_test_dir();
    (void)snprintf(path, sizeof(path), "%s/file", dir);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str(text), 0600, &err), &err);
    return path;
}

/* The body of the request, or "". */
static const char *body_of(const struct cli_server *s, int n)
{
    const char *at = strstr(s->requests[n], "\r\n\r\n");
    return at ? at + 4 : "";
}

void makes_a_plan_out_of_options(void)
{
    struct cli_server s;
    char list[300];
    RUN run;
    (void)snprintf(list, sizeof(list), "list:%s", file_with("# canaries\npump-1\n\n  pump-2 \r\n"));
    run_with(&s, &run, CLI_WORDS("200 " ROLLOUT(RO, "draft", "1")),
             CLI_WORDS("rollout", "create", RELEASE, "--wave", list, "--wave", "20%", "--wave", "query:a:\"b c\" -d",
                       "--rest", "--ok", "95", "--soak", "10m", "--failures", "7%", "--on-failure", "rollback",
                       "--concurrent", "9", "--name", "Pum\"pen", "--seed", "77", "--confirm", "90s", "--sample", "2",
                       "--unreachable", "40"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/rollouts "));
#define ALIKE "\"max_concurrent\":9,\"gate\":{\"ok_pct\":95,\"min_sample\":2,\"unreachable_pct\":40,\"soak_ms\":600000}"
    CU_ASSERT_STRING_EQUAL(body_of(&s, 0), "{\"release\":\"" RELEASE "\",\"name\":\"Pum\\\"pen\",\"plan\":{\"waves\":["
                                           "{\"select\":\"list\"," ALIKE ",\"devices\":[\"pump-1\",\"pump-2\"]},"
                                           "{\"select\":\"percent\",\"percent\":20," ALIKE "},"
                                           "{\"select\":\"query\",\"query\":\"a:\\\"b c\\\" -d\"," ALIKE
                                           "},{\"select\":\"rest\"," ALIKE "}],"
                                           "\"abort\":{\"failure_pct\":7,\"min_decided\":5,\"action\":\"rollback\"},"
                                           "\"confirm_ms\":90000,\"step_ms\":3600000,\"total_ms\":86400000,"
                                           "\"postpone_max_ms\":604800000,\"back_concurrent\":50,\"seed\":\"77\"}}");
    CU_ASSERT_TRUE(has(&run.out, "id       " RO));
    CU_ASSERT_TRUE(has(&run.out, "1     open   10       2     3   1       0            person: gate"));
}

void sends_a_plans_file_whole(void)
{
    struct cli_server s;
    RUN run;
    const char *path = file_with("{\"waves\":[{\"select\":\"rest\",\"max_concurrent\":1,\"gate\":{\"ok_pct\":1,"
                                 "\"min_sample\":1,\"unreachable_pct\":1}}]}");
    run_with(&s, &run,
             CLI_WORDS("200 {\"product\":\"pump\",\"waves\":[],\"left_out\":{\"not_active\":4,\"not_fit\":0,"
                       "\"running_it\":2,\"in_another_rollout\":1}}"),
             CLI_WORDS("rollout", "preview", RELEASE, "--plan", path));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/rollouts/preview "));
    CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&s, 0), "{\"release\":\"" RELEASE "\",\"plan\":{\"waves\":[{\"select\":"));
    CU_ASSERT_TRUE(has(&run.out, "not active          4"));
    RUN bad;
    path = file_with("{\"waves\":[{\"select\":\"rest\",\"max_concurrent\":1}]}");
    run_with(&s, &bad, CLI_WORDS(NULL), CLI_WORDS("rollout", "create", RELEASE, "--plan", path));
    CU_ASSERT_EQUAL(bad.rc, CLI_USAGE);
    CU_ASSERT_TRUE(has(&bad.err, "wave 1: gate is missing"));
    CU_ASSERT_EQUAL(s.count, 0);
}

void a_plans_file_is_read_with_its_queries(void)
{
    struct cli_server s;
    RUN run;
    const char *path = file_with("{\"waves\":[{\"select\":\"query\",\"query\":\"a:b c:\",\"max_concurrent\":1,\"gate\":"
                                 "{\"ok_pct\":1,\"min_sample\":1,\"unreachable_pct\":1}}]}");
    run_with(&s, &run, CLI_WORDS(NULL), CLI_WORDS("rollout", "create", RELEASE, "--plan", path));
    CU_ASSERT_EQUAL(run.rc, CLI_USAGE);
    CU_ASSERT_TRUE(has(&run.err, ": wave 1: query: a value is missing: for an empty one write \"\" (at byte 7"));
    CU_ASSERT_EQUAL(s.count, 0);
}

static void expect_usage(const char *const words[], const char *says)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, CLI_WORDS(NULL), words);
    CU_ASSERT_EQUAL(run.rc, CLI_USAGE);
    CU_ASSERT_EQUAL(s.count, 0);
    CU_ASSERT_TRUE(has(&run.err, says));
}

void a_plan_that_is_none_is_told_before_anybody_is_asked(void)
{
    char list[300];
    expect_usage(CLI_WORDS("rollout", "create", "../x", "--rest"), "is no release's id");
    expect_usage(CLI_WORDS("rollout", "create", RELEASE), "say who comes when");
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--wave", "many"),
                 "--wave (20%, rest, query:QUERY or list:FILE)");
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--rest", "--soak", "10"), "--soak wants a time");
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--rest", "--soak", "366d"), "--soak wants a time");
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--rest", "--soak", "m"), "--soak wants a time");
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--rest", "--ok", "101"), "--ok wants percent");
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--rest", "--concurrent", "0"), "--concurrent wants");
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--rest", "--sample", "0"), "--sample wants");
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--rest", "--seed", "-1"), "--seed wants");
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--rest", "--on-failure", "cry"), "--on-failure wants");
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--plan", "f", "--rest"), "do not go together");
    expect_usage(CLI_WORDS("rollout", "show", RO, "--back"), "--back does not go with rollout show");
    expect_usage(
        CLI_WORDS("rollout", "create", RELEASE, "--wave", "query:state:active a:", "--rest"),
        "(at byte 16 of the query); see `gatehouse help rollout create`\n  state:active a:\n                 ^\n");
    char query[8 + ROLLOUT_QUERY_MAX + 1] = "query:";
    memset(query + 6, 'q', ROLLOUT_QUERY_MAX + 1);
    query[6 + ROLLOUT_QUERY_MAX + 1] = '\0';
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--wave", query, "--rest"), "at most 255 bytes");
    (void)snprintf(list, sizeof(list), "list:%s", file_with("pump-1\nPump 2\n"));
    expect_usage(CLI_WORDS("rollout", "create", RELEASE, "--wave", list), "line 2: no device id");
}

void acts_on_a_rollout_with_revision_and_reason(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, CLI_WORDS("200 " ROLLOUT(RO, "aborting", "6")),
             CLI_WORDS("rollout", "abort", RO, "--rev", "5", "--reason", "smoke"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/rollouts/" RO "/abort "));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "If-Match: \"5\""));
    CU_ASSERT_STRING_EQUAL(body_of(&s, 0), "{\"reason\":\"smoke\"}");
    RUN start;
    run_with(&s, &start, CLI_WORDS("200 " ROLLOUT(RO, "running", "2")), CLI_WORDS("rollout", "start", RO));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/rollouts/" RO "/start "));
    CU_ASSERT_STRING_EQUAL(body_of(&s, 0), "");
    RUN waive;
    run_with(&s, &waive, CLI_WORDS("200 " ROLLOUT(RO, "running", "2")),
             CLI_WORDS("rollout", "waive", RO, "2", "unreachable", "--reason", "holidays"));
    CU_ASSERT_STRING_EQUAL(body_of(&s, 0), "{\"wave\":2,\"what\":\"unreachable\",\"reason\":\"holidays\"}");
    expect_usage(CLI_WORDS("rollout", "start", "../status"), "is no rollout's id");
    expect_usage(CLI_WORDS("rollout", "waive", RO, "0", "gate"), "\"0\" is no wave");
    expect_usage(CLI_WORDS("rollout", "waive", RO, "1", "all"), "none of gate");
}

void lists_rollouts_and_their_devices_page_by_page(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run,
             CLI_WORDS("200 {\"rollouts\":[" ROLLOUT(RO2, "running", "2") "],\"next\":\"" RO2 "\"}",
                       "200 {\"rollouts\":[" ROLLOUT(RO, "finished", "9") "],\"next\":null}"),
             CLI_WORDS("rollout", "list"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[1], "GET /api/v1/rollouts?limit=100&cursor=" RO2 " "));
    CU_ASSERT_TRUE(has(&run.out, RO "  pump     2.1      finished"));
    RUN devices;
    run_with(&s, &devices,
             CLI_WORDS("200 {\"attempts\":[{\"wave\":2,\"device\":\"pump-7\",\"state\":\"failed\",\"code\":\"boot\"}],"
                       "\"next\":\"2.8\"}",
                       "200 {\"attempts\":[],\"next\":null}"),
             CLI_WORDS("rollout", "devices", RO, "--wave", "2", "--state", "failed", "--back"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[1], "GET /api/v1/rollouts/" RO
                                                 "/attempts?limit=500&wave=2&state=failed&back=true&cursor=2.8 "));
    CU_ASSERT_TRUE(has(&devices.out, "2     pump-7  failed  boot"));
    RUN circle;
    run_with(&s, &circle, CLI_WORDS("200 {\"attempts\":[],\"next\":\"1.1&x=y\"}"), CLI_WORDS("rollout", "devices", RO));
    CU_ASSERT_EQUAL(circle.rc, CLI_REFUSED);
    RUN history;
    run_with(&s, &history, CLI_WORDS("200 {\"attempts\":[],\"next\":null}"), CLI_WORDS("device", "history", "pump-7"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "GET /api/v1/devices/pump-7/attempts "));
    CU_ASSERT_TRUE(has(&history.err, "nothing was rolled out"));
    expect_usage(CLI_WORDS("rollout", "devices", RO, "--state", "tired"), "is no state");
    expect_usage(CLI_WORDS("rollout", "devices", RO, "--wave", "20%"), "is no wave");
}

void watches_a_rollout_to_its_end(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run,
             CLI_WORDS("200 " ROLLOUT(RO, "running", "2"), "200 " ROLLOUT(RO, "running", "2"),
                       "200 " ROLLOUT(RO, "finished", "3")),
             CLI_WORDS("rollout", "watch", RO));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_EQUAL(s.count, 3);
    const char *line = "2026-11-23T01:02:03.004Z  running  -  10 devices: 4 waiting, 2 open, 3 ok, 1 failed, 0 "
                       "unreachable\n";
    CU_ASSERT_TRUE(has(&run.out, line));
    const char *again = strstr(gw_buf_str(&run.out), line);
    CU_ASSERT_TRUE(again && !strstr(again + strlen(line), "  running"));
    CU_ASSERT_TRUE(has(&run.out, "  finished  "));
}

#define ROLLED_BACK                                                                                                    \
    "{\"id\":\"" RO "\",\"name\":\"Pumpen\",\"product\":\"pump\",\"version\":\"2.1\",\"state\":\"rolled_back\","       \
    "\"hold\":null,\"devices\":10,\"counts\":{\"ok\":8,\"failed\":2},\"holders\":6,\"back_devices\":8,"                \
    "\"back_counts\":{\"ok\":2,\"failed\":2,\"rejected\":1,\"cancelled\":3},"                                          \
    "\"changed\":\"2026-11-23T01:02:03.004Z\",\"waves\":[],\"rev\":\"9\"}"

void tells_how_the_way_back_went(void)
{
    struct cli_server s;
    RUN watched;
    run_with(&s, &watched, CLI_WORDS("200 " ROLLED_BACK), CLI_WORDS("rollout", "watch", RO));
    CU_ASSERT_EQUAL(watched.rc, CLI_OK);
    CU_ASSERT_TRUE(has(&watched.out, "8 ok, 2 failed, 0 unreachable; back: 2 ok, 3 failed, 3 left out; "
                                     "6 devices still hold 2.1\n"));
    RUN shown;
    run_with(&s, &shown, CLI_WORDS("200 " ROLLED_BACK), CLI_WORDS("rollout", "show", RO));
    CU_ASSERT_TRUE(has(&shown.out, "2 ok, 3 failed, 3 left out"));
    RUN listed;
    run_with(&s, &listed,
             CLI_WORDS("200 {\"rollouts\":[" ROLLED_BACK "," ROLLOUT(RO2, "running", "2") "],\"next\":null}"),
             CLI_WORDS("rollout", "list"));
    CU_ASSERT_TRUE(has(&listed.out, "rolled_back  -     10       6"));
    CU_ASSERT_TRUE(has(&listed.out, "2 ok, 3 failed, 3 left out"));
}

void shows_progress_of_what_has_not_ended_alone(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run,
             CLI_WORDS("200 {\"attempts\":["
                       "{\"wave\":1,\"device\":\"pump-1\",\"state\":\"ok\",\"code\":null,\"progress_pct\":0},"
                       "{\"wave\":1,\"device\":\"pump-2\",\"state\":\"failed\",\"code\":\"boot\",\"progress_pct\":100},"
                       "{\"wave\":1,\"device\":\"pump-3\",\"state\":\"downloading\",\"code\":null,"
                       "\"progress_pct\":40}],\"next\":null}"),
             CLI_WORDS("rollout", "devices", RO));
    CU_ASSERT_TRUE(has(&run.out, "pump-1  ok           -     -         "));
    CU_ASSERT_TRUE(has(&run.out, "pump-2  failed       boot  -         "));
    CU_ASSERT_TRUE(has(&run.out, "pump-3  downloading  -     40        "));
}

void shows_what_a_device_says_that_it_runs(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run,
             CLI_WORDS("200 {\"id\":\"pump-7\",\"state\":\"active\",\"certificate\":null,\"inventory\":{\"product\":"
                       "\"pu\\u001bmp\",\"version\":\"2.1\",\"boot\":\"b-1\",\"agent\":\"1.0\"}}"),
             CLI_WORDS("device", "show", "pump-7"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_TRUE(has(&run.out, "pu\\u{1b}mp"));
    CU_ASSERT_TRUE(has(&run.out, "runs version         2.1"));
}
