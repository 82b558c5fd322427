/* The families of /metrics. docs/metrics.md lists them. */
#include <stdio.h>

#include "device.h"
#include "metrics.h"
#include "prom_text.h"

static void counter(struct prom *p, const char *name, const char *help, uint64_t n)
{
    prom_family(p, name, PROM_COUNTER, help);
    prom_u64(p, NULL, NULL, n);
}

static void gauge(struct prom *p, const char *name, const char *help, int64_t n)
{
    prom_family(p, name, PROM_GAUGE, help);
    prom_i64(p, NULL, NULL, n);
}

static void put_process(struct prom *p, const struct metrics_figures *f)
{
    prom_family(p, "gatehouse_build_info", PROM_GAUGE, "The version that runs.");
    prom_u64(p, "version", GATEHOUSE_VERSION, 1);
    prom_family(p, "process_start_time_seconds", PROM_GAUGE, "When the daemon was started, Unix time.");
    prom_ms(p, NULL, NULL, f->started.ms);
    gauge(p, "process_resident_memory_bytes", "Memory of the daemon that is resident.", (int64_t)f->resident_bytes);
    gauge(p, "process_virtual_memory_bytes", "Address space of the daemon.", (int64_t)f->virtual_bytes);
}

static void put_health(struct prom *p, const struct core_figures *c)
{
    prom_family(p, "gatehouse_up", PROM_GAUGE, "Whether a part of the gateway works.");
    prom_bool(p, "part", "broker", c->broker_up);
    prom_bool(p, "part", "keyd", c->keyd_up);
    prom_bool(p, "part", "registry", c->registry_confirmed);
    prom_bool(p, "part", "journal", !c->storage.journal_full);
}

static void put_devices(struct prom *p, const struct core_figures *c)
{
    prom_family(p, "gatehouse_devices", PROM_GAUGE, "Devices by state.");
    for (enum device_state state = DEVICE_INVITED; state <= DEVICE_RETIRED; state++)
        prom_i64(p, "state", device_state_text(state), c->devices[state]);
    gauge(p, "gatehouse_devices_online", "Devices with a session at the broker.", c->online);
    gauge(p, "gatehouse_enrolments_pending", "Requests that wait for a person.", c->pending);
}

static void put_alerts(struct prom *p, const struct metrics_figures *f)
{
    const struct core_figures *c = &f->core;
    prom_family(p, "gatehouse_alerts_open", PROM_GAUGE, "Alerts that are not resolved, by severity.");
    for (enum event_sev sev = EVENT_SEV_INFO; sev <= EVENT_SEV_FATAL; sev++)
        prom_i64(p, "severity", event_sev_text(sev), c->alerts_open[sev]);
    gauge(p, "gatehouse_alerts_kept", "Alerts in the store, resolved ones too.", c->alerts);
    gauge(p, "gatehouse_alerts_max", "How many alerts are kept at most.", ALERTS_MAX);
    counter(p, "gatehouse_alerts_lost_total", "New causes of devices for which there was no room.", c->alerts_lost);
    counter(p, "gatehouse_feed_events_total", "Events that were held against the rules.", f->feed.events);
    counter(p, "gatehouse_feed_hits_total", "Causes that were handed to core.", f->feed.hits);
    counter(p, "gatehouse_feed_coalesced_total", "Events that were summed with others of their cause.",
            f->feed.coalesced);
    counter(p, "gatehouse_feed_damaged_total", "Appends that could not be read and were passed over.", f->feed.damaged);
    gauge(p, "gatehouse_feed_behind", "Appends that wait to be held against the rules.", (int64_t)f->feed.behind);
}

static void put_refused(struct prom *p, const struct metrics_figures *f)
{
    const struct answer_refused *r = &f->core.refused;
    prom_family(p, "gatehouse_refused_total", PROM_COUNTER, "What the doors refused, by reason.");
    prom_u64(p, "reason", "tls", r->tls);
    prom_u64(p, "reason", "certificate", r->certificate);
    prom_u64(p, "reason", "half_open", r->half_open);
    prom_u64(p, "reason", "ceiling", r->ceiling);
    prom_u64(p, "reason", "unauthenticated", r->unauthenticated);
    prom_u64(p, "reason", "broker", r->broker);
    prom_u64(p, "reason", "batches", r->batches);
    prom_u64(p, "reason", "artifacts", r->artifacts);
    prom_u64(p, "reason", "tokens", r->tokens);
    prom_u64(p, "reason", "metrics_token", f->denied);
    counter(p, "gatehouse_broker_lines_left_out_total",
            "Lines of the broker's that the log left out above its ceiling.", f->broker_lines_left_out);
}

static void put_reports(struct prom *p, const struct rollouts_counts *r)
{
    prom_family(p, "gatehouse_reports_refused_total", PROM_COUNTER,
                "Messages of devices on up/job and up/state that came to nothing, by reason.");
    prom_u64(p, "reason", "unknown_job", r->unknown_jobs);
    prom_u64(p, "reason", "malformed", r->bad_reports + r->bad_states);
    prom_u64(p, "reason", "dropped", r->dropped);
    counter(p, "gatehouse_jobs_unsent_total", "Jobs that found no room at the broker and wait for the resend.",
            r->unsent);
}

