/* web_room: a live route for tests, at /live on every door (subprotocol "gw.v1"). What a client's message does: "all
 * TEXT" sends TEXT to everyone, "close CODE" closes the sender's connection, "fill N" queues messages of N bytes for
 * the sender until web turns one away, "size N" sends one of N bytes, "flip N" queues N texts "0", "1" …; all else is
 * echoed. */
#pragma once

#include "ws_route.h"

#define WEB_ROOM_PATH "/live"

struct web_room_seen {
    int opened;
    int closed;
    int drained;
    int ticks;
    int full;  /* times that a message was turned away */
    int wrong; /* calls that break the contract of ws_route.h */
};

/* Before each server: everything is forgotten. */
void web_room_reset(struct ws_port port);
struct web_room_seen web_room_seen(void);
/* The route. open() says no to a request whose cookie is "none" (401), "denied" (403), "many" (429) or "busy" (503), or
 * whose Origin is not "https://localhost" (403); with "early" it queues "welcome", with "leave" it closes with 4000. */
extern const struct ws_route web_room_route;
