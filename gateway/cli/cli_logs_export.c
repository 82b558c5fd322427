/* logs export: logs as files that others can check (C2SP tlog-tiles), written beside and moved into place when whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint.h"
#include "cli_logs.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "log_tiles.h"
#include "note.h"

#define PATH_MAX_BYTES 4096
#define FILE_MAX_BYTES ((size_t)CLI_REPLY_MAX)

/* One log on its way into a directory. */
struct exporting {
    struct cli *cli;
    const char *dir; /* of the whole export, unfinished */
    const char *name;
    enum cli_exit rc;
    uint64_t files;
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

/* For GW_CLEANUP: an unfinished export goes; "" for none. */
static void remove_tree(char (*dir)[PATH_MAX_BYTES])
{
    if ((*dir)[0])
        (void)nftw(*dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static enum cli_exit fail(struct cli *cli, const char *what)
{
    cli_say(cli, "%s: %s", what, strerror(errno));
    return CLI_REFUSED;
}

/* Makes the directories that lead to the file. */
static enum cli_exit make_parents(struct cli *cli, char *path, size_t from)
{
    for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int rc = mkdir(path, 0777);
        enum cli_exit told = rc && errno != EEXIST ? fail(cli, path) : CLI_OK;
        *slash = '/';
        if (told)
            return told;
    }
    return CLI_OK;
}

static enum cli_exit write_file(struct cli *cli, const char *dir, const char *name, struct gw_view bytes)
{
    char path[PATH_MAX_BYTES];
    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path)) {
        cli_say(cli, "%s is too long", dir);
        return CLI_REFUSED;
    }
    enum cli_exit rc = make_parents(cli, path, strlen(dir) + 1);
    if (rc)
        return rc;
    GW_FCLOSE FILE *f = fopen(path, "wxe");
    bool good = f && (bytes.len == 0 || fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len) && fflush(f) == 0;
    return good ? CLI_OK : fail(cli, path);
}

static bool export_tile(void *ctx, const struct tile_path *tile)
{
    struct exporting *x = ctx;
    char file[TILE_PATH_MAX], name[LOG_NAME_MAX + TILE_PATH_MAX + 1];
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, FILE_MAX_BYTES);
    if (tile_path_format(tile, file)) {
        x->rc = CLI_REFUSED;
        return false;
    }
    (void)snprintf(name, sizeof(name), "%s/%s", x->name, file);
    x->rc = cli_log_fetch(x->cli, "log-tile", x->name, file, &bytes);
    if (!x->rc)
        x->rc = write_file(x->cli, x->dir, name, gw_buf_view(&bytes));
    x->files++;
    return x->rc == CLI_OK;
}

/* The size that a checkpoint speaks of; its signature is for verify to check. */
static bool size_of(struct gw_view bytes, uint64_t *ret_size)
{
    struct note note;
    struct checkpoint checkpoint;
    if (note_parse(bytes, &note, NULL) || checkpoint_parse(note.text, &checkpoint, NULL))
        return false;
    *ret_size = checkpoint.size;
    return true;
}

/* The batch that contradicted the log lies beside its checkpoint; it is no part of the layout. */
static enum cli_exit export_evidence(struct cli *cli, const char *dir, const struct cli_log *log)
{
    char name[LOG_NAME_MAX + 16];
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, FILE_MAX_BYTES);
    enum cli_exit rc = cli_log_fetch(cli, "log-evidence", log->name, NULL, &bytes);
    if (rc)
        return rc;
    (void)snprintf(name, sizeof(name), "%s/evidence", log->name);
    return write_file(cli, dir, name, gw_buf_view(&bytes));
}

static void tell(struct cli *cli, const struct cli_log *log, uint64_t size)
{
    if (cli->json)
        (void)fprintf(cli->out, "{\"log\":\"%s\",\"size\":\"%" PRIu64 "\"}\n", log->name, size);
    else
        (void)fprintf(cli->out, "%s: %" PRIu64 " event%s\n", log->name, size, gw_plural(size));
    if (log->equivocated)
        cli_say(cli, "%s: its device contradicted it; what it sent is in %s/evidence", log->name, log->name);
    if (log->size > size)
        cli_say(cli, "%s: %" PRIu64 " newer event%s not signed yet and left out", log->name, log->size - size,
                log->size - size == 1 ? " is" : "s are");
}

