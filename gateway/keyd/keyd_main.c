/*
 * gatehouse-keyd: holds the CA and log keys and answers the closed list of keyd_wire.h. Started by the supervisor with
 * three descriptors: 3 requests (AF_UNIX SOCK_SEQPACKET), 4 lifeline (its end ends us), 5 key directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw_log.h"
#include "gw_num.h"
#include "gw_time.h"
#include "keyd_handle.h"
#include "keyd_harden.h"

enum {
    FD_REQUESTS = 3,
    FD_LIFELINE = 4,
    FD_DIRECTORY = 5,
    FD_COUNT = 6,
};

static bool inherited(void)
{
    int type = 0;
    socklen_t len = sizeof(type);
    if (getsockopt(FD_REQUESTS, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_SEQPACKET) {
        gw_log(GW_LOG_ERROR, "start", "descriptor 3 is not the request socket: this program is started by gatehoused");
        return false;
    }
    if (fcntl(FD_LIFELINE, F_GETFD) < 0 || fcntl(FD_DIRECTORY, F_GETFD) < 0) {
        gw_log(GW_LOG_ERROR, "start", "descriptors 4 (lifeline) and 5 (key directory) are missing");
        return false;
    }
    (void)close_range(FD_COUNT, ~0U, 0);
    return true;
}

/* Receives one datagram and answers it. A reply that nobody fetches in time is dropped: its asker has given up. */
static bool serve_one(struct keyd *k)
{
    static uint8_t bytes[sizeof(union keyd_request) + 1]; /* a longer one shows by filling the last byte */
    static union keyd_reply reply;
    ssize_t n = recv(FD_REQUESTS, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        gw_log(GW_LOG_ERROR, "requests", "%s", strerror(errno));
        return false;
    }
    if (n < 0)
        return true;
    size_t len = keyd_handle(k, gw_wall_now(), gw_view_make(bytes, (size_t)n), &reply);
    if (reply.head.why[0] != '\0') /* the whole request, or an item of a batch */
        gw_log(GW_LOG_WARN, "requests", "refused: %s", reply.head.why);
    if (send(FD_REQUESTS, &reply, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        gw_log(GW_LOG_WARN, "requests", "reply not delivered: %s", strerror(errno));
    if (!keyd_memory_broken(k->memory))
        return true;
    gw_log(GW_LOG_ERROR, "memory",
           "a write of the checkpoints file failed; ending, to read it again at the next start");
    return false;
}

/* Until the lifeline or the request socket ends; 0 then, 1 when this process can no longer answer rightly. */
static int serve(struct keyd *k)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = FD_LIFELINE, .events = POLLIN}, {.fd = FD_REQUESTS, .events = POLLIN}};
        if (ppoll(fds, 2, NULL, NULL) < 0) {
            if (errno == EINTR)
                continue;
            gw_log(GW_LOG_ERROR, "requests", "poll: %s", strerror(errno));
            return 1;
        }
        /* Without a peer the socket stays readable for ever: its end comes first. */
        if (fds[0].revents || (fds[1].revents & ~POLLIN))
            return 0;
        if (fds[1].revents && !serve_one(k))
            return 1;
    }
}

/* The supervisor does not start us again after this: a key directory does not mend itself. EX_CONFIG of sysexits.h. */
#define EXIT_HOPELESS 78

static int run(void)
{
    static struct keyd k;
    static struct keyd_dir dir;
    struct gw_err err = {0};
    int code = 1;
    keyd_dir_init(&dir, FD_DIRECTORY);
    enum gw_rc rc = keyd_open(&k, &dir, gw_wall_now(), GATEHOUSE_BUILD_DAY, &err);
    if (rc) {
        gw_log(GW_LOG_ERROR, "start", "%s%s", gw_err_text(&err),
               rc == GW_CORRUPT || rc == GW_NOT_FOUND ? "; restore pki/ of the state from a backup" : "");
        code = rc == GW_IO || rc == GW_NO_SPACE ? 1 : EXIT_HOPELESS;
    } else {
        keyd_harden_memory();
        bool filtered = keyd_harden_calls();
        gw_log(GW_LOG_INFO, "start", "ready: gateway %s, %zu log%s remembered, system calls %s", k.ca.gateway,
               keyd_memory_count(k.memory), gw_plural(keyd_memory_count(k.memory)),
               filtered ? "filtered" : "not filtered");
        code = serve(&k);
    }
    keyd_done(&k);
    return code;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("gatehouse-keyd %s\n", GATEHOUSE_VERSION);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        (void)fputs("usage: gatehouse-keyd [--version | --help]\n"
                    "Holds the gateway's CA and log keys. gatehoused starts it; nobody else does.\n",
                    stdout);
        return 0;
    }
    if (argc != 1) {
        (void)fprintf(stderr, "gatehouse-keyd: unknown option %s; see `gatehouse-keyd --help`\n", argv[1]);
        return 2;
    }
    gw_log_init("gatehouse-keyd", GW_LOG_INFO);
    if (keyd_harden_start()) {
        gw_log(GW_LOG_ERROR, "start", "cannot give up privileges: %s", strerror(errno));
        return 1;
    }
    return inherited() ? run() : 1;
}
