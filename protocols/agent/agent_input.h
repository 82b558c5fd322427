/*
 * agent_input: where events come from. Each line (or datagram) is one event, verbatim, without the newline at its end;
 * empty ones are passed over. A line longer than AGENT_SPOOL_EVENT_MAX is cut there, and an event of our own tells so.
 */
#pragma once

#include <stdbool.h>

#include "gw_buf.h"
#include "gw_err.h"

enum agent_input_kind {
    AGENT_INPUT_NONE = 0,
    AGENT_INPUT_LINES,
    AGENT_INPUT_DATAGRAMS,
};

struct agent_input {
    enum agent_input_kind kind;
    int fd; /* to poll for reading; -1 when there is no (more) input */
    bool owned;
    struct gw_buf line; /* of what has no newline yet; with `whole` an event that nobody took yet */
    bool whole;
    struct gw_buf held;    /* what was read behind that event; at most 64 KiB */
    uint64_t cut_bytes;    /* of the line that is being passed over */
    char socket_path[256]; /* removed at close; "" when it is none */
};

/* Takes one event. Its failure ends the reading; the event is offered again by the next one. */
typedef enum gw_rc agent_input_fn(void *ctx, struct gw_view event, struct gw_err *err);

/* what: "", "stdin", a path, or "unix:<path>" (see docs/agent.md). */
GW_MUST_CHECK enum gw_rc agent_input_open(const char *what, struct agent_input *ret_input, struct gw_err *err);
void agent_input_close(struct agent_input *input);
/* Hands out what it owes, else reads once what is there, at most 64 KiB, and hands out its events. At the end of the
 * input fd becomes -1. */
GW_MUST_CHECK enum gw_rc agent_input_read(struct agent_input *input, agent_input_fn *fn, void *ctx, struct gw_err *err);
/* Events that were read and found no taker yet: call agent_input_read() without waiting for the descriptor. */
bool agent_input_owes(const struct agent_input *input);
