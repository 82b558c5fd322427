/*
 * fleet_slots: what a simulated device has on its two slots, and in which boot it is. Values; the file is
 * "<dir>/slots", a line each: running, previous, staged ("-" for none), boot, side.
 */
#pragma once

#include "gw_err.h"
#include "gw_fs.h"
#include "job_report.h"
#include "release.h"

struct fleet_slots {
    char running[RELEASE_VERSION_MAX + 1];
    char previous[RELEASE_VERSION_MAX + 1]; /* on the other slot; "": nothing */
    char staged[RELEASE_VERSION_MAX + 1];   /* what the next boot tries; "": what runs */
    char boot[JOB_REPORT_BOOT_MAX + 1];
    bool side; /* which of the two runs */
};

/* The first boot of a device that has seen no update. */
void fleet_slots_init(struct fleet_slots *s, const char *version, const char *kernel_boot, uint32_t number);
/* An image for the other slot, which is to be booted next. */
void fleet_slots_install(struct fleet_slots *s, const char *version);
/* The slot before is to be booted next; nothing staged when it is the one that runs. */
void fleet_slots_fall_back(struct fleet_slots *s, const char *target);
/* A boot of what is staged, or (`stubborn`) of what ran before in spite of it. */
void fleet_slots_boot(struct fleet_slots *s, bool stubborn);

/* GW_NOT_FOUND: there is no file. GW_CORRUPT: it is no such file. *s is untouched on failure. */
GW_MUST_CHECK enum gw_rc fleet_slots_load(const char *path, struct fleet_slots *s, struct gw_err *err);
GW_MUST_CHECK enum gw_rc fleet_slots_save(const struct gw_fs *fs, const char *path, const struct fleet_slots *s,
                                          struct gw_err *err);
