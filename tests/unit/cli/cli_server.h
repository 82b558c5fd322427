/*
 * cli_server: one HTTP exchange after the other over a unix socket with answers laid down in advance, and the command
 * line run against it in this process.
 */
#pragma once

#include <pthread.h>
#include <stddef.h>

#include "cli.h"

#define CLI_SERVER_ANSWERS 4

struct cli_server {
    char path[128];
    int fd;
    pthread_t thread;
    const char *answers[CLI_SERVER_ANSWERS]; /* "200 {…}", in order; NULL ends */
    char requests[CLI_SERVER_ANSWERS][4096]; /* as they came; read after cli_server_stop() */
    int count;
};

/* Listens in a fresh directory. answers ends with NULL. */
void cli_server_start(struct cli_server *s, const char *const answers[]);
/* Waits until the server has given its answers or nobody asks any more. */
void cli_server_stop(struct cli_server *s);

/* What one run of the program did. */
struct cli_run {
    struct gw_buf out, err;
    enum cli_exit rc;
};

/* Runs the command line; words end with NULL. */
void cli_run(struct cli_run *run, const char *socket, bool tty, const char *const words[]);
void cli_run_done(struct cli_run *run);

#define CLI_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
