/* device invite: a secret on paper, on a screen or in a file of its own. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "cli_table.h"
#include "cli_text.h"
#include "gw_cleanup.h"
#include "gw_fs.h"

static bool build_body(struct cli *cli, struct gw_buf *ret_body)
{
    if (!cli->name)
        return true;
    struct json_writer w;
    json_writer_begin(&w, ret_body);
    json_put_object(&w, NULL);
    json_put_str(&w, "name", cli->name);
    json_put_end(&w);
    return json_writer_end(&w) == GW_OK;
}

/* On a terminal or on demand the code stands under the line; text that came from the gateway is escaped all the same.
 */
static enum cli_exit print_invitation(struct cli *cli, struct gw_view text, const struct json_value *answer)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf line;
    gw_buf_init(&line, 8192);
    cli_text_escape(&line, text);
    (void)fprintf(cli->out, "%s\n", gw_buf_str(&line));
    bool qr = cli->out_is_tty || (cli->options & CLI_OPT_QR);
    if (qr && !cli_qr_draw(cli->out, gw_buf_str(&line), cli->out_is_tty)) {
        cli_say(cli, "the invitation does not fit into a QR code");
        return CLI_REFUSED;
    }
    char until[64] = "its end";
    (void)(json_str(answer, "expires", until, sizeof(until), NULL) == GW_OK);
    cli_say(cli, "valid until %s; whoever uses it first is this device", until);
    return CLI_OK;
}

static enum cli_exit write_invitation(struct cli *cli, int fd, struct gw_view text)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf line;
    gw_buf_init(&line, 8192);
    struct gw_err err = {0};
    (void)gw_buf_add_view(&line, text);
    enum gw_rc rc = gw_buf_add_u8(&line, '\n');
    if (!rc)
        rc = gw_fs_write_all(gw_fs_posix(), fd, gw_buf_view(&line), 0, &err);
    if (!rc && fsync(fd))
        rc = gw_err_sys(&err, "sync");
    if (rc) {
        cli_say(cli, "%s: %s; make another invitation", cli->out_path, gw_err_text(&err));
        return CLI_REFUSED;
    }
    return CLI_OK;
}

/* Where it is and how long it is good, without the secret. */
static enum cli_exit tell_file(struct cli *cli, const struct json_value *answer)
{
    char until[64] = "";
    if (json_str(answer, "expires", until, sizeof(until), NULL) || !cli->json) {
        cli_say(cli, "the invitation is in %s%s%s", cli->out_path, until[0] ? ", valid until " : "", until);
        return CLI_OK;
    }
    GW_CLEANUP(gw_buf_done) struct gw_buf line;
    gw_buf_init(&line, 65536);
    struct json_writer w;
    json_writer_begin(&w, &line);
    json_put_object(&w, NULL);
    json_put_str(&w, "out", cli->out_path);
    json_put_str(&w, "expires", until);
    json_put_end(&w);
    return cli_print_json(cli, &w, &line);
}

static enum cli_exit invite(struct cli *cli, const struct gw_device_id *id, int fd)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf body;
    gw_buf_init(&body, 8192);
    if (!build_body(cli, &body))
        return cli_usage(cli, "the name is too long");
    char path[128];
    (void)snprintf(path, sizeof(path), "/api/v1/devices/%s/invite", id->text);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    const struct cli_question question = {
        .method = "POST", .path = path, .body = gw_buf_view(&body), .revision = cli->rev};
    enum cli_exit rc = fd >= 0 ? cli_ask_quiet(cli, &question, &doc) : cli_ask(cli, &question, &doc);
    if (rc || (cli->json && fd < 0))
        return rc;
    struct gw_view text = {NULL, 0};
    if (json_text(json_root(doc), "invitation", &text, NULL) || text.len == 0 || text.len > 1024) {
        cli_say(cli, "the gateway's answer holds no invitation");
        return CLI_REFUSED;
    }
    if (fd < 0)
        return print_invitation(cli, text, json_root(doc));
    rc = write_invitation(cli, fd, text);
    return rc ? rc : tell_file(cli, json_root(doc));
}

enum cli_exit cli_device_invite(struct cli *cli)
{
    struct gw_device_id id;
    enum cli_exit rc = cli_device_id(cli, cli->words[0], &id);
    if (rc)
        return rc;
    if (cli->out_path && (cli->options & CLI_OPT_QR))
        return cli_usage(cli, "--out does not go with --qr");
    if (!cli->out_path)
        return invite(cli, &id, -1);
    /* Before asking: a secret that cannot be put down would be lost. */
    GW_CLOSE int fd = open(cli->out_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        cli_say(cli, "%s cannot be made: %s. No invitation was made", cli->out_path, strerror(errno));
        return CLI_REFUSED;
    }
    rc = invite(cli, &id, fd);
    if (rc)
        (void)unlink(cli->out_path);
    return rc;
}
