/*
 * agent_download: one artifact from the gateway into a file, by libcurl's multi interface in the caller's poll loop.
 *
 *     checking ──► fetching ──► done
 *        ▲            │ cut off: waits, then goes on where it was
 *        └────────────┘
 *
 * HTTPS with the device's certificate, only the pinned root trusted, no proxy, no redirect. What an earlier try left
 * (also one that was killed) is hashed again, a slice per step, and only the rest is asked for (Range, RFC 9110 section
 * 14). The file is synced every few MiB, so that no single sync holds up the loop for long, and renamed to its final
 * name when length and SHA-256 are those of the manifest. A digest that differs after a resumed transfer is tried once
 * more from the first byte: a power cut may have harmed what was on the disk.
 */
#pragma once

#include "gw_err.h"
#include "gw_fs.h"
#include "gw_hash.h"
#include "gw_time.h"

#define AGENT_DOWNLOAD_FDS      4
#define AGENT_DOWNLOAD_URLS_MAX 5
#define AGENT_DOWNLOAD_URL_MAX  640
#define AGENT_DOWNLOAD_PATH_MAX 512

struct agent_download_request {
    const char *urls[AGENT_DOWNLOAD_URLS_MAX]; /* tried in turn */
    size_t url_count;
    const char *root_path, *cert_path, *key_path;
    const char *path; /* of the finished file; "<path>.part" while it grows */
    struct gw_sha256 sha256;
    uint64_t size;        /* bytes, exactly */
    uint64_t spare_bytes; /* that must stay free on the disk beside it */
};

enum agent_download_state {
    AGENT_DOWNLOAD_RUNS = 1, /* or waits for its next try */
    AGENT_DOWNLOAD_DONE,
    /* GW_NO_SPACE: the disk has no room. GW_CORRUPT: another digest or length. GW_NOT_FOUND: the gateway does not have
     * it for us, said more than once. GW_IO: the file cannot be written. */
    AGENT_DOWNLOAD_FAILED,
};

struct agent_download;

/* fs is borrowed, the request copied. */
GW_MUST_CHECK enum gw_rc agent_download_start(const struct gw_fs *fs, const struct agent_download_request *request,
                                              struct agent_download **ret_download, struct gw_err *err);
/* Ends the transfer and keeps what is there. Accepts NULL. */
void agent_download_free(struct agent_download *d);

struct agent_download_fd {
    int fd;
    short events;
};
/* For poll(2): fills up to AGENT_DOWNLOAD_FDS, returns how many. */
size_t agent_download_fds(const struct agent_download *d, struct agent_download_fd ret_fds[AGENT_DOWNLOAD_FDS]);
int64_t agent_download_wait_ms(const struct agent_download *d, struct gw_mono now); /* -1: no timer */
/* Tells which of them are ready; call before the step. */
void agent_download_ready(struct agent_download *d, int fd, short revents);
/* Call after every poll. err is filled when it has failed, and with the reason of the last interruption. */
enum agent_download_state agent_download_step(struct agent_download *d, struct gw_mono now, enum gw_rc *ret_rc,
                                              struct gw_err *err);
unsigned agent_download_pct(const struct agent_download *d);
