/*
 * inbox_queue: the bounded queue behind the inbox port. Many threads post, core takes.
 */
#pragma once

#include "inbox.h"

#define INBOX_QUEUE_MESSAGES   8192
#define INBOX_QUEUE_BLOB_BYTES ((size_t)32 * 1024 * 1024)
#define INBOX_QUEUE_RESERVE                                                                                            \
    512 /* kept free for what our own workers and children send back: it must not be refused                           \
         */

struct inbox_queue;

typedef void inbox_wake_fn(void *ctx);

/* `wake` is called, from the posting thread, when the queue was empty. */
struct inbox_queue *inbox_queue_new(inbox_wake_fn *wake, void *wake_ctx);
void inbox_queue_free(struct inbox_queue *q); /* with all that is in it */

/* The port for adapters; GW_AGAIN leaves the reserve free. */
struct inbox inbox_queue_port(struct inbox_queue *q);
/* The port for our own workers: may use the reserve. */
struct inbox inbox_queue_inner_port(struct inbox_queue *q);

/* Takes the oldest; false when it is empty. The caller owns msg->blob. Core's thread. */
bool inbox_queue_take(struct inbox_queue *q, struct inbox_msg *ret_msg);
/* Messages that wait. Any thread. */
size_t inbox_queue_count(struct inbox_queue *q);
/* From now on adapters are refused with GW_CANCELLED. */
void inbox_queue_close(struct inbox_queue *q);
