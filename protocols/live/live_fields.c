/* What queries see of a row: the members of its JSON by name, inner ones with dots. */
#include <stdlib.h>
#include <string.h>

#include "gw_buf.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "json.h"
#include "live_table.h"

#define NAME_MAX_BYTES (FILTER_KEY_MAX + 1)
#define DEPTH_MAX      4

/* Texts lie in one buffer, so that a row's fields are one allocation: places first, pointers when it no longer moves.
 */
struct place {
    size_t key, key_len, value, value_len;
    bool is_bool, is_time;
    struct gw_wall t;
};

struct reading {
    struct gw_buf texts;
    struct place places[LIVE_FIELDS_MAX];
    size_t count;
    char name[NAME_MAX_BYTES]; /* of the member at hand, with those around it */
    size_t name_len;
    unsigned depth;
};

static void add_field(struct reading *r, struct gw_view value, bool is_bool)
{
    if (r->count == LIVE_FIELDS_MAX)
        return;
    struct place *p = &r->places[r->count++];
    *p = (struct place){.key = r->texts.len, .key_len = r->name_len, .is_bool = is_bool};
    (void)gw_buf_add(&r->texts, r->name, r->name_len);
    p->value = r->texts.len;
    p->value_len = value.len;
    if (value.len)
        (void)gw_buf_add_view(&r->texts, value);
    p->is_time = value.len >= sizeof("2026-01-01T00:00:00Z") - 1 && value.ptr[4] == '-' && value.ptr[10] == 'T' &&
                 gw_wall_parse(value, &p->t) == GW_OK;
}

static void add_named(struct reading *r, const char *name, const char *value)
{
    r->name_len = strlen(name);
    memcpy(r->name, name, r->name_len);
    add_field(r, gw_view_str(value), false);
    r->name_len = 0;
}

static void add_value(struct reading *r, const struct json_value *value);

static bool add_member(void *ctx, const char *key, const struct json_value *value)
{
    struct reading *r = ctx;
    size_t before = r->name_len, len = strlen(key);
    if (before + 1 + len >= sizeof(r->name))
        return true; /* a query cannot name it */
    if (before)
        r->name[r->name_len++] = '.';
    memcpy(r->name + r->name_len, key, len);
    r->name_len += len;
    add_value(r, value);
    r->name_len = before;
    return true;
}

static void add_number(struct reading *r, const struct json_value *value)
{
    char text[32];
    int64_t n;
    double real;
    int len = 0;
    if (json_as_i64(value, &n) == GW_OK)
        len = snprintf(text, sizeof(text), "%lld", (long long)n);
    else if (json_as_f64(value, &real) == GW_OK)
        len = snprintf(text, sizeof(text), "%g", real);
    add_field(r, gw_view_make(text, (size_t)len), false);
}

static void add_value(struct reading *r, const struct json_value *value)
{
    struct gw_view text;
    bool flag;
    if (++r->depth <= DEPTH_MAX)
        switch (json_kind_of(value)) {
        case JSON_KIND_OBJECT:
            json_each_member(value, add_member, r);
            break;
        case JSON_KIND_ARRAY:
            for (size_t i = 0; i < json_count(value) && r->count < LIVE_FIELDS_MAX; i++)
                add_value(r, json_item(value, i));
            break;
        case JSON_KIND_TEXT:
            if (json_as_text(value, &text) == GW_OK)
                add_field(r, text, false);
            break;
        case JSON_KIND_INTEGER:
        case JSON_KIND_REAL:
            add_number(r, value);
            break;
        case JSON_KIND_BOOL:
            if (json_as_bool(value, &flag) == GW_OK)
                add_field(r, gw_view_str(flag ? "true" : "false"), true);
            break;
        case JSON_KIND_NULL:
            break; /* as if it were missing */
        }
    r->depth--;
}

/* "status" of a device is its state, and whether it is connected. */
static void add_status(struct reading *r, const struct json_value *root)
{
    char state[32];
    bool online;
    if (json_str(root, "state", state, sizeof(state), NULL) == GW_OK)
        add_named(r, "status", state);
    if (json_bool(root, "online", &online, NULL) == GW_OK)
        add_named(r, "status", online ? "online" : "offline");
}

static void keep(struct live_row *row, const struct reading *r)
{
    size_t head = r->count * sizeof(struct filter_field);
    struct filter_field *fields = gw_xalloc(1, head + r->texts.len + 1);
    uint8_t *texts = (uint8_t *)fields + head;
    if (r->texts.len)
        memcpy(texts, r->texts.ptr, r->texts.len);
    for (size_t i = 0; i < r->count; i++) {
        const struct place *p = &r->places[i];
        fields[i] = (struct filter_field){.key = {texts + p->key, p->key_len},
                                          .value = {texts + p->value, p->value_len},
                                          .is_bool = p->is_bool,
                                          .is_time = p->is_time,
                                          .t = p->t};
    }
    row->fields = (struct filter_row){fields, r->count};
}

typedef void add_fn(struct reading *r, const struct live_row *row, const struct json_value *root, int number);

static void read_row(struct live_row *row, add_fn *more, int number)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    if (json_read(gw_view_make(row->json, row->len), LIVE_ROW_MAX, &doc, NULL))
        return;
    struct reading *r = gw_xalloc(1, sizeof(*r));
    gw_buf_init(&r->texts, (size_t)LIVE_ROW_MAX + (size_t)LIVE_FIELDS_MAX * NAME_MAX_BYTES + 64);
    more(r, row, json_root(doc), number);
    json_each_member(json_root(doc), add_member, r);
    if (gw_buf_rc(&r->texts) == GW_OK)
        keep(row, r);
    gw_buf_done(&r->texts);
    free(r);
}

static void add_of_topic(struct reading *r, const struct live_row *row, const struct json_value *root, int topic)
{
    (void)row;
    if (topic == (int)LIVE_DEVICES)
        add_status(r, root);
}

static void add_of_event(struct reading *r, const struct live_row *event, const struct json_value *root, int sev)
{
    const char rank[] = {(char)('0' + sev), '\0'};
    (void)root;
    add_named(r, "sev.rank", rank);
    add_named(r, "device", event->key);
    add_named(r, "audit", event->key[0] ? "false" : "true");
    r->places[r->count - 1].is_bool = true;
}

void live_fields_read(struct live_row *row, enum live_topic topic)
{
    read_row(row, add_of_topic, (int)topic);
}

void live_fields_read_event(struct live_row *event, int sev)
{
    read_row(event, add_of_event, sev);
}
