#include "agent_ship.h"

#include <string.h>

#include "agent_note.h"
#include "gw_cleanup.h"

/* With something on its way, a smaller batch waits for company until the acknowledgement comes. */
#define COMPANY_BYTES (LOG_BATCH_BYTES_MAX / 2)

/* So many answers about another log, over so long, say that ours is closed on the gateway. */
#define FOREIGN_ACKS_MAX 3
#define FOREIGN_MS       GW_MINUTE_MS

void agent_ship_init(struct agent_ship *ship, struct agent_spool *spool, agent_ship_send_fn *send, void *send_ctx)
{
    *ship = (struct agent_ship){.spool = spool, .send = send, .send_ctx = send_ctx};
    ship->acked = ship->sent = agent_spool_state(spool).freed;
}

void agent_ship_name(struct agent_ship *ship, const char *gateway, const char *device)
{
    (void)snprintf(ship->origin, sizeof(ship->origin), "%s/dev/%s/", gateway, device);
}

void agent_ship_key(struct agent_ship *ship, const struct note_key *key)
{
    ship->key = *key;
    ship->key_known = true;
}

static void arm(struct agent_ship *ship, struct gw_mono now)
{
    ship->resend_at.ms = now.ms + agent_backoff_next_ms(&ship->backoff, AGENT_SHIP_RESEND_MS, AGENT_SHIP_RESEND_MAX);
}

static void rewind_to_acked(struct agent_ship *ship)
{
    ship->sent = ship->acked;
    ship->flight_count = 0;
}

void agent_ship_up(struct agent_ship *ship, struct gw_mono now)
{
    rewind_to_acked(ship);
    agent_backoff_reset(&ship->backoff);
    ship->credit_bytes = AGENT_SHIP_FIRST_CREDIT;
    ship->foreign_acks = 0;
    ship->resend_at = now;
    ship->up = true;
}

void agent_ship_down(struct agent_ship *ship)
{
    ship->up = false;
}

static enum gw_rc begin_epoch(struct agent_ship *ship, enum agent_spool_reason reason, struct gw_wall wall,
                              struct agent_ship_news *news, struct gw_err *err)
{
    enum gw_rc rc = agent_spool_new_epoch(ship->spool, reason, ship->acked, wall, err);
    if (rc)
        return rc;
    ship->acked = 0;
    ship->foreign_acks = 0;
    rewind_to_acked(ship);
    agent_backoff_reset(&ship->backoff);
    news->new_epoch = true;
    news->reason = reason;
    return GW_OK;
}

/* An answer about another log than ours. Before the gateway has taken anything of ours that is what it must say; later
 * it means that the gateway has forgotten ours, or closed it. */
static enum gw_rc on_foreign(struct agent_ship *ship, struct gw_mono now, struct gw_wall wall,
                             struct agent_ship_news *news, struct gw_err *err)
{
    if (ship->acked > 0)
        return begin_epoch(ship, AGENT_SPOOL_GATEWAY_WENT_BACK, wall, news, err);
    if (ship->sent == 0)
        return GW_OK;
    if (ship->foreign_acks++ == 0)
        ship->foreign_since = now;
    if (ship->foreign_acks < FOREIGN_ACKS_MAX || now.ms - ship->foreign_since.ms < FOREIGN_MS)
        return GW_OK;
    return begin_epoch(ship, AGENT_SPOOL_GATEWAY_WENT_BACK, wall, news, err);
}

/* GW_CONFLICT when our own tree says otherwise. */
static enum gw_rc compare_root(struct agent_ship *ship, uint64_t size, const struct gw_sha256 *told, struct gw_err *err)
{
    struct gw_sha256 ours;
    enum gw_rc rc = agent_spool_root(ship->spool, size, &ours, err);
    return rc ? rc : gw_sha256_eq(&ours, told) ? GW_OK : GW_CONFLICT;
}

/* What is acked leaves the window. */
static void advance(struct agent_ship *ship, uint64_t next, struct gw_mono now)
{
    size_t done = 0;
    bool moved = next > ship->acked;
    ship->acked = next;
    if (ship->sent < next)
        ship->sent = next;
    while (done < ship->flight_count && ship->flight_end[done] <= next)
        done++;
    ship->flight_count -= done;
    memmove(ship->flight_end, ship->flight_end + done, ship->flight_count * sizeof(ship->flight_end[0]));
    memmove(ship->flight_bytes, ship->flight_bytes + done, ship->flight_count * sizeof(ship->flight_bytes[0]));
    if (moved) {
        agent_backoff_reset(&ship->backoff);
        arm(ship, now);
    }
}

static enum gw_rc on_checkpoint(struct agent_ship *ship, const char *text, struct gw_wall wall,
                                struct agent_ship_news *news, struct gw_err *err)
{
    struct agent_spool_state state = agent_spool_state(ship->spool);
    struct checkpoint checkpoint;
    char origin[CHECKPOINT_ORIGIN_MAX + 20];
    if (!ship->key_known) {
        news->unknown_key = true;
        return GW_OK;
    }
    (void)snprintf(origin, sizeof(origin), "%s%016llx", ship->origin, (unsigned long long)state.epoch);
    enum gw_rc rc = agent_checkpoint_verify(gw_view_str(text), &ship->key, origin, &checkpoint, err);
    if (rc) {
        news->unknown_key = rc == GW_NOT_FOUND;
        news->bad_checkpoint = rc != GW_NOT_FOUND;
        return GW_OK;
    }
    if (checkpoint.size <= state.freed)
        return GW_OK;
    if (checkpoint.size > state.next)
        return begin_epoch(ship, AGENT_SPOOL_LOST, wall, news, err);
    rc = compare_root(ship, checkpoint.size, &checkpoint.root, err);
    if (rc == GW_CONFLICT)
        return begin_epoch(ship, AGENT_SPOOL_DIVERGED, wall, news, err);
    if (!rc)
        rc = agent_spool_free(ship->spool, checkpoint.size, text, err);
    if (rc)
        return rc;
    if (ship->acked < checkpoint.size)
        ship->acked = checkpoint.size;
    if (ship->sent < ship->acked)
        ship->sent = ship->acked;
    news->verified = true;
    news->verified_next = checkpoint.size;
    return GW_OK;
}

