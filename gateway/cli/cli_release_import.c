/* release import, and release key add: files that go to the gateway. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "cli_table.h"
#include "cli_text.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "http_route.h"

#define IMPORT_MS   (2 * 60 * 1000L) /* for the last check, once all was sent */
#define KEY_PEM_MAX 8192

/* Opened and of a length that is known beforehand. */
static enum cli_exit open_file(struct cli *cli, const char *path, int *ret_fd, uint64_t *ret_bytes)
{
    struct stat st;
    GW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe nobody writes to must not hold us */
    if (fd < 0 || fstat(fd, &st)) {
        cli_say(cli, "%s: %s", path, strerror(errno));
        return CLI_REFUSED;
    }
    if (!S_ISREG(st.st_mode)) {
        cli_say(cli, "%s is no regular file", path);
        return CLI_REFUSED;
    }
    if (st.st_size > HTTP_STREAM_MAX) {
        cli_say(cli, "%s is longer than a gateway takes (4 GiB)", path);
        return CLI_REFUSED;
    }
    *ret_bytes = (uint64_t)st.st_size;
    *ret_fd = fd;
    fd = -1;
    return CLI_OK;
}

enum cli_exit cli_release_import(struct cli *cli)
{
    GW_CLOSE int fd = -1;
    struct cli_upload upload = {.content_type = "application/x-tar"};
    enum cli_exit rc = open_file(cli, cli->words[0], &fd, &upload.bytes);
    if (rc)
        return rc;
    upload.fd = fd;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct cli_question question = {
        .method = "POST", .path = "/api/v1/releases", .upload = &upload, .answer_ms = IMPORT_MS};
    rc = cli_ask(cli, &question, &doc);
    if (rc || cli->json)
        return rc;
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 2);
    static const char *const keys[] = {"id", "product", "version", "release_counter", "state"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        cli_table_add_str(&t, keys[i]);
        cli_table_add_member(&t, json_root(doc), keys[i]);
    }
    cli_table_print(&t, cli->out);
    return CLI_OK;
}

static const char *name_of(const struct cli *cli)
{
    const char *slash = strrchr(cli->words[0], '/');
    if (cli->name)
        return cli->name;
    return slash ? slash + 1 : cli->words[0];
}

static enum cli_exit read_pem(struct cli *cli, struct gw_buf *ret_pem)
{
    struct gw_err err = {0};
    enum gw_rc rc = gw_fs_read_file(cli->words[0], ret_pem, &err);
    if (rc == GW_TOO_BIG)
        cli_say(cli, "%s is longer than a public key", cli->words[0]);
    else if (rc)
        cli_say(cli, "%s", gw_err_text(&err));
    else if (strstr(gw_buf_str(ret_pem), "PRIVATE KEY"))
        cli_say(cli, "%s holds a private key: it must not leave its owner. Give the public half", cli->words[0]);
    else
        return CLI_OK;
    return CLI_REFUSED;
}

enum cli_exit cli_release_key_add(struct cli *cli)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf pem;
    GW_CLEANUP(gw_buf_done) struct gw_buf body;
    gw_buf_init(&pem, KEY_PEM_MAX);
    gw_buf_init(&body, 4 * KEY_PEM_MAX);
    enum cli_exit rc = read_pem(cli, &pem);
    if (rc)
        return rc;
    struct json_writer w;
    json_writer_begin(&w, &body);
    json_put_object(&w, NULL);
    json_put_view(&w, "pem", gw_buf_view(&pem));
    json_put_str(&w, "name", name_of(cli));
    json_put_end(&w);
    if (json_writer_end(&w)) {
        cli_say(cli, "the name is too long");
        return CLI_REFUSED;
    }
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct cli_question question = {.method = "POST", .path = "/api/v1/vendor-keys", .body = gw_buf_view(&body)};
    rc = cli_ask(cli, &question, &doc);
    struct gw_view keyid = {NULL, 0};
    if (rc || cli->json || json_text(json_root(doc), "keyid", &keyid, NULL))
        return rc;
    GW_CLEANUP(gw_buf_done) struct gw_buf line;
    gw_buf_init(&line, CLI_REPLY_MAX);
    cli_text_escape(&line, keyid);
    (void)fprintf(cli->out, "%s\n", gw_buf_str(&line));
    cli_say(cli, "releases signed by this key are trusted from now on; compare the fingerprint with the vendor's");
    return CLI_OK;
}
