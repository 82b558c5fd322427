#include "fleet_event.h"

#include <string.h>

#include "gw_id.h"

#define WRONG_EVERY 512 /* one event in so many is the first kind: a gateway counts failed logins, and alerts */

static const struct {
    const char *priority;
    const char *text;
} kinds[] = {
    {"<86>1 ", " sshd 711 - - Failed password for invalid user admin from 10.7.3.19 port 4022 ssh2: key "},
    {"<86>1 ", " sshd 711 - - Accepted publickey for service from 10.7.0.2 port 51022 ssh2: ED25519 SHA256 "},
    {"<30>1 ", " systemd 1 - - Started session of user service on the maintenance console, unit digest "},
    {"<78>1 ", " cron 402 - - (root) CMD (rotate sensor calibration tables) result digest "},
    {"<6>1 ", " kernel - - - eth0: link becomes ready, 100 Mbit/s full duplex, descriptor ring digest "},
    {"<85>1 ", " sudo 911 - - service : TTY=ttyS0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id digest "},
    {"<30>1 ", " pumpd 388 - - cycle done, pressure 4.2 bar, flow 118 l/min, motor 41 C, record digest "},
    {"<28>1 ", " pumpd 388 - - pressure sensor 2 answered late, value taken from sensor 1, record digest "},
};

void fleet_event_init(struct fleet_event_maker *m)
{
    gw_random(&m->noise, sizeof(m->noise));
    m->noise |= 1;
}

static uint64_t next_noise(struct fleet_event_maker *m)
{
    m->noise ^= m->noise << 13;
    m->noise ^= m->noise >> 7;
    m->noise ^= m->noise << 17;
    return m->noise;
}

/* Appends as much as fits below `end`. */
static char *put(char *at, const char *end, const char *text)
{
    while (*text && at < end)
        *at++ = *text++;
    return at;
}

static char *put_hex(char *at, const char *end, uint64_t value)
{
    static const char digits[] = "0123456789abcdef";
    for (int shift = 60; shift >= 0 && at < end; shift -= 4)
        *at++ = digits[value >> shift & 15];
    return at;
}

struct gw_view fleet_event_make(struct fleet_event_maker *m, const char *device, const char *when, uint64_t seq,
                                uint32_t bytes)
{
    char *at = m->text;
    const char *end = m->text + bytes;
    uint64_t draw = next_noise(m) >> 32;
    size_t others = sizeof(kinds) / sizeof(kinds[0]) - 1;
    size_t kind = draw % WRONG_EVERY == 0 ? 0 : 1 + (size_t)(draw / WRONG_EVERY % others);
    at = put(at, end, kinds[kind].priority);
    at = put(at, end, when);
    at = put(at, end, " ");
    at = put(at, end, device);
    at = put(at, end, kinds[kind].text);
    at = put_hex(at, end, next_noise(m));
    at = put_hex(at, end, next_noise(m) ^ seq);
    if (at < end)
        memset(at, '.', (size_t)(end - at));
    return gw_view_make(m->text, bytes);
}
