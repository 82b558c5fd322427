/* release keygen, sign and inspect: the words of the command line and what is printed. */
#include <string.h>

#include "cli.h"
#include "cli_release.h"
#include "cli_table.h"
#include "crypto_dsse.h"
#include "gw_cleanup.h"
#include "gw_fs.h"

#define PUB_FILE_MAX 8192

static enum cli_exit tell(struct cli *cli, const struct gw_err *err)
{
    cli_say(cli, "%s", gw_err_text(err));
    return CLI_REFUSED;
}

static void add_row(struct cli_table *t, const char *title, const char *text)
{
    cli_table_add_str(t, title);
    cli_table_add_str(t, text[0] ? text : "-");
}

static void add_number(struct cli_table *t, const char *title, uint64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    add_row(t, title, text);
}

static void add_time(struct cli_table *t, const char *title, struct gw_wall time)
{
    char text[GW_WALL_TEXT_MAX];
    add_row(t, title, gw_wall_format(time, text) ? "-" : text);
}

enum cli_exit cli_release_keygen_run(struct cli *cli)
{
    struct vendor_key public_key;
    char pub[CLI_RELEASE_PATH_MAX];
    struct gw_err err = {0};
    enum crypto_key_kind kind = CRYPTO_ED25519;
    if (!cli->out_path)
        return cli_usage(cli, "--out FILE.key is missing");
    if (cli->key_type && strcmp(cli->key_type, "p256") == 0)
        kind = CRYPTO_P256;
    else if (cli->key_type && strcmp(cli->key_type, "ed25519") != 0)
        return cli_usage(cli, "--type is ed25519 or p256");
    if (cli_release_keygen(kind, cli->out_path, &public_key, pub, &err))
        return tell(cli, &err);
    if (!cli->json) {
        cli_say(cli, "the private key is in %s, its public half in %s; the fingerprint is", cli->out_path, pub);
        (void)fprintf(cli->out, "%s\n", public_key.keyid);
        return CLI_OK;
    }
    GW_CLEANUP(gw_buf_done) struct gw_buf line;
    gw_buf_init(&line, 65536);
    struct json_writer w;
    json_writer_begin(&w, &line);
    json_put_object(&w, NULL);
    json_put_str(&w, "key", cli->out_path);
    json_put_str(&w, "pub", pub);
    json_put_str(&w, "keyid", public_key.keyid);
    json_put_end(&w);
    return cli_print_json(cli, &w, &line);
}

static void put_release(struct json_writer *w, const struct release *r)
{
    json_put_str(w, "product", r->product);
    json_put_str(w, "version", r->version);
    json_put_i64(w, "release_counter", (int64_t)r->release_counter);
    json_put_i64(w, "security_floor", (int64_t)r->security_floor);
    json_put_str(w, "channel", r->channel);
    json_put_time(w, "released_at", r->released_at);
    json_put_time(w, "expires_at", r->expires_at);
    json_put_array(w, "files");
    for (size_t i = 0; i < release_file_count(r); i++) {
        const struct release_file *file = release_file_at(r, i);
        json_put_object(w, NULL);
        json_put_str(w, "name", file->name);
        json_put_str(w, "format", file->format);
        json_put_hex(w, "sha256", file->sha256.bytes, GW_SHA256_LEN);
        json_put_i64(w, "size", (int64_t)file->size);
        json_put_end(w);
    }
    json_put_end(w);
}

static void show_release(struct cli *cli, const struct release *r)
{
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 2);
    add_row(&t, "product", r->product);
    add_row(&t, "version", r->version);
    add_number(&t, "counter", r->release_counter);
    add_number(&t, "security floor", r->security_floor);
    add_row(&t, "channel", r->channel);
    add_row(&t, "security only", r->security_only ? "yes" : "no");
    for (size_t i = 0; i < r->fix_count; i++)
        add_row(&t, i ? "" : "fixes", r->fixes[i]);
    for (size_t i = 0; i < r->hardware_count; i++)
        add_row(&t, i ? "" : "hardware", r->hardware[i]);
    add_row(&t, "needs version", r->min_version);
    add_time(&t, "released", r->released_at);
    add_time(&t, "importable until", r->expires_at);
    cli_table_print(&t, cli->out);
}

static void show_files(struct cli *cli, const struct release *r)
{
    static const char *const titles[] = {"FILE", "FORMAT", "FOR", "BYTES", "SHA-256"};
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, titles, 5);
    for (size_t i = 0; i < release_file_count(r); i++) {
        const struct release_file *file = release_file_at(r, i);
        char hex[2 * GW_SHA256_LEN + 1];
        char size[32];
        gw_hex_format(file->sha256.bytes, GW_SHA256_LEN, hex);
        (void)snprintf(size, sizeof(size), "%llu", (unsigned long long)file->size);
        const char *const cells[] = {file->name, file->format, file->hardware[0] ? file->hardware : "-", size, hex};
        for (size_t k = 0; k < sizeof(cells) / sizeof(cells[0]); k++)
            cli_table_add_str(&t, cells[k]);
    }
    (void)fputs("\n", cli->out);
    cli_table_print(&t, cli->out);
}

