/*
 * keyd_fixture: a key directory for a test, and requests as the wire has them.
 */
#pragma once

#include "gw_test.h"
#include "keyd_handle.h"

#define FIXTURE_BUILD_DAY 20000 /* 2024-10-04 */

/* A fresh directory of mode 0700; returns its descriptor. */
int fixture_dir(void);
/* The directory of this descriptor as keyd takes it; static, one at a time. */
const struct keyd_dir *fixture_at(int dir_fd);
/* A name inside that directory. */
const char *fixture_path(const char *name);

/* Starts over the directory; asserts success. */
void fixture_open(struct keyd *k, int dir_fd, struct gw_wall now);

/* Fills the head of a request of this kind with the next sequence number. */
void fixture_head(struct keyd_head *head, enum keyd_kind kind);
/* Asks and returns the rc of the reply; checks that the reply is well formed. */
enum gw_rc fixture_ask(struct keyd *k, struct gw_wall now, const void *request, union keyd_reply *ret_reply);
/* A request for one checkpoint. */
void fixture_checkpoint(struct keyd_checkpoints_request *q, const char *origin, uint64_t size, uint8_t root);
