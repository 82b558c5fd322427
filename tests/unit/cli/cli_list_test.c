/* Lists with a query. */
#include "cli_list_test.h"

#include <string.h>

#include "cli_server.h"
#include "filter.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define RUN GW_CLEANUP(cli_run_done) struct cli_run

static void run_with(struct cli_server *s, struct cli_run *run, const char *const answers[], const char *const words[])
{
    cli_server_start(s, answers);
    cli_run(run, s->path, false, words);
    cli_server_stop(s);
}

static bool asked(const struct cli_server *s, int i, const char *line)
{
    bool there = i < s->count && strstr(s->requests[i], line);
    if (!there)
        printf("#   request %d of %d: %.160s\n", i, s->count, i < s->count ? s->requests[i] : "none");
    return there;
}

void a_query_is_sent_and_all_pages_are_walked(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run,
             CLI_WORDS("200 {\"devices\":[],\"next\":\"pump-3\"}",
                       "200 {\"devices\":[{\"id\":\"pump-4\",\"state\":\"active\"}],\"next\":\"pump-9\"}",
                       "200 {\"devices\":[],\"next\":null}"),
             CLI_WORDS("device", "list", "status:offline", "seen>2d", "name:\"p\xc3\xa4 7\""));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&run.out), "pump-4  active"));
#define ASKED "GET /api/v1/devices?limit=500&q=status%3Aoffline%20seen%3E2d%20name%3A%22p%C3%A4%207%22"
    CU_ASSERT(asked(&s, 0, ASKED " HTTP/1.1\r\n"));
    CU_ASSERT(asked(&s, 1, ASKED "&cursor=pump-3 HTTP/1.1\r\n"));
    CU_ASSERT(asked(&s, 2, ASKED "&cursor=pump-9 HTTP/1.1\r\n"));
}

void every_list_takes_a_query(void)
{
    static const struct {
        const char *word, *answer, *line;
    } lists[] = {
        {"release", "200 {\"releases\":[],\"next\":null}", "GET /api/v1/releases?limit=500&q=a%3Ab HTTP/1.1\r\n"},
        {"rollout", "200 {\"rollouts\":[],\"next\":null}", "GET /api/v1/rollouts?limit=100&q=a%3Ab HTTP/1.1\r\n"},
        {"alerts", "200 {\"alerts\":[],\"next\":null}", "GET /api/v1/alerts?limit=500&state=all&q=a%3Ab HTTP/1.1\r\n"},
    };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct cli_server s;
        RUN run;
        run_with(&s, &run, CLI_WORDS(lists[i].answer), CLI_WORDS(lists[i].word, "list", "a:b"));
        CU_ASSERT_EQUAL(run.rc, CLI_OK);
        CU_ASSERT(asked(&s, 0, lists[i].line));
    }
}

void a_query_that_cannot_be_read_is_marked(void)
{
    RUN run;
    cli_run(&run, "/nowhere", false, CLI_WORDS("device", "list", "state:active", "name:\"p\xc3\xa4"));
    CU_ASSERT_EQUAL(run.rc, CLI_USAGE);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.err),
                           "gatehouse: a quote is not closed (at byte 23 of the query); see `gatehouse help device "
                           "list`\n  state:active name:\"p\xc3\xa4\n                       ^\n");
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), "");
    RUN json;
    cli_run(&json, "/nowhere", false, CLI_WORDS("alerts", "list", "--json", "a:"));
    CU_ASSERT_EQUAL(json.rc, CLI_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&json.out), "\"detail\":\"a value is missing"));
    CU_ASSERT_PTR_NULL(strstr(gw_buf_str(&json.err), "^"));
    RUN harmful;
    cli_run(&harmful, "/nowhere", true, CLI_WORDS("rollout", "list", "a\x1b[2Jb"));
    CU_ASSERT_EQUAL(harmful.rc, CLI_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&harmful.err), "\n  a\\u{1b}[2Jb\n   ^\n"));
    CU_ASSERT_PTR_NULL(strstr(gw_buf_str(&harmful.err), "\x1b"));
    char many[FILTER_BYTES_MAX + 2];
    memset(many, 'a', sizeof(many) - 1);
    many[sizeof(many) - 1] = '\0';
    RUN large;
    cli_run(&large, "/nowhere", false, CLI_WORDS("release", "list", many));
    CU_ASSERT_EQUAL(large.rc, CLI_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&large.err), "at most 512 bytes"));
}

void nothing_found_is_no_failure(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, CLI_WORDS("200 {\"devices\":[],\"next\":null}"), CLI_WORDS("device", "list", "no:such"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), "");
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.err), "gatehouse: nothing fits the query\n");
    RUN json;
    run_with(&s, &json, CLI_WORDS("200 {\"devices\":[],\"next\":\"a-1\"}", "200 {\"devices\":[],\"next\":null}"),
             CLI_WORDS("device", "list", "--json", "no:such"));
    CU_ASSERT_EQUAL(json.rc, CLI_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&json.out),
                           "{\"devices\":[],\"next\":\"a-1\"}\n{\"devices\":[],\"next\":null}\n");
}

void terms_with_a_dash_are_no_options(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, CLI_WORDS("200 {\"devices\":[],\"next\":null}"),
             CLI_WORDS("device", "list", "-state:active", "-seen>2d"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT(asked(&s, 0, "&q=-state%3Aactive%20-seen%3E2d HTTP"));
    RUN behind;
    run_with(&s, &behind, CLI_WORDS("200 {\"devices\":[],\"next\":null}"), CLI_WORDS("device", "list", "--", "-lab"));
    CU_ASSERT_EQUAL(behind.rc, CLI_OK);
    CU_ASSERT(asked(&s, 0, "&q=-lab HTTP"));
    RUN option;
    cli_run(&option, "/nowhere", false, CLI_WORDS("device", "list", "-lab"));
    CU_ASSERT_EQUAL(option.rc, CLI_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&option.err), "unknown option -lab"));
}
