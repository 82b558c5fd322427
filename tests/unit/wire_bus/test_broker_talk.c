#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker_talk.h"
#include "gw_test.h"

#define AT    "2026-01-31T12:00:00: "
#define KNOCK AT "New connection from 10.0.0.1:4711 on port 8883.\n"

struct heard {
    unsigned lines, worries;
    char last[BROKER_TALK_LINE_MAX * 2];
};

static void hear(void *ctx, bool worry, struct gw_view line)
{
    struct heard *h = ctx;
    h->lines++;
    h->worries += worry;
    CU_ASSERT_EQUAL_FATAL(gw_view_copy_str(line, h->last, sizeof(h->last)), GW_OK);
}

static void say(struct broker_talk *t, const char *text, int64_t at_ms)
{
    broker_talk_add(t, gw_view_str(text), (struct gw_mono){at_ms});
}

static void passes_lines_without_the_time_of_mosquitto(void)
{
    struct heard h = {0};
    struct broker_talk t;
    broker_talk_init(&t, hear, &h);
    say(&t, AT "mosquitto version 2.0.11 starting\n" AT "Error: Address already in use\n", 0);
    CU_ASSERT_EQUAL(h.lines, 2);
    CU_ASSERT_EQUAL(h.worries, 1);
    CU_ASSERT_STRING_EQUAL(h.last, "Error: Address already in use");
    say(&t, "no time before it\n\n", 0);
    CU_ASSERT_EQUAL(h.lines, 3); /* an empty line is none */
    CU_ASSERT_STRING_EQUAL(h.last, "no time before it");
    CU_ASSERT_FALSE(broker_talk_tick(&t, (struct gw_mono){0}));
}

static void puts_lines_together_however_they_come(void)
{
    static const char text[] = AT "Client pump-1 disconnected.\n" AT "Warning: low\n" AT "last";
    for (size_t step = 1; step < sizeof(text); step++) {
        struct heard h = {0};
        struct broker_talk t;
        broker_talk_init(&t, hear, &h);
        for (size_t at = 0; at < sizeof(text) - 1; at += step)
            broker_talk_add(&t, gw_view_make(text + at, step < sizeof(text) - 1 - at ? step : sizeof(text) - 1 - at),
                            (struct gw_mono){0});
        CU_ASSERT_EQUAL(h.lines, 2);
        CU_ASSERT_STRING_EQUAL(h.last, "Warning: low");
        broker_talk_end(&t);
        CU_ASSERT_EQUAL(h.lines, 3);
        CU_ASSERT_STRING_EQUAL(h.last, "last");
    }
}

static void cuts_a_line_that_is_too_long(void)
{
    struct heard h = {0};
    struct broker_talk t;
    broker_talk_init(&t, hear, &h);
    say(&t, AT, 0);
    for (int i = 0; i < 70000; i++)
        say(&t, "x", 0);
    say(&t, "\n" AT "next\n", 0);
    CU_ASSERT_EQUAL(h.lines, 2);
    CU_ASSERT_STRING_EQUAL(h.last, "next");
    for (int i = 0; i < 70000; i++)
        say(&t, "y", 0);
    say(&t, "\n", 0);
    CU_ASSERT_EQUAL(strlen(h.last), BROKER_TALK_LINE_MAX);
}

static void counts_what_strangers_cause_beyond_their_share(void)
{
    struct heard h = {0};
    struct broker_talk t;
    broker_talk_init(&t, hear, &h);
    for (int i = 0; i < BROKER_TALK_STRANGERS_MAX + 312; i++)
        say(&t, KNOCK, i);
    CU_ASSERT_EQUAL(h.lines, BROKER_TALK_STRANGERS_MAX);
    CU_ASSERT_EQUAL(t.left_out, 312);
    CU_ASSERT_TRUE(broker_talk_tick(&t, (struct gw_mono){BROKER_TALK_WINDOW_MS - 1}));
    CU_ASSERT_EQUAL(h.lines, BROKER_TALK_STRANGERS_MAX);
    CU_ASSERT_FALSE(broker_talk_tick(&t, (struct gw_mono){BROKER_TALK_WINDOW_MS}));
    CU_ASSERT_EQUAL(h.lines, BROKER_TALK_STRANGERS_MAX + 1);
    CU_ASSERT_STRING_EQUAL(h.last, "… and 312 more lines about connections without a name within a minute, the last: "
                                   "New connection from 10.0.0.1:4711 on port 8883.");
    say(&t, KNOCK, BROKER_TALK_WINDOW_MS + 1); /* a new minute */
    CU_ASSERT_STRING_EQUAL(h.last, "New connection from 10.0.0.1:4711 on port 8883.");
}

