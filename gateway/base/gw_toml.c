#include "gw_toml.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_toml_scan.h"

struct entry {
    struct gw_toml_value value;
    unsigned line;   /* where the file gives it; 0: it does not */
    bool table_seen; /* in the first key of a table: its header was there */
};

struct gw_toml {
    const struct gw_toml_schema *schema;
    char *file_name;
    struct entry *entries; /* one for each key of the schema, in its order */
};

void gw_toml_free(struct gw_toml *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->schema->count; i++)
        gw_toml_value_done(&t->entries[i].value);
    free(t->entries);
    free(t->file_name);
    free(t);
}

static void free_parsed(struct gw_toml **t)
{
    gw_toml_free(*t);
}

/* Puts "file:line: table.key" in front of the reason that is in err. */
static enum gw_rc at_key(const struct gw_toml *t, unsigned line, const struct gw_toml_key *key, enum gw_rc rc,
                         struct gw_err *err)
{
    char where[16] = "";
    if (line)
        (void)snprintf(where, sizeof(where), ":%u", line);
    return gw_err_wrap(err, rc, "%s%s: %s%s%s", t->file_name, where, key->table, key->table[0] ? "." : "", key->key);
}

static enum gw_rc at_line(const struct gw_toml *t, unsigned line, enum gw_rc rc, struct gw_err *err)
{
    return gw_err_wrap(err, rc, "%s:%u", t->file_name, line);
}

static const char *type_text(enum gw_toml_type type)
{
    switch (type) {
    case GW_TOML_STRING:
        return "a string";
    case GW_TOML_INT:
        return "an integer";
    case GW_TOML_BOOL:
        return "true or false";
    case GW_TOML_STRINGS:
        return "an array of strings";
    case GW_TOML_INTS:
        return "an array of integers";
    }
    return "unknown";
}

/* True when the text is one of the words, which are parted by one space. */
static bool has_word(const char *words, const char *text)
{
    struct gw_view rest = gw_view_str(words);
    while (rest.len)
        if (gw_view_eq_str(gw_view_cut(rest, ' ', &rest), text))
            return true;
    return false;
}

static int64_t string_max(const struct gw_toml_key *key)
{
    return key->max ? key->max : GW_TOML_STRING_MAX;
}

static enum gw_rc check_item(const struct gw_toml_key *key, const struct gw_toml_item *item, struct gw_err *err)
{
    if (item->text) {
        int64_t len = (int64_t)strlen(item->text);
        if (key->words && !has_word(key->words, item->text))
            return gw_err_set(err, GW_INVALID, "must be one of: %s", key->words);
        if (!key->words && len < key->min)
            return gw_err_set(err, GW_INVALID, "%" PRId64 " bytes are fewer than %" PRId64, len, key->min);
        if (!key->words && len > string_max(key))
            return gw_err_set(err, GW_INVALID, "%" PRId64 " bytes are more than %" PRId64, len, string_max(key));
        return GW_OK;
    }
    if (item->number < key->min)
        return gw_err_set(err, GW_INVALID, "%" PRId64 " is below %" PRId64, item->number, key->min);
    if (item->number > key->max)
        return gw_err_set(err, GW_INVALID, "%" PRId64 " is above %" PRId64, item->number, key->max);
    return GW_OK;
}

static enum gw_rc check_value(const struct gw_toml_key *key, struct gw_toml_value *v, struct gw_err *err)
{
    if (v->count == 0 && key->type == GW_TOML_STRINGS)
        v->type = GW_TOML_STRINGS; /* an empty array says nothing of its elements */
    if (v->type != key->type)
        return gw_err_set(err, GW_INVALID, "must be %s", type_text(key->type));
    if (key->type == GW_TOML_BOOL)
        return GW_OK;
    for (size_t i = 0; i < v->count; i++) {
        enum gw_rc rc = check_item(key, &v->items[i], err);
        if (rc && key->type != GW_TOML_STRING && key->type != GW_TOML_INT)
            return gw_err_wrap(err, rc, "element %zu", i + 1);
        if (rc)
            return rc;
    }
    return GW_OK;
}

/* Index of the table's first key, or the schema's count. */
static size_t find_table(const struct gw_toml_schema *schema, struct gw_view table)
{
    size_t i = 0;
    while (i < schema->count && !gw_view_eq_str(table, schema->keys[i].table))
        i++;
    return i;
}

static size_t find_key(const struct gw_toml_schema *schema, struct gw_view table, struct gw_view key)
{
    for (size_t i = 0; i < schema->count; i++)
        if (gw_view_eq_str(table, schema->keys[i].table) && gw_view_eq_str(key, schema->keys[i].key))
            return i;
    return schema->count;
}

