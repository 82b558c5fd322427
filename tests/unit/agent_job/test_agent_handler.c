/* Programs of the maker's beside the loop: their words, their time, and nothing of ours in their hands. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent_handler.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_proc.h"
#include "gw_test.h"

#define LIMIT_MS 20000

struct world {
    char dir[128], script[192], lock[192];
    struct agent_handler handler;
};

static void world_init(struct world *w, const char *body)
{
    char text[1024];
    (void)snprintf(w->dir, sizeof(w->dir), "%s", gw_test_dir());
    (void)snprintf(w->script, sizeof(w->script), "%s/handler", w->dir);
    (void)snprintf(w->lock, sizeof(w->lock), "%s/lock", w->dir);
    (void)snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), w->script, gw_view_str(text), 0700, NULL), NULL);
    agent_handler_init(&w->handler, agent_handler_kind_find("script"), w->script, w->lock);
}

static enum gw_rc start(struct world *w, enum agent_verb verb, const char *file, int64_t timeout_ms)
{
    struct agent_handler_request request = {
        .verb = verb, .file = file, .attempt = "at-1", .version = "2.0", .timeout_ms = timeout_ms};
    struct gw_err err;
    return agent_handler_start(&w->handler, &request, gw_mono_now(), &err);
}

/* The loop as agent.c has it. */
static bool finish(struct world *w, struct agent_handler_result *ret_result)
{
    int64_t end = gw_mono_now().ms + LIMIT_MS;
    while (gw_mono_now().ms < end) {
        int fds[AGENT_HANDLER_FDS];
        agent_handler_fds(&w->handler, fds);
        struct pollfd list[] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
        int64_t wait = agent_handler_wait_ms(&w->handler, gw_mono_now());
        (void)poll(list, 2, wait < 0 || wait > 1000 ? 1000 : (int)wait);
        if (agent_handler_step(&w->handler, gw_mono_now(), ret_result))
            return true;
    }
    return false;
}

static void run(struct world *w, enum agent_verb verb, const char *file, struct agent_handler_result *ret_result)
{
    CU_ASSERT_EQUAL_FATAL(start(w, verb, file, LIMIT_MS), GW_OK);
    CU_ASSERT_FATAL(finish(w, ret_result));
}

static void gives_verb_and_file_and_little_else(void)
{
    struct world w;
    struct agent_handler_result result;
    world_init(
        &w, "echo \"$# $1 $2\"; pwd; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | sort; ls /proc/self/fd | tr '\\n' ' '");
    CU_ASSERT_EQUAL(setenv("SECRET", "words", 1), 0);
    run(&w, AGENT_VERB_INSTALL, "/a file; rm -rf", &result);
    CU_ASSERT_TRUE(result.ok);
    CU_ASSERT_STRING_EQUAL(result.output,
                           "2 install /a file; rm -rf\n/\nGATEHOUSE_ATTEMPT=at-1\nGATEHOUSE_VERSION=2.0\nLANG=C.UTF-8\n"
                           "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n0 1 2 3 4 ");
}

static void keeps_the_end_of_a_long_output(void)
{
    struct world w;
    struct agent_handler_result result;
    world_init(&w, "i=0; while [ $i -lt 20000 ]; do echo \"line $i\"; i=$((i+1)); done; echo the end >&2; exit 3");
    run(&w, AGENT_VERB_VERIFY, "/x", &result);
    CU_ASSERT_FALSE(result.ok);
    CU_ASSERT_STRING_EQUAL(result.cause, "failed");
    CU_ASSERT_EQUAL(result.len, AGENT_HANDLER_OUTPUT_MAX);
    CU_ASSERT_STRING_EQUAL(result.output + result.len - 8, "the end\n");
}

static bool starts_again(void *ctx)
{
    return start(ctx, AGENT_VERB_CONFIRM, NULL, LIMIT_MS) == GW_OK;
}

