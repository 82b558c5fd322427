/* logs verify: an export offline, or a device's logs as the gateway gives them. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_logs.h"
#include "crypto_hash.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_num.h"
#include "log_check.h"

#define PATH_MAX_BYTES 4096
#define DEPTH_MAX      4 /* dev/<device>/line/<epoch> */

/* What a root log says, for one of the logs at hand. */
struct found_claim {
    size_t log; /* index in the list */
    struct log_claim claim;
};

struct verifying {
    struct cli *cli;
    const char *dir; /* NULL: live */
    struct note_key key;
    struct cli_log_list list;
    struct found_claim *claims; /* owned */
    size_t claim_count, claim_cap;
    size_t root;     /* index of the root log whose entries are being read */
    uint64_t beyond; /* claims about more than was exported */
};

static void verifying_done(struct verifying *v)
{
    cli_log_list_done(&v->list);
    free(v->claims);
}

/* ---- where files come from --------------------------------------------------------------------------------------- */

struct place {
    struct verifying *v;
    const char *name; /* of the log; "": the directory is the log's own */
    enum cli_exit rc; /* of the last question to the gateway, told already unless CLI_OK */
};

static enum gw_rc from_dir(void *ctx, const char *file, struct gw_buf *ret_bytes, struct gw_err *err)
{
    const struct place *p = ctx;
    char path[PATH_MAX_BYTES];
    if (snprintf(path, sizeof(path), "%s/%s%s%s", p->v->dir, p->name, p->name[0] ? "/" : "", file) >= (int)sizeof(path))
        return gw_err_set(err, GW_TOO_BIG, "the directory's name is too long");
    enum gw_rc rc = gw_fs_read_file(path, ret_bytes, err);
    return rc == GW_NOT_FOUND ? gw_err_set(err, GW_CORRUPT, "%s is missing", file) : rc;
}

static enum gw_rc from_gateway(void *ctx, const char *file, struct gw_buf *ret_bytes, struct gw_err *err)
{
    struct place *p = ctx;
    bool tile = strcmp(file, "checkpoint") != 0;
    char path[320];
    (void)snprintf(path, sizeof(path), "/api/v1/%s?log=%s%s%s", tile ? "log-tile" : "log-checkpoint", p->name,
                   tile ? "&path=" : "", tile ? file : "");
    p->rc = cli_fetch(p->v->cli, &(struct cli_question){.method = "GET", .path = path}, ret_bytes);
    return p->rc == CLI_OK ? GW_OK : gw_err_set(err, GW_IO, "%s could not be had from the gateway", file);
}

/* ---- the key ----------------------------------------------------------------------------------------------------- */

static enum cli_exit take_key(struct verifying *v, struct gw_view text, const char *whose)
{
    struct gw_err err = {0};
    if (note_key_parse(gw_view_trim(text), crypto_sha256(), &v->key, &err)) {
        cli_say(v->cli, "%s is no verifier key: %s", whose, gw_err_text(&err));
        return CLI_REFUSED;
    }
    return CLI_OK;
}

static enum cli_exit read_key(struct verifying *v, const char *path)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, NOTE_VKEY_MAX);
    struct gw_err err = {0};
    if (gw_fs_read_file(path, &text, &err)) {
        cli_say(v->cli, "%s", gw_err_text(&err));
        return CLI_REFUSED;
    }
    return take_key(v, gw_buf_view(&text), path);
}

static enum cli_exit find_key(struct verifying *v)
{
    struct cli *cli = v->cli;
    if (cli->key_path)
        return read_key(v, cli->key_path);
    char path[PATH_MAX_BYTES];
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, NOTE_VKEY_MAX);
    (void)snprintf(path, sizeof(path), "%s/key", v->dir ? v->dir : "");
    if (v->dir && access(path, F_OK)) {
        cli_say(cli, "%s: %s; is %s what `gatehouse logs export` wrote? Otherwise give --key FILE", path,
                strerror(errno), v->dir);
        return CLI_REFUSED;
    }
    enum cli_exit rc = v->dir
                           ? read_key(v, path)
                           : cli_fetch(cli, &(struct cli_question){.method = "GET", .path = "/api/v1/log-key"}, &text);
    if (!rc && !v->dir)
        rc = take_key(v, gw_buf_view(&text), "the gateway's answer");
    if (!rc)
        cli_say(
            cli,
            "checked against the key that %s: this shows that all fits together; give --key FILE to hold it against "
            "a key that you trust",
            v->dir ? "lies with the export" : "the gateway tells now");
    return rc;
}

/* ---- which logs -------------------------------------------------------------------------------------------------- */

static bool has_checkpoint(const char *dir)
{
    char path[PATH_MAX_BYTES];
    struct stat st;
    return snprintf(path, sizeof(path), "%s/checkpoint", dir) < (int)sizeof(path) && stat(path, &st) == 0;
}

