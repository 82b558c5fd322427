/* Lists that are queried, against a real store: what people watch and what is listed are the same rows, and a list that
 * is looked through in small pieces misses nothing and shows nothing twice. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_num.h"
#include "gw_test.h"
#include "live_table.h"
#include "repo.h"
#include "row_fits.h"
#include "rows_run.h"

#define DEVICES  600
#define ID_FIRST 1000 /* they are in order as text, too */
#define START_MS INT64_C(1800000000000)

struct kit {
    struct repo *writer, *reader;
    struct store store;
    struct session session;
    struct rest *rest;
    struct rows_source source;
};

static struct kit kit;
static atomic_bool never;

static void ignore(void *ctx, struct answer *answer)
{
    (void)ctx, (void)answer;
}

static struct gw_device_id device_id(int n)
{
    struct gw_device_id id = {.text = ""};
    (void)snprintf(id.text, sizeof(id.text), "pump-%d", ID_FIRST + n);
    return id;
}

static int number_of(const char *id)
{
    uint64_t n = 0;
    CU_ASSERT_EQUAL_FATAL(gw_parse_u64(gw_view_str(id + strlen("pump-")), ID_FIRST + DEVICES - 1, &n), GW_OK);
    CU_ASSERT_FATAL(n >= ID_FIRST);
    return (int)n - ID_FIRST;
}

/* Every third has told of itself, every fifth is connected. */
static void add_device(int n)
{
    struct device device = {.id = device_id(n),
                            .state = n % 7 ? DEVICE_ACTIVE : DEVICE_QUARANTINED,
                            .created = {START_MS},
                            .changed = {START_MS + n}};
    (void)snprintf(device.name, sizeof(device.name), "Pump %d \"north\"", n);
    struct gw_err err = {0};
    GW_ASSERT_OK(kit.store.ops->device_put(kit.store.self, &device, &err), &err);
    if (n % 3 == 0) {
        struct inventory told = {.device = device.id, .seen = {START_MS}};
        (void)snprintf(told.product, sizeof(told.product), "pump");
        (void)snprintf(told.hardware, sizeof(told.hardware), n % 2 ? "reva" : "revb");
        (void)snprintf(told.version, sizeof(told.version), "1.%d.0", n % 12);
        GW_ASSERT_OK(kit.store.ops->inventory_put(kit.store.self, &told, &err), &err);
    }
    struct turn turn = {.store = &kit.store, .now = {START_MS - n * GW_HOUR_MS}};
    struct bus_event event = {.kind = BUS_PRESENCE, .device = device.id, .online = true, .source = "192.0.2.7"};
    if (n % 5 == 0)
        GW_ASSERT_OK(session_event(&kit.session, &turn, &event, &err), &err);
    turn_reset(&turn, 0);
}

static void open_kit(void)
{
    char path[256];
    struct gw_err err = {0};
    const struct repo_options reading = {.read_only = true};
    (void)snprintf(path, sizeof(path), "%s/state.db", gw_test_dir());
    GW_ASSERT_OK(repo_open(path, NULL, &kit.writer, &err), &err);
    kit.store = repo_store(kit.writer);
    session_init(&kit.session, ignore, NULL, (struct gw_wall){START_MS});
    GW_ASSERT_OK(kit.store.ops->begin(kit.store.self, &err), &err);
    for (int n = 0; n < DEVICES; n++)
        add_device(n);
    GW_ASSERT_OK(kit.store.ops->commit(kit.store.self, &err), &err);
    GW_ASSERT_OK(repo_open(path, &reading, &kit.reader, &err), &err);
    kit.rest = rest_new(&(struct rest_config){.gateway = "gw-0123456789abcdef"});
    kit.source = (struct rows_source){repo_store(kit.reader), &kit.session, 1, row_fits_port(kit.rest)};
}

