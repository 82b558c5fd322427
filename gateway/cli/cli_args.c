#include <stddef.h>
#include <string.h>

#include "cli.h"
#include "gw_num.h"

enum option_for_all { OPT_SOCKET = 1 << 20, OPT_JSON = 1 << 21, OPT_HELP = 1 << 22, OPT_VERSION = 1 << 23 };
#define FOR_ALL (OPT_SOCKET | OPT_JSON | OPT_HELP | OPT_VERSION)

#define AT(member) offsetof(struct cli, member)

static const struct option {
    unsigned bit;
    const char *name;
    const char *value; /* NULL: takes none */
    size_t place;      /* of the const char * in struct cli; 0: kept otherwise */
    const char *help;
} options[] = {
    {OPT_SOCKET, "--socket", "PATH", AT(socket),
     "admin socket; otherwise $GATEHOUSE_SOCKET, otherwise\n                   " CLI_SOCKET_DEFAULT},
    {OPT_JSON, "--json", NULL, 0, "print the gateway's answer as JSON, a line each"},
    {OPT_HELP, "--help", NULL, 0, "print help and do nothing else"},
    {OPT_VERSION, "--version", NULL, 0, "print the version and do nothing else"},
    {CLI_OPT_STDOUT, "--stdout", NULL, 0, "print the secret even when stdout is not a terminal"},
    {CLI_OPT_QR, "--qr", NULL, 0, "draw the QR code also when stdout is not a terminal"},
    {CLI_OPT_OUT, "--out", "PATH", AT(out_path),
     "write the invitation to a new file (mode 0600), not to\n                   stdout; export logs into a new "
     "directory; put a key, a\n                   release or evidence into a new file"},
    {CLI_OPT_NAME, "--name", "TEXT", AT(name), "what people call the device, the key or the rollout"},
    {CLI_OPT_REV, "--rev", "N", AT(rev), "only if what is acted on is still at this revision"},
    {CLI_OPT_NOTE, "--note", "TEXT", AT(note), "a note to the alert, in place of the one that is there"},
    {CLI_OPT_DAYS, "--days", "N", AT(days), "until the token ends; 90 unless told, at most 365"},
    {CLI_OPT_DEVICE, "--device", "ID", AT(device), "the logs or alerts of this device"},
    {CLI_OPT_AUDIT, "--audit", NULL, 0, "the gateway's own log of operators' acts and security events"},
    {CLI_OPT_LOG, "--log", "NAME", AT(log), "one log, as `gatehouse logs list` names it"},
    {CLI_OPT_ALL, "--all", NULL, 0, "all logs; resolved alerts too"},
    {CLI_OPT_FROM, "--from", "N", AT(from), "begin at this sequence number"},
    {CLI_OPT_SINCE, "--since", "WHEN", AT(since),
     "arrived since: 90s, 15m, 2h, 7d ago, or a time: 2026-01-31T12:00:00Z"},
    {CLI_OPT_TEXT, "--text", "TEXT", AT(text), "only events that hold this text, letter for letter"},
    {CLI_OPT_MIN_SEV, "--min-sev", "SEV", AT(min_sev),
     "only from this severity on: info low medium high critical fatal"},
    {CLI_OPT_LIMIT, "--limit", "N", AT(limit), "at most so many events, the newest; 100 unless told, up to 10000"},
    {CLI_OPT_RAW, "--raw", NULL, 0, "the events alone, a line each, byte for byte unless on a terminal"},
    {CLI_OPT_KEY, "--key", "FILE", AT(key_path),
     "hold logs' signatures against the verifier key in this file;\n                   sign a release with the "
     "private key in it, may be repeated"},
    {CLI_OPT_MANIFEST, "--manifest", "FILE", AT(manifest), "the release's manifest; digests and sizes may be left out"},
    {CLI_OPT_TYPE, "--type", "TYPE", AT(key_type), "ed25519 (otherwise) or p256"},
    {CLI_OPT_PUB, "--pub", "FILE", 0, "a public key that must have signed; may be repeated"},
    {CLI_OPT_PLAN, "--plan", "FILE", AT(plan), "the rollout's plan as JSON, see docs/rollouts.md"},
    {CLI_OPT_WAVE, "--wave", "WAVE", 0,
     "a wave, in order: 20%, rest, query:QUERY (devices that fit) or\n                   list:FILE (a device a line); "
     "which wave, from 1"},
    {CLI_OPT_GATE, "--rest", NULL, 0, "a last wave of all that are left, as --wave rest"},
    {CLI_OPT_GATE, "--concurrent", "N", AT(concurrent), "attempts of a wave that are open at a time; 50 unless told"},
    {CLI_OPT_GATE, "--ok", "PCT", AT(ok), "of those decided so many must be ok; 90 unless told"},
    {CLI_OPT_GATE, "--sample", "N", AT(sample), "so many must be decided; 1 unless told"},
    {CLI_OPT_GATE, "--unreachable", "PCT", AT(unreachable), "more than so many unreachable: hold; 30 unless told"},
    {CLI_OPT_GATE, "--soak", "TIME", AT(soak),
     "between a wave's last ok and the next wave: 90s, 15m, 2h; none unless told"},
    {CLI_OPT_GATE, "--failures", "PCT", AT(failures), "of those decided: then --on-failure; 20 unless told, 0: never"},
    {CLI_OPT_GATE, "--on-failure", "WHAT", AT(on_failure), "hold, abort (otherwise) or rollback"},
    {CLI_OPT_GATE, "--confirm", "TIME", AT(confirm), "how long a device must run undisturbed; 10m unless told"},
    {CLI_OPT_GATE, "--seed", "N", AT(seed), "the order of devices, as a preview has told it"},
    {CLI_OPT_REASON, "--reason", "TEXT", AT(reason), "why, for people and for the audit log"},
    {CLI_OPT_STATE, "--state", "STATE", AT(state), "only attempts in this state"},
    {CLI_OPT_STATE, "--back", NULL, 0, "the attempts of the rollback instead"},
};
#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))
_Static_assert(OPTION_COUNT <= 64, "cli.given has a bit for each");

