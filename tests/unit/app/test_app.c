/* The daemon's queues and the supervisor's small parts. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "ctl.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "inbox_queue.h"
#include "journal_queue.h"
#include "kept_port.h"
#include "options.h"

/* ---- inbox ------------------------------------------------------------------------------------------------------- */

static atomic_int wakes;

static void wake(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&wakes, 1);
}

static enum gw_rc post_kind(struct inbox port, enum inbox_kind kind, uint32_t slot, size_t blob_len)
{
    struct inbox_msg msg = {.kind = kind, .asker = {ASKER_REST, {slot, 0}}, .blob_len = blob_len};
    msg.blob = blob_len ? malloc(blob_len) : NULL;
    enum gw_rc rc = port.post(port.self, &msg);
    if (rc)
        free(msg.blob);
    return rc;
}

static void inbox_keeps_order_and_reserve(void)
{
    atomic_store(&wakes, 0);
    struct inbox_queue *q = inbox_queue_new(wake, NULL);
    struct inbox outer = inbox_queue_port(q), inner = inbox_queue_inner_port(q);
    size_t taken = 0;
    while (post_kind(outer, INBOX_ACT, (uint32_t)taken, 0) == GW_OK)
        taken++;
    CU_ASSERT_EQUAL(taken, INBOX_QUEUE_MESSAGES - INBOX_QUEUE_RESERVE);
    CU_ASSERT_EQUAL(atomic_load(&wakes), 1);
    for (size_t i = 0; i < INBOX_QUEUE_RESERVE; i++)
        CU_ASSERT_EQUAL(post_kind(inner, INBOX_ISSUED, 0, 0), GW_OK); /* our own results are not refused */
    CU_ASSERT_EQUAL(post_kind(inner, INBOX_ISSUED, 0, 0), GW_AGAIN);
    struct inbox_msg msg;
    for (size_t i = 0; i < taken; i++) {
        CU_ASSERT_FATAL(inbox_queue_take(q, &msg));
        CU_ASSERT_EQUAL(msg.asker.ticket.slot, i);
        CU_ASSERT(msg.now.ms > 0);
    }
    inbox_queue_close(q);
    CU_ASSERT_EQUAL(post_kind(outer, INBOX_ACT, 0, 0), GW_CANCELLED);
    CU_ASSERT_EQUAL(post_kind(inner, INBOX_ISSUED, 0, 0), GW_OK);
    inbox_queue_free(q);
}

static void inbox_bounds_its_blobs(void)
{
    struct inbox_queue *q = inbox_queue_new(wake, NULL);
    struct inbox outer = inbox_queue_port(q);
    const size_t mib = 1024 * 1024;
    size_t taken = 0;
    while (post_kind(outer, INBOX_ENROL, 0, mib) == GW_OK)
        taken++;
    CU_ASSERT_EQUAL(taken, INBOX_QUEUE_BLOB_BYTES / mib);
    CU_ASSERT_EQUAL(post_kind(outer, INBOX_ACT, 0, 0), GW_OK); /* what carries nothing still fits */
    struct inbox_msg msg;
    CU_ASSERT_FATAL(inbox_queue_take(q, &msg));
    free(msg.blob);
    CU_ASSERT_EQUAL(post_kind(outer, INBOX_ENROL, 0, mib), GW_OK);
    inbox_queue_free(q);
}

/* ---- journal queue ----------------------------------------------------------------------------------------------- */

static struct journal_entry entry_of(size_t len, int64_t n)
{
    return (struct journal_entry){.kind = JOURNAL_ENTRY_BATCH, .n = n, .bytes = malloc(len ? len : 1), .len = len};
}

