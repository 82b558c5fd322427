/*
 * child_env: the environment of the supervisor's children. It is made anew from a closed list, so that nothing that
 * lies in root's (tokens, a linker's preload, proxies) comes to processes that talk with the network.
 * docs/configuration.md, "Environment".
 *
 * PATH is fixed; LANG, LC_ALL and TZ are passed on when they are there and at most CHILD_ENV_VALUE_MAX long, a build
 * with sanitizers passes on their options too; beyond that only what --pass-env names.
 */
#pragma once

#include "options.h"

#define CHILD_ENV_PATH      "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
#define CHILD_ENV_VALUE_MAX 256
#define CHILD_ENV_MAX       24

/* The strings are borrowed from whom they were taken. */
struct child_env {
    const char *vars[CHILD_ENV_MAX + 1]; /* "NAME=value", NULL last: what execve(2) takes */
    size_t count;
};

/* `inherited` is a process's environ. */
void child_env_init(struct child_env *e, const char *const inherited[], const struct options *o);
/* "NAME=value" in the place of any other of that name. The lists are shorter than the ceiling; what no longer fits is
 * left out. */
void child_env_set(struct child_env *e, const char *var);
