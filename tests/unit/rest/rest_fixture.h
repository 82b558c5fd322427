/* rest_fixture: rest between an inbox and a responder that only remember. */
#pragma once

#include <stdbool.h>

#include "rest.h"

struct rest_fixture {
    struct rest *rest;
    /* inbox */
    enum gw_rc post_rc;
    int posted, refused;  /* refused: what core is only to write down and answer */
    struct inbox_msg msg; /* the last one; blob owned here */
    /* responder */
    int replies;
    struct http_ticket ticket;
    struct http_reply reply; /* the last one, owned here */
    /* releases on their way in */
    struct import_request import; /* the last that was let through */
    int imports;
    size_t import_bytes; /* that its sink took */
    /* session */
    enum gw_rc session_rc;
    struct actor actor;
    /* what the token in "Authorization: Bearer right" is */
    enum gw_rc token_rc;
    struct actor program;
};

struct rest_ask {
    enum http_method method;
    enum http_door door;
    const char *path;
    const char *query;
    const char *body;
    const char *content_type; /* NULL: application/json when there is a body */
    const char *csrf;         /* NULL: "token" */
    const char *origin, *fetch_site, *if_match;
    const char *authorization, *cookie;
    unsigned uid;
};

void rest_fixture_init(struct rest_fixture *f);
void rest_fixture_done(struct rest_fixture *f);
/* Finds the route as web does and calls it: the status that the asker would see now, 0 when the answer comes later, 404
 * when no route has the path on that door, 405 when none has the method. A streamed body is given to the sink. */
int rest_fixture_ask(struct rest_fixture *f, const struct rest_ask *ask, struct gw_err *err);
/* The reply's body; "" when there is none. */
const char *rest_fixture_body(struct rest_fixture *f);
const char *rest_fixture_header(const struct rest_fixture *f, const char *name);
