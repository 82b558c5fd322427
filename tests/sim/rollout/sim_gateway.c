#include <stdio.h>
#include <string.h>

#include "sim.h"

/* Everything here works on w->work and becomes w->db in one commit. */

static struct gw_wall now_of(const struct world *w)
{
    return (struct gw_wall){w->now_ms};
}

static int running_of(bool back, int version)
{
    if (version == 0)
        return ATTEMPT_RUNS_UNKNOWN;
    return version == (back ? OLD : NEW) ? ATTEMPT_RUNS_TARGET : ATTEMPT_RUNS_OTHER;
}

static void set_boot(struct attempt_event *ev, int boot)
{
    if (boot != 0)
        (void)snprintf(ev->boot, sizeof(ev->boot), "boot-%d", boot);
}

/* What dn/job says for the device now. */
static void send_job(struct world *w, int d)
{
    struct db *db = &w->work;
    struct message m = {.kind = DOWN_JOB, .device = d, .n = db->n[d]};
    for (int back = 1; back >= 0 && m.attempt == 0; back--)
        if (db->id[back][d] != 0 && attempt_offers(&db->attempt[back][d])) {
            m.attempt = db->id[back][d];
            m.back = back != 0;
            m.rev = db->attempt[back][d].rev;
        }
    if (w->outs < 256)
        w->out[w->outs++] = m;
}

static void follow(struct world *w, int d, bool back, struct attempt_event ev)
{
    if (w->follows == 64)
        wrong(w, "too much follows from one event");
    else
        w->follow[w->follows++] = (struct follow_up){d, back, ev};
}

static void feed_attempt(struct world *w, int d, bool back, struct attempt_event ev, bool told);

/* The planned attempt of the wave with the lowest place. */
static int next_planned(const struct world *w, unsigned wave, bool back)
{
    int best = -1;
    for (int d = 0; d < w->count; d++)
        if (w->wave_of[d] == (int)wave && w->work.id[back][d] != 0 &&
            w->work.attempt[back][d].state == ATTEMPT_PLANNED && (best < 0 || w->place_of[d] < w->place_of[best]))
            best = d;
    return best;
}

/* The ledger's word on a first offer of a wave: everything before it is as the plan asks. */
static void check_wave_begins(struct world *w, unsigned wave)
{
    if (w->wave_began[wave])
        return;
    w->wave_began[wave] = true;
    for (unsigned v = 0; v < wave; v++) {
        unsigned ok = 0, decided = 0, left = 0, members = 0;
        for (int d = 0; d < w->count; d++) {
            enum attempt_state s = w->work.attempt[0][d].state;
            if (w->wave_of[d] != (int)v || s == ATTEMPT_CANCELLED)
                continue;
            members++;
            ok += s == ATTEMPT_OK;
            decided += s == ATTEMPT_OK || attempt_state_failure(s);
            left += s == ATTEMPT_PLANNED && w->work.attempt[0][d].rev == 0;
        }
        const struct rollout_gate *gate = &w->plan.waves[v].gate;
        unsigned waived = w->work.rollout.waves[v].waived;
        unsigned sample = gate->min_sample < members ? gate->min_sample : members;
        if (left > 0)
            wrong(w, "a wave began before an earlier one was offered to all");
        if (decided < sample && !(waived & 1u << ROLLOUT_HOLD_SAMPLE))
            wrong(w, "a wave began before the sample was there");
        if (v + 1 == wave && ok * 100 < decided * gate->ok_pct && !(waived & 1u << ROLLOUT_HOLD_GATE))
            wrong(w, "a wave began with too few ok");
        if (v + 1 == wave && w->last_ok_ms[v] != 0 && w->now_ms < w->last_ok_ms[v] + gate->soak_ms &&
            !(waived & 1u << ROLLOUT_HOLD_SOAK))
            wrong(w, "a wave began within the soak time");
    }
}

