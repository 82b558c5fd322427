#include "syslog_line.h"

#include <string.h>

#include "gw_num.h"

#define YEAR_UNKNOWN_AHEAD_MS GW_DAY_MS

static bool take_char(struct gw_view *rest, char c)
{
    if (rest->len == 0 || rest->ptr[0] != (uint8_t)c)
        return false;
    *rest = gw_view_make(rest->ptr + 1, rest->len - 1);
    return true;
}

/* "<n>", n from 0 to 191, without leading zeros. False and no change when there is none. */
static bool take_pri(struct gw_view *rest, struct syslog_line *l)
{
    struct gw_view at = *rest;
    uint64_t pri;
    if (!take_char(&at, '<'))
        return false;
    size_t digits = 0;
    while (digits < 4 && digits < at.len && at.ptr[digits] >= '0' && at.ptr[digits] <= '9')
        digits++;
    if (gw_parse_u64(gw_view_make(at.ptr, digits), 191, &pri))
        return false;
    at = gw_view_make(at.ptr + digits, at.len - digits);
    if (!take_char(&at, '>'))
        return false;
    l->has_pri = true;
    l->facility = (unsigned)pri / 8;
    l->severity = (unsigned)pri % 8;
    *rest = at;
    return true;
}

/* The next field up to a space; "-" is an empty one. */
static struct gw_view field(struct gw_view *rest)
{
    struct gw_view f = gw_view_cut(*rest, ' ', rest);
    return gw_view_eq_str(f, "-") ? gw_view_make(f.ptr, 0) : f;
}

/* One "key="value"" of an element; stops behind the closing quote. */
static bool take_param(struct gw_view *rest, struct syslog_param *p)
{
    size_t name = 0;
    while (name < rest->len && rest->ptr[name] > ' ' && !strchr("=\"]", rest->ptr[name]))
        name++;
    p->name = gw_view_make(rest->ptr, name);
    struct gw_view at = gw_view_make(rest->ptr + name, rest->len - name);
    if (name == 0 || !take_char(&at, '=') || !take_char(&at, '"'))
        return false;
    size_t end = 0;
    while (end < at.len && at.ptr[end] != '"')
        end += at.ptr[end] == '\\' ? 2 : 1;
    if (end >= at.len)
        return false;
    p->value = gw_view_make(at.ptr, end);
    *rest = gw_view_make(at.ptr + end + 1, at.len - end - 1);
    return true;
}

bool syslog_data_next(struct syslog_data *data, struct syslog_param *ret_param)
{
    for (;;) {
        if (data->id.len > 0 && take_char(&data->rest, ' ')) {
            ret_param->id = data->id;
            return take_param(&data->rest, ret_param);
        }
        if (data->id.len > 0 && !take_char(&data->rest, ']'))
            return false;
        data->id.len = 0;
        if (!take_char(&data->rest, '['))
            return false;
        size_t id = 0;
        while (id < data->rest.len && data->rest.ptr[id] > ' ' && !strchr("=\"]", data->rest.ptr[id]))
            id++;
        if (id == 0)
            return false;
        data->id = gw_view_make(data->rest.ptr, id);
        data->rest = gw_view_make(data->rest.ptr + id, data->rest.len - id);
    }
}

/* Structured data or "-", and the space behind it. */
static enum gw_rc take_data(struct gw_view *rest, struct syslog_line *l)
{
    if (rest->len > 0 && rest->ptr[0] == '-') {
        l->data = field(rest);
        return l->data.len == 0 ? GW_OK : GW_INVALID;
    }
    struct syslog_data walk = {.rest = *rest};
    struct syslog_param p;
    while (syslog_data_next(&walk, &p))
        ;
    size_t used = (size_t)(walk.rest.ptr - rest->ptr);
    if (walk.id.len > 0 || used == 0 || rest->ptr[used - 1] != ']')
        return GW_INVALID;
    l->data = gw_view_make(rest->ptr, used);
    *rest = walk.rest;
    return rest->len == 0 || take_char(rest, ' ') ? GW_OK : GW_INVALID;
}

