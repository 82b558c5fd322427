/* The harness itself: what a case may not get away with. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
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

static atomic_bool enough;

/* Is inside malloc() or free() nearly always, and takes more blocks than a thread keeps for itself. */
static void *allocate(void *arg)
{
    enum { BLOCKS = 4096, LARGEST = 1024 };
    static _Thread_local void *blocks[BLOCKS];
    (void)arg;
    while (!atomic_load(&enough)) {
        for (size_t i = 0; i < BLOCKS; i++)
            blocks[i] = malloc(i % LARGEST + 1);
        for (size_t i = 0; i < BLOCKS; i++)
            free(blocks[i]);
    }
    return NULL;
}

/* See child() in gw_proc.c: seen once as a program that hung before it began. */
static void programs_start_while_others_allocate(void)
{
    enum { THREADS = 2, PROGRAMS = 200, VARS = 300 };
    static char text[VARS][16];
    const char *vars[VARS + 1] = {NULL};
    pthread_t threads[THREADS];
    for (int i = 0; i < VARS; i++) {
        (void)snprintf(text[i], sizeof(text[i]), "HARNESS%d=1", i);
        vars[i] = text[i];
    }
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, allocate, NULL), 0);
    bool good = true;
    for (int i = 0; i < PROGRAMS && good; i++) {
        struct gw_proc p;
        gw_proc_start(&p, (const char *const[]){"true", NULL}, vars);
        good = gw_proc_wait(&p, LIMIT_MS) == 0;
        gw_proc_done(&p);
    }
    atomic_store(&enough, true);
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    CU_ASSERT(good);
}

static const struct gw_test_case cases[] = {
    {"a program that ends when asked is no failure", a_program_that_ends},
    {"one that stays fails its case, is named and killed", a_program_that_stays},
    {"one that ends but leaves another behind does, and that one is killed", a_program_that_leaves_another},
    {"one that crashes when asked does", a_program_that_crashes},
    {"a case that asserts nothing fails", a_case_without_an_assertion},
    {"unless it is skipped", a_case_that_is_skipped},
    {"programs start while other threads allocate", programs_start_while_others_allocate},
};

int main(void)
{
    return GW_TEST_RUN("harness", cases);
}