static void put_journal(struct prom *p, const struct metrics_figures *f)
{
    const struct journal_thread_stats *j = &f->journal;
    counter(p, "gatehouse_ingest_batches_total", "Batches of devices that were dealt with.", j->batches);
    prom_family(p, "gatehouse_ingest_verdicts_total", PROM_COUNTER, "What became of batches, by verdict.");
    for (enum log_verdict v = LOG_ACCEPT; v <= LOG_EPOCH_LIMIT; v++)
        prom_u64(p, "verdict", log_verdict_text(v), j->verdicts[v]);
    counter(p, "gatehouse_ingest_events_total", "Events that were stored.", j->events);
    counter(p, "gatehouse_ingest_bytes_total", "Bytes of batches, lines and audit events in commits.", j->bytes);
    counter(p, "gatehouse_ingest_overlap_total",
            "Events that came again so late that they were dropped without being compared.", j->unread);
    prom_family(p, "gatehouse_ingest_refused_total", PROM_COUNTER, "What devices sent and was not stored.");
    prom_u64(p, "reason", "malformed", j->malformed);
    prom_u64(p, "reason", "dropped", j->dropped);
    counter(p, "gatehouse_journal_failed_commits_total", "Commits of the journal that failed.", j->failed_commits);
    prom_family(p, "gatehouse_journal_commit_seconds", PROM_HISTOGRAM, "How long a commit of the journal took.");
    prom_put_histogram(p, &(struct prom_histogram){journal_commit_bounds_us, JOURNAL_COMMIT_BOUNDS, j->commit_buckets,
                                                   j->commit_sum_us});
    gauge(p, "gatehouse_logs_damaged", "Logs that cannot be read and take nothing more.", (int64_t)j->damaged);
    counter(p, "gatehouse_checkpoints_total", "Checkpoints that were signed and kept.", j->checkpoints);
    prom_family(p, "gatehouse_checkpoints_refused_total", PROM_COUNTER, "Checkpoints that were not signed.");
    prom_u64(p, "reason", "denied", j->checkpoints_denied);
    prom_u64(p, "reason", "unreachable", j->checkpoints_refused - j->checkpoints_denied);
}

static void put_state(struct prom *p, const struct metrics_figures *f)
{
    const struct core_figures *c = &f->core;
    static const char *const queues[METRICS_QUEUES] = {[METRICS_QUEUE_INBOX] = "inbox",
                                                       [METRICS_QUEUE_WORK] = "work",
                                                       [METRICS_QUEUE_JOURNAL] = "journal_bytes",
                                                       [METRICS_QUEUE_QUERY] = "query"};
    counter(p, "gatehouse_turns_total", "Messages that core has dealt with.", c->turns);
    counter(p, "gatehouse_state_commits_total", "Commits of state.db.", c->commits);
    counter(p, "gatehouse_state_failed_commits_total", "Commits of state.db that failed.", c->failed_commits);
    prom_family(p, "gatehouse_queue", PROM_GAUGE, "What waits in a queue.");
    for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++)
        prom_u64(p, "queue", queues[i], f->queued[i]);
    prom_family(p, "gatehouse_queue_max", PROM_GAUGE, "What a queue holds at most.");
    for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++)
        prom_u64(p, "queue", queues[i], f->queue_max[i]);
    prom_family(p, "gatehouse_wal_bytes", PROM_GAUGE, "Size of a database's write-ahead log.");
    prom_u64(p, "database", "state", c->storage.state_wal_bytes);
    prom_u64(p, "database", "journal", c->storage.journal_wal_bytes);
    prom_family(p, "gatehouse_wal_max_bytes", PROM_GAUGE, "Above it somebody else holds on to one.");
    prom_u64(p, "database", "state", c->storage.state_wal_max_bytes);
    prom_u64(p, "database", "journal", c->storage.journal_wal_max_bytes);
    gauge(p, "gatehouse_disk_free_bytes", "Room on the disk of the state directory.", (int64_t)f->disk_free_bytes);
    gauge(p, "gatehouse_disk_bytes", "Size of the disk of the state directory.", (int64_t)f->disk_bytes);
}

static void put_releases(struct prom *p, const struct core_figures *c)
{
    prom_family(p, "gatehouse_imports_refused_total", PROM_COUNTER, "Releases that were refused, by check.");
    for (enum release_check check = RELEASE_CHECK_CONTAINER; check <= RELEASE_CHECK_SPACE; check++)
        prom_u64(p, "check", release_check_text(check), c->imports_refused[check]);
    counter(p, "gatehouse_releases_damaged_total", "Verifications that found another file than was signed.",
            c->releases_damaged);
    counter(p, "gatehouse_artifacts_intact_total",
            "Stored artifacts that a device refused and that are what was signed.", c->artifacts_intact);
    counter(p, "gatehouse_artifacts_unchecked_total",
            "Artifacts that a device refused and that were not read again: too many within an hour.",
            c->reports.unchecked);
    counter(p, "gatehouse_artifacts_withheld_total", "Requests for files of a release that is damaged here.",
            c->artifacts_withheld);
}

