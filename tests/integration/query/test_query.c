/* Reads of the logs against a real journal: nothing missed and nothing twice, however small the answers are. */
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "journal_kit.h"
#include "log_batch.h"
#include "query_run.h"

#define DEVICES 3
#define EVENTS  700 /* two bundles and a tail each */

static struct kit kit;
static atomic_bool never;

static void fill(void)
{
    kit_open(&kit);
    for (uint32_t first = 0; first < EVENTS; first += 70)
        for (int d = 1; d <= DEVICES; d++) {
            char device[16];
            (void)snprintf(device, sizeof(device), "pump-%d", d);
            (void)kit_send(&kit, device, 7, first, 70);
        }
    for (int64_t n = 1; n <= 3; n++)
        (void)kit_commit(&kit, (struct journal_item){.kind = JOURNAL_AUDIT,
                                                     .audit_n = n,
                                                     .arrived = {n},
                                                     .text = GW_VIEW_LIT("{\"cls\":\"device.invite\",\"sev\":1}")});
}

static void answer_free_at(struct answer **answer)
{
    answer_free(*answer);
}
#define ANSWER(name) GW_CLEANUP(answer_free_at) struct answer *name = gw_xalloc(1, sizeof(*name))

static void run(const struct query *q, struct answer *ret_answer)
{
    query_run(&kit.port, q, &never, ret_answer);
    if (ret_answer->rc)
        printf("#   %s\n", ret_answer->text);
}

static struct query search_all(uint32_t limit)
{
    return (struct query){.kind = QUERY_SEARCH,
                          .limit = limit,
                          .filter = {.from = {INT64_MIN}, .to = {INT64_MAX}, .min_sev = EVENT_SEV_INFO}};
}

static void events_come_in_pages(void)
{
    fill();
    struct query q = {.kind = QUERY_EVENTS, .log = kit_log("pump-1", 7), .limit = 300};
    uint64_t seen = 0;
    for (bool more = true; more; q.from = seen) {
        ANSWER(a);
        run(&q, a);
        CU_ASSERT_EQUAL_FATAL(a->rc, GW_OK);
        CU_ASSERT_FATAL(a->event_count > 0 && a->event_count <= 300);
        for (size_t i = 0; i < a->event_count; i++)
            CU_ASSERT_EQUAL(a->events[i].seq, seen + i);
        seen += a->event_count;
        CU_ASSERT_EQUAL(a->next, seen);
        more = a->more;
    }
    CU_ASSERT_EQUAL(seen, EVENTS);
    ANSWER(end);
    q.from = UINT64_MAX;
    run(&q, end);
    CU_ASSERT(end->rc == GW_OK && end->event_count == 0 && !end->more);
}

static void events_have_their_bytes_and_view(void)
{
    ANSWER(a);
    run(&(struct query){.kind = QUERY_EVENTS, .log = kit_log("pump-2", 7), .from = 299, .limit = 1}, a);
    CU_ASSERT_EQUAL_FATAL(a->event_count, 1);
    const struct answer_event *e = &a->events[0];
    CU_ASSERT(gw_view_eq(gw_view_make(a->bytes + e->offset, e->len), GW_VIEW_LIT("pump-2 7 event 299")));
    CU_ASSERT(e->is_text);
    CU_ASSERT_STRING_EQUAL(e->view.cls, EVENT_CLS_TEXT);
}

/* Walks a whole search in answers of this size; counts each event of the devices. */
static unsigned walk(struct query q, unsigned seen[DEVICES][EVENTS])
{
    unsigned answers = 0;
    for (bool done = false; !done && answers < 10000; answers++) {
        ANSWER(a);
        run(&q, a);
        CU_ASSERT_EQUAL_FATAL(a->rc, GW_OK);
        CU_ASSERT(a->event_count <= q.limit);
        for (size_t i = 0; i < a->event_count; i++) {
            int device = a->events[i].log.device.text[5] - '1';
            CU_ASSERT_FATAL(device >= 0 && device < DEVICES && a->events[i].seq < EVENTS);
            seen[device][a->events[i].seq]++;
        }
        done = a->cursor.at.done;
        q.cursor = a->cursor;
    }
    return answers;
}

static void a_search_in_small_answers_misses_nothing(void)
{
    static const uint32_t limits[] = {1, 7, 100, 256, 1000};
    for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
        unsigned seen[DEVICES][EVENTS] = {{0}};
        unsigned answers = walk(search_all(limits[l]), seen), wrong = 0;
        for (int d = 0; d < DEVICES; d++)
            for (int i = 0; i < EVENTS; i++)
                wrong += seen[d][i] != 1;
        CU_ASSERT_EQUAL(wrong, 0);
        CU_ASSERT(answers >= DEVICES * EVENTS / limits[l]);
    }
}

