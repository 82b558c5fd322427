#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulk_hash.h"
#include "daemon_internal.h"
#include "gw_cleanup.h"
#include "journal_severity.h"
#include "row_fits.h"

void daemon_signed(void *ctx, struct journal_signing *signings, size_t count)
{
    struct daemon *d = ctx;
    journal_thread_signed(d->journal_thread, signings, count);
}

static bool sign_by_worker(void *ctx, struct journal_signing *signings, size_t count)
{
    struct daemon *d = ctx;
    struct work *work = gw_xalloc(1, sizeof(*work));
    work->kind = WORK_SIGN;
    work->blob = (uint8_t *)signings;
    work->blob_len = count * sizeof(*signings);
    struct work *gave_way;
    if (workers_give(d->workers, work, &gave_way) == GW_OK)
        return true;
    free(work);
    return false;
}

enum gw_rc daemon_init_journal(struct daemon *d, struct gw_err *err)
{
    char path[OPTIONS_PATH_MAX + 64];
    options_path(path, d->options->state, "journal/journal.db");
    const struct journal_options options = {
        .mode = DB_READ_WRITE, .hash = bulk_hash_ops(), .severity = journal_severity};
    enum gw_rc rc = journal_db_open(path, &options, &d->journal, err);
    if (rc)
        return rc;
    struct journal_thread_config config = {
        .journal = journal_db_port(d->journal),
        .inbox = inbox_queue_inner_port(d->core.queue),
        .sign = sign_by_worker,
        .sign_ctx = d,
        .hash = bulk_hash_ops(),
    };
    (void)snprintf(config.gateway, sizeof(config.gateway), "%s", d->identity.gateway);
    memcpy(config.log_pub, d->identity.log_pub, sizeof(config.log_pub));
    return journal_thread_new(&config, &d->journal_thread, err);
}

static void forget_growth(void *ctx, const struct journal_feed *feed)
{
    struct daemon *d = ctx;
    journal_thread_forget(d->journal_thread, feed);
}

enum gw_rc daemon_init_feed(struct daemon *d, struct gw_err *err)
{
    char path[OPTIONS_PATH_MAX + 64];
    options_path(path, d->options->state, "journal/journal.db");
    const struct journal_options options = {
        .mode = DB_READ_ONLY, .hash = bulk_hash_ops(), .severity = journal_severity};
    struct feed_thread_config config = {.inbox = inbox_queue_port(d->core.queue), .forget = forget_growth, .ctx = d};
    d->core.operate.alerts.offline_ms = d->config.alerts_offline_minutes * GW_MINUTE_MS;
    enum gw_rc rc = journal_db_open(path, &options, &d->feed_journal, err);
    if (!rc)
        rc = alerts_cursor(&d->store, &config.cursor, err);
    if (rc)
        return rc;
    config.journal = journal_db_port(d->feed_journal);
    return feed_thread_new(&config, &d->feed, err);
}

void daemon_end_feed(struct daemon *d)
{
    feed_thread_free(d->feed);
    d->feed = NULL;
    journal_db_close(d->feed_journal);
    d->feed_journal = NULL;
}

static void answer_query(void *ctx, const struct answer *answer)
{
    struct daemon *d = ctx;
    if (answer->asker.kind == ASKER_LIVE)
        daemon_live_tail(d, answer);
    else
        rest_answer(d->rest, answer);
}

static bool take_survey(void *ctx, struct rollout_survey *survey)
{
    const struct daemon *d = ctx;
    struct inbox port = inbox_queue_inner_port(d->core.queue);
    const struct inbox_msg msg = {.kind = INBOX_SURVEYED, .asker = survey->asker, .u.survey = survey};
    return port.post(port.self, &msg) == GW_OK;
}

/* What one query thread reads from. */
static enum gw_rc open_reader(struct daemon *d, struct query_threads_config *config, struct gw_err *err)
{
    char path[OPTIONS_PATH_MAX + 64];
    const struct journal_options options = {
        .mode = DB_READ_ONLY, .hash = bulk_hash_ops(), .severity = journal_severity};
    const struct repo_options read_only = {.read_only = true};
    size_t n = config->threads;
    options_path(path, d->options->state, "journal/journal.db");
    enum gw_rc rc = journal_db_open(path, &options, &d->readers[n], err);
    options_path(path, d->options->state, "state.db");
    if (!rc)
        rc = repo_open(path, &read_only, &d->row_repos[n], err);
    if (rc)
        return rc;
    config->journals[n] = journal_db_port(d->readers[n]);
    config->rows[n] = (struct rows_source){.store = repo_store(d->row_repos[n]),
                                           .session = &d->core.session,
                                           .threshold = d->core.operate.releases.threshold,
                                           .match = row_fits_port(d->rest)};
    return GW_OK;
}

enum gw_rc daemon_init_queries(struct daemon *d, struct gw_err *err)
{
    struct query_threads_config config = {.answer = answer_query, .surveyed = take_survey, .answer_ctx = d};
    enum gw_rc rc = GW_OK;
    for (; !rc && config.threads < (size_t)d->config.query_threads; config.threads++)
        rc = open_reader(d, &config, err);
    return rc ? rc : query_threads_new(&config, &d->query_threads, err);
}

void daemon_end_queries(struct daemon *d)
{
    query_threads_free(d->query_threads);
    d->query_threads = NULL;
    for (size_t i = 0; i < QUERY_THREADS_MAX; i++) {
        journal_db_close(d->readers[i]);
        d->readers[i] = NULL;
        repo_close(d->row_repos[i]);
        d->row_repos[i] = NULL;
    }
}
