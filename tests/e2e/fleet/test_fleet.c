/*
 * A fleet of 200 against a whole gateway: everything acknowledged is in the journal, to the event; those who lie,
 * flood, fall silent or talk nonsense are dealt with, and the others do not notice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_gateway.h"
#include "gw_test.h"
#include "journal_db.h"
#include "journal_severity.h"
#include "whole.h"

#define DEVICES  200
#define LIARS    3
#define LIMIT_MS 60000

static struct gw_gateway gateway;
static struct gw_fleet fleet;
static double events; /* sent by all runs of the fleet */

static void write_text(const char *path, const char *text)
{
    GW_FCLOSE FILE *f = fopen(path, "we");
    CU_ASSERT_FATAL(f && fputs(text, f) >= 0);
}

static bool is_online(void *ctx)
{
    const char *const args[] = {"device", "show", ctx, NULL};
    GW_FREE char *json = NULL;
    char online[16];
    (void)gw_gateway_cli(&gateway, args, &json);
    gw_json_pick(json, "online", online, sizeof(online));
    return strcmp(online, "true") == 0;
}

static bool is_offline(void *ctx)
{
    return !is_online(ctx);
}

/* Waits for the end; every event must have come through. */
static void end_fleet(void)
{
    int rc = gw_proc_wait(&fleet.proc, LIMIT_MS);
    if (rc)
        printf("#   the fleet ended with %d and said:\n%s\n", rc, fleet.proc.out);
    CU_ASSERT_EQUAL_FATAL(rc, 0);
    double sent = gw_fleet_figure(&fleet, "events_sent");
    CU_ASSERT(sent > DEVICES);
    CU_ASSERT_EQUAL(gw_fleet_figure(&fleet, "events_acknowledged"), sent);
    CU_ASSERT_EQUAL(gw_fleet_figure(&fleet, "refused"), 0);
    CU_ASSERT_EQUAL(gw_fleet_figure(&fleet, "new_epochs"), 0);
    CU_ASSERT_EQUAL(gw_fleet_figure(&fleet, "roots_wrong"), 0);
    CU_ASSERT_EQUAL(gw_fleet_figure(&fleet, "checkpoints_wrong"), 0);
    if (sent != gw_fleet_figure(&fleet, "events_acknowledged"))
        printf("#   the fleet said:\n%s\n", fleet.proc.out);
    events += sent;
}

static void a_fleet_enrols_and_everything_is_acknowledged(void)
{
    gw_gateway_start(&gateway, "rate_messages = 50\n"); /* behind [mqtt]: a flood is cut soon */
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_FATAL(gw_gateway_claim(&gateway));
    gw_fleet_make(&fleet);
    const char *const args[] = {"--devices", "200", "--logs-per-second", "20000", "--together",
                                "--for",     "2",   "--check-every",     "2",     NULL};
    gw_fleet_start(&fleet, &gateway, args);
    end_fleet();
    CU_ASSERT_EQUAL(gw_fleet_figure(&fleet, "sessions_up_max"), DEVICES);
    CU_ASSERT_EQUAL(gw_fleet_figure(&fleet, "cuts"), 0);
    CU_ASSERT(gw_fleet_figure(&fleet, "roots_checked") >= DEVICES / 2);
    CU_ASSERT(gw_fleet_figure(&fleet, "checkpoints_checked") > 0);
}

static void a_restart_goes_on_with_keys_and_logs(void)
{
    const char *const args[] = {"--devices", "200", "--logs-per-second", "2000", "--together", "--for", "2", NULL};
    gw_fleet_start(&fleet, &gateway, args);
    end_fleet();
    CU_ASSERT_EQUAL(gw_fleet_figure(&fleet, "enrolled"), DEVICES);
    CU_ASSERT_EQUAL(gw_fleet_figure(&fleet, "sessions_up_max"), DEVICES);
}

static const char behaviour[] = "[lie]\ndevices = [\"1-3\"]\nafter_seconds = 0\nevery_seconds = 1\n"
                                "[flood]\ndevices = [\"4\", \"5\"]\n"
                                "[silent]\ndevices = [\"6\"]\nafter_seconds = 1\n"
                                "[malformed]\ndevices = [\"7\"]\n"
                                "[reconnect]\ndevices = [\"8\"]\nevery_seconds = 1\n";

