/* Sessions and accounts as JSON, and the session's cookie. */
#include <stdio.h>
#include <string.h>

#include "rest_cookie.h"
#include "rest_internal.h"

void rest_put_session(struct json_writer *w, const struct answer *a)
{
    json_put_object(w, NULL);
    json_put_str(w, "name", a->session.name);
    json_put_str(w, "role", user_role_text(a->session.role));
    json_put_str(w, "csrf", a->session.csrf);
    json_put_time(w, "began", a->session.began);
    json_put_time(w, "ends", a->session.ends);
    json_put_end(w);
}

static void put_user(struct json_writer *w, const struct answer_user *u)
{
    json_put_object(w, NULL);
    json_put_str(w, "name", u->name);
    json_put_str(w, "role", user_role_text(u->role));
    json_put_bool(w, "disabled", u->disabled);
    json_put_time(w, "created", u->created);
    json_put_i64(w, "sessions", (int64_t)u->sessions);
    json_put_u64_text(w, "rev", (uint64_t)u->rev);
    json_put_end(w);
}

void rest_put_users(struct json_writer *w, const struct answer *a)
{
    if (a->single) {
        put_user(w, &a->users[0]);
        return;
    }
    json_put_object(w, NULL);
    json_put_array(w, "users");
    for (size_t i = 0; i < a->user_count; i++)
        put_user(w, &a->users[i]);
    json_put_end(w);
    json_put_end(w);
}

_Static_assert(REST_COOKIE_KNOWN_CHARS == ANSWER_KNOWN_CHARS, "one cookie");

void rest_add_cookie(struct http_reply *reply, const struct answer *a)
{
    char line[256];
    if (a->kind == ANSWER_SESSION && a->session.cookie[0])
        (void)snprintf(line, sizeof(line), REST_COOKIE_NAME "=%s" REST_COOKIE_ATTRIBUTES, a->session.cookie);
    else if (a->kind == ANSWER_SIGNED_OUT)
        (void)snprintf(line, sizeof(line), REST_COOKIE_NAME "=" REST_COOKIE_ATTRIBUTES "; Max-Age=0");
    else
        return;
    (void)http_reply_header(reply, "set-cookie:", line);
    if (a->kind == ANSWER_SESSION && a->session.known[0]) {
        (void)snprintf(line, sizeof(line), REST_COOKIE_KNOWN "=%s" REST_COOKIE_ATTRIBUTES REST_COOKIE_KNOWN_AGE,
                       a->session.known);
        (void)http_reply_header(reply, "set-cookie:", line);
    }
    explicit_bzero(line, sizeof(line));
}
