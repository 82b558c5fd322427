/* Devices with valid certificates that do not keep to the log path's rules, by hand-made batches over real sessions;
 * and a journal whose disk is full. Nobody else may notice, and the gateway must tell of it. */
#include <fcntl.h>
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../alerts/metrics_kit.h"
#include "ack.h"
#include "enrol_client.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"
#include "gw_time.h"
#include "log_batch.h"

#define LIMIT_MS   30000
#define HOLES      20
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct gw_gateway gateway;
static struct enrol_client client;

/* ---- a device by hand -------------------------------------------------------------------------------------------- */

struct hand {
    char id[32];
    struct mosquitto *mosq;
    bool up, over;
    size_t acks, notes; /* acknowledgements, and those with a checkpoint */
    struct ack ack;     /* the last */
    size_t stood;       /* how many came before the one that first told of where the log stands now */
    uint64_t newest;    /* the highest epoch that any told of */
};

static void on_connect(struct mosquitto *mosq, void *ctx, int code)
{
    (void)mosq;
    ((struct hand *)ctx)->up = code == 0;
}

static void on_subscribe(struct mosquitto *mosq, void *ctx, int mid, int count, const int *granted)
{
    (void)mosq;
    (void)mid;
    struct hand *h = ctx;
    h->acks = count == 1 && granted[0] <= 1 ? 0 : SIZE_MAX;
}

static void on_disconnect(struct mosquitto *mosq, void *ctx, int code)
{
    (void)mosq;
    (void)code;
    ((struct hand *)ctx)->over = true;
}

static void on_message(struct mosquitto *mosq, void *ctx, const struct mosquitto_message *m)
{
    (void)mosq;
    struct hand *h = ctx;
    size_t len = strlen(m->topic);
    if (len < 4 || strcmp(m->topic + len - 4, "/ack") != 0)
        return; /* dn/job comes at each connect too */
    struct ack last = h->ack;
    CU_ASSERT_EQUAL(ack_parse(gw_view_make(m->payload, (size_t)m->payloadlen), &h->ack, NULL), GW_OK);
    if (h->ack.epoch != last.epoch || h->ack.next_seq != last.next_seq)
        h->stood = h->acks;
    if (h->ack.epoch > h->newest)
        h->newest = h->ack.epoch;
    h->acks++;
    h->notes += h->ack.checkpoint[0] != '\0';
}

#define AWAIT(h, condition)                                                                                            \
    ({                                                                                                                 \
        int64_t until_ = gw_mono_now().ms + LIMIT_MS;                                                                  \
        while (!(condition) && gw_mono_now().ms < until_)                                                              \
            (void)mosquitto_loop((h)->mosq, 50, 1);                                                                    \
        !!(condition);                                                                                                 \
    })

static void connect_hand(struct hand *h)
{
    char ca[256], cert[256], key[256], topic[128];
    (void)snprintf(ca, sizeof(ca), "%s/web/ca.crt", gateway.state);
    (void)snprintf(cert, sizeof(cert), "%s/%s.crt", client.dir, h->id);
    (void)snprintf(key, sizeof(key), "%s/%s.key", client.dir, h->id);
    (void)snprintf(topic, sizeof(topic), "gw/v1/%s/dn/#", h->id);
    h->mosq = mosquitto_new(h->id, true, h);
    h->up = h->over = false;
    h->acks = SIZE_MAX;
    h->notes = 0;
    CU_ASSERT_FATAL(h->mosq && mosquitto_tls_set(h->mosq, ca, NULL, cert, key, NULL) == 0);
    mosquitto_connect_callback_set(h->mosq, on_connect);
    mosquitto_disconnect_callback_set(h->mosq, on_disconnect);
    mosquitto_subscribe_callback_set(h->mosq, on_subscribe);
    mosquitto_message_callback_set(h->mosq, on_message);
    CU_ASSERT_EQUAL_FATAL(mosquitto_connect(h->mosq, "localhost", gateway.port_mqtt, 60), 0);
    CU_ASSERT_FATAL(AWAIT(h, h->up || h->over) && h->up);
    CU_ASSERT_EQUAL_FATAL(mosquitto_subscribe(h->mosq, NULL, topic, 1), 0);
    CU_ASSERT_FATAL(AWAIT(h, h->acks == 0));
}