static enum gw_rc take_table(struct gw_toml *t, struct gw_toml_scan *s, struct gw_view *ret_table, struct gw_err *err)
{
    unsigned line = s->line;
    struct gw_view name;
    enum gw_rc rc = gw_toml_scan_table(s, &name, err);
    if (!rc)
        rc = gw_toml_scan_line_end(s, err);
    if (rc)
        return at_line(t, line, rc, err);
    size_t i = find_table(t->schema, name);
    if (i == t->schema->count)
        return at_line(t, line, gw_err_set(err, GW_INVALID, "[" GW_VIEW_FMT "]: unknown table", GW_VIEW_ARG(name)),
                       err);
    if (t->entries[i].table_seen)
        return at_line(t, line, gw_err_set(err, GW_INVALID, "[" GW_VIEW_FMT "]: repeated table", GW_VIEW_ARG(name)),
                       err);
    t->entries[i].table_seen = true;
    *ret_table = name;
    return GW_OK;
}

static enum gw_rc take_key(struct gw_toml *t, struct gw_toml_scan *s, struct gw_view table, struct gw_err *err)
{
    unsigned line = s->line;
    struct gw_view name;
    enum gw_rc rc = gw_toml_scan_key(s, &name, err);
    if (rc)
        return at_line(t, line, rc, err);
    size_t i = find_key(t->schema, table, name);
    if (i == t->schema->count)
        return at_line(t, line,
                       gw_err_set(err, GW_INVALID, GW_VIEW_FMT "%s" GW_VIEW_FMT ": unknown key", GW_VIEW_ARG(table),
                                  table.len ? "." : "", GW_VIEW_ARG(name)),
                       err);
    const struct gw_toml_key *key = &t->schema->keys[i];
    struct entry *entry = &t->entries[i];
    if (entry->line)
        return at_key(t, line, key, gw_err_set(err, GW_INVALID, "given already in line %u", entry->line), err);
    rc = gw_toml_scan_value(s, &entry->value, err);
    if (rc)
        return at_key(t, s->line, key, rc, err);
    entry->line = line;
    rc = check_value(key, &entry->value, err);
    if (rc)
        return at_key(t, line, key, rc, err);
    line = s->line;
    rc = gw_toml_scan_line_end(s, err);
    return rc ? at_key(t, line, key, rc, err) : GW_OK;
}

/* Defaults are written by us: one that is wrong is a bug. */
static void take_fallback(struct entry *entry, const struct gw_toml_key *key)
{
    struct gw_toml_scan s = {.rest = gw_view_str(key->fallback), .line = 1};
    if (gw_toml_scan_value(&s, &entry->value, NULL) || s.rest.len || check_value(key, &entry->value, NULL))
        abort();
}

static enum gw_rc take_rest(struct gw_toml *t, struct gw_err *err)
{
    for (size_t i = 0; i < t->schema->count; i++) {
        const struct gw_toml_key *key = &t->schema->keys[i];
        if (t->entries[i].line)
            continue;
        if (!key->fallback)
            return at_key(t, 0, key, gw_err_set(err, GW_INVALID, "must be given"), err);
        take_fallback(&t->entries[i], key);
    }
    return GW_OK;
}

enum gw_rc gw_toml_parse(struct gw_view text, const char *file_name, const struct gw_toml_schema *schema,
                         struct gw_toml **ret_toml, struct gw_err *err)
{
    if (schema->count > GW_TOML_KEYS_MAX)
        abort();
    GW_CLEANUP(free_parsed) struct gw_toml *t = gw_xalloc(1, sizeof(*t));
    t->schema = schema;
    t->file_name = gw_xstrdup(file_name);
    t->entries = gw_xalloc(schema->count, sizeof(t->entries[0]));
    if (text.len > GW_TOML_TEXT_MAX)
        return gw_err_set(err, GW_TOO_BIG, "%s: %zu bytes, above %d", file_name, text.len, GW_TOML_TEXT_MAX);
    unsigned line;
    enum gw_rc rc = gw_toml_scan_check(text, &line, err);
    if (rc)
        return at_line(t, line, rc, err);
    struct gw_toml_scan s = {.rest = text, .line = 1};
    struct gw_view table = GW_VIEW_LIT("");
    while (!rc && gw_toml_scan_next(&s))
        rc = s.rest.ptr[0] == '[' ? take_table(t, &s, &table, err) : take_key(t, &s, table, err);
    if (!rc)
        rc = take_rest(t, err);
    if (rc)
        return rc;
    *ret_toml = GW_TAKE(t);
    return GW_OK;
}

/* What is no regular file is refused before it is opened: a FIFO would hold us up for ever. What a person wrote wrongly
 * is GW_INVALID, which nobody tries again. */
