/*
 * cli_logs: what the commands on security logs share.
 */
#pragma once

#include "cli.h"
#include "log_id.h"

#define CLI_LOGS_MAX  1000000
#define CLI_PAGE_MAX  1000 /* events the gateway gives at a time */
#define CLI_EVENT_MAX 10000

struct cli_log {
    struct log_id id;
    char name[LOG_NAME_MAX];
    uint64_t size, signed_size;
    bool equivocated; /* there is evidence against it */
};

struct cli_log_list {
    struct cli_log *logs; /* owned; in the gateway's order: by device, then by opening */
    size_t count, cap;
};
void cli_log_list_done(struct cli_log_list *list);
/* All logs, or those of a device; CLI_REFUSED when there is no such device. Told on err when it fails. */
enum cli_exit cli_log_list_get(struct cli *cli, const char *device, struct cli_log_list *ret_list);
/* The newest log of that kind; NULL when there is none. */
const struct cli_log *cli_log_newest(const struct cli_log_list *list, enum log_kind kind);
const struct cli_log *cli_log_find(const struct cli_log_list *list, const struct log_id *id);

/* Appends what the gateway has of a log under "/api/v1/<what>"; file: which tile, or NULL. Told on err when it fails.
 */
enum cli_exit cli_log_fetch(struct cli *cli, const char *what, const char *name, const char *file,
                            struct gw_buf *ret_bytes);

/* A log that --log names; CLI_USAGE after telling. */
enum cli_exit cli_log_word(struct cli *cli, const char *word, struct log_id *ret_id);

/* An event of an answer, with the place in time where it belongs. */
struct cli_event {
    const struct json_value *value; /* borrowed from its answer */
    struct gw_wall arrived;
    struct log_id log;
    uint64_t seq;
};
struct cli_events {
    struct json_doc **docs; /* owned: the answers */
    size_t doc_count, doc_cap;
    struct cli_event *events; /* owned */
    size_t count, cap;
    uint64_t next; /* of the last page that was asked for: where the next begins, and whether there is one */
    bool more;
};
void cli_events_done(struct cli_events *e);
/* Takes the answer over, with its events. False when it is not of the documented shape. */
bool cli_events_take(struct cli_events *e, struct json_doc *answer);
/* By arrival, log and number; one that came twice stays once. */
void cli_events_sort(struct cli_events *e);
/* Prints the last `limit` of them: for people, with --raw as they are. `*last_log` (may be zeroed) is the log of the
 * line before: a heading tells when it changes. */
void cli_events_print(struct cli *cli, const struct cli_events *e, size_t limit, struct log_id *last_log);
/* One page of events of a log from that number on, added to e; sets e->next and e->more. */
enum cli_exit cli_events_get(struct cli *cli, const char *log, uint64_t from, size_t limit, struct cli_events *e);
