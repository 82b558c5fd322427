/*
 * cli: the operator's command line, program `gatehouse` (docs/cli.md). It speaks the operators' REST interface over the
 * admin socket; the kernel tells the gateway who asks, so there is nothing to sign in to.
 *
 * One table of commands (cli_commands.c), one of options (cli_args.c); help is made from both. A command gets its words
 * checked and counted, asks the gateway with cli_ask(), and prints. Results go to `out`, everything else to `err`; with
 * --json the gateway's own JSON goes to `out`, a line an answer. Text that a device may have chosen is escaped before a
 * terminal sees it.
 *
 * Thread: one, the program's. Everything in struct cli is borrowed from the caller.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "gw_buf.h"
#include "gw_id.h"
#include "json.h"

#define CLI_SOCKET_DEFAULT "/run/gatehouse/admin/admin.sock"
#define CLI_WORDS_MAX      80                 /* `release sign` names every file */
#define CLI_LIST_MAX       8                  /* of an option that may be given several times */
#define CLI_WAVES_MAX      32                 /* of --wave */
#define CLI_REPLY_MAX      (16 * 1024 * 1024) /* bytes of an answer */

/* Exit status of the program. */
enum cli_exit {
    CLI_OK = 0,
    CLI_REFUSED = 1,     /* the gateway said no, or the act failed here */
    CLI_USAGE = 2,       /* the command line is wrong; nothing was asked */
    CLI_UNREACHABLE = 3, /* no gateway answered at the socket */
};

/* Options that only some commands take, or-ed. --socket, --json and --help are for all. */
enum cli_option_bit {
    CLI_OPT_STDOUT = 1,
    CLI_OPT_QR = 2,
    CLI_OPT_OUT = 4,
    CLI_OPT_NAME = 8,
    CLI_OPT_REV = 16,
    CLI_OPT_DEVICE = 32,
    CLI_OPT_AUDIT = 64,
    CLI_OPT_LOG = 128,
    CLI_OPT_FROM = 256,
    CLI_OPT_SINCE = 512,
    CLI_OPT_TEXT = 1024,
    CLI_OPT_MIN_SEV = 2048,
    CLI_OPT_LIMIT = 4096,
    CLI_OPT_RAW = 8192,
    CLI_OPT_ALL = 16384,
    CLI_OPT_KEY = 32768,
    CLI_OPT_MANIFEST = 65536,
    CLI_OPT_TYPE = 131072,
    CLI_OPT_PUB = 262144,
    CLI_OPT_NOTE = 524288,
    CLI_OPT_PLAN = 1 << 28,
    CLI_OPT_WAVE = 1 << 24,
    CLI_OPT_GATE = 1 << 25, /* all that say more about waves */
    CLI_OPT_REASON = 1 << 26,
    CLI_OPT_STATE = 1 << 27, /* --state and --back */
    CLI_OPT_DAYS = 1 << 29,
};
#define CLI_OPTS_PLAN (CLI_OPT_WAVE | CLI_OPT_GATE) /* what a plan's file has in it */

struct cli;
typedef enum cli_exit cli_run_fn(struct cli *cli);

struct cli_command {
    const char *name;    /* one to three words: "status", "device show" */
    const char *args;    /* for people: "ID SPKI-SHA256"; NULL: none */
    int arg_count;       /* exactly */
    unsigned options;    /* enum cli_option_bit, or-ed */
    const char *summary; /* one line, no full stop */
    const char *help;    /* more, for `gatehouse help <command>`; may be NULL */
    cli_run_fn *run;
};

struct cli {
    int in; /* descriptor that passwords are read from; 0: standard input */
    FILE *out;
    FILE *err;
    bool out_is_tty;
    const char *socket;
    const struct cli_command *command;
    const char *words[CLI_WORDS_MAX]; /* all words that are no options, then, once found, the arguments alone */
    int word_count;
    unsigned options; /* those given, enum cli_option_bit */
    uint64_t given;   /* the same by their row in the table */
    bool json;
    bool help;
    bool version;
    bool problem_told;    /* with --json: the gateway's problem document is on out */
    char said[1024];      /* what cli_say() said last, as it was given */
    const char *out_path; /* --out */
    const char *name;     /* --name */
    const char *rev;      /* --rev, decimal */
    const char *note;     /* --note */
    const char *days;     /* --days */
    /* Of the commands on logs, as they were given. */
    const char *device, *log, *from, *since, *text, *min_sev, *limit, *key_path;
    /* Of the commands on releases; the counts go on above the ceiling, which the commands refuse. */
    const char *manifest, *key_type;
    const char *keys[CLI_LIST_MAX], *pubs[CLI_LIST_MAX]; /* --key, --pub */
    int key_count, pub_count;
    /* Of the commands on rollouts. */
    const char *plan, *concurrent, *ok, *sample, *unreachable, *soak, *failures, *on_failure, *confirm, *seed, *reason,
        *state;
    const char *waves[CLI_WAVES_MAX]; /* --wave, --rest */
    int wave_count;
    bool back;
};

