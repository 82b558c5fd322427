#include "fleet_update.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fleet_handler.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "unsynced_fs.h"

#define PART         "update"
#define TROUBLE_TOLD 20 /* that are told one by one */

static const struct fleet_conduct *conduct_of(const struct fleet_update *u)
{
    return &u->all->behaviour->conduct[u->kind];
}

static void path_of(const struct fleet_update *u, const char *name, char out[AGENT_PATH_MAX + 32])
{
    (void)snprintf(out, AGENT_PATH_MAX + 32, "%s/jobs%s", u->identity->site.state_dir, name);
}

static void tell_trouble(const struct fleet_update *u, const struct gw_err *err)
{
    static unsigned told;
    if (told++ < TROUBLE_TOLD)
        gw_log(GW_LOG_ERROR, PART, "%s: %s", u->identity->site.id.text, gw_err_text(err));
}

void fleet_update_save_slots(struct fleet_update *u)
{
    char path[AGENT_PATH_MAX + 32];
    struct gw_err err = {0};
    path_of(u, "/slots", path);
    if (fleet_slots_save(unsynced_fs(), path, &u->slots, &err))
        tell_trouble(u, &err);
}

/* ---- what agent_job asks for ------------------------------------------------------------------------------------- */

static void on_progress(void *ctx, unsigned pct)
{
    struct fleet_update *u = ctx;
    agent_job_progress(u->job, pct);
}

static void on_fetched(void *ctx, enum gw_rc rc, const struct gw_err *err)
{
    struct fleet_update *u = ctx;
    u->fetch = NULL;
    agent_job_fetched(u->job, rc, err);
}

static const struct fleet_fetch_ops fetch_ops = {.progress = on_progress, .done = on_fetched};

static enum gw_rc start_fetch(void *ctx, const struct job *job, const struct release_file *file, struct gw_err *err)
{
    struct fleet_update *u = ctx;
    const struct fleet_options *o = u->all->options;
    char url[FLEET_FETCH_URL_MAX];
    u->skipped = o->no_download;
    if (u->skipped)
        return GW_OK;
    (void)snprintf(url, sizeof(url), "https://%s:%u" JOB_PATH_PREFIX "%s/%s", u->identity->site.host,
                   u->identity->site.https_port, job->attempt, file->name);
    const struct fleet_fetch_request request = {.url = url,
                                                .root_path = u->identity->est.root_path,
                                                .cert_path = u->identity->est.cert_path,
                                                .key_path = u->identity->est.key_path,
                                                .sha256 = file->sha256,
                                                .size = file->size,
                                                .first_bytes = o->artifact_bytes,
                                                .bytes_per_s = conduct_of(u)->bytes_per_s};
    return fleet_fetch_start(u->all->fetches, &request, &fetch_ops, u, &u->fetch, err);
}

static void stop_fetch(void *ctx)
{
    struct fleet_update *u = ctx;
    fleet_fetch_stop(u->fetch);
    u->fetch = NULL;
}

/* The truth about what runs, whatever the agent's machine was made to believe. */
static enum gw_rc send_truth(struct fleet_update *u, struct job_report *report)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, JOB_REPORT_MAX);
    (void)snprintf(report->running, sizeof(report->running), "%s", u->slots.running);
    enum gw_rc rc = job_report_format(report, &payload);
    return rc ? rc : u->hooks->report(u->ctx, gw_buf_view(&payload));
}

static enum gw_rc send_report(void *ctx, struct gw_view payload)
{
    struct fleet_update *u = ctx;
    struct job_report report;
    enum gw_rc rc = job_report_parse(payload, &report, NULL);
    if (!rc && u->held && report.state != conduct_of(u)->at)
        return GW_AGAIN; /* of what comes behind the step nobody hears */
    if (!rc)
        rc = send_truth(u, &report);
    if (!rc && u->kind == FLEET_GOES_SILENT && report.state == conduct_of(u)->at && u->acts == 0)
        u->held = true;
    return rc;
}

static void put_event(void *ctx, struct gw_view event)
{
    struct fleet_update *u = ctx;
    u->hooks->event(u->ctx, event);
}

static void count_state(struct fleet_update_stats *s, enum job_state state)
{
    s->jobs += state == JOB_STATE_ACCEPTED;
    s->installed += state == JOB_STATE_INSTALLED;
    s->failed += state == JOB_STATE_FAILED;
    s->rejected += state == JOB_STATE_REJECTED;
    s->rolled_back += state == JOB_STATE_ROLLED_BACK;
    s->cancelled += state == JOB_STATE_CANCELLED;
    s->deferred += state == JOB_STATE_DEFERRED;
}

