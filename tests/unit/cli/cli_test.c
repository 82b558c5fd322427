/* gateway/cli: words, options, help, tables, escapes, and what happens when nobody answers. */
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli_ask_test.h"
#include "cli_list_test.h"
#include "cli_release_test.h"
#include "cli_rollout_test.h"
#include "cli_server.h"
#include "cli_table.h"
#include "cli_text.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define RUN GW_CLEANUP(cli_run_done) struct cli_run

static bool has(struct gw_buf *b, const char *text)
{
    return strstr(gw_buf_str(b), text) != NULL;
}

static void expect_usage(const char *const words[], const char *says)
{
    RUN run;
    cli_run(&run, "/nonexistent/s", false, words);
    CU_ASSERT_EQUAL(run.rc, CLI_USAGE);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), "");
    if (!has(&run.err, says))
        printf("# expected \"%s\" in \"%s\"\n", says, gw_buf_str(&run.err));
    CU_ASSERT_TRUE(has(&run.err, says));
    CU_ASSERT_TRUE(has(&run.err, "; see `gatehouse help"));
    const char *end = strchr(gw_buf_str(&run.err), '\n');
    CU_ASSERT_TRUE(end && end[1] == '\0'); /* one line */
}

static void wrong_words_are_usage_errors_that_say_why(void)
{
    expect_usage(CLI_WORDS(NULL), "no command is given; see `gatehouse help`\n");
    expect_usage(CLI_WORDS("stat"), "no such command: stat; see `gatehouse help`\n");
    expect_usage(CLI_WORDS("device"), "device is not a whole command; see `gatehouse help device`\n");
    expect_usage(CLI_WORDS("device", "paint"), "no such command: device paint; see `gatehouse help device`\n");
    expect_usage(CLI_WORDS("release", "key"), "release key is not a whole command; see `gatehouse help release key`\n");
    expect_usage(CLI_WORDS("release", "key", "paint", "it"),
                 "no such command: release key paint; see `gatehouse help release key`\n");
    expect_usage(CLI_WORDS("device", "show"), "device show takes ID, 0 given; see `gatehouse help device show`\n");
    expect_usage(CLI_WORDS("status", "now"), "status takes no arguments, 1 given");
    expect_usage(CLI_WORDS("device", "show", "Pump"), "\"Pump\" is no device id");
    expect_usage(CLI_WORDS("device", "show", "../status"), "is no device id");
    expect_usage(CLI_WORDS("device", "show", "a\x1b[2Jb"), "\\u{1b}[2J");
    expect_usage(CLI_WORDS("device", "approve", "pump-1", "abc"), "64 hex digits");
    expect_usage(CLI_WORDS("user", "add", "Ann", "admin"), "\"Ann\" is no name");
    expect_usage(CLI_WORDS("user", "add", "ann", "root"), "\"root\" is no role");
    expect_usage(CLI_WORDS("user", "role", "ann", "king"), "\"king\" is no role");
    expect_usage(CLI_WORDS("user", "disable", "../claim"), "is no name");
    expect_usage(CLI_WORDS("user", "add", "ann", "admin", "a-password"), "user add takes NAME ROLE, 3 given");
    expect_usage(CLI_WORDS("door", "open", "0"), "from 1 to 60");
    expect_usage(CLI_WORDS("door", "open", "61"), "from 1 to 60");
    expect_usage(CLI_WORDS("door", "open", "5x"), "from 1 to 60");
    const char *words[CLI_WORDS_MAX + 2] = {NULL};
    for (size_t i = 0; i < CLI_WORDS_MAX + 1; i++)
        words[i] = "word";
    expect_usage(words, "too many words");
}

static void wrong_options_are_usage_errors_that_say_why(void)
{
    expect_usage(CLI_WORDS("--frob"), "unknown option --frob");
    expect_usage(CLI_WORDS("-x"), "unknown option -x");
    expect_usage(CLI_WORDS("status", "--socket"), "--socket needs a value");
    expect_usage(CLI_WORDS("status", "--socket="), "the value of --socket is empty");
    expect_usage(CLI_WORDS("status", "--json=yes"), "--json takes no value");
    expect_usage(CLI_WORDS("status", "--qr"), "--qr does not go with status");
    expect_usage(CLI_WORDS("device", "revoke", "pump-1", "--rev", "x"), "--rev must be a number");
    expect_usage(CLI_WORDS("logs", "show", "--device", "pump-1", "--device=pump-2"), "--device is given twice");
    expect_usage(CLI_WORDS("logs", "verify", "/x", "--key", "a", "--key", "b"), "--key is given twice");
    expect_usage(CLI_WORDS("logs", "show", "--audit", "--min-sev", "9"), "--min-sev is one of info low");
    expect_usage(CLI_WORDS("device", "invite", "pump-1", "--out", "/x/y", "--qr"), "--out does not go with --qr");
}

