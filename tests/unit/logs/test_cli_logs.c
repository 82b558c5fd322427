/* The commands on logs against answers laid down in advance. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_server.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define RUN        GW_CLEANUP(cli_run_done) struct cli_run
#define EPOCH      "0123456789abcdef"
#define LOG        "dev/pump-7/" EPOCH
#define LIST(size) "200 {\"logs\":[{\"log\":\"" LOG "\",\"size\":\"" size "\",\"signed_size\":\"2\"}],\"next\":null}"
#define EVENT(seq, arrived, rest)                                                                                      \
    "{\"log\":\"" LOG "\",\"seq\":\"" seq "\",\"arrived\":\"2026-11-23T01:02:0" arrived                                \
    ".000Z\",\"sev\":\"high\",\"cls\":\"auth.login\",\"res\":\"fail\"," rest "}"

static void run_with(struct cli_server *s, struct cli_run *run, bool tty, const char *const answers[],
                     const char *const words[])
{
    cli_server_start(s, answers);
    cli_run(run, s->path, tty, words);
    cli_server_stop(s);
}

static bool has(struct gw_buf *b, const char *text)
{
    bool found = strstr(gw_buf_str(b), text) != NULL;
    if (!found)
        printf("#   \"%s\" is not in:\n%s\n", text, gw_buf_str(b));
    return found;
}

static void lists_all_pages(void)
{
    struct cli_server s;
    RUN run;
    run_with(
        &s, &run, false,
        CLI_WORDS("200 {\"logs\":[{\"log\":\"" LOG "\",\"size\":\"7\",\"signed_size\":\"2\"}],\"next\":\"" LOG "\"}",
                  "200 {\"logs\":[{\"log\":\"audit/" EPOCH "\",\"size\":\"1\",\"signed_size\":\"0\"}],\"next\":null}"),
        CLI_WORDS("logs", "list"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT(has(&run.out, "LOG                          KIND    EVENTS  SIGNED\n" LOG "  device  7       2\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[1], "&cursor=" LOG " HTTP"));
}

static void shows_events_in_order_and_once(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, true,
             CLI_WORDS(LIST("7"),
                       "200 {\"events\":[" EVENT("5", "3", "\"msg\":\"third\"") "," EVENT(
                           "4", "2", "\"msg\":\"a\\u001b[2Jb\",\"subj\":\"eve\\n\"") "],\"next\":\"1.2.-.3.4\"}",
                       "200 {\"events\":[" EVENT("4", "2", "\"msg\":\"again\"") "],\"next\":null}"),
             CLI_WORDS("logs", "show", "--device", "pump-7", "--text", "a b&c", "--min-sev", "low"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT(has(&run.out,
                  "==> " LOG
                  "\n2026-11-23T01:02:02.000Z  4       high      auth.login fail  by eve\\u{a}  a\\u{1b}[2Jb\n"
                  "2026-11-23T01:02:03.000Z  5       high      auth.login fail  third\n"));
    CU_ASSERT_PTR_NULL(strstr(gw_buf_str(&run.out), "again"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(s.requests[1], "/api/v1/log-search?limit=1000&device=pump-7&min_sev=low&text=a%20b%26c HTTP"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[2], "&cursor=1.2.-.3.4 HTTP"));
}

static void raw_is_the_event_alone(void)
{
    struct cli_server s;
    RUN run;
    const char *answer = "200 {\"events\":[" EVENT("0", "3", "\"text\":\"a\\u001b\"") "," EVENT(
        "1", "3", "\"base64\":\"/wA=\"") "],\"next\":\"2\",\"more\":false}";
    const char *const words[] = {"logs", "show", "--log", LOG, "--from", "0", "--raw", NULL};
    run_with(&s, &run, false, CLI_WORDS(LIST("2"), answer), words);
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT(gw_view_eq(gw_buf_view(&run.out), GW_VIEW_LIT("a\x1b\n\xff\0\n")));
    RUN tty;
    run_with(&s, &tty, true, CLI_WORDS(LIST("2"), answer), words);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&tty.out), "a\\u{1b}\n\\x{ff}\\u{0}\n");
}

static void shows_the_end_of_a_log(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false, CLI_WORDS(LIST("500"), "200 {\"events\":[],\"next\":\"500\",\"more\":false}"),
             CLI_WORDS("logs", "show", "--log", LOG, "--limit", "20"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[1], "/api/v1/log-events?log=" LOG "&from=480&limit=20 HTTP"));
}

static void wrong_words_ask_nothing(void)
{
    static const struct {
        const char *words[10];
        const char *why;
    } bad[] = {
        {{"logs", "show"}, "one of --device"},
        {{"logs", "show", "--device", "pump-7", "--audit"}, "one of --device"},
        {{"logs", "show", "--device", "pump-7", "--from", "1", "--text", "x"}, "go with --device or --audit"},
        {{"logs", "show", "--device", "pump-7", "--limit", "0"}, "--limit must"},
        {{"logs", "show", "--device", "pump-7", "--from", "-1"}, "--from must"},
        {{"logs", "show", "--device", "pump-7", "--since", "2y"}, "--since takes"},
        {{"logs", "show", "--device", "pump-7", "--since", "h"}, "--since takes"},
        {{"logs", "show", "--device", "Pump"}, "is no device id"},
        {{"logs", "list", "--device", "pump-7&x=1"}, "is no device id"},
        {{"logs", "export", "--all"}, "--out DIR"},
        {{"logs", "export", "--out", "x"}, "one of --device"},
        {{"logs", "export", "--log", "../..", "--out", "x"}, "names no log"},
        {{"logs", "evidence"}, "one of --device"},
        {{"logs", "evidence", "--device", "pump-7", "--log", LOG}, "one of --device"},
        {{"logs", "evidence", "--log", "audit/" EPOCH}, "only what a device numbers"},
        {{"logs", "verify"}, "directory of an export"},
        {{"logs", "verify", "x", "--device", "pump-7"}, "directory of an export"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        RUN run;
        cli_run(&run, "/nowhere/at/all", false, bad[i].words);
        CU_ASSERT_EQUAL(run.rc, CLI_USAGE);
        CU_ASSERT(has(&run.err, bad[i].why));
    }
}

static void answers_that_are_none_are_refused(void)
{
    static const char *const bad[] = {
        "200 {\"logs\":[{\"log\":\"../../etc\",\"size\":\"7\",\"signed_size\":\"2\"}],\"next\":null}",
        "200 {\"logs\":[{\"log\":\"" LOG "\",\"size\":7}],\"next\":null}",
        "200 {\"logs\":[],\"next\":\"" LOG "\"}",
        "200 {}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct cli_server s;
        RUN run;
        run_with(&s, &run, false, CLI_WORDS(bad[i]), CLI_WORDS("logs", "list"));
        CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
        CU_ASSERT(has(&run.err, "is not a list of logs"));
    }
}

#define CONTRADICTED                                                                                                   \
    "200 {\"logs\":[{\"log\":\"" LOG "\",\"size\":\"7\",\"signed_size\":\"2\",\"equivocated\":true}],\"next\":null}"

static void evidence_that_is_none_is_refused(void)
{
    static const char *const bad[] = {"200 ", "200 GWL1", "200 GWL2aaaaaaaabbbbbbbbcc", "200 {\"logs\":[]}"};
    char out[200];
    (void)snprintf(out, sizeof(out), "%s/evidence", gw_test_dir());
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct cli_server s;
        RUN run;
        run_with(&s, &run, false, CLI_WORDS(CONTRADICTED, bad[i]),
                 CLI_WORDS("logs", "evidence", "--device", "pump-7", "--out", out));
        CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
        CU_ASSERT(has(&run.err, "is no evidence: log batch:"));
        CU_ASSERT_NOT_EQUAL(access(out, F_OK), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[1], "/api/v1/log-evidence?log=" LOG " HTTP"));
    }
}

static void no_evidence_is_told(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false, CLI_WORDS(LIST("7")), CLI_WORDS("logs", "evidence", "--log", LOG));
    CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
    CU_ASSERT(has(&run.err, "there is no evidence: nothing contradicts " LOG));
}

static void a_failed_export_leaves_nothing(void)
{
    struct cli_server s;
    RUN run;
    char out[200];
    const char *dir = gw_test_dir();
    (void)snprintf(out, sizeof(out), "%s/export", dir);
    run_with(&s, &run, false, CLI_WORDS(LIST("7"), "200 key\n", "404 {\"detail\":\"the log has no checkpoint\"}"),
             CLI_WORDS("logs", "export", "--device", "pump-7", "--out", out));
    CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
    CU_ASSERT(has(&run.err, "the log has no checkpoint"));
    CU_ASSERT_EQUAL(rmdir(dir), 0); /* it is empty: no part of an export is left */
}

