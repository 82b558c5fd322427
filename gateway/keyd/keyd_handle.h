/*
 * keyd_handle: answers one request. No process, no socket: the clock comes in, the reply goes out; the only effect is
 * on the memory of checkpoints. What may be asked is the permit table in keyd_handle.c.
 */
#pragma once

#include "gw_err.h"
#include "gw_time.h"
#include "gw_view.h"
#include "keyd_ca.h"
#include "keyd_memory.h"
#include "keyd_wire.h"

struct keyd {
    struct keyd_ca ca;
    struct keyd_memory *memory;
};

/* Loads the key directory, or makes it at the first start (see keyd_ca_make() for build_day). Fills a zeroed struct;
 * call keyd_done() in any case. dir is borrowed for its life. */
GW_MUST_CHECK enum gw_rc keyd_open(struct keyd *k, const struct keyd_dir *dir, struct gw_wall now, int64_t build_day,
                                   struct gw_err *err);
void keyd_done(struct keyd *k);

/* Any bytes. Returns how many bytes of *ret_reply to send: the head alone when the request is refused. */
size_t keyd_handle(struct keyd *k, struct gw_wall now, struct gw_view request, union keyd_reply *ret_reply);