static void on_changed(void *ctx, const struct agent_job_record *record)
{
    struct fleet_update *u = ctx;
    bool acts = u->kind == FLEET_FLAPS || u->kind == FLEET_CRASHES;
    count_state(u->all->stats, record->state);
    if (record->state == JOB_STATE_ACCEPTED) {
        u->acts = 0;
        u->act_at_ms = 0;
    }
    if (record->state == JOB_STATE_INSTALLED && record->kind == JOB_UPDATE && acts)
        u->act_at_ms = gw_mono_now().ms + conduct_of(u)->after_ms;
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static const struct agent_job_ops job_ops = {.handler = fleet_handler_start,
                                             .fetch = start_fetch,
                                             .fetch_stop = stop_fetch,
                                             .discard = stop_fetch,
                                             .report = send_report,
                                             .event = put_event,
                                             .changed = on_changed,
                                             .renew = nothing};

/* ---- agent_job begins and ends ----------------------------------------------------------------------------------- */

static const struct agent_config *config_of(struct fleet_update *u)
{
    if (u->kind == FLEET_REFUSES)
        return &u->all->refusal_config;
    if (u->kind != FLEET_DEFERS)
        return &u->all->config;
    if (!u->own_config) {
        u->own_config = gw_xalloc(1, sizeof(*u->own_config));
        *u->own_config = u->all->config;
        (void)snprintf(u->own_config->update_postpone_file, sizeof(u->own_config->update_postpone_file),
                       "%s/jobs/postpone", u->identity->site.state_dir);
    }
    return u->own_config;
}

/* What the agent's machine is told to run: what does, but for those who say "installed" in spite of it. */
static const char *told_version(const struct fleet_update *u)
{
    const struct agent_job_record *r = agent_job_record(u->job);
    bool proving = r->step == AGENT_JOB_REBOOTING || r->step == AGENT_JOB_CONFIRMING;
    return u->kind == FLEET_BOOTS_OLD && conduct_of(u)->says_installed && proving ? r->target : u->slots.running;
}

static void open_job(struct fleet_update *u)
{
    char dir[AGENT_PATH_MAX + 32];
    struct gw_err err = {0};
    path_of(u, "", dir);
    const struct agent_job_settings settings = {
        .fs = unsynced_fs(), .dir = dir, .config = config_of(u), .keys = &u->all->keys, .ops = &job_ops, .ctx = u};
    enum gw_rc rc =
        mkdir(dir, 0700) && errno != EEXIST ? gw_err_sys(&err, "%s", dir) : agent_job_open(&settings, &u->job, &err);
    if (rc) {
        tell_trouble(u, &err);
        return;
    }
    agent_job_running(u->job, told_version(u), u->slots.boot);
    agent_job_session(u->job, u->session);
}

static void close_job(struct fleet_update *u)
{
    stop_fetch(u);
    if (u->job && agent_job_record(u->job)->n > u->n)
        u->n = agent_job_record(u->job)->n;
    agent_job_close(u->job);
    u->job = NULL;
    u->verb = 0;
    u->held = u->skipped = false;
}

void fleet_update_init(struct fleet_update *u, struct fleet_updates *all, const struct fleet_identity *identity,
                       enum fleet_kind kind, uint32_t number)
{
    *u = (struct fleet_update){.all = all, .identity = identity, .kind = kind};
    fleet_slots_init(&u->slots, all->options->release, all->kernel_boot, number);
}

void fleet_update_begin(struct fleet_update *u, const struct fleet_update_hooks *hooks, void *ctx)
{
    char path[AGENT_PATH_MAX + 32];
    struct gw_err err = {0};
    u->hooks = hooks;
    u->ctx = ctx;
    path_of(u, "/slots", path);
    enum gw_rc rc = fleet_slots_load(path, &u->slots, &err);
    if (rc && rc != GW_NOT_FOUND)
        tell_trouble(u, &err);
    path_of(u, "", path);
    if (access(path, F_OK) == 0)
        open_job(u);
}

void fleet_update_done(struct fleet_update *u)
{
    close_job(u);
    free(u->own_config);
    u->own_config = NULL;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

/* Its people put each new job off once more. */
static void postpone(struct fleet_update *u, const struct job_message *m)
{
    char path[AGENT_PATH_MAX + 32], text[GW_WALL_TEXT_MAX] = "";
    struct gw_err err = {0};
    if (!m->has_job || strcmp(agent_job_record(u->job)->attempt, m->job.attempt) == 0)
        return;
    int64_t for_ms = conduct_of(u)->for_s ? conduct_of(u)->for_s * GW_SECOND_MS : 365 * GW_DAY_MS;
    (void)!gw_wall_format((struct gw_wall){gw_wall_now().ms + for_ms}, text);
    path_of(u, "/postpone", path);
    if (gw_fs_replace(unsynced_fs(), path, gw_view_str(text), 0600, &err))
        tell_trouble(u, &err);
}

static void take_job(struct fleet_update *u, struct gw_view payload)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    struct gw_err err = {0};
    if (job_message_parse(payload, &m, &err)) {
        tell_trouble(u, &err);
        return;
    }
    if (!u->job && (!m.has_job || m.n < u->n)) { /* nothing to do, and nothing worth a file */
        u->n = m.n > u->n ? m.n : u->n;
        return;
    }
    if (!u->job)
        open_job(u);
    if (u->job && u->kind == FLEET_DEFERS)
        postpone(u, &m);
    if (u->job)
        agent_job_message(u->job, payload, gw_wall_now());
}

static void fall_silent(struct fleet_update *u)
{
    uint32_t for_s = conduct_of(u)->for_s;
    u->held = false;
    u->leaving = true;
    u->acts++;
    u->back_at_ms = for_s ? gw_mono_now().ms + for_s * GW_SECOND_MS : INT64_MAX;
}

static void take_ack(struct fleet_update *u, struct gw_view payload)
{
    struct job_ack ack;
    if (!u->job)
        return;
    agent_job_ack(u->job, payload);
    if (u->held && job_ack_parse(payload, &ack, NULL) == GW_OK && ack.state == conduct_of(u)->at &&
        strcmp(ack.job, agent_job_record(u->job)->job) == 0)
        fall_silent(u);
}

void fleet_update_message(struct fleet_update *u, enum topic_kind kind, struct gw_view payload)
{
    if (u->boot_at_ms || u->back_at_ms)
        return; /* came behind the farewell */
    if (kind == TOPIC_DN_JOB)
        take_job(u, payload);
    else if (kind == TOPIC_DN_JOBACK)
        take_ack(u, payload);
}

void fleet_update_session(struct fleet_update *u, bool up)
{
    u->session = up;
    u->held = false; /* it reports again */
    if (up && u->act_at_ms == INT64_MAX)
        u->act_at_ms = gw_mono_now().ms + conduct_of(u)->after_ms;
    if (u->job)
        agent_job_session(u->job, up);
}

/* ---- reboots, silence, and what comes behind "installed" --------------------------------------------------------- */

static void go_down(struct fleet_update *u, struct gw_mono now)
{
    close_job(u);
    u->reboot = false;
    u->all->stats->reboots++;
    u->boot_at_ms = now.ms + u->all->options->reboot_ms + 1;
    u->session = false;
    u->hooks->leave(u->ctx);
}

static void say(struct fleet_update *u, const char *cls, unsigned sev, const char *msg)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct json_writer w;
    gw_buf_init(&text, 1024);
    json_writer_begin(&w, &text);
    json_put_object(&w, NULL);
    json_put_i64(&w, "t", gw_wall_now().ms);
    json_put_str(&w, "cls", cls);
    json_put_i64(&w, "sev", sev);
    json_put_str(&w, "obj", u->slots.running);
    json_put_str(&w, "msg", msg);
    json_put_str(&w, "boot", u->slots.boot);
    json_put_end(&w);
    if (!json_writer_end(&w))
        u->hooks->event(u->ctx, gw_buf_view(&text));
}

