/* The table of acceptance, each row a case. */
#include <stdio.h>

#include "gw_test.h"
#include "log_accept.h"

#define DAY 20000

static const struct log_state at_100 = {.open = true, .epoch = 7, .next = 100, .day = DAY, .epochs = 1};

struct row {
    const char *what;
    struct log_batch_head head;
    bool known, start, differs;
    enum log_verdict verdict;
    uint32_t skip;
    uint64_t next;
};

static const struct row rows[] = {
    {"goes on exactly", {7, 100, 10}, false, false, false, LOG_ACCEPT, 0, 110},
    {"overlaps the end", {7, 95, 10}, false, false, false, LOG_ACCEPT, 5, 105},
    {"all stored before", {7, 90, 10}, false, false, false, LOG_DUPLICATE, 10, 100},
    {"from the very start", {7, 0, 1}, false, true, false, LOG_DUPLICATE, 1, 100},
    {"one too far", {7, 101, 1}, false, false, false, LOG_GAP, 1, 100},
    {"far too far", {7, LOG_SEQ_MAX - 1, 1}, false, false, false, LOG_GAP, 1, 100},
    {"differs in the overlap", {7, 95, 10}, false, false, true, LOG_EQUIVOCATION, 10, 100},
    {"differs, all old", {7, 50, 10}, false, false, true, LOG_EQUIVOCATION, 10, 100},
    {"closed epoch", {6, 0, 5}, true, true, false, LOG_CLOSED_EPOCH, 5, 100},
    {"closed epoch, later", {6, 40, 5}, true, false, false, LOG_CLOSED_EPOCH, 5, 100},
    {"unknown epoch, not from 0", {8, 1, 5}, false, true, false, LOG_UNKNOWN_EPOCH, 5, 100},
    {"unknown epoch, no start", {8, 0, 5}, false, false, false, LOG_UNKNOWN_EPOCH, 5, 100},
    {"new epoch", {8, 0, 5}, false, true, false, LOG_NEW_EPOCH, 0, 5},
};

static void follows_the_table(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        struct log_offer offer = {r->head, r->known, r->start, r->differs, {DAY * GW_DAY_MS + 5}};
        struct log_update u;
        CU_ASSERT_EQUAL(log_accept_step(&at_100, &offer, &u), GW_OK);
        if (u.verdict != r->verdict || u.skip != r->skip || u.next.next != r->next)
            printf("#   %s: %s, skip %u\n", r->what, log_verdict_text(u.verdict), u.skip);
        CU_ASSERT_EQUAL(u.verdict, r->verdict);
        CU_ASSERT_EQUAL(u.skip, r->skip);
        CU_ASSERT_EQUAL(u.next.next, r->next);
    }
}

static void first_log(void)
{
    struct log_state none = {.open = false};
    struct log_offer offer = {.head = {7, 0, 3}, .start = true, .now = {DAY * GW_DAY_MS}};
    struct log_update u;
    CU_ASSERT_EQUAL(log_accept_step(&none, &offer, &u), GW_OK);
    CU_ASSERT(u.verdict == LOG_NEW_EPOCH && u.next.open && u.next.epoch == 7 && u.next.epochs == 1);
    offer.start = false;
    CU_ASSERT_EQUAL(log_accept_step(&none, &offer, &u), GW_OK);
    CU_ASSERT(u.verdict == LOG_UNKNOWN_EPOCH && !u.next.open);
}

static void epochs_are_limited_by_the_day(void)
{
    struct log_state s = at_100;
    struct log_offer offer = {.start = true, .now = {DAY * GW_DAY_MS}};
    struct log_update u;
    for (uint64_t epoch = 10; epoch < 13; epoch++) {
        offer.head = (struct log_batch_head){epoch, 0, 1};
        CU_ASSERT_EQUAL(log_accept_step(&s, &offer, &u), GW_OK);
        CU_ASSERT_EQUAL(u.verdict, LOG_NEW_EPOCH);
        s = u.next;
    }
    for (int i = 0; i < 3; i++) {
        offer.head.epoch = 13;
        CU_ASSERT_EQUAL(log_accept_step(&s, &offer, &u), GW_OK);
        CU_ASSERT(u.verdict == LOG_EPOCH_LIMIT && u.report_limit == (i == 0) && u.next.epoch == 12);
        s = u.next;
    }
    offer.now.ms = (DAY + 1) * GW_DAY_MS;
    CU_ASSERT_EQUAL(log_accept_step(&s, &offer, &u), GW_OK);
    CU_ASSERT(u.verdict == LOG_NEW_EPOCH && u.next.epochs == 1 && !u.next.limit_reported);
    offer.now.ms = (DAY - 500) * GW_DAY_MS; /* the clock was wrong: nobody is locked out */
    CU_ASSERT_EQUAL(log_accept_step(&s, &offer, &u), GW_OK);
    CU_ASSERT_EQUAL(u.verdict, LOG_NEW_EPOCH);
}

static void evidence_once(void)
{
    struct log_state s = at_100;
    struct log_offer offer = {.head = {7, 99, 2}, .differs = true};
    struct log_update u;
    CU_ASSERT_EQUAL(log_accept_step(&s, &offer, &u), GW_OK);
    CU_ASSERT(u.keep_evidence && u.next.equivocated);
    s = u.next;
    CU_ASSERT_EQUAL(log_accept_step(&s, &offer, &u), GW_OK);
    CU_ASSERT(u.verdict == LOG_EQUIVOCATION && !u.keep_evidence);
    offer = (struct log_offer){.head = {8, 0, 1}, .start = true};
    CU_ASSERT_EQUAL(log_accept_step(&s, &offer, &u), GW_OK);
    CU_ASSERT(!u.next.equivocated);
}

static void compares_the_last_1024(void)
{
    struct log_state s = {.open = true, .epoch = 7, .next = 5000};
    static const struct {
        uint64_t first;
        uint32_t count;
        uint64_t from, to;
        uint32_t unread;
    } asks[] = {
        {5000, 10, 0, 0, 0},          {4990, 20, 4990, 5000, 0},    {4990, 5, 4990, 4995, 0},
        {3976, 1024, 3976, 5000, 0},  {3900, 1024, 3976, 4924, 76}, {3000, 976, 0, 0, 976},
        {3000, 977, 3976, 3977, 976}, {0, 1024, 0, 0, 1024},
    };
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        struct log_offer offer = {.head = {7, asks[i].first, asks[i].count}};
        struct log_update u;
        uint64_t from, to;
        log_accept_compare(&s, &offer.head, &from, &to);
        CU_ASSERT(from == asks[i].from && to == asks[i].to);
        CU_ASSERT_EQUAL(log_accept_step(&s, &offer, &u), GW_OK);
        CU_ASSERT_EQUAL(u.unread, asks[i].unread);
    }
    struct log_batch_head other = {8, 4990, 20};
    uint64_t from, to;
    log_accept_compare(&s, &other, &from, &to);
    CU_ASSERT(from == to);
}

static const struct gw_test_case cases[] = {
    {"follows its table", follows_the_table},
    {"opens the first log only with a log.start at 0", first_log},
    {"lets a device begin four logs a day, by the gateway's clock", epochs_are_limited_by_the_day},
    {"keeps evidence once in an epoch", evidence_once},
    {"compares the last 1,024 stored events and counts what lies before", compares_the_last_1024},
};

int main(void)
{
    return GW_TEST_RUN("log accept", cases);
}
