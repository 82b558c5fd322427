#include "gw_sanitizer.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED true
#else
#define WATCHED false
#endif

#define VALUE_MAX 256 /* what is longer does not reach a gateway's children: CHILD_ENV_VALUE_MAX */

#define NAMES 3

static const char *const names[NAMES] = {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"};
static const char *dir; /* NULL until a program is started */
static char vars[NAMES][32 + VALUE_MAX];
static const char *env[NAMES + 1];

static void make_env(void)
{
    dir = gw_test_dir();
    (void)chmod(dir, 01777); /* a gateway's processes are several users */
    for (size_t i = 0; i < NAMES; i++) {
        const char *own = getenv(names[i]);
        int n = snprintf(vars[i], sizeof(vars[i]), "%s=%s%slog_path=%s/report:log_exe_name=1", names[i], own ? own : "",
                         own && own[0] ? ":" : "", dir);
        if (n < 0 || (size_t)n > strlen(names[i]) + 1 + VALUE_MAX) {
            printf("# %s is too long for a gateway to pass on\n", names[i]);
            abort();
        }
        env[i] = vars[i];
    }
}

const char *const *gw_sanitizer_env(void)
{
    if (WATCHED && !dir)
        make_env();
    return env;
}

static void show(const char *path)
{
    GW_FCLOSE FILE *f = fopen(path, "re");
    char line[512];
    while (f && fgets(line, sizeof(line), f))
        printf("#   %.*s\n", (int)strcspn(line, "\n"), line);
}

size_t gw_sanitizer_reports(void)
{
    DIR *reports = dir ? opendir(dir) : NULL;
    size_t count = 0;
    for (struct dirent *e = reports ? readdir(reports) : NULL; e; e = readdir(reports)) {
        if (e->d_name[0] == '.')
            continue;
        char path[320];
        (void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        show(path);
        (void)unlink(path);
        count++;
    }
    if (reports)
        (void)closedir(reports);
    return count;
}
