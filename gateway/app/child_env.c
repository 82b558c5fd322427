#include "child_env.h"

#include <stdint.h>
#include <string.h>

static const char *const passed_on[] = {
    "LANG",         "LC_ALL",       "TZ",
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS",
#endif
};

#define PASSED_ON_COUNT (sizeof(passed_on) / sizeof(passed_on[0]))
/* PATH, the lists, and one that a child's own specification sets. */
_Static_assert(1 + PASSED_ON_COUNT + OPTIONS_PASS_MAX + 1 <= CHILD_ENV_MAX, "every list fits");

/* The first "NAME=value" of this name, or NULL. */
static const char *find(const char *const vars[], const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; vars[i]; i++)
        if (strncmp(vars[i], name, len) == 0 && vars[i][len] == '=')
            return vars[i];
    return NULL;
}

static void pass(struct child_env *e, const char *const inherited[], const char *name, size_t value_max)
{
    const char *var = find(inherited, name);
    if (var && strlen(var) - strlen(name) - 1 <= value_max)
        child_env_set(e, var);
}

void child_env_init(struct child_env *e, const char *const inherited[], const struct options *o)
{
    *e = (struct child_env){.count = 0};
    child_env_set(e, CHILD_ENV_PATH);
    for (size_t i = 0; i < PASSED_ON_COUNT; i++)
        pass(e, inherited, passed_on[i], CHILD_ENV_VALUE_MAX);
    for (size_t i = 0; i < o->pass_count; i++)
        pass(e, inherited, o->pass[i], SIZE_MAX);
}

void child_env_set(struct child_env *e, const char *var)
{
    size_t name_len = strcspn(var, "=") + 1;
    size_t at = 0;
    while (at < e->count && strncmp(e->vars[at], var, name_len) != 0)
        at++;
    if (at == CHILD_ENV_MAX)
        return;
    e->vars[at] = var;
    e->count += at == e->count;
}
