#include "broker_talk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "broker_line.h"

/* Said of each connection to its unix socket, which knows no such option. */
#define NOT_TCP "Warning: Unable to set TCP_NODELAY."

struct share {
    uint32_t lines;
    const char *about;
};

static const struct share shares[BROKER_TALK_KINDS] = {
    [BROKER_TALK_STRANGERS] = {BROKER_TALK_STRANGERS_MAX, "connections without a name"},
    [BROKER_TALK_DEVICES] = {BROKER_TALK_DEVICES_MAX, "clients"},
    [BROKER_TALK_BROKER] = {BROKER_TALK_BROKER_MAX, "the broker itself"},
};

void broker_talk_init(struct broker_talk *t, broker_talk_fn *fn, void *ctx)
{
    *t = (struct broker_talk){.fn = fn, .ctx = ctx};
}

static bool holds(struct gw_view line, const char *word)
{
    return memmem(line.ptr, line.len, word, strlen(word)) != NULL;
}

/* As mosquitto 2.0.11 writes. A client may call itself as it likes, once it has shown a device's certificate. */
static enum broker_talk_kind kind_of(struct gw_view line)
{
    static const char *const strangers[] = {"New connection from ", "OpenSSL Error", "Client connection from ",
                                            "Client <unknown> ", "Socket error on client <unknown>"};
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
        if (gw_view_starts(line, strangers[i]))
            return BROKER_TALK_STRANGERS;
    return holds(line, "lient ") ? BROKER_TALK_DEVICES : BROKER_TALK_BROKER;
}

/* The last is our own word, when the program could not be run. */
static bool is_worry(struct gw_view line)
{
    return gw_view_starts(line, "Error") || gw_view_starts(line, "Warning") || gw_view_starts(line, "gatehoused: ");
}

static struct gw_view without_time(struct gw_view line)
{
    const size_t len = BROKER_LINE_TIME_LEN + 2;
    if (line.len < len || line.ptr[4] != '-' || line.ptr[10] != 'T' || line.ptr[len - 2] != ':' ||
        line.ptr[len - 1] != ' ')
        return line;
    return gw_view_make(line.ptr + len, line.len - len);
}

/* Ends the kind's window: tells what was left out of it. */
static void end_window(struct broker_talk *t, size_t kind)
{
    uint32_t left_out = t->of[kind].lines > shares[kind].lines ? t->of[kind].lines - shares[kind].lines : 0;
    t->of[kind].lines = 0;
    if (!left_out)
        return;
    char text[BROKER_TALK_LINE_MAX + 128];
    int n = snprintf(text, sizeof(text), "… and %" PRIu32 " more line%s about %s within a minute, the last: %s",
                     left_out, left_out == 1 ? "" : "s", shares[kind].about, t->of[kind].last);
    if (n > 0)
        t->fn(t->ctx, false, gw_view_make(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
}

static bool is_over(const struct broker_talk *t, size_t kind, struct gw_mono now)
{
    return now.ms - t->of[kind].since.ms >= BROKER_TALK_WINDOW_MS;
}

static void take_line(struct broker_talk *t, struct gw_mono now)
{
    struct gw_view line = without_time(gw_view_make(t->line, t->len));
    t->len = 0;
    if (line.len == 0 || gw_view_eq_str(line, NOT_TCP))
        return;
    if (line.len > BROKER_TALK_LINE_MAX)
        line.len = BROKER_TALK_LINE_MAX;
    enum broker_talk_kind kind = kind_of(line);
    if (is_over(t, kind, now) || t->of[kind].lines == 0) {
        end_window(t, kind);
        t->of[kind].since = now;
    }
    if (t->of[kind].lines < UINT32_MAX)
        t->of[kind].lines++;
    if (t->of[kind].lines <= shares[kind].lines) {
        t->fn(t->ctx, is_worry(line), line);
        return;
    }
    t->left_out++;
    memcpy(t->of[kind].last, line.ptr, line.len);
    t->of[kind].last[line.len] = '\0';
}

void broker_talk_add(struct broker_talk *t, struct gw_view bytes, struct gw_mono now)
{
    while (bytes.len > 0) {
        const uint8_t *end = memchr(bytes.ptr, '\n', bytes.len);
        size_t n = end ? (size_t)(end - bytes.ptr) : bytes.len;
        size_t room = sizeof(t->line) - t->len;
        memcpy(t->line + t->len, bytes.ptr, n < room ? n : room);
        t->len += n < room ? n : room;
        if (!end)
            return;
        take_line(t, now);
        bytes = gw_view_make(end + 1, bytes.len - n - 1);
    }
}

bool broker_talk_tick(struct broker_talk *t, struct gw_mono now)
{
    bool more = false;
    for (size_t kind = 0; kind < BROKER_TALK_KINDS; kind++) {
        if (is_over(t, kind, now))
            end_window(t, kind);
        more = more || t->of[kind].lines > shares[kind].lines;
    }
    return more;
}

void broker_talk_end(struct broker_talk *t)
{
    if (t->len > 0)
        take_line(t, t->of[BROKER_TALK_BROKER].since);
    for (size_t kind = 0; kind < BROKER_TALK_KINDS; kind++)
        end_window(t, kind);
}
