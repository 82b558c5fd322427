#include "log_accept.h"

const char *log_verdict_text(enum log_verdict verdict)
{
    switch (verdict) {
    case LOG_ACCEPT:
        return "accept";
    case LOG_NEW_EPOCH:
        return "new_epoch";
    case LOG_DUPLICATE:
        return "duplicate";
    case LOG_GAP:
        return "gap";
    case LOG_CLOSED_EPOCH:
        return "closed_epoch";
    case LOG_UNKNOWN_EPOCH:
        return "unknown_epoch";
    case LOG_EQUIVOCATION:
        return "equivocation";
    case LOG_EPOCH_LIMIT:
        return "epoch_limit";
    }
    return "unknown";
}

void log_accept_compare(const struct log_state *state, const struct log_batch_head *head, uint64_t *ret_from,
                        uint64_t *ret_to)
{
    *ret_from = *ret_to = 0;
    if (!state->open || head->epoch != state->epoch)
        return;
    uint64_t end = head->first + head->count;
    uint64_t oldest = state->next > LOG_COMPARE_MAX ? state->next - LOG_COMPARE_MAX : 0;
    uint64_t from = head->first > oldest ? head->first : oldest;
    uint64_t to = end < state->next ? end : state->next;
    if (from < to) {
        *ret_from = from;
        *ret_to = to;
    }
}

/* Events of the batch below the range that is compared. */
static uint32_t unread_of(const struct log_state *state, const struct log_batch_head *head)
{
    uint64_t oldest = state->next > LOG_COMPARE_MAX ? state->next - LOG_COMPARE_MAX : 0;
    if (head->first >= oldest)
        return 0;
    uint64_t below = oldest - head->first;
    return below < head->count ? (uint32_t)below : head->count;
}

static void step_current(const struct log_state *state, const struct log_offer *offer, struct log_update *u)
{
    const struct log_batch_head *head = &offer->head;
    if (head->first > state->next) {
        u->verdict = LOG_GAP;
        return;
    }
    uint64_t below = state->next - head->first;
    u->skip = below < head->count ? (uint32_t)below : head->count;
    u->unread = unread_of(state, head);
    if (offer->differs) {
        u->verdict = LOG_EQUIVOCATION;
        u->skip = head->count;
        u->keep_evidence = !state->equivocated;
        u->next.equivocated = true;
        return;
    }
    u->verdict = u->skip == head->count ? LOG_DUPLICATE : LOG_ACCEPT;
    u->next.next = state->next + (head->count - u->skip);
}

static void step_unknown(const struct log_offer *offer, struct log_update *u)
{
    int64_t day = offer->now.ms / GW_DAY_MS;
    if (offer->head.first != 0 || !offer->start) {
        u->verdict = LOG_UNKNOWN_EPOCH;
        return;
    }
    if (day != u->next.day) { /* also when the clock went back: a wrong date must not lock a device out */
        u->next.day = day;
        u->next.epochs = 0;
        u->next.limit_reported = false;
    }
    if (u->next.epochs >= LOG_EPOCHS_PER_DAY) {
        u->verdict = LOG_EPOCH_LIMIT;
        u->report_limit = !u->next.limit_reported;
        u->next.limit_reported = true;
        return;
    }
    u->verdict = LOG_NEW_EPOCH;
    u->skip = 0;
    u->next.open = true;
    u->next.epoch = offer->head.epoch;
    u->next.next = offer->head.count;
    u->next.equivocated = false;
    u->next.epochs++;
}

static bool invariants_hold(const struct log_state *state, const struct log_offer *offer, const struct log_update *u)
{
    uint64_t stored = offer->head.count - (uint64_t)u->skip;
    if (u->skip > offer->head.count || u->unread > u->skip || u->next.epochs > LOG_EPOCHS_PER_DAY)
        return false;
    if (u->verdict == LOG_NEW_EPOCH)
        return u->next.open && u->next.next == stored && (!state->open || u->next.epoch != state->epoch);
    if (u->next.open != state->open || u->next.epoch != state->epoch)
        return false;
    if (u->verdict == LOG_ACCEPT)
        return stored > 0 && offer->head.first + u->skip == state->next && u->next.next == state->next + stored;
    return stored == 0 && u->next.next == state->next;
}

enum gw_rc log_accept_step(const struct log_state *state, const struct log_offer *offer, struct log_update *ret_update)
{
    struct log_update *u = ret_update;
    *u = (struct log_update){.next = *state, .skip = offer->head.count};
    if (state->open && offer->head.epoch == state->epoch)
        step_current(state, offer, u);
    else if (offer->known)
        u->verdict = LOG_CLOSED_EPOCH;
    else
        step_unknown(offer, u);
    return invariants_hold(state, offer, u) ? GW_OK : GW_CORRUPT;
}