static enum gw_rc parse_5424(struct gw_view rest, struct syslog_line *l)
{
    if (!gw_view_eq_str(field(&rest), "1"))
        return GW_INVALID;
    struct gw_view t = field(&rest);
    l->has_t = t.len > 0;
    if (l->has_t && gw_wall_parse(t, &l->t))
        return GW_INVALID;
    l->host = field(&rest);
    l->program = field(&rest);
    l->pid = field(&rest);
    (void)field(&rest); /* MSGID */
    if (take_data(&rest, l))
        return GW_INVALID;
    if (rest.len >= 3 && memcmp(rest.ptr, "\xef\xbb\xbf", 3) == 0) /* a byte order mark says UTF-8 */
        rest = gw_view_make(rest.ptr + 3, rest.len - 3);
    l->rfc5424 = true;
    l->msg = rest;
    return GW_OK;
}

static int two_digits(const uint8_t *p)
{
    int tens = p[0] == ' ' ? 0 : p[0] - '0', ones = p[1] - '0';
    return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}

/* "Oct 11 22:14:15" at the start of v. */
static enum gw_rc old_time(struct gw_view v, struct gw_wall arrived, struct gw_wall *ret_t)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (v.len < 15 || v.ptr[3] != ' ' || v.ptr[6] != ' ' || v.ptr[9] != ':' || v.ptr[12] != ':')
        return GW_INVALID;
    int month = 0;
    while (month < 12 && memcmp(v.ptr, months + 3 * month, 3) != 0)
        month++;
    int day = two_digits(v.ptr + 4), h = two_digits(v.ptr + 7), m = two_digits(v.ptr + 10), s = two_digits(v.ptr + 13);
    if (month == 12 || day < 1 || day > 31 || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60)
        return GW_INVALID;
    int year, unused_month, unused_day;
    gw_civil_of_days(arrived.ms / GW_DAY_MS, &year, &unused_month, &unused_day);
    int64_t in_day = ((int64_t)h * 60 + m) * 60 + s;
    for (int64_t y = year + 1; y >= year - 1; y--) {
        ret_t->ms = gw_days_of_civil((int)y, month + 1, day) * GW_DAY_MS + in_day * 1000;
        if (ret_t->ms <= arrived.ms + YEAR_UNKNOWN_AHEAD_MS)
            break;
    }
    return GW_OK;
}

/* "sshd[1291]: text" or "sudo: text"; a line without a tag is all text. */
static void take_tag(struct gw_view rest, struct syslog_line *l)
{
    size_t name = 0;
    while (name < rest.len && rest.ptr[name] > ' ' && rest.ptr[name] != '[' && rest.ptr[name] != ':')
        name++;
    struct gw_view at = gw_view_make(rest.ptr + name, rest.len - name), pid = {rest.ptr, 0};
    if (take_char(&at, '[')) {
        pid = gw_view_cut(at, ']', &at);
        if (pid.len > 32)
            name = 0;
    }
    if (name == 0 || !take_char(&at, ':')) {
        l->msg = rest;
        return;
    }
    (void)take_char(&at, ' ');
    l->program = gw_view_make(rest.ptr, name);
    l->pid = pid;
    l->msg = at;
}

static enum gw_rc parse_3164(struct gw_view rest, struct gw_wall arrived, struct syslog_line *l)
{
    struct gw_view behind, first = gw_view_cut(rest, ' ', &behind);
    if (old_time(rest, arrived, &l->t) == GW_OK && rest.len > 15 && rest.ptr[15] == ' ')
        behind = gw_view_make(rest.ptr + 16, rest.len - 16);
    else if (gw_wall_parse(first, &l->t))
        return GW_INVALID;
    l->has_t = true;
    l->host = field(&behind);
    take_tag(behind, l);
    return GW_OK;
}

enum gw_rc syslog_line_parse(struct gw_view line, struct gw_wall arrived, struct syslog_line *ret_line)
{
    struct syslog_line l = {0};
    struct gw_view rest = line;
    bool has_pri = take_pri(&rest, &l);
    if (has_pri && parse_5424(rest, &l) == GW_OK) {
        *ret_line = l;
        return GW_OK;
    }
    l = (struct syslog_line){.has_pri = has_pri, .facility = l.facility, .severity = l.severity};
    if (parse_3164(rest, arrived, &l)) {
        if (!has_pri)
            return GW_INVALID;
        l = (struct syslog_line){.has_pri = true, .facility = l.facility, .severity = l.severity};
        take_tag(rest, &l); /* RFC 3164 section 4.3.3: a priority and no time */
    }
    *ret_line = l;
    return GW_OK;
}
