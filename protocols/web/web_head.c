#include "web_head.h"

#include <stdio.h>
#include <string.h>

#include "gw_id.h"
#include "gw_num.h"

static bool is_tchar(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

size_t web_head_find(struct gw_view bytes, size_t *ret_skip)
{
    size_t skip = 0;
    while (bytes.len - skip >= 2 && bytes.ptr[skip] == '\r' && bytes.ptr[skip + 1] == '\n')
        skip += 2;
    *ret_skip = skip;
    if (bytes.len - skip < 4)
        return 0;
    const uint8_t *end = memmem(bytes.ptr + skip, bytes.len - skip, "\r\n\r\n", 4);
    return end ? (size_t)(end - bytes.ptr) - skip + 4 : 0;
}

/* Raw bytes that may stand in a path or query (RFC 3986 section 3.3), '%' apart. */
static bool is_target_byte(uint8_t c, bool query)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    if (c == 0)
        return false;
    return strchr("-._~!$&'()*+,;=:@/", c) != NULL || (query && strchr("?[]|\\^`{}", c) != NULL);
}

/* One byte of the path, decoded; -1 when it breaks the grammar. Advances *at. */
static int decode_one(struct gw_view raw, size_t *at)
{
    uint8_t c = raw.ptr[*at];
    if (c != '%') {
        *at += 1;
        return is_target_byte(c, false) ? c : -1;
    }
    if (raw.len - *at < 3)
        return -1;
    int hi = gw_hex_value(raw.ptr[*at + 1]);
    int lo = gw_hex_value(raw.ptr[*at + 2]);
    *at += 3;
    int value = hi * 16 + lo;
    if (hi < 0 || lo < 0 || value < 0x20 || value == 0x7f || value == '/')
        return -1;
    return value;
}

static bool segments_plain(struct gw_view path)
{
    struct gw_view rest = gw_view_make(path.ptr + 1, path.len - 1);
    while (rest.len > 0) {
        struct gw_view segment = gw_view_cut(rest, '/', &rest);
        if (segment.len == 0 || gw_view_eq_str(segment, ".") || gw_view_eq_str(segment, ".."))
            return false;
    }
    return true;
}

static bool query_plain(struct gw_view query)
{
    for (size_t i = 0; i < query.len; i++) {
        if (query.ptr[i] != '%') {
            if (!is_target_byte(query.ptr[i], true))
                return false;
        } else if (query.len - i < 3 || gw_hex_value(query.ptr[i + 1]) < 0 || gw_hex_value(query.ptr[i + 2]) < 0) {
            return false;
        }
    }
    return true;
}

int web_target_parse(struct gw_view target, char path[HTTP_PATH_MAX + 1], size_t *ret_path_len,
                     struct gw_view *ret_query)
{
    struct gw_view query;
    struct gw_view raw = gw_view_cut(target, '?', &query);
    if (raw.len == 0 || raw.ptr[0] != '/')
        return 400;
    if (query.len > WEB_QUERY_MAX)
        return 414;
    size_t len = 0;
    for (size_t at = 0; at < raw.len;) {
        if (len == HTTP_PATH_MAX)
            return 414;
        int c = decode_one(raw, &at);
        if (c < 0)
            return 400;
        path[len++] = (char)c;
    }
    path[len] = '\0';
    if (!segments_plain(gw_view_make(path, len)) || !query_plain(query))
        return 400;
    *ret_path_len = len;
    *ret_query = query;
    return 0;
}

static bool parse_method(struct gw_view v, enum http_method *ret)
{
    static const struct {
        const char *name;
        enum http_method method;
    } table[] = {
        {"GET", HTTP_GET},       {"POST", HTTP_POST}, {"PUT", HTTP_PUT},
        {"DELETE", HTTP_DELETE}, {"HEAD", HTTP_HEAD}, {"PATCH", HTTP_PATCH},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (gw_view_eq_str(v, table[i].name)) {
            *ret = table[i].method;
            return true;
        }
    }
    return false;
}

static int parse_request_line(struct gw_view line, struct web_head *h)
{
    struct gw_view rest;
    struct gw_view method = gw_view_cut(line, ' ', &rest);
    struct gw_view version;
    struct gw_view target = gw_view_cut(rest, ' ', &version);
    if (method.len == 0 || target.len == 0 || version.len == 0)
        return 400;
    for (size_t i = 0; i < method.len; i++)
        if (!is_tchar(method.ptr[i]))
            return 400;
    h->http10 = gw_view_eq_str(version, "HTTP/1.0");
    if (!h->http10 && !gw_view_eq_str(version, "HTTP/1.1"))
        return gw_view_starts(version, "HTTP/") && version.len == 8 ? 505 : 400;
    if (!parse_method(method, &h->method))
        return 501;
    return web_target_parse(target, h->path, &h->path_len, &h->query);
}

