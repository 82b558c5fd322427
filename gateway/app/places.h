/*
 * places: the users, directories and modes of docs/architecture.md, "State on disk". Made by the supervisor before
 * anything starts. As another user than root everything belongs to that user.
 *
 *     <state>         0711 gatehouse                    state.db, journal/, blobs/, web/ lie in it, 0700
 *     <state>/pki     0700 gatehouse-keys
 *     <state>/broker  0750 gatehouse:gatehouse-broker   configuration, certificate and key of the MQTT listener
 *     <run>/broker    0750 gatehouse-broker:…           the broker's local socket
 *     <run>/web       0700 gatehouse                    where web binds the admin socket
 *     <run>/admin     0750 root:gatehouse-admin         where people find it
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "gw_err.h"
#include "options.h"

struct places_user {
    uid_t uid;
    gid_t gid;
};

struct places {
    bool root; /* privileges are separated */
    struct places_user daemon, keys, broker;
    gid_t admin_gid;
    int lock_fd; /* held for our life: one supervisor a state directory */
    int pki_fd;
};

/* GW_DENIED, GW_NOT_FOUND (a user is missing), GW_EXISTS (another gatehoused has this state). */
GW_MUST_CHECK enum gw_rc places_make(struct places *p, const struct options *o, struct gw_err *err);
/* Puts the admin socket that web has bound into its public directory. */
GW_MUST_CHECK enum gw_rc places_publish(const struct places *p, const struct options *o, struct gw_err *err);
/* Removes the public name of the admin socket. */
void places_unpublish(const struct options *o);