static void close_hand(struct hand *h)
{
    mosquitto_destroy(h->mosq);
    h->mosq = NULL;
}

static void make_hand(struct hand *h, const char *id)
{
    char secret[64], credentials[128];
    *h = (struct hand){.mosq = NULL};
    (void)snprintf(h->id, sizeof(h->id), "%s", id);
    enrol_client_key(&client, id, id);
    CU_ASSERT_FATAL(enrol_invite(&gateway, id, secret, sizeof(secret)));
    (void)snprintf(credentials, sizeof(credentials), "%s:%s", id, secret);
    CU_ASSERT_EQUAL_FATAL(enrol_client_post(&client, &gateway, id, credentials), 200);
    connect_hand(h);
}

static void publish(struct hand *h, const char *of, const char *what, struct gw_view payload)
{
    char topic[128];
    (void)snprintf(topic, sizeof(topic), "gw/v1/%s/up/%s", of, what);
    CU_ASSERT_EQUAL(mosquitto_publish(h->mosq, NULL, topic, (int)payload.len, payload.ptr, 1, false), 0);
}

static void batch(struct gw_buf *out, uint64_t epoch, uint64_t first, uint32_t count, const char *text)
{
    struct log_batch_writer w;
    gw_buf_init(out, LOG_BATCH_BYTES_MAX);
    CU_ASSERT_EQUAL_FATAL(log_batch_begin(&w, out, epoch, first), GW_OK);
    for (uint32_t i = 0; i < count; i++) {
        char event[1100];
        (void)snprintf(event, sizeof(event), "%s %llu", text, (unsigned long long)(first + i));
        CU_ASSERT_EQUAL_FATAL(log_batch_add(&w, first + i ? gw_view_str(event)
                                                          : GW_VIEW_LIT("{\"cls\":\"log.start\",\"reason\":\"new\"}")),
                              GW_OK);
    }
    CU_ASSERT_EQUAL_FATAL(log_batch_end(&w), GW_OK);
}

static void ship(struct hand *h, uint64_t epoch, uint64_t first, uint32_t count, const char *text)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    batch(&payload, epoch, first, count, text);
    publish(h, h->id, "log", gw_buf_view(&payload));
}

/* The same, again and again until there is an answer: what fits no log is answered once a second at most. */
static bool ship_until_answered(struct hand *h, uint64_t epoch, uint64_t first, uint32_t count, const char *text)
{
    size_t before = h->acks;
    int64_t until = gw_mono_now().ms + LIMIT_MS;
    while (h->acks == before && gw_mono_now().ms < until) {
        ship(h, epoch, first, count, text);
        (void)mosquitto_loop(h->mosq, 250, 1);
    }
    return h->acks > before;
}

/* ---- what the gateway tells -------------------------------------------------------------------------------------- */

static size_t count_of(const char *haystack, const char *needle)
{
    size_t n = 0;
    for (const char *at = strstr(haystack, needle); at; at = strstr(at + 1, needle))
        n++;
    return n;
}

static size_t told(const char *const words[], const char *text)
{
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, words, &out), 0);
    return count_of(out, text);
}

static unsigned long status_of(const char *key)
{
    GW_FREE char *json = NULL;
    char text[32];
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, WORDS("status"), &json), 0);
    gw_json_pick(json, key, text, sizeof(text));
    return strtoul(text, NULL, 10);
}

struct counter {
    const char *key;
    unsigned long at_least;
};
static bool reached(void *ctx)
{
    const struct counter *c = ctx;
    return status_of(c->key) >= c->at_least;
}

