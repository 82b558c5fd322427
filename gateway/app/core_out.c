#include <stdio.h>
#include <string.h>

#include "advice.h"
#include "core_internal.h"
#include "gw_cleanup.h"
#include "gw_log.h"

#define PART "core"

static void answer_now(struct core *core, struct answer *answer)
{
    core->outlets.answer(core->outlets.ctx, answer);
    answer_free(answer);
}

void core_refuse(struct core *core, struct asker asker, enum gw_rc rc, const char *why)
{
    if (asker.kind == ASKER_NOBODY)
        return;
    struct answer *answer = gw_xalloc(1, sizeof(*answer));
    answer->kind = ANSWER_DONE;
    answer->asker = asker;
    answer->rc = rc == GW_NO_SPACE ? GW_NO_SPACE : GW_AGAIN;
    (void)snprintf(answer->text, sizeof(answer->text), "%s", rc == GW_NO_SPACE ? "the gateway's disk is full" : why);
    answer_now(core, answer);
}

/* No worker has room. */
static void refuse_work(struct core *core, const struct work *work)
{
    if (work->kind == WORK_CHECK)
        people_unchecked(&core->operate.people, &work->act);
    core_refuse(core, work->asker, GW_AGAIN, "the gateway has too much to do: try again");
}

/* What is left in the turn's hands is refused: this item, or a password that gave way to it. */
static void give_work(struct core *core, struct turn_out *out)
{
    struct work *gave_way = NULL;
    if (workers_give(core->workers, out->work, &gave_way) == GW_OK)
        out->work = gave_way;
    if (out->work)
        refuse_work(core, out->work);
}

static void refuse_survey(struct core *core, const struct rollout_survey *survey, const char *why)
{
    struct answer *answer = gw_xalloc(1, sizeof(*answer));
    answer->kind = ANSWER_DONE;
    answer->asker = survey->asker;
    answer->rc = GW_AGAIN;
    answer->retry_after_s = ROLLOUT_SURVEY_RETRY_S;
    (void)snprintf(answer->text, sizeof(answer->text), "%s", why);
    answer_now(core, answer);
}

/* What is left in the turn's hands was refused: this one, or one that gave way to it. */
static void let_survey_out(struct core *core, struct turn_out *out)
{
    struct rollout_survey *gave_way = NULL;
    struct gw_err err = {0};
    if (core->outlets.survey(core->outlets.ctx, out->survey, &gave_way, &err)) {
        refuse_survey(core, out->survey, gw_err_text(&err));
        return;
    }
    out->survey = gave_way;
    if (gave_way)
        refuse_survey(core, gave_way,
                      "too many people ask for previews and drafts, and you have another one: try again");
}

static void let_verify_out(struct core *core, struct turn_out *out)
{
    const struct import_port *imports = &core->operate.releases.imports;
    struct asker asker = out->verify->asker;
    if (imports->ops->verify(imports->self, out->verify) == GW_OK)
        out->verify = NULL;
    else
        core_refuse(core, asker, GW_AGAIN, "a release is being imported or verified: try again later");
}

/* A turn behind what is queued. A full queue: the next tick looks again. */
static void post_to_self(struct core *core, const struct turn_out *out)
{
    if (core->stopping)
        return;
    struct inbox port = inbox_queue_inner_port(core->queue);
    struct inbox_msg msg = {.kind = out->kind == OUT_DUE ? INBOX_DUE : INBOX_LOOK};
    if (out->kind == OUT_DUE)
        memcpy(msg.u.due, out->id, sizeof(msg.u.due));
    (void)!port.post(port.self, &msg);
}

static void let_out(struct core *core, struct turn_out *out, struct gw_wall now)
{
    struct gw_err err = {0};
    enum gw_rc rc = GW_OK;
    switch (out->kind) {
    case OUT_ANSWER:
        if (out->after_registry && core->operate.access.claimed) /* before the claim there is no broker to tell */
            session_hold(&core->session, GW_TAKE(out->answer), now);
        else
            answer_now(core, GW_TAKE(out->answer));
        break;
    case OUT_REGISTRY:
        rc = session_send_device(&core->session, core->store, &out->device, now, &err);
        break;
    case OUT_REGISTRY_ALL:
        rc = session_send_all(&core->session, core->store, now, &err);
        break;
    case OUT_WORK:
        give_work(core, out);
        break;
    case OUT_QUERY:
        if (core->outlets.query(core->outlets.ctx, out->query) == GW_OK)
            out->query = NULL;
        else
            core_refuse(core, out->query->asker, GW_AGAIN, "too many reads of logs and lists are waiting: try again");
        break;
    case OUT_SURVEY:
        let_survey_out(core, out);
        break;
    case OUT_COLLECT:
        core->operate.releases.imports.ops->collect(core->operate.releases.imports.self);
        break;
    case OUT_VERIFY:
        let_verify_out(core, out);
        break;
    case OUT_CUT:
        core->outlets.cut(core->outlets.ctx, &out->cert_sha256);
        break;
    case OUT_SESSION:
        session_table_apply(core->operate.people.sessions, out->session);
        break;
    case OUT_FEED:
        core->outlets.fed(core->outlets.ctx, &out->feed);
        break;
    case OUT_TOKEN:
        token_table_apply(core->operate.tokens.table, out->token);
        break;
    case OUT_OPEN_DEVICES:
        core->outlets.open_devices(core->outlets.ctx);
        break;
    case OUT_JOB:
        rollouts_send_job(&core->operate.rollouts, core->store, &out->device, now);
        break;
    case OUT_JOBACK:
        rollouts_send_back(&core->operate.rollouts, &out->device, out->id, out->rev, out->word);
        break;
    case OUT_CONFIG:
        advice_send(&core->session, core->store, &out->device, now);
        break;
    case OUT_CHILD:
        core->outlets.child(core->outlets.ctx, &out->child);
        break;
    case OUT_DUE:
    case OUT_LOOK:
        post_to_self(core, out);
        break;
    }
    if (rc)
        gw_log(GW_LOG_WARN, PART, "the broker's registry: %s", gw_err_text(&err));
}

void core_let_out(struct core *core, struct turn *turn)
{
    live_feed_note(&core->feed, turn);
    for (size_t i = 0; i < turn->count; i++)
        let_out(core, &turn->outs[i], turn->now);
    turn_reset(turn, 0);
}