static void add_log(struct cli_log_list *list, const struct cli_log *log)
{
    list->logs = gw_xgrow(list->logs, list->count, &list->cap, sizeof(*list->logs));
    list->logs[list->count++] = *log;
}

/* Walks the directory; `name` is what lies between it and the export's own. What cannot be read may hold a log that was
 * altered: it is not passed over. */
static enum cli_exit find_logs(struct verifying *v, const char *name, int depth)
{
    char path[PATH_MAX_BYTES];
    if (snprintf(path, sizeof(path), "%s%s%s", v->dir, name[0] ? "/" : "", name) >= (int)sizeof(path)) {
        cli_say(v->cli, "%s: the names in it are too long", v->dir);
        return CLI_REFUSED;
    }
    struct cli_log log = {.size = 0};
    if (name[0] && has_checkpoint(path)) {
        if (gw_view_copy_str(gw_view_str(name), log.name, sizeof(log.name)) ||
            log_id_parse(gw_view_str(name), &log.id)) {
            cli_say(v->cli, "%s holds a checkpoint, but %s names no log", path, name);
            return CLI_REFUSED;
        }
        add_log(&v->list, &log);
        return CLI_OK;
    }
    DIR *dir = opendir(path);
    if (!dir && depth > 0 && errno == ENOTDIR)
        return CLI_OK; /* a file: `key` */
    if (!dir) {
        cli_say(v->cli, "%s: %s", path, strerror(errno));
        return CLI_REFUSED;
    }
    enum cli_exit rc = CLI_OK;
    struct dirent *e;
    while (!rc && (errno = 0, (e = readdir(dir)))) {
        char below[PATH_MAX_BYTES];
        if (e->d_name[0] == '.' || depth == DEPTH_MAX || e->d_type == DT_REG)
            continue;
        (void)snprintf(below, sizeof(below), "%s%s%s", name, name[0] ? "/" : "", e->d_name);
        rc = find_logs(v, below, depth + 1);
    }
    if (!rc && errno) {
        cli_say(v->cli, "%s: %s", path, strerror(errno));
        rc = CLI_REFUSED;
    }
    (void)closedir(dir);
    return rc;
}

/* A directory of one log has its name in its checkpoint. */
static enum cli_exit name_single(struct verifying *v)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, NOTE_BYTES_MAX);
    struct place place = {.v = v, .name = ""};
    struct gw_err err = {0};
    struct checkpoint checkpoint;
    struct cli_log log = {.size = 0};
    enum gw_rc rc = from_dir(&place, "checkpoint", &bytes, &err);
    if (!rc)
        rc = log_check_note(gw_buf_view(&bytes), &v->key, &checkpoint, &err);
    if (rc) {
        cli_say(v->cli, "%s: checkpoint: %s", v->dir, gw_err_text(&err));
        return CLI_REFUSED;
    }
    const char *slash = strchr(checkpoint.origin, '/');
    if (!slash || log_id_parse(gw_view_str(slash + 1), &log.id)) {
        cli_say(v->cli, "%s: checkpoint: %s is the origin of no log of a gateway", v->dir, checkpoint.origin);
        return CLI_REFUSED;
    }
    log_id_name(&log.id, log.name);
    add_log(&v->list, &log);
    return CLI_OK;
}

/* ---- the root log ------------------------------------------------------------------------------------------------ */

/* One entry of a root log: a checkpoint of another log, signed by the same key. */
static enum gw_rc take_claim(void *ctx, uint64_t index, struct gw_view event, struct gw_err *err)
{
    struct verifying *v = ctx;
    struct checkpoint checkpoint;
    struct log_id id;
    enum gw_rc rc = log_check_note(event, &v->key, &checkpoint, err);
    const char *slash = rc ? NULL : strchr(checkpoint.origin, '/');
    if (!rc && (!slash || log_id_parse(gw_view_str(slash + 1), &id)))
        rc = gw_err_set(err, GW_CORRUPT, "it is of no log of this gateway");
    if (rc)
        return gw_err_wrap(err, rc, "%s: entry %" PRIu64, v->list.logs[v->root].name, index);
    const struct cli_log *log = cli_log_find(&v->list, &id);
    if (!log)
        return GW_OK;
    v->claims = gw_xgrow(v->claims, v->claim_count, &v->claim_cap, sizeof(*v->claims));
    v->claims[v->claim_count++] =
        (struct found_claim){(size_t)(log - v->list.logs), {checkpoint.size, checkpoint.root, index}};
    return GW_OK;
}

static int by_log_and_size(const void *a, const void *b)
{
    const struct found_claim *x = a, *y = b;
    if (x->log != y->log)
        return x->log < y->log ? -1 : 1;
    return x->claim.size < y->claim.size ? -1 : x->claim.size > y->claim.size;
}