static bool audited(void *ctx)
{
    return told(WORDS("logs", "show", "--audit", "--limit", "1000"), ctx) > 0;
}

/* ---- hostile devices --------------------------------------------------------------------------------------------- */

static struct hand liar, other;

static void starts(void)
{
    (void)mosquitto_lib_init();
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway) && gw_gateway_claim(&gateway));
    enrol_client_init(&client);
    make_hand(&liar, "liar-1");
    make_hand(&other, "other-1");
}

static void other_bytes_for_stored_numbers_are_kept_and_told_once(void)
{
    ship(&liar, 7, 0, 6, "true");
    CU_ASSERT(AWAIT(&liar, liar.notes > 0 && liar.ack.next_seq == 6)); /* signed: it does not grow any more */
    struct gw_sha256 root = liar.ack.root;
    for (int i = 0; i < 3; i++) {
        size_t notes = liar.notes;
        ship(&liar, 7, 2, 3, "false");
        CU_ASSERT(AWAIT(&liar, liar.notes > notes)); /* each is answered with the checkpoint */
        CU_ASSERT_EQUAL(liar.ack.next_seq, 6);
        CU_ASSERT_TRUE(gw_sha256_eq(&liar.ack.root, &root));
    }
    const char *const words[] = {"logs", "show", "--device", "liar-1", NULL};
    CU_ASSERT_EQUAL(told(words, "\"log.equivocation\""), 1);
    CU_ASSERT_EQUAL(told(words, "false 2"), 0);
    ship(&liar, 7, 4, 4, "true"); /* the truth, overlapping: it is not stuck */
    CU_ASSERT(AWAIT(&liar, liar.ack.next_seq == 8));
}

/* The file must be the batch that ship() sends of this. */
static void is_batch(const char *path, uint64_t first, uint32_t count, const char *text)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf sent, kept;
    struct gw_err err = {0};
    batch(&sent, 7, first, count, text);
    gw_buf_init(&kept, LOG_BATCH_BYTES_MAX);
    GW_ASSERT_OK(gw_fs_read_file(path, &kept, &err), &err);
    CU_ASSERT(gw_view_eq(gw_buf_view(&kept), gw_buf_view(&sent)));
}

#define LOG_7 "dev/liar-1/0000000000000007"

static void an_auditor_reads_what_was_sent(void)
{
    char file[300], dir[300], of_export[400];
    const char *own = gw_test_dir();
    (void)snprintf(file, sizeof(file), "%s/evidence", own);
    (void)snprintf(dir, sizeof(dir), "%s/export", own);
    (void)snprintf(of_export, sizeof(of_export), "%s/dev/liar-1/0000000000000007/evidence", dir);
    const char *const listing[] = {"logs", "evidence", "--device", "liar-1", NULL};
    CU_ASSERT_EQUAL(told(listing, "\"first\":\"2\",\"count\":3,"), 1);
    CU_ASSERT_EQUAL(told(listing, "\"stored\":\"differs\""), 3);
    CU_ASSERT_EQUAL(told(WORDS("logs", "evidence", "--device", "liar-1", "--out", file), "\"bytes\":49"), 1);
    is_batch(file, 2, 3, "false"); /* the first of the three */
    CU_ASSERT_EQUAL(told(WORDS("logs", "export", "--device", "liar-1", "--out", dir), "{\"log\":\"" LOG_7 "\""), 1);
    is_batch(of_export, 2, 3, "false");
    CU_ASSERT_EQUAL(told(WORDS("logs", "verify", dir), "\"" LOG_7 "\",\"verified\":true"), 1);
    GW_FREE char *out = NULL, *none = NULL;
    const char *const shown[] = {
        GW_BIN_DIR "/gatehouse", "--socket", gateway.socket, "logs", "evidence", "--log", LOG_7, NULL};
    CU_ASSERT_EQUAL(gw_proc_run(shown, &out), 0);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(out, "epoch 0000000000000007, from 2 on, 3 events, of which 3 differ from the log\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(out, "4    7      2fbe950d4c4a025795044138b9c797bf2682ebc3fa1a026e619dff7d425b9784  differs\n"));
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, WORDS("logs", "evidence", "--device", "other-1"), &none), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(none, "nothing contradicts other-1"));
}

