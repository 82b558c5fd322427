#include "live_message.h"

#include <string.h>

#include "gw_cleanup.h"
#include "json.h"
#include "live_sub.h"

#define SAFE_INTEGER ((INT64_C(1) << 53) - 1) /* what a page can count to */

static enum gw_rc parse_window(const struct json_value *root, struct live_message *m, struct gw_err *err)
{
    const struct json_value *win;
    int64_t offset, count;
    if (!json_has(root, "win"))
        return GW_OK;
    enum gw_rc rc = json_member(root, "win", JSON_KIND_ARRAY, &win, err);
    if (rc)
        return rc;
    if (json_count(win) != 2 || json_as_i64(json_item(win, 0), &offset) || json_as_i64(json_item(win, 1), &count) ||
        offset < 0 || offset > LIVE_ROWS_MAX || count < 0 || count > LIVE_WINDOW_MAX)
        return gw_err_set(err, GW_INVALID, "win must be [offset, count] of at most %d rows", LIVE_WINDOW_MAX);
    m->offset = (uint64_t)offset;
    m->window = (uint64_t)count;
    return GW_OK;
}

static enum gw_rc parse_resume(const struct json_value *root, struct live_message *m, struct gw_err *err)
{
    static const char *const keys[] = {"epoch", "seq", NULL};
    const struct json_value *resume;
    int64_t seq;
    if (!json_has(root, "resume"))
        return GW_OK;
    enum gw_rc rc = json_member(root, "resume", JSON_KIND_OBJECT, &resume, err);
    if (!rc)
        rc = json_only_keys(resume, keys, err);
    if (!rc)
        rc = json_str(resume, "epoch", m->epoch, sizeof(m->epoch), err);
    if (!rc)
        rc = json_i64(resume, "seq", 0, SAFE_INTEGER, &seq, err);
    if (rc)
        return rc;
    m->has_resume = true;
    m->seq = (uint64_t)seq;
    return GW_OK;
}

static enum gw_rc parse_sub(const struct json_value *root, struct live_message *m, const char **ret_code,
                            struct gw_err *err)
{
    static const char *const keys[] = {"t", "id", "topic", "q", "win", "resume", NULL};
    struct gw_view q = {.len = 0};
    m->window = LIVE_WINDOW_DEFAULT;
    enum gw_rc rc = json_only_keys(root, keys, err);
    if (!rc)
        rc = parse_resume(root, m, err);
    if (!rc && json_has(root, "q"))
        rc = json_text(root, "q", &q, err);
    if (rc)
        return rc;
    *ret_code = "topic";
    rc = json_str(root, "topic", m->topic, sizeof(m->topic), err);
    if (rc)
        return rc;
    *ret_code = "window";
    rc = parse_window(root, m, err);
    if (rc)
        return rc;
    *ret_code = "query";
    return filter_parse(q, &m->filter, err);
}

static enum gw_rc parse_id(const struct json_value *root, struct live_message *m, struct gw_err *err)
{
    int64_t id = 0;
    enum gw_rc rc = json_i64(root, "id", 1, INT32_MAX, &id, err);
    m->id = (int32_t)id;
    return rc;
}

static enum gw_rc parse_kind(const struct json_value *root, struct live_message *m, struct gw_err *err)
{
    static const struct {
        const char *text;
        enum live_message_kind kind;
    } kinds[] = {
        {"hello", LIVE_HELLO}, {"sub", LIVE_SUB}, {"unsub", LIVE_UNSUB}, {"ack", LIVE_ACK}, {"ping", LIVE_PING}};
    char text[8];
    if (json_str(root, "t", text, sizeof(text), NULL) == GW_OK)
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
            if (strcmp(kinds[i].text, text) == 0) {
                m->kind = kinds[i].kind;
                return GW_OK;
            }
    return gw_err_set(err, GW_INVALID, "t must be hello, sub, unsub, ack or ping");
}

static enum gw_rc parse_rest(const struct json_value *root, struct live_message *m, const char **ret_code,
                             struct gw_err *err)
{
    static const char *const hello[] = {"t", "v", NULL}, *const unsub[] = {"t", "id", NULL};
    static const char *const ack[] = {"t", "n", NULL}, *const ping[] = {"t", NULL};
    int64_t n = 0;
    enum gw_rc rc = GW_INVALID;
    switch (m->kind) {
    case LIVE_HELLO:
        rc = json_only_keys(root, hello, err);
        return rc ? rc : json_i64(root, "v", 0, INT32_MAX, &m->version, err);
    case LIVE_SUB:
        rc = parse_id(root, m, err);
        return rc ? rc : parse_sub(root, m, ret_code, err);
    case LIVE_UNSUB:
        rc = json_only_keys(root, unsub, err);
        return rc ? rc : parse_id(root, m, err);
    case LIVE_ACK:
        rc = json_only_keys(root, ack, err);
        if (!rc)
            rc = json_i64(root, "n", 0, SAFE_INTEGER, &n, err);
        m->n = (uint64_t)n;
        return rc;
    case LIVE_PING:
        return json_only_keys(root, ping, err);
    }
    return rc;
}

enum gw_rc live_message_parse(struct gw_view text, struct live_message *ret_message, const char **ret_code,
                              struct gw_err *err)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    memset(ret_message, 0, sizeof(*ret_message));
    *ret_code = "message";
    enum gw_rc rc = json_read(text, LIVE_MESSAGE_MAX, &doc, err);
    if (!rc)
        rc = parse_kind(json_root(doc), ret_message, err);
    return rc ? rc : parse_rest(json_root(doc), ret_message, ret_code, err);
}
