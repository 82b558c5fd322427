/*
 * fleet_fetch: the artifacts that simulated devices download, all by one multi handle of libcurl in the fleet's loop.
 *
 * Each by HTTPS with the device's certificate and only the pinned root trusted; no proxy, no redirect. Bytes are hashed
 * and forgotten. A transfer that was cut goes on where it was (Range, RFC 9110 section 14), with longer and longer
 * waits; at most FLEET_FETCH_AT_ONCE run, the others wait for their turn. Main thread only.
 */
#pragma once

#include "agent_backoff.h"
#include "gw_err.h"
#include "gw_hash.h"
#include "gw_time.h"

#define FLEET_FETCH_AT_ONCE 256
#define FLEET_FETCH_URL_MAX 640

struct fleet_fetches; /* all of them */
struct fleet_fetch;   /* one */

struct fleet_fetch_request {
    const char *url; /* copied, the paths are borrowed */
    const char *root_path, *cert_path, *key_path;
    struct gw_sha256 sha256;
    uint64_t size;        /* bytes, exactly */
    uint64_t first_bytes; /* only so many, and the digest is not looked at; 0: all */
    uint64_t bytes_per_s; /* at most; 0: as they come */
};

struct fleet_fetch_ops {
    void (*progress)(void *ctx, unsigned pct);
    /* Once, at the end, from within fleet_fetches_step(); the fetch is freed behind it. GW_CORRUPT: another digest or
     * length. GW_NOT_FOUND: the gateway does not have it for us, said more than once. */
    void (*done)(void *ctx, enum gw_rc rc, const struct gw_err *err);
};

struct fleet_fetch_counts {
    uint64_t begun, done, cut, bytes; /* cut: transfers that ended before they were whole, and went on */
};

GW_MUST_CHECK enum gw_rc fleet_fetches_new(struct fleet_fetches **ret_fetches, struct gw_err *err);
void fleet_fetches_free(struct fleet_fetches *f); /* ends those that run, without a word; accepts NULL */
/* For epoll_wait(2): readable when fleet_fetches_step() has something to do; timers are looked at by calling it often.
 */
int fleet_fetches_fd(const struct fleet_fetches *f);
void fleet_fetches_step(struct fleet_fetches *f, struct gw_mono now);
const struct fleet_fetch_counts *fleet_fetches_counts(const struct fleet_fetches *f);

GW_MUST_CHECK enum gw_rc fleet_fetch_start(struct fleet_fetches *f, const struct fleet_fetch_request *request,
                                           const struct fleet_fetch_ops *ops, void *ctx, struct fleet_fetch **ret_fetch,
                                           struct gw_err *err);
void fleet_fetch_stop(struct fleet_fetch *fetch); /* done is not called; accepts NULL; not from within a callback */
