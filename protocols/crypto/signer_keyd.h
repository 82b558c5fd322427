/*
 * signer_keyd: the signer port over the socket of gatehouse-keyd (protocols/wire/keyd_wire.h).
 *
 * Any thread; one request at a time goes through, the others wait for it. A request waits at most
 * SIGNER_KEYD_LIMIT_MS for its reply, then gives GW_TIMEOUT; a reply that comes later is known by its sequence number
 * and dropped. The socket stays good when keyd is restarted with the same other end.
 */
#pragma once

#include "signer.h"

#define SIGNER_KEYD_LIMIT_MS 5000

/* fd: connected AF_UNIX SOCK_SEQPACKET socket; owned from here on. */
struct signer signer_keyd_new(int fd);
void signer_keyd_free(struct signer *signer); /* closes the socket; accepts a zeroed struct */