/* The claims about one log, copied out in order (free()). */
static struct log_claim *claims_of(const struct verifying *v, size_t log, size_t *ret_count)
{
    struct log_claim *out = gw_xalloc(v->claim_count + 1, sizeof(*out));
    size_t n = 0;
    for (size_t i = 0; i < v->claim_count; i++)
        if (v->claims[i].log == log)
            out[n++] = v->claims[i].claim;
    *ret_count = n;
    return out;
}

/* ---- checking ---------------------------------------------------------------------------------------------------- */

static void tell(struct cli *cli, const struct log_check *check)
{
    char root[2 * GW_SHA256_LEN + 1];
    gw_hex_format(check->checkpoint.root.bytes, GW_SHA256_LEN, root);
    if (cli->json) {
        (void)fprintf(cli->out, "{\"log\":\"%s\",\"verified\":true,\"size\":\"%" PRIu64 "\",\"root\":\"%s\"}\n",
                      check->name, check->checkpoint.size, root);
        return;
    }
    (void)fprintf(cli->out, "%s: %" PRIu64 " event%s verified, root %.16s…", check->name, check->checkpoint.size,
                  gw_plural(check->checkpoint.size), root);
    if (check->claims_held)
        (void)fprintf(cli->out, ", as %" PRIu64 " checkpoint%s", check->claims_held,
                      check->claims_held == 1 ? " in the root log says" : "s in the root log say");
    (void)fputc('\n', cli->out);
}

static enum cli_exit check_log(struct verifying *v, size_t index, bool single)
{
    const struct cli_log *log = &v->list.logs[index];
    struct place place = {.v = v, .name = single ? "" : log->name};
    const struct log_source source = {&place, v->dir ? from_dir : from_gateway};
    size_t claim_count = 0;
    GW_FREE struct log_claim *claims = claims_of(v, index, &claim_count);
    struct log_check check = {.name = log->name,
                              .key = &v->key,
                              .hash = crypto_sha256(),
                              .claims = claims,
                              .claim_count = claim_count,
                              .visit = log->id.kind == LOG_ROOT ? take_claim : NULL,
                              .visit_ctx = v};
    struct gw_err err = {0};
    v->root = index;
    if (log_check_run(&check, &source, &err)) {
        cli_say(v->cli, "NOT verified: %s", gw_err_text(&err));
        return place.rc ? place.rc : CLI_REFUSED;
    }
    v->beyond += claim_count - (size_t)check.claims_held;
    tell(v->cli, &check);
    return CLI_OK;
}

/* Root logs first: the others are held against them. Goes on behind a log that does not fit. */
static enum cli_exit check_all(struct verifying *v, bool single)
{
    enum cli_exit worst = CLI_OK;
    for (int roots = 1; roots >= 0; roots--) {
        for (size_t i = 0; i < v->list.count; i++) {
            if ((v->list.logs[i].id.kind == LOG_ROOT) != (roots == 1))
                continue;
            enum cli_exit rc = check_log(v, i, single);
            worst = rc ? rc : worst;
        }
        if (v->claim_count)
            qsort(v->claims, v->claim_count, sizeof(*v->claims), by_log_and_size);
    }
    if (v->beyond)
        cli_say(v->cli, "%" PRIu64 " checkpoint%s of more events than were exported: not compared", v->beyond,
                v->beyond == 1 ? " in the root log speaks" : "s in the root log speak");
    return worst;
}

static enum cli_exit verify_dir(struct verifying *v)
{
    bool single = has_checkpoint(v->dir);
    enum cli_exit rc = find_key(v);
    if (!rc)
        rc = single ? name_single(v) : find_logs(v, "", 0);
    if (rc)
        return rc;
    if (v->list.count == 0) {
        cli_say(v->cli, "%s holds no log", v->dir);
        return CLI_REFUSED;
    }
    return check_all(v, single);
}

static enum cli_exit verify_live(struct verifying *v)
{
    struct cli *cli = v->cli;
    size_t kept = 0;
    enum cli_exit rc = cli_log_list_get(cli, cli->device, &v->list);
    if (!rc)
        rc = find_key(v);
    if (rc)
        return rc;
    for (size_t i = 0; i < v->list.count; i++) {
        if (v->list.logs[i].signed_size > 0)
            v->list.logs[kept++] = v->list.logs[i];
        else
            cli_say(cli, "%s: not signed yet, passed over", v->list.logs[i].name);
    }
    v->list.count = kept;
    if (kept == 0) {
        cli_say(cli, "%s has no signed log", cli->device);
        return CLI_REFUSED;
    }
    return check_all(v, false);
}

enum cli_exit cli_logs_verify(struct cli *cli)
{
    if (cli->word_count > 1 || (cli->word_count == 1) == (cli->device != NULL))
        return cli_usage(cli, "give the directory of an export, or --device ID");
    if (cli->key_count > 1)
        return cli_usage(cli, "--key is given twice");
    GW_CLEANUP(verifying_done) struct verifying v = {.cli = cli, .dir = cli->word_count ? cli->words[0] : NULL};
    return v.dir ? verify_dir(&v) : verify_live(&v);
}