static void holes_are_answered_once_a_second(void)
{
    CU_ASSERT(AWAIT(&liar, strstr(liar.ack.checkpoint, "/0000000000000007\n8\n"))); /* nothing is to be signed now */
    CU_ASSERT(ship_until_answered(&liar, 7, 100, 1, "far"));
    CU_ASSERT_EQUAL(liar.ack.next_seq, 8);
    size_t before = liar.acks;
    for (int i = 0; i < HOLES; i++)
        ship(&liar, 7, 100, 1, "far");
    ship(&liar, 7, 8, 1, "fits"); /* behind them in the same queues */
    CU_ASSERT(AWAIT(&liar, liar.ack.next_seq == 9));
    CU_ASSERT(liar.stood - before < HOLES); /* that it is one a second, to the millisecond: unit_services */
}

static void unknown_and_closed_epochs_store_nothing(void)
{
    ship(&liar, 99, 5, 2, "unknown"); /* not from the start */
    ship(&liar, 7, 9, 1, "fits");
    CU_ASSERT(AWAIT(&liar, liar.ack.next_seq == 10));
    CU_ASSERT_EQUAL(liar.newest, 7);
    for (uint64_t epoch = 8; epoch <= 10; epoch++) { /* the second to the fourth of today */
        ship(&liar, epoch, 0, 2, "again");
        CU_ASSERT(AWAIT(&liar, liar.ack.epoch == epoch && liar.ack.next_seq == 2));
    }
    CU_ASSERT(AWAIT(&liar, strstr(liar.ack.checkpoint, "/000000000000000a\n2\n"))); /* nothing is to be signed now */
    CU_ASSERT(ship_until_answered(&liar, 7, 10, 2, "closed"));
    CU_ASSERT_EQUAL(liar.ack.epoch, 10);
    CU_ASSERT_EQUAL(liar.ack.next_seq, 2);
}

static void a_fifth_epoch_in_a_day_is_not_acknowledged(void)
{
    ship(&liar, 11, 0, 2, "fifth");
    ship(&liar, 12, 0, 2, "sixth");
    ship(&liar, 10, 2, 2, "goes on");
    CU_ASSERT(AWAIT(&liar, liar.ack.epoch == 10 && liar.ack.next_seq == 4));
    CU_ASSERT_EQUAL(liar.newest, 10);
    const char *const words[] = {"logs", "show", "--device", "liar-1", NULL};
    CU_ASSERT_EQUAL(told(words, "\"log.epoch_limit\""), 1);
    CU_ASSERT_EQUAL(told(words, "\"log.epoch_changed\""), 3);
}

/* Sends `len` of these bytes as a batch; it must be counted. */
static void is_refused(const uint8_t *bytes, size_t len)
{
    static unsigned long expected;
    expected++;
    publish(&liar, liar.id, "log", gw_view_make(bytes, len));
    CU_ASSERT(AWAIT(&liar, status_of("log_batches") >= expected));
    CU_ASSERT_EQUAL(status_of("log_batches"), expected);
    CU_ASSERT_FALSE(liar.over);
}

