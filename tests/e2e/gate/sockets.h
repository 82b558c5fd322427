/*
 * sockets: everything at which a whole gateway can be reached, as the kernel lists it: listening TCP and unix sockets
 * (abstract ones too) and bound UDP sockets of the supervisor and its children.
 */
#pragma once

#include "gw_gateway.h"

#define SOCKETS_MAX 32

enum socket_kind { SOCKET_TCP, SOCKET_UDP, SOCKET_UNIX };

struct socket_at {
    enum socket_kind kind;
    uint16_t port; /* of TCP and UDP */
    bool loopback;
    char path[160]; /* of a unix socket; "@…" is abstract */
};

struct sockets {
    struct socket_at list[SOCKETS_MAX];
    size_t count; /* the list is cut at SOCKETS_MAX, this is not */
};

void sockets_of(const struct gw_gateway *g, struct sockets *ret_sockets);
bool sockets_have_port(const struct sockets *s, uint16_t port);
/* A unix socket whose path ends so. */
bool sockets_have_path(const struct sockets *s, const char *end);
/* A line for each, for who has to find out why a test failed. */
void sockets_print(const struct sockets *s);
