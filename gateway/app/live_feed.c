#include "live_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_log.h"

#define PART       "live"
#define INDEX_CAP  (FEED_ROWS_MAX * 2) /* a power of two */
#define PAGE_FIRST 256

void live_feed_init(struct live_feed *f, const struct live_outlets *out, const struct store *store,
                    struct operate *operate)
{
    *f = (struct live_feed){.out = *out, .store = store, .operate = operate, .page_cap = PAGE_FIRST};
    f->rows = gw_xalloc(FEED_ROWS_MAX, sizeof(*f->rows));
    f->index = gw_xalloc(INDEX_CAP, sizeof(*f->index));
    f->page = gw_xalloc(f->page_cap, sizeof(*f->page));
    f->turn = gw_xalloc(1, sizeof(*f->turn));
}

void live_feed_done(struct live_feed *f)
{
    free(f->rows);
    free(f->index);
    free(f->page);
    free(f->turn);
    *f = (struct live_feed){.count = 0};
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static bool same(const struct turn_row *a, const struct turn_row *b)
{
    return a->topic == b->topic && strcmp(a->key, b->key) == 0;
}

/* FNV-1a: keys are names that we gave or checked ourselves, and a long walk costs time alone. */
static size_t slot_of(const struct live_feed *f, const struct turn_row *row)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)row->topic;
    for (const char *c = row->key; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(1099511628211);
    size_t at = (size_t)hash & (INDEX_CAP - 1);
    while (f->index[at] && !same(&f->rows[f->index[at] - 1], row))
        at = (at + 1) & (INDEX_CAP - 1);
    return at;
}

static void name_row(struct live_feed *f, const struct turn_row *row)
{
    if (row->topic == LIVE_OVERVIEW || f->all[row->topic])
        return; /* it comes anyway */
    size_t slot = slot_of(f, row);
    if (f->index[slot])
        return;
    if (f->count == FEED_ROWS_MAX) {
        f->all[row->topic] = true;
        return;
    }
    size_t place = (f->head + f->count++) % FEED_ROWS_MAX;
    f->rows[place] = *row;
    f->index[slot] = (uint32_t)place + 1;
}

/* Closes the gap that the slot leaves in its run (linear probing). */
static void forget_slot(struct live_feed *f, size_t slot)
{
    f->index[slot] = 0;
    for (size_t at = (slot + 1) & (INDEX_CAP - 1); f->index[at]; at = (at + 1) & (INDEX_CAP - 1)) {
        uint32_t moved = f->index[at];
        f->index[at] = 0;
        f->index[slot_of(f, &f->rows[moved - 1])] = moved;
    }
}

static bool take_row(struct live_feed *f, struct turn_row *ret_row)
{
    if (f->count == 0)
        return false;
    *ret_row = f->rows[f->head];
    forget_slot(f, slot_of(f, ret_row));
    f->head = (f->head + 1) % FEED_ROWS_MAX;
    f->count--;
    return true;
}

void live_feed_note(struct live_feed *f, const struct turn *turn)
{
    if (!f->out.row)
        return;
    for (size_t t = LIVE_OVERVIEW; t < LIVE_TOPICS; t++)
        f->all[t] = f->all[t] || turn->live_all[t];
    for (size_t i = 0; i < turn->live_count; i++)
        name_row(f, &turn->live[i]);
}

void live_feed_all(struct live_feed *f)
{
    for (size_t t = LIVE_OVERVIEW; t < LIVE_TOPICS; t++)
        f->all[t] = true;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* False: it could not be read now. */
static bool make_row(struct live_feed *f, const struct turn_row *row, struct gw_wall now)
{
    struct gw_err err = {0};
    struct turn *turn = f->turn;
    *turn = (struct turn){.store = f->store, .now = now};
    enum gw_rc rc = live_row_make(f->operate, turn, row, &err);
    const struct answer *answer = turn->count ? turn->outs[0].answer : NULL;
    if (!rc && answer)
        f->out.row(f->out.ctx, row, answer->rc == GW_NOT_FOUND ? NULL : answer);
    else
        gw_log(GW_LOG_WARN, PART, "%s %s: %s", live_topic_text(row->topic), row->key, gw_err_text(&err));
    turn_reset(turn, 0);
    return !rc;
}

static bool keep_key(void *ctx, const char *key)
{
    struct live_feed *f = ctx;
    f->page = gw_xgrow(f->page, f->page_count, &f->page_cap, sizeof(*f->page));
    struct turn_row *row = &f->page[f->page_count++];
    row->topic = f->at.topic;
    (void)snprintf(row->key, sizeof(row->key), "%s", key);
    return true;
}

static void end_sweep(struct live_feed *f)
{
    f->out.sweep(f->out.ctx, f->at.topic, false);
    f->at.topic = 0;
}

/* A sweep that cannot be read to its end has shown nothing as gone; it begins again. */
static void break_sweep(struct live_feed *f)
{
    f->all[f->at.topic] = true;
    f->at.topic = 0;
}

/* The next keys of the sweep; false when there are none. */
static bool next_page(struct live_feed *f)
{
    struct gw_err err = {0};
    f->page_at = f->page_count = 0;
    if (live_rows_each(f->store, &f->at, FEED_SLICE, keep_key, f, &err)) {
        gw_log(GW_LOG_WARN, PART, "%s: %s", live_topic_text(f->at.topic), gw_err_text(&err));
        break_sweep(f);
        return false;
    }
    if (f->page_count == 0) {
        end_sweep(f);
        return false;
    }
    f->at = f->page[f->page_count - 1];
    return true;
}

static void sweep_one(struct live_feed *f, struct gw_wall now)
{
    if (f->page_at == f->page_count && !next_page(f))
        return;
    if (!make_row(f, &f->page[f->page_at++], now))
        break_sweep(f);
}

static bool begin_sweep(struct live_feed *f)
{
    for (enum live_topic t = LIVE_DEVICES; !f->at.topic && t < LIVE_TOPICS; t++) {
        if (!f->ready[t])
            continue;
        f->ready[t] = false;
        f->at = (struct turn_row){.topic = t};
        f->page_at = f->page_count = 0;
        f->out.sweep(f->out.ctx, t, true);
    }
    return f->at.topic != 0;
}

bool live_feed_run(struct live_feed *f, struct gw_wall now)
{
    struct turn_row row;
    if (!f->out.row)
        return false;
    for (int made = 0; made < FEED_SLICE; made++) {
        if (!f->out.room(f->out.ctx))
            return false; /* the next tick asks again */
        if (take_row(f, &row)) {
            if (!make_row(f, &row, now))
                f->all[row.topic] = true;
        } else if (!f->at.topic && !begin_sweep(f)) {
            return false;
        } else {
            sweep_one(f, now);
        }
    }
    return true;
}

void live_feed_tick(struct live_feed *f, struct gw_wall now)
{
    const struct turn_row overview = {.topic = LIVE_OVERVIEW, .key = LIVE_OVERVIEW_KEY};
    if (!f->out.row || !f->out.room(f->out.ctx))
        return;
    (void)make_row(f, &overview, now);
    for (size_t t = LIVE_DEVICES; t < LIVE_TOPICS; t++) {
        f->ready[t] = f->ready[t] || f->all[t];
        f->all[t] = false;
    }
}