static void journal_queue_meets_its_ceilings(void)
{
    struct journal_queue *q = journal_queue_new(1000, 3);
    struct journal_entry e = entry_of(600, 1);
    CU_ASSERT_EQUAL(journal_queue_put(q, &e), GW_OK);
    e = entry_of(600, 2);
    CU_ASSERT_EQUAL(journal_queue_put(q, &e), GW_AGAIN); /* bytes */
    free(e.bytes);
    for (int64_t n = 3; n < 5; n++) {
        e = entry_of(1, n);
        CU_ASSERT_EQUAL(journal_queue_put(q, &e), GW_OK);
    }
    e = entry_of(1, 5);
    CU_ASSERT_EQUAL(journal_queue_put(q, &e), GW_AGAIN); /* number */
    journal_queue_force(q, &e);
    CU_ASSERT_EQUAL(journal_queue_bytes(q), 603);
    struct journal_entry out[8];
    CU_ASSERT_EQUAL(journal_queue_take(q, out, 8, 100, 0), 1); /* one always fits, however large */
    free(out[0].bytes);
    CU_ASSERT_EQUAL(journal_queue_take(q, out, 8, 100, 0), 3);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(out[i].n, 3 + i);
        free(out[i].bytes);
    }
    CU_ASSERT_EQUAL(journal_queue_take(q, out, 8, 100, 0), 0);
    CU_ASSERT(!journal_queue_closed(q));
    journal_queue_close(q);
    CU_ASSERT(journal_queue_closed(q));
    e = entry_of(1, 6);
    CU_ASSERT_EQUAL(journal_queue_put(q, &e), GW_CANCELLED);
    free(e.bytes);
    journal_queue_free(q);
}

static void *put_many(void *arg)
{
    struct journal_queue *q = arg;
    for (int64_t n = 0; n < 2000; n++) {
        struct journal_entry e = entry_of(10, n);
        while (journal_queue_put(q, &e) == GW_AGAIN)
            ;
    }
    return NULL;
}

static void journal_queue_loses_nothing_between_threads(void)
{
    struct journal_queue *q = journal_queue_new(2000, 100);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, put_many, q), 0);
    struct journal_entry out[64];
    int64_t sum = 0;
    for (size_t got = 0; got < 8000;) {
        size_t n = journal_queue_take(q, out, 64, 1 << 20, 1000);
        for (size_t i = 0; i < n; i++) {
            sum += out[i].n;
            free(out[i].bytes);
        }
        got += n;
    }
    CU_ASSERT_EQUAL(sum, 4 * INT64_C(1999) * 2000 / 2);
    for (int i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    journal_queue_free(q);
}

/* ---- words, options, children ------------------------------------------------------------------------------------ */

static void ctl_takes_its_own_words_only(void)
{
    int pair[2];
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    enum ctl_kind kind;
    int32_t value;
    CU_ASSERT_EQUAL(ctl_receive(pair[1], &kind, &value, NULL), GW_AGAIN);
    CU_ASSERT_EQUAL(ctl_send(pair[0], CTL_KEYD_DOWN, -7, NULL), GW_OK);
    CU_ASSERT_EQUAL(ctl_receive(pair[1], &kind, &value, NULL), GW_OK);
    CU_ASSERT_EQUAL(kind, CTL_KEYD_DOWN);
    CU_ASSERT_EQUAL(value, -7);
    const char noise[64] = "GWCT and more than a word, longer than it";
    CU_ASSERT_EQUAL(send(pair[0], noise, sizeof(noise), 0), (ssize_t)sizeof(noise));
    CU_ASSERT_EQUAL(ctl_receive(pair[1], &kind, &value, NULL), GW_INVALID);
    struct ctl_msg wrong = {0x47574354, 99, 0};
    CU_ASSERT_EQUAL(send(pair[0], &wrong, sizeof(wrong), 0), (ssize_t)sizeof(wrong));
    CU_ASSERT_EQUAL(ctl_receive(pair[1], &kind, &value, NULL), GW_INVALID);
    (void)close(pair[0]);
    CU_ASSERT_EQUAL(ctl_receive(pair[1], &kind, &value, NULL), GW_CANCELLED);
    (void)close(pair[1]);
}

static enum gw_rc parse(struct options *o, const char *a, const char *b, const char *c, const char *d)
{
    const char *args[] = {"gatehoused", a, b, c, d, NULL};
    int argc = 1;
    while (argc < 5 && args[argc])
        argc++;
    char *argv[6];
    for (int i = 0; i <= argc; i++)
        memcpy(&argv[i], &args[i], sizeof(argv[i]));
    return options_parse(o, argc, argv, NULL);
}