static void tells_before_the_first_line_of_the_next_minute(void)
{
    struct heard h = {0};
    struct broker_talk t;
    broker_talk_init(&t, hear, &h);
    for (int i = 0; i <= BROKER_TALK_STRANGERS_MAX; i++)
        say(&t, KNOCK, 0);
    say(&t, KNOCK, BROKER_TALK_WINDOW_MS);
    CU_ASSERT_EQUAL(h.lines, BROKER_TALK_STRANGERS_MAX + 2);
    CU_ASSERT_STRING_EQUAL(h.last, "New connection from 10.0.0.1:4711 on port 8883.");
    CU_ASSERT_FALSE(broker_talk_tick(&t, (struct gw_mono){3 * BROKER_TALK_WINDOW_MS}));
}

static void keeps_strangers_from_displacing_others(void)
{
    static const char *const strangers[] = {
        KNOCK,
        AT "OpenSSL Error[0]: error:0A0000C7:SSL routines::peer did not return a certificate\n",
        AT "Client connection from 10.0.0.1 failed: error:0A00010B:SSL routines::wrong version number.\n",
        AT "Client connection from 10.0.0.1 denied access by tcpd.\n",
        AT "Client <unknown> disconnected: Protocol error.\n",
        AT "Client <unknown> closed its connection.\n",
        AT "Socket error on client <unknown>, disconnecting.\n",
    };
    struct heard h = {0};
    struct broker_talk t;
    broker_talk_init(&t, hear, &h);
    for (int round = 0; round < BROKER_TALK_STRANGERS_MAX; round++)
        for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
            say(&t, strangers[i], 0);
    CU_ASSERT_EQUAL(h.lines, BROKER_TALK_STRANGERS_MAX);
    say(&t, AT "Client pump-1 closed its connection.\n", 0);
    CU_ASSERT_STRING_EQUAL(h.last, "Client pump-1 closed its connection.");
    for (int i = 0; i < 1000; i++)
        say(&t, AT "New client connected from 10.0.0.1:1 as pump-1 (p2, c1, k60, u'pump-1').\n", 0);
    CU_ASSERT_EQUAL(h.lines, BROKER_TALK_STRANGERS_MAX + BROKER_TALK_DEVICES_MAX);
    say(&t, AT "Error: Out of memory.\n", 0);
    CU_ASSERT_STRING_EQUAL(h.last, "Error: Out of memory.");
}

static void has_a_ceiling_for_all_of_a_minute(void)
{
    struct heard h = {0};
    struct broker_talk t;
    broker_talk_init(&t, hear, &h);
    for (int i = 0; i < 5000; i++) {
        say(&t, KNOCK, 0);
        say(&t, AT "Client pump-1 disconnected.\n", 0);
        say(&t, AT "anything\n", 0);
    }
    CU_ASSERT_EQUAL(h.lines, BROKER_TALK_STRANGERS_MAX + BROKER_TALK_DEVICES_MAX + BROKER_TALK_BROKER_MAX);
    broker_talk_end(&t);
    CU_ASSERT_EQUAL(h.lines, BROKER_TALK_STRANGERS_MAX + BROKER_TALK_DEVICES_MAX + BROKER_TALK_BROKER_MAX + 3);
    CU_ASSERT_EQUAL(t.left_out, 15000 - BROKER_TALK_STRANGERS_MAX - BROKER_TALK_DEVICES_MAX - BROKER_TALK_BROKER_MAX);
}

static const struct gw_test_case cases[] = {
    {"passes lines without mosquitto's time, and knows its errors", passes_lines_without_the_time_of_mosquitto},
    {"puts lines together however their bytes come", puts_lines_together_however_they_come},
    {"cuts a line that is too long", cuts_a_line_that_is_too_long},
    {"counts what strangers cause beyond their share of a minute", counts_what_strangers_cause_beyond_their_share},
    {"tells of it before the first line of the next minute", tells_before_the_first_line_of_the_next_minute},
    {"keeps strangers from displacing devices, and devices the broker", keeps_strangers_from_displacing_others},
    {"has a ceiling for all lines of a minute", has_a_ceiling_for_all_of_a_minute},
};

int main(void)
{
    return GW_TEST_RUN("broker talk", cases);
}
