#include <regex.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_log.h"
#include "gw_test.h"

static char captured[4096];

/* Runs `say` with stderr going to a pipe; what it wrote is then in captured. */
static void capture(void (*say)(void))
{
    int pipe_fd[2];
    CU_ASSERT_EQUAL_FATAL(pipe(pipe_fd), 0);
    GW_CLOSE int keep = dup(STDERR_FILENO);
    (void)dup2(pipe_fd[1], STDERR_FILENO);
    (void)close(pipe_fd[1]);
    gw_log_init("testprog", GW_LOG_INFO);
    say();
    (void)dup2(keep, STDERR_FILENO);
    ssize_t n = read(pipe_fd[0], captured, sizeof(captured) - 1);
    captured[n > 0 ? n : 0] = '\0';
    (void)close(pipe_fd[0]);
}

static bool matches(const char *pattern)
{
    regex_t re;
    CU_ASSERT_EQUAL_FATAL(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&re, captured, 0, NULL, 0) == 0;
    regfree(&re);
    return found;
}

static void say_plain(void)
{
    gw_log(GW_LOG_WARN, "core", "%d of %s", 3, "them");
}

static void writes_one_line_a_message(void)
{
    capture(say_plain);
    CU_ASSERT(matches("^<4>20[0-9][0-9]-[0-9-]{5}T[0-9:]{8}\\.[0-9]{3}Z testprog core: 3 of them\n$"));
}

static void say_debug(void)
{
    gw_log(GW_LOG_DEBUG, "core", "hidden");
    gw_log(GW_LOG_INFO, "core", "shown");
}

static void keeps_back_what_is_below_its_level(void)
{
    capture(say_debug);
    CU_ASSERT(matches("^<6>[^\n]*: shown\n$"));
    CU_ASSERT_PTR_NULL(strstr(captured, "hidden"));
}

static void say_control(void)
{
    gw_log(GW_LOG_ERROR, "core", "a\nb\r\x1b[0m\x7f\tend ä");
}

static void lets_nobody_forge_a_line(void)
{
    capture(say_control);
    CU_ASSERT_PTR_NOT_NULL(strstr(captured, ": a\\x0ab\\x0d\\x1b[0m\\x7f\\x09end ä\n"));
    CU_ASSERT_PTR_EQUAL(strchr(captured, '\n'), captured + strlen(captured) - 1);
}

static void say_long(void)
{
    char text[3000];
    memset(text, '\n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    gw_log(GW_LOG_ERROR, "core", "%s", text);
}

static void cuts_a_long_message(void)
{
    capture(say_long);
    CU_ASSERT(strlen(captured) > 1000 && strlen(captured) < 1600);
    CU_ASSERT_EQUAL(captured[strlen(captured) - 1], '\n');
}

static const struct gw_test_case cases[] = {
    {"writes one line a message", writes_one_line_a_message},
    {"keeps back what is below its level", keeps_back_what_is_below_its_level},
    {"lets nobody forge a line", lets_nobody_forge_a_line},
    {"cuts a long message", cuts_a_long_message},
};

int main(void)
{
    return GW_TEST_RUN("log", cases);
}
