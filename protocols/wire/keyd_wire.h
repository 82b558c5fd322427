/*
 * keyd_wire: the fixed-size requests that gatehouse-keyd answers, one datagram each over an AF_UNIX SOCK_SEQPACKET
 * socket, and its replies. The list is closed: what is not here cannot be asked for.
 *
 * Both sides run on one machine from one build: integers are in host order, structs have no padding (asserted below).
 * Text fields are terminated and zero-filled behind the terminator. A request has exactly the size of its kind. A reply
 * that refuses (rc is not 0) is the reply head alone; any other has exactly the size of its kind. Replies carry the
 * sequence number of their request, so that one which comes too late is known as such.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define KEYD_MAGIC   UINT32_C(0x47574b44) /* "GWKD" */
#define KEYD_VERSION 1

#define KEYD_ID_LEN      64
#define KEYD_SPKI_LEN    128
#define KEYD_CERT_LEN    2048
#define KEYD_GATEWAY_LEN 24
#define KEYD_NAMES       8
#define KEYD_NAME_LEN    128
#define KEYD_ORIGIN_LEN  192
#define KEYD_BATCH       64
#define KEYD_SERIAL_LEN  16
#define KEYD_HASH_LEN    32
#define KEYD_SIGNATURE   64
#define KEYD_WHY_LEN     160

enum keyd_kind {
    KEYD_IDENTITY = 1,
    KEYD_ISSUE_DEVICE,
    KEYD_ISSUE_SERVER,
    KEYD_SIGN_CHECKPOINTS,
};

struct keyd_head {
    uint32_t magic;
    uint16_t version;
    uint16_t kind; /* enum keyd_kind */
    uint64_t sequence;
};

struct keyd_device_request {
    struct keyd_head head;
    char id[KEYD_ID_LEN];
    uint32_t spki_len;
    uint32_t zero;
    uint8_t spki[KEYD_SPKI_LEN];
};

struct keyd_server_request {
    struct keyd_head head;
    uint32_t spki_len;
    uint32_t zero;
    uint8_t spki[KEYD_SPKI_LEN];
    char names[KEYD_NAMES][KEYD_NAME_LEN]; /* the first empty one ends the list */
};

struct keyd_checkpoint {
    char origin[KEYD_ORIGIN_LEN];
    uint64_t size;
    uint8_t root[KEYD_HASH_LEN];
};
struct keyd_checkpoints_request {
    struct keyd_head head;
    uint32_t count; /* 1 to KEYD_BATCH */
    uint32_t zero;
    struct keyd_checkpoint items[KEYD_BATCH];
};

/* KEYD_IDENTITY is a head alone. */
union keyd_request {
    struct keyd_head head;
    struct keyd_device_request device;
    struct keyd_server_request server;
    struct keyd_checkpoints_request checkpoints;
};

struct keyd_reply_head {
    uint32_t magic;
    uint16_t version;
    uint16_t kind;
    uint64_t sequence;
    uint32_t rc; /* enum gw_rc */
    uint32_t zero;
    char why[KEYD_WHY_LEN];
};

struct keyd_identity_reply {
    struct keyd_reply_head head;
    char gateway[KEYD_GATEWAY_LEN];
    uint32_t root_len;
    uint32_t issuer_len;
    uint8_t root[KEYD_CERT_LEN];
    uint8_t issuer[KEYD_CERT_LEN];
    uint8_t log_public[KEYD_HASH_LEN];
};
struct keyd_cert_reply {
    struct keyd_reply_head head;
    uint32_t len;
    uint32_t zero;
    uint8_t der[KEYD_CERT_LEN];
};
struct keyd_checkpoint_result {
    uint32_t rc; /* of this item */
    uint32_t zero;
    uint8_t signature[KEYD_SIGNATURE];
};
struct keyd_checkpoints_reply {
    struct keyd_reply_head head; /* why: of the first item that was refused */
    struct keyd_checkpoint_result items[KEYD_BATCH];
};

union keyd_reply {
    struct keyd_reply_head head;
    struct keyd_identity_reply identity;
    struct keyd_cert_reply cert;
    struct keyd_checkpoints_reply checkpoints;
};

_Static_assert(sizeof(struct keyd_head) == 16, "padding");
_Static_assert(sizeof(struct keyd_device_request) == 16 + KEYD_ID_LEN + 8 + KEYD_SPKI_LEN, "padding");
_Static_assert(sizeof(struct keyd_server_request) == 24 + KEYD_SPKI_LEN + KEYD_NAMES * KEYD_NAME_LEN, "padding");
_Static_assert(sizeof(struct keyd_checkpoint) == KEYD_ORIGIN_LEN + 8 + KEYD_HASH_LEN, "padding");
_Static_assert(sizeof(struct keyd_checkpoints_request) == 24 + KEYD_BATCH * sizeof(struct keyd_checkpoint), "padding");
_Static_assert(sizeof(struct keyd_reply_head) == 24 + KEYD_WHY_LEN, "padding");

/* The exact size of a request and of a granting reply of this kind; 0 for a kind that does not exist. */
size_t keyd_request_size(uint16_t kind);
size_t keyd_reply_size(uint16_t kind);
