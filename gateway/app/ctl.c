#include "ctl.h"

#include <errno.h>
#include <sys/socket.h>

#define CTL_MAGIC UINT32_C(0x47574354) /* "GWCT" */

enum gw_rc ctl_send(int fd, enum ctl_kind kind, int32_t value, struct gw_err *err)
{
    struct ctl_msg msg = {CTL_MAGIC, (uint32_t)kind, value};
    ssize_t n;
    do
        n = send(fd, &msg, sizeof(msg), MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(msg) ? GW_OK : gw_err_sys(err, "control socket");
}

enum gw_rc ctl_receive(int fd, enum ctl_kind *ret_kind, int32_t *ret_value, struct gw_err *err)
{
    struct ctl_msg msg;
    ssize_t n;
    do
        n = recv(fd, &msg, sizeof(msg), MSG_DONTWAIT | MSG_TRUNC);
    while (n < 0 && errno == EINTR);
    if (n == 0 || (n < 0 && errno == ECONNRESET)) /* it went with words of ours unread */
        return gw_err_set(err, GW_CANCELLED, "control socket: the other side has gone");
    if (n < 0)
        return errno == EAGAIN ? GW_AGAIN : gw_err_sys(err, "control socket");
    if (n != (ssize_t)sizeof(msg) || msg.magic != CTL_MAGIC || msg.kind < CTL_BROKER_START || msg.kind > CTL_KEYD_DOWN)
        return gw_err_set(err, GW_INVALID, "control socket: a message of %zd bytes that is no word of ours", n);
    *ret_kind = (enum ctl_kind)msg.kind;
    *ret_value = msg.value;
    return GW_OK;
}