static void options_lead_to_places(void)
{
    struct options o;
    CU_ASSERT_EQUAL(parse(&o, "--config", "/etc/g.toml", NULL, NULL), GW_OK);
    CU_ASSERT_STRING_EQUAL(o.state, OPTIONS_STATE_DEFAULT);
    CU_ASSERT_STRING_EQUAL(o.run, OPTIONS_RUN_DEFAULT);
    CU_ASSERT_EQUAL(parse(&o, "--config", "/etc/g.toml", "--state", "/srv/g///"), GW_OK);
    CU_ASSERT_STRING_EQUAL(o.state, "/srv/g");
    CU_ASSERT_STRING_EQUAL(o.run, "/srv/g/run");
    CU_ASSERT_EQUAL(parse(&o, "--state", "/srv/g", NULL, NULL), GW_INVALID);
    CU_ASSERT_EQUAL(parse(&o, "--config", NULL, NULL, NULL), GW_INVALID);
    CU_ASSERT_EQUAL(parse(&o, "--wrong", "x", NULL, NULL), GW_INVALID);
    CU_ASSERT_EQUAL(parse(&o, "--version", NULL, NULL, NULL), GW_OK);
    char deep[128];
    memset(deep, 'd', sizeof(deep) - 1);
    deep[0] = '/';
    deep[sizeof(deep) - 1] = '\0';
    CU_ASSERT_EQUAL(parse(&o, "--config", "/g", "--state", deep), GW_TOO_BIG); /* no room for sockets below it */
}

static void names_to_pass_on_are_bounded(void)
{
    struct options o;
    CU_ASSERT_EQUAL(parse(&o, "--config", "/g", "--pass-env", "LD_PRELOAD"), GW_OK);
    CU_ASSERT_EQUAL(o.pass_count, 1);
    CU_ASSERT_EQUAL(parse(&o, "--config", "/g", "--pass-env", "PATH"), GW_INVALID);
    CU_ASSERT_EQUAL(parse(&o, "--config", "/g", "--pass-env", "OPENSSL_CONF"), GW_INVALID);
    CU_ASSERT_EQUAL(parse(&o, "--config", "/g", "--pass-env", "A=B"), GW_INVALID);
    CU_ASSERT_EQUAL(parse(&o, "--config", "/g", "--pass-env", ""), GW_INVALID);
    char *argv[3 + 2 * (OPTIONS_PASS_MAX + 1)] = {(char[]){"gatehoused"}, (char[]){"--config"}, (char[]){"/g"}};
    char pass[] = "--pass-env", name[] = "NAME";
    for (size_t i = 3; i < sizeof(argv) / sizeof(argv[0]); i += 2) {
        argv[i] = pass;
        argv[i + 1] = name;
    }
    CU_ASSERT_EQUAL(options_parse(&o, 3 + 2 * OPTIONS_PASS_MAX, argv, NULL), GW_OK);
    CU_ASSERT_EQUAL(options_parse(&o, 3 + 2 * (OPTIONS_PASS_MAX + 1), argv, NULL), GW_TOO_BIG);
}

static bool env_has(const struct child_env *e, const char *var)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->vars[i], var) == 0)
            return true;
    return false;
}

static void the_environment_of_children_is_a_closed_list(void)
{
    char long_tz[CHILD_ENV_VALUE_MAX + 8] = "TZ=";
    memset(long_tz + 3, 'z', CHILD_ENV_VALUE_MAX + 1);
    const char *const inherited[] = {"PATH=/tmp/evil",
                                     "LANG=C.UTF-8",
                                     "LD_PRELOAD=/tmp/x.so",
                                     "AWS_SECRET=words",
                                     "LANGUAGE=de",
                                     "MY_TOOL=a=b c d",
                                     long_tz,
                                     "nonsense",
                                     NULL};
    struct options o = {.pass = {"MY_TOOL", "NOT_THERE"}, .pass_count = 2};
    struct child_env e;
    child_env_init(&e, inherited, &o);
    CU_ASSERT_EQUAL(e.count, 3);
    CU_ASSERT(env_has(&e, CHILD_ENV_PATH) && env_has(&e, "LANG=C.UTF-8") && env_has(&e, "MY_TOOL=a=b c d"));
    CU_ASSERT_PTR_NULL(e.vars[e.count]);
    child_env_set(&e, "LANG=C");
    CU_ASSERT(e.count == 3 && env_has(&e, "LANG=C") && !env_has(&e, "LANG=C.UTF-8"));
    char vars[CHILD_ENV_MAX + 2][8];
    for (size_t i = 0; i < CHILD_ENV_MAX + 2; i++) {
        (void)snprintf(vars[i], sizeof(vars[i]), "N%zu=1", i);
        child_env_set(&e, vars[i]);
    }
    CU_ASSERT(e.count == CHILD_ENV_MAX && e.vars[CHILD_ENV_MAX] == NULL);
}

