#include "invitation.h"

#include <arpa/inet.h>
#include <string.h>

#include "gw_num.h"

#define LABEL_MAX  63
#define SECRET_LEN GW_BASE32_LEN(INVITATION_SECRET_LEN)

static bool label_valid(struct gw_view label)
{
    if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        uint8_t c = label.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}

static bool ipv6_valid(struct gw_view host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (host.ptr[host.len - 1] != ']' || gw_view_copy_str(gw_view_make(host.ptr + 1, host.len - 2), text, sizeof(text)))
        return false;
    return inet_pton(AF_INET6, text, &address) == 1;
}

/* A name whose last label is all digits is an IPv4 address or nothing (RFC 1123 section 2.1). */
static bool looks_like_ipv4(struct gw_view host)
{
    size_t i = host.len;
    while (i > 0 && host.ptr[i - 1] >= '0' && host.ptr[i - 1] <= '9')
        i--;
    return i < host.len && (i == 0 || host.ptr[i - 1] == '.');
}

static bool ipv4_valid(struct gw_view host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    return !gw_view_copy_str(host, text, sizeof(text)) && inet_pton(AF_INET, text, &address) == 1;
}

bool invitation_host_valid(struct gw_view host)
{
    if (host.len == 0 || host.len > INVITATION_HOST_MAX)
        return false;
    if (host.ptr[0] == '[')
        return host.len > 2 && ipv6_valid(host);
    if (looks_like_ipv4(host))
        return ipv4_valid(host);
    for (struct gw_view rest = host; rest.len > 0;) {
        size_t before = rest.len;
        struct gw_view label = gw_view_cut(rest, '.', &rest);
        bool dot_at_end = rest.len == 0 && label.len < before;
        if (!label_valid(label) || dot_at_end)
            return false;
    }
    return true;
}

/* Takes what follows the last `sep` off the end of *v. False when there is none. */
static bool cut_last(struct gw_view *v, char sep, struct gw_view *ret_tail)
{
    for (size_t i = v->len; i > 0; i--) {
        if (v->ptr[i - 1] != (uint8_t)sep)
            continue;
        *ret_tail = gw_view_make(v->ptr + i, v->len - i);
        *v = gw_view_make(v->ptr, i - 1);
        return true;
    }
    return false;
}

static enum gw_rc parse_port(struct gw_view text, uint16_t *ret_port)
{
    uint64_t port;
    if (gw_parse_u64(text, UINT16_MAX, &port) || port == 0)
        return GW_INVALID;
    *ret_port = (uint16_t)port;
    return GW_OK;
}

static enum gw_rc parse_fields(struct gw_view line, struct invitation *out, struct gw_err *err)
{
    struct gw_view root, secret, device, port;
    if (!cut_last(&line, '.', &root) || !cut_last(&line, '.', &secret) || !cut_last(&line, '.', &device) ||
        !cut_last(&line, ':', &port))
        return gw_err_set(err, GW_INVALID, "invitation: it is not of the form gw1.host:port.device.secret.root");
    if (gw_hex_parse(root, out->root, sizeof(out->root)))
        return gw_err_set(err, GW_INVALID, "invitation: the last part is not 32 hexadecimal characters");
    if (gw_base32_parse(secret, out->secret, sizeof(out->secret)))
        return gw_err_set(err, GW_INVALID, "invitation: the secret is not %zu base32 characters", (size_t)SECRET_LEN);
    if (gw_device_id_parse(device, &out->device))
        return gw_err_set(err, GW_INVALID, "invitation: the device id breaks its grammar");
    if (parse_port(port, &out->port))
        return gw_err_set(err, GW_INVALID, "invitation: the port is not a number from 1 to 65535");
    if (!invitation_host_valid(line) || gw_view_copy_str(line, out->host, sizeof(out->host)))
        return gw_err_set(err, GW_INVALID, "invitation: the host is not a DNS name, an IPv4 address or [an IPv6 one]");
    return GW_OK;
}

enum gw_rc invitation_parse(struct gw_view text, struct invitation *ret_invitation, struct gw_err *err)
{
    struct gw_view line = gw_view_trim(text);
    struct invitation out = {0};
    if (line.len > INVITATION_TEXT_MAX)
        return gw_err_set(err, GW_INVALID, "invitation: longer than %d characters", INVITATION_TEXT_MAX);
    if (!gw_view_starts(line, "gw1."))
        return gw_err_set(err, GW_INVALID, "invitation: it does not begin with \"gw1.\"");
    enum gw_rc rc = parse_fields(gw_view_make(line.ptr + 4, line.len - 4), &out, err);
    if (!rc)
        *ret_invitation = out;
    invitation_wipe(&out);
    return rc;
}

enum gw_rc invitation_format(const struct invitation *invitation, struct gw_buf *ret_text)
{
    struct gw_device_id device;
    if (!invitation_host_valid(gw_view_str(invitation->host)) || invitation->port == 0 ||
        gw_device_id_parse(gw_view_str(invitation->device.text), &device))
        return GW_INVALID;
    char secret[SECRET_LEN + 1];
    char root[2 * INVITATION_ROOT_LEN + 1];
    invitation_secret_text(invitation, secret);
    gw_hex_format(invitation->root, sizeof(invitation->root), root);
    enum gw_rc rc =
        gw_buf_printf(ret_text, "gw1.%s:%u.%s.%s.%s", invitation->host, invitation->port, device.text, secret, root);
    explicit_bzero(secret, sizeof(secret));
    return rc;
}

void invitation_secret_text(const struct invitation *invitation, char out[SECRET_LEN + 1])
{
    gw_base32_format(invitation->secret, sizeof(invitation->secret), out);
}

void invitation_wipe(struct invitation *invitation)
{
    explicit_bzero(invitation, sizeof(*invitation));
}
