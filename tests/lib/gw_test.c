#include "gw_test.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/TestRun.h>

#include "gw_sanitizer.h"

static const char *skip_reason;
static unsigned failures;
static unsigned faults;  /* of the running case */
static unsigned asserts; /* before the running case */
static char dirs[256][64];
static size_t dir_count;
static pid_t dir_owner;

void gw_test_skip(const char *why)
{
    skip_reason = why;
}

void gw_test_fault(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("#   ");
    (void)vprintf(format, args);
    printf("\n");
    va_end(args);
    faults++;
}

static void on_complete(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord first)
{
    size_t reports = gw_sanitizer_reports();
    if (!skip_reason && CU_get_number_of_asserts() == asserts)
        gw_test_fault("it asserted nothing");
    asserts = CU_get_number_of_asserts();
    if (first || reports > 0 || faults > 0) {
        failures++;
        printf("not ok - %s: %s\n", suite->pName, test->pName);
        for (const CU_FailureRecord *f = first; f; f = f->pNext)
            if (f->pTest == test)
                printf("#   %s:%u %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
    } else if (skip_reason) {
        printf("skip - %s: %s # %s\n", suite->pName, test->pName, skip_reason);
    } else {
        printf("ok - %s: %s\n", suite->pName, test->pName);
    }
    skip_reason = NULL;
    faults = 0;
    (void)fflush(stdout);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
    (void)st;
    (void)flag;
    (void)walk;
    (void)remove(path);
    return 0;
}

static void remove_dirs(void)
{
    if (getpid() != dir_owner)
        return;
    for (size_t i = 0; i < dir_count; i++)
        (void)nftw(dirs[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *gw_test_dir(void)
{
    if (dir_count == 0) {
        dir_owner = getpid();
        (void)atexit(remove_dirs);
    }
    if (dir_count == sizeof(dirs) / sizeof(dirs[0]))
        abort();
    char *dir = dirs[dir_count++];
    const char *root = getenv("GW_TEST_ROOT");
    int n = root ? snprintf(dir, sizeof(dirs[0]), "%s/XXXXXX", root)
                 : snprintf(dir, sizeof(dirs[0]), "/var/tmp/gatehouse-test-XXXXXX");
    if (n < 0 || (size_t)n >= sizeof(dirs[0]) || !mkdtemp(dir))
        abort();
    return dir;
}

/* Descriptors stay bound (without listening, so others may bind with SO_REUSEADDR) to keep two calls apart. */
uint16_t gw_test_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
        bind(fd, (struct sockaddr *)&at, sizeof(at)) || getsockname(fd, (struct sockaddr *)&at, &len))
        abort();
    return ntohs(at.sin_port);
}

const char *gw_test_shared_data(void)
{
    static char path[512];
    const char *set = getenv("GATEHOUSE_SHARED_DATA");
    (void)snprintf(path, sizeof(path), "%s", set ? set : GW_SOURCE_DIR "/../shared/data");
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? path : NULL;
}

void gw_test_note(enum gw_rc rc, const struct gw_err *err, const char *what)
{
    if (rc)
        printf("#   %s: %s (%s)\n", what, gw_err_text(err), gw_rc_text(rc));
}

int gw_test_run(const char *suite, const struct gw_test_case *cases, size_t count)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 125;
    CU_pSuite s = CU_add_suite(suite, NULL, NULL);
    for (size_t i = 0; s && i < count; i++)
        if (!CU_add_test(s, cases[i].name, cases[i].run))
            s = NULL;
    if (!s) {
        printf("not ok - %s: %s\n", suite, CU_get_error_msg());
        return 125;
    }
    asserts = 0; /* CUnit counts anew too */
    CU_set_test_complete_handler(on_complete);
    (void)CU_run_all_tests();
    CU_cleanup_registry();
    if (gw_sanitizer_reports() > 0) {
        printf("not ok - %s: a sanitizer's report after the last case\n", suite);
        failures++;
    }
    return failures > 100 ? 100 : (int)failures;
}
