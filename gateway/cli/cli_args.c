#include <string.h>

#include "cli.h"
#include "gw_num.h"

enum option_for_all { OPT_SOCKET = 1 << 20, OPT_JSON = 1 << 21, OPT_HELP = 1 << 22, OPT_VERSION = 1 << 23 };
#define FOR_ALL (OPT_SOCKET | OPT_JSON | OPT_HELP | OPT_VERSION)

static const struct option {
    unsigned bit;
    const char *name;
    const char *value; /* NULL: takes none */
    const char *help;
} options[] = {
    {OPT_SOCKET, "--socket", "PATH",
     "admin socket; otherwise $GATEHOUSE_SOCKET, otherwise\n                   " CLI_SOCKET_DEFAULT},
    {OPT_JSON, "--json", NULL, "print the gateway's answer as JSON, a line each"},
    {OPT_HELP, "--help", NULL, "print help and do nothing else"},
    {OPT_VERSION, "--version", NULL, "print the version and do nothing else"},
    {CLI_OPT_STDOUT, "--stdout", NULL, "print the secret even when stdout is not a terminal"},
    {CLI_OPT_QR, "--qr", NULL, "draw the QR code also when stdout is not a terminal"},
    {CLI_OPT_OUT, "--out", "PATH",
     "write the invitation to a new file (mode 0600), not to\n                   stdout; export logs into a new "
     "directory; put a key or\n                   a release into a new file"},
    {CLI_OPT_NAME, "--name", "TEXT", "what people call the device or the key"},
    {CLI_OPT_REV, "--rev", "N", "only if the device is still at this revision"},
    {CLI_OPT_NOTE, "--note", "TEXT", "a note to the alert, in place of the one that is there"},
    {CLI_OPT_DEVICE, "--device", "ID", "the logs or alerts of this device"},
    {CLI_OPT_AUDIT, "--audit", NULL, "the gateway's own log of operators' acts and security events"},
    {CLI_OPT_LOG, "--log", "NAME", "one log, as `gatehouse logs list` names it"},
    {CLI_OPT_ALL, "--all", NULL, "all logs; resolved alerts too"},
    {CLI_OPT_FROM, "--from", "N", "begin at this sequence number"},
    {CLI_OPT_SINCE, "--since", "WHEN", "arrived since: 90s, 15m, 2h, 7d ago, or a time: 2026-01-31T12:00:00Z"},
    {CLI_OPT_TEXT, "--text", "TEXT", "only events that hold this text, letter for letter"},
    {CLI_OPT_MIN_SEV, "--min-sev", "SEV", "only from this severity on: info low medium high critical fatal"},
    {CLI_OPT_LIMIT, "--limit", "N", "at most so many events, the newest; 100 unless told, up to 10000"},
    {CLI_OPT_RAW, "--raw", NULL, "the events alone, a line each, byte for byte unless on a terminal"},
    {CLI_OPT_KEY, "--key", "FILE",
     "hold logs' signatures against the verifier key in this file;\n                   sign a release with the "
     "private key in it, may be repeated"},
    {CLI_OPT_MANIFEST, "--manifest", "FILE", "the release's manifest; digests and sizes may be left out"},
    {CLI_OPT_TYPE, "--type", "TYPE", "ed25519 (otherwise) or p256"},
    {CLI_OPT_PUB, "--pub", "FILE", "a public key that must have signed; may be repeated"},
};
#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

/* Keeps the value of an option; false: it has none, or is none of these. */
static bool keep_value(struct cli *cli, unsigned bit, const char *value)
{
    const struct {
        unsigned bit;
        const char **place;
    } places[] = {
        {OPT_SOCKET, &cli->socket},         {CLI_OPT_OUT, &cli->out_path},  {CLI_OPT_NAME, &cli->name},
        {CLI_OPT_REV, &cli->rev},           {CLI_OPT_DEVICE, &cli->device}, {CLI_OPT_LOG, &cli->log},
        {CLI_OPT_FROM, &cli->from},         {CLI_OPT_SINCE, &cli->since},   {CLI_OPT_TEXT, &cli->text},
        {CLI_OPT_MIN_SEV, &cli->min_sev},   {CLI_OPT_LIMIT, &cli->limit},   {CLI_OPT_KEY, &cli->key_path},
        {CLI_OPT_MANIFEST, &cli->manifest}, {CLI_OPT_TYPE, &cli->key_type}, {CLI_OPT_NOTE, &cli->note},
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (places[i].bit == bit) {
            *places[i].place = value;
            return true;
        }
    return false;
}

/* Options that may be given several times. */
static void collect(struct cli *cli, unsigned bit, const char *value)
{
    if (bit == CLI_OPT_KEY && cli->key_count++ < CLI_LIST_MAX)
        cli->keys[cli->key_count - 1] = value;
    if (bit == CLI_OPT_PUB && cli->pub_count++ < CLI_LIST_MAX)
        cli->pubs[cli->pub_count - 1] = value;
}

static void store(struct cli *cli, unsigned bit, const char *value)
{
    collect(cli, bit, value);
    if (!(bit & FOR_ALL))
        cli->options |= bit;
    if (keep_value(cli, bit, value))
        return;
    if (bit == OPT_JSON)
        cli->json = true;
    else if (bit == OPT_HELP)
        cli->help = true;
    else if (bit == OPT_VERSION)
        cli->version = true;
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
    store(cli, o->bit, value);
    return CLI_OK;
}

enum cli_exit cli_args_parse(struct cli *cli, int argc, const char *const argv[])
{
    bool words_only = false;
    for (int i = 1; i < argc; i++) {
        bool option = !words_only && argv[i][0] == '-' && argv[i][1];
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
        if (cli->options & ~cli->command->options & options[i].bit)
            return cli_usage(cli, "%s does not go with %s", options[i].name, cli->command->name);
    uint64_t rev = 0;
    if (cli->rev && gw_parse_u64(gw_view_str(cli->rev), INT64_MAX, &rev))
        return cli_usage(cli, "--rev must be a number, as `gatehouse device show` prints it");
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
