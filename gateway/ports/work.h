/*
 * work: what core hands to the worker threads because it takes long or reads hostile bytes. Each item comes back as a
 * message in the inbox, exactly once, also when it fails, but for what says otherwise. Implementation:
 * gateway/app/workers.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inbox.h"

enum work_kind {
    WORK_CSR = 1,  /* parse and check the CSR in blob → INBOX_CSR_CHECKED */
    WORK_ISSUE,    /* ask keyd for a device certificate → INBOX_ISSUED */
    WORK_SIGN,     /* have keyd sign the checkpoints in blob → back to the journal thread */
    WORK_PASSWORD, /* argon2id of the password in blob → INBOX_HASHED */
    WORK_CHECK,    /* hold the password in blob against password_hash; when it is right and a NUL and another one are
                    * behind it, argon2id of that → INBOX_CHECKED */
    WORK_KEY,      /* read the vendor key (PEM) in blob → INBOX_KEY_READ */
    WORK_ARTIFACT, /* open the blob named by sha256, `size` bytes, for the device that asked → to the adapter, or
                    * a refusal there */
};

/* In which queue a password waits: none can fill another, each has its turns, KNOWN the most (gateway/app/lanes.h). */
enum work_lane {
    WORK_LANE_STRANGER = 0,
    WORK_LANE_FAMILIAR, /* comes from where somebody has signed in */
    WORK_LANE_KNOWN,    /* a browser that signed in to this account before, or somebody who is let in already */
};
#define WORK_LANES 3

struct work {
    enum work_kind kind;
    struct asker asker;
    struct inbox_enrol enrol; /* CSR, ISSUE */
    bool renew;               /* CSR, ISSUE */
    struct device_spki spki;  /* ISSUE */
    struct gw_sha256 spki_sha256;
    struct gw_sha256 sha256;                    /* ARTIFACT */
    uint64_t size;                              /* ARTIFACT: bytes */
    struct inbox_artifact artifact;             /* ARTIFACT: what was asked for, and by whom */
    struct inbox_act act;                       /* PASSWORD, CHECK, KEY */
    enum work_lane lane;                        /* PASSWORD, CHECK */
    char lane_key[USER_NAME_MAX + 8];           /* whose it is: all with one key share a place */
    char password_hash[USER_PASSWORD_HASH_MAX]; /* CHECK */
    uint8_t *blob;                              /* owned */
    size_t blob_len;
};
