/*
 * fleet_http: a kept HTTP connection, so that thousands of enrolments do not cost a TLS handshake each. One thread.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "gw_buf.h"
#include "gw_err.h"

struct fleet_http;

/* socket_path: the gateway's admin socket, plain HTTP; NULL: HTTPS verified against root_path alone. */
GW_MUST_CHECK enum gw_rc fleet_http_new(const char *socket_path, const char *root_path, struct fleet_http **ret_http,
                                        struct gw_err *err);
void fleet_http_free(struct fleet_http *h); /* accepts NULL */

struct fleet_http_request {
    const char *url;
    const char *user; /* HTTP Basic; NULL: none */
    const char *secret;
    const char *content_type; /* NULL: a GET */
    struct gw_view body;
};
/* GW_OK whenever there is an answer. GW_IO: none. The body is appended to ret_body. */
GW_MUST_CHECK enum gw_rc fleet_http_run(struct fleet_http *h, const struct fleet_http_request *request,
                                        long *ret_status, struct gw_buf *ret_body, struct gw_err *err);
