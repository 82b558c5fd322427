#include "event_view.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_utf8.h"
#include "json.h"
#include "syslog_line.h"

static void put_text(struct gw_view text, char *out, size_t size)
{
    (void)gw_utf8_clean(gw_view_trim(text), out, size);
}

static void get_text(const struct json_value *object, const char *key, char *out, size_t size)
{
    struct gw_view text;
    if (json_text(object, key, &text, NULL) == GW_OK)
        put_text(text, out, size);
}

/* A class is dotted lower-case words; anything else is not one. */
static bool cls_ok(const char *cls)
{
    return cls[0] && strspn(cls, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(cls);
}

static void copy_value(struct json_writer *w, const char *key, const struct json_value *value);

static bool copy_member(void *ctx, const char *key, const struct json_value *value)
{
    struct json_writer *w = ctx;
    copy_value(w, key, value);
    return w->out->rc == GW_OK;
}

/* Writes a value again; reals only as far as they are whole, since nothing else appears in attributes we know. */
static void copy_value(struct json_writer *w, const char *key, const struct json_value *value)
{
    struct gw_view text;
    int64_t number;
    bool yes;
    double real;
    switch (json_kind_of(value)) {
    case JSON_KIND_OBJECT:
        json_put_object(w, key);
        json_each_member(value, copy_member, w);
        json_put_end(w);
        break;
    case JSON_KIND_ARRAY:
        json_put_array(w, key);
        for (size_t i = 0; i < json_count(value) && w->out->rc == GW_OK; i++)
            copy_value(w, NULL, json_item(value, i));
        json_put_end(w);
        break;
    case JSON_KIND_TEXT:
        if (json_as_text(value, &text) == GW_OK)
            json_put_view(w, key, text);
        break;
    case JSON_KIND_INTEGER:
        if (json_as_i64(value, &number) == GW_OK)
            json_put_i64(w, key, number);
        break;
    case JSON_KIND_REAL:
        if (json_as_f64(value, &real) == GW_OK) {
            char digits[32];
            (void)snprintf(digits, sizeof(digits), "%.17g", real);
            json_put_str(w, key, digits);
        }
        break;
    case JSON_KIND_BOOL:
        if (json_as_bool(value, &yes) == GW_OK)
            json_put_bool(w, key, yes);
        break;
    case JSON_KIND_NULL:
        json_put_null(w, key);
        break;
    }
}

/* Ends a writer over a fixed buffer: its text, or "" when it did not fit. */
static void end_attr(struct json_writer *w, struct gw_buf *buf, struct event_view *v)
{
    if (json_writer_end(w) == GW_OK && buf->len < sizeof(v->attr)) {
        memcpy(v->attr, buf->ptr, buf->len);
        v->attr[buf->len] = '\0';
    }
}

static void read_attr(const struct json_value *root, struct event_view *v)
{
    const struct json_value *attr;
    if (json_member(root, "attr", JSON_KIND_OBJECT, &attr, NULL))
        return;
    uint8_t room[EVENT_ATTR_MAX];
    struct gw_buf buf = {.ptr = room, .cap = sizeof(room), .max = sizeof(room) - 1}; /* never grows */
    struct json_writer w;
    json_writer_begin(&w, &buf);
    copy_value(&w, NULL, attr);
    end_attr(&w, &buf, v);
}

static void read_scalars(const struct json_value *root, struct event_view *v)
{
    int64_t sev = 0;
    struct gw_view word;
    v->has_t = json_i64(root, "t", INT64_MIN, INT64_MAX, &v->t.ms, NULL) == GW_OK ||
               json_time(root, "t", &v->t, NULL) == GW_OK;
    v->has_mono = json_i64(root, "mono", 0, INT64_MAX, &v->mono_ms, NULL) == GW_OK;
    if (json_i64(root, "sev", EVENT_SEV_INFO, EVENT_SEV_FATAL, &sev, NULL) == GW_OK)
        v->sev = (enum event_sev)sev;
    else if (json_text(root, "sev", &word, NULL) == GW_OK && event_sev_parse(word, &v->sev))
        v->sev = EVENT_SEV_INFO;
    if (json_text(root, "res", &word, NULL) == GW_OK)
        v->has_res = event_res_parse(word, &v->res) == GW_OK;
}

static bool read_json(struct gw_view bytes, struct event_view *v)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    if (json_read(bytes, EVENT_JSON_MAX, &doc, NULL))
        return false;
    const struct json_value *root = json_root(doc);
    char cls[AUDIT_CLS_MAX];
    v->format = EVENT_JSON;
    if (json_str(root, "cls", cls, sizeof(cls), NULL) == GW_OK && cls_ok(cls))
        (void)snprintf(v->cls, sizeof(v->cls), "%s", cls);
    read_scalars(root, v);
    get_text(root, "subj", v->subj, sizeof(v->subj));
    get_text(root, "obj", v->obj, sizeof(v->obj));
    get_text(root, "boot", v->boot, sizeof(v->boot));
    get_text(root, "msg", v->msg, sizeof(v->msg));
    read_attr(root, v);
    return true;
}

