/* people_kit: people at the operators' door of a real gateway, by curl. */
#pragma once

#include <stdbool.h>

#include "gw_gateway.h"

#define KIT_PASSWORD "correct horse battery" /* of every account */

/* A browser: what it keeps of its session. Zeroed: nobody is signed in. Or a program: what it has is a token. */
struct person {
    char cookie[80]; /* "__Host-gw=<id>", or "" */
    char csrf[80];
    char token[80];  /* "": none */
    char known[160]; /* "__Host-gw-known=<…>", or "": what outlives the session */
    char source[32]; /* the address it comes from; "": as it comes */
};

struct http_ask {
    const char *method, *path;
    const char *body;         /* NULL: none */
    const char *content_type; /* NULL: application/json */
    const char *if_match;     /* NULL: none */
    const char *csrf;         /* NULL: the person's own, and none of a program's; "": none is sent */
    bool asks_first;          /* Expect: 100-continue; the status is 100 when the body may come */
};

/* The status; head and body of the answer in *ret_answer (free()) unless NULL. -1: no answer. */
int kit_http(const struct gw_gateway *g, const struct person *p, const struct http_ask *ask, char **ret_answer);
/* The same at the devices' door, without a certificate. */
int kit_device_door(const struct gw_gateway *g, const struct http_ask *ask);
/* The same at the admin socket, as root or as somebody else of its group. */
int kit_local(const struct gw_gateway *g, bool root, const struct http_ask *ask);
/* Signs in and keeps cookie and token; the status. */
int kit_sign_in(const struct gw_gateway *g, struct person *p, const char *name, const char *password);
/* The same with a browser that keeps by what it is known, and its place. */
int kit_sign_in_again(const struct gw_gateway *g, struct person *p, const char *name, const char *password);
/* Starts a gateway, claims it by HTTPS and makes the accounts "vic" (viewer) and "olga" (operator) beside "admin". */
bool kit_open(struct gw_gateway *g);
/* Runs `gatehouse user <verb> NAME [ROLE]` with the password, if any, on its standard input. */
int kit_user(const struct gw_gateway *g, const char *verb, const char *name, const char *role, const char *password);
/* Makes a token by `gatehouse token add` and gives it to the program. */
bool kit_program(const struct gw_gateway *g, struct person *p, const char *name, const char *role);
/* Waits until the gateway's audit log holds an event with both texts. */
bool kit_audited(const struct gw_gateway *g, const char *cls, const char *text);

void every_route_answers_each_role_as_it_should(void);
void no_route_is_open_at_another_door(void);
void every_route_answers_each_token_as_it_should(void);

/* test_flood.c */
void strangers_keep_no_known_browser_out(void);

/* test_tokens.c */
void a_token_lives_from_its_making_to_its_revoking(void);
void a_token_opens_nothing_but_what_it_is_for(void);
