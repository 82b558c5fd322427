#include "rollouts_logs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_spool.h"
#include "bulk_hash.h"
#include "gw_buf.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_num.h"
#include "gw_test.h"
#include "journal_db.h"
#include "journal_severity.h"
#include "whole.h"

#define LEDGER_MAX ((size_t)64 << 20)
#define LOGS_MAX   4096

void logs_export(const struct gw_gateway *g)
{
    char dir[192], key[224];
    (void)snprintf(dir, sizeof(dir), "%s/export", gw_test_dir());
    (void)snprintf(key, sizeof(key), "%s/key", dir);
    const char *const write[] = {"logs", "export", "--all", "--out", dir, NULL};
    const char *const verify[] = {"logs", "verify", dir, "--key", key, NULL};
    GW_FREE char *written = NULL;
    GW_FREE char *verified = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(g, write, &written), 0);
    int code = gw_gateway_cli(g, verify, &verified);
    if (code)
        printf("#   logs verify: %s\n", verified);
    CU_ASSERT_EQUAL(code, 0);
    size_t lines = 0;
    for (const char *at = verified; (at = strchr(at, '\n')); at++)
        lines++;
    printf("#   logs verify is content with the export: %zu lines\n", lines);
}

/* ---- the ledger -------------------------------------------------------------------------------------------------- */

struct entry {
    char device[64];
    uint64_t epoch, next;
    bool sent; /* or acked */
    bool rooted;
    struct gw_sha256 root;
};
struct ledger {
    struct entry *list; /* owned */
    size_t count;
};

static struct gw_view word(struct gw_view *line)
{
    return gw_view_cut(*line, ' ', line);
}

static bool read_entry(struct gw_view line, struct entry *e)
{
    uint8_t epoch[8];
    if (gw_view_copy_str(word(&line), e->device, sizeof(e->device)) || gw_hex_parse(word(&line), epoch, sizeof(epoch)))
        return false;
    for (size_t i = 0; i < sizeof(epoch); i++)
        e->epoch = e->epoch << 8 | epoch[i];
    struct gw_view kind = word(&line);
    e->sent = gw_view_eq(kind, gw_view_str("sent"));
    if ((!e->sent && !gw_view_eq(kind, gw_view_str("acked"))) || gw_parse_u64(word(&line), UINT64_MAX, &e->next))
        return false;
    e->rooted = !gw_view_eq(line, gw_view_str("-"));
    return !e->rooted || gw_hex_parse(line, e->root.bytes, sizeof(e->root.bytes)) == GW_OK;
}

static void read_ledger(const char *path, struct ledger *ret)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct gw_err err = {0};
    size_t lines = 0;
    gw_buf_init(&text, LEDGER_MAX);
    GW_ASSERT_OK(gw_fs_read_file(path, &text, &err), &err);
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    CU_ASSERT_FATAL(lines > 0 && text.ptr[text.len - 1] == '\n');
    ret->list = gw_xalloc(lines, sizeof(*ret->list));
    struct gw_view rest = gw_buf_view(&text);
    for (ret->count = 0; ret->count < lines; ret->count++)
        CU_ASSERT_FATAL(read_entry(gw_view_cut(rest, '\n', &rest), &ret->list[ret->count]));
}

/* ---- the journal ------------------------------------------------------------------------------------------------- */

struct audit {
    struct journal journal;
    struct journal_log logs[LOGS_MAX];
    size_t count;
    uint64_t acked, stored, sent; /* sums over the fleet's logs */
    size_t roots, level;          /* level: the same three for the newest log of a device */
};

static bool take_log(void *ctx, const struct journal_log *log)
{
    struct audit *a = ctx;
    if (log->id.kind == LOG_DEVICE && a->count < LOGS_MAX)
        a->logs[a->count++] = *log;
    return true;
}

struct walk {
    uint64_t next;
    size_t wrong;
};

static bool step(void *ctx, const struct journal_event *event)
{
    struct walk *w = ctx;
    w->wrong += event->seq != w->next++;
    return true;
}

/* Each number below its end once and in order, and no more. */
static void has_each_number_once(struct audit *a, const struct journal_log *log)
{
    struct walk w = {0};
    struct gw_err err = {0};
    const struct journal_span span = {log->id, 0, LOG_SEQ_MAX};
    GW_ASSERT_OK(a->journal.ops->read(a->journal.self, &span, step, &w, &err), &err);
    CU_ASSERT_EQUAL(w.wrong, 0);
    CU_ASSERT_EQUAL(w.next, log->next);
    CU_ASSERT(!log->equivocated);
}

static void has_root(struct audit *a, const struct journal_log *log, uint64_t size, const struct gw_sha256 *root)
{
    struct gw_sha256 stored;
    struct gw_err err = {0};
    GW_ASSERT_OK(a->journal.ops->root_at(a->journal.self, &log->id, size, &stored, &err), &err);
    CU_ASSERT(gw_sha256_eq(&stored, root));
}