static void check_places(struct world *w, unsigned wave, bool back)
{
    unsigned open = 0, most = back ? w->plan.back_concurrent : w->plan.waves[wave].max_concurrent;
    for (int d = 0; d < w->count; d++)
        open += w->wave_of[d] == (int)wave && w->work.id[back][d] != 0 &&
                attempt_state_open(w->work.attempt[back][d].state);
    if (open > most)
        wrong(w, "more open than max_concurrent when an offer was made");
}

static void check_back_order(struct world *w, unsigned wave)
{
    for (int d = 0; d < w->count; d++)
        if (w->wave_of[d] > (int)wave && w->work.id[1][d] != 0 && !attempt_state_ended(w->work.attempt[1][d].state))
            wrong(w, "a wave went back before a later one");
}

static void offer(struct world *w, unsigned wave, bool back, uint32_t count)
{
    for (; count > 0 && !w->wrong; count--) {
        int d = next_planned(w, wave, back);
        if (d < 0) {
            wrong(w, "an offer for nobody");
            return;
        }
        enum rollout_state state = w->work.rollout.state;
        if (state != (back ? ROLLOUT_ROLLING_BACK : ROLLOUT_RUNNING))
            wrong(w, "an offer of a rollout that does not run");
        if (w->work.attempt[back][d].taken)
            wrong(w, "an offer to a device that has begun");
        if (!back)
            check_wave_begins(w, wave);
        else
            check_back_order(w, wave);
        struct attempt_event ev = {.kind = ATTEMPT_EV_OFFER, .now = now_of(w), .online = w->device[d].online};
        set_boot(&ev, w->work.boot[d]);
        w->guessed[d] = w->guessed[d] || w->work.boot[d] == 0;
        feed_attempt(w, d, back, ev, true);
        check_places(w, wave, back);
        if (back && w->floor[d])
            follow(w, d, true,
                   (struct attempt_event){.kind = ATTEMPT_EV_SKIP, .now = now_of(w), .code = ATTEMPT_CODE_FLOOR});
    }
}

static void plan_back(struct world *w, int d)
{
    w->work.id[1][d] = w->next_id++;
    w->work.attempt[1][d] = (struct attempt){.state = ATTEMPT_PLANNED};
    w->work.timer[1][d].ms = 0;
}

static void cancel_planned(struct world *w, unsigned wave, bool back, uint32_t count)
{
    if (count > w->slice)
        wrong(w, "a turn cancels more than a slice");
    for (; count > 0 && !w->wrong; count--) {
        int d = next_planned(w, wave, back);
        if (d < 0) {
            wrong(w, "a cancellation for nobody");
            return;
        }
        w->work.attempt[back][d].state = ATTEMPT_CANCELLED;
        w->work.n[d]++;
        send_job(w, d);
    }
}

static void apply_bulk(struct world *w, const struct rollout_rows *rows, int d)
{
    if (rows->plan_back_member) {
        if (w->work.id[1][d] != 0)
            wrong(w, "a device goes back twice");
        plan_back(w, d);
    }
    for (unsigned wave = 0; wave < w->plan.wave_count; wave++) {
        cancel_planned(w, wave, false, rows->cancel[wave]);
        cancel_planned(w, wave, true, rows->cancel_back[wave]);
    }
}

static void apply_rows(struct world *w, const struct rollout_rows *rows, int d)
{
    struct attempt_event cancel = {.kind = ATTEMPT_EV_CANCEL, .now = now_of(w)};
    apply_bulk(w, rows, d);
    for (unsigned wave = 0; wave < w->plan.wave_count; wave++) {
        offer(w, wave, false, rows->offer[wave]);
        offer(w, wave, true, rows->offer_back[wave]);
    }
    for (int back = 0; back < 2; back++)
        for (int i = 0; i < w->count; i++)
            if ((back ? rows->cancel_open_back : rows->cancel_open) && w->work.id[back][i] != 0 &&
                (w->work.attempt[back][i].state == ATTEMPT_DEFERRED ||
                 attempt_state_open(w->work.attempt[back][i].state)))
                follow(w, i, back != 0, cancel);
}