static void close_kit(void)
{
    rest_free(kit.rest);
    session_done(&kit.session);
    repo_close(kit.reader);
    repo_close(kit.writer);
}

static void answer_free_at(struct answer **answer)
{
    answer_free(*answer);
}
#define ANSWER(name) GW_CLEANUP(answer_free_at) struct answer *name = gw_xalloc(1, sizeof(*name))

static struct query *new_query(const char *text, uint32_t limit)
{
    struct gw_err err = {0};
    struct query *q = gw_xalloc(1, sizeof(*q));
    *q = (struct query){.kind = QUERY_ROWS, .limit = limit, .rows = {.topic = LIVE_DEVICES}};
    GW_ASSERT_OK(filter_parse(gw_view_str(text), &q->rows.filter, &err), &err);
    return q;
}

/* ---- what people watch ------------------------------------------------------------------------------------------- */

/* The row as the live protocol gets it: the JSON of a GET. */
static bool watched(int n, const struct filter *filter, struct gw_wall now)
{
    struct answer_device row;
    struct device device;
    struct gw_device_id id = device_id(n);
    struct answer answer = {.kind = ANSWER_DEVICES, .single = true, .devices = &row, .device_count = 1};
    struct gw_err err = {0};
    struct live_table table;
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    gw_buf_init(&json, 65536);
    GW_ASSERT_OK(kit.store.ops->device_get(kit.store.self, &id, &device, &err), &err);
    GW_ASSERT_OK(rows_device(&kit.store, &kit.session, &device, &row, &err), &err);
    GW_ASSERT_OK(rest_row(kit.rest, &answer, &json), &err);
    live_table_init(&table, LIVE_DEVICES);
    CU_ASSERT(live_table_put(&table, id.text, gw_buf_view(&json)));
    bool fits = filter_match(filter, &table.rows[0]->fields, now);
    live_table_done(&table);
    return fits;
}

static bool never_spent(void *ctx)
{
    (void)ctx;
    return false;
}

static void a_list_is_what_people_watch(void)
{
    static const struct {
        const char *query;
        size_t least;
    } cases[] = {{"", DEVICES},
                 {"status:online", 100},
                 {"status:offline state:quarantined", 50},
                 {"inventory.hardware:REVB", 100},
                 {"inventory.version<1.10 inventory.version>=1.9", 10},
                 {"-status:online seen>2d", 0},
                 {"seen>2d", 100},
                 {"name:\"pump 77 \\\"north\\\"\"", 1},
                 {"pump-101*", 0},
                 {"id:pump-101*", 10},
                 {"192.0.2", 100},
                 {"online:yes -inventory.product:pump", 50},
                 {"no.such:thing", 0}};
    const struct gw_wall now = {START_MS};
    open_kit();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        GW_FREE struct query *q = new_query(cases[i].query, QUERY_ROWS_MAX);
        size_t found = 0;
        for (int n = 0; n < DEVICES;) {
            ANSWER(a);
            struct gw_err err = {0};
            const struct rows_ask ask = {.query = q, .now = now, .spent = never_spent};
            GW_ASSERT_OK(rows_select(&kit.source, &ask, a, &err), &err);
            found += a->device_count;
            size_t at = 0;
            int last = a->more ? number_of(a->behind) + 1 : DEVICES;
            for (; n < last; n++) {
                struct gw_device_id id = device_id(n);
                bool listed = at < a->device_count && gw_device_id_eq(&a->devices[at].device.id, &id);
                CU_ASSERT_EQUAL(listed, watched(n, &q->rows.filter, now));
                at += listed;
            }
            CU_ASSERT_EQUAL(at, a->device_count);
            memcpy(q->rows.behind, a->behind, sizeof(q->rows.behind));
        }
        CU_ASSERT(found >= cases[i].least);
        if (found < cases[i].least)
            printf("#   %s: %zu\n", cases[i].query, found);
    }
}

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

