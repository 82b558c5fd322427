/*
 * rest: the operators' HTTP interface under /api/v1 (docs/rest.md), an adapter: requests become struct inbox_act and
 * are posted, answers become JSON and leave by ticket. What it offers is one table of operations; every request passes
 * the same gates in the same order, whatever the operation:
 *
 *     who asks ─► cross-site checks (operators' door) ─► content type ─► body's keys ─► If-Match ─► inbox
 *
 * Who may do what is decided in core by the actor's role, not here. The documents and /api/v1/openapi.json (served from
 * protocols/rest/openapi.json) are checked against the table by tests/unit/rest.
 *
 * Thread: handlers run in web's thread, rest_answer() in core's and in query threads; all only read the struct, so they
 * need no lock.
 */
#pragma once

#include "answer.h"
#include "http_route.h"
#include "inbox.h"
#include "release_import.h"

#define REST_BODY_MAX     16384            /* bytes of a request's body */
#define REST_PLAN_MAX     (768 * 1024)     /* the same with a plan, whose lists name devices; of who is known */
#define REST_ORDER_MS     (60 * 1000)      /* for a plan to be laid over the whole fleet */
#define REST_IMPORT_MS    (2 * 60 * 1000)  /* for a release to be staged once all of it has come */
#define REST_VERIFY_MS    (20 * 60 * 1000) /* for all artifacts of a release to be read again */
#define REST_LIST_MAX     500              /* most devices in one answer */
#define REST_LIST_DEFAULT 100

/* Who a request on the operators' door comes from: finds the session of its cookie (and checks, for writes, that the
 * X-GW-CSRF header is the session's) and fills the actor. GW_NOT_FOUND: nobody is signed in, answered by 401;
 * GW_DENIED: the header is not the session's; the actor is filled all the same, core writes it down and answers 403.
 * Called in web's thread; must not block. */
typedef enum gw_rc rest_session_fn(void *ctx, const struct http_request *request, struct actor *ret_actor);

/* The same by the token of its Authorization header (no X-GW-CSRF is asked for). GW_NOT_FOUND: a wrong token, answered
 * by 401; GW_AGAIN: too many such from there, answered by 429. */
typedef enum gw_rc rest_token_fn(void *ctx, const struct http_request *request, struct actor *ret_actor);

struct rest_config {
    const char *gateway; /* its id, for the origins of logs; copied; NULL: there are no logs */
    struct inbox inbox;
    struct http_responder responder;
    struct import_port imports;  /* ops NULL: releases cannot be imported */
    rest_session_fn *session_of; /* NULL: nobody can sign in, all but the public operations answer 401 */
    void *session_ctx;
    rest_token_fn *token_of; /* NULL: there are no tokens */
    void *token_ctx;
};

struct rest; /* owned by app */

struct rest *rest_new(const struct rest_config *config);
void rest_free(struct rest *rest); /* accepts NULL */
/* Lives as long as rest. */
const struct http_route *rest_routes(const struct rest *rest, size_t *ret_count);
/* Appends what a GET of one object answers (ANSWER_STATUS, or `single`), as its body but for the line's end. GW_INVALID
 * for other answers, GW_TOO_BIG when it does not fit. */
GW_MUST_CHECK enum gw_rc rest_row(const struct rest *rest, const struct answer *answer, struct gw_buf *out);
/* Appends one event of an answer as a list of them shows it; without its bytes ("too_big": true) unless `whole`. Errors
 * as json_writer_end(). */
GW_MUST_CHECK enum gw_rc rest_event(const struct answer *answer, size_t index, bool whole, struct gw_buf *out);
/* Answers the request that the ticket names. Borrows the answer. */
void rest_answer(const struct rest *rest, const struct answer *answer);