static void the_silent_one_goes_offline_and_the_flood_is_cut(void)
{
    char path[192], silent[] = "sim-00006", good[] = "sim-00200";
    (void)snprintf(path, sizeof(path), "%s/behaviour.toml", fleet.state);
    write_text(path, behaviour);
    const char *const args[] = {"--devices", "200", "--logs-per-second", "10000", "--together",
                                "--for",     "5",   "--behaviour",       path,    NULL};
    gw_fleet_start(&fleet, &gateway, args);
    CU_ASSERT_FATAL(gw_proc_await(&fleet.proc, "load begins", LIMIT_MS));
    CU_ASSERT(gw_await(is_offline, silent, LIMIT_MS));
    CU_ASSERT(is_online(good));
    end_fleet();
    CU_ASSERT(gw_fleet_figure(&fleet, "cuts") >= 2);
    CU_ASSERT(gw_fleet_figure(&fleet, "lies") >= LIARS);
    CU_ASSERT(gw_fleet_figure(&fleet, "malformed") >= 4);
    CU_ASSERT(gw_fleet_figure(&fleet, "reconnects") >= 4);
}

/* ---- what the journal holds -------------------------------------------------------------------------------------- */

struct found {
    size_t logs, lying;
    uint64_t events;
    struct log_id lines[DEVICES * 2];
    size_t line_count;
};

static bool find_log(void *ctx, const struct journal_log *log)
{
    struct found *found = ctx;
    if (log->id.kind == LOG_LINE && found->line_count < sizeof(found->lines) / sizeof(found->lines[0]))
        found->lines[found->line_count++] = log->id;
    if (log->id.kind != LOG_DEVICE)
        return true;
    found->logs++;
    found->lying += log->equivocated;
    found->events += log->next;
    return true;
}

static bool count_reports(void *ctx, const struct journal_event *event)
{
    static const char word[] = "log.equivocation";
    size_t *count = ctx;
    *count += memmem(event->bytes.ptr, event->bytes.len, word, sizeof(word) - 1) != NULL;
    return true;
}

static void the_journal_holds_exactly_what_was_sent(void)
{
    gw_fleet_done(&fleet);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/journal/journal.db", gateway.state);
    const struct journal_options options = {
        .mode = DB_READ_WRITE, .hash = bulk_hash_ops(), .severity = journal_severity};
    struct gw_err err = {0};
    GW_CLEANUP(journal_db_closep) struct journal_db *db = NULL;
    GW_ASSERT_OK(journal_db_open(path, &options, &db, &err), &err);
    struct journal journal = journal_db_port(db);
    GW_ASSERT_OK(whole_journal(db, &err), &err);
    static struct found found;
    GW_ASSERT_OK(journal.ops->log_each(journal.self, NULL, find_log, &found, &err), &err);
    CU_ASSERT_EQUAL(found.logs, DEVICES);
    CU_ASSERT_EQUAL((double)found.events, events);
    CU_ASSERT_EQUAL(found.lying, LIARS);
    size_t reports = 0;
    for (size_t i = 0; i < found.line_count; i++) {
        const struct journal_span span = {found.lines[i], 0, LOG_SEQ_MAX};
        GW_ASSERT_OK(journal.ops->read(journal.self, &span, count_reports, &reports, &err), &err);
    }
    CU_ASSERT_EQUAL(reports, LIARS); /* once for each, however often it lied */
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"a fleet of 200 enrols, and all of its events are acknowledged", a_fleet_enrols_and_everything_is_acknowledged},
    {"a restarted fleet goes on with its keys and its logs", a_restart_goes_on_with_keys_and_logs},
    {"the silent one goes offline, floods are cut, the others go on", the_silent_one_goes_offline_and_the_flood_is_cut},
    {"the journal holds exactly what was sent, and one report for each liar", the_journal_holds_exactly_what_was_sent},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("a fleet end to end", cases);
}