/* What is sealed between two answers may come twice, but is never missed. */
static void sealing_between_answers_loses_nothing(void)
{
    unsigned seen[EVENTS + 512] = {0};
    struct query q = search_all(10);
    q.filter.has_device = true;
    q.filter.device = kit_device("pump-3");
    uint32_t next = EVENTS;
    for (bool done = false; !done;) {
        ANSWER(a);
        run(&q, a);
        CU_ASSERT_EQUAL_FATAL(a->rc, GW_OK);
        for (size_t i = 0; i < a->event_count; i++)
            seen[a->events[i].seq]++;
        done = a->cursor.at.done;
        q.cursor = a->cursor;
        if (next < EVENTS + 500) {
            (void)kit_send(&kit, "pump-3", 7, next, 50);
            next += 50;
        }
    }
    unsigned missed = 0;
    for (int i = 0; i < EVENTS; i++)
        missed += seen[i] == 0;
    CU_ASSERT_EQUAL(missed, 0);
}

static void a_search_of_text_and_audit_finds_its_own(void)
{
    struct query q = search_all(1000);
    memcpy(q.text, "event 42", 8);
    q.text_len = 8;
    ANSWER(a);
    run(&q, a);
    CU_ASSERT_EQUAL(a->event_count, 11 * DEVICES); /* 42, 420 to 429 */
    struct query audit = search_all(1000);
    audit.filter.audit = true;
    ANSWER(b);
    run(&audit, b);
    CU_ASSERT_EQUAL_FATAL(b->event_count, 3);
    CU_ASSERT(b->events[0].log.kind == LOG_AUDIT && b->cursor.at.done);
    CU_ASSERT_STRING_EQUAL(b->events[0].view.cls, "device.invite");
}

static void logs_come_in_pages(void)
{
    struct query q = {.kind = QUERY_LOGS, .limit = 2};
    size_t seen = 0;
    for (bool more = true; more;) {
        ANSWER(a);
        run(&q, a);
        CU_ASSERT_EQUAL_FATAL(a->rc, GW_OK);
        CU_ASSERT_FATAL(a->log_count > 0 && a->log_count <= 2);
        seen += a->log_count;
        q.has_log = true;
        q.log = a->logs[a->log_count - 1].id;
        more = a->more;
    }
    CU_ASSERT_EQUAL(seen, DEVICES + 1);
    ANSWER(one);
    run(&(struct query){.kind = QUERY_LOGS, .limit = 10, .has_device = true, .device = kit_device("pump-1")}, one);
    CU_ASSERT_EQUAL(one->log_count, 1);
    ANSWER(bad);
    run(&(struct query){.kind = QUERY_LOGS, .limit = 10, .has_log = true, .log = kit_log("pump-9", 1)}, bad);
    CU_ASSERT_EQUAL(bad->rc, GW_INVALID);
}

static void what_is_not_there_is_not_found(void)
{
    static const enum query_kind kinds[] = {QUERY_EVENTS, QUERY_CHECKPOINT, QUERY_TILE, QUERY_EVIDENCE};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        ANSWER(a);
        run(&(struct query){.kind = kinds[i], .log = kit_log("pump-9", 1), .limit = 1, .tile = {.width = 1}}, a);
        CU_ASSERT_EQUAL(a->rc, GW_NOT_FOUND);
    }
    ANSWER(note);
    run(&(struct query){.kind = QUERY_CHECKPOINT, .log = kit_log("pump-1", 7)}, note);
    CU_ASSERT_EQUAL(note->rc, GW_NOT_FOUND);
    ANSWER(none);
    run(&(struct query){.kind = QUERY_EVIDENCE, .log = kit_log("pump-1", 7)}, none);
    CU_ASSERT_EQUAL(none->rc, GW_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(none->text, "nothing contradicts this log");
    ANSWER(beyond);
    run(&(struct query){.kind = QUERY_TILE, .log = kit_log("pump-1", 7), .tile = {.index = 3, .width = 1}}, beyond);
    CU_ASSERT_EQUAL(beyond->rc, GW_NOT_FOUND);
    ANSWER(tile);
    run(&(struct query){.kind = QUERY_TILE, .log = kit_log("pump-1", 7), .tile = {.index = 2, .width = 188}}, tile);
    CU_ASSERT_EQUAL(tile->byte_count, 188 * GW_SHA256_LEN);
}

