/*
 * gw_wss: a small WebSocket client over TLS (RFC 6455), for tests that play a page.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_buf.h"

struct gw_wss {
    void *curl;
    int socket;
    struct gw_buf rx;
    int close_code; /* what the server closed with; 0: it did not; 1006: the connection was lost */
};

struct gw_wss_ask {
    uint16_t port; /* at localhost */
    const char *ca_path, *path, *protocol;
    const char *origin, *cookie; /* whole header values; NULL: none */
    const char *source;          /* address to come from; NULL: any */
};

/* Connects and asks for the upgrade; the status of the answer, 101 when it worked, -1 without one. */
int gw_wss_open(struct gw_wss *w, const struct gw_wss_ask *ask);
void gw_wss_close(struct gw_wss *w); /* without a closing handshake; accepts a zeroed one */
bool gw_wss_say(struct gw_wss *w, const char *text);
/* The next text message within ms, appended; false when none came, or it closed (close_code). */
bool gw_wss_read(struct gw_wss *w, struct gw_buf *ret_text, int ms);
