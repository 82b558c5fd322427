#include "recheck.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_num.h"

#define KEY      "releases.recheck"
#define DIGEST   (2 * GW_SHA256_LEN)
#define LINE_MAX 240 /* of a row: far below STORE_SETTING_MAX / RECHECK_MAX */

struct list {
    struct recheck rows[RECHECK_MAX];
    size_t count;
};

/* "due 1800000000000 <sha256> <release> <device>" */
static enum gw_rc parse_row(struct gw_view line, struct recheck *out)
{
    struct gw_view rest = line, state = gw_view_cut(rest, ' ', &rest), at = gw_view_cut(rest, ' ', &rest),
                   digest = gw_view_cut(rest, ' ', &rest), release = gw_view_cut(rest, ' ', &rest);
    out->done = gw_view_eq_str(state, "done");
    if (!out->done && !gw_view_eq_str(state, "due"))
        return GW_INVALID;
    enum gw_rc rc = gw_parse_i64(at, 0, INT64_MAX, &out->at.ms);
    if (!rc)
        rc = gw_hex_parse(digest, out->sha256.bytes, GW_SHA256_LEN);
    if (!rc && !release_id_valid(release))
        rc = GW_INVALID;
    if (!rc)
        rc = gw_view_copy_str(release, out->release, sizeof(out->release));
    return rc ? rc : gw_device_id_parse(rest, &out->device);
}

static enum gw_rc load(const struct store *store, struct list *ret_list, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, STORE_SETTING_MAX);
    *ret_list = (struct list){.count = 0};
    enum gw_rc rc = store->ops->setting_get(store->self, KEY, &text, err);
    if (rc)
        return rc == GW_NOT_FOUND ? GW_OK : rc;
    for (struct gw_view rest = gw_buf_view(&text); rest.len && ret_list->count < RECHECK_MAX;) {
        struct recheck row = {.done = false};
        if (parse_row(gw_view_cut(rest, '\n', &rest), &row))
            continue; /* what cannot be read is not worth a halt: the next report asks again */
        ret_list->rows[ret_list->count++] = row;
    }
    return GW_OK;
}

static enum gw_rc save(const struct store *store, const struct list *list, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, STORE_SETTING_MAX);
    _Static_assert(RECHECK_MAX * LINE_MAX <= STORE_SETTING_MAX, "the list fits into a setting");
    for (size_t i = 0; i < list->count; i++) {
        const struct recheck *row = &list->rows[i];
        char digest[DIGEST + 1];
        gw_hex_format(row->sha256.bytes, GW_SHA256_LEN, digest);
        (void)gw_buf_printf(&text, "%s %" PRIi64 " %s %s %s\n", row->done ? "done" : "due", row->at.ms, digest,
                            row->release, row->device.text);
    }
    return store->ops->setting_put(store->self, KEY, gw_buf_view(&text), err);
}

static struct recheck *find(struct list *list, const struct gw_sha256 *sha256)
{
    for (size_t i = 0; i < list->count; i++)
        if (gw_sha256_eq(&list->rows[i].sha256, sha256))
            return &list->rows[i];
    return NULL;
}

/* Forgets what was read more than a span ago, or at a time that has not come yet. */
static void forget_old(struct list *list, struct gw_wall now)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct recheck *row = &list->rows[i];
        bool old = row->done && (row->at.ms > now.ms || now.ms - row->at.ms >= RECHECK_SPAN_MS);
        if (!old)
            list->rows[kept++] = *row;
    }
    list->count = kept;
}

enum gw_rc recheck_want(struct turn *turn, const struct recheck *wanted, bool *ret_dropped, struct gw_err *err)
{
    struct list list;
    *ret_dropped = false;
    enum gw_rc rc = load(turn->store, &list, err);
    if (rc)
        return rc;
    forget_old(&list, turn->now);
    if (find(&list, &wanted->sha256))
        return GW_OK;
    if (list.count == RECHECK_MAX) {
        *ret_dropped = true;
        return GW_OK;
    }
    list.rows[list.count] = *wanted;
    list.rows[list.count].at = turn->now;
    list.rows[list.count++].done = false;
    return save(turn->store, &list, err);
}

struct naming {
    const struct gw_sha256 *sha256;
    struct import_verify *verify;
};

static bool find_file(void *ctx, const struct release_entry_file *file)
{
    struct naming *n = ctx;
    if (!gw_sha256_eq(&file->file.sha256, n->sha256))
        return true;
    n->verify->files[0] = file->file;
    n->verify->file_count = 1;
    return false;
}

/* False: there is nothing to read any more, or what is wrong with it is known. */
static enum gw_rc ask(struct turn *turn, const struct recheck *row, bool *ret_asked, struct gw_err *err)
{
    const struct store *store = turn->store;
    struct release_entry entry;
    GW_FREE struct import_verify *v = gw_xalloc(1, sizeof(*v));
    struct naming n = {&row->sha256, v};
    *ret_asked = false;
    enum gw_rc rc = store->ops->release_get(store->self, row->release, &entry, err);
    if (rc == GW_NOT_FOUND || (!rc && !release_is_given(&entry)))
        return GW_OK;
    if (!rc)
        rc = store->ops->release_files(store->self, row->release, find_file, &n, err);
    if (rc || v->file_count == 0)
        return rc;
    v->device = row->device;
    (void)snprintf(v->actor.name, sizeof(v->actor.name), "gateway");
    memcpy(v->id, row->release, sizeof(v->id));
    turn_out(turn, OUT_VERIFY)->verify = GW_TAKE(v);
    *ret_asked = true;
    return GW_OK;
}

static bool is_due(const struct recheck *row, struct gw_wall now)
{
    return !row->done && (row->at.ms <= now.ms || row->at.ms - now.ms > RECHECK_AGAIN_MS); /* or the clock was set */
}

enum gw_rc recheck_look(const struct import_port *imports, struct turn *turn, struct gw_err *err)
{
    struct list list;
    struct recheck *row = NULL;
    enum gw_rc rc = load(turn->store, &list, err);
    for (size_t i = 0; !rc && !row && i < list.count; i++)
        if (is_due(&list.rows[i], turn->now))
            row = &list.rows[i];
    if (rc || !row)
        return rc;
    struct import_status status;
    imports->ops->status(imports->self, &status);
    if (status.running || status.verifying)
        return GW_OK;
    bool asked = false;
    rc = ask(turn, row, &asked, err);
    if (rc)
        return rc;
    row->done = !asked;
    row->at.ms = turn->now.ms + (asked ? RECHECK_AGAIN_MS : 0);
    return save(turn->store, &list, err);
}

enum gw_rc recheck_settle(struct turn *turn, const struct gw_sha256 *sha256, bool *ret_was_due, struct gw_err *err)
{
    struct list list;
    *ret_was_due = false;
    enum gw_rc rc = load(turn->store, &list, err);
    if (rc)
        return rc;
    struct recheck *row = find(&list, sha256);
    if (!row || row->done)
        return GW_OK;
    *ret_was_due = row->done = true;
    row->at = turn->now;
    return save(turn->store, &list, err);
}

enum gw_rc recheck_forget(struct turn *turn, const char *release, struct gw_err *err)
{
    struct list list;
    size_t kept = 0;
    enum gw_rc rc = load(turn->store, &list, err);
    for (size_t i = 0; !rc && i < list.count; i++)
        if (strcmp(list.rows[i].release, release) != 0)
            list.rows[kept++] = list.rows[i];
    if (rc || kept == list.count)
        return rc;
    list.count = kept;
    return save(turn->store, &list, err);
}