static void past_its_time_it_is_ended_with_all_it_started(void)
{
    struct world w;
    struct agent_handler_result result;
    char path[192];
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 64);
    world_init(&w, "sleep 600 & echo $! >\"$(dirname \"$0\")/child\"; wait");
    (void)snprintf(path, sizeof(path), "%s/child", w.dir);
    CU_ASSERT_EQUAL_FATAL(start(&w, AGENT_VERB_CONFIRM, NULL, 2000), GW_OK);
    CU_ASSERT_FATAL(finish(&w, &result));
    CU_ASSERT_STRING_EQUAL(result.cause, "timeout");
    GW_ASSERT_OK(gw_fs_read_file(path, &text, NULL), NULL);
    pid_t child = (pid_t)strtol(gw_buf_str(&text), NULL, 10);
    CU_ASSERT_TRUE_FATAL(child > 0);
    /* Gone, or a zombie that nobody reaps here: the lock tells that it runs no more, as soon as its end is through. */
    CU_ASSERT(gw_await(starts_again, &w, LIMIT_MS));
    agent_handler_stop(&w.handler);
}

static void one_that_does_not_listen_is_killed(void)
{
    struct world w;
    struct agent_handler_result result;
    world_init(&w, "trap '' TERM; while :; do sleep 0.1; done");
    CU_ASSERT_EQUAL_FATAL(start(&w, AGENT_VERB_CONFIRM, NULL, 200), GW_OK);
    CU_ASSERT_FATAL(finish(&w, &result));
    CU_ASSERT_STRING_EQUAL(result.cause, "timeout");
}

static void runs_one_at_a_time_over_all_agents(void)
{
    struct world w;
    struct agent_handler other;
    struct gw_err err;
    struct agent_handler_request request = {
        .verb = AGENT_VERB_REBOOT, .attempt = "", .version = "", .timeout_ms = LIMIT_MS};
    world_init(&w, "exec sleep 600");
    CU_ASSERT_EQUAL_FATAL(start(&w, AGENT_VERB_INSTALL, "/x", LIMIT_MS), GW_OK);
    CU_ASSERT_EQUAL(start(&w, AGENT_VERB_INSTALL, "/x", LIMIT_MS), GW_AGAIN);
    agent_handler_init(&other, &agent_handler_script, w.script, w.lock);
    CU_ASSERT_EQUAL(agent_handler_start(&other, &request, gw_mono_now(), &err), GW_AGAIN);
    agent_handler_stop(&w.handler);
    CU_ASSERT_EQUAL(agent_handler_start(&other, &request, gw_mono_now(), &err), GW_OK);
    pid_t reboot = other.pid;
    agent_handler_stop(&other); /* lets it be */
    CU_ASSERT_EQUAL(kill(reboot, 0), 0);
    (void)kill(-reboot, SIGKILL);
}

static void a_program_that_is_not_there_does_not_start(void)
{
    struct world w;
    world_init(&w, "exit 0");
    (void)unlink(w.script);
    CU_ASSERT_EQUAL(start(&w, AGENT_VERB_REBOOT, NULL, LIMIT_MS), GW_NOT_FOUND);
    CU_ASSERT_FALSE(agent_handler_busy(&w.handler));
    agent_handler_init(&w.handler, agent_handler_kind_find("none"), "", w.lock);
    CU_ASSERT_EQUAL(start(&w, AGENT_VERB_REBOOT, NULL, LIMIT_MS), GW_UNSUPPORTED);
}

static const struct gw_test_case cases[] = {
    {"gives verb and file, and little else", gives_verb_and_file_and_little_else},
    {"keeps the end of a long output", keeps_the_end_of_a_long_output},
    {"past its time it is ended with all that it started", past_its_time_it_is_ended_with_all_it_started},
    {"one that does not listen is killed", one_that_does_not_listen_is_killed},
    {"runs one at a time over all agents", runs_one_at_a_time_over_all_agents},
    {"a program that is not there does not start", a_program_that_is_not_there_does_not_start},
};

int main(void)
{
    return GW_TEST_RUN("agent handler", cases);
}
