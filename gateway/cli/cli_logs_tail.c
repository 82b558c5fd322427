/* logs tail: asks once a second what has grown. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <time.h>

#include "cli_logs.h"
#include "gw_cleanup.h"

#define TAIL_BEHIND_MAX 10000 /* events of one log; above it the older ones are passed over, and told */

static bool wanted(const struct cli *cli, const struct cli_log *log)
{
    return cli->device || log->id.kind != LOG_ROOT; /* a leaf of the root log says that another one has grown */
}

/* How far this log had been shown: lists come in one order, so `*at` only goes forward. A log that is new begins at 0.
 */
static uint64_t shown_of(const struct cli_log_list *before, size_t *at, const struct cli_log *log)
{
    if (*at < before->count && log_id_eq(&before->logs[*at].id, &log->id))
        return before->logs[(*at)++].size;
    return 0;
}

/* What is new in one log, a page of it; log->size becomes what is shown then. True when there is more to come. */
static enum cli_exit take_new(struct cli *cli, struct cli_log *log, uint64_t from, struct cli_events *e, bool *more)
{
    uint64_t size = log->size;
    log->size = from;
    if (from >= size)
        return CLI_OK;
    if (size - from > TAIL_BEHIND_MAX) {
        uint64_t skip = size - CLI_PAGE_MAX;
        cli_say(cli,
                "%s: fell behind: %" PRIu64 " events from %" PRIu64 " on are passed over here; the gateway has them",
                log->name, skip - from, from);
        from = skip;
    }
    enum cli_exit rc = cli_events_get(cli, log->name, from, CLI_PAGE_MAX, e);
    if (rc)
        return rc;
    log->size = e->next;
    *more = *more || e->more;
    return rc;
}

static enum cli_exit poll_once(struct cli *cli, struct cli_log_list *seen, struct log_id *last, bool *more)
{
    GW_CLEANUP(cli_log_list_done) struct cli_log_list now = {.logs = NULL};
    GW_CLEANUP(cli_events_done) struct cli_events e = {.docs = NULL};
    enum cli_exit rc = cli_log_list_get(cli, cli->device, &now);
    size_t at = 0;
    *more = false;
    for (size_t i = 0; !rc && i < now.count; i++) {
        uint64_t from = shown_of(seen, &at, &now.logs[i]);
        if (wanted(cli, &now.logs[i]))
            rc = take_new(cli, &now.logs[i], from, &e, more);
    }
    if (rc)
        return rc;
    cli_events_sort(&e);
    if (!cli->json)
        cli_events_print(cli, &e, e.count, last);
    struct cli_log_list old = *seen;
    *seen = now;
    now = old;
    return cli_flush(cli);
}

/* Waits for the second to pass; true when somebody wants us to end. */
static bool end_wanted(const sigset_t *signals, bool at_once)
{
    const struct timespec second = {.tv_sec = at_once ? 0 : 1};
    int got = 0;
    do
        got = sigtimedwait(signals, NULL, &second);
    while (got < 0 && errno == EINTR);
    return got > 0;
}

static enum cli_exit tail(struct cli *cli, const sigset_t *signals)
{
    GW_CLEANUP(cli_log_list_done) struct cli_log_list seen = {.logs = NULL};
    enum cli_exit rc = cli_log_list_get(cli, cli->device, &seen);
    struct log_id last = {.epoch = 0};
    bool more = false, ended = false;
    if (!rc && !cli->json)
        cli_say(cli, "from here on, until Ctrl-C");
    while (!rc && !ended) {
        ended = end_wanted(signals, more);
        if (!ended)
            rc = poll_once(cli, &seen, &last, &more);
    }
    return rc == CLI_UNREACHABLE && end_wanted(signals, true) ? CLI_OK : rc;
}

enum cli_exit cli_logs_tail(struct cli *cli)
{
    sigset_t signals, before;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &signals, &before);
    enum cli_exit rc = tail(cli, &signals);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return rc;
}
