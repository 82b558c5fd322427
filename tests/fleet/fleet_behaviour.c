#include "fleet_behaviour.h"

#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_num.h"
#include "gw_toml.h"

#define SECONDS_MAX 1000000
#define MS_MAX      100000000

#define KEY_SHARE(t)                                                                                                   \
    {                                                                                                                  \
        .table = (t), .key = "share_pct", .type = GW_TOML_INT, .min = 0, .max = 100, .fallback = "0",                  \
        .unit = "percent", .doc = "Share of the fleet."                                                                \
    }
#define KEY_DEVICES(t)                                                                                                 \
    {                                                                                                                  \
        .table = (t), .key = "devices", .type = GW_TOML_STRINGS, .min = 1, .max = 32, .fallback = "[]",                \
        .doc = "Devices by number (\"7\") or range (\"10-19\")."                                                       \
    }
#define KEY_SECONDS(t, k, standard, text)                                                                              \
    {                                                                                                                  \
        .table = (t), .key = (k), .type = GW_TOML_INT, .min = 0, .max = SECONDS_MAX, .fallback = (standard),           \
        .unit = "seconds", .doc = (text)                                                                               \
    }
#define KEY_NUMBER(t, k, low, high, standard, u, text)                                                                 \
    {                                                                                                                  \
        .table = (t), .key = (k), .type = GW_TOML_INT, .min = (low), .max = (high), .fallback = (standard),            \
        .unit = (u), .doc = (text)                                                                                     \
    }
#define KEY_WORDS(t, k, list, standard, text)                                                                          \
    {                                                                                                                  \
        .table = (t), .key = (k), .type = GW_TOML_STRING, .words = (list), .fallback = (standard), .doc = (text)       \
    }
#define STEPS                  "accepted downloading downloaded installing rebooting installed"
#define KEY_AFTER(t, standard) KEY_SECONDS(t, "after_seconds", standard, "Of load before it begins.")
#define KEY_EVERY(t, standard) KEY_SECONDS(t, "every_seconds", standard, "Between two acts.")

static const struct gw_toml_key keys[] = {
    KEY_SHARE("flood"),
    KEY_DEVICES("flood"),
    KEY_AFTER("flood", "0"),
    {.table = "flood",
     .key = "messages_per_second",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 100000,
     .fallback = "2000",
     .unit = "messages per second",
     .doc = "Lines on up/line, beside its log."},
    KEY_SHARE("silent"),
    KEY_DEVICES("silent"),
    KEY_AFTER("silent", "5"),
    KEY_SECONDS("silent", "for_seconds", "0", "How long it stays away; 0: for good."),
    KEY_SHARE("lie"),
    KEY_DEVICES("lie"),
    KEY_AFTER("lie", "2"),
    KEY_EVERY("lie", "10"),
    KEY_SHARE("malformed"),
    KEY_DEVICES("malformed"),
    KEY_AFTER("malformed", "0"),
    KEY_EVERY("malformed", "1"),
    KEY_SHARE("reconnect"),
    KEY_DEVICES("reconnect"),
    KEY_AFTER("reconnect", "0"),
    KEY_EVERY("reconnect", "5"),
    KEY_SHARE("fails_install"),
    KEY_DEVICES("fails_install"),
    KEY_SHARE("boots_old"),
    KEY_DEVICES("boots_old"),
    KEY_WORDS("boots_old", "says", "rolled_back installed", "\"rolled_back\"", "What it reports."),
    KEY_SHARE("goes_silent"),
    KEY_DEVICES("goes_silent"),
    KEY_WORDS("goes_silent", "at", STEPS, "\"rebooting\"", "The step whose acknowledgement is the last it takes."),
    KEY_SECONDS("goes_silent", "for_seconds", "0", "How long it stays away; 0: for good."),
    KEY_SHARE("flaps"),
    KEY_DEVICES("flaps"),
    KEY_NUMBER("flaps", "after_ms", 0, MS_MAX, "1000", "milliseconds", "Behind installed, and between reboots."),
    KEY_NUMBER("flaps", "times", 1, 100, "2", "reboots", "How often."),
    KEY_SHARE("refuses"),
    KEY_DEVICES("refuses"),
    KEY_SHARE("defers"),
    KEY_DEVICES("defers"),
    KEY_SECONDS("defers", "for_seconds", "60", "How long, if the job allows it."),
    KEY_SHARE("slow_download"),
    KEY_DEVICES("slow_download"),
    KEY_NUMBER("slow_download", "bytes_per_second", 1, 1000000000, "16384", "bytes per second", "Its pace."),
    KEY_SHARE("crashes"),
    KEY_DEVICES("crashes"),
    KEY_NUMBER("crashes", "after_ms", 0, MS_MAX, "1000", "milliseconds", "Behind installed."),
    KEY_NUMBER("deal", "seed", 0, 4294967295, "0", NULL, "Who gets the shares; 0: those with the lowest numbers."),
};
static const struct gw_toml_schema schema = GW_TOML_SCHEMA(keys);

