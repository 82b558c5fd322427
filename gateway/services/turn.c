#include "turn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"

static void out_done(struct turn_out *out)
{
    answer_free(out->answer);
    if (out->work && out->work->blob) {
        explicit_bzero(out->work->blob, out->work->blob_len);
        free(out->work->blob);
    }
    free(out->work);
    free(out->query);
    rollout_survey_free(out->survey);
    free(out->verify);
    if (out->session)
        explicit_bzero(out->session, sizeof(*out->session));
    free(out->session);
    free(out->token);
    *out = (struct turn_out){0};
}

void turn_reset(struct turn *turn, size_t keep)
{
    while (turn->count > keep)
        out_done(&turn->outs[--turn->count]);
    if (keep)
        return;
    free(turn->outs);
    turn->outs = NULL;
    turn->cap = 0;
    turn->live_count = 0;
    memset(turn->live_all, 0, sizeof(turn->live_all));
}

struct turn_out *turn_out(struct turn *turn, enum turn_out_kind kind)
{
    if (turn->count == TURN_OUTS_MAX)
        abort(); /* more is a bug of ours */
    turn->outs = gw_xgrow(turn->outs, turn->count, &turn->cap, sizeof(*turn->outs));
    struct turn_out *out = &turn->outs[turn->count++];
    *out = (struct turn_out){.kind = kind};
    return out;
}

void turn_due(struct turn *turn, const char *id)
{
    if (turn->count >= TURN_DUE_MAX)
        return;
    for (size_t i = 0; i < turn->count; i++)
        if (turn->outs[i].kind == OUT_DUE && strcmp(turn->outs[i].id, id) == 0)
            return;
    struct turn_out *out = turn_out(turn, OUT_DUE);
    memcpy(out->id, id, strlen(id) + 1); /* an id of ours */
}

struct answer *turn_answer(struct turn *turn, enum answer_kind kind, struct asker asker)
{
    struct answer *answer = gw_xalloc(1, sizeof(*answer));
    answer->kind = kind;
    answer->asker = asker;
    turn_out(turn, OUT_ANSWER)->answer = answer;
    return answer;
}

void turn_done(struct turn *turn, struct asker asker, enum gw_rc rc, const char *text)
{
    struct answer *answer = turn_answer(turn, ANSWER_DONE, asker);
    answer->rc = rc;
    (void)snprintf(answer->text, sizeof(answer->text), "%s", text);
}

void turn_registry(struct turn *turn, const struct gw_device_id *device)
{
    turn_out(turn, OUT_REGISTRY)->device = *device;
}

struct work *turn_work(struct turn *turn, enum work_kind kind, struct asker asker)
{
    struct work *work = gw_xalloc(1, sizeof(*work));
    work->kind = kind;
    work->asker = asker;
    turn_out(turn, OUT_WORK)->work = work;
    return work;
}

struct session_change *turn_session(struct turn *turn, enum session_change_kind kind)
{
    struct session_change *change = gw_xalloc(1, sizeof(*change));
    change->kind = kind;
    turn_out(turn, OUT_SESSION)->session = change;
    return change;
}

struct token_change *turn_token(struct turn *turn)
{
    struct token_change *change = gw_xalloc(1, sizeof(*change));
    turn_out(turn, OUT_TOKEN)->token = change;
    return change;
}

void turn_live_all(struct turn *turn, enum live_topic topic)
{
    turn->live_all[topic] = true;
}

void turn_live(struct turn *turn, enum live_topic topic, const char *key)
{
    for (size_t i = 0; i < turn->live_count; i++)
        if (turn->live[i].topic == topic && strcmp(turn->live[i].key, key) == 0)
            return;
    if (turn->live_count == TURN_LIVE_MAX || strlen(key) >= LIVE_KEY_MAX) {
        turn_live_all(turn, topic);
        return;
    }
    struct turn_row *row = &turn->live[turn->live_count++];
    row->topic = topic;
    (void)snprintf(row->key, sizeof(row->key), "%s", key);
}

void turn_live_device(struct turn *turn, const struct gw_device_id *device)
{
    turn_live(turn, LIVE_DEVICES, device->text);
    turn_live(turn, LIVE_OVERVIEW, LIVE_OVERVIEW_KEY);
}

enum gw_rc turn_audit(struct turn *turn, struct audit_event *event, struct gw_err *err)
{
    event->t = turn->now;
    return turn->store->ops->audit_put(turn->store->self, event, err);
}