static void evidence_is_the_batch_that_was_sent(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf sent;
    struct log_batch_writer w;
    struct log_batch batch;
    gw_buf_init(&sent, LOG_BATCH_BYTES_MAX);
    CU_ASSERT_EQUAL_FATAL(log_batch_begin(&w, &sent, 7, 690), GW_OK);
    for (int i = 0; i < 20; i++) /* over the end, one of them empty, one with NUL */
        CU_ASSERT_EQUAL_FATAL(log_batch_add(&w, gw_view_make(i == 3 ? NULL : "a\0lie", i == 3 ? 0 : 5)), GW_OK);
    CU_ASSERT_EQUAL_FATAL(log_batch_end(&w), GW_OK);
    CU_ASSERT_EQUAL_FATAL(log_batch_parse(gw_buf_view(&sent), &batch, NULL), GW_OK);
    CU_ASSERT_EQUAL(kit_commit(&kit, kit_batch("pump-3", 7, 690, 20, batch.bundle)).verdict, LOG_EQUIVOCATION);
    ANSWER(a);
    run(&(struct query){.kind = QUERY_EVIDENCE, .log = kit_log("pump-3", 7)}, a);
    CU_ASSERT_EQUAL_FATAL(a->rc, GW_OK);
    CU_ASSERT_EQUAL(a->kind, ANSWER_LOG_EVIDENCE);
    CU_ASSERT(gw_view_eq(gw_view_make(a->bytes, a->byte_count), gw_buf_view(&sent)));
}

/* Large events: the answer ends by bytes, and goes on without a gap. */
static void an_answer_has_a_ceiling_in_bytes(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bundle;
    GW_FREE uint8_t *control = gw_xalloc(1, 60000);
    memset(control, 1, 60000);
    for (uint64_t seq = 0; seq < 40; seq++) {
        gw_buf_init(&bundle, LOG_BATCH_BYTES_MAX);
        if (seq == 0)
            kit_events(&bundle, "large-1", 9, 0, 1);
        else
            (void)log_bundle_add(&bundle, gw_view_make(control, 60000));
        (void)kit_commit(&kit, kit_batch("large-1", 9, seq, 1, gw_buf_view(&bundle)));
        gw_buf_done(&bundle);
    }
    struct query q = {.kind = QUERY_EVENTS, .log = kit_log("large-1", 9), .limit = 1000};
    unsigned answers = 0;
    for (bool more = true; more; answers++) {
        ANSWER(a);
        run(&q, a);
        CU_ASSERT_EQUAL_FATAL(a->rc, GW_OK);
        CU_ASSERT(a->byte_count * 6 <= QUERY_BYTES_MAX);
        more = a->more;
        q.from = a->next;
    }
    CU_ASSERT_EQUAL(q.from, 40);
    CU_ASSERT(answers >= 39 * 360000 / QUERY_BYTES_MAX);
    struct query s = search_all(1000);
    s.filter.has_device = true;
    s.filter.device = kit_device("large-1");
    size_t found = 0;
    for (bool done = false; !done;) {
        ANSWER(a);
        run(&s, a);
        found += a->event_count;
        done = a->cursor.at.done;
        s.cursor = a->cursor;
    }
    CU_ASSERT_EQUAL(found, 40);
}

static void a_stopped_search_tells_where_it_was(void)
{
    atomic_bool stop = true;
    struct query q = search_all(1000);
    ANSWER(a);
    query_run(&kit.port, &q, &stop, a);
    CU_ASSERT(a->rc == GW_OK && a->event_count == 0 && !a->cursor.at.done);
    kit_close(&kit);
}

static const struct gw_test_case cases[] = {
    {"events come in pages", events_come_in_pages},
    {"events have their bytes and their view", events_have_their_bytes_and_view},
    {"a search in small answers misses nothing and shows nothing twice", a_search_in_small_answers_misses_nothing},
    {"a search of text and of the audit log finds its own", a_search_of_text_and_audit_finds_its_own},
    {"logs come in pages", logs_come_in_pages},
    {"what is not there is not found", what_is_not_there_is_not_found},
    {"evidence is the batch that was sent, byte for byte", evidence_is_the_batch_that_was_sent},
    {"sealing between answers loses nothing", sealing_between_answers_loses_nothing},
    {"an answer has a ceiling in bytes", an_answer_has_a_ceiling_in_bytes},
    {"a stopped search tells where it was", a_stopped_search_tells_where_it_was},
};

int main(void)
{
    return GW_TEST_RUN("queries", cases);
}
