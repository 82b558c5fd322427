/*
 * A device and a gateway over a bad network, under a virtual clock: batches and answers are lost, batches come twice,
 * the device loses its spool or goes back to an older copy of it, the gateway goes back to a backup. Held against a
 * ledger of what the device was told is stored:
 *
 *   - nothing that was acknowledged is lost or altered (but what a restored backup never had);
 *   - no event stands twice in one log;
 *   - once the trouble ends, everything is acknowledged within a few days: never stuck.
 *
 * SIM_SEED=<n> runs one seed alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gw_cleanup.h"
#include "gw_num.h"
#include "gw_test.h"
#include "log_accept.h"

#define EVENTS_MAX 6000
#define LOGS_MAX   400
#define QUEUE_MAX  64
#define WINDOW     4 /* batches on the way */
#define BATCH_MAX  300
#define STEPS      1500
#define SEEDS      150

struct run { /* events by id, with a digest of every prefix: the stand-in for a tree */
    uint64_t n;
    uint32_t id[EVENTS_MAX];
    uint64_t digest[EVENTS_MAX + 1];
};

struct batch {
    uint64_t epoch, first;
    uint32_t count;
    uint32_t id[BATCH_MAX];
};

struct answer {
    uint64_t epoch, next, digest;
};

#define FOREIGN_MAX 8 /* answers about another log, to batches of its own, after which a device gives its log up */

struct device {
    uint64_t epoch, acked;
    unsigned foreign;
    struct run log;
};

struct gateway {
    struct log_state state;
    size_t logs;
    uint64_t epoch[LOGS_MAX];
    struct run *log[LOGS_MAX];
};

struct world {
    uint64_t random;
    int64_t now_ms;
    uint32_t next_id;
    uint64_t next_epoch;
    struct device device, spool_copy;
    struct gateway gateway, backup;
    struct batch up[QUEUE_MAX];
    size_t ups;
    struct answer down[QUEUE_MAX];
    size_t downs;
    size_t acked_count; /* ledger */
    struct {
        uint64_t epoch, seq;
        uint32_t id;
    } acked[1 << 18];
    unsigned verdicts[16];
    const char *wrong;
};

static uint64_t draw(struct world *w, uint64_t below)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random % below;
}

static void push(struct run *r, uint32_t id)
{
    if (r->n == EVENTS_MAX)
        abort();
    r->id[r->n] = id;
    r->digest[r->n + 1] = (r->digest[r->n] ^ id) * UINT64_C(1099511628211) + 1;
    r->n++;
}

/* A new log: log.start, then what was numbered and not acknowledged. */
static void begin_epoch(struct world *w, bool keep_rest)
{
    struct device *d = &w->device;
    static struct run old;
    old = d->log;
    uint64_t from = d->acked;
    d->epoch = ++w->next_epoch;
    d->acked = 0;
    d->foreign = 0;
    d->log.n = 0;
    push(&d->log, ++w->next_id);
    for (uint64_t i = from; keep_rest && i < old.n; i++)
        push(&d->log, ++w->next_id); /* numbered anew: another leaf */
}

static void note_acked(struct world *w, uint64_t to)
{
    struct device *d = &w->device;
    for (; d->acked < to; d->acked++) {
        if (w->acked_count == sizeof(w->acked) / sizeof(w->acked[0]))
            abort();
        w->acked[w->acked_count].epoch = d->epoch;
        w->acked[w->acked_count].seq = d->acked;
        w->acked[w->acked_count++].id = d->log.id[d->acked];
    }
}

static void device_hears(struct world *w, const struct answer *a)
{
    struct device *d = &w->device;
    if (a->epoch != d->epoch) {
        /* Its acknowledged log is not current any more; or its new one never will be, since an older copy of the
         * spool came back whose log was closed meanwhile. As many such answers as batches fit on
         * the way are only late: giving up sooner would never end. */
        if (d->acked > 0 || ++d->foreign > FOREIGN_MAX)
            begin_epoch(w, true);
        return;
    }
    d->foreign = 0;
    if (a->next < d->acked || a->next > d->log.n || a->digest != d->log.digest[a->next])
        begin_epoch(w, true); /* gateway_went_back, or diverged */
    else
        note_acked(w, a->next);
}

