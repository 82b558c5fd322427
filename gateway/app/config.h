/*
 * config: the one configuration file of the gateway (TOML; `gatehoused --print-config` prints every key with
 * its default). Read once at start; a mistake stops the start with file, line and key.
 */
#pragma once

#include <stdint.h>

#include "device_config.h"
#include "gw_buf.h"
#include "gw_err.h"
#include "gw_log.h"

#define CONFIG_NAMES_MAX 8
#define CONFIG_NAME_LEN  128

struct config_listener {
    char address[64]; /* numeric */
    uint16_t port;    /* 0: a free one, printed */
};

struct config {
    char display_name[64];
    char names[CONFIG_NAMES_MAX][CONFIG_NAME_LEN]; /* host names and addresses people and devices use */
    char hosts[CONFIG_NAMES_MAX][CONFIG_NAME_LEN]; /* the same as they stand in addresses of pages: IPv6 in brackets, as
                                                      RFC 5952 writes it; the first goes into invitations */
    size_t name_count;
    struct config_listener mqtt, devices, operators;
    int32_t devices_max;             /* known and connected devices; descriptors are checked against it at start */
    int32_t operators_max;           /* connections at the operators' listener */
    int32_t rate_messages, rate_kib; /* flood brake a device and second */
    int32_t log_mib_day;             /* of one device */
    int32_t workers;
    int32_t release_threshold;   /* vendor keys that must have signed */
    int32_t artifacts_gib;       /* quota of stored artifacts */
    int32_t artifacts_spare_mib; /* of the disk that artifacts leave free */
    int32_t alerts_offline_minutes;
    struct device_config advice; /* to every device, but for `renew` */
    int32_t query_threads;       /* reads of the logs at a time */
    enum gw_log_level log_level;
};

/* GW_AGAIN: all that is wrong with it is an address that this machine does not have now. */
GW_MUST_CHECK enum gw_rc config_load(const char *path, struct config *ret_config, struct gw_err *err);
/* The documented defaults. */
GW_MUST_CHECK enum gw_rc config_describe(struct gw_buf *ret_text);
