/* The command lines of all programs: help and version on stdout, a wrong word in one line on stderr. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_proc.h"
#include "gw_test.h"

static const struct {
    const char *name;
    int usage; /* exit code of a wrong command line */
    bool needs_words;
} programs[] = {
    {"gatehoused", 64, true},     {"gatehouse", 2, true},       {"gatehouse-agent", 2, true},
    {"gatehouse-fleet", 2, true}, {"gatehouse-keyd", 2, false},
};
#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))

/* What `program words` says on one of the two streams; the other goes nowhere. */
static int run(const char *program, const char *words, const char *redirect, char **ret_out)
{
    char script[512];
    (void)snprintf(script, sizeof(script), "'%s/%s' %s %s </dev/null", GW_BIN_DIR, program, words, redirect);
    const char *const argv[] = {"sh", "-c", script, NULL};
    return gw_proc_run(argv, ret_out);
}

static void expect(const char *program, const char *words, const char *redirect, int code, const char *says)
{
    GW_FREE char *out = NULL;
    int got = run(program, words, redirect, &out);
    bool right = got == code && (says[0] ? strstr(out, says) != NULL : out[0] == '\0');
    if (!right)
        printf("#   %s %s (%s): %d, %s\n", program, words, redirect, got, out);
    CU_ASSERT_TRUE(right);
}

static void help_and_version_are_results(void)
{
    for (size_t i = 0; i < PROGRAMS; i++) {
        char usage[64], version[64];
        (void)snprintf(usage, sizeof(usage), "sage: %s ", programs[i].name);
        (void)snprintf(version, sizeof(version), "%s ", programs[i].name);
        expect(programs[i].name, "--help", "2>/dev/null", 0, usage);
        expect(programs[i].name, "--help", "2>&1 >/dev/null", 0, "");
        expect(programs[i].name, "--version", "2>/dev/null", 0, version);
        expect(programs[i].name, "--version", "2>&1 >/dev/null", 0, "");
    }
}

/* One line that begins with the program's name, holds `says` and ends with where to read on. */
static void expect_refusal(size_t i, const char *words, const char *says)
{
    const char *name = programs[i].name;
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(run(name, words, "2>&1 >/dev/null", &out), programs[i].usage);
    size_t len = strlen(out), name_len = strlen(name);
    bool one_line = len > 0 && strchr(out, '\n') == out + len - 1;
    bool named = strncmp(out, name, name_len) == 0 && strstr(out, says) != NULL;
    bool helps = strstr(out, strcmp(name, "gatehouse") == 0 ? "see `gatehouse help" : "--help`") != NULL;
    if (!one_line || !named || !helps)
        printf("#   %s %s: %s\n", name, words, out);
    CU_ASSERT_TRUE(one_line && named && helps);
    expect(name, words, "2>/dev/null", programs[i].usage, "");
}

static void a_wrong_word_is_named_in_one_line(void)
{
    for (size_t i = 0; i < PROGRAMS; i++) {
        expect_refusal(i, "--frobnicate", "unknown option --frobnicate");
        if (!programs[i].needs_words)
            continue;
        expect_refusal(i, "", "");
        expect_refusal(i, "-x", "unknown option -x");
        expect_refusal(i, "--frobnicate=7", "unknown option --frobnicate");
        expect_refusal(i, "--version=3", "--version takes no value");
    }
    for (size_t i = 0; i < 4; i++)
        if (i != 1)
            expect_refusal(i, "--state", "--state needs a value");
    expect_refusal(0, "--config /g.toml word", "word is no option");
    expect_refusal(1, "--socket", "--socket needs a value");
}

static const struct gw_test_case cases[] = {
    {"help and version go to stdout and are success", help_and_version_are_results},
    {"a wrong word is named in one line on stderr", a_wrong_word_is_named_in_one_line},
};

int main(void)
{
    return GW_TEST_RUN("command lines", cases);
}
