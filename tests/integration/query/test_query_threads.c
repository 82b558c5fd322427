/* The threads: every query answered once, a full queue refused, a stop that waits for nobody. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "journal_kit.h"
#include "mem.h"
#include "query_threads.h"
#include "shop.h"

#define THREADS 3
#define QUERIES 1200

struct collector {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned answers[QUERIES]; /* by ticket */
    unsigned total, wrong;
    bool hold; /* answers wait until it is false */
    unsigned surveys;
    bool full; /* surveys are not taken over */
    enum gw_rc survey_rc;
    unsigned before_survey;          /* answers before the last one was taken over */
    struct query_threads *unceasing; /* somebody who asks again at each answer */
    uint32_t first;
    unsigned before_first; /* answers before that of this ticket */
};

static struct kit kit;
static struct journal_db *readers[THREADS];
static struct collector collector;
static struct mem *mem;

static enum gw_rc give_of(struct query_threads *q, uint32_t slot, const char *person);

static void collect(void *ctx, const struct answer *answer)
{
    struct collector *c = ctx;
    (void)pthread_mutex_lock(&c->lock);
    while (c->hold)
        (void)pthread_cond_wait(&c->changed, &c->lock);
    if (answer->asker.ticket.slot < QUERIES)
        c->answers[answer->asker.ticket.slot]++;
    if (answer->asker.ticket.slot == c->first)
        c->before_first = c->total;
    c->total++;
    c->wrong += answer->rc || answer->asker.kind != ASKER_REST || answer->kind != ANSWER_LOG_EVENTS ||
                answer->event_count != 100;
    struct query_threads *again = c->unceasing;
    (void)pthread_cond_broadcast(&c->changed);
    (void)pthread_mutex_unlock(&c->lock);
    if (again)
        CU_ASSERT_EQUAL(give_of(again, 1, "user:ann"), GW_OK);
}

/* Counts it among the answers, and has it: the next one may not come before query_threads_settled(). */
static bool take_survey(void *ctx, struct rollout_survey *survey)
{
    struct collector *c = ctx;
    (void)pthread_mutex_lock(&c->lock);
    c->answers[survey->asker.ticket.slot]++;
    c->wrong += survey->err.rc != c->survey_rc;
    c->surveys++;
    c->before_survey = c->total;
    c->unceasing = NULL;
    (void)pthread_cond_broadcast(&c->changed);
    bool takes = !c->full;
    (void)pthread_mutex_unlock(&c->lock);
    if (takes)
        rollout_survey_free(survey);
    return takes;
}

static struct query_threads *start(size_t threads, bool hold)
{
    struct query_threads_config config = {
        .threads = threads, .answer = collect, .surveyed = take_survey, .answer_ctx = &collector};
    for (size_t i = 0; i < threads; i++) {
        config.journals[i] = journal_db_port(readers[i]);
        config.rows[i].store = mem_store(mem);
    }
    collector.surveys = 0;
    collector.survey_rc = GW_NOT_FOUND;
    collector.full = false;
    memset(collector.answers, 0, sizeof(collector.answers));
    collector.total = collector.wrong = 0;
    collector.hold = hold;
    struct query_threads *q = NULL;
    struct gw_err err = {0};
    GW_ASSERT_OK(query_threads_new(&config, &q, &err), &err);
    return q;
}

static enum gw_rc give_of(struct query_threads *q, uint32_t slot, const char *person)
{
    struct query *query = gw_xalloc(1, sizeof(*query));
    *query = (struct query){
        .kind = QUERY_EVENTS, .asker = {ASKER_REST, {slot, 1}}, .log = kit_log("pump-1", 7), .limit = 100};
    (void)snprintf(query->person, sizeof(query->person), "%s", person);
    enum gw_rc rc = query_threads_give(q, query);
    if (rc)
        free(query);
    return rc;
}

static enum gw_rc give(struct query_threads *q, uint32_t slot)
{
    return give_of(q, slot, "");
}

