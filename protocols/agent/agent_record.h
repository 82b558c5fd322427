/*
 * agent_record: how the spool's files frame what they hold, so that a torn or damaged end is seen.
 *
 *     type u8 ‖ 0 u8 ‖ 0 u16 ‖ length u32 ‖ payload ‖ first 8 bytes of SHA-256 over all in front
 *
 * Pure; integers are big-endian.
 */
#pragma once

#include "gw_buf.h"
#include "gw_hash.h"

#define AGENT_RECORD_HEAD_LEN    8 /* bytes in front of the payload */
#define AGENT_RECORD_TAIL_LEN    8
#define AGENT_RECORD_PAYLOAD_MAX (256 * 1024)

/* Persisted: values never change. */
enum agent_record_type {
    AGENT_RECORD_HEAD = 'H',  /* first of each file: the state at that moment */
    AGENT_RECORD_EVENT = 'E', /* an accepted event */
    AGENT_RECORD_EPOCH = 'N', /* a new log begins; carries its log.start event */
    AGENT_RECORD_SEAL = 'B',  /* events got their numbers */
    AGENT_RECORD_FREE = 'F',  /* all below a size is proven stored by the gateway */
    AGENT_RECORD_LOST = 'L',  /* events were shed */
};

struct agent_record {
    enum agent_record_type type;
    struct gw_view payload; /* borrowed from what was read */
};

/* Appends one record; the buffer remembers a failure. */
void agent_record_add(struct gw_buf *out, const struct gw_sha256_ops *ops, enum agent_record_type type,
                      struct gw_view payload);
/* Takes the next record. GW_NOT_FOUND at the very end; GW_CORRUPT when what follows is no whole record, and the reader
 * stays where it is. */
GW_MUST_CHECK enum gw_rc agent_record_read(struct gw_reader *r, const struct gw_sha256_ops *ops,
                                           struct agent_record *ret_record);