static void expect_json(const char *const words[], enum cli_exit rc, const char *line)
{
    RUN run;
    cli_run(&run, "/nonexistent/s", false, words);
    CU_ASSERT_EQUAL(run.rc, rc);
    CU_ASSERT_TRUE(has(&run.err, "gatehouse: "));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), line);
}

static void failures_are_one_line_of_json_too(void)
{
    expect_json(
        CLI_WORDS("--frob", "--json"), CLI_USAGE,
        "{\"type\":\"about:blank\",\"title\":\"wrong usage\",\"detail\":\"unknown option --frob\",\"exit\":2}\n");
    expect_json(
        CLI_WORDS("--json", "device", "show", "\xff"), CLI_USAGE,
        "{\"type\":\"about:blank\",\"title\":\"wrong usage\",\"detail\":\"\\\"\\\\x{ff}\\\" is no device id: 3 to 63 "
        "of a-z, 0-9 and '-', not starting with '-'\",\"exit\":2}\n");
    expect_json(
        CLI_WORDS("--json", "status"), CLI_UNREACHABLE,
        "{\"type\":\"about:blank\",\"title\":\"gateway not reachable\",\"detail\":\"/nonexistent/s does not exist: is "
        "gatehoused running? Start it, or name its socket with --socket PATH; or it waits for an address or a key "
        "daemon: see its log\",\"exit\":3}\n");
}

static void a_double_dash_ends_the_options(void)
{
    expect_usage(CLI_WORDS("device", "show", "--", "--json"), "\"--json\" is no device id");
}

static void every_command_is_in_the_help(void)
{
    RUN all;
    cli_run(&all, NULL, false, CLI_WORDS("help"));
    CU_ASSERT_EQUAL(all.rc, CLI_OK);
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_TRUE(has(&all.out, commands[i].name));
        CU_ASSERT_TRUE(has(&all.out, commands[i].summary));
        CU_ASSERT_EQUAL(commands[i].arg_count == 0, commands[i].args == NULL);
    }
    RUN group;
    cli_run(&group, NULL, false, CLI_WORDS("help", "device"));
    CU_ASSERT_EQUAL(group.rc, CLI_OK);
    CU_ASSERT_TRUE(has(&group.out, "device invite ID"));
    CU_ASSERT_TRUE(has(&group.out, "--out PATH"));
    CU_ASSERT_FALSE(has(&group.out, "door open"));
    RUN one;
    cli_run(&one, NULL, false, CLI_WORDS("device", "show", "--help"));
    CU_ASSERT_EQUAL(one.rc, CLI_OK);
    CU_ASSERT_TRUE(has(&one.out, "device show ID"));
    CU_ASSERT_FALSE(has(&one.out, "device invite"));
    expect_usage(CLI_WORDS("help", "paint"), "no such command: paint");
    expect_usage(CLI_WORDS("help", "devic"), "no such command: devic");
}

static void says_what_to_do_when_nobody_answers(void)
{
    char path[128];
    RUN missing;
    (void)snprintf(path, sizeof(path), "%s/none", gw_test_dir());
    cli_run(&missing, path, false, CLI_WORDS("status"));
    CU_ASSERT_EQUAL(missing.rc, CLI_UNREACHABLE);
    CU_ASSERT_TRUE(has(&missing.err, path));
    CU_ASSERT_TRUE(has(&missing.err, "is gatehoused running?"));
    CU_ASSERT_TRUE(has(&missing.err, "or it waits for an address or a key daemon: see its log"));
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%.100s", path);
    GW_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    RUN deaf; /* bound, nobody listens */
    cli_run(&deaf, path, false, CLI_WORDS("status"));
    CU_ASSERT_EQUAL(deaf.rc, CLI_UNREACHABLE);
    CU_ASSERT_TRUE(has(&deaf.err, "nobody listens at"));
    RUN file; /* the directory itself */
    cli_run(&file, gw_test_dir(), false, CLI_WORDS("status"));
    CU_ASSERT_EQUAL(file.rc, CLI_UNREACHABLE);
    CU_ASSERT_TRUE(has(&file.err, "is no socket"));
    char longest[160];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    RUN too_long;
    cli_run(&too_long, longest, false, CLI_WORDS("status"));
    CU_ASSERT_EQUAL(too_long.rc, CLI_UNREACHABLE);
    CU_ASSERT_TRUE(has(&too_long.err, "too long for a socket's path"));
}

