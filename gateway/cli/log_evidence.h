/*
 * log_evidence: a batch of a device that contradicted its log, held against the log event by event: by the leaf hashes
 * of its tiles of level 0 (C2SP tlog-tiles). Says what was sent and where it parts; it proves nothing alone, the batch
 * is not signed. The batch itself is read by log_batch_parse().
 */
#pragma once

#include "gw_hash.h"
#include "log_batch.h"
#include "log_check.h"

enum log_evidence_stored {
    LOG_EVIDENCE_SAME = 1, /* the log has this event under this number */
    LOG_EVIDENCE_DIFFERS,  /* it has another one */
    LOG_EVIDENCE_NONE,     /* it ends before this number */
};

struct log_evidence_event {
    uint64_t seq;
    size_t len;            /* bytes of the event */
    struct gw_sha256 leaf; /* H(0x00||event), RFC 9162 section 2.1.1 */
    enum log_evidence_stored stored;
};

/* Of the enum above, for people: "same", "differs", "none". */
const char *log_evidence_text(enum log_evidence_stored stored);

/* Holds a parsed batch against its log of `size` events, whose tiles `log` fetches. ret_events has room for
 * batch->head.count. GW_CORRUPT for a tile of another length than its name says; other errors are those of fetch. */
GW_MUST_CHECK enum gw_rc log_evidence_compare(const struct log_batch *batch, uint64_t size,
                                              const struct log_source *log, const struct gw_sha256_ops *hash,
                                              struct log_evidence_event ret_events[], struct gw_err *err);
