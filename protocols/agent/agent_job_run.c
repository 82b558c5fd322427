#include "agent_job_run.h"

#include <dirent.h>
#include <string.h>

#include "agent_report.h"
#include "gw_id.h"
#include "gw_log.h"

#define SHORT_TIMEOUT_MS (60 * GW_SECOND_MS)
#define ASK_AGAIN_MS     (10 * GW_SECOND_MS)
#define ASK_BUSY_MS      GW_SECOND_MS
#define ASKED_MAX        5
#define DIGEST_BYTES     8 /* of an artifact's digest in the name of its file */

/* ---- what agent_job asks for ---- */

static int64_t timeout_of(const struct agent_config *config, enum agent_verb verb)
{
    switch (verb) {
    case AGENT_VERB_VERIFY:
    case AGENT_VERB_INSTALL:
    case AGENT_VERB_FACTORY_RESET:
    case AGENT_VERB_COLLECT:
        return config->install_timeout_ms;
    case AGENT_VERB_REBOOT:
        return config->reboot_timeout_ms;
    case AGENT_VERB_CONFIRM:
    case AGENT_VERB_FALLBACK:
    case AGENT_VERB_RUNNING:
        break;
    }
    return SHORT_TIMEOUT_MS;
}

static void name_artifact(struct agent_job_run *run, const struct release_file *file)
{
    char digest[2 * DIGEST_BYTES + 1];
    gw_hex_format(file->sha256.bytes, DIGEST_BYTES, digest);
    (void)snprintf(run->artifact, sizeof(run->artifact), "%s/%s-%s", run->artifacts_dir, digest, file->name);
}

static enum gw_rc start_handler(void *ctx, enum agent_verb verb, const struct agent_job_record *record,
                                const struct release_file *file, struct gw_err *err)
{
    struct agent_job_run *run = ctx;
    struct agent_handler_request request = {.verb = verb,
                                            .attempt = record->attempt,
                                            .version = record->target,
                                            .timeout_ms = timeout_of(run->config, verb)};
    if (verb == AGENT_VERB_VERIFY || verb == AGENT_VERB_INSTALL) {
        if (!file)
            return gw_err_set(err, GW_INVALID, "no artifact");
        name_artifact(run, file);
        request.file = run->artifact;
    }
    return agent_handler_start(&run->handler, &request, gw_mono_now(), err);
}

/* Removes what does not begin with `keep` (may be "": keeps nothing). */
static void clean(struct agent_job_run *run, const char *keep)
{
    char path[AGENT_DOWNLOAD_PATH_MAX + 256];
    DIR *dir = opendir(run->artifacts_dir);
    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        (void)snprintf(path, sizeof(path), "%s/%s", run->artifacts_dir, entry->d_name);
        if (entry->d_name[0] != '.' && (!keep[0] || strncmp(path, keep, strlen(keep)) != 0))
            (void)run->est->fs->unlink(run->est->fs->ctx, path);
    }
    (void)closedir(dir);
}

static void fetch_stop(void *ctx)
{
    struct agent_job_run *run = ctx;
    agent_download_free(run->download);
    run->download = NULL;
}

static void discard(void *ctx)
{
    fetch_stop(ctx);
    clean(ctx, "");
}

struct urls {
    char text[JOB_PATHS_MAX + 1][AGENT_DOWNLOAD_URL_MAX];
};

/* The gateway's hints first when they are for this file, then where it must be. */
static void fill_urls(const struct agent_job_run *run, const struct job *job, const struct release_file *file,
                      struct urls *urls, struct agent_download_request *request)
{
    const struct agent_site *site = run->est->site;
    bool hinted = strcmp(job->artifact.name, file->name) == 0;
    for (size_t i = 0; hinted && i < job->path_count; i++)
        (void)snprintf(urls->text[request->url_count++], AGENT_DOWNLOAD_URL_MAX, "https://%s:%u%s", site->host,
                       site->https_port, job->paths[i]);
    (void)snprintf(urls->text[request->url_count++], AGENT_DOWNLOAD_URL_MAX, "https://%s:%u" JOB_PATH_PREFIX "%s/%s",
                   site->host, site->https_port, job->attempt, file->name);
    for (size_t i = 0; i < request->url_count; i++)
        request->urls[i] = urls->text[i];
}

