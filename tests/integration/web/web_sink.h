/* web_sink: what takes the streamed bodies of POST /stream in a test: counts and checks the bytes, is full when told
 * to, and answers with the count at the end. One body at a time. Any thread. */
#pragma once

#include "http_route.h"

#define WEB_TEST_STREAM_MAX (INT64_C(3) << 30)

struct web_sink_seen {
    int opened, ended, aborted;
    int64_t length;  /* as open was told */
    uint64_t bytes;  /* taken */
    bool all_zero;   /* every byte so far */
    uint64_t offers; /* write calls */
};

http_sink_open web_sink_open;
void web_sink_reset(struct http_responder responder);
/* How many bytes it takes altogether before it is full; UINT64_MAX: any number (as after a reset). Resumes. */
void web_sink_room(uint64_t total);
/* What open says from now on. */
void web_sink_refuse(enum gw_rc rc);
/* Answers the open body's request at once. */
void web_sink_answer(int status);
struct web_sink_seen web_sink_seen(void);
bool web_sink_await_bytes(uint64_t bytes);
bool web_sink_await_aborted(int count);
