/* The program itself: one at a time, clean ends, and no hole in the spool wherever it is killed. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent_spool.h"
#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "log_batch.h"

#define LIMIT_MS  20000
#define KILLS     8
#define TEST_WALL ((struct gw_wall){1790000000000})

struct device {
    char dir[128];
    char config[160];
    char fifo[160];
    struct gw_proc proc;
};

static void device_make(struct device *d, const char *extra)
{
    char text[1024];
    *d = (struct device){0};
    (void)snprintf(d->dir, sizeof(d->dir), "%s", gw_test_dir());
    (void)snprintf(d->config, sizeof(d->config), "%s/agent.toml", d->dir);
    (void)snprintf(d->fifo, sizeof(d->fifo), "%s/events", d->dir);
    CU_ASSERT_EQUAL_FATAL(mkfifo(d->fifo, 0600), 0);
    /* A gateway that nobody answers for: the log has to be kept all the same. */
    int n = snprintf(text, sizeof(text),
                     "[gateway]\nhost = \"127.0.0.1\"\nhttps_port = %u\nca_sha256 = \"%064d\"\n"
                     "[device]\nid = \"pump-7\"\n[state]\ndir = \"%s/state\"\n[log]\ninput = \"%s\"\n%s",
                     gw_test_port(), 1, d->dir, d->fifo, extra);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), d->config, gw_view_make(text, (size_t)n), 0600, NULL), NULL);
}

static void device_start(struct device *d)
{
    const char *const argv[] = {GW_BIN_DIR "/gatehouse-agent", "--config", d->config, NULL};
    gw_proc_start(&d->proc, argv, NULL);
}

/* Writes lines until the reader is gone or so many bytes have been taken. */
static void feed(const struct device *d, size_t bytes)
{
    GW_CLOSE int fd = open(d->fifo, O_WRONLY | O_CLOEXEC);
    char line[64];
    unsigned number = 0;
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    for (size_t done = 0; done < bytes; number++) {
        int n = snprintf(line, sizeof(line), "event %u of many\n", number);
        CU_ASSERT_EQUAL_FATAL(write(fd, line, (size_t)n), n);
        done += (size_t)n;
    }
}

static void append_events(struct agent_spool *spool, struct gw_buf *lines)
{
    struct gw_err err;
    enum gw_rc rc = GW_OK;
    while (!rc) {
        struct agent_spool_state state = agent_spool_state(spool);
        for (uint64_t from = state.freed; from < state.next;) {
            GW_CLEANUP(gw_buf_done) struct gw_buf payload;
            gw_buf_init(&payload, LOG_BATCH_BYTES_MAX);
            struct log_batch batch;
            struct gw_view event;
            GW_ASSERT_OK(agent_spool_batch(spool, from, &payload, &from, &err), &err);
            GW_ASSERT_OK(log_batch_parse(gw_buf_view(&payload), &batch, &err), &err);
            while (log_bundle_next(&batch.bundle, &event)) {
                (void)gw_buf_add_view(lines, event);
                (void)gw_buf_add_u8(lines, '\n');
            }
        }
        GW_ASSERT_OK(agent_spool_free(spool, state.next, "cp", &err), &err);
        rc = agent_spool_seal(spool, TEST_WALL, &err);
        GW_ASSERT_OK(agent_spool_sync(spool, &err), &err);
    }
}

/* Opens what the program left and returns how many events there are; they must be the first ones, whole. */
static unsigned events_without_hole(const struct device *d)
{
    char dir[192], epoch[192];
    (void)snprintf(dir, sizeof(dir), "%s/state/spool", d->dir);
    (void)snprintf(epoch, sizeof(epoch), "%s/state/epoch", d->dir);
    struct agent_spool_settings settings = {.fs = gw_fs_posix(),
                                            .hash = bulk_hash_ops(),
                                            .dir = dir,
                                            .epoch_path = epoch,
                                            .max_bytes = 16 * 1024 * 1024,
                                            .segment_bytes = 1024 * 1024};
    struct agent_spool *spool = NULL;
    struct gw_err err;
    GW_CLEANUP(gw_buf_done) struct gw_buf lines;
    gw_buf_init(&lines, 64 * 1024 * 1024);
    GW_ASSERT_OK(agent_spool_open(&settings, TEST_WALL, &spool, &err), &err);
    GW_ASSERT_OK(agent_spool_sync(spool, &err), &err);
    append_events(spool, &lines);
    agent_spool_close(spool);
    struct gw_view rest = gw_buf_view(&lines);
    CU_ASSERT_TRUE(gw_view_starts(gw_view_cut(rest, '\n', &rest), "{\"cls\":\"log.start\""));
    unsigned count = 0;
    while (rest.len > 0) {
        char expected[64];
        (void)snprintf(expected, sizeof(expected), "event %u of many", count++);
        CU_ASSERT_TRUE_FATAL(gw_view_eq_str(gw_view_cut(rest, '\n', &rest), expected));
    }
    return count;
}

