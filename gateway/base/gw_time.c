#include "gw_time.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

struct gw_wall gw_wall_now(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (struct gw_wall){(int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000};
}

struct gw_mono gw_mono_now(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_BOOTTIME, &ts);
    return (struct gw_mono){(int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000};
}

/* Both by Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": eras of 400 years, years that start in March.
 */
int64_t gw_days_of_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void gw_civil_of_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *ret_day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *ret_year = (int)(yoe + era * 400 + (*ret_month <= 2));
}

#define LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

enum gw_rc gw_wall_format(struct gw_wall t, char out[GW_WALL_TEXT_MAX])
{
    if (t.ms < 0 || t.ms > LAST_MS)
        return GW_INVALID;
    int year, month, day;
    gw_civil_of_days(t.ms / GW_DAY_MS, &year, &month, &day);
    int64_t ms = t.ms % GW_DAY_MS;
    (void)snprintf(out, GW_WALL_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day,
                   (int)(ms / GW_HOUR_MS), (int)(ms / GW_MINUTE_MS % 60), (int)(ms / GW_SECOND_MS % 60),
                   (int)(ms % 1000));
    return GW_OK;
}

/* Reads `width` digits into *ret_value; moves on only when it found them. */
static bool digits(struct gw_reader *r, size_t width, int *ret_value)
{
    const uint8_t *at = r->rest.ptr;
    if (r->rest.len < width)
        return false;
    int value = 0;
    for (size_t i = 0; i < width; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        value = value * 10 + (at[i] - '0');
    }
    *ret_value = value;
    r->rest = gw_view_make(at + width, r->rest.len - width);
    return true;
}

static bool one_of(struct gw_reader *r, const char *set, char *ret_char)
{
    if (r->rest.len == 0)
        return false;
    for (const char *c = set; *c; c++)
        if ((char)r->rest.ptr[0] == *c) {
            *ret_char = *c;
            r->rest.ptr++;
            r->rest.len--;
            return true;
        }
    return false;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool date_part(struct gw_reader *r, int64_t *ret_days)
{
    int year, month, day;
    char c;
    if (!digits(r, 4, &year) || !one_of(r, "-", &c) || !digits(r, 2, &month) || !one_of(r, "-", &c) ||
        !digits(r, 2, &day))
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *ret_days = gw_days_of_civil(year, month, day);
    return true;
}

static bool clock_part(struct gw_reader *r, int64_t *ret_ms)
{
    int hour, minute, second;
    char c;
    if (!digits(r, 2, &hour) || !one_of(r, ":", &c) || !digits(r, 2, &minute) || !one_of(r, ":", &c) ||
        !digits(r, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    if (second == 60)
        second = 59;
    int ms = 0;
    if (one_of(r, ".", &c)) {
        int scale = 100, digit;
        if (!digits(r, 1, &digit))
            return false;
        do {
            ms += digit * scale;
            scale /= 10;
        } while (digits(r, 1, &digit));
    }
    *ret_ms = hour * GW_HOUR_MS + minute * GW_MINUTE_MS + second * GW_SECOND_MS + ms;
    return true;
}

static bool offset_part(struct gw_reader *r, int64_t *ret_ms)
{
    char sign, c;
    if (one_of(r, "Zz", &c)) {
        *ret_ms = 0;
        return true;
    }
    int hour, minute;
    if (!one_of(r, "+-", &sign) || !digits(r, 2, &hour) || !one_of(r, ":", &c) || !digits(r, 2, &minute))
        return false;
    if (hour > 23 || minute > 59)
        return false;
    int64_t ms = hour * GW_HOUR_MS + minute * GW_MINUTE_MS;
    *ret_ms = sign == '-' ? -ms : ms;
    return true;
}

enum gw_rc gw_wall_parse(struct gw_view text, struct gw_wall *ret_time)
{
    struct gw_reader r = {text};
    int64_t days, ms, offset_ms;
    char c;
    if (!date_part(&r, &days) || !one_of(&r, "Tt ", &c) || !clock_part(&r, &ms) || !offset_part(&r, &offset_ms) ||
        r.rest.len)
        return GW_INVALID;
    int64_t at = days * GW_DAY_MS + ms - offset_ms;
    if (at < 0 || at > LAST_MS)
        return GW_INVALID;
    ret_time->ms = at;
    return GW_OK;
}