static void put_rollouts(struct prom *p, const struct core_figures *c)
{
    prom_family(p, "gatehouse_rollouts", PROM_GAUGE, "Rollouts by state.");
    for (enum rollout_state state = ROLLOUT_DRAFT; state <= ROLLOUT_FINISHED; state++)
        prom_i64(p, "state", rollout_state_text(state), c->rollouts[state]);
    prom_family(p, "gatehouse_attempts", PROM_GAUGE, "Attempts of rollouts that have not ended, by state.");
    for (enum attempt_state state = ATTEMPT_PLANNED; state <= ATTEMPT_UNREACHABLE; state++)
        prom_i64(p, "state", attempt_state_text(state), c->attempts[state]);
    prom_family(p, "gatehouse_rollback_attempts", PROM_GAUGE,
                "Attempts to go back, of rollouts that have not ended, by state.");
    for (enum attempt_state state = ATTEMPT_PLANNED; state <= ATTEMPT_UNREACHABLE; state++)
        prom_i64(p, "state", attempt_state_text(state), c->attempts_back[state]);
}

static void put_live(struct prom *p, const struct metrics_figures *f)
{
    const struct live_stats *l = &f->live;
    gauge(p, "gatehouse_live_connections", "Pages and programs at the live connection.", (int64_t)l->connections);
    gauge(p, "gatehouse_live_subscriptions", "What they watch.", (int64_t)l->subscriptions);
    counter(p, "gatehouse_live_accepted_total", "Handshakes that were accepted.", l->accepted);
    prom_family(p, "gatehouse_live_refused_total", PROM_COUNTER, "Handshakes that were refused, by reason.");
    prom_u64(p, "reason", "access", l->refused);
    prom_u64(p, "reason", "ceiling", f->web.live_refused);
    prom_family(p, "gatehouse_live_closed_total", PROM_COUNTER, "Live connections that the gateway closed, by reason.");
    prom_u64(p, "reason", "session", l->closed_session);
    prom_u64(p, "reason", "silent", l->closed_dead);
    prom_u64(p, "reason", "unreadable", l->closed_unreadable);
    counter(p, "gatehouse_live_messages_total", "Messages that were sent.", l->messages);
    counter(p, "gatehouse_live_rows_total", "Rows that were sent.", l->rows);
    counter(p, "gatehouse_live_messages_full_total", "Messages that the full queue of a connection turned away.",
            f->web.live_full);
    counter(p, "gatehouse_live_overflows_total", "Times that all rows were asked for again.", l->overflows);
    counter(p, "gatehouse_live_rows_left_out_total", "Rows above the ceiling of a table.", l->rows_left_out);
}

static void put_web(struct prom *p, const struct metrics_figures *f)
{
    const struct web_stats *w = &f->web;
    gauge(p, "gatehouse_sessions", "Sessions of people that live.", (int64_t)f->sessions);
    gauge(p, "gatehouse_http_connections", "Connections that are open.", (int64_t)w->connections);
    gauge(p, "gatehouse_http_live_connections", "WebSocket connections that are open.", (int64_t)w->live);
    counter(p, "gatehouse_http_accepted_total", "Connections that were accepted.", w->accepted);
    counter(p, "gatehouse_http_requests_total", "Requests whose head was read.", w->requests);
    prom_family(p, "gatehouse_http_errors_total", PROM_COUNTER, "Answers that were errors.");
    prom_u64(p, "class", "4xx", w->errors_4xx);
    prom_u64(p, "class", "5xx", w->errors_5xx);
    counter(p, "gatehouse_http_unanswered_total", "Requests that nobody answered in time.", w->unanswered);
    counter(p, "gatehouse_http_answers_dropped_total", "Answers whose asker had gone.", w->answers_dropped);
    counter(p, "gatehouse_http_cut_total", "Connections of devices that were cut.", w->cut);
}

static void put_certs(struct prom *p, const struct metrics_figures *f)
{
    prom_family(p, "gatehouse_listener_certificate_not_after_seconds", PROM_GAUGE,
                "When a listener's certificate ends, Unix time.");
    for (size_t i = 0; i < sizeof(f->certs) / sizeof(f->certs[0]); i++)
        if (f->certs[i].listener)
            prom_ms(p, "listener", f->certs[i].listener, f->certs[i].not_after.ms);
}

void metrics_format(const struct metrics_figures *figures, struct gw_buf *out)
{
    struct prom p = {.out = out};
    put_process(&p, figures);
    put_health(&p, &figures->core);
    put_devices(&p, &figures->core);
    put_alerts(&p, figures);
    put_releases(&p, &figures->core);
    put_rollouts(&p, &figures->core);
    put_refused(&p, figures);
    put_reports(&p, &figures->core.reports);
    put_journal(&p, figures);
    put_state(&p, figures);
    put_web(&p, figures);
    put_live(&p, figures);
    put_certs(&p, figures);
}