/* So many rows, then it is enough. */
static bool spent_after(void *ctx)
{
    int *left = ctx;
    return --*left <= 0;
}

static void pieces_miss_nothing(void)
{
    static const struct {
        int rows;
        uint32_t limit;
    } pieces[] = {{1, 500}, {7, 500}, {7, 1}, {1000, 3}, {64, 64}};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        GW_FREE struct query *q = new_query("status:online state:active", pieces[i].limit);
        bool seen[DEVICES] = {false}, more = true;
        size_t found = 0, answers = 0;
        while (more && ++answers <= DEVICES + 1) {
            ANSWER(a);
            struct gw_err err = {0};
            int left = pieces[i].rows;
            const struct rows_ask ask = {.query = q, .spent = spent_after, .ctx = &left};
            GW_ASSERT_OK(rows_select(&kit.source, &ask, a, &err), &err);
            CU_ASSERT(a->device_count <= pieces[i].limit);
            for (size_t k = 0; k < a->device_count; k++) {
                int n = number_of(a->devices[k].device.id.text);
                CU_ASSERT(n % 5 == 0 && n % 7 && !seen[n]);
                seen[n] = true;
                found++;
            }
            more = a->more;
            CU_ASSERT_EQUAL(more, a->behind[0] != '\0');
            CU_ASSERT(!more || strcmp(a->behind, q->rows.behind) > 0);
            memcpy(q->rows.behind, a->behind, sizeof(q->rows.behind));
        }
        CU_ASSERT(!more);
        CU_ASSERT_EQUAL(found, DEVICES / 5 - DEVICES / 35 - 1);
    }
}

#define ALERTS   60
#define ROLLOUTS 40

/* Several of one moment; every fourth is resolved. */
static void add_alert(int n)
{
    struct alert a = {.sev = n % 2 ? EVENT_SEV_HIGH : EVENT_SEV_LOW,
                      .state = n % 4 ? ALERT_NEW : ALERT_RESOLVED,
                      .first = {START_MS + n / 3},
                      .last = {START_MS + n},
                      .changed = {START_MS + n},
                      .count = 1};
    struct gw_err err = {0};
    (void)snprintf(a.id, sizeof(a.id), "%016x", (unsigned)n * 2654435761u);
    (void)snprintf(a.cause.cls, sizeof(a.cause.cls), "test.alert%d", n);
    (void)snprintf(a.msg, sizeof(a.msg), "number %d.", n);
    GW_ASSERT_OK(kit.store.ops->alert_put(kit.store.self, &a, &err), &err);
}

static void add_rollout(int n)
{
    struct rollout_entry e = {.release = "0123456789abcdef", .product = "pump", .version = "2", .release_counter = 2};
    uint8_t random[ROLLOUT_ID_BYTES] = {(uint8_t)(n * 37), (uint8_t)n};
    struct gw_err err = {0};
    rollout_id_format(random, e.id);
    (void)snprintf(e.name, sizeof(e.name), "number %d.", n);
    rollout_plan_init(&e.plan);
    e.plan.wave_count = e.rollout.wave_count = 1;
    e.plan.waves[0] = (struct rollout_wave_plan){
        .select = ROLLOUT_SELECT_REST, .max_concurrent = 1, .gate = {.min_sample = 1, .unreachable_pct = 100}};
    e.rollout.state = n % 2 ? ROLLOUT_FINISHED : ROLLOUT_ABORTED;
    e.rollout.waves[0] = (struct rollout_wave){
        .state = n % 2 ? ROLLOUT_WAVE_PASSED : ROLLOUT_WAVE_STOPPED, .total = 1, .count[ATTEMPT_OK] = 1};
    e.created = e.changed = (struct gw_wall){START_MS + n / 2};
    GW_ASSERT_OK(kit.store.ops->rollout_add(kit.store.self, &e, &err), &err);
}

