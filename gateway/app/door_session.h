/*
 * door_session: who a request at the operators' door comes from: the session of its cookie. For writes the header
 * X-GW-CSRF must be that session's token. Fills rest_config.session_of (see rest.h). Thread: any.
 */
#pragma once

#include "gw_hash.h"
#include "http_route.h"
#include "session_table.h"

struct door_session {
    struct session_table *sessions;
    const struct gw_sha256_ops *hash;
};

/* ctx: struct door_session. GW_NOT_FOUND: nobody is signed in; GW_DENIED: a write without the session's token; the
 * actor is told all the same. */
GW_MUST_CHECK enum gw_rc door_session_of(void *ctx, const struct http_request *request, struct actor *ret_actor);
