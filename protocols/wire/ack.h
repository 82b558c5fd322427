/*
 * ack: the JSON of `dn/ack`, the gateway's word on what it has stored for good.
 *
 *     {"epoch":"<u64>","next_seq":"<u64>","credit":"<bytes>","root":"<base64, 32 bytes>","checkpoint":"<note>"}
 *
 * Every number is decimal text. next_seq is cumulative: all below it is committed. credit is how many bytes of batches
 * the gateway will take next, 0 means wait. root is the RFC 6962 tree hash over next_seq leaves. checkpoint, a C2SP
 * signed note, may be missing. Unknown members are ignored, so that later gateways may say more. Epoch 0 with
 * next_seq 0 says that the gateway holds no log of this device.
 */
#pragma once

#include <stdint.h>

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_hash.h"

#define ACK_CHECKPOINT_MAX 2048
#define ACK_TEXT_MAX       8192

struct ack {
    uint64_t epoch;
    uint64_t next_seq;
    uint64_t credit_bytes;
    struct gw_sha256 root;
    char checkpoint[ACK_CHECKPOINT_MAX]; /* terminated; "" when there is none */
};

/* GW_TOO_BIG above ACK_TEXT_MAX, GW_INVALID naming the member otherwise. */
GW_MUST_CHECK enum gw_rc ack_parse(struct gw_view payload, struct ack *ret_ack, struct gw_err *err);
/* Appends the payload. */
GW_MUST_CHECK enum gw_rc ack_format(const struct ack *ack, struct gw_buf *ret_payload);