static bool tells(struct child_ends *e, pid_t daemon, int want)
{
    int status = -1;
    return child_ends_tell(e, daemon, &status) && status == want;
}

static void no_end_of_a_child_is_forgotten(void)
{
    struct child_ends e = {.count = 0};
    int status;
    child_ends_add(&e, 9); /* while no daemon runs */
    child_ends_add(&e, 3);
    CU_ASSERT(tells(&e, 100, 9) && tells(&e, 100, 3) && !child_ends_tell(&e, 100, &status));
    child_ends_noted(&e); /* the first; then that daemon dies */
    child_ends_add(&e, 6);
    CU_ASSERT(tells(&e, 101, 3) && tells(&e, 101, 6) && !child_ends_tell(&e, 101, &status));
    child_ends_noted(&e);
    child_ends_noted(&e);
    child_ends_noted(&e); /* of nothing */
    CU_ASSERT(e.count == 0 && !child_ends_tell(&e, 102, &status));
    for (int i = 0; i <= CHILD_ENDS_MAX; i++)
        child_ends_add(&e, i);
    for (int i = 0; i < CHILD_ENDS_MAX - 1; i++)
        CU_ASSERT(tells(&e, 103, i));
    CU_ASSERT(tells(&e, 103, CHILD_ENDS_MAX));
    child_ends_add(&e, 77); /* all were told, none noted */
    CU_ASSERT(tells(&e, 103, 77) && !child_ends_tell(&e, 103, &status));
}

static void children_that_keep_ending_wait_longer(void)
{
    struct child c = {0};
    int64_t now = 1000000, waits[8];
    for (int i = 0; i < 8; i++) {
        c.started.ms = now;
        child_ended(&c, (struct gw_mono){now});
        waits[i] = c.due.ms - now;
        CU_ASSERT(i == 0 || waits[i] >= waits[i - 1]);
    }
    CU_ASSERT_EQUAL(waits[0], 0);
    CU_ASSERT(waits[1] >= 200 && waits[7] == 5000);
    c.started.ms = now;
    child_ended(&c, (struct gw_mono){now + GW_MINUTE_MS}); /* it ran well for a minute */
    CU_ASSERT_EQUAL(c.due.ms, now + GW_MINUTE_MS);
}

static void a_chosen_port_is_kept(void)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/port", gw_test_dir());
    CU_ASSERT_EQUAL(kept_port_choose(path, 0), 0);
    CU_ASSERT_EQUAL(kept_port_put(path, 40123, NULL), GW_OK);
    CU_ASSERT_EQUAL(kept_port_choose(path, 0), 40123);
    CU_ASSERT_EQUAL(kept_port_choose(path, 8883), 8883);
    GW_FCLOSE FILE *f = fopen(path, "we");
    CU_ASSERT_FATAL(f && fputs("99999999", f) >= 0 && fflush(f) == 0);
    CU_ASSERT_EQUAL(kept_port_choose(path, 0), 0); /* rubbish is no port */
}

static const struct gw_test_case cases[] = {
    {"the inbox keeps order, and a reserve for our own results", inbox_keeps_order_and_reserve},
    {"the inbox bounds the bytes that messages carry", inbox_bounds_its_blobs},
    {"the journal's queue meets its ceilings", journal_queue_meets_its_ceilings},
    {"the journal's queue loses nothing between threads", journal_queue_loses_nothing_between_threads},
    {"the control socket takes its own words only", ctl_takes_its_own_words_only},
    {"options lead to places", options_lead_to_places},
    {"names of the environment to pass on are bounded", names_to_pass_on_are_bounded},
    {"the environment of children is a closed list", the_environment_of_children_is_a_closed_list},
    {"no end of a child is forgotten", no_end_of_a_child_is_forgotten},
    {"children that keep ending wait longer", children_that_keep_ending_wait_longer},
    {"a port that was chosen is kept", a_chosen_port_is_kept},
};

int main(void)
{
    return GW_TEST_RUN("app", cases);
}
