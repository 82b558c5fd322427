/*
 * options: the command line of gatehoused, and the places that follow from it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gw_err.h"

#define OPTIONS_STATE_DEFAULT "/var/lib/gatehouse"
#define OPTIONS_RUN_DEFAULT   "/run/gatehouse"
#define OPTIONS_PATH_MAX      256
#define OPTIONS_PASS_MAX      8
#define OPTIONS_PASS_NAME_MAX 63

struct options {
    char config[OPTIONS_PATH_MAX];  /* absolute */
    char state[OPTIONS_PATH_MAX];   /* absolute */
    char run[OPTIONS_PATH_MAX];     /* runtime sockets: OPTIONS_RUN_DEFAULT with the default state, else <state>/run */
    char program[OPTIONS_PATH_MAX]; /* our own executable */
    char libexec[OPTIONS_PATH_MAX]; /* the directory that holds gatehouse-keyd and gatehouse_broker.so */
    const char *pass[OPTIONS_PASS_MAX]; /* names of the environment that children get too; in argv */
    size_t pass_count;
    bool check_config;
    bool print_config;
    bool version;
    bool help;
    bool daemon; /* the supervisor started us */
};

/* What --help prints; static storage. */
const char *options_help(void);
/* GW_INVALID and others with one line that names what is wrong and where to read on. Words that are no options come
 * last in argv afterwards. */
GW_MUST_CHECK enum gw_rc options_parse(struct options *o, int argc, char **argv, struct gw_err *err);
/* "<dir>/<name>" into out (OPTIONS_PATH_MAX bytes); too long is caught by options_parse(), which leaves room. */
void options_path(char out[OPTIONS_PATH_MAX + 64], const char *dir, const char *name);