enum gw_rc agent_ship_ack(struct agent_ship *ship, const struct ack *ack, struct gw_mono now, struct gw_wall wall,
                          struct agent_ship_news *ret_news, struct gw_err *err)
{
    struct agent_spool_state state = agent_spool_state(ship->spool);
    struct agent_ship_news *news = ret_news;
    *news = (struct agent_ship_news){0};
    if (ship->credit_bytes > 0 && ack->credit_bytes == 0)
        arm(ship, now);
    ship->credit_bytes = ack->credit_bytes;
    if (ack->epoch != state.epoch)
        return on_foreign(ship, now, wall, news, err);
    ship->foreign_acks = 0;
    if (ack->next_seq < ship->acked)
        return begin_epoch(ship, AGENT_SPOOL_GATEWAY_WENT_BACK, wall, news, err);
    if (ack->next_seq > state.next)
        return begin_epoch(ship, AGENT_SPOOL_LOST, wall, news, err);
    enum gw_rc rc = compare_root(ship, ack->next_seq, &ack->root, err);
    if (rc == GW_CONFLICT)
        return begin_epoch(ship, AGENT_SPOOL_DIVERGED, wall, news, err);
    if (rc)
        return rc;
    advance(ship, ack->next_seq, now);
    return ack->checkpoint[0] ? on_checkpoint(ship, ack->checkpoint, wall, news, err) : GW_OK;
}

static size_t bytes_in_flight(const struct agent_ship *ship)
{
    size_t sum = 0;
    for (size_t i = 0; i < ship->flight_count; i++)
        sum += ship->flight_bytes[i];
    return sum;
}

/* Credit counts what is on its way. One batch always may go, or a credit below a batch would stop us for ever. */
static bool may_send(const struct agent_ship *ship, size_t bytes, bool overdue)
{
    if (ship->credit_bytes == 0)
        return overdue && ship->flight_count == 0;
    return ship->flight_count == 0 || bytes_in_flight(ship) + bytes <= ship->credit_bytes;
}

/* Numbers one more batch when that is worth while, and makes it durable. GW_NOT_FOUND: not now. */
static enum gw_rc seal_more(struct agent_ship *ship, struct gw_wall wall, struct gw_err *err)
{
    if (ship->flight_count > 0 && agent_spool_state(ship->spool).queued_bytes < COMPANY_BYTES)
        return GW_NOT_FOUND;
    enum gw_rc rc = agent_spool_seal(ship->spool, wall, err);
    if (rc == GW_AGAIN)
        return GW_NOT_FOUND;
    return rc ? rc : agent_spool_sync(ship->spool, err);
}

/* Sends one batch. GW_NOT_FOUND: nothing may or can go now. */
static enum gw_rc send_one(struct agent_ship *ship, struct gw_wall wall, bool overdue, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    uint64_t end = 0;
    gw_buf_init(&payload, LOG_BATCH_BYTES_MAX);
    if (ship->flight_count == AGENT_SHIP_WINDOW || !may_send(ship, 1, overdue))
        return GW_NOT_FOUND;
    enum gw_rc rc = agent_spool_batch(ship->spool, ship->sent, &payload, &end, err);
    if (rc == GW_NOT_FOUND) {
        rc = seal_more(ship, wall, err);
        if (!rc)
            rc = agent_spool_batch(ship->spool, ship->sent, &payload, &end, err);
    }
    if (rc)
        return rc;
    if (!may_send(ship, payload.len, overdue) || ship->send(ship->send_ctx, gw_buf_view(&payload)))
        return GW_NOT_FOUND;
    ship->flight_end[ship->flight_count] = end;
    ship->flight_bytes[ship->flight_count++] = payload.len;
    ship->sent = end;
    return GW_OK;
}

enum gw_rc agent_ship_step(struct agent_ship *ship, struct gw_mono now, struct gw_wall wall, struct gw_err *err)
{
    agent_spool_settle(ship->spool, wall, false);
    enum gw_rc rc = agent_spool_sync(ship->spool, err);
    if (rc || !ship->up)
        return rc;
    bool waiting = ship->flight_count > 0 || ship->credit_bytes == 0;
    bool overdue = waiting && now.ms >= ship->resend_at.ms;
    if (overdue) {
        rewind_to_acked(ship);
        arm(ship, now);
    }
    while (!rc) {
        bool was_idle = ship->flight_count == 0;
        rc = send_one(ship, wall, overdue, err);
        if (!rc && was_idle && !overdue) {
            agent_backoff_reset(&ship->backoff);
            arm(ship, now);
        }
    }
    return rc == GW_NOT_FOUND ? GW_OK : rc;
}

int64_t agent_ship_wait_ms(const struct agent_ship *ship, struct gw_mono now)
{
    if (!ship->up || (ship->flight_count == 0 && ship->credit_bytes > 0))
        return -1;
    return ship->resend_at.ms > now.ms ? ship->resend_at.ms - now.ms : 0;
}