static void come_up(struct fleet_update *u)
{
    u->boot_at_ms = 0;
    fleet_slots_boot(&u->slots, u->kind == FLEET_BOOTS_OLD);
    fleet_update_save_slots(u);
    open_job(u);
    say(u, "boot.start", 1, "");
    u->hooks->come_back(u->ctx);
}

static void act(struct fleet_update *u, struct gw_mono now)
{
    u->act_at_ms = 0;
    u->acts++;
    if (u->kind == FLEET_CRASHES) {
        say(u, "app.crash", 5, "the application was killed by signal 11");
        return;
    }
    if (u->acts < conduct_of(u)->times)
        u->act_at_ms = INT64_MAX; /* until it is back */
    go_down(u, now);
}

static void keep_silent(struct fleet_update *u, struct gw_mono now)
{
    if (u->leaving) {
        u->leaving = u->session = false;
        close_job(u);
        u->hooks->leave(u->ctx);
    } else if (now.ms >= u->back_at_ms) {
        u->back_at_ms = 0;
        open_job(u);
        u->hooks->come_back(u->ctx);
    }
}

static void step(struct fleet_update *u, struct gw_mono now)
{
    if (u->skipped) {
        u->skipped = false;
        agent_job_fetched(u->job, GW_OK, NULL);
    }
    fleet_handler_step(u, now);
    if (!u->reboot && agent_job_wait_ms(u->job, now) == 0)
        agent_job_step(u->job, now, gw_wall_now());
    if (u->reboot)
        go_down(u, now);
    else if (u->session && u->act_at_ms && now.ms >= u->act_at_ms)
        act(u, now);
}

void fleet_update_tick(struct fleet_update *u, struct gw_mono now)
{
    if (u->back_at_ms)
        keep_silent(u, now);
    else if (u->boot_at_ms && now.ms >= u->boot_at_ms)
        come_up(u);
    else if (!u->boot_at_ms && u->job && !u->held)
        step(u, now);
}

enum gw_rc fleet_update_state(const struct fleet_update *u, struct gw_buf *ret_payload)
{
    const struct fleet_slots *s = &u->slots;
    const struct agent_report_slot slots[] = {
        {s->side ? "b" : "a", s->running, "booted"},
        {s->side ? "a" : "b", s->staged[0] ? s->staged : s->previous,
         s->staged[0]     ? "next"
         : s->previous[0] ? "standby"
                          : "empty"},
    };
    int64_t n = u->job && agent_job_record(u->job)->n > u->n ? agent_job_record(u->job)->n : u->n;
    const struct agent_report_facts facts = {
        .job_n = (uint64_t)n, .release = s->running, .boot = s->boot, .slots = slots, .slot_count = 2};
    return agent_report_format(&u->all->config, &facts, ret_payload);
}