/* {"<id>.<name>":"<value>", …} of structured data; the first of two equal names stays, as the walk has no memory. */
static void read_data(struct gw_view data, struct event_view *v)
{
    uint8_t room[EVENT_ATTR_MAX];
    struct gw_buf buf = {.ptr = room, .cap = sizeof(room), .max = sizeof(room) - 1}; /* never grows */
    struct json_writer w;
    struct syslog_data walk = {.rest = data};
    struct syslog_param p;
    json_writer_begin(&w, &buf);
    json_put_object(&w, NULL);
    while (syslog_data_next(&walk, &p)) {
        char key[EVENT_NAME_MAX * 2], id[EVENT_NAME_MAX], name[EVENT_NAME_MAX], value[EVENT_MSG_MAX];
        put_text(p.id, id, sizeof(id));
        put_text(p.name, name, sizeof(name));
        put_text(p.value, value, sizeof(value));
        (void)snprintf(key, sizeof(key), "%s.%s", id, name);
        json_put_str(&w, key, value);
    }
    json_put_end(&w);
    end_attr(&w, &buf, v);
}

static bool read_syslog(struct gw_view bytes, struct gw_wall arrived, struct event_view *v)
{
    struct syslog_line line;
    if (syslog_line_parse(bytes, arrived, &line))
        return false;
    v->format = line.rfc5424 ? EVENT_RFC5424 : EVENT_RFC3164;
    v->has_t = line.has_t;
    v->t = line.t;
    if (line.has_pri)
        v->sev = event_sev_of_syslog(line.severity);
    put_text(line.program, v->program, sizeof(v->program));
    put_text(line.msg, v->msg, sizeof(v->msg));
    if (line.data.len > 0)
        read_data(line.data, v);
    return true;
}

void event_view_parse(struct gw_view bytes, struct gw_wall arrived, struct event_view *ret_view)
{
    struct event_view v = {.format = EVENT_TEXT, .sev = EVENT_SEV_INFO, .res = EVENT_OK, .cls = EVENT_CLS_TEXT};
    struct gw_view trimmed = gw_view_trim(bytes);
    bool known = trimmed.len > 0 && trimmed.ptr[0] == '{' && trimmed.len <= EVENT_JSON_MAX && read_json(trimmed, &v);
    if (!known)
        known = read_syslog(trimmed, arrived, &v);
    if (!known)
        put_text(trimmed, v.msg, sizeof(v.msg));
    *ret_view = v;
}

enum gw_rc event_view_format_audit(const struct audit_event *event, struct gw_buf *ret_bytes)
{
    struct json_writer w;
    json_writer_begin(&w, ret_bytes);
    json_put_object(&w, NULL);
    json_put_i64(&w, "t", event->t.ms);
    json_put_str(&w, "cls", event->cls);
    json_put_i64(&w, "sev", event->sev);
    json_put_str(&w, "res", event_res_text(event->res));
    json_put_str(&w, "subj", event->subj);
    json_put_str(&w, "obj", event->obj);
    json_put_str(&w, "msg", event->msg);
    json_put_i64(&w, "n", event->n);
    json_put_end(&w);
    return json_writer_end(&w);
}