static enum gw_rc fetch(void *ctx, const struct job *job, const struct release_file *file, struct gw_err *err)
{
    struct agent_job_run *run = ctx;
    struct urls urls;
    name_artifact(run, file);
    clean(run, run->artifact);
    struct agent_download_request request = {
        .root_path = run->est->root_path,
        .cert_path = run->est->cert_path,
        .key_path = run->est->key_path,
        .path = run->artifact,
        .sha256 = file->sha256,
        .size = file->size,
        .spare_bytes = 2 * run->config->spool_max_bytes,
    };
    fill_urls(run, job, file, &urls, &request);
    return agent_download_start(run->est->fs, &request, &run->download, err);
}

static enum gw_rc report(void *ctx, struct gw_view payload)
{
    struct agent_job_run *run = ctx;
    return run->hooks->report(run->ctx, payload);
}

static void event(void *ctx, struct gw_view text)
{
    struct agent_job_run *run = ctx;
    run->hooks->event(run->ctx, text);
}

static void changed(void *ctx, const struct agent_job_record *r)
{
    bool bad = r->state == JOB_STATE_FAILED || r->state == JOB_STATE_ROLLED_BACK || r->state == JOB_STATE_REJECTED;
    (void)ctx;
    gw_log(bad ? GW_LOG_WARN : GW_LOG_INFO, "job", "%s %s: %s%s%s%s%s", r->job, r->target, job_state_text(r->state),
           r->code[0] ? ", " : "", r->code, r->detail[0] ? ": " : "", r->detail);
}

static void renew(void *ctx)
{
    struct agent_job_run *run = ctx;
    run->hooks->renew(run->ctx);
}

static const struct agent_job_ops job_ops = {
    .handler = start_handler,
    .fetch = fetch,
    .fetch_stop = fetch_stop,
    .discard = discard,
    .report = report,
    .event = event,
    .changed = changed,
    .renew = renew,
};

/* ---- what runs ---- */

static void take_running(struct agent_job_run *run, const char *version)
{
    char boot[AGENT_BOOT_MAX + 1];
    agent_report_kernel_boot(boot);
    agent_job_running(run->job, version, boot);
}

static bool boot_valid(struct gw_view boot)
{
    return boot.len <= JOB_REPORT_BOOT_MAX && job_id_valid(boot);
}

/* "<version>\n" and perhaps "<boot>\n". */
static bool parse_running(struct agent_job_run *run, struct gw_view text)
{
    char version[RELEASE_VERSION_MAX + 1], boot[JOB_REPORT_BOOT_MAX + 1];
    struct gw_view rest, first = gw_view_trim(gw_view_cut(text, '\n', &rest)), second = gw_view_trim(rest);
    if (!release_version_valid(first) || gw_view_copy_str(first, version, sizeof(version)))
        return false;
    if (!second.len)
        take_running(run, version);
    else if (!boot_valid(second) || gw_view_copy_str(second, boot, sizeof(boot)))
        return false;
    else
        agent_job_running(run->job, version, boot);
    return true;
}

static void told_running(struct agent_job_run *run, const struct agent_handler_result *result, struct gw_mono now)
{
    run->answered = true;
    if (result->ok && parse_running(run, gw_view_make(result->output, result->len)))
        return;
    gw_log(GW_LOG_ERROR, "job", "the handler does not say what runs (%s)",
           result->ok ? "a version on the first line, a boot id on the second" : result->cause);
    run->ask_at_ms = now.ms + ASK_AGAIN_MS;
    if (++run->asked >= ASKED_MAX)
        take_running(run, "");
}

static void ask_running(struct agent_job_run *run, struct gw_mono now)
{
    struct gw_err err;
    struct agent_handler_request request = {
        .verb = AGENT_VERB_RUNNING, .attempt = "", .version = "", .timeout_ms = SHORT_TIMEOUT_MS};
    if (agent_job_running_known(run->job) || agent_handler_busy(&run->handler) || now.ms < run->ask_at_ms)
        return;
    enum gw_rc rc = agent_handler_start(&run->handler, &request, now, &err);
    if (rc == GW_AGAIN) { /* one that another agent left behind */
        run->answered = true;
        run->ask_at_ms = now.ms + ASK_BUSY_MS;
    } else if (rc) {
        struct agent_handler_result none = {.verb = AGENT_VERB_RUNNING, .cause = gw_err_text(&err)};
        told_running(run, &none, now);
    }
}

bool agent_job_run_ready(const struct agent_job_run *run)
{
    return run->answered || agent_job_running_known(run->job);
}

/* ---- begin, loop, end ---- */

