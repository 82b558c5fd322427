/*
 * Every process of the log path is killed with SIGKILL at named points while a device ships real lines. Afterwards
 * every accepted line is in the journal exactly once, in order, in one epoch, and the tree holds; and the gateway's own
 * log tells of each. (A kill cannot show a
 * missing fsync: the models of power loss in tests/integration do.)
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto_hash.h"
#include "gw_buf.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_gateway.h"
#include "gw_test.h"
#include "journal_db.h"
#include "journal_severity.h"
#include "whole.h"

#define LIMIT_MS  60000
#define LINES_MAX 8000
#define CHUNK     300

static struct gw_gateway gateway;
static struct gw_agent agent;
static struct gw_buf text; /* the lines, each ended */
static struct gw_view lines[LINES_MAX];
static size_t line_count, fed;
static int fifo = -1;
static char spool_dir[224];

/* ---- the points -------------------------------------------------------------------------------------------------- */

enum point {
    POINT_NONE,
    POINT_AGENT_UNACKNOWLEDGED, /* numbered events in its spool, the daemon stopped: nothing acknowledged */
    POINT_BROKER_IN_FLIGHT,
    POINT_DAEMON_IN_FLIGHT,
    POINT_KEYD_BEFORE_CHECKPOINT,
    POINT_DAEMON_AND_BROKER,
    POINT_AGENT_WHILE_ACKNOWLEDGED,
    POINT_SUPERVISOR,
    POINT_COUNT,
};
static const char *const point_names[POINT_COUNT] = {"",
                                                     "agent with unacknowledged events",
                                                     "broker with batches in flight",
                                                     "daemon with batches in flight",
                                                     "keyd before a checkpoint",
                                                     "daemon and broker together",
                                                     "agent while it is acknowledged",
                                                     "supervisor"};
static int hits[POINT_COUNT];

static void hit(enum point point, pid_t pid)
{
    if (pid > 0 && kill(pid, SIGKILL) == 0)
        hits[point]++;
}

static void add_line(struct gw_view line)
{
    if (line.len && line_count < LINES_MAX)
        lines[line_count++] = line;
}

static void load_lines(void)
{
    gw_buf_init(&text, 4 * 1024 * 1024);
    const char *shared = gw_test_shared_data();
    char path[600];
    (void)snprintf(path, sizeof(path), "%s/logs/auth.log", shared ? shared : "/nonexistent");
    if (gw_fs_read_file(path, &text, NULL)) /* ours to make where the real ones are not there */
        for (int i = 0; i < 7000; i++)
            (void)gw_buf_printf(&text, "Mar 27 13:06:56 host sshd[%d]: Failed password for invalid user u%d\n", i, i);
    struct gw_view rest = gw_buf_view(&text);
    while (rest.len)
        add_line(gw_view_cut(rest, '\n', &rest));
}

static void feed(size_t count)
{
    for (size_t i = 0; i < count && fed < line_count; i++, fed++) {
        struct gw_buf line;
        gw_buf_init(&line, 65536);
        (void)gw_buf_add_view(&line, lines[fed]);
        (void)gw_buf_add_u8(&line, '\n');
        struct gw_view rest = gw_buf_view(&line);
        while (rest.len) {
            ssize_t n = write(fifo, rest.ptr, rest.len);
            CU_ASSERT_FATAL(n > 0);
            rest = gw_view_make(rest.ptr + n, rest.len - (size_t)n);
        }
        gw_buf_done(&line);
    }
}

/* Bytes in the agent's spool. */
static size_t spool_bytes(void)
{
    size_t bytes = 0;
    DIR *dir = opendir(spool_dir);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        char path[512];
        struct stat st;
        (void)snprintf(path, sizeof(path), "%s/%s", spool_dir, e->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            bytes += (size_t)st.st_size;
    }
    if (dir)
        (void)closedir(dir);
    return bytes;
}

static bool spool_holds(void *ctx)
{
    return spool_bytes() >= *(size_t *)ctx;
}

/* Feeds a chunk and waits until the agent has written it down: from then on a kill must not lose it. */
static void feed_written(void)
{
    size_t want = spool_bytes();
    for (size_t i = 0; i < CHUNK && fed + i < line_count; i++)
        want += lines[fed + i].len;
    feed(CHUNK);
    CU_ASSERT(gw_await(spool_holds, &want, LIMIT_MS));
}

static void await_verified(size_t events)
{
    char want[64];
    (void)snprintf(want, sizeof(want), "verified up to %zu", events);
    CU_ASSERT(gw_proc_await(&agent.proc, want, LIMIT_MS));
    if (!strstr(agent.proc.out, want))
        printf("#   the agent said:\n%s\n#   the gateway said:\n%s\n", agent.proc.out, gateway.proc.out);
}

