/*
 * agent_handler: how an update gets into the device: one program at a time, told what to do by a verb, without ever
 * holding up the loop.
 *
 *     verify FILE     is this image for this device? (the digest has been checked)
 *     install FILE    write it to the slot that does not run, and make that slot the one to boot next
 *     reboot          boot; may return before it happens
 *     confirm         what runs now is good: keep it
 *     fallback        make the slot that ran before the one to boot next; may be told so twice
 *     running         print the version that runs, and on a second line the boot id of its slot
 *     factory_reset, collect
 *
 * Exit status 0 is success. The program is started by posix_spawn(3) with an argument list and an environment of PATH,
 * LANG, GATEHOUSE_ATTEMPT and GATEHOUSE_VERSION, in its own process group and in "/", with no descriptor of ours but
 * number 3: a lock that says that it, or something it left behind, still runs. Of what it writes the end is kept. Past
 * its time it gets SIGTERM, 5 s later SIGKILL, with its whole group.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "gw_err.h"
#include "gw_time.h"
#include "gw_view.h"

#define AGENT_HANDLER_OUTPUT_MAX 1024 /* bytes kept: the last ones */
#define AGENT_HANDLER_ARGS_MAX   8
#define AGENT_HANDLER_FDS        2

enum agent_verb {
    AGENT_VERB_VERIFY = 1,
    AGENT_VERB_INSTALL,
    AGENT_VERB_REBOOT,
    AGENT_VERB_CONFIRM,
    AGENT_VERB_FALLBACK,
    AGENT_VERB_RUNNING,
    AGENT_VERB_FACTORY_RESET,
    AGENT_VERB_COLLECT,
};
const char *agent_verb_text(enum agent_verb verb);

/* A kind of handler is how it words a verb as a command line. */
struct agent_handler_kind {
    const char *name; /* as in the configuration */
    /* Fills argv (terminated by NULL) with borrowed texts. False: this kind does not know the verb. */
    bool (*words)(const char *command, enum agent_verb verb, const char *file,
                  const char *argv[AGENT_HANDLER_ARGS_MAX]);
};
/* NULL: there is no such kind. */
const struct agent_handler_kind *agent_handler_kind_find(const char *name);
extern const struct agent_handler_kind agent_handler_script; /* command VERB [FILE] */

struct agent_handler_request {
    enum agent_verb verb;
    const char *file;    /* absolute; NULL where the verb takes none */
    const char *attempt; /* "" for none, as the next */
    const char *version;
    int64_t timeout_ms;
};

struct agent_handler_result {
    enum agent_verb verb;
    bool ok;           /* exit status 0 in time */
    const char *cause; /* "failed", "killed", "timeout"; "" when ok; static */
    size_t len;
    char output[AGENT_HANDLER_OUTPUT_MAX + 1]; /* its tail as it came, terminated; may hold anything */
};

struct agent_handler {
    const struct agent_handler_kind *kind; /* NULL: no handler */
    const char *command;                   /* borrowed */
    const char *lock_path;                 /* borrowed */
    pid_t pid;                             /* 0: nothing runs */
    int pidfd, out_fd;                     /* -1 while nothing runs */
    enum agent_verb verb;
    struct gw_mono deadline;
    bool overdue;
    size_t len;
    char output[AGENT_HANDLER_OUTPUT_MAX + 1];
};

void agent_handler_init(struct agent_handler *h, const struct agent_handler_kind *kind, const char *command,
                        const char *lock_path);
/* GW_AGAIN: the last one still runs, also when another agent started it. GW_UNSUPPORTED: no such verb, or no handler.
 * GW_NOT_FOUND, GW_DENIED, GW_IO: it does not start. */
GW_MUST_CHECK enum gw_rc agent_handler_start(struct agent_handler *h, const struct agent_handler_request *request,
                                             struct gw_mono now, struct gw_err *err);
bool agent_handler_busy(const struct agent_handler *h);
/* For poll(2), both with POLLIN; -1 where there is nothing. */
void agent_handler_fds(const struct agent_handler *h, int ret_fds[AGENT_HANDLER_FDS]);
int64_t agent_handler_wait_ms(const struct agent_handler *h, struct gw_mono now); /* -1: no timer */
/* Call after every poll. True when it has ended: *ret_result is filled. */
bool agent_handler_step(struct agent_handler *h, struct gw_mono now, struct agent_handler_result *ret_result);
/* Ends what runs (SIGTERM, then SIGKILL; waits up to 2 s), but lets a reboot be: it is why we are told to stop. */
void agent_handler_stop(struct agent_handler *h);