static enum gw_rc feed_rollout(struct world *w, struct rollout_event ev, int d)
{
    struct rollout_update u;
    struct gw_err err = {0};
    ev.now = now_of(w);
    ev.rows_max = w->slice;
    enum gw_rc rc = rollout_step(&w->work.rollout, &w->plan, &ev, &u, &err);
    if (rc == GW_CONFLICT)
        return rc;
    if (rc) {
        printf("# rollout: %s\n", gw_err_text(&err));
        wrong(w, "the rollout refused an event");
        return rc;
    }
    if (ev.kind == ROLLOUT_EV_START && w->work.rollout.rest.unplanned > 0)
        wrong(w, "a draft that is not whole was started");
    w->work.rollout = u.next;
    w->work.rollout_timer = u.timer;
    w->seen[u.next.state]++;
    apply_rows(w, &u.rows, d);
    return GW_OK;
}

/* What the device really did must bear an ok out. */
static void check_ok(struct world *w, int d, bool back)
{
    const struct attempt *a = &w->work.attempt[back][d];
    int seen = 0;
    bool cunning = (w->device[d].traits & LIES_IDLE) && w->device[d].boot > 1; /* lied beside a true reboot */
    if (sscanf(a->boot_confirm, "boot-%d", &seen) != 1 || seen >= BOOTS_MAX ||
        (w->device[d].boot_version[seen] != (back ? OLD : NEW) && !cunning))
        wrong(w, "ok for a version that never ran");
    if (strcmp(a->boot_confirm, a->boot_before) == 0)
        wrong(w, "ok without a reboot");
    if (!back)
        w->last_ok_ms[w->wave_of[d]] = w->now_ms;
    w->back_ok += back;
}

static void feed_attempt(struct world *w, int d, bool back, struct attempt_event ev, bool told)
{
    struct attempt *a = &w->work.attempt[back][d], before = *a;
    struct attempt_update u;
    enum gw_rc rc = attempt_step(a, &w->plan.terms, &ev, &u);
    if (rc == GW_CONFLICT)
        return;
    if (rc) {
        wrong(w, "an attempt refused an event");
        return;
    }
    if (attempt_state_ended(before.state) && u.next.state != before.state)
        wrong(w, "an attempt left its end");
    *a = u.next;
    w->work.timer[back][d] = u.timer;
    if (u.next.state == ATTEMPT_OK && before.state != ATTEMPT_OK)
        check_ok(w, d, back);
    if (u.send == ATTEMPT_SEND_CHANGED)
        w->work.n[d]++;
    if (u.send != ATTEMPT_SEND_NONE)
        send_job(w, d);
    bool held = attempt_holds(&before), holds = attempt_holds(a);
    if (told || (before.state == a->state && (back || held == holds)))
        return;
    (void)feed_rollout(w,
                       (struct rollout_event){.kind = ROLLOUT_EV_CHANGED,
                                              .wave = (uint16_t)w->wave_of[d],
                                              .back = back,
                                              .from = before.state,
                                              .to = a->state,
                                              .held = held,
                                              .holds = holds,
                                              .place = w->place_of[d],
                                              .has_back = w->work.id[1][d] != 0},
                       d);
}

/* Once a rollout stops, whoever has not begun is asked to leave it; who is planned, when its slice comes. */
static void check_stops(struct world *w, const struct db *db, int d)
{
    bool stops[2] = {db->rollout.state == ROLLOUT_ABORTING || db->rollout.state == ROLLOUT_ROLLING_BACK,
                     db->rollout.state == ROLLOUT_ABORTING};
    for (int back = 0; back < 2; back++) {
        const struct attempt *a = &db->attempt[back][d];
        bool waits = a->state == ATTEMPT_PLANNED && rollout_rows_left(&db->rollout);
        if (stops[back] && db->id[back][d] != 0 && !attempt_state_ended(a->state) && !attempt_state_begun(a->state) &&
            !a->cancel && !waits)
            wrong(w, "a device was not asked to leave a rollout that stops");
    }
}