static void malformed_batches_are_counted_and_told(void)
{
    static uint8_t big[LOG_BATCH_BYTES_MAX + 1];
    GW_CLEANUP(gw_buf_done) struct gw_buf good;
    batch(&good, 10, 4, 2, "well made");
    CU_ASSERT(AWAIT(&liar, strstr(liar.ack.checkpoint, "/000000000000000a\n4\n"))); /* nothing is to be signed now */
    size_t before = liar.acks;
    memcpy(big, gw_buf_view(&good).ptr, good.len);
    is_refused(big, sizeof(big)); /* 64 KiB and one byte */
    is_refused(big, good.len + 1);
    is_refused(big, good.len - 1);
    is_refused(big, 3);
    memset(big + 4, 0, 8);
    is_refused(big, good.len); /* epoch 0 */
    memcpy(big, gw_buf_view(&good).ptr, good.len);
    memset(big + 12, 0xff, 8);
    is_refused(big, good.len); /* no number is left */
    CU_ASSERT(gw_await(audited, "\"proto.error\"", LIMIT_MS));
    CU_ASSERT(told(WORDS("logs", "show", "--audit", "--text", "proto.error"), "device:liar-1") > 0);
    publish(&liar, liar.id, "log", gw_buf_view(&good));
    CU_ASSERT(AWAIT(&liar, liar.ack.next_seq == 6));
    CU_ASSERT_EQUAL(liar.stood, before); /* none of them was answered */
}

static void nobody_writes_into_anothers_log(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    batch(&payload, 3, 0, 2, "forged");
    publish(&liar, "other-1", "log", gw_buf_view(&payload));
    CU_ASSERT(gw_await(audited, "\"liar-1\"", LIMIT_MS));
    /* Which topic it was stands in the event and in the daemon's log. */
    CU_ASSERT(gw_await(audited, "publish outside its topics: \\\"gw/v1/other-1/up/log\\\", from 127.0.0.1", LIMIT_MS));
    CU_ASSERT(gw_proc_await(&gateway.proc, "liar-1: publish outside its topics: \"gw/v1/other-1/up/log\"", LIMIT_MS));
    publish(&other, "other-1", "state", GW_VIEW_LIT("{}"));
    CU_ASSERT(AWAIT(&other, other.acks == 1));
    CU_ASSERT_EQUAL(other.ack.epoch, 0); /* it has no log */
    ship(&other, 4, 0, 3, "mine");
    CU_ASSERT(AWAIT(&other, other.ack.epoch == 4 && other.ack.next_seq == 3));
    CU_ASSERT_EQUAL(told(WORDS("logs", "show", "--device", "other-1"), "forged"), 0);
}

/* A batch that was acknowledged comes once more, byte for byte: it is answered, and stored no second time. */
static void a_replayed_batch_is_answered_and_stored_once(void)
{
    const char *const words[] = {"logs", "show", "--device", "other-1", NULL};
    size_t before = told(words, "mine 2"), acks = other.acks;
    CU_ASSERT(before > 0);
    ship(&other, 4, 0, 3, "mine");
    CU_ASSERT(AWAIT(&other, other.acks > acks));
    CU_ASSERT_EQUAL(other.ack.next_seq, 3);
    CU_ASSERT_EQUAL(told(words, "mine 2"), before);
}

static void counted(const char *token, const char *verdict, int64_t least)
{
    char sample[96];
    (void)snprintf(sample, sizeof(sample), "gatehouse_ingest_verdicts_total{verdict=\"%s\"}", verdict);
    CU_ASSERT(kit_metric_reaches(&gateway, token, sample, least));
}

/* At the door where a scraper asks. */
static void all_of_it_is_counted(void)
{
    char token[96];
    CU_ASSERT_FATAL(kit_metrics_token(&gateway, token, sizeof(token)));
    counted(token, "duplicate", 1);
    counted(token, "gap", 1);
    counted(token, "unknown_epoch", 1);
    counted(token, "closed_epoch", 1);
    counted(token, "equivocation", 3);
    counted(token, "epoch_limit", 2);
    CU_ASSERT(kit_metric_is(&gateway, token, "gatehouse_ingest_refused_total{reason=\"malformed\"}", 6));
    CU_ASSERT(kit_metric_is(&gateway, token, "gatehouse_refused_total{reason=\"batches\"}", 6));
    CU_ASSERT(kit_metric_reaches(&gateway, token, "gatehouse_refused_total{reason=\"broker\"}", 1));
    publish(&other, "other-1", "job", GW_VIEW_LIT("no report"));
    CU_ASSERT(kit_metric_is(&gateway, token, "gatehouse_reports_refused_total{reason=\"malformed\"}", 1));
}

