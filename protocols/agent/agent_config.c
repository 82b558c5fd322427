#include "agent_config.h"

#include <string.h>

#include "agent_spool.h"
#include "gw_toml.h"
#include "job.h"

#define MEBIBYTE (1024 * 1024)

static const struct gw_toml_key keys[] = {
    {.table = "",
     .key = "invitation",
     .type = GW_TOML_STRING,
     .max = AGENT_PATH_MAX - 1,
     .fallback = "\"\"",
     .doc = "File with the invitation line. It may be removed once the device is enrolled."},
    {.table = "gateway",
     .key = "host",
     .type = GW_TOML_STRING,
     .max = INVITATION_HOST_MAX,
     .fallback = "\"\"",
     .doc = "Name or address of the gateway. Empty: as the invitation says."},
    {.table = "gateway",
     .key = "https_port",
     .type = GW_TOML_INT,
     .min = 0,
     .max = UINT16_MAX,
     .fallback = "0",
     .doc = "Port for enrolment and downloads. 0: as the invitation says, else 8443."},
    {.table = "gateway",
     .key = "mqtt_port",
     .type = GW_TOML_INT,
     .min = 1,
     .max = UINT16_MAX,
     .fallback = "8883",
     .doc = "Port of the message broker."},
    {.table = "gateway",
     .key = "ca_sha256",
     .type = GW_TOML_STRING,
     .max = 2 * GW_SHA256_LEN,
     .fallback = "\"\"",
     .doc = "SHA-256 of the root certificate's public key (SubjectPublicKeyInfo), 64 hexadecimal characters. Needed\n"
            "without an invitation: no other gateway is ever trusted."},
    {.table = "device",
     .key = "id",
     .type = GW_TOML_STRING,
     .max = GW_DEVICE_ID_MAX,
     .fallback = "\"\"",
     .doc = "Name of this device. Empty: as the invitation says."},
    {.table = "device",
     .key = "key_type",
     .type = GW_TOML_STRING,
     .words = "p256 ed25519",
     .fallback = "\"p256\"",
     .doc = "Kind of the device key, made at the first start."},
    {.table = "device",
     .key = "product",
     .type = GW_TOML_STRING,
     .max = AGENT_TEXT_MAX - 1,
     .fallback = "\"\"",
     .doc = "Product name that releases are made for."},
    {.table = "device",
     .key = "hardware",
     .type = GW_TOML_STRING,
     .max = AGENT_TEXT_MAX - 1,
     .fallback = "\"\"",
     .doc = "Hardware revision."},
    {.table = "device",
     .key = "release",
     .type = GW_TOML_STRING,
     .max = AGENT_TEXT_MAX - 1,
     .fallback = "\"\"",
     .doc = "Version that runs now."},
    {.table = "device",
     .key = "attributes",
     .type = GW_TOML_STRINGS,
     .min = 3,
     .max = AGENT_TEXT_MAX - 1,
     .fallback = "[]",
     .doc = "Further facts, each \"name=value\", at most 16."},
    {.table = "state",
     .key = "dir",
     .type = GW_TOML_STRING,
     .min = 1,
     .max = AGENT_PATH_MAX - 64,
     .fallback = "\"/var/lib/gatehouse-agent\"",
     .doc = "Directory for key, certificate and log spool; made when it is missing. On a disk that survives a reboot."},
    {.table = "log",
     .key = "input",
     .type = GW_TOML_STRING,
     .max = AGENT_PATH_MAX - 1,
     .fallback = "\"\"",
     .doc = "Where events come from: \"stdin\", the path of a FIFO or file (one event a line), \"unix:/path\" for a\n"
            "datagram socket that the agent makes (one event a datagram), or empty for none."},
    {.table = "log",
     .key = "spool_max_bytes",
     .type = GW_TOML_INT,
     .min = AGENT_SPOOL_MIN_BYTES,
     .max = AGENT_SPOOL_MAX_BYTES,
     .fallback = "16777216",
     .unit = "bytes",
     .doc = "Events kept until the gateway has proven that it holds them. Past it the least severe are shed. The\n"
            "files may take twice as much."},
    {.table = "log",
     .key = "level",
     .type = GW_TOML_STRING,
     .words = "info debug",
     .fallback = "\"info\"",
     .doc = "What the agent itself writes to stderr."},
    {.table = "update",
     .key = "vendor_keys",
     .type = GW_TOML_STRINGS,
     .min = 1,
     .max = AGENT_PATH_MAX - 1,
     .fallback = "[]",
     .doc = "Files with the public keys (PEM, Ed25519 or P-256) whose releases this device installs, at most 8. None:\n"
            "every update is rejected."},
    {.table = "update",
     .key = "threshold",
     .type = GW_TOML_INT,
     .min = 1,
     .max = AGENT_KEY_FILES_MAX,
     .fallback = "1",
     .unit = "keys",
     .doc = "How many of them must have signed a release."},
    {.table = "update",
     .key = "kinds",
     .type = GW_TOML_STRINGS,
     .words = "update rollback factory_reset collect renew_cert",
     .fallback = "[\"update\"]",
     .doc = "Jobs that the gateway may give. rollback: a release with a lower counter, down to the security floor."},
    {.table = "update",
     .key = "handler",
     .type = GW_TOML_STRING,
     .words = "none script",
     .fallback = "\"none\"",
     .doc = "What installs a release."},
    {.table = "update",
     .key = "script",
     .type = GW_TOML_STRING,
     .max = AGENT_PATH_MAX - 1,
     .fallback = "\"\"",
     .doc = "For the handler \"script\": absolute path of the program that is called with a verb."},
    {.table = "update",
     .key = "format",
     .type = GW_TOML_STRING,
     .max = RELEASE_FORMAT_MAX,
     .fallback = "\"\"",
     .doc = "Only artifacts of this format are taken. Empty: the first one for this hardware."},
    {.table = "update",
     .key = "max_bytes",
     .type = GW_TOML_INT,
     .min = 1,
     .max = RELEASE_FILE_BYTES_MAX,
     .fallback = "2147483648",
     .unit = "bytes",
     .doc = "Largest artifact."},
    {.table = "update",
     .key = "postpone_file",
     .type = GW_TOML_STRING,
     .max = AGENT_PATH_MAX - 1,
     .fallback = "\"\"",
     .doc =
         "While this file exists nothing is begun, as far as the job allows it. A time in it (RFC 3339) is the end."},
    {.table = "update",
     .key = "install_timeout",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 86400,
     .fallback = "3600",
     .unit = "seconds",
     .doc = "For the handler's verify and install."},
    {.table = "update",
     .key = "reboot_timeout",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 86400,
     .fallback = "600",
     .unit = "seconds",
     .doc = "After it a reboot that was asked for is asked for again, three times in all."},
    {.table = "update",
     .key = "confirm_timeout",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 86400,
     .fallback = "600",
     .unit = "seconds",
     .doc = "A new version that has no session with the gateway by then is left for the old one."},
};
static const struct gw_toml_schema schema = GW_TOML_SCHEMA(keys);

