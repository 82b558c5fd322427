/*
 * rest_internal: what the files of protocols/rest share. See rest.h for the gates that every operation passes.
 */
#pragma once

#include "json.h"
#include "rest.h"
#include "rest_query.h"

enum rest_access {
    REST_PUBLIC = 1, /* answered at once, from static text */
    REST_ANONYMOUS,  /* posted without an actor: claiming */
    REST_ACTOR,      /* posted in the name of a session or of the local user */
    REST_SUPERUSER,  /* the same, uid 0 only */
};

enum rest_match {
    REST_NO_MATCH = 1, /* not a versioned object */
    REST_MAY_MATCH,    /* If-Match is passed on when there */
    REST_MUST_MATCH,   /* and is required on the operators' door */
};

/* A request on its way into the inbox. */
struct rest_call {
    const struct http_request *request;
    const struct json_value *body; /* NULL: none was sent */
    struct inbox_msg *msg;         /* u.act is to be filled; a blob put here is owned by it */
};

typedef enum gw_rc rest_decode_fn(const struct rest_call *call, struct gw_err *err);
typedef void rest_static_fn(struct http_reply *reply);

struct rest_op {
    enum http_method method;
    unsigned doors;
    const char *pattern;
    enum rest_access access;
    enum act_kind kind;           /* unless REST_PUBLIC */
    enum rest_match match;        /* unless REST_PUBLIC */
    const char *const *body_keys; /* NULL: takes no body */
    rest_decode_fn *decode;       /* NULL: nothing to decode */
    rest_static_fn *reply;        /* REST_PUBLIC only */
    bool import;                  /* the body is a release on its way to rest_config.imports: decode is not asked */
    int answer_ms;                /* 0: HTTP_ANSWER_MS */
    size_t body_max;              /* bytes; 0: REST_BODY_MAX */
};

static inline size_t rest_body_max(const struct rest_op *op)
{
    return op->body_max ? op->body_max : REST_BODY_MAX;
}

/* The table; static storage. */
const struct rest_op *rest_ops(size_t *ret_count);

struct rest_bound {
    const struct rest *rest;
    const struct rest_op *op;
};

/* rest_gate.c: each gives GW_OK to go on, another code to be answered by web, or GW_CANCELLED after it has answered
 * itself with a status that no code stands for (401, 415, 428). */
enum gw_rc rest_gate_actor(const struct rest *rest, const struct rest_op *op, const struct http_request *request,
                           struct actor *ret_actor, struct gw_err *err);
enum gw_rc rest_gate_origin(const struct http_request *request, const struct actor *actor, struct gw_err *err);
enum gw_rc rest_gate_body(const struct rest *rest, const struct rest_op *op, const struct http_request *request,
                          struct json_doc **ret_body, struct gw_err *err);
enum gw_rc rest_gate_match(const struct rest *rest, const struct rest_op *op, const struct http_request *request,
                           int64_t *ret_rev, struct gw_err *err);
/* The request of somebody who is known was denied, err says why: core is told, which answers and writes it down, and
 * GW_CANCELLED comes back. GW_DENIED: nobody is known. */
enum gw_rc rest_gate_denied(const struct rest_bound *bound, const struct http_request *request,
                            const struct actor *actor, struct gw_err *err);
/* Answers with a problem document; returns GW_CANCELLED, "it is answered". */
enum gw_rc rest_refuse(const struct rest *rest, struct http_ticket ticket, int status, const char *detail);

/* rest_decode.c: a key that must be there and is not is the asker's mistake, not a thing that was not found. */
enum gw_rc rest_required(enum gw_rc rc, struct gw_err *err);
enum gw_rc rest_need_body(const struct rest_call *call, struct gw_err *err);
/* A copy of the bytes becomes the message's blob, never NULL; there must be none yet. */
enum gw_rc rest_keep_blob(const struct rest_call *call, struct gw_view bytes, struct gw_err *err);
/* rest_decode_page() reads `cursor` and `q`, which the caller looks at, and `limit` into act.number. */
struct rest_page {
    struct rest_param cursor, q;
};
enum gw_rc rest_decode_page(const struct rest_call *call, struct rest_page *ret_page, struct gw_err *err);
/* With a `q`, makes the list that was decoded into the query for the rows of that list which fit: the device of a list
 * of devices, the text of the others and the blob of alerts are where it goes on. GW_INVALID: `q` cannot be read. */
