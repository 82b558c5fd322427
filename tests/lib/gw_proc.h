/*
 * gw_proc: real programs under test: start, await a line of output, await the end, kill.
 *
 * Output (stdout and stderr together) is read by a thread as it comes, so a talkative program never blocks on us;
 * waiting is for events (a line, an exit), bounded by a generous limit that only a failure reaches.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct gw_proc_drain;

struct gw_proc {
    pid_t pid;     /* also its process group; 0 when it is not running */
    char name[32]; /* of the program, without its directory */
    char *out;     /* what it had said by the last call, terminated; valid until the next */
    size_t out_len;
    int status; /* of waitpid(2), valid once it has ended */
    struct gw_proc_drain *drain;
};

/* argv ends with NULL; env_extra (may be NULL) lists "NAME=value" to add. Aborts the test when fork fails. The child
 * dies with the test program (PR_SET_PDEATHSIG) and has its own process group. */
void gw_proc_start(struct gw_proc *p, const char *const argv[], const char *const env_extra[]);
/* True when the output has held this text by now, or comes to hold it within the limit; false at its end or the limit.
 */
bool gw_proc_await(struct gw_proc *p, const char *text, int limit_ms);
/* Waits for the exit; returns the exit code, or 128 + signal, or -1 when the limit passed. Reads the rest of the
 * output. */
int gw_proc_wait(struct gw_proc *p, int limit_ms);
void gw_proc_signal(struct gw_proc *p, int sig);
/* SIGKILL to its whole group and reap; frees the output. Safe on a zeroed struct. */
void gw_proc_done(struct gw_proc *p);
/* The good end of a program: SIGTERM, its exit, gw_proc_done(). Fails the running case (gw_test_fault()) when it does
 * not end within the limit, when what it has started holds its output longer than that (it is killed then, whoever's
 * child it has become), or when it ends by another signal. Safe on a zeroed struct. */
void gw_proc_end(struct gw_proc *p, int limit_ms);
/* Runs to the end; returns what gw_proc_wait() returns, with the output in *ret_out (free()) when not NULL. Fails the
 * running case when there is no end within two minutes. */
int gw_proc_run(const char *const argv[], char **ret_out);
/* Polls `check` (a cheap look at a fact outside our processes) until true or the limit. */
bool gw_await(bool (*check)(void *ctx), void *ctx, int limit_ms);