static enum gw_rc load_keys(struct agent_job_run *run, struct gw_err *err)
{
    for (size_t i = 0; i < run->config->vendor_key_count; i++) {
        enum gw_rc rc = agent_vendor_keys_add(&run->keys, run->config->vendor_keys[i], err);
        if (rc)
            return gw_err_wrap(err, GW_INVALID, "update.vendor_keys");
    }
    return GW_OK;
}

enum gw_rc agent_job_run_open(struct agent_job_run *run, const struct agent_config *config, const struct agent_est *est,
                              const struct agent_job_hooks *hooks, void *ctx, struct gw_err *err)
{
    *run = (struct agent_job_run){.config = config, .est = est, .hooks = hooks, .ctx = ctx};
    agent_site_path(est->site, "jobs", run->jobs_dir);
    agent_site_path(est->site, "artifacts", run->artifacts_dir);
    (void)snprintf(run->lock_path, sizeof(run->lock_path), "%s/lock", run->jobs_dir);
    agent_handler_init(&run->handler, agent_handler_kind_find(config->update_handler), config->update_script,
                       run->lock_path);
    struct agent_job_settings settings = {
        .fs = est->fs, .dir = run->jobs_dir, .config = config, .keys = &run->keys, .ops = &job_ops, .ctx = run};
    enum gw_rc rc = load_keys(run, err);
    if (!rc)
        rc = agent_job_open(&settings, &run->job, err);
    if (!rc && !run->handler.kind)
        take_running(run, config->release);
    return rc;
}

void agent_job_run_close(struct agent_job_run *run)
{
    if (run->config)
        agent_handler_stop(&run->handler);
    fetch_stop(run);
    agent_job_close(run->job);
    agent_vendor_keys_done(&run->keys);
    *run = (struct agent_job_run){0};
}

size_t agent_job_run_fds(const struct agent_job_run *run, struct pollfd ret_fds[AGENT_JOB_RUN_FDS])
{
    int handler[AGENT_HANDLER_FDS];
    struct agent_download_fd download[AGENT_DOWNLOAD_FDS];
    size_t count = 0, more = run->download ? agent_download_fds(run->download, download) : 0;
    agent_handler_fds(&run->handler, handler);
    for (size_t i = 0; i < AGENT_HANDLER_FDS; i++)
        ret_fds[count++] = (struct pollfd){.fd = handler[i], .events = POLLIN};
    for (size_t i = 0; i < more; i++)
        ret_fds[count++] = (struct pollfd){.fd = download[i].fd, .events = download[i].events};
    return count;
}

int64_t agent_job_run_wait_ms(const struct agent_job_run *run, struct gw_mono now)
{
    int64_t list[] = {agent_job_wait_ms(run->job, now), agent_handler_wait_ms(&run->handler, now),
                      run->download ? agent_download_wait_ms(run->download, now) : -1,
                      agent_job_running_known(run->job) || agent_handler_busy(&run->handler) ? -1
                      : run->ask_at_ms > now.ms                                              ? run->ask_at_ms - now.ms
                                                                                             : 0};
    int64_t wait = -1;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if (list[i] >= 0 && (wait < 0 || list[i] < wait))
            wait = list[i];
    return wait;
}

static void step_download(struct agent_job_run *run, const struct pollfd *fds, size_t count, struct gw_mono now)
{
    struct gw_err err = {0};
    enum gw_rc rc = GW_OK;
    for (size_t i = AGENT_HANDLER_FDS; i < count; i++)
        if (fds[i].revents)
            agent_download_ready(run->download, fds[i].fd, fds[i].revents);
    enum agent_download_state state = agent_download_step(run->download, now, &rc, &err);
    if (rc == GW_AGAIN)
        gw_log(GW_LOG_WARN, "job", "download: %s; it goes on later", gw_err_text(&err));
    agent_job_progress(run->job, agent_download_pct(run->download));
    if (state == AGENT_DOWNLOAD_RUNS)
        return;
    fetch_stop(run);
    agent_job_fetched(run->job, rc, &err);
}

void agent_job_run_step(struct agent_job_run *run, const struct pollfd *fds, size_t count, struct gw_mono now,
                        struct gw_wall wall)
{
    struct agent_handler_result result;
    if (agent_handler_step(&run->handler, now, &result)) {
        if (result.verb == AGENT_VERB_RUNNING)
            told_running(run, &result, now);
        else
            agent_job_handled(run->job, &result);
    }
    if (run->download)
        step_download(run, fds, count, now);
    ask_running(run, now);
    agent_job_step(run->job, now, wall);
}
