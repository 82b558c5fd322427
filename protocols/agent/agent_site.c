#include "agent_site.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_num.h"

#define SITE_FILE_MAX 1024
#define HTTPS_PORT    8443 /* where neither configuration nor invitation tells */

enum gw_rc agent_invitation_read(const struct agent_config *config, struct invitation *ret_invitation,
                                 struct gw_err *err)
{
    if (!config->invitation[0])
        return gw_err_set(err, GW_NOT_FOUND, "no invitation in the configuration");
    GW_CLEANUP(gw_buf_wipe) struct gw_buf text;
    gw_buf_init(&text, INVITATION_TEXT_MAX + 16);
    enum gw_rc rc = gw_fs_read_file(config->invitation, &text, err);
    if (!rc)
        rc = invitation_parse(gw_buf_view(&text), ret_invitation, err);
    return rc && rc != GW_NOT_FOUND ? gw_err_wrap(err, rc, "%s", config->invitation) : rc;
}

void agent_site_path(const struct agent_site *site, const char *name, char out[AGENT_PATH_MAX + 32])
{
    (void)snprintf(out, AGENT_PATH_MAX + 32, "%s/%s", site->state_dir, name);
}

/* "<host>:<port>\n<id>\n<pin, 32 hex>\n" */
static enum gw_rc site_parse(struct gw_view text, struct agent_site *site)
{
    struct gw_view id, pin, host = gw_view_cut(text, '\n', &id);
    uint64_t port;
    id = gw_view_cut(id, '\n', &pin);
    pin = gw_view_trim(pin);
    size_t colon = host.len;
    while (colon > 0 && host.ptr[colon - 1] != ':')
        colon--;
    if (colon == 0 || gw_parse_u64(gw_view_make(host.ptr + colon, host.len - colon), UINT16_MAX, &port) ||
        gw_view_copy_str(gw_view_make(host.ptr, colon - 1), site->host, sizeof(site->host)) ||
        gw_device_id_parse(id, &site->id) || gw_hex_parse(pin, site->pin, INVITATION_ROOT_LEN))
        return GW_CORRUPT;
    site->https_port = (uint16_t)port;
    site->pin_len = INVITATION_ROOT_LEN;
    return GW_OK;
}

static enum gw_rc site_note(const struct agent_site *site, const struct gw_fs *fs, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    char pin[2 * INVITATION_ROOT_LEN + 1], path[AGENT_PATH_MAX + 32];
    gw_buf_init(&text, SITE_FILE_MAX);
    gw_hex_format(site->pin, INVITATION_ROOT_LEN, pin);
    enum gw_rc rc = gw_buf_printf(&text, "%s:%u\n%s\n%s\n", site->host, site->https_port, site->id.text, pin);
    agent_site_path(site, "site", path);
    return rc ? gw_err_set(err, rc, "%s", path) : gw_fs_replace(fs, path, gw_buf_view(&text), 0600, err);
}

static enum gw_rc noted(const struct agent_site *site, struct agent_site *ret_noted, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    char path[AGENT_PATH_MAX + 32];
    gw_buf_init(&text, SITE_FILE_MAX);
    agent_site_path(site, "site", path);
    enum gw_rc rc = gw_fs_read_file(path, &text, err);
    if (!rc && site_parse(gw_buf_view(&text), ret_noted))
        rc = gw_err_set(err, GW_CORRUPT, "%s: not as this program wrote it", path);
    return rc;
}

static void take_invitation(const struct invitation *in, struct agent_site *site)
{
    (void)snprintf(site->host, sizeof(site->host), "%s", in->host);
    site->https_port = in->port;
    site->id = in->device;
    memcpy(site->pin, in->root, INVITATION_ROOT_LEN);
    site->pin_len = INVITATION_ROOT_LEN;
}

/* What the invitation says now against what one said before: one state directory is one device of one gateway. */
static enum gw_rc note_invitation(struct agent_site *site, const struct gw_fs *fs, struct gw_err *err)
{
    struct agent_site before = *site;
    enum gw_rc rc = noted(site, &before, err);
    if (!rc && (!gw_device_id_eq(&before.id, &site->id) || memcmp(before.pin, site->pin, INVITATION_ROOT_LEN) != 0))
        return gw_err_set(err, GW_INVALID,
                          "the invitation is for another device or gateway than %s serves; give it its own state.dir",
                          site->state_dir);
    return rc && rc != GW_NOT_FOUND ? rc : site_note(site, fs, err);
}

static enum gw_rc override(const struct agent_config *config, struct agent_site *site, struct gw_err *err)
{
    if (config->host[0])
        (void)snprintf(site->host, sizeof(site->host), "%s", config->host);
    if (config->https_port)
        site->https_port = config->https_port;
    if (!site->https_port)
        site->https_port = HTTPS_PORT;
    if (config->id.text[0] && site->id.text[0] && !gw_device_id_eq(&config->id, &site->id))
        return gw_err_set(err, GW_INVALID, "device.id is %s, but the invitation was for %s", config->id.text,
                          site->id.text);
    if (config->id.text[0])
        site->id = config->id;
    if (config->pin_given && site->pin_len && memcmp(config->pin.bytes, site->pin, site->pin_len) != 0)
        return gw_err_set(err, GW_INVALID, "gateway.ca_sha256 names another gateway than the invitation");
    if (config->pin_given) {
        memcpy(site->pin, config->pin.bytes, GW_SHA256_LEN);
        site->pin_len = GW_SHA256_LEN;
    }
    return GW_OK;
}

enum gw_rc agent_site_find(const struct agent_config *config, const struct invitation *invitation,
                           const struct gw_fs *fs, struct agent_site *ret_site, struct gw_err *err)
{
    struct agent_site site = {.mqtt_port = config->mqtt_port};
    enum gw_rc rc = GW_OK;
    (void)snprintf(site.state_dir, sizeof(site.state_dir), "%s", config->state_dir);
    if (invitation) {
        take_invitation(invitation, &site);
        rc = note_invitation(&site, fs, err);
    } else {
        rc = noted(&site, &site, err);
        rc = rc == GW_NOT_FOUND ? GW_OK : rc;
    }
    if (!rc)
        rc = override(config, &site, err);
    if (rc)
        return rc;
    if (!site.host[0] || !site.id.text[0] || !site.pin_len)
        return gw_err_set(
            err, GW_INVALID,
            "no gateway yet: put an invitation at %s, or set gateway.host, gateway.ca_sha256 and device.id",
            config->invitation[0] ? config->invitation : "a path named by \"invitation\"");
    *ret_site = site;
    return GW_OK;
}