static void add_others(void)
{
    struct gw_err err = {0};
    GW_ASSERT_OK(kit.store.ops->begin(kit.store.self, &err), &err);
    for (int n = 0; n < ALERTS; n++)
        add_alert(n);
    for (int n = 0; n < ROLLOUTS; n++)
        add_rollout(n);
    GW_ASSERT_OK(kit.store.ops->commit(kit.store.self, &err), &err);
}

/* The numbers in the answer's rows, as text, behind those that are there. */
static void add_numbers(struct gw_buf *out, const struct answer *a)
{
    for (size_t i = 0; i < a->alert_count; i++)
        (void)gw_buf_printf(out, "%s ", a->alerts[i].msg);
    for (size_t i = 0; i < a->rollout_count; i++)
        (void)gw_buf_printf(out, "%s ", a->rollouts[i].entry.name);
}

/* As REST hands it back. */
static void go_on(struct query *q, const struct answer *a)
{
    struct gw_view id = {NULL, 0}, first = gw_view_cut(gw_view_str(a->behind), '.', &id);
    memcpy(q->rows.behind, a->behind, sizeof(q->rows.behind));
    if (q->rows.topic != LIVE_ALERTS)
        return;
    struct store_alerts *which = &q->rows.alerts;
    which->has_after = true;
    CU_ASSERT_EQUAL(gw_parse_i64(first, INT64_MIN, INT64_MAX, &which->after_first.ms), GW_OK);
    CU_ASSERT_EQUAL(gw_view_copy_str(id, which->after_id, sizeof(which->after_id)), GW_OK);
}

/* All that fit, in answers for which so many rows are looked at. */
static void walk(enum live_topic topic, const char *text, int rows, struct gw_buf *out)
{
    GW_FREE struct query *q = new_query(text, 7);
    q->rows.topic = topic;
    q->rows.alerts = (struct store_alerts){.states = ~0u, .min_sev = EVENT_SEV_INFO};
    bool more = true;
    for (int answers = 0; more && answers < 200; answers++) {
        ANSWER(a);
        struct gw_err err = {0};
        int left = rows;
        const struct rows_ask ask = {.query = q, .now = {START_MS}, .spent = spent_after, .ctx = &left};
        GW_ASSERT_OK(rows_select(&kit.source, &ask, a, &err), &err);
        add_numbers(out, a);
        more = a->more;
        if (more)
            go_on(q, a);
    }
    CU_ASSERT(!more);
}

static void other_lists_go_on_where_they_stopped(void)
{
    static const struct {
        enum live_topic topic;
        const char *query;
        size_t count;
    } lists[] = {{LIVE_ALERTS, "", ALERTS},
                 {LIVE_ALERTS, "severity:high state:new", ALERTS / 2},
                 {LIVE_ALERTS, "state:resolved", ALERTS / 4},
                 {LIVE_ROLLOUTS, "", ROLLOUTS},
                 {LIVE_ROLLOUTS, "state:finished", ROLLOUTS / 2},
                 {LIVE_ROLLOUTS, "waves.state:stopped -name:\"number 0.\"", ROLLOUTS / 2 - 1},
                 {LIVE_RELEASES, "", 0}};
    add_others();
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf whole, pieces;
        size_t count = 0;
        gw_buf_init(&whole, 65536);
        gw_buf_init(&pieces, 65536);
        walk(lists[i].topic, lists[i].query, 1000, &whole);
        walk(lists[i].topic, lists[i].query, 2, &pieces);
        CU_ASSERT_STRING_EQUAL(gw_buf_str(&whole), gw_buf_str(&pieces));
        for (size_t k = 0; k < whole.len; k++)
            count += whole.ptr[k] == '.';
        CU_ASSERT_EQUAL(count, lists[i].count);
        if (count != lists[i].count)
            printf("#   %s: %s\n", lists[i].query, gw_buf_str(&whole));
    }
}

