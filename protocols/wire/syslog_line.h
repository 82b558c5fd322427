/*
 * syslog_line: one line as syslog daemons write it, taken apart. Nothing is copied: fields point into the line.
 *
 *     <34>1 2003-10-11T22:14:15.003Z host app 1291 ID47 [id key="value"] text      RFC 5424 section 6
 *     <34>Oct 11 22:14:15 host sshd[1291]: text                                    RFC 3164 section 4, "<34>" optional
 *     2003-10-11T22:14:15.003Z host sshd[1291]: text                               the same with a newer time stamp
 *
 * An RFC 3164 time has neither year nor zone: UTC is assumed, and the year that puts it nearest below `arrived` + 1
 * day.
 */
#pragma once

#include <stdbool.h>

#include "gw_rc.h"
#include "gw_time.h"
#include "gw_view.h"

struct syslog_line {
    bool rfc5424;
    bool has_pri;
    unsigned facility, severity; /* valid with has_pri */
    bool has_t;
    struct gw_wall t;
    struct gw_view host, program, pid; /* empty when absent or "-" */
    struct gw_view data;               /* structured data, "[…][…]" as written; empty when absent */
    struct gw_view msg;
};

/* GW_INVALID when the line has none of the forms above; *ret_line is untouched then. */
GW_MUST_CHECK enum gw_rc syslog_line_parse(struct gw_view line, struct gw_wall arrived, struct syslog_line *ret_line);

/* Walks structured data: `while (syslog_data_next(&rest, &param))`. A value is as written: a backslash stands before
 * '"', '\' and ']'. False at the end and at the first thing that is malformed. */
struct syslog_param {
    struct gw_view id, name, value;
};
struct syslog_data {
    struct gw_view rest;
    struct gw_view id; /* of the element that is being walked; empty between elements */
};
bool syslog_data_next(struct syslog_data *data, struct syslog_param *ret_param);
