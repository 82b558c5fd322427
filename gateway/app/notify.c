#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "gw_cleanup.h"

enum gw_rc notify_manager(const char *words, struct gw_err *err)
{
    const char *name = getenv("NOTIFY_SOCKET");
    if (!name || !name[0])
        return GW_OK;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    if (len >= sizeof(to.sun_path) || (name[0] != '/' && name[0] != '@'))
        return gw_err_set(err, GW_INVALID, "NOTIFY_SOCKET: not the path of a socket");
    memcpy(to.sun_path, name, len);
    if (name[0] == '@')
        to.sun_path[0] = '\0';
    GW_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return gw_err_sys(err, "NOTIFY_SOCKET");
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (sendto(fd, words, strlen(words), MSG_NOSIGNAL, (const struct sockaddr *)&to, size) < 0)
        return gw_err_sys(err, "NOTIFY_SOCKET");
    return GW_OK;
}