static void says_which_group_is_missing(void)
{
    char closed[128], inside[160];
    (void)snprintf(closed, sizeof(closed), "%s/closed", gw_test_dir());
    (void)snprintf(inside, sizeof(inside), "%s/s", closed);
    CU_ASSERT_EQUAL_FATAL(mkdir(closed, 0), 0);
    if (geteuid() == 0 && seteuid(65534)) {
        gw_test_skip("cannot become another user");
        return;
    }
    RUN run;
    cli_run(&run, inside, false, CLI_WORDS("status"));
    CU_ASSERT_EQUAL(run.rc, CLI_UNREACHABLE);
    CU_ASSERT_TRUE(has(&run.err, "gatehouse-admin"));
    if (getuid() == 0)
        CU_ASSERT_EQUAL(seteuid(0), 0);
    CU_ASSERT_EQUAL(rmdir(closed), 0);
}

static void a_connection_that_breaks_is_not_success(void)
{
    struct cli_server s;
    cli_server_start(&s, (const char *const[]){NULL}); /* accepts nothing, then goes */
    cli_server_stop(&s);
    RUN run;
    cli_run(&run, s.path, false, CLI_WORDS("door", "close"));
    CU_ASSERT_EQUAL(run.rc, CLI_UNREACHABLE);
}

static void output_that_cannot_be_written_is_a_failure(void)
{
    GW_FCLOSE FILE *full = fopen("/dev/full", "w");
    GW_FCLOSE FILE *null = fopen("/dev/null", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(full);
    struct cli cli = {.out = full, .err = null};
    CU_ASSERT_EQUAL(cli_main(&cli, 2, CLI_WORDS("gatehouse", "help")), CLI_REFUSED);
}

static void expect_escaped(const char *bytes, size_t len, const char *want)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, 1024);
    cli_text_escape(&out, gw_view_make(bytes, len));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&out), want);
}

static void makes_harmful_text_visible(void)
{
    expect_escaped("\x1b[31m\r\n\t\0\x7f", 10, "\\u{1b}[31m\\u{d}\\u{a}\\u{9}\\u{0}\\u{7f}");
    expect_escaped("\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xef\xbb\xbf", 11, "\\u{9b}\\u{202e}\\u{2066}\\u{feff}");
    expect_escaped("\xff\xc3", 2, "\\x{ff}\\x{c3}");
    expect_escaped("\xc0\xaf\xed\xa0\x80", 5, "\\x{c0}\\x{af}\\x{ed}\\x{a0}\\x{80}");
    expect_escaped("\xc3\xa4\xe2\x82\xac \\", 7, "\xc3\xa4\xe2\x82\xac \\\\");
}

static void tables_align_by_characters(void)
{
    static const char *const titles[] = {"A", "LONG"};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, titles, 2);
    cli_table_add_str(&t, "\xc3\xa4\xc3\xb6");
    cli_table_add_str(&t, "x");
    cli_table_add_str(&t, "abc");
    cli_table_add_str(&t, "");
    cli_table_add_str(&t, "half a row");
    cli_table_print(&t, out);
    (void)fclose(out);
    CU_ASSERT_STRING_EQUAL(text, "A           LONG\n"
                                 "\xc3\xa4\xc3\xb6          x\n"
                                 "abc         \n");
    free(text);
}