static void let_go(void)
{
    (void)pthread_mutex_lock(&collector.lock);
    collector.hold = false;
    (void)pthread_cond_broadcast(&collector.changed);
    (void)pthread_mutex_unlock(&collector.lock);
}

static void await_total(unsigned total)
{
    (void)pthread_mutex_lock(&collector.lock);
    while (collector.total < total)
        (void)pthread_cond_wait(&collector.changed, &collector.lock);
    (void)pthread_mutex_unlock(&collector.lock);
}

static struct rollout_survey *a_survey(uint32_t slot)
{
    struct rollout_survey *survey = gw_xalloc(1, sizeof(*survey));
    survey->page_max = 1;
    (void)snprintf(survey->act.actor.name, sizeof(survey->act.actor.name), "user:%u", slot);
    survey->asker = (struct asker){ASKER_REST, {slot, 1}};
    survey->order = gw_xalloc(1, sizeof(*survey->order));
    memcpy(survey->order->release, "0123456789abcdef", RELEASE_ID_LEN + 1); /* there is none */
    return survey;
}

static enum gw_rc put_survey(struct query_threads *q, struct rollout_survey *survey)
{
    struct rollout_survey *out = NULL;
    enum gw_rc rc = query_threads_survey(q, survey, &out, NULL);
    if (rc)
        rollout_survey_free(survey);
    rollout_survey_free(out);
    return rc;
}

static enum gw_rc give_survey(struct query_threads *q, uint32_t slot)
{
    return put_survey(q, a_survey(slot));
}

static void await_surveys(unsigned count)
{
    (void)pthread_mutex_lock(&collector.lock);
    while (collector.surveys < count)
        (void)pthread_cond_wait(&collector.changed, &collector.lock);
    (void)pthread_mutex_unlock(&collector.lock);
}

static unsigned surveys(void)
{
    (void)pthread_mutex_lock(&collector.lock);
    unsigned count = collector.surveys;
    (void)pthread_mutex_unlock(&collector.lock);
    return count;
}

/* With queries on both sides of them: whoever answers the second one has left the surveys where they are. */
static void one_survey_is_under_way_at_a_time(void)
{
    struct query_threads *q = start(THREADS, false);
    uint32_t given = 0;
    CU_ASSERT_EQUAL(give_survey(q, given++), GW_OK);
    await_surveys(1);
    for (; given <= ROLLOUT_SURVEYS_MAX; given++)
        CU_ASSERT_EQUAL(give_survey(q, given), GW_OK);
    CU_ASSERT_EQUAL(give_survey(q, given), GW_AGAIN);
    CU_ASSERT_EQUAL(query_threads_waiting(q), ROLLOUT_SURVEYS_MAX);
    for (uint32_t n = 1; n < given; n++) {
        CU_ASSERT_EQUAL(give(q, 100 + n), GW_OK);
        await_total(n);
        CU_ASSERT_EQUAL(surveys(), n);
        query_threads_settled(q);
        await_surveys(n + 1);
    }
    for (uint32_t i = 0; i < given; i++)
        CU_ASSERT_EQUAL(collector.answers[i], 1);
    CU_ASSERT_EQUAL(collector.wrong, 0);
    query_threads_free(q);
}

static void a_survey_that_core_cannot_take_is_answered(void)
{
    struct query_threads *q = start(1, false);
    collector.full = true;
    CU_ASSERT_EQUAL(give_survey(q, 0), GW_OK);
    CU_ASSERT_EQUAL(give_survey(q, 1), GW_OK); /* and holds up none behind it */
    await_total(2);
    CU_ASSERT_EQUAL(collector.wrong, 2); /* told that it cannot be done now */
    query_threads_free(q);
}

