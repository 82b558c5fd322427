/*
 * state_report: the JSON of `up/state`, what a device says that it is, sent at every connect.
 *
 *     {"product","hardware","release","agent","boot","uptime_s","job_n","slots":[{"name","release","state"}],
 *      "attributes":{name:value,…}}
 *
 * release is the version that runs, boot the id of the boot of its slot, job_n the highest n of dn/job seen, as decimal
 * text or as an integer; slots are what the update handler knows of places for images. All of it is the device's word:
 * UTF-8 without control characters, as long as model/inventory.h has room for. Each member may be missing or null,
 * which reads as "" or 0; unknown members are ignored.
 */
#pragma once

#include "inventory.h"
#include "job_report.h"

#define STATE_REPORT_MAX      16384 /* bytes of a payload */
#define STATE_SLOTS_MAX       8
#define STATE_SLOT_TEXT_MAX   64 /* bytes of each of a slot's texts */
#define STATE_ATTRIBUTES_MAX  16
#define STATE_ATTRIBUTE_NAME  64  /* [A-Za-z0-9][A-Za-z0-9._-]* */
#define STATE_ATTRIBUTE_VALUE 128 /* bytes */

/* Fills the device's part of *ret_told, with job_n as the device has named it; slots and attributes become JSON texts
 * of these members alone, "" without any. The rest is zeroed. GW_TOO_BIG above STATE_REPORT_MAX, GW_INVALID naming the
 * member otherwise; filled on success alone. */
GW_MUST_CHECK enum gw_rc state_report_parse(struct gw_view payload, struct inventory *ret_told, struct gw_err *err);
