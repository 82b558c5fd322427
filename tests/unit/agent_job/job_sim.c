#include "job_sim.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"

static enum gw_rc start_handler(void *ctx, enum agent_verb verb, const struct agent_job_record *record,
                                const struct release_file *file, struct gw_err *err)
{
    struct job_sim *s = ctx;
    if (verb == AGENT_VERB_INSTALL) {
        CU_ASSERT_PTR_NOT_NULL(file);
        CU_ASSERT_EQUAL(record->step, AGENT_JOB_INSTALLING);
        if (s->bad_handler)
            return gw_err_set(err, GW_NOT_FOUND, "no such program");
        if (s->busy) {
            s->busy--;
            return gw_err_set(err, GW_AGAIN, "an earlier handler still runs");
        }
        s->device.installs++;
    }
    if (s->on_act)
        s->on_act(s->ctx, verb);
    CU_ASSERT_EQUAL(s->verb, 0);
    s->verb = verb;
    return GW_OK;
}

static enum gw_rc fetch(void *ctx, const struct job *job, const struct release_file *file, struct gw_err *err)
{
    struct job_sim *s = ctx;
    (void)err;
    CU_ASSERT_TRUE(job->attempt[0] && file->name[0]);
    s->fetching = true;
    return GW_OK;
}

static void fetch_stop(void *ctx)
{
    ((struct job_sim *)ctx)->fetching = false;
}

static void discard(void *ctx)
{
    (void)ctx;
}

static void acknowledge(struct job_sim *s)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct job_ack ack = {.rev = s->last.rev, .state = s->last.state};
    memcpy(ack.job, s->last.job, sizeof(ack.job));
    gw_buf_init(&text, 1024);
    CU_ASSERT_EQUAL(job_ack_format(&ack, &text), GW_OK);
    agent_job_ack(s->job, gw_buf_view(&text));
}

static enum gw_rc report(void *ctx, struct gw_view payload)
{
    struct job_sim *s = ctx;
    struct gw_err err = {0};
    if (s->no_session)
        return GW_AGAIN;
    GW_ASSERT_OK(job_report_parse(payload, &s->last, &err), &err);
    s->reports++;
    if (s->trace_count < SIM_TRACE && (!s->trace_count || s->trace[s->trace_count - 1] != s->last.state))
        s->trace[s->trace_count++] = s->last.state;
    return GW_OK;
}

static void event(void *ctx, struct gw_view text)
{
    struct job_sim *s = ctx;
    CU_ASSERT_TRUE(gw_view_starts(text, "{\"t\":"));
    s->events++;
}

static void changed(void *ctx, const struct agent_job_record *record)
{
    struct job_sim *s = ctx;
    s->changed = record->state;
}

static void renew(void *ctx)
{
    (void)ctx;
}

static const struct agent_job_ops ops = {.handler = start_handler,
                                         .fetch = fetch,
                                         .fetch_stop = fetch_stop,
                                         .discard = discard,
                                         .report = report,
                                         .event = event,
                                         .changed = changed,
                                         .renew = renew};

void job_sim_init(struct job_sim *s, const char *dir, const struct gw_fs *fs)
{
    char key[256];
    struct gw_err err = {0};
    *s = (struct job_sim){.fs = fs, .now = {1000}, .wall = {INT64_C(1800000000000)}};
    s->device = (struct sim_device){.running = "1.0", .good = "1.0", .primary = "1.0", .boots = 1};
    (void)snprintf(s->dir, sizeof(s->dir), "%s", dir);
    s->config = (struct agent_config){.product = "pump",
                                      .hardware = "rev-c",
                                      .update_threshold = 1,
                                      .update_kinds = 1u << JOB_UPDATE,
                                      .update_handler = "script",
                                      .update_max_bytes = 1 << 20,
                                      .install_timeout_ms = GW_HOUR_MS,
                                      .reboot_timeout_ms = 10 * GW_MINUTE_MS,
                                      .confirm_timeout_ms = 10 * GW_MINUTE_MS};
    s->vendor = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    (void)snprintf(key, sizeof(key), "%s/vendor.pem", gw_test_dir());
    vendor_write_public(key, s->vendor);
    GW_ASSERT_OK(agent_vendor_keys_add(&s->keys, key, &err), &err);
    gw_buf_init(&s->offer, JOB_PAYLOAD_MAX);
}

void job_sim_done(struct job_sim *s)
{
    job_sim_close(s);
    gw_buf_done(&s->offer);
    agent_vendor_keys_done(&s->keys);
    EVP_PKEY_free(s->vendor);
}

static void tell_running(struct job_sim *s)
{
    char boot[32];
    (void)snprintf(boot, sizeof(boot), "boot-%u", s->device.boots);
    agent_job_running(s->job, s->device.running, boot);
}