static void a_survey_that_waited_too_long_is_not_looked_for(void)
{
    struct query_threads *q = start(1, false);
    struct rollout_survey *survey = a_survey(0);
    survey->act.answer_by.ms = gw_mono_now().ms + INBOX_ACT_SPARE_MS;
    collector.survey_rc = GW_AGAIN;
    CU_ASSERT_EQUAL(put_survey(q, survey), GW_OK);
    await_surveys(1);
    CU_ASSERT_EQUAL(collector.wrong, 0);
    query_threads_free(q);
}

/* A preview that has some pages, of a shop whose store nothing else uses meanwhile. */
static struct rollout_survey *long_survey(void)
{
    struct rollout_survey *survey = a_survey(0);
    memcpy(survey->order->release, shop_id(SHOP_NEW), RELEASE_ID_LEN + 1);
    survey->order->plan = shop_plan(50, 10);
    survey->act.kind = ACT_ROLLOUT_PREVIEW;
    survey->list_max = 1;
    collector.survey_rc = GW_OK;
    return survey;
}

/* Until the one thread has taken what was given: it stands still in an answer then, and nothing waits. */
static void stand_still(struct query_threads *q)
{
    while (query_threads_waiting(q) > 0)
        CU_ASSERT_EQUAL(sched_yield(), 0);
}

/* A desk with devices whose store the threads read, until close_shop(). One query is with the one thread. */
static struct query_threads *open_shop(struct desk *d, struct mem **ret_plain)
{
    shop_open(d);
    shop_devices(d, 20);
    *ret_plain = mem;
    mem = d->mem;
    struct query_threads *q = start(1, true);
    CU_ASSERT_EQUAL(give_of(q, 0, "user:ann"), GW_OK);
    return q;
}

static void close_shop(struct desk *d, struct query_threads *q, struct mem *plain)
{
    query_threads_free(q);
    mem = plain;
    desk_close(d);
}

/* The one thread stands still in an answer; then it takes the survey, and the reads that wait do not wait for its end.
 */
static void one_thread_reads_between_the_pages_of_a_survey(void)
{
    struct desk d;
    struct mem *plain;
    struct query_threads *q = open_shop(&d, &plain);
    stand_still(q);
    CU_ASSERT_EQUAL(put_survey(q, long_survey()), GW_OK);
    CU_ASSERT_EQUAL(give_of(q, 1, "user:bob"), GW_OK);
    let_go();
    await_surveys(1);
    CU_ASSERT(collector.before_survey >= 2);
    await_total(2);
    CU_ASSERT_EQUAL(collector.wrong, 0);
    close_shop(&d, q, plain);
}

static void reads_that_never_end_do_not_end_a_survey(void)
{
    struct desk d;
    struct mem *plain;
    struct query_threads *q = open_shop(&d, &plain);
    CU_ASSERT_EQUAL(put_survey(q, long_survey()), GW_OK);
    collector.unceasing = q;
    let_go();
    await_surveys(1);
    close_shop(&d, q, plain);
    CU_ASSERT_EQUAL(collector.wrong, 0);
}

/* While the journal grows beside them. */
static void every_query_is_answered_once(void)
{
    kit_open(&kit);
    mem = mem_new();
    (void)kit_send(&kit, "pump-1", 7, 0, 600);
    for (int i = 0; i < THREADS; i++)
        readers[i] = kit_reader(&kit);
    struct query_threads *q = start(THREADS, false);
    unsigned given = 0, batches = 0;
    while (given < QUERIES) {
        if (give(q, given) == GW_OK)
            given++;
        if (given % 20 == 0)
            (void)kit_send(&kit, "pump-2", 8, batches++ * 10ULL, 10);
    }
    await_total(QUERIES);
    query_threads_free(q);
    unsigned twice = 0;
    for (int i = 0; i < QUERIES; i++)
        twice += collector.answers[i] != 1;
    CU_ASSERT_EQUAL(twice, 0);
    CU_ASSERT_EQUAL(collector.wrong, 0);
}

