/* gatehouse token: what is asked, and that a token reaches no log by mistake. */
#include <string.h>

#include "cli_ask_test.h"
#include "cli_server.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define TOKEN                                                                                                          \
    "{\"token\":\"gwt_00\",\"name\":\"ci\",\"role\":\"viewer\",\"made_by\":\"user:ann\",\"created\":\"c\","            \
    "\"expires\":\"e\",\"used\":null}"

static enum cli_exit run(const char *socket_path, char *out, size_t out_size, const char *const argv[], int argc)
{
    GW_FCLOSE FILE *null = fopen("/dev/null", "w");
    FILE *text = fmemopen(out, out_size, "w");
    struct cli cli = {.out = text, .err = null, .socket = socket_path};
    enum cli_exit rc = cli_main(&cli, argc, argv);
    (void)fclose(text);
    return rc;
}

void a_token_is_asked_for_and_printed_once(void)
{
    char out[1024] = "", list[1024] = "", said[1024] = "";
    struct cli_server s;
    cli_server_start(&s, (const char *const[]){"200 " TOKEN, "200 " TOKEN, "200 {\"tokens\":[" TOKEN "]}",
                                               "200 {\"ok\":true,\"detail\":\"gone\"}", NULL});
    CU_ASSERT_EQUAL(run(s.path, out, sizeof(out),
                        CLI_WORDS("gatehouse", "token", "add", "ci", "viewer", "--days", "7", "--stdout"), 8),
                    CLI_OK);
    CU_ASSERT_STRING_EQUAL(out, "gwt_00\n");
    CU_ASSERT_EQUAL(
        run(s.path, out, sizeof(out), CLI_WORDS("gatehouse", "token", "add", "ci", "metrics", "--stdout"), 6), CLI_OK);
    CU_ASSERT_EQUAL(run(s.path, list, sizeof(list), CLI_WORDS("gatehouse", "token", "list"), 3), CLI_OK);
    CU_ASSERT_STRING_EQUAL(list, "NAME  ROLE    MADE BY   MADE  ENDS  USED\n"
                                 "ci    viewer  user:ann  c     e     -\n");
    CU_ASSERT_EQUAL(run(s.path, said, sizeof(said), CLI_WORDS("gatehouse", "token", "revoke", "ci"), 4), CLI_OK);
    CU_ASSERT_STRING_EQUAL(said, "gone\n");
    cli_server_stop(&s);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/tokens HTTP/1.1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "{\"name\":\"ci\",\"role\":\"viewer\",\"days\":7}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[1], "{\"name\":\"ci\",\"role\":\"metrics\",\"days\":90}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[3], "DELETE /api/v1/tokens/ci HTTP/1.1"));
}

void no_token_is_asked_for_in_vain(void)
{
    char out[1024] = "";
    static const struct {
        const char *words[8];
        int count;
        enum cli_exit rc;
    } rows[] = {
        {{"gatehouse", "token", "add", "ci", "viewer"}, 5, CLI_REFUSED}, /* into what may be a log */
        {{"gatehouse", "token", "add", "ci", "viewer", "--json"}, 6, CLI_REFUSED},
        {{"gatehouse", "token", "add", "ci", "admin", "--stdout"}, 6, CLI_USAGE},
        {{"gatehouse", "token", "add", "../ci", "viewer", "--stdout"}, 6, CLI_USAGE},
        {{"gatehouse", "token", "add", "ci", "viewer", "--days", "366", "--stdout"}, 8, CLI_USAGE},
        {{"gatehouse", "token", "add", "ci", "viewer", "--days", "0", "--stdout"}, 8, CLI_USAGE},
        {{"gatehouse", "token", "add", "ci", "viewer", "--days", "x", "--stdout"}, 8, CLI_USAGE},
        {{"gatehouse", "token", "revoke", "../x"}, 4, CLI_USAGE},
        {{"gatehouse", "token", "list", "--days", "3"}, 5, CLI_USAGE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(run("/nonexistent/s", out, sizeof(out), rows[i].words, rows[i].count), rows[i].rc);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "\"title\":\"failed\"")); /* of the one with --json, and nothing else */
    CU_ASSERT_PTR_EQUAL(strchr(out, '\n'), out + strlen(out) - 1);
}