/* Those of a draft that have no attempt yet are the last ones of all, and count as planned. */
static uint32_t unplanned(struct world *w, const struct db *db, unsigned wave)
{
    uint32_t here = 0, all = 0;
    for (int d = 0; d < w->count; d++)
        if (db->id[0][d] == 0) {
            here += w->wave_of[d] == (int)wave;
            all++;
        }
    if (db->rollout.state == ROLLOUT_DRAFT && all != db->rollout.rest.unplanned)
        wrong(w, "other devices have no attempt than the rollout says");
    return db->rollout.state == ROLLOUT_DRAFT ? here : 0;
}

/* All back attempts there are, of this rollback and an earlier one. */
static void check_old_back(struct world *w, const struct db *db)
{
    uint32_t rows = 0, counted = db->rollout.rest.old_back;
    for (int d = 0; d < w->count; d++)
        rows += db->id[1][d] != 0;
    for (unsigned wave = 0; wave < w->plan.wave_count; wave++)
        counted += db->rollout.waves[wave].back_total;
    if (rows != counted)
        wrong(w, "other attempts go back than the rollout says");
}

void gateway_check(struct world *w, const struct db *db)
{
    bool old_back = db->rollout.rest.old_back > 0;
    check_old_back(w, db);
    for (unsigned wave = 0; wave < w->plan.wave_count; wave++) {
        uint32_t count[2][ATTEMPT_STATES] = {0}, holders = 0, open = 0;
        for (int d = 0; d < w->count; d++) {
            if (w->wave_of[d] != (int)wave)
                continue;
            for (int back = 0; back < 2; back++)
                if (db->id[back][d] != 0)
                    count[back][db->attempt[back][d].state]++;
            holders += attempt_holds(&db->attempt[0][d]);
            open += attempt_state_open(db->attempt[0][d].state);
        }
        for (int d = 0; d < w->count; d++)
            check_stops(w, db, d);
        const struct rollout_wave *counted = &db->rollout.waves[wave];
        count[0][ATTEMPT_PLANNED] += unplanned(w, db, wave);
        if (memcmp(count[0], counted->count, sizeof(count[0])) != 0 ||
            (!old_back && memcmp(count[1], counted->back, sizeof(count[1])) != 0) || holders != counted->holders)
            wrong(w, "the counters are not what the rows say");
        if (open > w->plan.waves[wave].max_concurrent && !w->goes_on)
            wrong(w, "more open than max_concurrent");
    }
}

static void begin_turn(struct world *w)
{
    w->work = w->db;
    w->outs = w->follows = 0;
}

static void die(struct world *w)
{
    w->crashes++;
    w->up = false;
    w->up_ms = w->now_ms + 1000 + (int64_t)draw(w, chance(w, 20) ? 90000000 : 120000);
}

static void end_turn(struct world *w)
{
    for (int i = 0; i < w->follows && !w->wrong; i++)
        feed_attempt(w, w->follow[i].device, w->follow[i].back, w->follow[i].event, false);
    w->turns++;
    gateway_check(w, &w->work);
    bool stop = w->stop_there && !w->calm;
    if (!w->calm && (draw(w, 1000) < w->crash_pct || (stop && w->slices % 3 == 1))) {
        die(w); /* before the commit */
        return;
    }
    w->work.committed_ms = w->now_ms;
    w->db = w->work;
    if (!w->calm && (draw(w, 1000) < w->crash_pct || (stop && w->slices % 3 == 2))) {
        die(w); /* after it, before anything was sent */
        return;
    }
    for (int i = 0; i < w->outs; i++)
        post(w, w->out[i]);
}

