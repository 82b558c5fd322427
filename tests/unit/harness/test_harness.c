/* The harness itself: what a case may not get away with. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gw_proc.h"
#include "gw_test.h"

#define LIMIT_MS 60000
#define ENOUGH   "60000"
#define SHORT    "300" /* whoever never ends is late at any limit */

static bool is_gone(void *ctx)
{
    const pid_t *pid = ctx;
    return kill(*pid, 0) != 0;
}

/* Runs the case: how many failures it is, what it must have said, and that nobody is left of it. */
static void check(const char *what, const char *limit_ms, int failures, const char *said)
{
    struct gw_proc p; /* what it starts reports to a directory of its own */
    gw_proc_start(&p, (const char *const[]){GW_BIN_DIR "/stubborn_cases", what, limit_ms, NULL},
                  (const char *const[]){"ASAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS=", NULL});
    int code = gw_proc_wait(&p, LIMIT_MS);
    CU_ASSERT_EQUAL(code, failures);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, said));
    if (code != failures || !strstr(p.out, said))
        printf("#   %s: %d, %s\n", what, code, p.out);
    const char *here = strstr(p.out, "here ");
    pid_t pid = here ? (pid_t)strtol(here + 5, NULL, 10) : 0;
    gw_proc_done(&p);
    if (pid > 0)
        CU_ASSERT_TRUE(gw_await(is_gone, &pid, LIMIT_MS));
}

static void a_program_that_ends(void)
{
    check("ends", ENOUGH, 0, "ok - inner: one");
}

static void a_program_that_stays(void)
{
    check("stays", SHORT, 1, "not ok - inner: one");
    check("stays", SHORT, 1, "#   stubborn (");
    check("stays", SHORT, 1, "did not end when it was asked to");
}

static void a_program_that_leaves_another(void)
{
    check("leaves", SHORT, 1, "ended, but not all that it had started");
}

static void a_program_that_crashes(void)
{
    check("crashes", ENOUGH, 1, "ended by signal 6");
}

static void a_case_without_an_assertion(void)
{
    check("nothing", ENOUGH, 1, "it asserted nothing");
}

static void a_case_that_is_skipped(void)
{
    check("skip", ENOUGH, 0, "skip - inner: one # as asked");
}

static const struct gw_test_case cases[] = {
    {"a program that ends when asked is no failure", a_program_that_ends},
    {"one that stays fails its case, is named and killed", a_program_that_stays},
    {"one that ends but leaves another behind does, and that one is killed", a_program_that_leaves_another},
    {"one that crashes when asked does", a_program_that_crashes},
    {"a case that asserts nothing fails", a_case_without_an_assertion},
    {"unless it is skipped", a_case_that_is_skipped},
};

int main(void)
{
    return GW_TEST_RUN("harness", cases);
}
