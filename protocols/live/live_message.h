/*
 * live_message: what a page says, from JSON to a value (docs/live.md, "From the page"). Pure; bytes come from outside.
 */
#pragma once

#include "filter.h"
#include "gw_err.h"
#include "gw_view.h"

#define LIVE_MESSAGE_MAX (64 * 1024)
#define LIVE_VERSION     1

enum live_message_kind { LIVE_HELLO = 1, LIVE_SUB, LIVE_UNSUB, LIVE_ACK, LIVE_PING };

struct live_message {
    enum live_message_kind kind;
    int64_t version; /* HELLO */
    int32_t id;      /* SUB, UNSUB; also when the rest was refused, 0 when there is none */
    char topic[16];
    struct filter filter;
    uint64_t offset, window; /* rows */
    bool has_resume;
    char epoch[17];
    uint64_t seq;
    uint64_t n; /* ACK */
};

/* GW_INVALID or GW_TOO_BIG with *ret_code, a code of the protocol, and a sentence in err; ret_message->id is set then,
 * as far as it could be read. */
GW_MUST_CHECK enum gw_rc live_message_parse(struct gw_view text, struct live_message *ret_message,
                                            const char **ret_code, struct gw_err *err);
