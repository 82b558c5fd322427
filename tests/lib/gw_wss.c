#include "gw_wss.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_time.h"

#define ANSWER_MS 10000
#define RX_MAX    (4 * 1024 * 1024)
#define LOST      1006

enum { OP_TEXT = 1, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10, FIN = 0x80, MASKED = 0x80 };

void gw_wss_close(struct gw_wss *w)
{
    if (w->curl)
        curl_easy_cleanup(w->curl);
    gw_buf_done(&w->rx);
    w->curl = NULL;
}

static bool send_all(struct gw_wss *w, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len) {
        size_t sent = 0;
        CURLcode rc = curl_easy_send(w->curl, at, len, &sent);
        if (rc == CURLE_AGAIN) {
            struct pollfd fd = {.fd = w->socket, .events = POLLOUT};
            if (poll(&fd, 1, ANSWER_MS) <= 0)
                return false;
            continue;
        }
        if (rc)
            return false;
        at += sent;
        len -= sent;
    }
    return true;
}

/* Reads what is there, waiting for some until the deadline. */
static bool more(struct gw_wss *w, int64_t deadline_ms)
{
    for (;;) {
        uint8_t room[16384];
        size_t got = 0;
        CURLcode rc = curl_easy_recv(w->curl, room, sizeof(room), &got);
        if (rc == CURLE_OK && got)
            return gw_buf_add(&w->rx, room, got) == GW_OK;
        if (rc != CURLE_AGAIN) {
            w->close_code = w->close_code ? w->close_code : LOST;
            return false;
        }
        int64_t left = deadline_ms - gw_mono_now().ms;
        struct pollfd fd = {.fd = w->socket, .events = POLLIN};
        if (left <= 0 || poll(&fd, 1, (int)left) <= 0)
            return false;
    }
}

static bool connect_to(struct gw_wss *w, const struct gw_wss_ask *ask)
{
    char url[96];
    curl_socket_t fd = CURL_SOCKET_BAD;
    (void)snprintf(url, sizeof(url), "https://localhost:%u/", ask->port);
    w->curl = curl_easy_init();
    (void)curl_easy_setopt(w->curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(w->curl, CURLOPT_CAINFO, ask->ca_path);
    (void)curl_easy_setopt(w->curl, CURLOPT_CONNECT_ONLY, 1L);
    (void)curl_easy_setopt(w->curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
    (void)curl_easy_setopt(w->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(w->curl, CURLOPT_PROXY, "");
    if (ask->source)
        (void)curl_easy_setopt(w->curl, CURLOPT_INTERFACE, ask->source);
    if (curl_easy_perform(w->curl) || curl_easy_getinfo(w->curl, CURLINFO_ACTIVESOCKET, &fd))
        return false;
    w->socket = (int)fd;
    return true;
}

static bool ask_for(struct gw_wss *w, const struct gw_wss_ask *ask)
{
    struct gw_buf head;
    gw_buf_init(&head, 4096);
    (void)gw_buf_printf(&head,
                        "GET %s HTTP/1.1\r\nHost: localhost:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
                        ask->path, ask->port);
    (void)gw_buf_printf(&head, "Sec-WebSocket-Protocol: %s\r\n", ask->protocol);
    if (ask->origin)
        (void)gw_buf_printf(&head, "Origin: %s\r\n", ask->origin);
    if (ask->cookie)
        (void)gw_buf_printf(&head, "Cookie: %s\r\n", ask->cookie);
    (void)gw_buf_add_str(&head, "\r\n");
    bool sent = gw_buf_rc(&head) == GW_OK && send_all(w, head.ptr, head.len);
    gw_buf_done(&head);
    return sent;
}

int gw_wss_open(struct gw_wss *w, const struct gw_wss_ask *ask)
{
    int64_t deadline_ms = gw_mono_now().ms + ANSWER_MS;
    const char *end = NULL;
    *w = (struct gw_wss){.socket = -1};
    gw_buf_init(&w->rx, RX_MAX);
    if (!connect_to(w, ask) || !ask_for(w, ask))
        return -1;
    while (!(end = strstr(gw_buf_str(&w->rx), "\r\n\r\n")))
        if (!more(w, deadline_ms))
            return -1;
    const char *text = gw_buf_str(&w->rx);
    int status = strncmp(text, "HTTP/1.1 ", 9) == 0 ? (int)strtol(text + 9, NULL, 10) : -1;
    gw_buf_drop(&w->rx, (size_t)(end - text) + 4);
    return status;
}

static bool send_frame(struct gw_wss *w, int op, const void *bytes, size_t len)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    struct gw_buf b;
    gw_buf_init(&b, len + 16);
    (void)gw_buf_add_u8(&b, (uint8_t)(FIN | op));
    if (len < 126) {
        (void)gw_buf_add_u8(&b, (uint8_t)(MASKED | len));
    } else {
        (void)gw_buf_add_u8(&b, MASKED | 126);
        (void)gw_buf_add_u16(&b, (uint16_t)len);
    }
    (void)gw_buf_add(&b, mask, 4);
    for (size_t i = 0; i < len; i++)
        (void)gw_buf_add_u8(&b, ((const uint8_t *)bytes)[i] ^ mask[i & 3]);
    bool sent = gw_buf_rc(&b) == GW_OK && send_all(w, b.ptr, b.len);
    gw_buf_done(&b);
    return sent;
}

bool gw_wss_say(struct gw_wss *w, const char *text)
{
    return strlen(text) < 65536 && send_frame(w, OP_TEXT, text, strlen(text));
}

static bool need(struct gw_wss *w, size_t len, int64_t deadline_ms)
{
    while (w->rx.len < len)
        if (!more(w, deadline_ms))
            return false;
    return true;
}

/* One whole frame is at the front of rx: its opcode, where its payload begins and how long it is. */
static bool next_frame(struct gw_wss *w, int64_t deadline_ms, int *ret_op, size_t *ret_head, size_t *ret_len)
{
    if (!need(w, 2, deadline_ms))
        return false;
    size_t len = w->rx.ptr[1] & 0x7f, head = 2;
    size_t extra = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (!need(w, head + extra, deadline_ms))
        return false;
    if (extra)
        len = 0;
    for (; extra; extra--)
        len = len << 8 | w->rx.ptr[head++];
    if (!need(w, head + len, deadline_ms))
        return false;
    *ret_op = w->rx.ptr[0] & 15;
    *ret_head = head;
    *ret_len = len;
    return true;
}

bool gw_wss_read(struct gw_wss *w, struct gw_buf *ret_text, int ms)
{
    int64_t deadline_ms = gw_mono_now().ms + ms;
    int op;
    size_t head, len;
    while (!w->close_code && next_frame(w, deadline_ms, &op, &head, &len)) {
        const uint8_t *data = w->rx.ptr + head;
        bool text = op == OP_TEXT;
        if (text)
            (void)gw_buf_add(ret_text, data, len);
        if (op == OP_PING)
            (void)send_frame(w, OP_PONG, data, len);
        if (op == OP_CLOSE) {
            w->close_code = len >= 2 ? data[0] << 8 | data[1] : 1005;
            (void)send_frame(w, OP_CLOSE, data, len < 2 ? 0 : 2);
        }
        gw_buf_drop(&w->rx, head + len);
        if (text)
            return true;
    }
    return false;
}
