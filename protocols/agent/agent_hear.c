/* What the session tells the agent, and what jobs ask of it. */
#include <string.h>

#include "agent_event.h"
#include "agent_internal.h"
#include "agent_report.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "gw_num.h"

#define CONNECT_FIRST    GW_SECOND_MS
#define CONNECT_MAX      (2 * GW_MINUTE_MS)
#define STATE_BYTES_MAX  16384
#define ADVICE_EVENT_MAX 1024

/* ---- what the session tells ---- */

static void send_state(struct agent *a)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, STATE_BYTES_MAX);
    struct agent_report_facts facts = {.job_n = (uint64_t)agent_job_record(a->jobs.job)->n,
                                       .release = agent_job_version(a->jobs.job),
                                       .boot = agent_job_boot(a->jobs.job)};
    if (agent_report_format(a->config, &facts, &payload) ||
        agent_session_publish(a->session, TOPIC_UP_STATE, gw_buf_view(&payload)))
        gw_log(GW_LOG_WARN, "session", "the inventory could not be sent");
}

static void on_up(void *ctx)
{
    struct agent *a = ctx;
    gw_log(GW_LOG_INFO, "session", "session up with %s:%u", a->site.host, a->site.mqtt_port);
    agent_backoff_reset(&a->connect_backoff);
    a->down_told = false;
    send_state(a);
    agent_ship_up(&a->ship, gw_mono_now());
    agent_job_session(a->jobs.job, true);
}

static void on_down(void *ctx, const char *why, bool refused)
{
    struct agent *a = ctx;
    int64_t wait = agent_backoff_next_ms(&a->connect_backoff, CONNECT_FIRST, CONNECT_MAX);
    agent_ship_down(&a->ship);
    agent_job_session(a->jobs.job, false);
    a->connect_at_ms = gw_mono_now().ms + wait;
    gw_log(a->down_told && refused <= a->refusal_seen ? GW_LOG_DEBUG : GW_LOG_WARN, "session",
           "session down: %s; next try in %lld ms", why, (long long)wait);
    a->down_told = true;
    a->refusal_seen = refused;
    if (refused)
        agent_identity_refused(a, gw_mono_now());
}

static void tell_news(struct agent *a, const struct agent_ship_news *news, const struct gw_err *err)
{
    if (news->new_epoch)
        gw_log(GW_LOG_ERROR, "log", "the gateway's log contradicts ours: new log begun, reason %s",
               agent_spool_reason_text(news->reason));
    if (news->verified && news->verified_next > a->verified_told)
        gw_log(GW_LOG_INFO, "log", "%llu event%s acknowledged and verified up to %llu",
               (unsigned long long)(news->verified_next - a->verified_told),
               gw_plural(news->verified_next - a->verified_told), (unsigned long long)news->verified_next);
    if (news->verified || news->new_epoch)
        a->verified_told = news->verified ? news->verified_next : 0;
    if (news->bad_checkpoint)
        gw_log(GW_LOG_ERROR, "log", "%s; nothing is freed by it", gw_err_text(err));
    if (news->unknown_key && a->ship.key_known && !a->key_refresh) {
        a->key_refresh = true;
        a->key_at_ms = gw_mono_now().ms;
    }
}

static void on_ack(struct agent *a, struct gw_view payload)
{
    struct ack ack;
    struct agent_ship_news news;
    struct gw_err err = {0};
    if (ack_parse(payload, &ack, &err)) {
        gw_log(GW_LOG_WARN, "log", "%s", gw_err_text(&err));
        return;
    }
    enum gw_rc rc = agent_ship_ack(&a->ship, &ack, gw_mono_now(), gw_wall_now(), &news, &err);
    if (rc && rc != GW_NO_SPACE && !a->fatal.rc)
        a->fatal = err;
    if (!rc)
        tell_news(a, &news, &err);
}

static void add_event(void *ctx, struct gw_view event)
{
    struct agent *a = ctx;
    struct gw_err err;
    if (agent_spool_add(a->spool, event, agent_event_severity(event), gw_wall_now(), &err))
        gw_log(GW_LOG_ERROR, "log", "an event of ours is lost: %s", gw_err_text(&err));
}

static void on_config(struct agent *a, struct gw_view payload)
{
    struct agent_advice_news news;
    struct gw_err err = {0};
    if (agent_advice_heard(&a->advice, payload, gw_mono_now(), &news, &err)) {
        gw_log(GW_LOG_WARN, "advice", "%s", gw_err_text(&err));
        return;
    }
    if (news.level_changed) {
        GW_CLEANUP(gw_buf_done) struct gw_buf text;
        gw_buf_init(&text, ADVICE_EVENT_MAX);
        gw_log(GW_LOG_INFO, "advice", "the gateway asks for events of severity %s and above",
               event_sev_text(a->advice.least));
        if (!agent_advice_event(&a->advice, &news, gw_wall_now(), &text))
            add_event(a, gw_buf_view(&text));
    }
    if (news.renew) {
        gw_log(GW_LOG_INFO, "advice", "the gateway asks to renew the certificate now");
        a->identity_at_ms = 0;
    }
}

static void on_message(void *ctx, enum topic_kind kind, struct gw_view payload)
{
    struct agent *a = ctx;
    if (kind == TOPIC_DN_ACK)
        on_ack(a, payload);
    else if (kind == TOPIC_DN_JOB)
        agent_job_message(a->jobs.job, payload, gw_wall_now());
    else if (kind == TOPIC_DN_JOBACK)
        agent_job_ack(a->jobs.job, payload);
    else if (kind == TOPIC_DN_CONFIG)
        on_config(a, payload);
}

const struct agent_session_ops agent_session_calls = {.up = on_up, .down = on_down, .message = on_message};

enum gw_rc agent_send_batch(void *ctx, struct gw_view payload)
{
    struct agent *a = ctx;
    return agent_session_publish(a->session, TOPIC_UP_LOG, payload);
}

/* ---- what jobs ask for ---- */

static enum gw_rc send_report(void *ctx, struct gw_view payload)
{
    struct agent *a = ctx;
    return agent_session_publish(a->session, TOPIC_UP_JOB, payload);
}

static void renew_soon(void *ctx)
{
    struct agent *a = ctx;
    a->identity_at_ms = 0;
}

const struct agent_job_hooks agent_job_calls = {.report = send_report, .event = add_event, .renew = renew_soon};