/* Somebody looks into journal.db with a tool and forgets to close it. */
static void a_reader_that_holds_the_journal_is_told(void)
{
    struct gw_proc reader = {0};
    char path[256];
    static char text[1000];
    memset(text, 'x', sizeof(text) - 1);
    (void)snprintf(path, sizeof(path), "%s/journal/journal.db", gateway.state);
    gw_proc_start(&reader,
                  WORDS("sqlite3", path, "BEGIN; SELECT count(*) FROM log;", ".shell echo it holds; exec sleep 600"),
                  NULL);
    CU_ASSERT_FATAL(gw_proc_await(&reader, "it holds", LIMIT_MS));
    unsigned long max = status_of("journal_wal_max_bytes");
    struct counter grown = {"journal_wal_bytes", max + 1};
    uint64_t next = other.ack.next_seq;
    for (int i = 0; i < 200 && status_of("journal_wal_bytes") <= max; i++)
        for (int part = 0; part < 9; part++, next += 60) {
            ship(&other, 4, next, 60, text);
            CU_ASSERT_FATAL(AWAIT(&other, other.ack.next_seq == next + 60));
        }
    CU_ASSERT(gw_await(reached, &grown, LIMIT_MS));
    CU_ASSERT(gw_await(audited, "\"log.store_held\"", LIMIT_MS));
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_proc_run(WORDS(GW_BIN_DIR "/gatehouse", "--socket", gateway.socket, "status"), &out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "HELD: another program"));
    gw_proc_done(&reader);
    ship(&other, 4, next, 1, "let go");
    CU_ASSERT(AWAIT(&other, other.ack.next_seq == next + 1));
    CU_ASSERT(AWAIT(&other, status_of("journal_wal_bytes") <= max));
}

static void ends(void)
{
    close_hand(&liar);
    close_hand(&other);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_done(&gateway);
}

/* ---- a full disk ------------------------------------------------------------------------------------------------- */

