/* The walk along the order of appends: everything once, whatever is sealed, through cuts, restarts and damage. */
#include <stdio.h>
#include <string.h>

#include "db.h"
#include "gw_cleanup.h"
#include "journal_kit.h"
#include "sql_journal.h"

struct walk {
    unsigned count;      /* of all events */
    unsigned stop_after; /* 0: never */
    unsigned per_call;
    uint64_t next[3]; /* by device: what must come next */
    unsigned bad;
    unsigned audit, line;
    char order[256];
};

static bool meet(void *ctx, const struct journal_event *event)
{
    struct walk *w = ctx;
    w->count++;
    w->per_call++;
    w->audit += event->log.kind == LOG_AUDIT;
    w->line += event->log.kind == LOG_LINE;
    w->bad += event->log.kind == LOG_ROOT;
    if (event->log.kind == LOG_DEVICE) {
        unsigned d = (unsigned)(event->log.device.text[5] - '1');
        if (d < 3 && event->seq == w->next[d])
            w->next[d]++;
        else
            w->bad++;
    }
    size_t len = strlen(w->order);
    (void)snprintf(w->order + len, sizeof(w->order) - len, "%c",
                   event->log.kind == LOG_AUDIT  ? 'a'
                   : event->log.kind == LOG_LINE ? 'l'
                                                 : event->log.device.text[5]);
    return w->stop_after == 0 || w->per_call < w->stop_after;
}

static struct gw_err err;

/* Until there is nothing more; returns how many calls it took. */
static unsigned walk_on(const struct journal *port, struct journal_feed *feed, struct walk *w)
{
    unsigned calls = 0;
    for (unsigned before = w->count - 1; before != w->count; calls++) {
        before = w->count;
        w->per_call = 0;
        GW_ASSERT_OK(port->ops->grown(port->self, feed, meet, w, &err), &err);
    }
    return calls;
}

static void send_audit(struct kit *kit, int64_t n)
{
    struct journal_item audit = {.kind = JOURNAL_AUDIT, .audit_n = n, .arrived = {5}, .text = GW_VIEW_LIT("event")};
    (void)kit_commit(kit, audit);
}

static void shows_appends_in_the_order_of_commits(void)
{
    struct kit kit;
    struct journal_feed feed = {.n = 0}, end;
    struct walk w = {.count = 0};
    kit_open(&kit);
    (void)kit_send(&kit, "pump-2", 1, 0, 2);
    (void)kit_send(&kit, "pump-1", 1, 0, 1);
    send_audit(&kit, 1);
    send_audit(&kit, 1); /* a duplicate appends nothing */
    struct journal_item line = {
        .kind = JOURNAL_LINE, .device = kit_device("pump-1"), .arrived = {5}, .text = GW_VIEW_LIT("line")};
    (void)kit_commit(&kit, line);
    (void)kit_send(&kit, "pump-2", 1, 1, 2); /* one of them is known */
    (void)walk_on(&kit.port, &feed, &w);
    CU_ASSERT_STRING_EQUAL(w.order, "221al2");
    CU_ASSERT_EQUAL(w.bad, 0);
    GW_ASSERT_OK(kit.port.ops->grown_end(kit.port.self, &end, &err), &err);
    CU_ASSERT(end.n == feed.n && end.epoch == feed.epoch && feed.n == 5);
    (void)kit_send(&kit, "pump-1", 1, 1, 1);
    (void)walk_on(&kit.port, &feed, &w);
    CU_ASSERT_STRING_EQUAL(w.order, "221al21");
    kit_close(&kit);
}

static void misses_nothing_in_any_number_of_steps(void)
{
    struct kit kit;
    kit_open(&kit);
    for (uint64_t first = 0; first < 600; first += 30) /* the first two bundles of each log are sealed */
        for (int d = 1; d <= 3; d++) {
            char device[16];
            (void)snprintf(device, sizeof(device), "pump-%d", d);
            (void)kit_send(&kit, device, 1, first, 30);
        }
    for (unsigned stop_after = 0; stop_after < 100; stop_after += 33) {
        struct journal_feed feed = {.n = 0};
        struct walk w = {.stop_after = stop_after};
        unsigned calls = walk_on(&kit.port, &feed, &w);
        CU_ASSERT(w.count == 1800 && w.bad == 0 && w.next[0] == 600 && w.next[2] == 600);
        CU_ASSERT(stop_after == 0 || calls > 600 / stop_after);
    }
    kit_close(&kit);
}