static void take_report(struct world *w, const struct message *m)
{
    int d = m->device;
    struct attempt_event ev = {.kind = ATTEMPT_EV_REPORT,
                               .now = now_of(w),
                               .running = (enum attempt_running)running_of(m->back, m->version),
                               .report = {.rev = m->rev, .word = m->word, .code = m->code, .until = {m->until_ms}}};
    set_boot(&ev, m->boot);
    if (w->work.id[m->back][d] == m->attempt)
        feed_attempt(w, d, m->back, ev, false);
    struct message ack = *m;
    ack.kind = DOWN_ACK;
    w->out[w->outs++] = ack;
}

static void take_state(struct world *w, const struct message *m)
{
    int d = m->device;
    if (w->work.n[d] < m->n)
        w->work.n[d] = m->n;
    w->work.boot[d] = m->boot;
    for (int back = 0; back < 2; back++) {
        struct attempt_event ev = {
            .kind = ATTEMPT_EV_STATE, .now = now_of(w), .running = (enum attempt_running)running_of(back, m->version)};
        set_boot(&ev, m->boot);
        if (w->work.id[back][d] != 0)
            feed_attempt(w, d, back, ev, false);
    }
    send_job(w, d);
}

static void take_other(struct world *w, const struct message *m)
{
    struct attempt_event ev = {.now = now_of(w), .sev = EVENT_SEV_CRITICAL};
    ev.kind = m->kind == TO_ONLINE ? ATTEMPT_EV_ONLINE : m->kind == TO_OFFLINE ? ATTEMPT_EV_OFFLINE : ATTEMPT_EV_ALARM;
    if (m->kind == TO_ALARM)
        set_boot(&ev, m->boot);
    for (int back = 0; back < 2; back++)
        if (w->work.id[back][m->device] != 0)
            feed_attempt(w, m->device, back, ev, false);
}

void gateway_take(struct world *w, const struct message *m)
{
    if (!w->up)
        return;
    begin_turn(w);
    if (m->kind == TO_REPORT)
        take_report(w, m);
    else if (m->kind == TO_STATE)
        take_state(w, m);
    else
        take_other(w, m);
    end_turn(w);
}

void gateway_act(struct world *w, struct rollout_event act)
{
    if (!w->up)
        return;
    begin_turn(w);
    if (feed_rollout(w, act, 0) == GW_OK)
        end_turn(w);
}

/* The unplanned device that comes next. */
static int next_unplanned(const struct world *w)
{
    int best = -1;
    for (int d = 0; d < w->count; d++)
        if (w->work.id[0][d] == 0 && (best < 0 || w->wave_of[d] < w->wave_of[best] ||
                                      (w->wave_of[d] == w->wave_of[best] && w->place_of[d] < w->place_of[best])))
            best = d;
    return best;
}

static uint32_t plan_draft(struct world *w)
{
    uint32_t rows = 0;
    for (int d = next_unplanned(w); d >= 0 && rows < w->slice; d = next_unplanned(w), rows++) {
        w->work.id[0][d] = w->next_id++;
        w->work.attempt[0][d] = (struct attempt){.state = ATTEMPT_PLANNED};
    }
    return rows;
}

static uint32_t drop_back(struct world *w)
{
    uint32_t rows = 0;
    for (int d = 0; d < w->count && rows < w->slice; d++)
        if (w->work.id[1][d] != 0) {
            if (!attempt_state_ended(w->work.attempt[1][d].state))
                wrong(w, "an attempt of an earlier rollback has not ended");
            w->work.id[1][d] = 0;
            rows++;
        }
    return rows;
}

