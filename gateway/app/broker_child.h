/*
 * broker_child: what the broker needs before it can start: its port, its certificate and key, its configuration files
 * in <state>/broker. The supervisor starts it when we ask.
 */
#pragma once

#include <stdint.h>

#include "config.h"
#include "gw_err.h"
#include "options.h"
#include "signer.h"

struct broker_child {
    const struct options *options;
    const struct config *config;
    char socket[OPTIONS_PATH_MAX + 64]; /* the broker's local one */
    uint16_t port;                      /* the real one */
    int held_fd;                        /* -1 unless it is bound to that port, until the broker is */
    bool changed;                       /* a broker that runs must be started again */
    struct gw_wall cert_until;          /* when its listener's certificate ends */
};

/* Writes everything. `running`: our broker runs already, so its port being taken is no surprise. GW_EXISTS: the port is
 * taken by another program (the text says which). Blocks. */
GW_MUST_CHECK enum gw_rc broker_child_prepare(struct broker_child *b, bool running, const struct signer *signer,
                                              const struct signer_identity *identity, struct gw_err *err);
/* Before the broker is started: lets go of its port. */
void broker_child_release(struct broker_child *b);
/* While it does not run: does another program listen where it must? Binds for a moment. */
bool broker_child_port_taken(const struct broker_child *b);
