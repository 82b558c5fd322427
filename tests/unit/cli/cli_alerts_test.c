/* gatehouse alerts: what is asked, and what is refused before anything is asked. */
#include <string.h>

#include "cli_ask_test.h"
#include "cli_server.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define ALERT                                                                                                          \
    "{\"id\":\"0123456789abcdef\",\"class\":\"auth.login\",\"device\":\"pump-7\",\"severity\":\"high\","               \
    "\"state\":\"new\",\"first\":\"2026-01-01T00:00:00.000Z\",\"last\":\"2026-01-01T00:00:00.000Z\",\"count\":\"5\","  \
    "\"until\":null,\"changed\":\"2026-01-01T00:00:00.000Z\",\"by\":null,\"note\":\"\",\"message\":\"bad "             \
    "\\u001b[31m\","                                                                                                   \
    "\"evidence\":{\"log\":\"dev/pump-7/0000000000000001\",\"seq\":\"9\"},\"rev\":\"3\"}"

static enum cli_exit run(const char *socket_path, char *out, size_t out_size, const char *const argv[], int argc)
{
    GW_FCLOSE FILE *null = fopen("/dev/null", "w");
    FILE *text = fmemopen(out, out_size, "w");
    struct cli cli = {.out = text, .err = null, .socket = socket_path};
    enum cli_exit rc = cli_main(&cli, argc, argv);
    (void)fclose(text);
    return rc;
}

void alerts_are_listed_page_by_page(void)
{
    char out[4096] = "";
    struct cli_server s;
    cli_server_start(&s,
                     (const char *const[]){"200 {\"alerts\":[" ALERT "],\"next\":\"1767225600000.0123456789abcdef\"}",
                                           "200 {\"alerts\":[],\"next\":null}", NULL});
    CU_ASSERT_EQUAL(run(s.path, out, sizeof(out),
                        CLI_WORDS("gatehouse", "alerts", "list", "--device", "pump-7", "--min-sev", "high"), 7),
                    CLI_OK);
    cli_server_stop(&s);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(s.requests[0], "GET /api/v1/alerts?limit=500&state=open&device=pump-7&min_sev=high "));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[1], "&cursor=1767225600000.0123456789abcdef "));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "auth.login"));
    CU_ASSERT_PTR_NULL(strchr(out, 0x1b)); /* a device's words do not reach the terminal as they are */
}

void an_alert_is_acted_on_under_its_revision(void)
{
    char out[4096] = "";
    struct cli_server s;
    cli_server_start(&s, (const char *const[]){"200 " ALERT, "200 " ALERT, NULL});
    CU_ASSERT_EQUAL(run(s.path, out, sizeof(out),
                        CLI_WORDS("gatehouse", "alerts", "ack", "0123456789abcdef", "--rev", "3", "--note", "seen"), 8),
                    CLI_OK);
    CU_ASSERT_EQUAL(run(s.path, out, sizeof(out),
                        CLI_WORDS("gatehouse", "alerts", "snooze", "0123456789abcdef", "2026-01-31T12:00:00Z"), 5),
                    CLI_OK);
    cli_server_stop(&s);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/alerts/0123456789abcdef/acknowledge HTTP/1.1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "\"3\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "{\"note\":\"seen\"}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[1], "{\"until\":\"2026-01-31T12:00:00.000Z\"}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "dev/pump-7/0000000000000001"));
}

void nothing_is_asked_about_what_is_no_alert(void)
{
    char out[256] = "";
    const char *path = "/nonexistent/s";
    CU_ASSERT_EQUAL(run(path, out, sizeof(out), CLI_WORDS("gatehouse", "alerts", "show", "../status"), 4), CLI_USAGE);
    CU_ASSERT_EQUAL(run(path, out, sizeof(out), CLI_WORDS("gatehouse", "alerts", "ack", "0123"), 4), CLI_USAGE);
    CU_ASSERT_EQUAL(run(path, out, sizeof(out), CLI_WORDS("gatehouse", "alerts", "list", "--min-sev", "bad"), 5),
                    CLI_USAGE);
    for (const char *const *t = (const char *const[]){"31d", "2w", "soon", "0h", "h", NULL}; *t; t++)
        CU_ASSERT_EQUAL(
            run(path, out, sizeof(out), CLI_WORDS("gatehouse", "alerts", "snooze", "0123456789abcdef", *t), 5),
            CLI_USAGE);
    CU_ASSERT_EQUAL(
        run(path, out, sizeof(out), CLI_WORDS("gatehouse", "alerts", "snooze", "0123456789abcdef", "30d"), 5),
        CLI_UNREACHABLE);
}