static void goes_on_after_a_restart_and_what_was_forgotten(void)
{
    struct kit kit;
    struct journal_feed feed = {.n = 0}, anew = {.n = 0};
    struct walk w = {.count = 0}, again = {.count = 0};
    kit_open(&kit);
    (void)kit_send(&kit, "pump-1", 1, 0, 10);
    (void)kit_send(&kit, "pump-1", 1, 10, 10);
    (void)walk_on(&kit.port, &feed, &w);
    GW_ASSERT_OK(kit.port.ops->grown_forget(kit.port.self, &feed, &err), &err);
    kit_reopen(&kit);
    (void)kit_send(&kit, "pump-1", 1, 20, 10);
    CU_ASSERT_EQUAL(feed.n, 2);
    (void)walk_on(&kit.port, &feed, &w);
    CU_ASSERT(w.count == 30 && w.bad == 0 && feed.n == 3); /* numbers are not used again */
    again.next[0] = 10;
    (void)walk_on(&kit.port, &anew, &again);
    CU_ASSERT(again.count == 20 && again.bad == 0); /* the last one stays, for its number */
    kit_close(&kit);
}

static void begins_anew_with_a_journal_that_is_another(void)
{
    struct kit old, fresh;
    struct journal_feed feed = {.n = 0};
    struct walk w = {.count = 0}, other = {.count = 0}, back = {.count = 0};
    kit_open(&old);
    for (uint64_t i = 0; i < 5; i++)
        (void)kit_send(&old, "pump-1", 1, i, 1);
    (void)walk_on(&old.port, &feed, &w);
    kit_open(&fresh);
    (void)kit_send(&fresh, "pump-1", 1, 0, 3);
    (void)walk_on(&fresh.port, &feed, &other);
    CU_ASSERT(other.count == 3 && other.bad == 0 && feed.n == 1);
    struct journal_feed ahead = {.epoch = feed.epoch, .n = 99}; /* an older state of the same journal was put back */
    (void)walk_on(&fresh.port, &ahead, &back);
    CU_ASSERT(back.count == 3 && ahead.n == 1);
    struct journal_feed foreign = {.epoch = feed.epoch + 1, .n = 99};
    GW_ASSERT_OK(fresh.port.ops->grown_forget(fresh.port.self, &foreign, &err), &err);
    kit_close(&fresh);
    kit_close(&old);
}

static void passes_over_a_damaged_log(void)
{
    struct kit kit;
    struct journal_feed feed = {.n = 0};
    struct walk w = {.count = 0};
    kit_open(&kit);
    for (uint64_t i = 0; i < 300; i += 100)
        (void)kit_send(&kit, "pump-1", 1, i, 100);
    (void)kit_send(&kit, "pump-2", 1, 0, 5);
    kit_close(&kit);
    {
        const struct db_options options = {.mode = DB_READ_WRITE, .schema = &sql_journal_schema};
        static const struct db_text damage[] = {{"damage", "UPDATE bundle SET z = x'00' WHERE device = 'pump-1';"}};
        struct db_schema schema = sql_journal_schema;
        schema.queries = damage;
        schema.query_count = 1;
        struct db_options how = options;
        how.schema = &schema;
        GW_CLEANUP(db_closep) struct db *db = NULL;
        GW_ASSERT_OK(db_open(kit.path, &how, &db, &err), &err);
        GW_ASSERT_OK(db_run(db_stmt(db, 0), &err), &err);
    }
    kit_reopen(&kit);
    (void)walk_on(&kit.port, &feed, &w);
    CU_ASSERT_EQUAL(feed.damaged, 2); /* the third append still lies in the inbox */
    CU_ASSERT_EQUAL(w.next[1], 5);
    kit_close(&kit);
}

static void lets_readers_walk_but_not_forget(void)
{
    struct kit kit;
    struct journal_feed feed = {.n = 0};
    struct walk w = {.count = 0};
    kit_open(&kit);
    (void)kit_send(&kit, "pump-1", 1, 0, 10);
    GW_CLEANUP(journal_db_closep) struct journal_db *reader = kit_reader(&kit);
    struct journal port = journal_db_port(reader);
    (void)walk_on(&port, &feed, &w);
    CU_ASSERT_EQUAL(w.count, 10);
    CU_ASSERT_EQUAL(port.ops->grown_forget(port.self, &feed, &err), GW_DENIED);
    (void)kit_send(&kit, "pump-1", 1, 10, 10); /* no snapshot is held */
    (void)walk_on(&port, &feed, &w);
    CU_ASSERT_EQUAL(w.count, 20);
    kit_close(&kit);
}

static const struct gw_test_case cases[] = {
    {"shows appends in the order of their commits", shows_appends_in_the_order_of_commits},
    {"misses nothing in any number of steps", misses_nothing_in_any_number_of_steps},
    {"goes on after a restart and behind what was forgotten", goes_on_after_a_restart_and_what_was_forgotten},
    {"begins anew with a journal that is another", begins_anew_with_a_journal_that_is_another},
    {"passes over a damaged log", passes_over_a_damaged_log},
    {"lets readers walk but not forget", lets_readers_walk_but_not_forget},
};

int main(void)
{
    return GW_TEST_RUN("journal growth", cases);
}