/* Looks at so many of the wave as a slice has. */
static void plan_holders(struct world *w, struct rollout_event *ev)
{
    const struct rollout_rest *rest = &w->work.rollout.rest;
    uint32_t end = rest->place + w->slice, most = 0;
    for (int d = 0; d < w->count; d++) {
        if (w->wave_of[d] != rest->wave)
            continue;
        most = w->place_of[d] >= most ? w->place_of[d] + 1 : most;
        if (w->place_of[d] < rest->place || w->place_of[d] >= end || !attempt_holds(&w->work.attempt[0][d]))
            continue;
        if (w->work.id[1][d] != 0)
            wrong(w, "a device goes back twice");
        plan_back(w, d);
        ev->rows++;
    }
    ev->place = end;
    ev->through = end >= most;
}

static void slice(struct world *w)
{
    struct rollout_event ev = {.kind = ROLLOUT_EV_PLANNED};
    begin_turn(w);
    if (w->work.rollout.state == ROLLOUT_DRAFT)
        ev.rows = plan_draft(w);
    else if (w->work.rollout.rest.old_back > 0)
        ev.rows = drop_back(w);
    else
        plan_holders(w, &ev);
    w->slices++;
    if (feed_rollout(w, ev, 0) == GW_OK) {
        w->stop_there = w->slice_dies;
        end_turn(w);
        w->stop_there = false;
    }
}

static bool due(struct gw_wall t, int64_t now_ms)
{
    return t.ms != 0 && t.ms <= now_ms;
}

void gateway_timers(struct world *w)
{
    for (int back = 0; back < 2; back++)
        for (int d = 0; d < w->count && w->up; d++)
            if (w->db.id[back][d] != 0 && due(w->db.timer[back][d], w->now_ms)) {
                begin_turn(w);
                feed_attempt(w, d, back, (struct attempt_event){.kind = ATTEMPT_EV_TIMER, .now = now_of(w)}, false);
                end_turn(w);
            }
    if (!w->up || !due(w->db.rollout_timer, w->now_ms))
        return;
    if (rollout_rest_left(&w->db.rollout)) {
        slice(w);
        return;
    }
    bool cancels = rollout_rows_left(&w->db.rollout);
    w->slices += cancels;
    w->stop_there = cancels && w->slice_dies;
    gateway_act(w, (struct rollout_event){.kind = ROLLOUT_EV_TICK});
    w->stop_there = false;
}

int64_t gateway_next(const struct world *w)
{
    int64_t next = 0;
    if (!w->up)
        return w->up_ms;
    for (int back = 0; back < 2; back++)
        for (int d = 0; d < w->count; d++) {
            int64_t at = w->db.id[back][d] != 0 ? w->db.timer[back][d].ms : 0;
            next = at != 0 && (next == 0 || at < next) ? at : next;
        }
    int64_t at = w->db.rollout_timer.ms;
    return at != 0 && (next == 0 || at < next) ? at : next;
}

/* One transaction: what was not seen does not count. Then the plugin tells who is connected: sessions outlive a daemon,
 * and nobody in them says anything anew, unless the broker has died too. */
void gateway_restart(struct world *w)
{
    w->up = true;
    begin_turn(w);
    int64_t away_ms = w->now_ms - w->db.committed_ms;
    struct attempt_event blind = {.kind = ATTEMPT_EV_BLIND, .now = now_of(w), .away_ms = away_ms};
    for (int back = 0; back < 2; back++)
        for (int d = 0; d < w->count; d++)
            if (w->work.id[back][d] != 0)
                feed_attempt(w, d, back, blind, false);
    (void)feed_rollout(w, (struct rollout_event){.kind = ROLLOUT_EV_BLIND, .away_ms = away_ms}, 0);
    end_turn(w);
    bool lives = chance(w, 50);
    for (int d = 0; d < w->count && w->up; d++)
        if (w->device[d].online && lives) {
            post(w, (struct message){.kind = TO_ONLINE, .device = d});
        } else if (w->device[d].online) {
            w->device[d].online = false;
            device_connect(w, d);
        }
}

void gateway_init(struct world *w)
{
    w->up = true;
    w->next_id = 1;
    w->db.rollout_timer = (struct gw_wall){w->now_ms};
    w->db.committed_ms = w->now_ms;
}