/* The server has no fourth answer: that ends it here. */
static void tail_says_when_it_fell_behind(void)
{
    struct cli_server s;
    RUN run;
    run_with(
        &s, &run, false,
        CLI_WORDS(LIST("5"), LIST("20005"),
                  "200 {\"events\":[" EVENT("20004", "3", "\"msg\":\"newest\"") "],\"next\":\"20005\",\"more\":false}"),
        CLI_WORDS("logs", "tail", "--device", "pump-7"));
    CU_ASSERT_EQUAL(run.rc, CLI_UNREACHABLE);
    CU_ASSERT(has(&run.err, LOG ": fell behind: 19000 events from 5 on are passed over"));
    CU_ASSERT(has(&run.out, "newest"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[2], "&from=19005&limit=1000 HTTP"));
}

/* The connection ends in the midst of a live check: nobody may take that for a log that does not fit. */
static void a_live_check_without_a_gateway_is_no_verdict(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false,
             CLI_WORDS(LIST("7"), "200 example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n"),
             CLI_WORDS("logs", "verify", "--device", "pump-7"));
    CU_ASSERT_EQUAL(run.rc, CLI_UNREACHABLE);
    CU_ASSERT(has(&run.err, "could not be had from the gateway"));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), "");
}

/* What cannot be read may hold a log that was altered. */
static void a_directory_that_cannot_be_read_is_not_passed_over(void)
{
    static const char vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n";
    char dir[200], key[216], link[216];
    RUN run;
    (void)snprintf(dir, sizeof(dir), "%s/unreadable", gw_test_dir());
    (void)snprintf(key, sizeof(key), "%s/key", dir);
    (void)snprintf(link, sizeof(link), "%s/dev", dir);
    CU_ASSERT_EQUAL_FATAL(mkdir(dir, 0700), 0);
    GW_CLOSE int fd = open(key, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CU_ASSERT_EQUAL_FATAL(write(fd, vkey, sizeof(vkey) - 1), (ssize_t)sizeof(vkey) - 1);
    CU_ASSERT_EQUAL_FATAL(symlink("nowhere", link), 0);
    cli_run(&run, "/nowhere", false, CLI_WORDS("logs", "verify", dir));
    CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
    CU_ASSERT(has(&run.err, "unreadable/dev: No such file or directory"));
}

static const struct gw_test_case cases[] = {
    {"lists the logs of all pages", lists_all_pages},
    {"a directory that cannot be read is not passed over", a_directory_that_cannot_be_read_is_not_passed_over},
    {"shows events in order, each once, escaped", shows_events_in_order_and_once},
    {"--raw is the event alone, and safe on a terminal", raw_is_the_event_alone},
    {"shows the end of a log", shows_the_end_of_a_log},
    {"tail says when it fell behind", tail_says_when_it_fell_behind},
    {"a live check that loses the gateway is no verdict", a_live_check_without_a_gateway_is_no_verdict},
    {"wrong words ask nothing", wrong_words_ask_nothing},
    {"answers that are none are refused", answers_that_are_none_are_refused},
    {"evidence that is none is refused", evidence_that_is_none_is_refused},
    {"no evidence is told", no_evidence_is_told},
    {"a failed export leaves nothing behind", a_failed_export_leaves_nothing},
};

int main(void)
{
    return GW_TEST_RUN("cli on logs", cases);
}