static void compare_fleet_log(struct audit *a, const struct ledger *ledger, const struct journal_log *log)
{
    uint64_t acked = 0, sent = 0;
    bool newest = false;
    for (size_t i = 0; i < ledger->count; i++) {
        const struct entry *e = &ledger->list[i];
        if (strcmp(e->device, log->id.device.text) != 0)
            continue;
        newest = e->epoch == log->id.epoch; /* of the device's last line */
        if (!newest)
            continue;
        uint64_t *high = e->sent ? &sent : &acked;
        *high = e->next > *high ? e->next : *high;
        if (e->sent && e->rooted && e->next <= log->next) {
            has_root(a, log, e->next, &e->root); /* the very events that it sent */
            a->roots++;
        }
    }
    if (log->next < acked || log->next > sent)
        printf("#   %s %016" PRIx64 ": acknowledged %" PRIu64 ", stored %" PRIu64 ", sent %" PRIu64 "\n",
               log->id.device.text, log->id.epoch, acked, log->next, sent);
    CU_ASSERT(acked <= log->next && log->next <= sent);
    a->acked += acked;
    a->stored += log->next;
    a->sent += sent;
    a->level += newest && acked == sent && acked == log->next;
}

static const struct journal_log *log_of(const struct audit *a, const char *device, uint64_t epoch)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->logs[i].id.epoch == epoch && strcmp(a->logs[i].id.device.text, device) == 0)
            return &a->logs[i];
    return NULL;
}

static void every_acknowledged_log_is_there(const struct audit *a, const struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        const struct entry *e = &ledger->list[i];
        if (!e->sent && e->next > 0 && !log_of(a, e->device, e->epoch)) {
            printf("#   %s %016" PRIx64 " was acknowledged and is not there\n", e->device, e->epoch);
            CU_FAIL("an acknowledged log is missing");
        }
    }
}

/* ---- the agent --------------------------------------------------------------------------------------------------- */

static void compare_agent_log(struct audit *a, const struct gw_agent *agent, const struct journal_log *log)
{
    char dir[256], epoch[256];
    struct gw_err err = {0};
    struct agent_spool *spool = NULL;
    struct gw_sha256 root;
    (void)snprintf(dir, sizeof(dir), "%s/state/spool", agent->dir);
    (void)snprintf(epoch, sizeof(epoch), "%s/state/epoch", agent->dir);
    const struct agent_spool_settings settings = {.fs = gw_fs_posix(),
                                                  .hash = bulk_hash_ops(),
                                                  .dir = dir,
                                                  .epoch_path = epoch,
                                                  .max_bytes = AGENT_SPOOL_MAX_BYTES,
                                                  .segment_bytes = 1 << 20};
    GW_ASSERT_OK(agent_spool_open(&settings, gw_wall_now(), &spool, &err), &err);
    struct agent_spool_state state = agent_spool_state(spool);
    printf("#   the agent: %" PRIu64 " verified, %" PRIu64 " stored, %" PRIu64 " numbered, %" PRIu64 " queued\n",
           state.freed, log->next, state.next, state.queued);
    CU_ASSERT_EQUAL(log->id.epoch, state.epoch);
    CU_ASSERT(state.freed > 0 && state.freed <= log->next && log->next <= state.next);
    GW_ASSERT_OK(agent_spool_root(spool, log->next, &root, &err), &err);
    has_root(a, log, log->next, &root);
    agent_spool_close(spool);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static size_t compare_all(struct audit *a, const struct ledger *ledger, const struct gw_agent *agent,
                          const char *agent_device)
{
    size_t devices = 0, agents = 0;
    for (size_t i = 0; i < a->count; i++) {
        const struct journal_log *log = &a->logs[i];
        has_each_number_once(a, log);
        if (strcmp(log->id.device.text, agent_device) == 0) {
            compare_agent_log(a, agent, log);
            agents++;
            continue;
        }
        compare_fleet_log(a, ledger, log);
        devices += i == 0 || strcmp(log->id.device.text, a->logs[i - 1].id.device.text) != 0; /* they lie together */
    }
    CU_ASSERT_EQUAL(agents, 1);
    return devices;
}

void logs_compare(const struct gw_gateway *g, const char *ledger_path, size_t devices, size_t silent,
                  const struct gw_agent *agent, const char *agent_device)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/journal/journal.db", g->state);
    const struct journal_options options = {
        .mode = DB_READ_WRITE, .hash = bulk_hash_ops(), .severity = journal_severity};
    static struct audit a;
    struct ledger ledger = {0};
    struct gw_err err = {0};
    GW_CLEANUP(journal_db_closep) struct journal_db *db = NULL;
    GW_ASSERT_OK(journal_db_open(path, &options, &db, &err), &err);
    GW_ASSERT_OK(whole_journal(db, &err), &err);
    a.journal = journal_db_port(db);
    GW_ASSERT_OK(a.journal.ops->log_each(a.journal.self, NULL, take_log, &a, &err), &err);
    read_ledger(ledger_path, &ledger);
    CU_ASSERT_EQUAL(compare_all(&a, &ledger, agent, agent_device), devices);
    every_acknowledged_log_is_there(&a, &ledger);
    printf("#   %zu logs of %zu devices: %" PRIu64 " events acknowledged, %" PRIu64 " stored, %" PRIu64
           " sent; %zu roots of the devices' own are the journal's; %zu devices ended level\n",
           a.count - 1, devices, a.acked, a.stored, a.sent, a.roots, a.level);
    CU_ASSERT(a.acked > 0 && a.acked <= a.stored && a.stored <= a.sent);
    CU_ASSERT(a.roots > a.count);
    CU_ASSERT(a.level >= devices - silent);
    free(ledger.list);
}