static void a_stop_ends_it_with_a_cursor(void)
{
    GW_FREE struct query *q = new_query("no.such:thing", 10);
    atomic_bool stop = true;
    ANSWER(a);
    q->asker = (struct asker){ASKER_REST, {.slot = 3, .generation = 9}};
    rows_run(&kit.source, q, &stop, a);
    CU_ASSERT(a->rc == GW_OK && a->device_count == 0 && a->more);
    CU_ASSERT_STRING_EQUAL(a->behind, "pump-1000");
    CU_ASSERT(a->asker.kind == ASKER_REST && a->asker.ticket.slot == 3 && a->asker.ticket.generation == 9);
}

static void what_is_not_there_is_no_place_to_go_on(void)
{
    static const enum live_topic topics[] = {LIVE_RELEASES, LIVE_ROLLOUTS};
    for (size_t i = 0; i < 2; i++) {
        GW_FREE struct query *q = new_query("", 10);
        ANSWER(a);
        q->rows.topic = topics[i];
        (void)snprintf(q->rows.behind, sizeof(q->rows.behind), "%s", i ? "ro-7777777777777777" : "0123456789abcdef");
        rows_run(&kit.source, q, &never, a);
        CU_ASSERT_EQUAL(a->rc, GW_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(a->text, "cursor"));
    }
}

/* ---- beside core ------------------------------------------------------------------------------------------------- */

struct reader {
    atomic_bool stop;
    atomic_uint answers;
    unsigned wrong;
};

static void *read_on(void *ctx)
{
    struct reader *r = ctx;
    struct query *q = new_query("status:online", QUERY_ROWS_MAX);
    while (!atomic_load(&r->stop)) {
        ANSWER(a);
        rows_run(&kit.source, q, &never, a);
        r->wrong += a->rc != GW_OK;
        for (size_t i = 0; i < a->device_count; i++) /* all that is seen of a device is of one moment */
            r->wrong += !a->devices[i].online || strcmp(a->devices[i].source, "192.0.2.7") != 0;
        atomic_fetch_add(&r->answers, 1);
    }
    free(q);
    return NULL;
}

static void tell(const char *id, bool online)
{
    struct turn turn = {.store = &kit.store, .now = {START_MS}};
    struct bus_event event = {.kind = BUS_PRESENCE, .online = online, .source = "192.0.2.7"};
    struct gw_err err = {0};
    (void)snprintf(event.device.text, sizeof(event.device.text), "%s", id);
    GW_ASSERT_OK(session_event(&kit.session, &turn, &event, &err), &err);
    turn_reset(&turn, 0);
}

/* Devices come and go, and new ones make the table grow. */
static void lists_are_read_while_devices_come_and_go(void)
{
    struct reader r = {.wrong = 0};
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, read_on, &r), 0);
    unsigned round = 0;
    while (atomic_load(&r.answers) < 20) {
        char id[32];
        tell(device_id((int)(round % DEVICES)).text, round % 3 != 0);
        (void)snprintf(id, sizeof(id), "valve-%u", round++ % 100000);
        tell(id, true);
    }
    atomic_store(&r.stop, true);
    CU_ASSERT_EQUAL(pthread_join(thread, NULL), 0);
    CU_ASSERT_EQUAL(r.wrong, 0);
}

int main(void)
{
    static const struct gw_test_case cases[] = {
        {"a list is what people watch", a_list_is_what_people_watch},
        {"pieces miss nothing and show nothing twice", pieces_miss_nothing},
        {"other lists go on where they stopped", other_lists_go_on_where_they_stopped},
        {"a stop ends it with a cursor", a_stop_ends_it_with_a_cursor},
        {"what is not there is no place to go on", what_is_not_there_is_no_place_to_go_on},
        {"lists are read while devices come and go", lists_are_read_while_devices_come_and_go},
    };
    int failures = GW_TEST_RUN("rows of a query", cases);
    close_kit();
    return failures;
}