static void device_sends(struct world *w)
{
    struct device *d = &w->device;
    if (w->ups >= WINDOW || d->acked == d->log.n)
        return;
    uint64_t back = draw(w, 4) == 0 ? draw(w, d->acked + 1) : 0; /* at times it sends what it knows is stored */
    uint64_t first = d->acked - back;
    struct batch *b = &w->up[w->ups++];
    *b = (struct batch){.epoch = d->epoch, .first = first};
    uint64_t want = 1 + draw(w, BATCH_MAX);
    for (uint64_t i = first; i < d->log.n && b->count < want; i++)
        b->id[b->count++] = d->log.id[i];
}

static struct run *find_log(struct gateway *g, uint64_t epoch)
{
    for (size_t i = 0; i < g->logs; i++)
        if (g->epoch[i] == epoch)
            return g->log[i];
    return NULL;
}

static void answer(struct world *w)
{
    struct gateway *g = &w->gateway;
    struct run *log = g->state.open ? find_log(g, g->state.epoch) : NULL;
    if (w->downs < QUEUE_MAX)
        w->down[w->downs++] = log ? (struct answer){g->state.epoch, log->n, log->digest[log->n]} : (struct answer){0};
}

static bool overlap_differs(struct world *w, const struct batch *b, const struct log_batch_head *head)
{
    uint64_t from, to;
    log_accept_compare(&w->gateway.state, head, &from, &to);
    struct run *log = find_log(&w->gateway, b->epoch);
    for (; from < to; from++)
        if (log->id[from] != b->id[from - b->first])
            return true;
    return false;
}

static void gateway_takes(struct world *w, const struct batch *b)
{
    struct gateway *g = &w->gateway;
    struct log_offer offer = {.head = {b->epoch, b->first, b->count},
                              .known = find_log(g, b->epoch) != NULL,
                              .start = b->first == 0,
                              .now = {w->now_ms}};
    offer.differs = overlap_differs(w, b, &offer.head);
    struct log_update u;
    if (log_accept_step(&g->state, &offer, &u)) {
        w->wrong = "an invariant of the step broke";
        return;
    }
    w->verdicts[u.verdict]++;
    if (draw(w, 20) == 0) /* power goes before COMMIT: nothing happened and nothing is said */
        return;
    g->state = u.next;
    if (u.verdict == LOG_NEW_EPOCH) {
        if (g->logs == LOGS_MAX)
            abort();
        g->epoch[g->logs] = b->epoch;
        g->log[g->logs++] = gw_xalloc(1, sizeof(struct run));
    }
    struct run *log = find_log(g, b->epoch);
    for (uint32_t i = u.skip; i < b->count; i++)
        push(log, b->id[i]);
    if (log && log->n != g->state.next && b->epoch == g->state.epoch)
        w->wrong = "next is not what is stored";
    if (u.verdict != LOG_EPOCH_LIMIT)
        answer(w);
}

static void gateway_free(struct gateway *g)
{
    for (size_t i = 0; i < g->logs; i++)
        free(g->log[i]);
    g->logs = 0;
}

static void gateway_copy(struct gateway *to, const struct gateway *from)
{
    gateway_free(to);
    *to = *from;
    for (size_t i = 0; i < to->logs; i++) {
        to->log[i] = gw_xalloc(1, sizeof(struct run));
        *to->log[i] = *from->log[i];
    }
}

static void deliver(struct world *w, bool trouble)
{
    if (w->ups > 0) {
        static struct batch b;
        b = w->up[0];
        bool twice = trouble && draw(w, 10) == 0;
        if (!twice)
            memmove(w->up, w->up + 1, --w->ups * sizeof(w->up[0]));
        if (!trouble || draw(w, 5) > 0)
            gateway_takes(w, &b);
    }
    if (w->downs > 0) {
        struct answer a = w->down[0];
        memmove(w->down, w->down + 1, --w->downs * sizeof(w->down[0]));
        if (!trouble || draw(w, 5) > 0)
            device_hears(w, &a);
    }
}

