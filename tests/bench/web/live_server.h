/*
 * live_server: what sends updates to the pages of bench_live: the web server of the gateway, and for a yardstick
 * libwebsockets itself, as bare as it comes. One of each in a process.
 */
#pragma once

#include <stdint.h>

#define LIVE_TEXT      260 /* bytes of an update, as one row of devices has */
#define LIVE_PAGES_MAX 512

struct live_server {
    const char *name;
    uint16_t (*start)(void); /* its port; pages join it at /live, subprotocol "gw.v1" */
    void (*cue)(void);       /* any thread: send one update to every page; it begins with when, by live_text() */
    void (*stop)(void);      /* the process ends behind it */
};
extern const struct live_server live_server_gateway, live_server_bare;

/* LIVE_TEXT bytes and NUL, with the time in front. */
void live_text(char text[LIVE_TEXT + 1]);
double live_now_ms(void);
_Noreturn void live_die(const char *what);