static void copy(const struct gw_toml *t, const char *table, const char *key, char *out, size_t size)
{
    (void)snprintf(out, size, "%s", gw_toml_str(t, table, key));
}

static enum gw_rc take_gateway(const struct gw_toml *t, struct agent_config *out, struct gw_err *err)
{
    const char *pin = gw_toml_str(t, "gateway", "ca_sha256");
    copy(t, "gateway", "host", out->host, sizeof(out->host));
    out->https_port = (uint16_t)gw_toml_int(t, "gateway", "https_port");
    out->mqtt_port = (uint16_t)gw_toml_int(t, "gateway", "mqtt_port");
    out->pin_given = pin[0] != '\0';
    if (out->host[0] && !invitation_host_valid(gw_view_str(out->host)))
        return gw_toml_reject(t, "gateway", "host", err, "not a DNS name, an IPv4 address or [an IPv6 one]");
    if (out->pin_given && gw_hex_parse(gw_view_str(pin), out->pin.bytes, GW_SHA256_LEN))
        return gw_toml_reject(t, "gateway", "ca_sha256", err, "not 64 hexadecimal characters");
    return GW_OK;
}

static enum gw_rc take_attributes(const struct gw_toml *t, struct agent_config *out, struct gw_err *err)
{
    size_t count = gw_toml_count(t, "device", "attributes");
    if (count > AGENT_ATTRIBUTES_MAX)
        return gw_toml_reject(t, "device", "attributes", err, "more than %d", AGENT_ATTRIBUTES_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *text = gw_toml_str_at(t, "device", "attributes", i);
        const char *sign = strchr(text, '=');
        if (!sign || sign == text)
            return gw_toml_reject(t, "device", "attributes", err, "number %zu is not \"name=value\"", i + 1);
        (void)snprintf(out->attributes[i], AGENT_TEXT_MAX, "%s", text);
    }
    out->attribute_count = count;
    return GW_OK;
}

