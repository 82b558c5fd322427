/*
 * artifact: GET and HEAD /artifacts/<attempt>/<name> at the devices' door (docs/rollouts.md, "Artifacts"), as an
 * adapter: the question goes to core (INBOX_ARTIFACT), which knows whose attempt that is; a worker opens the file; the
 * answer is that file, of which web sends what was asked for (Range, If-Range: RFC 9110 sections 13.1.5 and 14).
 *
 * The ETag is the quoted SHA-256: one name of one attempt is one content for ever. It opens nothing: the only way in is
 * the certificate of the device whose attempt it is.
 */
#pragma once

#include "answer.h"
#include "gw_hash.h"
#include "inbox.h"

struct artifact_config {
    struct inbox inbox;
    struct http_responder responder;
};

struct artifact;

struct artifact *artifact_new(const struct artifact_config *config);
void artifact_free(struct artifact *artifact); /* accepts NULL */
/* Borrowed; valid until artifact_free(). */
const struct http_route *artifact_routes(const struct artifact *artifact, size_t *ret_count);

/* An open file for whoever asked. */
struct artifact_file {
    int fd;        /* taken over */
    uint64_t size; /* bytes */
    struct gw_sha256 sha256;
};
/* Any thread. */
void artifact_send(const struct artifact *artifact, struct http_ticket ticket, const struct artifact_file *file);
/* ANSWER_DONE: why there is none. Any thread. */
void artifact_answer(const struct artifact *artifact, const struct answer *answer);
