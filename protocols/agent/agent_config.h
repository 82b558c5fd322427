/*
 * agent_config: what the agent is told by its configuration file.
 *
 * Values only; whoever fills them owns them. Every key is described in docs/agent.md, which repeats the table of
 * agent_config.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_err.h"
#include "gw_hash.h"
#include "invitation.h"
#include "release.h"

#define AGENT_PATH_MAX       256
#define AGENT_TEXT_MAX       128
#define AGENT_ATTRIBUTES_MAX 16
#define AGENT_KEY_FILES_MAX  8

struct agent_config {
    char invitation[AGENT_PATH_MAX]; /* "" for none */
    char state_dir[AGENT_PATH_MAX];
    char host[INVITATION_HOST_MAX + 1]; /* "" when the invitation tells */
    uint16_t https_port;
    uint16_t mqtt_port;
    bool pin_given;
    struct gw_sha256 pin;   /* SHA-256 of the root's SPKI */
    struct gw_device_id id; /* zeroed when the invitation tells */
    bool ed25519;           /* key type for a new key; otherwise P-256 */
    char product[AGENT_TEXT_MAX];
    char hardware[AGENT_TEXT_MAX];
    char release[AGENT_TEXT_MAX];
    char attributes[AGENT_ATTRIBUTES_MAX][AGENT_TEXT_MAX]; /* "name=value" */
    size_t attribute_count;
    char log_input[AGENT_PATH_MAX];
    uint64_t spool_max_bytes;
    uint32_t spool_segment_bytes;
    bool debug;

    char vendor_keys[AGENT_KEY_FILES_MAX][AGENT_PATH_MAX]; /* files */
    size_t vendor_key_count;
    unsigned update_threshold;
    unsigned update_kinds;              /* bit per enum job_kind */
    char update_handler[16];            /* a name of agent_handler_kind_find(); "" for none */
    char update_script[AGENT_PATH_MAX]; /* absolute */
    char update_format[RELEASE_FORMAT_MAX + 1];
    char update_postpone_file[AGENT_PATH_MAX];
    uint64_t update_max_bytes;
    int64_t install_timeout_ms, reboot_timeout_ms, confirm_timeout_ms;
};

/* GW_INVALID naming file, line and key; errors of the file system as they are. */
GW_MUST_CHECK enum gw_rc agent_config_load(const char *path, struct agent_config *ret_config, struct gw_err *err);
