/*
 * live_sub: one subscription of a state topic. It knows which rows the page holds and in which state it sent each, so
 * that what is to be told is always the difference between that and the window as it is now. Hence nothing queues up
 * for a page that is slow: the difference is made when there is room to send it.
 *
 * A message that is sent partly is not applied: live_sub_frame() writes one, live_sub_sent() says that it left.
 * Thread: one.
 */
#pragma once

#include "gw_buf.h"
#include "live_tail.h"
#include "live_view.h"

#define LIVE_WINDOW_MAX     1000
#define LIVE_WINDOW_DEFAULT 200
#define LIVE_EPOCH_CHARS    16

struct live_held {
    struct live_row *row; /* a reference */
    uint64_t sent;        /* its seq when it was sent */
};

struct live_sub {
    int32_t id; /* 0: a free place */
    enum live_topic topic;
    struct live_view *view; /* a reference of the hub's; NULL: of the logs, then all that follows but tail is unused */
    struct live_tail *tail;
    bool owes_ok; /* of the logs: the walk has not begun */
    uint64_t offset, window;
    struct live_held *held; /* in order of keys */
    size_t held_count;
    bool filling;          /* the first rows are on their way: snap */
    bool due;              /* a message is owed even if nothing differs */
    uint64_t done_version; /* of the view, at the last complete message */
    uint64_t told_total;
    /* The message at hand. */
    const char **gone; /* keys, borrowed from held */
    size_t gone_count;
    struct live_row **up; /* references */
    size_t up_count;
    bool more;
    uint64_t version, total; /* that it speaks of */
};

void live_sub_done(struct live_sub *s);

/* A page comes back: what it holds is the window's rows as they were at `seq`. False, and nothing taken, when the
 * window may have held others then, told by *ret_why ("gap", "window"). */
bool live_sub_resume(struct live_sub *s, uint64_t seq, const char **ret_why);

/* Is there anything to tell? The view must be up to date. Nothing before the topic's table is whole. */
bool live_sub_differs(const struct live_sub *s);
/* Writes one message of at most max_bytes (a single row may be larger, up to LIVE_ROW_MAX) with this number. */
GW_MUST_CHECK enum gw_rc live_sub_frame(struct live_sub *s, const char *epoch, uint64_t n, size_t max_bytes,
                                        struct gw_buf *out);
/* It left. */
void live_sub_sent(struct live_sub *s);
/* It did not, and will be made anew. */
void live_sub_kept(struct live_sub *s);