static enum gw_rc check_file(const char *path, struct gw_err *err)
{
    struct stat st;
    if (stat(path, &st) == 0) {
        if (S_ISREG(st.st_mode))
            return GW_OK;
        return gw_err_set(err, GW_INVALID, "%s: is %s: name the file itself", path,
                          S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
    }
    if (errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG)
        return gw_err_set(err, GW_INVALID, "%s: %s", path, strerror(errno));
    return gw_err_sys(err, "%s", path);
}

enum gw_rc gw_toml_load(const char *path, const struct gw_toml_schema *schema, struct gw_toml **ret_toml,
                        struct gw_err *err)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf text;
    gw_buf_init(&text, GW_TOML_TEXT_MAX);
    enum gw_rc rc = check_file(path, err);
    if (!rc)
        rc = gw_fs_read_file(path, &text, err);
    return rc ? rc : gw_toml_parse(gw_buf_view(&text), path, schema, ret_toml, err);
}

static size_t index_of(const struct gw_toml *t, const char *table, const char *key)
{
    size_t i = find_key(t->schema, gw_view_str(table), gw_view_str(key));
    if (i == t->schema->count)
        abort();
    return i;
}

static const struct gw_toml_item *item_of(const struct gw_toml *t, const char *table, const char *key,
                                          enum gw_toml_type type, size_t n)
{
    const struct gw_toml_value *v = &t->entries[index_of(t, table, key)].value;
    if (v->type != type || n >= v->count)
        abort();
    return &v->items[n];
}

const char *gw_toml_str(const struct gw_toml *t, const char *table, const char *key)
{
    return item_of(t, table, key, GW_TOML_STRING, 0)->text;
}

int64_t gw_toml_int(const struct gw_toml *t, const char *table, const char *key)
{
    return item_of(t, table, key, GW_TOML_INT, 0)->number;
}

bool gw_toml_bool(const struct gw_toml *t, const char *table, const char *key)
{
    return item_of(t, table, key, GW_TOML_BOOL, 0)->number != 0;
}

size_t gw_toml_count(const struct gw_toml *t, const char *table, const char *key)
{
    const struct gw_toml_value *v = &t->entries[index_of(t, table, key)].value;
    if (v->type != GW_TOML_STRINGS && v->type != GW_TOML_INTS)
        abort();
    return v->count;
}

const char *gw_toml_str_at(const struct gw_toml *t, const char *table, const char *key, size_t i)
{
    return item_of(t, table, key, GW_TOML_STRINGS, i)->text;
}

int64_t gw_toml_int_at(const struct gw_toml *t, const char *table, const char *key, size_t i)
{
    return item_of(t, table, key, GW_TOML_INTS, i)->number;
}

enum gw_rc gw_toml_reject(const struct gw_toml *t, const char *table, const char *key, struct gw_err *err,
                          const char *fmt, ...)
{
    size_t i = index_of(t, table, key);
    char why[GW_ERR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    return at_key(t, t->entries[i].line, &t->schema->keys[i], gw_err_set(err, GW_INVALID, "%s", why), err);
}

static void describe_doc(const struct gw_toml_key *key, struct gw_buf *out)
{
    struct gw_view rest = gw_view_str(key->doc);
    while (rest.len) {
        (void)gw_buf_add_str(out, "# ");
        (void)gw_buf_add_view(out, gw_view_cut(rest, '\n', &rest));
        (void)gw_buf_add_str(out, "\n");
    }
}

static void describe_key(const struct gw_toml_key *key, struct gw_buf *out)
{
    describe_doc(key, out);
    bool text = key->type == GW_TOML_STRING || key->type == GW_TOML_STRINGS;
    (void)gw_buf_printf(out, "# %s", type_text(key->type));
    if (key->words)
        (void)gw_buf_printf(out, ", one of: %s", key->words);
    else if (text)
        (void)gw_buf_printf(out, ", %" PRId64 " to %" PRId64 " bytes", key->min, string_max(key));
    else if (key->type != GW_TOML_BOOL)
        (void)gw_buf_printf(out, ", %" PRId64 " to %" PRId64, key->min, key->max);
    if (key->unit)
        (void)gw_buf_printf(out, "; unit: %s", key->unit);
    if (key->fallback)
        (void)gw_buf_printf(out, "\n%s = %s\n", key->key, key->fallback);
    else
        (void)gw_buf_printf(out, "; must be given\n# %s =\n", key->key);
}

enum gw_rc gw_toml_describe(const struct gw_toml_schema *schema, struct gw_buf *ret_text)
{
    const char *table = "";
    for (size_t i = 0; i < schema->count; i++) {
        const struct gw_toml_key *key = &schema->keys[i];
        if (i > 0)
            (void)gw_buf_add_str(ret_text, "\n");
        if (strcmp(table, key->table) != 0)
            (void)gw_buf_printf(ret_text, "[%s]\n", key->table);
        table = key->table;
        describe_key(key, ret_text);
    }
    return gw_buf_rc(ret_text);
}
