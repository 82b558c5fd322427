/* web_ws: a WebSocket client made by hand (RFC 6455) that lets a test send any frame, right or wrong. */
#pragma once

#include "web_client.h"

enum { WS_CONT = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

#define WS_FIN      0x80
#define WS_UNMASKED 0x100 /* or-ed to the first byte */

struct web_ws_frame {
    int opcode; /* -1: the connection ended, nothing came, or the frame is masked */
    bool fin;
    struct gw_buf data;
};

/* The head of a good handshake, in a buffer of the thread's. */
const char *web_ws_head(uint16_t port, const char *cookie);
/* TLS, handshake with this cookie; false: it was not 101 with the right answer to the key. */
bool web_ws_open(struct web_client *c, uint16_t port, const char *cookie);
/* The second half of it, on a connection that stands. */
bool web_ws_upgrade(struct web_client *c, uint16_t port, const char *cookie);
/* first: FIN, opcode, WS_UNMASKED. */
bool web_ws_send(struct web_client *c, int first, const void *bytes, size_t len);
bool web_ws_say(struct web_client *c, const char *text);
/* One frame; what it holds goes with web_ws_frame_done(). */
void web_ws_read(struct web_client *c, struct web_ws_frame *ret);
void web_ws_frame_done(struct web_ws_frame *f);
/* Reads frames, pings skipped, until a text and compares. */
bool web_ws_hears(struct web_client *c, const char *text);
/* Reads until the close frame: its code; 1005 without one; -1: the connection ended without. Answers it. */
int web_ws_code(struct web_client *c);