/* ---- cases ------------------------------------------------------------------------------------------------------- */

static void a_device_begins_to_ship(void)
{
    load_lines();
    CU_ASSERT_FATAL(line_count > 5000);
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_FATAL(gw_gateway_claim(&gateway));
    const char *dir = gw_test_dir();
    char path[192], toml[256];
    (void)snprintf(path, sizeof(path), "%s/events", dir);
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    fifo = open(path, O_RDWR | O_CLOEXEC); /* both ends: what is in it stays while the agent is away */
    CU_ASSERT_FATAL(fifo >= 0);
    (void)snprintf(toml, sizeof(toml), "[log]\ninput = \"%s\"\n", path);
    CU_ASSERT_FATAL(gw_agent_make(&agent, &gateway, "pump-7", toml));
    (void)snprintf(spool_dir, sizeof(spool_dir), "%s/state/spool", agent.dir);
    gw_agent_start(&agent);
    CU_ASSERT_FATAL(gw_proc_await(&agent.proc, "session up", LIMIT_MS));
    feed(CHUNK);
    await_verified(fed + 1); /* event 0 is log.start */
}

static void the_agent_dies_with_unacknowledged_events(void)
{
    pid_t daemon = gw_gateway_child(&gateway, "gatehoused");
    CU_ASSERT_EQUAL(kill(daemon, SIGSTOP), 0);
    feed_written();
    hit(POINT_AGENT_UNACKNOWLEDGED, agent.proc.pid);
    gw_agent_start(&agent);
    CU_ASSERT_EQUAL(kill(daemon, SIGCONT), 0);
    await_verified(fed + 1);
}

static void the_broker_dies_with_batches_in_flight(void)
{
    for (int i = 0; i < 3; i++) {
        feed_written();
        hit(POINT_BROKER_IN_FLIGHT, gw_gateway_child(&gateway, "mosquitto"));
        await_verified(fed + 1);
    }
}

static void the_daemon_dies_with_batches_in_flight(void)
{
    for (int i = 0; i < 5; i++) {
        feed_written();
        hit(POINT_DAEMON_IN_FLIGHT, gw_gateway_child(&gateway, "gatehoused"));
        await_verified(fed + 1);
    }
}

static void keyd_dies_before_a_checkpoint(void)
{
    feed_written();
    hit(POINT_KEYD_BEFORE_CHECKPOINT, gw_gateway_child(&gateway, "gatehouse-keyd"));
    await_verified(fed + 1);
}

static void daemon_and_broker_die_together(void)
{
    feed_written();
    hit(POINT_DAEMON_AND_BROKER, gw_gateway_child(&gateway, "mosquitto"));
    hit(POINT_DAEMON_AND_BROKER, gw_gateway_child(&gateway, "gatehoused"));
    await_verified(fed + 1);
}

static void the_agent_dies_while_it_is_acknowledged(void)
{
    for (int i = 0; i < 3; i++) {
        feed_written();
        hit(POINT_AGENT_WHILE_ACKNOWLEDGED, agent.proc.pid);
        gw_agent_start(&agent);
        await_verified(fed + 1);
    }
}

static void the_supervisor_dies(void)
{
    feed_written();
    hit(POINT_SUPERVISOR, gateway.proc.pid);
    (void)gw_proc_wait(&gateway.proc, LIMIT_MS);
    gw_gateway_restart(&gateway);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    feed(line_count);
    await_verified(fed + 1);
}

struct found {
    size_t logs;
    struct log_id id;
    uint64_t next;
};

static bool find_log(void *ctx, const struct journal_log *log)
{
    struct found *found = ctx;
    if (log->id.kind != LOG_DEVICE)
        return true;
    found->logs++;
    found->id = log->id;
    found->next = log->next;
    return true;
}

static bool compare_line(void *ctx, const struct journal_event *event)
{
    size_t *wrong = ctx;
    if (event->seq > 0 && (event->seq > line_count || !gw_view_eq(event->bytes, lines[event->seq - 1])))
        (*wrong)++;
    return true;
}

static bool find_audit_log(void *ctx, const struct journal_log *log)
{
    struct journal_span *span = ctx;
    if (log->id.kind == LOG_AUDIT)
        *span = (struct journal_span){log->id, 0, log->next};
    return true;
}

static bool add_event(void *ctx, const struct journal_event *event)
{
    struct gw_buf *events = ctx;
    (void)gw_buf_add_view(events, event->bytes);
    (void)gw_buf_add_u8(events, '\n');
    return true;
}