static const struct gw_test_case cases[] = {
    {"lists alerts page by page", alerts_are_listed_page_by_page},
    {"acts on an alert under its revision", an_alert_is_acted_on_under_its_revision},
    {"asks nothing about what is no alert", nothing_is_asked_about_what_is_no_alert},
    {"reads a password from its input and sends it whole", a_password_is_read_from_the_input_and_sent_whole},
    {"asks nothing without a password", without_a_password_nothing_is_asked},
    {"wrong words are usage errors that say why", wrong_words_are_usage_errors_that_say_why},
    {"wrong options are usage errors that say why", wrong_options_are_usage_errors_that_say_why},
    {"with --json a failure is one line of JSON too", failures_are_one_line_of_json_too},
    {"a double dash ends the options", a_double_dash_ends_the_options},
    {"every command is in the help", every_command_is_in_the_help},
    {"says what to do when nobody answers", says_what_to_do_when_nobody_answers},
    {"says which group is missing", says_which_group_is_missing},
    {"a connection that breaks is not success", a_connection_that_breaks_is_not_success},
    {"output that cannot be written is a failure", output_that_cannot_be_written_is_a_failure},
    {"makes harmful text visible", makes_harmful_text_visible},
    {"tables align by characters", tables_align_by_characters},
    {"prints status for people", prints_status_for_people},
    {"prints the answer as it came with --json", prints_the_answer_as_it_came_with_json},
    {"a device that is not there is no device without logs", a_device_that_is_not_there_is_not_one_without_logs},
    {"names the list in which to look", names_the_list_in_which_to_look},
    {"walks all pages of devices", walks_all_pages_of_devices},
    {"a list that goes in circles ends", a_list_that_goes_in_circles_ends},
    {"escapes what a device says about itself", escapes_what_a_device_says_about_itself},
    {"device acts name device and revision", device_acts_name_device_and_revision},
    {"a refusal is told with its reason", a_refusal_is_told_with_its_reason},
    {"an answer that is not ours is refused", an_answer_that_is_not_ours_is_refused},
    {"an invitation goes to a private file", an_invitation_goes_to_a_private_file},
    {"no invitation is asked for when the file is there", no_invitation_is_asked_for_when_the_file_is_there},
    {"a refused invitation leaves no file", a_refused_invitation_leaves_no_file},
    {"an invitation on a terminal has its QR code", an_invitation_on_a_terminal_has_its_qr_code},
    {"a claim code needs a terminal", a_claim_code_needs_a_terminal},
    {"door and pending ask and tell", door_and_pending_ask_and_tell},
    {"asks for a token and prints it once", a_token_is_asked_for_and_printed_once},
    {"asks for no token in vain", no_token_is_asked_for_in_vain},
    {"lists releases page by page", lists_releases_page_by_page},
    {"shows a release with its files", shows_a_release_with_its_files},
    {"adds a vendor's public key, never a private one", adds_a_vendors_public_key_never_a_private_one},
    {"removes a key by its fingerprint", removes_a_key_by_its_fingerprint},
    {"uploads a release and shows how far it is", uploads_a_release_and_shows_how_far_it_is},
    {"tells why a release was refused", tells_why_a_release_was_refused},
    {"names release and revision", names_release_and_revision},
    {"makes a plan out of options", makes_a_plan_out_of_options},
    {"sends a plan's file whole", sends_a_plans_file_whole},
    {"a plan's file is read with its queries", a_plans_file_is_read_with_its_queries},
    {"a plan that is none is told before anybody is asked", a_plan_that_is_none_is_told_before_anybody_is_asked},
    {"acts on a rollout with revision and reason", acts_on_a_rollout_with_revision_and_reason},
    {"lists rollouts and their devices page by page", lists_rollouts_and_their_devices_page_by_page},
    {"a query is sent and all pages are walked", a_query_is_sent_and_all_pages_are_walked},
    {"every list takes a query", every_list_takes_a_query},
    {"a query that cannot be read is marked", a_query_that_cannot_be_read_is_marked},
    {"nothing found is no failure", nothing_found_is_no_failure},
    {"terms with a dash are no options", terms_with_a_dash_are_no_options},
    {"watches a rollout to its end", watches_a_rollout_to_its_end},
    {"tells how the way back went", tells_how_the_way_back_went},
    {"shows progress of what has not ended alone", shows_progress_of_what_has_not_ended_alone},
    {"shows what a device says that it runs", shows_what_a_device_says_that_it_runs},
};

int main(void)
{
    return GW_TEST_RUN("cli", cases);
}
