/* Every command there is. A new one is a row here and a function. */
#include "cli.h"

#define ACT_OPTIONS CLI_OPT_REV
/* Of lists with a query. */
#define QUERY_HELP                                                                                                     \
    "QUERY is terms with spaces between, all of which must hold: key:value, key:val*,\n"                               \
    "key<1.10, key>2d, any text, and -term for what must not hold (docs/live.md). A\n"                                 \
    "value with spaces needs quotes that the shell leaves: 'name:\"pump 7\"'."
#define PLAN_OPTIONS (CLI_OPT_PLAN | CLI_OPT_WAVE | CLI_OPT_GATE | CLI_OPT_NAME)

static const struct cli_command commands[] = {
    {"status", NULL, 0, 0, "how the gateway is",
     "Says whether broker, keys and registry are in order, how many devices stand in\n"
     "which state, and the SHA-256 of the dashboard's server key to compare with what\n"
     "the browser shows.",
     cli_status},
    {"claim", NULL, 0, CLI_OPT_STDOUT, "make a claim code for the first account (root only)",
     "Valid 15 minutes and for one use; a code made before becomes void. Open the\n"
     "dashboard, compare the server key, enter the code. Because a code must not end\n"
     "up in a log, it is printed on a terminal only, or with --stdout.",
     cli_claim},
    {"device list", "[QUERY...]", -1, 0, "all devices, or those that fit a query",
     QUERY_HELP "\nFor example: status:offline seen>2d inventory.hardware:revb", cli_device_list},
    {"device show", "ID", 1, 0, "one device, and what it says that it runs", NULL, cli_device_show},
    {"device history", "ID", 1, 0, "what was rolled out to a device, the newest first", NULL, cli_device_history},
    {"device invite", "ID", 1, CLI_OPT_QR | CLI_OPT_OUT | CLI_OPT_NAME | CLI_OPT_REV,
     "make an invitation, valid one day; a new id makes the device",
     "Prints the invitation, and on a terminal its QR code. The invitation holds a\n"
     "secret: whoever has it first becomes this device. It is shown this once; making\n"
     "another voids it.",
     cli_device_invite},
    {"device approve", "ID SPKI-SHA256", 2, ACT_OPTIONS, "let a pending device in, by its public key",
     "`gatehouse pending` lists who asks. Compare the fingerprint with the one that\n"
     "the device itself shows: anybody can claim an id.",
     cli_device_approve},
    {"device reject", "ID", 1, ACT_OPTIONS, "refuse an invited or pending device", NULL, cli_device_act},
    {"device quarantine", "ID", 1, ACT_OPTIONS, "cut a device down to logs and reports",
     "Returns when the broker has confirmed it.", cli_device_act},
    {"device release", "ID", 1, ACT_OPTIONS, "end a quarantine", NULL, cli_device_act},
    {"device revoke", "ID", 1, ACT_OPTIONS, "revoke a device's certificates and cut it off",
     "Returns when the broker has confirmed it. Only a new invitation lets the device\n"
     "in again.",
     cli_device_act},
    {"device retire", "ID", 1, ACT_OPTIONS, "take a device out of service for good", "The id cannot be used again.",
     cli_device_act},
    {"pending", NULL, 0, 0, "who asks to be enrolled without an invitation", NULL, cli_pending},
    {"door open", "MINUTES", 1, 0, "let devices ask to be enrolled without an invitation (1 to 60 minutes)",
     "While the door is open an unknown device may ask; it gets in only when somebody\n"
     "approves its public key (`gatehouse device approve`).",
     cli_door_open},
    {"door close", NULL, 0, 0, "close the enrolment door", NULL, cli_door_close},
    {"logs list", NULL, 0, CLI_OPT_DEVICE, "all security logs, or those of one device",
     "SIGNED is how much of a log its newest checkpoint covers.", cli_logs_list},
    {"logs show", NULL, 0,
     CLI_OPT_DEVICE | CLI_OPT_AUDIT | CLI_OPT_LOG | CLI_OPT_FROM | CLI_OPT_SINCE | CLI_OPT_TEXT | CLI_OPT_MIN_SEV |
         CLI_OPT_LIMIT | CLI_OPT_RAW,
     "events of one device, of the gateway itself (--audit) or of one log",
     "One of --device, --audit and --log is needed. Shows the newest, oldest first;\n"
     "with --from N those from that number of the current log on. --since, --text\n"
     "and --min-sev go with --device and --audit.",
     cli_logs_show},
    {"logs tail", NULL, 0, CLI_OPT_DEVICE | CLI_OPT_RAW, "events as they come, until Ctrl-C",
     "Of one device, or of all devices and the gateway itself.", cli_logs_tail},
    {"logs export", NULL, 0, CLI_OPT_DEVICE | CLI_OPT_LOG | CLI_OPT_ALL | CLI_OPT_OUT,
     "write logs with their proof into a new directory",
     "Each log becomes a directory in the C2SP tlog-tiles layout, up to its newest\n"
     "checkpoint; `key` is the verifier key. The directory of --out must not exist\n"
     "yet, and is there only when everything is in it.",
     cli_logs_export},
    {"logs evidence", NULL, 0, CLI_OPT_DEVICE | CLI_OPT_LOG | CLI_OPT_OUT,
     "the batch that contradicted what a device had sent before",
     "Of all logs of --device, or of one. Lists its events: number, length, leaf hash,\n"
     "and whether the log has the same event under that number, another one (differs)\n"
     "or none. With --out one batch is written as it was sent.",
     cli_logs_evidence},
    {"logs verify", "[DIR]", -1, CLI_OPT_DEVICE | CLI_OPT_KEY,
     "check an export, or with --device the live logs of a device",
     "Checks the signature of every checkpoint, rebuilds each tree from the events,\n"
     "and compares every tile and the root; holds the checkpoints in the root log\n"
     "against the logs when both were exported. Needs no gateway for a DIR. Without\n"
     "--key the key that lies in DIR (or that the gateway tells) is used, which\n"
     "proves only that everything fits together.",
     cli_logs_verify},
    {"alerts list", "[QUERY...]", -1, CLI_OPT_DEVICE | CLI_OPT_MIN_SEV | CLI_OPT_ALL,
     "what needs looking at, the newest first",
     "Open alerts; with --all or a query resolved ones too. Events with one cause are\n"
     "one alert with a count (docs/alerts.md).\n" QUERY_HELP,
     cli_alerts_list},
    {"alerts show", "ID", 1, 0, "one alert, and where its last event lies", NULL, cli_alerts_show},
    {"alerts ack", "ID", 1, CLI_OPT_REV | CLI_OPT_NOTE, "say that an alert was seen", NULL, cli_alerts_ack},
    {"alerts snooze", "ID TIME", 2, CLI_OPT_REV | CLI_OPT_NOTE, "be told of an alert again later",
     "TIME is how long (90s, 15m, 2h, 7d; at most 30 days) or when\n"
     "(2026-01-31T12:00:00Z).",
     cli_alerts_snooze},
    {"alerts resolve", "ID", 1, CLI_OPT_REV | CLI_OPT_NOTE, "close an alert",
     "When its cause happens again a new one opens.", cli_alerts_resolve},
    {"alerts note", "ID TEXT", 2, CLI_OPT_REV, "write a note to an alert, in any state", NULL, cli_alerts_note},
    {"metrics-token revoke", NULL, 0, 0, "close /metrics", "What scrapes with the token is refused at once.",
     cli_metrics_revoke},
    {"metrics-token", NULL, 0, CLI_OPT_STDOUT, "make the token that opens /metrics (docs/metrics.md)",
     "Shown this once; the gateway keeps its hash. The token made before is void.\n"
     "Because it must not end up in a log, it is printed on a terminal only, or with\n"
     "--stdout.",
     cli_metrics_token},
    {"release keygen", NULL, 0, CLI_OPT_OUT | CLI_OPT_TYPE, "make a vendor's key pair (needs no gateway)",
     "Writes the private key to --out FILE.key (PKCS#8, mode 0600) and its public half\n"
     "to FILE.pub, and prints the fingerprint, which an admin compares when the key is\n"
     "added to a gateway.",
     cli_release_keygen_run},
    {"release sign", "FILE...", -1, CLI_OPT_MANIFEST | CLI_OPT_KEY | CLI_OPT_OUT,
     "make a signed release out of files (needs no gateway)",
     "Fills digests and sizes of the manifest from the files, or checks them, signs it\n"
     "with every --key, and writes the container to --out. See docs/releases.md.",
     cli_release_sign_run},
    {"release inspect", "FILE.tar", 1, CLI_OPT_PUB, "check a release and show what is in it (needs no gateway)",
     "Checks form and digests; with --pub KEY.pub also that each of these keys has\n"
     "signed. Whether a gateway would take it also depends on the keys that it trusts,\n"
     "on the time and on what its devices run.",
     cli_release_inspect_run},
    {"release key add", "FILE.pub", 1, CLI_OPT_NAME, "trust a vendor's key (root only)",
     "Prints the fingerprint: compare it with what the vendor says before you import.\n"
     "Without --name the file's name is the key's.",
     cli_release_key_add},
    {"release key list", NULL, 0, 0, "keys of vendors that are trusted", NULL, cli_release_key_list},
    {"release key remove", "KEYID", 1, 0, "trust a key no more (root only)",
     "Staged releases that have too few trusted signers then are marked in the list.", cli_release_key_remove},
    {"release import", "FILE.tar", 1, 0, "check a release and stage it",
     "The gateway checks signatures, dates and counters before it takes the files, and\n"
     "every digest while it does. What is refused leaves nothing behind.",
     cli_release_import},
    {"release list", "[QUERY...]", -1, 0, "all releases, withdrawn ones too, or those that fit a query", QUERY_HELP,
     cli_release_list},
    {"release show", "ID", 1, 0, "one release and its files", NULL, cli_release_show},
    {"release verify", "ID", 1, 0, "read the stored artifacts again and compare their digests", NULL,
     cli_release_verify},
    {"release withdraw", "ID", 1, CLI_OPT_REV, "withdraw a release for good", "Its version and counter stay taken.",
     cli_release_withdraw},
    {"rollout preview", "RELEASE-ID", 1, PLAN_OPTIONS, "who would stand in which wave; nothing is kept",
     "Takes the options of `rollout create`. Give the seed that it prints to\n"
     "`rollout create`, and the same devices stand in the same waves.",
     cli_rollout_preview},
    {"rollout create", "RELEASE-ID", 1, PLAN_OPTIONS, "plan a rollout: a draft that offers nothing yet",
     "Who comes when is a --wave each, in order: a part of those that are left (20%),\n"
     "those of them that fit a query ('query:inventory.hardware:revb', see `gatehouse\n"
     "help device list`), all that are left (rest), or devices named one by one\n"
     "(list:FILE). Each other option is for all waves alike; with --plan FILE\n"
     "everything stands in the file.\n"
     "See docs/rollouts.md. `gatehouse rollout start ID` begins.",
     cli_rollout_create},
    {"rollout start", "ID", 1, CLI_OPT_REV | CLI_OPT_REASON, "begin with the first wave", NULL, cli_rollout_act},
    {"rollout pause", "ID", 1, CLI_OPT_REV | CLI_OPT_REASON, "offer nothing new",
     "Reports count, soak times run, and the abort rule watches.", cli_rollout_act},
    {"rollout resume", "ID", 1, CLI_OPT_REV | CLI_OPT_REASON, "go on, or look again after a hold", NULL,
     cli_rollout_act},
    {"rollout abort", "ID", 1, CLI_OPT_REV | CLI_OPT_REASON, "take back what has not begun (needs --reason)",
     "What has begun comes to its end. `rollout rollback` brings devices back.", cli_rollout_act},
    {"rollout rollback", "ID", 1, CLI_OPT_REV | CLI_OPT_REASON,
     "bring devices back to what they ran before (needs --reason)",
     "From the last wave to the first. Again, when it has ended: those that still have\n"
     "the version.",
     cli_rollout_act},
    {"rollout waive", "ID WAVE WHAT", 3, CLI_OPT_REV | CLI_OPT_REASON, "let one wave pass one limit (needs --reason)",
     "WHAT is gate, sample, unreachable, failures or soak; waves count from 1.", cli_rollout_waive},
    {"rollout list", "[QUERY...]", -1, 0, "all rollouts, the newest first, or those that fit a query", QUERY_HELP,
     cli_rollout_list},
    {"rollout show", "ID", 1, 0, "one rollout and its waves", NULL, cli_rollout_show},
    {"rollout devices", "ID", 1, CLI_OPT_WAVE | CLI_OPT_STATE, "the devices of a rollout, by wave",
     "--wave N and --state STATE choose among them.", cli_rollout_devices},
    {"rollout watch", "ID", 1, 0, "a line for each change, until it has ended or Ctrl-C", NULL, cli_rollout_watch},
    {"token list", NULL, 0, 0, "tokens of programs (root only, like all of `token`)",
     "USED is when it last was, at most ten minutes behind.", cli_token_list},
    {"token add", "NAME ROLE", 2, CLI_OPT_DAYS | CLI_OPT_STDOUT,
     "make a token for a program: viewer, operator or metrics",
     "Prints it, once. A program sends it in the header `Authorization: Bearer TOKEN`\n"
     "(docs/rest.md). What only an admin may, no token may; one with the role metrics\n"
     "opens /metrics and nothing else. Because a token must not end up in a log,\n"
     "stdout has to be a terminal, or --stdout be given.",
     cli_token_add},
    {"token revoke", "NAME", 1, 0, "end a token at once", "What comes with it is refused. Its name is free again.",
     cli_token_revoke},
    {"user list", NULL, 0, 0, "all accounts (root only, like all of `user`)", NULL, cli_user_list},
    {"user add", "NAME ROLE", 2, 0, "make an account: viewer, operator or admin",
     "Asks for the first password on the terminal, or reads a line of standard input:\n"
     "at least 12 bytes. It is never taken from the command line.",
     cli_user_add},
    {"user role", "NAME ROLE", 2, CLI_OPT_REV, "give an account another role",
     "Its sessions end. The last admin that is enabled stays one.", cli_user_role},
    {"user disable", "NAME", 1, CLI_OPT_REV, "let nobody sign in with an account", "Its sessions end at once.",
     cli_user_act},
    {"user enable", "NAME", 1, CLI_OPT_REV, "let an account be used again", NULL, cli_user_act},
    {"user password", "NAME", 1, CLI_OPT_REV, "give an account another password",
     "Asks as `user add` does. Its sessions end.", cli_user_password},
    {"help", "[COMMAND]", -1, 0, "this list, or more about a command", NULL, cli_help},
};

const struct cli_command *cli_commands(size_t *ret_count)
{
    *ret_count = sizeof(commands) / sizeof(commands[0]);
    return commands;
}