const char *fleet_kind_text(enum fleet_kind kind)
{
    switch (kind) {
    case FLEET_GOOD:
        return "good";
    case FLEET_FLOOD:
        return "flood";
    case FLEET_SILENT:
        return "silent";
    case FLEET_LIE:
        return "lie";
    case FLEET_MALFORMED:
        return "malformed";
    case FLEET_RECONNECT:
        return "reconnect";
    case FLEET_FAILS_INSTALL:
        return "fails_install";
    case FLEET_BOOTS_OLD:
        return "boots_old";
    case FLEET_GOES_SILENT:
        return "goes_silent";
    case FLEET_FLAPS:
        return "flaps";
    case FLEET_REFUSES:
        return "refuses";
    case FLEET_DEFERS:
        return "defers";
    case FLEET_SLOW_DOWNLOAD:
        return "slow_download";
    case FLEET_CRASHES:
        return "crashes";
    }
    return "unknown";
}

bool fleet_kind_of_updates(enum fleet_kind kind)
{
    return kind >= FLEET_FAILS_INSTALL;
}

/* "7" or "10-19" */
static bool parse_range(const char *text, uint64_t *ret_from, uint64_t *ret_to)
{
    struct gw_view rest, from = gw_view_cut(gw_view_str(text), '-', &rest);
    if (gw_parse_u64(from, 99999999, ret_from))
        return false;
    *ret_to = *ret_from;
    return !strchr(text, '-') || (gw_parse_u64(rest, 99999999, ret_to) == GW_OK && *ret_from <= *ret_to);
}

static enum gw_rc name_devices(const struct gw_toml *t, enum fleet_kind kind, uint32_t first, struct fleet_behaviour *b,
                               struct gw_err *err)
{
    const char *table = fleet_kind_text(kind);
    for (size_t i = 0; i < gw_toml_count(t, table, "devices"); i++) {
        uint64_t from, to;
        if (!parse_range(gw_toml_str_at(t, table, "devices", i), &from, &to))
            return gw_toml_reject(t, table, "devices", err, "a number or a range such as \"10-19\"");
        for (uint32_t d = 0; d < b->devices; d++)
            if (d + (uint64_t)first >= from && d + (uint64_t)first <= to)
                b->kind[d] = (uint8_t)kind;
    }
    return GW_OK;
}

/* The order in which shares are dealt: by number, or as the seed shuffles it (xorshift, Fisher and Yates). */
static uint32_t *deal_order(uint32_t devices, uint32_t seed)
{
    uint32_t *order = gw_xalloc(devices, sizeof(*order));
    uint64_t noise = seed * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t d = 0; d < devices; d++)
        order[d] = d;
    for (uint32_t left = devices; seed && left > 1; left--) {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        uint32_t with = (uint32_t)((noise >> 32) % left), last = order[left - 1];
        order[left - 1] = order[with];
        order[with] = last;
    }
    return order;
}