static void connect_now(struct job_sim *s)
{
    if (s->no_session)
        return;
    agent_job_session(s->job, true);
    if (s->offer.len)
        agent_job_message(s->job, gw_buf_view(&s->offer), s->wall);
}

void job_sim_open(struct job_sim *s)
{
    struct gw_err err = {0};
    struct agent_job_settings settings = {
        .fs = s->fs, .dir = s->dir, .config = &s->config, .keys = &s->keys, .ops = &ops, .ctx = s};
    GW_ASSERT_OK(agent_job_open(&settings, &s->job, &err), &err);
    tell_running(s);
    connect_now(s);
}

void job_sim_close(struct job_sim *s)
{
    agent_job_close(s->job);
    s->job = NULL;
    s->verb = 0;
    s->fetching = s->reboot_asked = false;
}

void job_sim_boot(struct job_sim *s)
{
    job_sim_close(s);
    s->device.boots++;
    memcpy(s->device.running, s->boot_fails ? s->device.good : s->device.primary, sizeof(s->device.running));
    job_sim_open(s);
}

struct vendor_release job_sim_release(const char *version, uint64_t counter, uint64_t floor)
{
    return (struct vendor_release){
        .version = version, .counter = counter, .floor = floor, .file = "pump.img", .size = 1000};
}

void job_sim_message(struct job_sim *s, const char *attempt, const struct vendor_release *release,
                     struct job_message *ret_message)
{
    vendor_message(s->vendor, attempt, release, ret_message);
}

void job_sim_offer(struct job_sim *s, struct job_message *message, int64_t n)
{
    struct gw_err err = {0};
    message->n = n;
    gw_buf_reset(&s->offer);
    GW_ASSERT_OK(job_message_format(message, &s->offer, &err), &err);
    if (s->job && !s->no_session)
        agent_job_message(s->job, gw_buf_view(&s->offer), s->wall);
}

void job_sim_offer_release(struct job_sim *s, const char *attempt, const struct vendor_release *release, int64_t n)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    job_sim_message(s, attempt, release, &m);
    job_sim_offer(s, &m, n);
}

void job_sim_withdraw(struct job_sim *s, int64_t n)
{
    struct job_message m = {.has_job = false};
    job_sim_offer(s, &m, n);
}

static bool do_verb(struct job_sim *s, enum agent_verb verb)
{
    struct sim_device *d = &s->device;
    switch (verb) {
    case AGENT_VERB_INSTALL:
        memcpy(d->primary, agent_job_record(s->job)->target, sizeof(d->primary)); /* even when it fails later */
        return !s->install_fails;
    case AGENT_VERB_REBOOT:
        d->reboots++;
        s->reboot_asked = true;
        return true;
    case AGENT_VERB_CONFIRM:
        d->confirms++;
        if (!s->confirm_fails)
            memcpy(d->good, d->running, sizeof(d->good));
        return !s->confirm_fails;
    case AGENT_VERB_FALLBACK:
        d->fallbacks++;
        memcpy(d->primary, d->good, sizeof(d->primary));
        return true;
    case AGENT_VERB_VERIFY:
    case AGENT_VERB_RUNNING:
    case AGENT_VERB_FACTORY_RESET:
    case AGENT_VERB_COLLECT:
        break;
    }
    return true;
}

static void do_asked(struct job_sim *s)
{
    enum agent_verb verb = s->verb;
    if (s->fetching) {
        struct gw_err err;
        s->fetching = false;
        agent_job_fetched(s->job, s->fetch_fails ? gw_err_set(&err, GW_CORRUPT, "another digest") : GW_OK, &err);
    }
    if (verb) {
        struct agent_handler_result result = {.verb = verb, .cause = "failed", .len = 5, .output = "words"};
        s->verb = 0;
        result.ok = do_verb(s, verb);
        agent_job_handled(s->job, &result);
    }
}

void job_sim_run(struct job_sim *s, unsigned rounds, bool boots)
{
    for (unsigned i = 0; i < rounds; i++) {
        unsigned before = s->reports;
        agent_job_step(s->job, s->now, s->wall);
        if (s->reports != before && !s->silent)
            acknowledge(s);
        do_asked(s);
        if (s->reboot_asked && boots)
            job_sim_boot(s);
        s->reboot_asked = false;
        int64_t wait = agent_job_wait_ms(s->job, s->now);
        wait = wait > 0 && wait < 30000 ? wait : wait ? 30000 : 1;
        s->now.ms += wait;
        s->wall.ms += wait;
    }
}

bool job_sim_over(const struct job_sim *s)
{
    const struct agent_job_record *r = agent_job_record(s->job);
    return r->step == AGENT_JOB_DONE && r->acked;
}