static void a_kill_at_any_time_leaves_no_hole(void)
{
    unsigned total = 0;
    for (int i = 0; i < KILLS; i++) {
        struct device d;
        uint16_t dice;
        gw_random(&dice, sizeof(dice));
        device_make(&d, "");
        device_start(&d);
        CU_ASSERT_TRUE_FATAL(gw_proc_await(&d.proc, "gatehouse-agent 0", LIMIT_MS));
        feed(&d, 65536u + (size_t)dice * 16);
        gw_proc_signal(&d.proc, SIGKILL);
        CU_ASSERT_EQUAL(gw_proc_wait(&d.proc, LIMIT_MS), 128 + SIGKILL);
        gw_proc_done(&d.proc);
        total += events_without_hole(&d);
    }
    CU_ASSERT_TRUE(total > 0);
}

static void ends_cleanly_and_keeps_what_it_had_read(void)
{
    struct device d;
    device_make(&d, "");
    device_start(&d);
    CU_ASSERT_TRUE_FATAL(gw_proc_await(&d.proc, "gatehouse-agent 0", LIMIT_MS));
    feed(&d, 200000);
    gw_proc_signal(&d.proc, SIGTERM);
    CU_ASSERT_EQUAL(gw_proc_wait(&d.proc, LIMIT_MS), 0);
    CU_ASSERT_TRUE(gw_proc_await(&d.proc, "agent: stopped", 0));
    gw_proc_done(&d.proc);
    CU_ASSERT_TRUE(events_without_hole(&d) > 1000);
}

/* A file of events: severe ones that fill the spool nearly, then light ones that are too long for the rest. */
static void write_more_than_fits(const struct device *d, unsigned severe, unsigned light)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    static char line[32768];
    gw_buf_init(&text, 16 * 1024 * 1024);
    for (unsigned i = 0; i < severe + light; i++) {
        bool heavy = i < severe;
        int n = snprintf(line, sizeof(line), "{\"sev\":%d,\"i\":\"%0*u\"}\n", heavy ? 6 : 1, heavy ? 300 : 20000, i);
        CU_ASSERT_EQUAL_FATAL(gw_buf_add(&text, line, (size_t)n), GW_OK);
    }
    CU_ASSERT_EQUAL_FATAL(unlink(d->fifo), 0);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), d->fifo, gw_buf_view(&text), 0600, NULL), NULL);
}

static void tells_at_its_end_what_found_no_room(void)
{
    enum { SEVERE = 610, LIGHT = 300 };
    struct device d;
    char epoch[192], dir[192];
    device_make(&d, "spool_max_bytes = 262144\n");
    write_more_than_fits(&d, SEVERE, LIGHT);
    device_start(&d);
    CU_ASSERT_TRUE_FATAL(gw_proc_await(&d.proc, "the input has ended", LIMIT_MS));
    gw_proc_signal(&d.proc, SIGTERM);
    CU_ASSERT_EQUAL(gw_proc_wait(&d.proc, LIMIT_MS), 0);
    gw_proc_done(&d.proc);
    (void)snprintf(dir, sizeof(dir), "%s/state/spool", d.dir);
    (void)snprintf(epoch, sizeof(epoch), "%s/state/epoch", d.dir);
    struct agent_spool_settings settings = {.fs = gw_fs_posix(),
                                            .hash = bulk_hash_ops(),
                                            .dir = dir,
                                            .epoch_path = epoch,
                                            .max_bytes = 262144,
                                            .segment_bytes = 65536};
    struct agent_spool *spool = NULL;
    struct gw_err err;
    GW_ASSERT_OK(agent_spool_open(&settings, TEST_WALL, &spool, &err), &err);
    CU_ASSERT_EQUAL(agent_spool_state(spool).queued, SEVERE + 1); /* and log.start */
    CU_ASSERT_EQUAL(agent_spool_state(spool).lost, LIGHT);
    agent_spool_close(spool);
}

static void refuses_a_second_agent_on_the_same_state(void)
{
    struct device d;
    char *out = NULL;
    device_make(&d, "");
    device_start(&d);
    CU_ASSERT_TRUE_FATAL(gw_proc_await(&d.proc, "gatehouse-agent 0", LIMIT_MS));
    const char *const argv[] = {GW_BIN_DIR "/gatehouse-agent", "--config", d.config, NULL};
    CU_ASSERT_EQUAL(gw_proc_run(argv, &out), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "another gatehouse-agent uses"));
    free(out);
    gw_proc_done(&d.proc);
}

static void names_file_line_and_key_of_what_it_does_not_know(void)
{
    struct device d;
    char *out = NULL, expected[256];
    device_make(&d, "speed = 3\n");
    const char *const argv[] = {GW_BIN_DIR "/gatehouse-agent", "--config", d.config, NULL};
    CU_ASSERT_EQUAL(gw_proc_run(argv, &out), 2);
    (void)snprintf(expected, sizeof(expected), "%s:11: log.speed", d.config);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, expected));
    free(out);
}

static const struct gw_test_case cases[] = {
    {"a kill at any time leaves no hole", a_kill_at_any_time_leaves_no_hole},
    {"ends cleanly and keeps what it had read", ends_cleanly_and_keeps_what_it_had_read},
    {"tells at its end what found no room", tells_at_its_end_what_found_no_room},
    {"refuses a second agent on the same state", refuses_a_second_agent_on_the_same_state},
    {"names file, line and key of what it does not know", names_file_line_and_key_of_what_it_does_not_know},
};

int main(void)
{
    return GW_TEST_RUN("agent process", cases);
}
