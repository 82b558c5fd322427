/*
 * job: the JSON of `dn/job`, what the gateway wants a device to do next.
 *
 *     {"n":N,"job":{"job","rev","kind","attempt","envelope":<DSSE>,"artifact":{"name","sha256","size","format"},
 *      "paths":[…],"not_before","deadline","postpone_until_max","advisory"}}        or        {"n":N,"job":null}
 *
 * n rises with every change; null withdraws. job and attempt are [A-Za-z0-9_-]{1,64}, rev an integer from 1, times RFC
 * 3339. Kinds update and rollback need an envelope; may be missing or null: artifact, paths, times, advisory, and the
 * envelope of other kinds. Unknown members are ignored, so that later gateways may say more; everything that a device
 * acts upon stands in the signed envelope. artifact and paths are hints: a path has no scheme, host or query, begins
 * with JOB_PATH_PREFIX and has no "..", "//" or "%" in it, so that it can lead nowhere but to the device's own gateway.
 */
#pragma once

#include "dsse.h"
#include "gw_hash.h"
#include "gw_time.h"
#include "release.h"

#define JOB_PAYLOAD_MAX  (60 * 1024) /* a packet of the broker has at most 72 KiB */
#define JOB_ID_MAX       64
#define JOB_PATHS_MAX    4
#define JOB_PATH_MAX     255
#define JOB_PATH_PREFIX  "/artifacts/"
#define JOB_ADVISORY_MAX 255
#define JOB_NUMBER_MAX   ((INT64_C(1) << 53) - 1) /* of n and rev */

enum job_kind {
    JOB_UPDATE = 1,
    JOB_ROLLBACK,
    JOB_FACTORY_RESET,
    JOB_COLLECT,
    JOB_RENEW_CERT,
};
const char *job_kind_text(enum job_kind kind);
GW_MUST_CHECK enum gw_rc job_kind_parse(struct gw_view text, enum job_kind *ret_kind);
/* Whether it brings a signed release: update and rollback. */
bool job_kind_has_release(enum job_kind kind);

struct job_artifact {
    char name[RELEASE_FILE_NAME_MAX + 1]; /* "": no hint */
    char format[RELEASE_FORMAT_MAX + 1];
    struct gw_sha256 sha256;
    uint64_t size; /* bytes */
};

struct job {
    char job[JOB_ID_MAX + 1];
    char attempt[JOB_ID_MAX + 1];
    int64_t rev;
    enum job_kind kind;
    struct dsse_envelope envelope; /* owned; empty type when there is none */
    struct job_artifact artifact;
    size_t path_count;
    char paths[JOB_PATHS_MAX][JOB_PATH_MAX + 1];
    struct gw_wall not_before;           /* 0: at once */
    struct gw_wall deadline;             /* 0: none; nothing is begun after it */
    struct gw_wall postpone_until_max;   /* 0: the device may not postpone it */
    char advisory[JOB_ADVISORY_MAX + 1]; /* for people, UTF-8 */
};

struct job_message {
    int64_t n;
    bool has_job; /* false: null */
    struct job job;
};

/* 1 to JOB_ID_MAX of A-Z, a-z, 0-9, '-' and '_': of jobs and attempts. */
bool job_id_valid(struct gw_view id);
/* A plain path below JOB_PATH_PREFIX: those characters, single dots and slashes, so that it leads nowhere else. */
bool job_path_valid(struct gw_view path);

/* GW_TOO_BIG above JOB_PAYLOAD_MAX, GW_INVALID naming the member otherwise; *ret_message is filled on success alone
 * and then owned (job_message_done()). */
GW_MUST_CHECK enum gw_rc job_message_parse(struct gw_view payload, struct job_message *ret_message, struct gw_err *err);
void job_message_done(struct job_message *message); /* a zeroed one is fine */
/* Appends the payload; members at 0 or "" are left out. GW_INVALID when parsing would refuse it. */
GW_MUST_CHECK enum gw_rc job_message_format(const struct job_message *message, struct gw_buf *ret_payload,
                                            struct gw_err *err);
