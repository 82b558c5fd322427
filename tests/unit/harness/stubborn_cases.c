/* Cases that must not pass, each by itself: the first argument is its name, the second the limit in ms that "stubborn"
 * has to end. What it must say is in test_harness.c. */
#include <stdlib.h>
#include <string.h>

#include "gw_proc.h"
#include "gw_test.h"

#define READY_MS 60000

static const char *what;
static int limit_ms;

static void ends_a_program(void)
{
    struct gw_proc p;
    gw_proc_start(&p, (const char *const[]){GW_BIN_DIR "/stubborn", what, NULL}, NULL);
    CU_ASSERT_TRUE(gw_proc_await(&p, "here ", READY_MS) && gw_proc_await(&p, "\n", READY_MS));
    printf("#   %s", p.out);
    gw_proc_end(&p, limit_ms);
}

static void asserts_nothing(void)
{
}

static void asserts_something(void)
{
    CU_ASSERT_TRUE(limit_ms > 0);
}

static void skips(void)
{
    gw_test_skip("as asked");
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 125;
    what = argv[1];
    limit_ms = (int)strtol(argv[2], NULL, 10);
    struct gw_test_case one = {"one", ends_a_program};
    if (strcmp(what, "nothing") == 0)
        one.run = asserts_nothing;
    else if (strcmp(what, "skip") == 0)
        one.run = skips;
    const struct gw_test_case other = {"other", asserts_something};
    int failures = gw_test_run("outer", &other, 1);
    return failures + gw_test_run("inner", &one, 1);
}