/* The whole program but for the process: argv[0] is the program's name; cli holds out, err and out_is_tty, and socket
 * as the environment gives it or NULL. */
enum cli_exit cli_main(struct cli *cli, int argc, const char *const argv[]);

/* cli_commands.c; static storage. */
const struct cli_command *cli_commands(size_t *ret_count);

/* cli_args.c: fills cli from the arguments; CLI_USAGE after telling what is wrong. */
enum cli_exit cli_args_parse(struct cli *cli, int argc, const char *const argv[]);
/* Every option given must be one that the command takes. */
enum cli_exit cli_args_check(struct cli *cli);
/* Lists the options of the mask and those for all. */
void cli_args_help(FILE *out, unsigned options);

/* cli_help.c */
void cli_help_all(FILE *out);
/* The commands whose first words these are; CLI_USAGE when there is none. */
enum cli_exit cli_help_words(struct cli *cli, const char *const words[], int count);
cli_run_fn cli_help;

/* One message: "gatehouse: text". Text is escaped. */
void cli_say(struct cli *cli, const char *fmt, ...) GW_PRINTF(2, 3);
/* The same, with a hint where to read on behind it, in the same line; returns CLI_USAGE. */
enum cli_exit cli_usage(struct cli *cli, const char *fmt, ...) GW_PRINTF(2, 3);

/* A long body that is read as it is sent; on a terminal its progress is shown. */
struct cli_upload {
    int fd; /* a regular file, read from where it stands */
    uint64_t bytes;
    const char *content_type;
};

struct cli_question {
    const char *method;              /* "GET", "POST", "DELETE" */
    const char *path;                /* "/api/v1/status" */
    struct gw_view body;             /* JSON; empty: none */
    const char *revision;            /* for If-Match; NULL: none */
    const struct cli_upload *upload; /* instead of body; NULL: none */
    long answer_ms;                  /* how long the gateway may take; 0: HTTP_ANSWER_MS */
};
/*
 * Asks the gateway and reads the answer. Anything but success has been told on err when it returns: CLI_UNREACHABLE
 * when nobody answers at the socket, CLI_REFUSED for a problem document, an answer that is not ours, or a time-out.
 * With --json the answer, also a problem document, has been written to out.
 */
enum cli_exit cli_ask(struct cli *cli, const struct cli_question *question, struct json_doc **ret_answer);
/* The same, but only a problem document is written to out: for answers with a secret in them. */
enum cli_exit cli_ask_quiet(struct cli *cli, const struct cli_question *question, struct json_doc **ret_answer);
/* Appends the body of a successful answer, whatever its form; otherwise as above. */
enum cli_exit cli_fetch(struct cli *cli, const struct cli_question *question, struct gw_buf *ret_body);
/* What was printed is out; CLI_REFUSED after telling. */
enum cli_exit cli_flush(struct cli *cli);
/* A word that must be a device id; CLI_USAGE after telling. */
enum cli_exit cli_device_id(struct cli *cli, const char *word, struct gw_device_id *ret_id);
/* A word that must be a name that accounts and tokens can have; CLI_USAGE after telling. */
enum cli_exit cli_user_name(struct cli *cli, const char *word);

/* cli_qr.c: draws text as a QR code of UTF-8 half blocks; `colour` sets white and black for terminals of any theme.
 * False when it does not fit into one. */
bool cli_qr_draw(FILE *out, const char *text, bool colour);

/* cli_password.c: asks on a terminal, twice and without echo; otherwise reads one line of `in`. Appends 1 to 256 bytes;
 * CLI_REFUSED after telling. */
enum cli_exit cli_password(struct cli *cli, struct gw_buf *ret_password);

/* The commands. */
cli_run_fn cli_user_list, cli_user_add, cli_user_role, cli_user_act, cli_user_password;
cli_run_fn cli_token_list, cli_token_add, cli_token_revoke;
cli_run_fn cli_status, cli_claim, cli_pending, cli_door_open, cli_door_close;
cli_run_fn cli_logs_list, cli_logs_show, cli_logs_tail, cli_logs_export, cli_logs_verify, cli_logs_evidence;
cli_run_fn cli_metrics_token, cli_metrics_revoke;
cli_run_fn cli_alerts_list, cli_alerts_show, cli_alerts_ack, cli_alerts_snooze, cli_alerts_resolve, cli_alerts_note;
cli_run_fn cli_release_key_add, cli_release_key_list, cli_release_key_remove;
cli_run_fn cli_release_import, cli_release_list, cli_release_show, cli_release_verify, cli_release_withdraw;
cli_run_fn cli_release_keygen_run, cli_release_sign_run, cli_release_inspect_run;
cli_run_fn cli_rollout_create, cli_rollout_preview, cli_rollout_act, cli_rollout_waive, cli_rollout_list,
    cli_rollout_show, cli_rollout_devices, cli_rollout_watch, cli_device_history;
cli_run_fn cli_device_list, cli_device_show, cli_device_invite, cli_device_approve, cli_device_act;