/* Lines of the gateway's own log that say both. */
static int told(const struct gw_buf *events, const char *one, const char *other)
{
    int count = 0;
    for (struct gw_view rest = gw_buf_view(events); rest.len;) {
        struct gw_view line = gw_view_cut(rest, '\n', &rest);
        count += memmem(line.ptr, line.len, one, strlen(one)) && memmem(line.ptr, line.len, other, strlen(other));
    }
    return count;
}

static void every_death_is_told(const struct journal *journal)
{
    struct gw_err err = {0};
    struct journal_span span = {.from = 0};
    struct gw_buf events;
    gw_buf_init(&events, 1024 * 1024);
    GW_ASSERT_OK(journal->ops->log_each(journal->self, NULL, find_audit_log, &span, &err), &err);
    GW_ASSERT_OK(journal->ops->read(journal->self, &span, add_event, &events, &err), &err);
    CU_ASSERT_EQUAL(gw_buf_rc(&events), GW_OK);
    /* Each of the daemon's; the supervisor's takes it along. One of two kills in POINT_DAEMON_AND_BROKER was its own.
     */
    int daemons = hits[POINT_DAEMON_IN_FLIGHT] + hits[POINT_DAEMON_AND_BROKER] - 1 + hits[POINT_SUPERVISOR];
    CU_ASSERT_EQUAL(told(&events, "\"boot.start\"", "was no clean stop"), daemons);
    CU_ASSERT_EQUAL(told(&events, "\"boot.shutdown\"", ""), 0); /* the one stop is told at the next start */
    /* Also the one that nobody was there to hear; it may be told twice, when the daemon died while it noted it. */
    int brokers = told(&events, "\"boot.child_ended\"", "mosquitto");
    CU_ASSERT(brokers == hits[POINT_BROKER_IN_FLIGHT] + 1 || brokers == hits[POINT_BROKER_IN_FLIGHT] + 2);
    CU_ASSERT_EQUAL(told(&events, "\"boot.child_ended\"", "gatehouse-keyd"), hits[POINT_KEYD_BEFORE_CHECKPOINT]);
    CU_ASSERT_EQUAL(told(&events, "\"boot.child_ended\"", "was killed by signal 9"),
                    brokers + hits[POINT_KEYD_BEFORE_CHECKPOINT]);
    gw_buf_done(&events);
}

static void every_line_and_every_death_is_in_the_journal(void)
{
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/journal/journal.db", gateway.state);
    const struct journal_options options = {
        .mode = DB_READ_WRITE, .hash = crypto_sha256(), .severity = journal_severity};
    struct gw_err err = {0};
    GW_CLEANUP(journal_db_closep) struct journal_db *db = NULL;
    GW_ASSERT_OK(journal_db_open(path, &options, &db, &err), &err);
    struct journal journal = journal_db_port(db);
    GW_ASSERT_OK(whole_journal(db, &err), &err);
    struct gw_device_id device;
    CU_ASSERT_EQUAL(gw_device_id_parse(gw_view_str("pump-7"), &device), GW_OK);
    struct found found = {0};
    GW_ASSERT_OK(journal.ops->log_each(journal.self, &device, find_log, &found, &err), &err);
    CU_ASSERT_EQUAL(found.logs, 1); /* no kill made the device or the gateway lose its place */
    CU_ASSERT_EQUAL(found.next, line_count + 1);
    size_t wrong = 0;
    const struct journal_span span = {found.id, 0, found.next};
    GW_ASSERT_OK(journal.ops->read(journal.self, &span, compare_line, &wrong, &err), &err);
    CU_ASSERT_EQUAL(wrong, 0);
    every_death_is_told(&journal);
    gw_agent_done(&agent);
    gw_gateway_done(&gateway);
}

static void every_point_was_hit(void)
{
    for (int i = POINT_NONE + 1; i < POINT_COUNT; i++) {
        printf("#   killed %d times: %s\n", hits[i], point_names[i]);
        CU_ASSERT(hits[i] > 0);
    }
    gw_cleanup_fd(&fifo);
    gw_buf_done(&text);
}

static const struct gw_test_case cases[] = {
    {"a device begins to ship", a_device_begins_to_ship},
    {"the agent dies with unacknowledged events", the_agent_dies_with_unacknowledged_events},
    {"the broker dies with batches in flight", the_broker_dies_with_batches_in_flight},
    {"the daemon dies with batches in flight", the_daemon_dies_with_batches_in_flight},
    {"keyd dies before a checkpoint", keyd_dies_before_a_checkpoint},
    {"daemon and broker die together", daemon_and_broker_die_together},
    {"the agent dies while it is acknowledged", the_agent_dies_while_it_is_acknowledged},
    {"the supervisor dies", the_supervisor_dies},
    {"every line is in the journal once and in order, and every death", every_line_and_every_death_is_in_the_journal},
    {"every point was hit", every_point_was_hit},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("kills on the log path", cases);
}
