/*
 * broker_talk: what the broker writes on its stderr, on its way into the gateway's log.
 *
 * mosquitto 2.0.11 writes two or three lines for whoever knocks, some 150 bytes each, knows no ceiling for them, and
 * can leave none of them out without others that people need. A stranger makes thousands a second. So of each kind no
 * more than its share of a minute passes; the others are counted, and the first passing of time behind that minute
 * tells how many they were, with the last of them. Kinds have shares of their own: no stranger displaces what is told
 * of devices, and no device what the broker says of itself.
 *
 * Bytes in, lines out; pure but for the function that is called for each line. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_time.h"
#include "gw_view.h"

#define BROKER_TALK_WINDOW_MS GW_MINUTE_MS
/* Bytes of a line, without mosquitto's time; what is beyond is cut off. The longest that mosquitto makes of its own is
 * a client id in a sentence; an id may have 65,535 bytes. */
#define BROKER_TALK_LINE_MAX 400
/* Lines of a kind in a window. */
#define BROKER_TALK_STRANGERS_MAX 60
#define BROKER_TALK_DEVICES_MAX   240
#define BROKER_TALK_BROKER_MAX    120

enum broker_talk_kind {
    BROKER_TALK_STRANGERS, /* connections that have no name yet */
    BROKER_TALK_DEVICES,   /* clients with a name */
    BROKER_TALK_BROKER,    /* everything else: its start, its end, its plugin */
};
#define BROKER_TALK_KINDS 3

/* One line, without its end and without mosquitto's time. worry: the broker calls it an error or a warning. Control
 * characters are as they came. */
typedef void broker_talk_fn(void *ctx, bool worry, struct gw_view line);

struct broker_talk {
    broker_talk_fn *fn;
    void *ctx;
    struct {
        struct gw_mono since; /* the window */
        uint32_t lines;       /* that came in it */
        char last[BROKER_TALK_LINE_MAX + 1];
    } of[BROKER_TALK_KINDS];
    uint64_t left_out; /* since _init */
    char line[BROKER_TALK_LINE_MAX + 32];
    size_t len;
};

void broker_talk_init(struct broker_talk *t, broker_talk_fn *fn, void *ctx);
void broker_talk_add(struct broker_talk *t, struct gw_view bytes, struct gw_mono now);
/* Tells what was left out in windows that are over. True while there is more to tell later. */
bool broker_talk_tick(struct broker_talk *t, struct gw_mono now);
/* What came without an end of line, and what was left out until now: the broker, or we, have ended. */
void broker_talk_end(struct broker_talk *t);
