/*
 * ingest: acknowledges what the journal has made durable, and feeds the journal with the
 * gateway's own audit events (docs/architecture.md, rule 8).
 *
 * An acknowledgement is made from the journal's word alone, after its COMMIT; it is QoS 0 and may be lost: the next
 * one, or the one on connect, says the same and more.
 */
#pragma once

#include "log_progress.h"
#include "session.h"

/* Publishes dn/ack to each device. `credit_bytes` is what the gateway will take next. */
void ingest_acknowledge(struct session *s, const struct log_progress *progress, size_t count, uint64_t credit_bytes,
                        struct gw_wall now);

typedef enum gw_rc ingest_audit_fn(void *ctx, int64_t n, struct gw_view event);

/* Hands audit events behind `*fed` to the journal and moves `*fed`; stops quietly when the journal's queue is full.
 * Called after COMMIT. */
GW_MUST_CHECK enum gw_rc ingest_feed_audit(const struct store *store, int64_t *fed, ingest_audit_fn *fn, void *ctx,
                                           struct gw_err *err);