enum cli_exit cli_release_sign_run(struct cli *cli)
{
    struct gw_err err = {0};
    GW_FREE struct release *release = gw_xalloc(1, sizeof(*release));
    if (!cli->manifest || !cli->out_path || cli->key_count == 0)
        return cli_usage(cli, "--manifest FILE.json, --key FILE.key and --out FILE.tar are needed");
    if (cli->key_count > CLI_RELEASE_KEYS_MAX)
        return cli_usage(cli, "at most %d keys can sign", CLI_RELEASE_KEYS_MAX);
    const struct cli_release_order order = {.manifest = cli->manifest,
                                            .key_paths = cli->keys,
                                            .key_count = (size_t)cli->key_count,
                                            .out = cli->out_path,
                                            .paths = cli->words,
                                            .path_count = (size_t)cli->word_count,
                                            .now = gw_wall_now()};
    if (cli_release_sign(&order, release, &err))
        return tell(cli, &err);
    if (!cli->json) {
        cli_say(cli, "%s %s is in %s, signed by %d", release->product, release->version, cli->out_path, cli->key_count);
        return CLI_OK;
    }
    GW_CLEANUP(gw_buf_done) struct gw_buf line;
    gw_buf_init(&line, CLI_REPLY_MAX);
    struct json_writer w;
    json_writer_begin(&w, &line);
    json_put_object(&w, NULL);
    json_put_str(&w, "out", cli->out_path);
    put_release(&w, release);
    json_put_end(&w);
    return cli_print_json(cli, &w, &line);
}

static enum cli_exit read_pub(struct cli *cli, const char *path, struct vendor_key *ret_key)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, PUB_FILE_MAX);
    struct gw_err err = {0};
    enum gw_rc rc = gw_fs_read_file(path, &text, &err);
    if (!rc) {
        rc = crypto_vendor_key_import(gw_buf_view(&text), "inspect", ret_key, &err);
        if (rc)
            rc = gw_err_wrap(&err, rc, "%s", path);
    }
    return rc ? tell(cli, &err) : CLI_OK;
}

static enum cli_exit show_seen(struct cli *cli, const struct cli_release_seen *seen)
{
    if (!cli->json) {
        show_release(cli, &seen->release);
        show_files(cli, &seen->release);
        for (size_t i = 0; i < seen->signature_count; i++)
            (void)fprintf(cli->out, "%ssigned by %s\n", i ? "" : "\n", seen->keyids[i]);
        if (seen->signers == 0)
            cli_say(cli, "every digest is right; the signatures were NOT verified (give --pub KEY.pem)");
        else
            cli_say(cli, "every digest is right; signatures verified: %u", seen->signers);
        return CLI_OK;
    }
    GW_CLEANUP(gw_buf_done) struct gw_buf line;
    gw_buf_init(&line, CLI_REPLY_MAX);
    struct json_writer w;
    json_writer_begin(&w, &line);
    json_put_object(&w, NULL);
    put_release(&w, &seen->release);
    json_put_array(&w, "keyids");
    for (size_t i = 0; i < seen->signature_count; i++)
        json_put_str(&w, NULL, seen->keyids[i]);
    json_put_end(&w);
    json_put_i64(&w, "verified", seen->signers);
    json_put_end(&w);
    return cli_print_json(cli, &w, &line);
}

enum cli_exit cli_release_inspect_run(struct cli *cli)
{
    struct vendor_key keys[CLI_RELEASE_KEYS_MAX];
    GW_FREE struct cli_release_seen *seen = gw_xalloc(1, sizeof(*seen));
    struct gw_err err = {0};
    if (cli->pub_count > CLI_RELEASE_KEYS_MAX)
        return cli_usage(cli, "at most %d keys can be given", CLI_RELEASE_KEYS_MAX);
    for (int i = 0; i < cli->pub_count; i++) {
        enum cli_exit rc = read_pub(cli, cli->pubs[i], &keys[i]);
        if (rc)
            return rc;
    }
    if (cli_release_inspect(cli->words[0], keys, (size_t)cli->pub_count, seen, &err)) {
        cli_say(cli, "%s: %s", cli->words[0], gw_err_text(&err));
        return CLI_REFUSED;
    }
    return show_seen(cli, seen);
}
