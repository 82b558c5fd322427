/* From the words of the command line to the command, and what all commands say alike. */
#include <stdarg.h>
#include <string.h>

#include "cli.h"
#include "cli_text.h"
#include "gw_cleanup.h"
#include "user.h"

static void GW_PRINTF(3, 0) say(struct cli *cli, const char *behind, const char *fmt, va_list args)
{
    char text[1024];
    (void)vsnprintf(text, sizeof(text), fmt, args);
    GW_CLEANUP(gw_buf_done) struct gw_buf shown;
    gw_buf_init(&shown, 8 * sizeof(text));
    cli_text_escape(&shown, gw_view_str(text));
    (void)fprintf(cli->err, "gatehouse: %s%s\n", gw_buf_str(&shown), behind);
    (void)snprintf(cli->said, sizeof(cli->said), "%s", text);
}

void cli_say(struct cli *cli, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(cli, "", fmt, args);
    va_end(args);
}

enum cli_exit cli_usage(struct cli *cli, const char *fmt, ...)
{
    char behind[96] = "; see `gatehouse help`";
    if (cli->command)
        (void)snprintf(behind, sizeof(behind), "; see `gatehouse help %s`", cli->command->name);
    va_list args;
    va_start(args, fmt);
    say(cli, behind, fmt, args);
    va_end(args);
    return CLI_USAGE;
}

enum cli_exit cli_device_id(struct cli *cli, const char *word, struct gw_device_id *ret_id)
{
    if (gw_device_id_parse(gw_view_str(word), ret_id))
        return cli_usage(cli, "\"%s\" is no device id: 3 to 63 of a-z, 0-9 and '-', not starting with '-'", word);
    return CLI_OK;
}

enum cli_exit cli_user_name(struct cli *cli, const char *word)
{
    if (user_name_check(gw_view_str(word)))
        return cli_usage(cli, "\"%s\" is no name: 1 to 63 of a-z, 0-9, '.', '_', '-'", word);
    return CLI_OK;
}

/* How many of the words name this command; 0: another one. */
static int words_of(const struct cli_command *c, const struct cli *cli)
{
    int used = 0;
    struct gw_view rest = gw_view_str(c->name);
    while (rest.len > 0) {
        struct gw_view word = gw_view_cut(rest, ' ', &rest);
        if (used == cli->word_count || !gw_view_eq_str(word, cli->words[used]))
            return 0;
        used++;
    }
    return used;
}

/* Do commands begin with this text and another word? */
static bool is_group(const char *text)
{
    size_t count = 0, len = strlen(text);
    const struct cli_command *commands = cli_commands(&count);
    for (size_t i = 0; i < count; i++)
        if (strncmp(commands[i].name, text, len) == 0 && commands[i].name[len] == ' ')
            return true;
    return false;
}

/* Says what cannot be found; words that begin commands get their help named. */
static enum cli_exit no_command(struct cli *cli)
{
    char text[128], longer[128];
    (void)snprintf(text, sizeof(text), "%s", cli->words[0]);
    if (!is_group(text))
        return cli_usage(cli, "no such command: %s", cli->words[0]);
    int used = 1;
    for (; used < cli->word_count; used++) {
        int n = snprintf(longer, sizeof(longer), "%s %s", text, cli->words[used]);
        if (n >= (int)sizeof(longer) || !is_group(longer))
            break;
        memcpy(text, longer, sizeof(text));
    }
    if (used == cli->word_count)
        cli_say(cli, "%s is not a whole command; see `gatehouse help %s`", text, text);
    else
        cli_say(cli, "no such command: %s %s; see `gatehouse help %s`", text, cli->words[used], text);
    return CLI_USAGE;
}

static enum cli_exit find_command(struct cli *cli)
{
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        int used = words_of(&commands[i], cli);
        if (used == 0)
            continue;
        cli->command = &commands[i];
        cli->word_count -= used;
        memmove(cli->words, cli->words + used, (size_t)cli->word_count * sizeof(cli->words[0]));
        return CLI_OK;
    }
    return no_command(cli);
}

static enum cli_exit run_command(struct cli *cli)
{
    enum cli_exit rc = find_command(cli);
    if (rc)
        return rc;
    const struct cli_command *c = cli->command;
    if (c->arg_count >= 0 && cli->word_count != c->arg_count)
        return cli_usage(cli, "%s takes %s, %d given", c->name, c->args ? c->args : "no arguments", cli->word_count);
    rc = cli_args_check(cli);
    return rc ? rc : c->run(cli);
}

/* With --json a failure is one line on stdout too: the gateway's own problem document, or one made here of what was
 * said last. */
static void tell_json(struct cli *cli, enum cli_exit rc)
{
    static const char *const titles[] = {
        [CLI_REFUSED] = "failed", [CLI_USAGE] = "wrong usage", [CLI_UNREACHABLE] = "gateway not reachable"};
    if (rc == CLI_OK || !cli->json || cli->problem_told || !cli->said[0])
        return;
    GW_CLEANUP(gw_buf_done) struct gw_buf line, said;
    struct json_writer w;
    gw_buf_init(&line, 16 * sizeof(cli->said));
    gw_buf_init(&said, 8 * sizeof(cli->said));
    cli_text_escape(&said, gw_view_str(cli->said)); /* words of the command line may be no UTF-8 */
    json_writer_begin(&w, &line);
    json_put_object(&w, NULL);
    json_put_str(&w, "type", "about:blank");
    json_put_str(&w, "title", titles[rc]);
    json_put_view(&w, "detail", gw_buf_view(&said));
    json_put_i64(&w, "exit", (int64_t)rc);
    json_put_end(&w);
    if (json_writer_end(&w) == GW_OK)
        (void)fprintf(cli->out, "%s\n", gw_buf_str(&line));
}

enum cli_exit cli_flush(struct cli *cli)
{
    if (!fflush(cli->out) && !ferror(cli->out))
        return CLI_OK;
    cli_say(cli, "the output could not be written; is the disk full?");
    return CLI_REFUSED;
}

/* A full disk or a closed pipe must not look like success. */
static enum cli_exit finish(struct cli *cli, enum cli_exit rc)
{
    tell_json(cli, rc);
    return rc ? rc : cli_flush(cli);
}

enum cli_exit cli_main(struct cli *cli, int argc, const char *const argv[])
{
    enum cli_exit rc = cli_args_parse(cli, argc, argv);
    if (rc)
        return finish(cli, rc);
    if (!cli->socket || !cli->socket[0])
        cli->socket = CLI_SOCKET_DEFAULT;
    if (cli->version) {
        (void)fputs("gatehouse " GATEHOUSE_VERSION "\n", cli->out);
        return finish(cli, CLI_OK);
    }
    if (cli->help && cli->word_count > 0)
        return finish(cli, cli_help_words(cli, cli->words, cli->word_count));
    if (cli->help) {
        cli_help_all(cli->out);
        return finish(cli, CLI_OK);
    }
    if (cli->word_count == 0)
        return finish(cli, cli_usage(cli, "no command is given"));
    return finish(cli, run_command(cli));
}
