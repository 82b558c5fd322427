/* web_fixture: a server on free ports with routes that show what reached them. */
#pragma once

#include "web.h"
#include "web_client.h"
#include "web_pki.h"

#define WEB_TEST_FILE_SIZE 300000             /* bytes of /file; byte i is (i * 7 + i / 256) & 255 */
#define WEB_TEST_BIG_SIZE  (16 * 1024 * 1024) /* bytes of /big, all zero: more than sockets buffer */

struct web_fixture {
    struct web *web;
    struct http_responder responder;
    char admin_path[256];
    uint16_t devices;
    uint16_t operators;
};

struct web_fixture_options {
    int conns_max;
    int source_conns_max;
    unsigned doors; /* 0: all */
    struct web_live_limits live;
};

void web_fixture_start(struct web_fixture *f, const struct web_fixture_options *options);
void web_fixture_stop(struct web_fixture *f);
uint8_t web_fixture_byte(size_t at);
/* Waits until /late was asked `count` times since the fixture's start; tickets go to ret_tickets. */
bool web_fixture_await_late(size_t count, struct http_ticket *ret_tickets);
struct web_stats web_fixture_stats(const struct web_fixture *f);
struct web_refused web_fixture_refused(const struct web_fixture *f, enum http_door door, enum web_refusal why);
/* One request "GET path" with the right Host on a fresh connection to a door; the status. */
int web_fixture_get(const struct web_fixture *f, enum http_door door, const char *cert, const char *path,
                    struct web_answer_seen *ret);
/* "GET path HTTP/1.1" with the right Host and extra lines ("x: y\r\n" or ""), in a static buffer. */
const char *web_fixture_text(uint16_t port, const char *method, const char *path, const char *extra);
