/*
 * registry: the messages between the daemon and the broker's plugin.
 *
 * Big-endian, each message "GWR1" ‖ u8 type ‖ body, at most REGISTRY_MESSAGE_MAX bytes:
 *
 *     daemon to plugin, published on $CONTROL/gatehouse/v1
 *       1 BEGIN     u64 generation ‖ u32 count ‖ SHA-256 over all entries as encoded, in the order sent
 *       2 ENTRIES   u64 generation ‖ u16 count ‖ entries
 *       3 COMMIT    u64 generation
 *       4 DEVICE    u64 generation ‖ id ‖ u8 count (0 to 2) ‖ entries, all of that id
 *       5 LIST      u32 request                               asks for the full presence list
 *     plugin to daemon
 *      16 AT        u64 generation                            holds this generation
 *      17 WANTED    u64 generation                            holds this one and cannot follow: send all again
 *      18 SYNC      u32 request ‖ u64 number ‖ u32 count      a full list of count records begins at number
 *      19 PRESENCE  u64 number ‖ u16 count ‖ records          the first record has this number, the next number + 1 …
 *      20 SECURITY  u8 reason ‖ u32 times ‖ id or empty ‖ source ‖ what
 *
 *     entry  = SHA-256 of the certificate ‖ u64 notAfter (Unix ms) ‖ u8 quarantined ‖ id
 *     record = u8 online ‖ id ‖ SHA-256 of the certificate ‖ source
 *     id, source, what = u8 length ‖ bytes
 *
 * A PRESENCE with count 0 only tells the next number, so that a loss at the end is seen. Pure; the parser borrows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "device.h"
#include "gw_buf.h"
#include "gw_hash.h"
#include "gw_id.h"
#include "gw_rc.h"
#include "gw_time.h"
#include "gw_view.h"

#define REGISTRY_MESSAGE_MAX    61440  /* bytes; below the broker's max_packet_size with topic and header */
#define REGISTRY_ENTRY_MAX      105    /* bytes of one entry */
#define REGISTRY_RECORD_MAX     161    /* bytes of one presence record */
#define REGISTRY_ENTRIES_MAX    400000 /* entries of a whole registry: two each of 200,000 devices */
#define REGISTRY_DEVICE_ENTRIES 2      /* certificates of one device: the present one and its successor */

enum registry_type {
    REGISTRY_BEGIN = 1,
    REGISTRY_ENTRIES = 2,
    REGISTRY_COMMIT = 3,
    REGISTRY_DEVICE = 4,
    REGISTRY_LIST = 5,
    REGISTRY_AT = 16,
    REGISTRY_WANTED = 17,
    REGISTRY_SYNC = 18,
    REGISTRY_PRESENCE = 19,
    REGISTRY_SECURITY = 20,
};

/* Why the plugin refused or cut something. On the wire: values never change, new ones go to the end. */
enum registry_reason {
    REGISTRY_UNKNOWN_CERTIFICATE = 1,
    REGISTRY_EXPIRED_CERTIFICATE = 2,
    REGISTRY_CLIENT_ID_DIFFERS = 3,
    REGISTRY_NO_CERTIFICATE = 4,
    REGISTRY_LOCAL_IMPOSTOR = 5, /* critical: somebody on this machine tried the gateway's own socket */
    REGISTRY_PUBLISH_REFUSED = 6,
    REGISTRY_SUBSCRIBE_REFUSED = 7,
    REGISTRY_RETAIN_REFUSED = 8,
    REGISTRY_QOS_REFUSED = 9,
    REGISTRY_PERSISTENT_REFUSED = 10,
    REGISTRY_FLOOD = 11,
    REGISTRY_BAD_CONTROL = 12,
    REGISTRY_QUARANTINE_REFUSED = 13,
    REGISTRY_SESSION_EXPIRED = 14,
    REGISTRY_UNAUTHENTICATED = 15, /* a connection ended before it had a session */
    REGISTRY_OVERSIZE = 16,        /* a packet above the broker's max_packet_size: the session is over */
    REGISTRY_BROKEN_PACKET = 17,   /* one that breaks MQTT's grammar: the session is over */
    REGISTRY_LOG_FULL = 18,        /* a batch or line beyond what a device may add to the logs in a day */
};
#define REGISTRY_REASON_LAST REGISTRY_LOG_FULL

/* "unknown certificate" …; static storage; "unknown reason" for a value outside the enum. */
const char *registry_reason_text(enum registry_reason reason);

/* Puts into ret_what what somebody named whom we do not trust (a topic, a filter, a client id): printable ASCII as it
 * is,
 * '"', '\' and all other bytes as \xNN, "..." behind it when it was cut. */
void registry_what(struct gw_view hostile, char ret_what[DEVICE_WHAT_MAX]);

struct registry_entry {
    struct gw_sha256 cert_sha256;
    struct gw_device_id id;
    struct gw_wall not_after;
    bool quarantined;
};

struct registry_record {
    bool online;
    struct gw_device_id id;
    struct gw_sha256 cert_sha256;
    char source[DEVICE_SOURCE_MAX]; /* address, terminated */
};

/* One message. Fields that its type does not have are zero. */
struct registry_message {
    enum registry_type type;
    uint64_t generation;
    uint64_t number;
    uint32_t request;
    uint32_t count;          /* of entries or records; SECURITY: how many times since the last report */
    struct gw_sha256 digest; /* BEGIN */
    struct gw_device_id id;  /* DEVICE, SECURITY (may be zeroed) */
    enum registry_reason reason;
    char source[DEVICE_SOURCE_MAX]; /* SECURITY */
    char what[DEVICE_WHAT_MAX];     /* SECURITY: what was tried last, see registry_what(); "" when it is not known */
    struct gw_view items;           /* ENTRIES, DEVICE: entries; PRESENCE: records; checked, as encoded */
};

/* Checks the whole message, items included. GW_INVALID for any other bytes, GW_TOO_BIG above a limit. On failure
 * *ret_message is untouched. `items` points into the bytes given. */
GW_MUST_CHECK enum gw_rc registry_parse(struct gw_view bytes, struct registry_message *ret_message);
/* Appends a message; `items` must be a run of `count` encoded items. The buffer's own failure is the only one. */
enum gw_rc registry_format(const struct registry_message *message, struct gw_buf *ret_bytes);

/* Walks items: GW_NOT_FOUND at the end, GW_INVALID for bytes that are none. */
GW_MUST_CHECK enum gw_rc registry_entry_next(struct gw_reader *items, struct registry_entry *ret_entry);
GW_MUST_CHECK enum gw_rc registry_record_next(struct gw_reader *items, struct registry_record *ret_record);
enum gw_rc registry_entry_add(struct gw_buf *items, const struct registry_entry *entry);
enum gw_rc registry_record_add(struct gw_buf *items, const struct registry_record *record);