enum gw_rc rest_decode_rows(const struct rest_call *call, const struct rest_param *q, enum live_topic topic,
                            struct gw_err *err);
rest_decode_fn rest_decode_device, rest_decode_device_list, rest_decode_invite, rest_decode_approve, rest_decode_door,
    rest_decode_claim;

/* rest_decode_log.c: each makes the struct query of its act. */
rest_decode_fn rest_decode_log_list, rest_decode_log_events, rest_decode_log_search, rest_decode_log_checkpoint,
    rest_decode_log_tile, rest_decode_log_evidence, rest_decode_no_query;

/* rest_decode_release.c */
rest_decode_fn rest_decode_key_add, rest_decode_keyid, rest_decode_release, rest_decode_release_list;

/* rest_decode_people.c */
rest_decode_fn rest_decode_sign_in, rest_decode_password, rest_decode_user, rest_decode_user_add, rest_decode_user_role,
    rest_decode_user_password;

/* rest_token.c */
rest_decode_fn rest_decode_token, rest_decode_token_add;
void rest_put_tokens(struct json_writer *w, const struct answer *a);

/* rest_decode_rollout.c: blobs are those of rollout_ask.h. */
rest_decode_fn rest_decode_rollout, rest_decode_rollout_list, rest_decode_rollout_order, rest_decode_rollout_change,
    rest_decode_rollout_waive, rest_decode_rollout_attempts;

/* rest_alert.c */
rest_decode_fn rest_decode_alert, rest_decode_alert_list, rest_decode_alert_act, rest_decode_alert_snooze,
    rest_decode_alert_note;
void rest_put_alerts(struct json_writer *w, const struct answer *a);

/* rest_import.c: an upload's way to the import thread. */
http_sink_open rest_import_open;

/* rest_format.c: fills the reply with the answer's JSON, or with a problem document. */
void rest_format(const struct rest *rest, const struct answer *answer, struct http_reply *reply);

/* Member "next" of a list whose last row is called so, NULL: it is empty. */
void rest_put_next(struct json_writer *w, const struct answer *a, const char *last);

/* rest_format_release.c: vendor keys, releases, the import; and what a release was refused for. */
void rest_put_keys(struct json_writer *w, const struct answer *a);
void rest_put_releases(struct json_writer *w, const struct answer *a);
void rest_put_import(struct json_writer *w, const struct answer *a);
void rest_format_refusal(struct http_reply *reply, const struct answer *answer);

/* rest_format_rollout.c */
void rest_put_rollouts(struct json_writer *w, const struct answer *a);
void rest_put_preview(struct json_writer *w, const struct answer *a);
void rest_put_attempts(struct json_writer *w, const struct answer *a);
void rest_put_inventory(struct json_writer *w, const struct inventory *inventory); /* member "inventory" */

/* rest_format_people.c */
void rest_put_session(struct json_writer *w, const struct answer *a);
void rest_put_users(struct json_writer *w, const struct answer *a);
/* Set-Cookie, for answers that begin or end a session. */
void rest_add_cookie(struct http_reply *reply, const struct answer *a);

/* rest_format_log.c: answers with logs. */
void rest_put_logs(struct json_writer *w, const char *gateway, const struct answer *a);
void rest_put_events(struct json_writer *w, const struct answer *a);
/* Answers that are no JSON: note, tile, key. False: it is none of them. */
bool rest_format_bytes(const struct answer *answer, struct http_reply *reply);

#define REST_OPS_MAX 96

struct rest {
    struct rest_config config;
    char gateway[24];
    struct rest_bound bound[REST_OPS_MAX];
    struct http_route routes[REST_OPS_MAX];
    size_t count;
};

/* rest_openapi.c, made at build time from openapi.json. */
extern const unsigned char rest_openapi_json[];
extern const unsigned long rest_openapi_json_len;