static enum gw_rc take_device(const struct gw_toml *t, struct agent_config *out, struct gw_err *err)
{
    const char *id = gw_toml_str(t, "device", "id");
    if (id[0] && gw_device_id_parse(gw_view_str(id), &out->id))
        return gw_toml_reject(t, "device", "id", err, "3 to 63 of a-z, 0-9 and '-', not a reserved word");
    out->ed25519 = strcmp(gw_toml_str(t, "device", "key_type"), "ed25519") == 0;
    copy(t, "device", "product", out->product, sizeof(out->product));
    copy(t, "device", "hardware", out->hardware, sizeof(out->hardware));
    copy(t, "device", "release", out->release, sizeof(out->release));
    return take_attributes(t, out, err);
}

static enum gw_rc take_kinds(const struct gw_toml *t, struct agent_config *out, struct gw_err *err)
{
    for (size_t i = 0; i < gw_toml_count(t, "update", "kinds"); i++) {
        enum job_kind kind;
        if (job_kind_parse(gw_view_str(gw_toml_str_at(t, "update", "kinds", i)), &kind))
            return gw_toml_reject(t, "update", "kinds", err, "number %zu is no kind of job", i + 1);
        out->update_kinds |= 1u << kind;
    }
    return GW_OK;
}

static enum gw_rc take_keys(const struct gw_toml *t, struct agent_config *out, struct gw_err *err)
{
    size_t count = gw_toml_count(t, "update", "vendor_keys");
    if (count > AGENT_KEY_FILES_MAX)
        return gw_toml_reject(t, "update", "vendor_keys", err, "more than %d", AGENT_KEY_FILES_MAX);
    for (size_t i = 0; i < count; i++)
        (void)snprintf(out->vendor_keys[i], AGENT_PATH_MAX, "%s", gw_toml_str_at(t, "update", "vendor_keys", i));
    out->vendor_key_count = count;
    out->update_threshold = (unsigned)gw_toml_int(t, "update", "threshold");
    if (count > 0 && out->update_threshold > count)
        return gw_toml_reject(t, "update", "threshold", err, "more than there are vendor_keys");
    return GW_OK;
}

static enum gw_rc take_update(const struct gw_toml *t, struct agent_config *out, struct gw_err *err)
{
    const char *handler = gw_toml_str(t, "update", "handler");
    copy(t, "update", "script", out->update_script, sizeof(out->update_script));
    copy(t, "update", "format", out->update_format, sizeof(out->update_format));
    copy(t, "update", "postpone_file", out->update_postpone_file, sizeof(out->update_postpone_file));
    out->update_max_bytes = (uint64_t)gw_toml_int(t, "update", "max_bytes");
    out->install_timeout_ms = gw_toml_int(t, "update", "install_timeout") * GW_SECOND_MS;
    out->reboot_timeout_ms = gw_toml_int(t, "update", "reboot_timeout") * GW_SECOND_MS;
    out->confirm_timeout_ms = gw_toml_int(t, "update", "confirm_timeout") * GW_SECOND_MS;
    if (strcmp(handler, "none") != 0)
        (void)snprintf(out->update_handler, sizeof(out->update_handler), "%s", handler);
    if (strcmp(handler, "script") == 0 && out->update_script[0] != '/')
        return gw_toml_reject(t, "update", "script", err, "the handler \"script\" needs an absolute path");
    enum gw_rc rc = take_keys(t, out, err);
    return rc ? rc : take_kinds(t, out, err);
}

enum gw_rc agent_config_load(const char *path, struct agent_config *ret_config, struct gw_err *err)
{
    struct gw_toml *t = NULL;
    struct agent_config out = {0};
    enum gw_rc rc = gw_toml_load(path, &schema, &t, err);
    if (rc)
        return rc;
    copy(t, "", "invitation", out.invitation, sizeof(out.invitation));
    copy(t, "state", "dir", out.state_dir, sizeof(out.state_dir));
    copy(t, "log", "input", out.log_input, sizeof(out.log_input));
    out.spool_max_bytes = (uint64_t)gw_toml_int(t, "log", "spool_max_bytes");
    out.spool_segment_bytes = out.spool_max_bytes < 16 * MEBIBYTE ? (uint32_t)(out.spool_max_bytes / 16) : MEBIBYTE;
    out.debug = strcmp(gw_toml_str(t, "log", "level"), "debug") == 0;
    rc = take_gateway(t, &out, err);
    if (!rc)
        rc = take_device(t, &out, err);
    if (!rc)
        rc = take_update(t, &out, err);
    gw_toml_free(t);
    if (!rc)
        *ret_config = out;
    return rc;
}
