/*
 * gw_time: two clocks that cannot be mixed up.
 *
 * gw_wall is Unix time in milliseconds (what people and certificates mean, may step); gw_mono is CLOCK_BOOTTIME in
 * milliseconds (what time-outs mean, counts through suspend, never steps). Pure code receives them, programs read them.
 */
#pragma once

#include <stdint.h>

#include "gw_rc.h"
#include "gw_view.h"

struct gw_wall {
    int64_t ms;
};
struct gw_mono {
    int64_t ms;
};

#define GW_SECOND_MS INT64_C(1000)
#define GW_MINUTE_MS INT64_C(60000)
#define GW_HOUR_MS   INT64_C(3600000)
#define GW_DAY_MS    INT64_C(86400000)

struct gw_wall gw_wall_now(void);
struct gw_mono gw_mono_now(void);

#define GW_WALL_TEXT_MAX 32
/* "2026-11-23T01:02:03.004Z" (RFC 3339 section 5.6, always UTC, always milliseconds); years 1970 to 9999. */
GW_MUST_CHECK enum gw_rc gw_wall_format(struct gw_wall t, char out[GW_WALL_TEXT_MAX]);
/* RFC 3339 date-time with "Z" or a numeric offset, fraction of any length (cut to ms); a leap second counts as :59. */
GW_MUST_CHECK enum gw_rc gw_wall_parse(struct gw_view text, struct gw_wall *ret_time);

/* Civil date of a day number and back (days since 1970-01-01, proleptic Gregorian). */
void gw_civil_of_days(int64_t days, int *ret_year, int *ret_month, int *ret_day);
int64_t gw_days_of_civil(int year, int month, int day);