/* One thing out of many goes wrong. */
static void misfortune(struct world *w)
{
    switch (draw(w, 400)) {
    case 0: /* the spool is gone */
        begin_epoch(w, false);
        break;
    case 1:
        w->spool_copy = w->device;
        break;
    case 2: /* the device goes back to an older copy of its spool, and numbers other events the same */
        if (w->spool_copy.epoch)
            w->device = w->spool_copy;
        w->downs = 0;
        answer(w);
        break;
    case 3:
        gateway_copy(&w->backup, &w->gateway);
        break;
    case 4: /* a backup is restored: what was acknowledged since is not the gateway's to know */
        if (w->backup.logs) {
            gateway_copy(&w->gateway, &w->backup);
            w->acked_count = 0;
        }
        w->downs = 0;
        answer(w);
        break;
    case 5:
    case 6:
    case 7:
    case 8: /* a new session: answers on the way are lost, the broker keeps the batches, the gateway says where it is */
        w->downs = 0;
        answer(w);
        break;
    default:
        break;
    }
}

static void check_ledger(struct world *w)
{
    for (size_t i = 0; i < w->acked_count; i++) {
        struct run *log = find_log(&w->gateway, w->acked[i].epoch);
        if (!log || w->acked[i].seq >= log->n || log->id[w->acked[i].seq] != w->acked[i].id)
            w->wrong = "an acknowledged event is lost or altered";
    }
    for (size_t l = 0; l < w->gateway.logs; l++)
        for (uint64_t i = 1; i < w->gateway.log[l]->n; i++)
            if (w->gateway.log[l]->id[i] <= w->gateway.log[l]->id[i - 1]) /* a device's ids only rise */
                w->wrong = "an event stands twice in one log";
}

static bool all_acknowledged(const struct world *w)
{
    return w->device.acked == w->device.log.n && w->gateway.state.open && w->gateway.state.epoch == w->device.epoch &&
           w->gateway.state.next == w->device.log.n;
}

static void run_seed(struct world *w, uint64_t seed)
{
    w->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    w->now_ms = 20000 * GW_DAY_MS;
    begin_epoch(w, false);
    for (int step = 0; step < STEPS && !w->wrong; step++) {
        w->now_ms += (int64_t)draw(w, 6 * GW_MINUTE_MS);
        if (w->device.log.n < EVENTS_MAX / 2)
            for (uint64_t n = draw(w, 8); n > 0; n--)
                push(&w->device.log, ++w->next_id);
        misfortune(w);
        device_sends(w);
        deliver(w, true);
        if (step % 100 == 0)
            check_ledger(w);
    }
    w->downs = 0;
    answer(w);
    for (int step = 0; step < 600 && !w->wrong && !all_acknowledged(w); step++) {
        w->now_ms += GW_HOUR_MS;
        device_sends(w);
        deliver(w, false);
    }
    check_ledger(w);
    if (!w->wrong && !all_acknowledged(w))
        w->wrong = "stuck";
}

static void simulate(void)
{
    const char *only = getenv("SIM_SEED");
    uint64_t from = 1, to = SEEDS;
    if (only && gw_parse_u64(gw_view_str(only), UINT64_MAX, &from) == GW_OK)
        to = from;
    unsigned verdicts[16] = {0};
    struct world *w = gw_xalloc(1, sizeof(*w));
    for (uint64_t seed = from; seed <= to; seed++) {
        memset(w, 0, sizeof(*w));
        run_seed(w, seed);
        if (w->wrong)
            printf("#   seed %" PRIu64 ": %s\n", seed, w->wrong);
        CU_ASSERT_PTR_NULL(w->wrong);
        for (size_t i = 0; i < 16; i++)
            verdicts[i] += w->verdicts[i];
        gateway_free(&w->gateway);
        gateway_free(&w->backup);
    }
    free(w);
    for (enum log_verdict v = LOG_ACCEPT; v <= LOG_EPOCH_LIMIT && !only; v++) {
        printf("#   %s: %u\n", log_verdict_text(v), verdicts[v]);
        CU_ASSERT(verdicts[v] > 0 || v == LOG_UNKNOWN_EPOCH);
    }
}

static const struct gw_test_case cases[] = {
    {"loses nothing acknowledged, stores nothing twice, is never stuck", simulate},
};

int main(void)
{
    return GW_TEST_RUN("sim journal", cases);
}
