/*
 * agent_site: which gateway this device belongs to, and who it is there: out of the configuration, the invitation, and
 * what was noted down when the invitation was used first.
 *
 * Values only; whoever fills them owns them.
 */
#pragma once

#include "agent_config.h"
#include "gw_fs.h"

/* Which gateway, and who we are there. */
struct agent_site {
    char host[INVITATION_HOST_MAX + 1];
    uint16_t https_port;
    uint16_t mqtt_port;
    struct gw_device_id id;
    uint8_t pin[GW_SHA256_LEN]; /* the first pin_len bytes of the SHA-256 of the root's SPKI */
    size_t pin_len;             /* 16 from an invitation, 32 from the configuration */
    char state_dir[AGENT_PATH_MAX];
};

/*
 * From the configuration where it speaks, else from the invitation, else from "<state>/site", which this writes when an
 * invitation is read for the first time (without its secret), so that the invitation may be destroyed once it has
 * served. invitation may be NULL. GW_INVALID: something is missing, or an invitation contradicts what is noted down.
 */
GW_MUST_CHECK enum gw_rc agent_site_find(const struct agent_config *config, const struct invitation *invitation,
                                         const struct gw_fs *fs, struct agent_site *ret_site, struct gw_err *err);

/* Reads the invitation that the configuration names. GW_NOT_FOUND when it names none or the file is gone. */
GW_MUST_CHECK enum gw_rc agent_invitation_read(const struct agent_config *config, struct invitation *ret_invitation,
                                               struct gw_err *err);

/* "<state>/<name>" */
void agent_site_path(const struct agent_site *site, const char *name, char out[AGENT_PATH_MAX + 32]);
