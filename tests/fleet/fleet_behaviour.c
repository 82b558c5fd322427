#include "fleet_behaviour.h"

#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_num.h"
#include "gw_toml.h"

#define SECONDS_MAX 1000000

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
    }
    return "unknown";
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

/* Rounded to the nearest, but a share above 0 is at least one device. */
static void deal_share(uint32_t share_pct, enum fleet_kind kind, struct fleet_behaviour *b)
{
    uint64_t want = ((uint64_t)b->devices * share_pct + 50) / 100;
    if (share_pct && !want)
        want = 1;
    for (uint32_t d = 0; d < b->devices && want; d++)
        if (b->kind[d] == FLEET_GOOD) {
            b->kind[d] = (uint8_t)kind;
            want--;
        }
}

static uint32_t seconds_of(const struct gw_toml *t, const char *table, const char *key)
{
    return (uint32_t)gw_toml_int(t, table, key);
}

static void read_conduct(const struct gw_toml *t, struct fleet_behaviour *b)
{
    for (int kind = FLEET_FLOOD; kind < FLEET_KINDS; kind++)
        b->conduct[kind].after_s = seconds_of(t, fleet_kind_text((enum fleet_kind)kind), "after_seconds");
    b->conduct[FLEET_FLOOD].flood_per_s = seconds_of(t, "flood", "messages_per_second");
    b->conduct[FLEET_SILENT].for_s = seconds_of(t, "silent", "for_seconds");
    b->conduct[FLEET_LIE].every_s = seconds_of(t, "lie", "every_seconds");
    b->conduct[FLEET_MALFORMED].every_s = seconds_of(t, "malformed", "every_seconds");
    b->conduct[FLEET_RECONNECT].every_s = seconds_of(t, "reconnect", "every_seconds");
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
        for (int kind = FLEET_FLOOD; kind < FLEET_KINDS; kind++)
            deal_share((uint32_t)gw_toml_int(t, fleet_kind_text((enum fleet_kind)kind), "share_pct"),
                       (enum fleet_kind)kind, &b);
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