/* The thread stands still in an answer of ann's; when it goes on, bob's is the next, whatever ann has before it. */
static void who_asks_much_waits_for_himself(void)
{
    struct query_threads *q = start(1, true);
    unsigned given = 1;
    CU_ASSERT_EQUAL(give_of(q, 0, "user:ann"), GW_OK);
    stand_still(q);
    while (give_of(q, given, "user:ann") == GW_OK)
        given++;
    CU_ASSERT_EQUAL(given, 1 + QUERY_PERSON_MAX);
    CU_ASSERT_EQUAL(give_of(q, QUERIES - 1, "user:bob"), GW_OK);
    collector.first = QUERIES - 1;
    let_go();
    await_total(given + 1);
    CU_ASSERT_EQUAL(collector.before_first, 1);
    CU_ASSERT_EQUAL(collector.wrong, 0);
    query_threads_free(q);
}

/* Three of whom each has a queue full: a fourth waits for one query of each, and not for all. */
static void names_are_served_in_turn_however_many(void)
{
    static const char *const names[] = {"user:ann", "user:bob", "token:cat"};
    struct query_threads *q = start(1, true);
    unsigned given = 0;
    for (size_t i = 0; i < 3; i++)
        while (give_of(q, given, names[i]) == GW_OK)
            given++;
    CU_ASSERT(given >= 3 * QUERY_PERSON_MAX);
    CU_ASSERT_EQUAL(give_of(q, QUERIES - 1, "user:dan"), GW_OK);
    collector.first = QUERIES - 1;
    let_go();
    await_total(given + 1);
    CU_ASSERT(collector.before_first <= 4);
    CU_ASSERT_EQUAL(collector.wrong, 0);
    query_threads_free(q);
}

static void a_full_queue_refuses_and_recovers(void)
{
    struct query_threads *q = start(1, true);
    unsigned given = 1;
    CU_ASSERT_EQUAL(give(q, 0), GW_OK);
    stand_still(q);
    while (give(q, given) == GW_OK)
        given++;
    CU_ASSERT_EQUAL(given, 1 + QUERY_QUEUE_MAX);
    let_go();
    await_total(given);
    CU_ASSERT_EQUAL(give(q, 0), GW_OK);
    await_total(given + 1);
    query_threads_free(q);
    CU_ASSERT_EQUAL(collector.wrong, 0);
}

static void a_stop_drops_what_waits(void)
{
    struct query_threads *q = start(1, true);
    for (uint32_t i = 0; i < 50; i++)
        CU_ASSERT_EQUAL(give(q, i), GW_OK);
    CU_ASSERT_EQUAL(give_survey(q, 0), GW_OK);
    CU_ASSERT_EQUAL(give_survey(q, 1), GW_OK);
    let_go();
    query_threads_free(q);
    CU_ASSERT(collector.total <= 50);
    query_threads_free(NULL);
    mem_free(mem);
    for (int i = 0; i < THREADS; i++)
        journal_db_close(readers[i]);
    kit_close(&kit);
}

static const struct gw_test_case cases[] = {
    {"every query is answered once, while the journal grows", every_query_is_answered_once},
    {"a full queue refuses and recovers", a_full_queue_refuses_and_recovers},
    {"who asks much waits for himself", who_asks_much_waits_for_himself},
    {"names are served in turn, however many", names_are_served_in_turn_however_many},
    {"one survey is under way at a time, and queries beside it", one_survey_is_under_way_at_a_time},
    {"a survey that core cannot take is answered", a_survey_that_core_cannot_take_is_answered},
    {"a survey that waited too long is not looked for", a_survey_that_waited_too_long_is_not_looked_for},
    {"one thread reads between the pages of a survey", one_thread_reads_between_the_pages_of_a_survey},
    {"reads that never end do not hold a survey up for ever", reads_that_never_end_do_not_end_a_survey},
    {"a stop drops what waits", a_stop_drops_what_waits},
};

int main(void)
{
    (void)pthread_mutex_init(&collector.lock, NULL);
    (void)pthread_cond_init(&collector.changed, NULL);
    return GW_TEST_RUN("query threads", cases);
}
