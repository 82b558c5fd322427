/* gatehouse user: passwords come over a descriptor, never by argv, and reach the gateway whole. */
#include <string.h>
#include <unistd.h>

#include "cli_ask_test.h"
#include "cli_server.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define USER                                                                                                           \
    "200 {\"name\":\"ann\",\"role\":\"viewer\",\"disabled\":false,\"created\":\"2026-01-01T00:00:00.000Z\","           \
    "\"sessions\":0,\"rev\":\"1\"}"

/* Runs the words with this standing at the program's input; the exit code. */
static enum cli_exit run_fed(const char *socket_path, const char *input, const char *const argv[], int argc)
{
    int ends[2];
    GW_FCLOSE FILE *null = fopen("/dev/null", "w");
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    CU_ASSERT_EQUAL(write(ends[1], input, strlen(input)), (ssize_t)strlen(input));
    CU_ASSERT_EQUAL(close(ends[1]), 0);
    struct cli cli = {.in = ends[0], .out = null, .err = null, .socket = socket_path};
    enum cli_exit rc = cli_main(&cli, argc, argv);
    CU_ASSERT_EQUAL(close(ends[0]), 0);
    return rc;
}

void a_password_is_read_from_the_input_and_sent_whole(void)
{
    struct cli_server s;
    cli_server_start(&s, (const char *const[]){USER, NULL});
    CU_ASSERT_EQUAL(run_fed(s.path, "pass \"word\" \\ 12\n", CLI_WORDS("gatehouse", "user", "add", "ann", "viewer"), 5),
                    CLI_OK);
    cli_server_stop(&s);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/users HTTP/1.1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "\"name\":\"ann\",\"role\":\"viewer\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "\"password\":\"pass \\\"word\\\" \\\\ 12\""));
}

void without_a_password_nothing_is_asked(void)
{
    char too_long[300];
    memset(too_long, 'x', sizeof(too_long) - 1);
    too_long[sizeof(too_long) - 1] = '\0';
    const char *const *words = CLI_WORDS("gatehouse", "user", "password", "ann");
    CU_ASSERT_EQUAL(run_fed("/nonexistent/s", "", words, 4), CLI_REFUSED);
    CU_ASSERT_EQUAL(run_fed("/nonexistent/s", "\n", words, 4), CLI_REFUSED);
    CU_ASSERT_EQUAL(run_fed("/nonexistent/s", too_long, words, 4), CLI_REFUSED);
    CU_ASSERT_EQUAL(run_fed("/nonexistent/s", "a long password", words, 4), CLI_UNREACHABLE);
}