/* --socket may be part of somebody's alias; which --key may be, its command knows. */
static bool may_repeat(const struct option *o)
{
    return o->bit & (OPT_SOCKET | CLI_OPT_KEY | CLI_OPT_PUB | CLI_OPT_WAVE);
}

/* Options that may be given several times. */
static void collect(struct cli *cli, const struct option *o, const char *value)
{
    if (o->bit == CLI_OPT_KEY && cli->key_count++ < CLI_LIST_MAX)
        cli->keys[cli->key_count - 1] = value;
    if (o->bit == CLI_OPT_PUB && cli->pub_count++ < CLI_LIST_MAX)
        cli->pubs[cli->pub_count - 1] = value;
    bool rest = strcmp(o->name, "--rest") == 0;
    if ((o->bit == CLI_OPT_WAVE || rest) && cli->wave_count++ < CLI_WAVES_MAX)
        cli->waves[cli->wave_count - 1] = rest ? "rest" : value;
}

static void store(struct cli *cli, const struct option *o, const char *value)
{
    collect(cli, o, value);
    cli->given |= UINT64_C(1) << (o - options);
    if (!(o->bit & FOR_ALL))
        cli->options |= o->bit;
    if (o->place)
        *(const char **)(void *)((char *)cli + o->place) = value;
    else if (o->bit == OPT_JSON)
        cli->json = true;
    else if (o->bit == OPT_HELP)
        cli->help = true;
    else if (o->bit == OPT_VERSION)
        cli->version = true;
    else if (o->bit == CLI_OPT_STATE)
        cli->back = true;
}

/* "--name" or "--name=…"; *ret_value is what stands behind '=', or NULL. */
static const struct option *find(const char *arg, const char **ret_value)
{
    size_t len = strcspn(arg, "=");
    *ret_value = arg[len] ? arg + len + 1 : NULL;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strlen(options[i].name) == len && strncmp(options[i].name, arg, len) == 0)
            return &options[i];
    return NULL;
}

/* Handles the option at argv[*at]; moves on when its value is the next argument. */
static enum cli_exit take_option(struct cli *cli, int argc, const char *const argv[], int *at)
{
    const char *value = NULL;
    const struct option *o = find(argv[*at], &value);
    if (!o)
        return cli_usage(cli, "unknown option %s", argv[*at]);
    if (!o->value && value)
        return cli_usage(cli, "%s takes no value", o->name);
    if (o->value && !value) {
        if (*at + 1 == argc)
            return cli_usage(cli, "%s needs a value: %s %s", o->name, o->name, o->value);
        value = argv[++*at];
    }
    if (o->value && !value[0])
        return cli_usage(cli, "the value of %s is empty", o->name);
    if (o->value && !may_repeat(o) && cli->given >> (o - options) & 1)
        return cli_usage(cli, "%s is given twice", o->name);
    store(cli, o, value);
    return CLI_OK;
}

/* Before anything else: what is wrong on this line is told as it asks for. */
static bool wants_json(int argc, const char *const argv[])
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}

/* "-tag:lab", "-seen>2d": a term of a query. All options begin with two. */
static bool is_term(const char *arg)
{
    return arg[0] == '-' && arg[1] != '-' && strpbrk(arg, ":<>");
}

enum cli_exit cli_args_parse(struct cli *cli, int argc, const char *const argv[])
{
    cli->json = wants_json(argc, argv);
    bool words_only = false;
    for (int i = 1; i < argc; i++) {
        bool option = !words_only && argv[i][0] == '-' && argv[i][1] && !is_term(argv[i]);
        if (option && strcmp(argv[i], "--") == 0) {
            words_only = true;
        } else if (option) {
            enum cli_exit rc = take_option(cli, argc, argv, &i);
            if (rc)
                return rc;
        } else if (cli->word_count == CLI_WORDS_MAX) {
            return cli_usage(cli, "too many words");
        } else {
            cli->words[cli->word_count++] = argv[i];
        }
    }
    return CLI_OK;
}

enum cli_exit cli_args_check(struct cli *cli)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (cli->given >> i & 1 && !(options[i].bit & (cli->command->options | FOR_ALL)))
            return cli_usage(cli, "%s does not go with %s", options[i].name, cli->command->name);
    uint64_t rev = 0;
    if (cli->rev && gw_parse_u64(gw_view_str(cli->rev), INT64_MAX, &rev))
        return cli_usage(cli, "--rev must be a number, the revision that `show` or `list` prints");
    return CLI_OK;
}

void cli_args_help(FILE *out, unsigned mask)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!(options[i].bit & (mask | FOR_ALL)))
            continue;
        char left[32];
        (void)snprintf(left, sizeof(left), "%s%s%s", options[i].name, options[i].value ? " " : "",
                       options[i].value ? options[i].value : "");
        (void)fprintf(out, "  %-16s %s\n", left, options[i].help);
    }
}
