/*
 * web_head: the head of an HTTP/1.1 request as a value (RFC 9112). Pure: bytes in, value or status out; no I/O, no
 * allocation. Strict on purpose: what two readers could understand differently is refused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "http_route.h"

#define WEB_HEAD_MAX    (16 * 1024) /* bytes of request line and header fields; 431 above */
#define WEB_HEADERS_MAX 64          /* header fields; 431 above */
#define WEB_QUERY_MAX   2048        /* bytes; 414 above */

/* Views point into the head that was parsed. */
struct web_head {
    enum http_method method;
    bool http10;
    char path[HTTP_PATH_MAX + 1]; /* percent-decoded once, terminated */
    size_t path_len;
    struct gw_view query; /* raw, without '?' */
    struct gw_view authorization, content_type, cookie, origin, host, if_match, if_none_match, csrf, fetch_site, range,
        if_range;
    struct gw_view ws_key, ws_version, ws_protocol; /* Sec-WebSocket-… (RFC 6455 section 4.1) */
    bool upgrade_ws;                                /* "websocket" in Upgrade and "upgrade" in Connection */
    bool has_length;
    uint64_t length; /* Content-Length */
    bool has_coding; /* Transfer-Encoding was sent */
    bool expect_continue;
    bool close; /* the client wants no further request on this connection */
};

/* Length of the head with its empty line, or 0 while the end is not there. Leading empty lines (RFC 9112 section 2.2)
 * are counted in *ret_skip and are not part of the head. */
size_t web_head_find(struct gw_view bytes, size_t *ret_skip);

/* 0, or the status to answer with: 400 (breaks the grammar), 414, 417, 431, 501 (unknown method), 505. On failure
 * ret_head is undefined. */
int web_head_parse(struct gw_view bytes, struct web_head *ret_head);

/* Is token one of the comma-separated values of a field? */
bool web_list_has(struct gw_view list, const char *token, bool any_case);

/*
 * Origin-form target (RFC 9112 section 3.2.1) into path and query. The path is decoded once; refused with 400: bad
 * escapes, an encoded '/' or control character, an empty segment ("//") but the last, "." and ".." segments, bytes that
 * RFC 3986 does not allow raw. 414 when too long.
 */
int web_target_parse(struct gw_view target, char path[HTTP_PATH_MAX + 1], size_t *ret_path_len,
                     struct gw_view *ret_query);

/* True when host ("name:port" of the Host field) is one of the names, ignoring case. A name with a port is compared
 * whole; a name without one stands for this listener's port, which may be left out when it is 443. */
bool web_host_match(struct gw_view host, const char *const *names, size_t count, uint16_t port);