/* Rounded to the nearest, but a share above 0 is at least one device. */
static void deal_share(uint32_t share_pct, enum fleet_kind kind, const uint32_t *order, struct fleet_behaviour *b)
{
    uint64_t want = ((uint64_t)b->devices * share_pct + 50) / 100;
    if (share_pct && !want)
        want = 1;
    for (uint32_t d = 0; d < b->devices && want; d++)
        if (b->kind[order[d]] == FLEET_GOOD) {
            b->kind[order[d]] = (uint8_t)kind;
            want--;
        }
}

static void deal_shares(const struct gw_toml *t, struct fleet_behaviour *b)
{
    GW_FREE uint32_t *order = deal_order(b->devices, (uint32_t)gw_toml_int(t, "deal", "seed"));
    for (int kind = FLEET_FLOOD; kind < FLEET_KINDS; kind++)
        deal_share((uint32_t)gw_toml_int(t, fleet_kind_text((enum fleet_kind)kind), "share_pct"), (enum fleet_kind)kind,
                   order, b);
}

static uint32_t number_of(const struct gw_toml *t, const char *table, const char *key)
{
    return (uint32_t)gw_toml_int(t, table, key);
}

static void read_update_conduct(const struct gw_toml *t, struct fleet_behaviour *b)
{
    struct fleet_conduct *silent = &b->conduct[FLEET_GOES_SILENT];
    if (job_state_parse(gw_view_str(gw_toml_str(t, "goes_silent", "at")), &silent->at))
        abort(); /* the schema has let it through */
    silent->for_s = number_of(t, "goes_silent", "for_seconds");
    b->conduct[FLEET_BOOTS_OLD].says_installed = strcmp(gw_toml_str(t, "boots_old", "says"), "installed") == 0;
    b->conduct[FLEET_FLAPS].after_ms = number_of(t, "flaps", "after_ms");
    b->conduct[FLEET_FLAPS].times = number_of(t, "flaps", "times");
    b->conduct[FLEET_DEFERS].for_s = number_of(t, "defers", "for_seconds");
    b->conduct[FLEET_SLOW_DOWNLOAD].bytes_per_s = number_of(t, "slow_download", "bytes_per_second");
    b->conduct[FLEET_CRASHES].after_ms = number_of(t, "crashes", "after_ms");
}

static void read_conduct(const struct gw_toml *t, struct fleet_behaviour *b)
{
    for (int kind = FLEET_FLOOD; kind < FLEET_KINDS; kind++)
        if (!fleet_kind_of_updates((enum fleet_kind)kind))
            b->conduct[kind].after_s = number_of(t, fleet_kind_text((enum fleet_kind)kind), "after_seconds");
    b->conduct[FLEET_FLOOD].flood_per_s = number_of(t, "flood", "messages_per_second");
    b->conduct[FLEET_SILENT].for_s = number_of(t, "silent", "for_seconds");
    b->conduct[FLEET_LIE].every_s = number_of(t, "lie", "every_seconds");
    b->conduct[FLEET_MALFORMED].every_s = number_of(t, "malformed", "every_seconds");
    b->conduct[FLEET_RECONNECT].every_s = number_of(t, "reconnect", "every_seconds");
    read_update_conduct(t, b);
}

static void toml_freep(struct gw_toml **t)
{
    gw_toml_free(*t);
}

enum gw_rc fleet_behaviour_load(const char *path, uint32_t first, uint32_t devices,
                                struct fleet_behaviour *ret_behaviour, struct gw_err *err)
{
    GW_CLEANUP(fleet_behaviour_done)
    struct fleet_behaviour b = {.devices = devices, .kind = gw_xalloc(devices, sizeof(*b.kind))};
    if (path) {
        GW_CLEANUP(toml_freep) struct gw_toml *t = NULL;
        enum gw_rc rc = gw_toml_load(path, &schema, &t, err);
        for (int kind = FLEET_FLOOD; !rc && kind < FLEET_KINDS; kind++)
            rc = name_devices(t, (enum fleet_kind)kind, first, &b, err);
        if (rc)
            return rc;
        deal_shares(t, &b);
        read_conduct(t, &b);
    }
    *ret_behaviour = b;
    b.kind = NULL;
    return GW_OK;
}

void fleet_behaviour_done(struct fleet_behaviour *b)
{
    free(b->kind);
    b->kind = NULL;
}
