#include "live_sub.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "json.h"

#define HEAD_BYTES 200 /* of a message besides its rows and keys */

static void forget_message(struct live_sub *s)
{
    for (size_t i = 0; i < s->up_count; i++)
        live_row_unref(s->up[i]);
    free(s->up);
    free((void *)s->gone);
    s->up = NULL;
    s->gone = NULL;
    s->up_count = s->gone_count = 0;
}

void live_sub_done(struct live_sub *s)
{
    forget_message(s);
    for (size_t i = 0; i < s->held_count; i++)
        live_row_unref(s->held[i].row);
    free(s->held);
    *s = (struct live_sub){.id = 0};
}

/* The window's part of the view. */
static struct live_row *const *window_of(const struct live_sub *s, size_t *ret_count)
{
    const struct live_view *v = s->view;
    size_t begin = s->offset < v->count ? (size_t)s->offset : v->count;
    size_t left = v->count - begin;
    *ret_count = s->window < left ? (size_t)s->window : left;
    return v->rows + begin;
}

static size_t held_find(const struct live_sub *s, const char *key, bool *ret_found)
{
    size_t low = 0, high = s->held_count;
    *ret_found = false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int cmp = strcmp(s->held[mid].row->key, key);
        *ret_found = *ret_found || cmp == 0;
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Rows that changed and are not in the window may have been held: they are told as deleted. */
static void hold_changed(struct live_sub *s, uint64_t seq)
{
    bool found;
    for (struct live_row *row = s->view->table->newest; row && row->seq > seq; row = row->older) {
        size_t at = held_find(s, row->key, &found);
        if (found)
            continue;
        memmove(s->held + at + 1, s->held + at, (s->held_count - at) * sizeof(*s->held));
        s->held[at] = (struct live_held){live_row_ref(row), seq};
        s->held_count++;
    }
}

/* Only when all that matches fits the window, now and then, can the rows it held be told from what changed since: then
 * a row that did not change was held if it matches, and one that changed is told as it is now. */
bool live_sub_resume(struct live_sub *s, uint64_t seq, const char **ret_why)
{
    const struct live_view *v = s->view;
    if (seq < v->table->floor) {
        *ret_why = "gap";
        return false;
    }
    size_t changed = live_table_changed(v->table, seq, LIVE_WINDOW_MAX), count;
    bool whole = s->offset == 0 && v->count + changed <= s->window;
    if ((changed && !whole) || filter_ages(&v->filter)) {
        *ret_why = "window";
        return false;
    }
    struct live_row *const *rows = window_of(s, &count);
    s->held = gw_xalloc(count + changed + 1, sizeof(*s->held));
    for (s->held_count = 0; s->held_count < count; s->held_count++)
        s->held[s->held_count] = (struct live_held){live_row_ref(rows[s->held_count]), seq};
    hold_changed(s, seq);
    s->filling = false;
    s->due = true;
    return true;
}

bool live_sub_differs(const struct live_sub *s)
{
    if (!s->view->table->whole)
        return false; /* the gateway has just started; "no rows" would be taken for the truth */
    return s->filling || s->due || s->done_version != s->view->version || s->told_total != s->view->count;
}

struct writing {
    size_t room; /* bytes that are left */
    bool full;
};

/* JSON adds a few bytes to each. */
static bool fits(struct writing *w, size_t bytes, bool first)
{
    if (w->full || (bytes > w->room && !first)) {
        w->full = true;
        return false;
    }
    w->room -= bytes < w->room ? bytes : w->room;
    return true;
}

static void add_gone(struct live_sub *s, struct writing *w, const struct live_held *held)
{
    if (fits(w, strlen(held->row->key) + 3, false))
        s->gone[s->gone_count++] = held->row->key;
}

static void add_up(struct live_sub *s, struct writing *w, struct live_row *row)
{
    if (fits(w, strlen(row->key) + row->len + 6, s->gone_count + s->up_count == 0))
        s->up[s->up_count++] = live_row_ref(row);
}

static void find_gone(struct live_sub *s, struct writing *w, struct live_row *const *rows, size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < s->held_count; i++) {
        while (at < count && strcmp(rows[at]->key, s->held[i].row->key) < 0)
            at++;
        if (at == count || strcmp(rows[at]->key, s->held[i].row->key) != 0)
            add_gone(s, w, &s->held[i]);
    }
}