static bool may_mount(void)
{
    return geteuid() == 0 &&
           gw_proc_run(WORDS("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "x", "/mnt"), NULL) == 0;
}

/* Starts again in a mount namespace of its own, in which the journal lies on a file system of 8 MiB. */
static bool restart_on_a_small_disk(void)
{
    char script[1024];
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    (void)snprintf(script, sizeof(script),
                   "cd '%s' && own=$(stat -c %%u:%%g journal) && cp -a journal journal.kept && "
                   "mount -t tmpfs -o size=8m,mode=700 journal journal && cp -a journal.kept/. journal/ && "
                   "chown $own journal && exec " GW_BIN_DIR "/gatehoused --config %s --state %s",
                   gateway.state, gateway.config, gateway.state);
    gw_proc_done(&gateway.proc);
    gw_proc_start(&gateway.proc, WORDS("unshare", "-m", "sh", "-c", script), NULL);
    return gw_gateway_await_ready(&gateway);
}

/* Takes what is left of it, to the last byte. */
static void fill_disk(char path[256])
{
    static uint8_t chunk[65536];
    (void)snprintf(path, 256, "/proc/%d/root%s/journal/filler", (int)gw_gateway_child(&gateway, "gatehoused"),
                   gateway.state);
    GW_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    for (size_t len = sizeof(chunk); len; len /= 2)
        while (write(fd, chunk, len) == (ssize_t)len)
            continue;
}

static void a_full_journal_acknowledges_nothing_and_recovers(void)
{
    struct hand pump;
    char filler[256], id[32], obj[64];
    if (!may_mount()) {
        gw_test_skip("no file system may be mounted here");
        return;
    }
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway) && gw_gateway_claim(&gateway));
    CU_ASSERT_FATAL(restart_on_a_small_disk());
    enrol_client_init(&client);
    make_hand(&pump, "pump-1");
    ship(&pump, 5, 0, 4, "before");
    CU_ASSERT(AWAIT(&pump, pump.ack.next_seq == 4 && pump.notes > 0));
    fill_disk(filler);
    uint64_t next = 4;
    for (; next < 4 + 4096 && !strstr(gateway.proc.out, "nothing is acknowledged"); next += 512) {
        ship(&pump, 5, next, 512, "while it is full, of some length, so that what SQLite has set aside is used up");
        (void)AWAIT(&pump,
                    pump.ack.next_seq == next + 512 ||
                        gw_proc_await(&gateway.proc, "nothing is acknowledged until it can be written again", 1));
    }
    CU_ASSERT_FATAL(gw_proc_await(&gateway.proc, "nothing is acknowledged until it can be written again", LIMIT_MS));
    uint64_t stored = pump.ack.next_seq;
    struct counter failed = {"failed_commits", 1};
    GW_FREE char *status = NULL;
    CU_ASSERT(gw_await(reached, &failed, LIMIT_MS));
    CU_ASSERT_EQUAL(gw_proc_run(WORDS(GW_BIN_DIR "/gatehouse", "--socket", gateway.socket, "status"), &status), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(status, "THE JOURNAL CANNOT BE WRITTEN"));
    size_t before = pump.acks;
    for (int i = 0; i < 3; i++) { /* operators go on: state.db has room */
        (void)snprintf(id, sizeof(id), "inv-%d", i);
        GW_FREE char *out = NULL;
        CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, WORDS("device", "invite", id), &out), 0);
    }
    publish(&pump, "pump-1", "state", GW_VIEW_LIT("{}"));
    CU_ASSERT(AWAIT(&pump, pump.acks > before));
    CU_ASSERT_EQUAL(pump.ack.next_seq, stored);
    CU_ASSERT_EQUAL(pump.ack.credit_bytes, 0);
    CU_ASSERT_EQUAL(unlink(filler), 0);
    CU_ASSERT(gw_proc_await(&gateway.proc, "writing works again", LIMIT_MS)); /* by itself: nobody sends */
    ship(&pump, 5, stored, 8, "after");
    CU_ASSERT(AWAIT(&pump, pump.ack.next_seq == stored + 8));
    CU_ASSERT(pump.ack.credit_bytes > 0);
    for (int i = 0; i < 3; i++) {
        (void)snprintf(obj, sizeof(obj), "\"inv-%d\"", i);
        CU_ASSERT(gw_await(audited, obj, LIMIT_MS));
        CU_ASSERT_EQUAL(told(WORDS("logs", "show", "--audit", "--limit", "1000"), obj), 1);
    }
    CU_ASSERT(gw_await(audited, "\"log.store_full\"", LIMIT_MS));
    close_hand(&pump);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"starts", starts},
    {"other bytes for stored numbers are kept and told once", other_bytes_for_stored_numbers_are_kept_and_told_once},
    {"an auditor reads what was sent, byte for byte", an_auditor_reads_what_was_sent},
    {"holes are answered once a second", holes_are_answered_once_a_second},
    {"unknown and closed epochs store nothing", unknown_and_closed_epochs_store_nothing},
    {"a fifth epoch in a day is not acknowledged", a_fifth_epoch_in_a_day_is_not_acknowledged},
    {"malformed batches are counted and told", malformed_batches_are_counted_and_told},
    {"nobody writes into another's log", nobody_writes_into_anothers_log},
    {"a replayed batch is answered and stored once", a_replayed_batch_is_answered_and_stored_once},
    {"all of it is counted where a scraper asks", all_of_it_is_counted},
    {"a reader that holds the journal is told", a_reader_that_holds_the_journal_is_told},
    {"ends", ends},
    {"a full journal acknowledges nothing and recovers", a_full_journal_acknowledges_nothing_and_recovers},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("hostile logs e2e", cases);
}
