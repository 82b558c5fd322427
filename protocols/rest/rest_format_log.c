/* From answers about logs to JSON and bytes. */
#include <inttypes.h>
#include <stdio.h>

#include "query.h"
#include "rest_cursor.h"
#include "rest_internal.h"

static void put_log(struct json_writer *w, const char *gateway, const struct journal_log *log)
{
    char name[LOG_NAME_MAX], origin[LOG_ORIGIN_MAX] = "", epoch[17];
    log_id_name(&log->id, name);
    (void)!log_id_origin(&log->id, gateway, origin);
    (void)snprintf(epoch, sizeof(epoch), "%016" PRIx64, log->id.epoch);
    json_put_object(w, NULL);
    json_put_str(w, "log", name);
    json_put_str(w, "origin", origin);
    json_put_str(w, "kind", log_kind_text(log->id.kind));
    json_put_str(w, "device", log->id.device.text[0] ? log->id.device.text : NULL);
    json_put_str(w, "epoch", epoch);
    json_put_u64_text(w, "size", log->next);
    json_put_u64_text(w, "signed_size", log->signed_size);
    json_put_u64_text(w, "bytes", log->raw_bytes);
    json_put_bool(w, "closed", log->closed);
    json_put_bool(w, "equivocated", log->equivocated);
    json_put_time(w, "opened", log->opened);
    json_put_time(w, "changed", log->changed);
    json_put_end(w);
}

void rest_put_logs(struct json_writer *w, const char *gateway, const struct answer *a)
{
    char next[LOG_NAME_MAX] = "";
    json_put_object(w, NULL);
    json_put_array(w, "logs");
    for (size_t i = 0; i < a->log_count; i++)
        put_log(w, gateway, &a->logs[i]);
    json_put_end(w);
    if (a->more && a->log_count)
        log_id_name(&a->logs[a->log_count - 1].id, next);
    json_put_str(w, "next", next[0] ? next : NULL);
    json_put_end(w);
}

static void put_view(struct json_writer *w, const struct event_view *v)
{
    json_put_str(w, "format", event_format_text(v->format));
    json_put_time_or_null(w, "t", v->has_t ? v->t : (struct gw_wall){0});
    json_put_str(w, "cls", v->cls);
    json_put_str(w, "sev", event_sev_text(v->sev));
    json_put_str(w, "res", v->has_res ? event_res_text(v->res) : NULL);
    json_put_str(w, "subj", v->subj);
    json_put_str(w, "obj", v->obj);
    json_put_str(w, "program", v->program);
    json_put_str(w, "msg", v->msg);
}

static void put_bytes(struct json_writer *w, const struct answer *a, const struct answer_event *e)
{
    struct gw_view bytes = gw_view_make(e->len ? a->bytes + e->offset : NULL, e->len);
    if (e->is_text)
        json_put_view(w, "text", bytes);
    else
        json_put_base64(w, "base64", bytes.ptr, bytes.len);
}

/* The event itself is there exactly, in one of two forms. */
static void put_event(struct json_writer *w, const struct answer *a, const struct answer_event *e, bool whole)
{
    char name[LOG_NAME_MAX];
    log_id_name(&e->log, name);
    json_put_object(w, NULL);
    json_put_str(w, "log", name);
    json_put_u64_text(w, "seq", e->seq);
    json_put_time(w, "arrived", e->arrived);
    put_view(w, &e->view);
    if (whole)
        put_bytes(w, a, e);
    else
        json_put_bool(w, "too_big", true);
    json_put_end(w);
}

enum gw_rc rest_event(const struct answer *answer, size_t index, bool whole, struct gw_buf *out)
{
    struct json_writer w;
    json_writer_begin(&w, out);
    put_event(&w, answer, &answer->events[index], whole);
    return json_writer_end(&w);
}

static void put_cursor(struct json_writer *w, const struct query_cursor *cursor)
{
    char room[REST_CURSOR_MAX + 1];
    struct gw_buf text = {.ptr = (uint8_t *)room, .cap = sizeof(room), .max = sizeof(room) - 1}; /* never grows */
    if (cursor->at.done || rest_cursor_format(cursor, &text))
        json_put_null(w, "next");
    else
        json_put_view(w, "next", gw_buf_view(&text));
}

void rest_put_events(struct json_writer *w, const struct answer *a)
{
    json_put_object(w, NULL);
    json_put_array(w, "events");
    for (size_t i = 0; i < a->event_count; i++)
        put_event(w, a, &a->events[i], true);
    json_put_end(w);
    if (a->kind == ANSWER_LOG_SEARCH) {
        put_cursor(w, &a->cursor);
    } else {
        json_put_u64_text(w, "next", a->next);
        json_put_bool(w, "more", a->more);
    }
    json_put_end(w);
}

bool rest_format_bytes(const struct answer *answer, struct http_reply *reply)
{
    if (answer->kind == ANSWER_LOG_TILE) {
        gw_buf_init(&reply->body, QUERY_TILE_MAX); /* an entry bundle may be larger than other replies */
        reply->content_type = "application/octet-stream";
    } else if (answer->kind == ANSWER_LOG_EVIDENCE) {
        reply->content_type = "application/octet-stream";
    } else if (answer->kind == ANSWER_LOG_CHECKPOINT || answer->kind == ANSWER_LOG_KEY) {
        reply->content_type = "text/plain; charset=utf-8";
    } else {
        return false;
    }
    if (answer->kind == ANSWER_LOG_KEY) {
        (void)gw_buf_add_str(&reply->body, answer->text);
        (void)gw_buf_add_u8(&reply->body, '\n');
    } else {
        (void)gw_buf_add(&reply->body, answer->bytes, answer->byte_count);
    }
    (void)http_reply_header(reply, "cache-control:", "no-store");
    return true;
}