static void find_up(struct live_sub *s, struct writing *w, struct live_row *const *rows, size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count && !w->full; i++) {
        while (at < s->held_count && strcmp(s->held[at].row->key, rows[i]->key) < 0)
            at++;
        bool held = at < s->held_count && strcmp(s->held[at].row->key, rows[i]->key) == 0;
        if (!held || s->held[at].sent < rows[i]->seq)
            add_up(s, w, rows[i]);
    }
}

static void write_rows(const struct live_sub *s, const char *name, struct gw_buf *out)
{
    (void)gw_buf_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < s->up_count; i++) {
        (void)gw_buf_add_str(out, i ? ",[" : "[");
        json_quote(out, gw_view_str(s->up[i]->key));
        (void)gw_buf_add_u8(out, ',');
        (void)gw_buf_add(out, s->up[i]->json, s->up[i]->len);
        (void)gw_buf_add_u8(out, ']');
    }
    (void)gw_buf_add_u8(out, ']');
}

static void write_gone(const struct live_sub *s, struct gw_buf *out)
{
    (void)gw_buf_add_str(out, ",\"del\":[");
    for (size_t i = 0; i < s->gone_count; i++) {
        if (i)
            (void)gw_buf_add_u8(out, ',');
        json_quote(out, gw_view_str(s->gone[i]));
    }
    (void)gw_buf_add_u8(out, ']');
}

enum gw_rc live_sub_frame(struct live_sub *s, const char *epoch, uint64_t n, size_t max_bytes, struct gw_buf *out)
{
    struct writing w = {.room = max_bytes > HEAD_BYTES ? max_bytes - HEAD_BYTES : 0};
    size_t count;
    struct live_row *const *rows = window_of(s, &count);
    forget_message(s);
    s->gone = gw_xalloc(s->held_count + 1, sizeof(*s->gone));
    s->up = gw_xalloc(count + 1, sizeof(struct live_row *));
    find_gone(s, &w, rows, count);
    bool snap = s->filling && s->gone_count == 0; /* what went between two pages goes by itself */
    if (!s->filling || snap)
        find_up(s, &w, rows, count);
    s->more = w.full || (s->filling && !snap);
    s->version = s->view->version;
    s->total = s->view->count;
    (void)gw_buf_printf(out, "{\"t\":\"%s\",\"n\":%" PRIu64 ",\"id\":%" PRId32, snap ? "snap" : "d", n, s->id);
    if (snap)
        (void)gw_buf_printf(out, ",\"epoch\":\"%s\"", epoch);
    (void)gw_buf_printf(out, ",\"seq\":%" PRIu64 ",\"total\":%zu", s->view->seq, s->view->count);
    write_rows(s, snap ? "rows" : "up", out);
    if (!snap)
        write_gone(s, out);
    return gw_buf_printf(out, ",\"more\":%s}", s->more ? "true" : "false");
}

void live_sub_kept(struct live_sub *s)
{
    forget_message(s);
}

static bool is_gone(const struct live_sub *s, size_t *at, const char *key)
{
    if (*at == s->gone_count || strcmp(s->gone[*at], key) != 0)
        return false;
    (*at)++;
    return true;
}

/* Merges what was sent into what is held; all three are in order of keys. */
void live_sub_sent(struct live_sub *s)
{
    struct live_held *merged = gw_xalloc(s->held_count + s->up_count + 1, sizeof(*merged));
    size_t n = 0, up = 0, gone = 0;
    for (size_t i = 0; i < s->held_count; i++) {
        struct live_row *row = s->held[i].row;
        while (up < s->up_count && strcmp(s->up[up]->key, row->key) < 0) {
            merged[n++] = (struct live_held){live_row_ref(s->up[up]), s->up[up]->seq};
            up++;
        }
        bool replaced = up < s->up_count && strcmp(s->up[up]->key, row->key) == 0;
        if (replaced) {
            merged[n++] = (struct live_held){live_row_ref(s->up[up]), s->up[up]->seq};
            up++;
        }
        if (replaced || is_gone(s, &gone, row->key))
            s->held[i].row = NULL;
        else
            merged[n++] = s->held[i];
        if (!s->held[i].row)
            live_row_unref(row);
    }
    for (; up < s->up_count; up++)
        merged[n++] = (struct live_held){live_row_ref(s->up[up]), s->up[up]->seq};
    free(s->held);
    s->held = merged;
    s->held_count = n;
    s->told_total = s->total;
    if (!s->more) {
        s->filling = false;
        s->due = false;
        s->done_version = s->version;
    }
    forget_message(s);
}
