/* Faults of every kind, in a program that is started as those under test are. */
#include "gw_proc.h"
#include "gw_sanitizer.h"
#include "gw_test.h"

#define LIMIT_MS 60000

/* How many reports come of it, whatever its exit status. */
static size_t reports_of(const char *what)
{
    struct gw_proc p;
    gw_proc_start(&p, (const char *const[]){GW_BIN_DIR "/faulty", what, NULL}, NULL);
    CU_ASSERT(gw_proc_wait(&p, LIMIT_MS) >= 0);
    gw_proc_done(&p);
    return gw_sanitizer_reports();
}

static void a_good_program(void)
{
    CU_ASSERT_EQUAL(reports_of("none"), 0);
}

#ifdef __SANITIZE_ADDRESS__
static void a_use_after_free(void)
{
    CU_ASSERT_EQUAL(reports_of("use"), 1);
}

static void a_leak(void)
{
    CU_ASSERT_EQUAL(reports_of("leak"), 1);
}

static void an_overflow(void)
{
    CU_ASSERT_EQUAL(reports_of("overflow"), 1);
}
#else
static void a_race(void)
{
    CU_ASSERT_EQUAL(reports_of("race"), 1);
}
#endif

static const struct gw_test_case cases[] = {
    {"a program without a fault leaves no report", a_good_program},
#ifdef __SANITIZE_ADDRESS__
    {"a use after free leaves one", a_use_after_free},
    {"a leak leaves one", a_leak},
    {"an overflow leaves one, though UBSan writes to no file", an_overflow},
#else
    {"a race leaves one", a_race},
#endif
};

int main(void)
{
    return GW_TEST_RUN("sanitizer's reports", cases);
}