/* Header fields that may come once. */
static struct gw_view *field_place(struct web_head *h, struct gw_view name)
{
    const struct {
        const char *name;
        struct gw_view *place;
    } table[] = {
        {"host", &h->host},
        {"authorization", &h->authorization},
        {"content-type", &h->content_type},
        {"cookie", &h->cookie},
        {"origin", &h->origin},
        {"if-match", &h->if_match},
        {"if-none-match", &h->if_none_match},
        {"x-gw-csrf", &h->csrf},
        {"sec-fetch-site", &h->fetch_site},
        {"range", &h->range},
        {"if-range", &h->if_range},
        {"sec-websocket-key", &h->ws_key},
        {"sec-websocket-version", &h->ws_version},
        {"sec-websocket-protocol", &h->ws_protocol},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (gw_view_eq_str_nocase(name, table[i].name))
            return table[i].place;
    return NULL;
}

static int take_length(struct gw_view value, struct web_head *h)
{
    if (h->has_length)
        return 400;
    h->has_length = true;
    enum gw_rc rc = gw_parse_u64(value, INT64_MAX, &h->length);
    return rc == GW_OK ? 0 : rc == GW_TOO_BIG ? 413 : 400;
}

bool web_list_has(struct gw_view list, const char *token, bool any_case)
{
    while (list.len > 0) {
        struct gw_view one = gw_view_trim(gw_view_cut(list, ',', &list));
        if (any_case ? gw_view_eq_str_nocase(one, token) : gw_view_eq_str(one, token))
            return true;
    }
    return false;
}

/* What is said in pieces, over several fields. */
struct seen {
    bool keep;               /* Connection: keep-alive */
    bool connection_upgrade; /* Connection: upgrade */
    bool upgrade_ws;         /* Upgrade: websocket */
};

static void take_connection(struct gw_view value, struct web_head *h, struct seen *seen)
{
    h->close = h->close || web_list_has(value, "close", true);
    seen->keep = seen->keep || web_list_has(value, "keep-alive", true);
    seen->connection_upgrade = seen->connection_upgrade || web_list_has(value, "upgrade", true);
}

static int take_field(struct gw_view name, struct gw_view value, struct web_head *h, struct seen *seen)
{
    struct gw_view *place = field_place(h, name);
    if (place) {
        if (place->ptr)
            return 400;
        *place = value;
        return 0;
    }
    if (gw_view_eq_str_nocase(name, "content-length"))
        return take_length(value, h);
    if (gw_view_eq_str_nocase(name, "transfer-encoding"))
        h->has_coding = true;
    if (gw_view_eq_str_nocase(name, "connection"))
        take_connection(value, h, seen);
    if (gw_view_eq_str_nocase(name, "upgrade"))
        seen->upgrade_ws = seen->upgrade_ws || web_list_has(value, "websocket", true);
    if (gw_view_eq_str_nocase(name, "expect")) {
        if (!gw_view_eq_str_nocase(value, "100-continue"))
            return 417;
        h->expect_continue = !h->http10; /* RFC 9110 section 10.1.1: ignored in HTTP/1.0 */
    }
    return 0;
}

static int parse_field(struct gw_view line, struct web_head *h, struct seen *seen)
{
    if (line.len == 0 || !memchr(line.ptr, ':', line.len))
        return 400;
    struct gw_view value;
    struct gw_view name = gw_view_cut(line, ':', &value);
    if (name.len == 0)
        return 400;
    for (size_t i = 0; i < name.len; i++)
        if (!is_tchar(name.ptr[i]))
            return 400; /* also a folded line and a space before the colon (RFC 9112 section 5) */
    return take_field(name, gw_view_trim(value), h, seen);
}

/* Cuts at CRLF; false when a bare CR or LF or another control character stands in the line. */
static bool next_line(struct gw_view *rest, struct gw_view *ret_line)
{
    const uint8_t *end = rest->len ? memmem(rest->ptr, rest->len, "\r\n", 2) : NULL;
    if (!end)
        return false;
    size_t len = (size_t)(end - rest->ptr);
    *ret_line = gw_view_make(rest->ptr, len);
    *rest = gw_view_make(end + 2, rest->len - len - 2);
    for (size_t i = 0; i < len; i++)
        if ((ret_line->ptr[i] < 0x20 && ret_line->ptr[i] != '\t') || ret_line->ptr[i] == 0x7f)
            return false;
    return true;
}

int web_head_parse(struct gw_view bytes, struct web_head *ret_head)
{
    struct gw_view line;
    struct seen seen = {.keep = false};
    *ret_head = (struct web_head){.method = HTTP_GET};
    if (bytes.len > WEB_HEAD_MAX)
        return 431;
    if (!next_line(&bytes, &line))
        return 400;
    int status = parse_request_line(line, ret_head);
    for (size_t count = 0; !status; count++) {
        if (!next_line(&bytes, &line))
            return 400;
        if (line.len == 0)
            break;
        status = count == WEB_HEADERS_MAX ? 431 : parse_field(line, ret_head, &seen);
    }
    if (status)
        return status;
    ret_head->upgrade_ws = seen.upgrade_ws && seen.connection_upgrade;
    if (ret_head->http10)
        ret_head->close = ret_head->close || !seen.keep;
    else if (ret_head->host.len == 0)
        return 400; /* RFC 9112 section 3.2 */
    /* RFC 9112 section 6.1: both lengths, or a coding in HTTP/1.0, is how requests are smuggled. */
    if (ret_head->has_coding && (ret_head->has_length || ret_head->http10))
        return 400;
    return 0;
}

/* "name", "name:port" or "[v6]:port": where the port's colon is; NULL when there is none. */
static const char *port_colon(const char *name)
{
    const char *bracket = strrchr(name, ']');
    return strrchr(bracket ? bracket : name, ':');
}

bool web_host_match(struct gw_view host, const char *const *names, size_t count, uint16_t port)
{
    for (size_t i = 0; i < count; i++) {
        char full[280];
        if (port_colon(names[i])) {
            if (gw_view_eq_str_nocase(host, names[i]))
                return true;
            continue;
        }
        (void)snprintf(full, sizeof(full), "%s:%u", names[i], (unsigned)port);
        if (gw_view_eq_str_nocase(host, full) || (port == 443 && gw_view_eq_str_nocase(host, names[i])))
            return true;
    }
    return false;
}
