#include "web_ws.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "web_room.h"

/* RFC 6455 section 1.3: the example's key and its answer. */
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

const char *web_ws_head(uint16_t port, const char *cookie)
{
    static _Thread_local char text[1024];
    (void)snprintf(text, sizeof(text),
                   "GET " WEB_ROOM_PATH " HTTP/1.1\r\nhost: localhost:%u\r\nupgrade: websocket\r\n"
                   "connection: keep-alive, Upgrade\r\nsec-websocket-key: " KEY "\r\nsec-websocket-version: 13\r\n"
                   "sec-websocket-protocol: other, gw.v1\r\norigin: https://localhost\r\ncookie: %s\r\n"
                   "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
                   (unsigned)port, cookie);
    return text;
}

bool web_ws_upgrade(struct web_client *c, uint16_t port, const char *cookie)
{
    struct web_answer_seen a;
    if (web_client_ask(c, web_ws_head(port, cookie), &a) != 101) {
        web_answer_seen_done(&a);
        return false;
    }
    const char *accept = web_answer_header(&a, "sec-websocket-accept");
    bool good = accept && strcmp(accept, ACCEPT) == 0;
    const char *protocol = web_answer_header(&a, "sec-websocket-protocol");
    good = good && protocol && strcmp(protocol, "gw.v1") == 0;
    good = good && !web_answer_header(&a, "sec-websocket-extensions");
    web_answer_seen_done(&a);
    return good;
}

bool web_ws_open(struct web_client *c, uint16_t port, const char *cookie)
{
    return web_client_open(c, port, NULL) && web_ws_upgrade(c, port, cookie);
}

bool web_ws_send(struct web_client *c, int first, const void *bytes, size_t len)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    bool masked = !(first & WS_UNMASKED);
    struct gw_buf b;
    gw_buf_init(&b, len + 16);
    (void)gw_buf_add_u8(&b, (uint8_t)first);
    uint8_t bit = masked ? 0x80 : 0;
    if (len < 126) {
        (void)gw_buf_add_u8(&b, (uint8_t)(bit | len));
    } else if (len < 65536) {
        (void)gw_buf_add_u8(&b, bit | 126);
        (void)gw_buf_add_u16(&b, (uint16_t)len);
    } else {
        (void)gw_buf_add_u8(&b, bit | 127);
        (void)gw_buf_add_u64(&b, len);
    }
    if (masked)
        (void)gw_buf_add(&b, mask, 4);
    for (size_t i = 0; i < len; i++)
        (void)gw_buf_add_u8(&b, ((const uint8_t *)bytes)[i] ^ (masked ? mask[i & 3] : 0));
    bool sent = web_client_send_bytes(c, b.ptr, b.len);
    gw_buf_done(&b);
    return sent;
}

bool web_ws_say(struct web_client *c, const char *text)
{
    return web_ws_send(c, WS_FIN | WS_TEXT, text, strlen(text));
}

static bool need(struct web_client *c, size_t len)
{
    while (c->rx.len < len)
        if (!web_client_more(c))
            return false;
    return true;
}

void web_ws_read(struct web_client *c, struct web_ws_frame *ret)
{
    *ret = (struct web_ws_frame){.opcode = -1};
    gw_buf_init(&ret->data, 1024 * 1024);
    if (!need(c, 2) || (c->rx.ptr[1] & 0x80))
        return;
    size_t len = c->rx.ptr[1];
    size_t head = len == 126 ? 4 : len == 127 ? 10 : 2;
    if (!need(c, head))
        return;
    if (head > 2)
        len = 0;
    for (size_t i = 2; i < head; i++)
        len = len << 8 | c->rx.ptr[i];
    if (!need(c, head + len))
        return;
    ret->fin = c->rx.ptr[0] & WS_FIN;
    ret->opcode = c->rx.ptr[0] & 15;
    (void)gw_buf_add(&ret->data, c->rx.ptr + head, len);
    gw_buf_drop(&c->rx, head + len);
}

void web_ws_frame_done(struct web_ws_frame *f)
{
    gw_buf_done(&f->data);
}

bool web_ws_hears(struct web_client *c, const char *text)
{
    for (;;) {
        struct web_ws_frame f;
        web_ws_read(c, &f);
        bool same = f.opcode == WS_TEXT && f.fin && gw_view_eq_str(gw_buf_view(&f.data), text);
        web_ws_frame_done(&f);
        if (f.opcode != WS_PING)
            return same;
    }
}

int web_ws_code(struct web_client *c)
{
    for (;;) {
        struct web_ws_frame f;
        web_ws_read(c, &f);
        int code = f.opcode != WS_CLOSE ? -1 : f.data.len >= 2 ? f.data.ptr[0] << 8 | f.data.ptr[1] : 1005;
        if (f.opcode == WS_CLOSE)
            (void)web_ws_send(c, WS_FIN | WS_CLOSE, f.data.ptr, f.data.len < 2 ? 0 : 2);
        web_ws_frame_done(&f);
        if (f.opcode < 0 || f.opcode == WS_CLOSE)
            return code;
    }
}
