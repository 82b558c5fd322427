#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent_backoff.h"
#include "agent_event.h"
#include "agent_input.h"
#include "agent_spool.h"
#include "gw_cleanup.h"
#include "gw_test.h"

struct taken {
    unsigned count;
    bool full; /* take_or_full() has just refused one */
    size_t len[8];
    char text[8][256];
};

static enum gw_rc take(void *ctx, struct gw_view event, struct gw_err *err)
{
    struct taken *t = ctx;
    (void)err;
    CU_ASSERT_TRUE_FATAL(t->count < 8);
    t->len[t->count] = event.len;
    (void)snprintf(t->text[t->count++], 256, "%.*s", (int)(event.len < 255 ? event.len : 255), (const char *)event.ptr);
    return GW_OK;
}

static void read_all(const char *content, size_t len, struct taken *t)
{
    char path[160];
    struct agent_input in;
    struct gw_err err = {0};
    (void)snprintf(path, sizeof(path), "%s/lines", gw_test_dir());
    GW_CLOSE int fd = open(path, O_WRONLY | O_CREAT, 0600);
    CU_ASSERT_EQUAL_FATAL(write(fd, content, len), (ssize_t)len);
    GW_ASSERT_OK(agent_input_open(path, &in, &err), &err);
    while (in.fd >= 0)
        GW_ASSERT_OK(agent_input_read(&in, take, t, &err), &err);
    agent_input_close(&in);
}

/* Full at every second event, once. */
static enum gw_rc take_or_full(void *ctx, struct gw_view event, struct gw_err *err)
{
    struct taken *t = ctx;
    t->full = !t->full;
    return t->full ? gw_err_set(err, GW_NO_SPACE, "full") : take(ctx, event, err);
}

/* Reads on after each failure, as the agent does after a while; returns how many there were. */
static unsigned read_on(struct agent_input *in, struct taken *t, unsigned reads)
{
    unsigned failures = 0;
    for (unsigned i = 0; i < reads && in->fd >= 0; i++) {
        struct gw_err err = {0};
        enum gw_rc rc = agent_input_read(in, take_or_full, t, &err);
        CU_ASSERT_TRUE(rc == GW_OK || rc == GW_NO_SPACE);
        CU_ASSERT_EQUAL(agent_input_owes(in), rc != GW_OK);
        failures += rc != GW_OK;
    }
    return failures;
}

static void what_finds_no_room_is_offered_again(void)
{
    struct taken t = {0};
    struct agent_input in;
    struct gw_err err = {0};
    char path[160];
    (void)snprintf(path, sizeof(path), "%s/full", gw_test_dir());
    GW_CLOSE int fd = open(path, O_WRONLY | O_CREAT, 0600);
    CU_ASSERT_EQUAL_FATAL(write(fd, "one\ntwo\n\nthree\nlast", 19), 19);
    GW_ASSERT_OK(agent_input_open(path, &in, &err), &err);
    CU_ASSERT_EQUAL(read_on(&in, &t, 32), 4);
    CU_ASSERT_EQUAL(in.fd, -1);
    agent_input_close(&in);
    CU_ASSERT_EQUAL_FATAL(t.count, 4);
    CU_ASSERT_STRING_EQUAL(t.text[0], "one");
    CU_ASSERT_STRING_EQUAL(t.text[1], "two");
    CU_ASSERT_STRING_EQUAL(t.text[2], "three");
    CU_ASSERT_STRING_EQUAL(t.text[3], "last");
}

static void a_datagram_that_finds_no_room_is_offered_again(void)
{
    char what[160];
    struct agent_input in;
    struct gw_err err = {0};
    struct taken t = {0};
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(what, sizeof(what), "unix:%s/full.sock", gw_test_dir());
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%.100s", what + 5);
    GW_ASSERT_OK(agent_input_open(what, &in, &err), &err);
    GW_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    CU_ASSERT_EQUAL(write(fd, "one", 3), 3);
    CU_ASSERT_EQUAL(write(fd, "two", 3), 3);
    CU_ASSERT_EQUAL(read_on(&in, &t, 5), 2);
    CU_ASSERT_EQUAL_FATAL(t.count, 2);
    CU_ASSERT_STRING_EQUAL(t.text[0], "one");
    CU_ASSERT_STRING_EQUAL(t.text[1], "two");
    agent_input_close(&in);
}