static enum cli_exit export_log(struct cli *cli, const char *dir, const struct cli_log *log)
{
    char name[LOG_NAME_MAX + 16];
    uint64_t size = 0;
    GW_CLEANUP(gw_buf_done) struct gw_buf note;
    gw_buf_init(&note, NOTE_BYTES_MAX);
    struct exporting x = {.cli = cli, .dir = dir, .name = log->name};
    enum cli_exit rc = cli_log_fetch(cli, "log-checkpoint", log->name, NULL, &note);
    if (rc)
        return rc;
    if (!size_of(gw_buf_view(&note), &size)) {
        cli_say(cli, "%s: the gateway's answer is no checkpoint", log->name);
        return CLI_REFUSED;
    }
    (void)snprintf(name, sizeof(name), "%s/checkpoint", log->name);
    rc = write_file(cli, dir, name, gw_buf_view(&note));
    if (!rc)
        (void)log_tiles_each(size, export_tile, &x);
    rc = rc ? rc : x.rc;
    if (!rc && log->equivocated)
        rc = export_evidence(cli, dir, log);
    if (!rc)
        tell(cli, log, size);
    return rc;
}

/* The root log first: what it signs is then part of what the others hold. */
static enum cli_exit export_all(struct cli *cli, const char *dir, const struct cli_log_list *list)
{
    size_t written = 0;
    for (int roots = 1; roots >= 0; roots--)
        for (size_t i = 0; i < list->count; i++) {
            const struct cli_log *log = &list->logs[i];
            if ((log->id.kind == LOG_ROOT) != (roots == 1))
                continue;
            if (log->signed_size == 0) {
                cli_say(cli, "%s: not signed yet, left out", log->name);
                continue;
            }
            enum cli_exit rc = export_log(cli, dir, log);
            if (rc)
                return rc;
            written++;
        }
    if (written > 0)
        return CLI_OK;
    cli_say(cli, "there is nothing to export: no such log, or nothing of it is signed yet");
    return CLI_REFUSED;
}

static enum cli_exit export_key(struct cli *cli, const char *dir)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf key;
    gw_buf_init(&key, NOTE_VKEY_MAX);
    enum cli_exit rc = cli_fetch(cli, &(struct cli_question){.method = "GET", .path = "/api/v1/log-key"}, &key);
    return rc ? rc : write_file(cli, dir, "key", gw_buf_view(&key));
}

/* All of it on the disk, then the name: nobody finds half an export under it. */
static enum cli_exit move_into_place(struct cli *cli, const char *from, const char *to)
{
    GW_CLOSE int fd = open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) || fchmod(fd, 0755))
        return fail(cli, from);
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
        return fail(cli, to);
    return CLI_OK;
}

static enum cli_exit selected(struct cli *cli, struct cli_log_list *ret_list)
{
    unsigned whose = cli->options & (CLI_OPT_DEVICE | CLI_OPT_LOG | CLI_OPT_ALL);
    if (whose == 0 || (whose & (whose - 1)) || !cli->out_path)
        return cli_usage(cli, "one of --device ID, --log NAME and --all is needed, and --out DIR");
    struct log_id id;
    enum cli_exit rc = cli->log ? cli_log_word(cli, cli->log, &id) : CLI_OK;
    if (!rc)
        rc = cli_log_list_get(cli, cli->device, ret_list);
    if (rc || !cli->log)
        return rc;
    const struct cli_log *log = cli_log_find(ret_list, &id);
    ret_list->count = log != NULL;
    if (log)
        memmove(&ret_list->logs[0], log, sizeof(*log));
    return CLI_OK;
}

enum cli_exit cli_logs_export(struct cli *cli)
{
    GW_CLEANUP(cli_log_list_done) struct cli_log_list list = {.logs = NULL};
    enum cli_exit rc = selected(cli, &list);
    if (rc)
        return rc;
    struct stat st;
    size_t len = strlen(cli->out_path);
    while (len > 1 && cli->out_path[len - 1] == '/')
        len--;
    char to[PATH_MAX_BYTES - 64];
    if (gw_view_copy_str(gw_view_make(cli->out_path, len), to, sizeof(to))) {
        cli_say(cli, "the name of --out is too long");
        return CLI_REFUSED;
    }
    if (lstat(to, &st) == 0) {
        cli_say(cli, "%s is there already; nothing was written", to);
        return CLI_REFUSED;
    }
    GW_CLEANUP(remove_tree) char dir[PATH_MAX_BYTES];
    (void)snprintf(dir, sizeof(dir), "%s.unfinished-XXXXXX", to);
    if (!mkdtemp(dir)) {
        dir[0] = '\0';
        return fail(cli, to);
    }
    rc = export_key(cli, dir);
    if (!rc)
        rc = export_all(cli, dir, &list);
    if (!rc)
        rc = move_into_place(cli, dir, to);
    if (!rc)
        dir[0] = '\0';
    return rc;
}
