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

/* Beside the reports, since that path is short; the dot keeps it from being one. */
#define SUPPRESSIONS ".tsan.supp"

static void make_dir(void)
{
    char path[128];
    dir = gw_test_dir();
    (void)snprintf(path, sizeof(path), "%s/" SUPPRESSIONS, dir);
    if (chmod(dir, 01777) || /* a gateway's processes are several users */
        symlink(GW_SOURCE_DIR "/tests/lib/tsan.supp", path))
        abort();
}

static void make_env(void)
{
    make_dir();
    for (size_t i = 0; i < NAMES; i++) {
        const char *own = getenv(names[i]);
        char more[128] = "";
        if (strcmp(names[i], "TSAN_OPTIONS") == 0)
            (void)snprintf(more, sizeof(more), ":print_suppressions=0:suppressions=%s/" SUPPRESSIONS, dir);
        int n = snprintf(vars[i], sizeof(vars[i]), "%s=%s%slog_path=%s/report:log_exe_name=1%s", names[i],
                         own ? own : "", own && own[0] ? ":" : "", dir, more);
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

#define REPORT_LINES_MAX 40

void gw_sanitizer_look(const char *said)
{
    const char *at = WATCHED && dir ? strstr(said, ": runtime error: ") : NULL;
    if (!at)
        return;
    while (at > said && at[-1] != '\n')
        at--;
    size_t len = 0;
    for (int lines = 0; at[len] && lines < REPORT_LINES_MAX; len++)
        lines += at[len] == '\n';
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/said.XXXXXX", dir);
    GW_CLOSE int fd = mkstemp(path);
    if (fd < 0 || write(fd, at, len) != (ssize_t)len)
        abort();
}

/* A program that is killed while it looks for leaks says this of itself: no finding. */
static bool killed_while_looking(const char *line)
{
    return line[0] == '\n' || strstr(line, "Unable to get registers from thread");
}

/* True when the report says something. */
static bool show(const char *path)
{
    GW_FCLOSE FILE *f = fopen(path, "re");
    char line[512];
    bool said = !f;
    while (f && fgets(line, sizeof(line), f)) {
        printf("#   %.*s\n", (int)strcspn(line, "\n"), line);
        said = said || !killed_while_looking(line);
    }
    return said;
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
        if (!show(path))
            continue; /* one may be about to write into it */
        count++;
        (void)unlink(path);
    }
    if (reports)
        (void)closedir(reports);
    return count;
}