static void a_line_is_an_event_verbatim(void)
{
    struct taken t = {0};
    static const char content[] = "one\r\n\n  two\t\nlast without newline";
    read_all(content, sizeof(content) - 1, &t);
    CU_ASSERT_EQUAL(t.count, 3);
    CU_ASSERT_STRING_EQUAL(t.text[0], "one\r");
    CU_ASSERT_STRING_EQUAL(t.text[1], "  two\t");
    CU_ASSERT_STRING_EQUAL(t.text[2], "last without newline");
}

static void a_line_that_is_too_long_is_cut_and_told(void)
{
    struct taken t = {0};
    size_t len = AGENT_SPOOL_EVENT_MAX + 70000;
    GW_FREE char *content = gw_xalloc(len + 6, 1);
    memset(content, 'x', len);
    memcpy(content + len, "\nnext\n", 6);
    read_all(content, len + 6, &t);
    CU_ASSERT_EQUAL(t.count, 3);
    CU_ASSERT_EQUAL(t.len[0], AGENT_SPOOL_EVENT_MAX);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.text[1], "\"cls\":\"log.cut\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(t.text[1], "\"lost\":70000"));
    CU_ASSERT_STRING_EQUAL(t.text[2], "next");
}

static void a_datagram_is_an_event(void)
{
    char what[160];
    struct agent_input in;
    struct gw_err err = {0};
    struct taken t = {0};
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(what, sizeof(what), "unix:%s/log", gw_test_dir());
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%.100s", what + 5);
    GW_ASSERT_OK(agent_input_open(what, &in, &err), &err);
    GW_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    CU_ASSERT_EQUAL(write(fd, "<34>1 a\nb\n", 10), 10);
    GW_ASSERT_OK(agent_input_read(&in, take, &t, &err), &err);
    GW_ASSERT_OK(agent_input_read(&in, take, &t, &err), &err); /* nothing there: no harm */
    CU_ASSERT_EQUAL(t.count, 1);
    CU_ASSERT_STRING_EQUAL(t.text[0], "<34>1 a\nb");
    agent_input_close(&in);
    CU_ASSERT_NOT_EQUAL(access(what + 5, F_OK), 0);
}

static void reads_the_severity_where_it_is_written(void)
{
    static const struct {
        const char *event;
        unsigned severity;
    } known[] = {
        {"{\"cls\":\"auth.login\",\"sev\":5}", 5},
        {"{\"sev\":7}", 1},
        {"{\"sev\":\"5\"}", 1},
        {"{broken", 1},
        {"<0>1 emergency", 6},
        {"<34>1 crit", 5},
        {"<35>1 err", 4},
        {"<36>1 warning", 3},
        {"<37>1 notice", 2},
        {"<191>1 debug", 1},
        {"<192>1 none", 1},
        {"<x>", 1},
        {"plain text", 1},
        {"", 1},
        {"<", 1},
        {"{", 1},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        CU_ASSERT_EQUAL(agent_event_severity(gw_view_str(known[i].event)), known[i].severity);
}

static void waits_longer_each_time_within_bounds(void)
{
    struct agent_backoff b = {0};
    int64_t middle = 1000;
    for (int i = 0; i < 12; i++) {
        int64_t wait = agent_backoff_next_ms(&b, 1000, 60000);
        CU_ASSERT_TRUE(wait >= middle * 4 / 5 && wait <= middle * 6 / 5);
        middle = middle * 2 > 60000 ? 60000 : middle * 2;
    }
    agent_backoff_reset(&b);
    CU_ASSERT_TRUE(agent_backoff_next_ms(&b, 1000, 60000) <= 1200);
}

static const struct gw_test_case cases[] = {
    {"a line is an event, verbatim", a_line_is_an_event_verbatim},
    {"a line that is too long is cut and told", a_line_that_is_too_long_is_cut_and_told},
    {"a datagram is an event", a_datagram_is_an_event},
    {"what finds no room is offered again", what_finds_no_room_is_offered_again},
    {"a datagram that finds no room is offered again", a_datagram_that_finds_no_room_is_offered_again},
    {"reads the severity where it is written", reads_the_severity_where_it_is_written},
    {"waits longer each time, within bounds", waits_longer_each_time_within_bounds},
};

int main(void)
{
    return GW_TEST_RUN("agent input", cases);
}
