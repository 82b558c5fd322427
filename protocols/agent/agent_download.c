#include "agent_download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent_backoff.h"
#include "bulk_hash.h"
#include "gw_cleanup.h"

#define CONNECT_TIMEOUT_MS 10000L
#define STALL_S            60L
#define CHECK_SLICE        (1024 * 1024) /* bytes hashed again in one step */
#define SYNC_BYTES         (4 * 1024 * 1024)
#define RETRY_FIRST_MS     (2 * GW_SECOND_MS)
#define RETRY_MAX_MS       (2 * GW_MINUTE_MS)
#define REFUSALS_MAX       3

#define HTTP_OK        200
#define HTTP_PARTIAL   206
#define HTTP_BAD_RANGE 416

enum phase { PHASE_CHECK = 1, PHASE_WAIT, PHASE_FETCH };

struct agent_download {
    const struct gw_fs *fs;
    struct agent_download_request request; /* its texts point into the copies below */
    char urls[AGENT_DOWNLOAD_URLS_MAX][AGENT_DOWNLOAD_URL_MAX];
    char root_path[AGENT_DOWNLOAD_PATH_MAX], cert_path[AGENT_DOWNLOAD_PATH_MAX], key_path[AGENT_DOWNLOAD_PATH_MAX];
    char path[AGENT_DOWNLOAD_PATH_MAX], part[AGENT_DOWNLOAD_PATH_MAX + 8];

    enum phase phase;
    int fd;
    uint64_t length; /* of the part on the disk when it was opened */
    uint64_t have;   /* bytes that are hashed */
    uint64_t synced;
    struct gw_sha256_stream *hash;
    bool resumed;
    unsigned refusals, tries;
    struct agent_backoff backoff;
    struct gw_mono next_try;

    CURLM *multi;
    CURL *easy; /* NULL while nothing is asked for */
    struct agent_download_fd fds[AGENT_DOWNLOAD_FDS];
    size_t fd_count;
    struct gw_mono timer; /* of curl; meaningful with has_timer */
    bool has_timer;
    char reason[CURL_ERROR_SIZE];
    enum gw_rc broken; /* a callback met something that ends the download */
    struct gw_err err;
};

/* ---- the file ---- */

static enum gw_rc hash_restart(struct agent_download *d)
{
    bulk_hash_ops()->stream_free(d->hash);
    d->hash = bulk_hash_ops()->stream_new();
    d->have = 0;
    return GW_OK;
}

/* From the first byte. */
static enum gw_rc file_empty(struct agent_download *d, struct gw_err *err)
{
    if (d->fs->truncate(d->fs->ctx, d->fd, 0))
        return gw_err_sys(err, "%s", d->part);
    d->length = d->synced = 0;
    d->resumed = false;
    return hash_restart(d);
}

/* Takes up what an earlier try left: the finished file counts as its part. */
static enum gw_rc file_open(struct agent_download *d, struct gw_err *err)
{
    struct stat st;
    if (access(d->path, F_OK) == 0 && d->fs->rename(d->fs->ctx, d->path, d->part))
        return gw_err_sys(err, "%s", d->path);
    d->fd = d->fs->open(d->fs->ctx, d->part, O_RDWR | O_CREAT, 0600);
    if (d->fd < 0 || fstat(d->fd, &st))
        return gw_err_sys(err, "%s", d->part);
    d->length = d->synced = (uint64_t)st.st_size;
    (void)hash_restart(d);
    d->resumed = d->length > 0;
    return d->length > d->request.size ? file_empty(d, err) : GW_OK;
}

static enum gw_rc room_check(const struct agent_download *d, struct gw_err *err)
{
    struct statvfs st;
    if (fstatvfs(d->fd, &st))
        return gw_err_sys(err, "%s", d->part);
    uint64_t free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
    uint64_t wanted = d->request.size - d->length;
    if (free_bytes < wanted || free_bytes - wanted < d->request.spare_bytes)
        return gw_err_set(err, GW_NO_SPACE, "the disk is full: %llu bytes to come and %llu to spare, %llu free",
                          (unsigned long long)wanted, (unsigned long long)d->request.spare_bytes,
                          (unsigned long long)free_bytes);
    return GW_OK;
}

static enum gw_rc file_sync(struct agent_download *d, struct gw_err *err)
{
    if (d->fs->sync(d->fs->ctx, d->fd))
        return gw_err_sys(err, "sync of %s", d->part);
    d->synced = d->have;
    return GW_OK;
}

static enum gw_rc file_take(struct agent_download *d, struct gw_view bytes, struct gw_err *err)
{
    if (bytes.len > d->request.size - d->have)
        return gw_err_set(err, GW_CORRUPT, "longer than the %llu bytes of the manifest",
                          (unsigned long long)d->request.size);
    enum gw_rc rc = gw_fs_write_all(d->fs, d->fd, bytes, (int64_t)d->have, err);
    if (rc)
        return gw_err_wrap(err, rc, "%s", rc == GW_NO_SPACE ? "the disk is full" : d->part);
    bulk_hash_ops()->stream_add(d->hash, bytes);
    d->have += bytes.len;
    return d->have - d->synced >= SYNC_BYTES ? file_sync(d, err) : GW_OK;
}

/* Hashes a slice of what was there; true when all of it is done. */
static enum gw_rc file_check(struct agent_download *d, bool *ret_all, struct gw_err *err)
{
    static uint8_t slice[CHECK_SLICE];
    uint64_t left = d->length - d->have;
    size_t want = left < sizeof(slice) ? (size_t)left : sizeof(slice);
    ssize_t n = want ? pread(d->fd, slice, want, (off_t)d->have) : 0;
    if (n < 0)
        return gw_err_sys(err, "read of %s", d->part);
    bulk_hash_ops()->stream_add(d->hash, gw_view_make(slice, (size_t)n));
    d->have += (uint64_t)n;
    *ret_all = n == 0 || d->have == d->length;
    return GW_OK;
}

static enum gw_rc file_finish(struct agent_download *d, struct gw_err *err)
{
    char dir[AGENT_DOWNLOAD_PATH_MAX];
    enum gw_rc rc = file_sync(d, err);
    if (rc)
        return rc;
    if (d->fs->rename(d->fs->ctx, d->part, d->path))
        return gw_err_sys(err, "rename to %s", d->path);
    (void)snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(d->path, '/') - d->path), d->path);
    return d->fs->sync_dir(d->fs->ctx, dir) ? gw_err_sys(err, "sync of directory %s", dir) : GW_OK;
}

/* ---- the transfer ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *of_socket)
{
    struct agent_download *d = ctx;
    size_t i = 0;
    (void)easy;
    (void)of_socket;
    while (i < d->fd_count && d->fds[i].fd != fd)
        i++;
    if (what == CURL_POLL_REMOVE) {
        if (i < d->fd_count)
            d->fds[i] = d->fds[--d->fd_count];
        return 0;
    }
    if (i == AGENT_DOWNLOAD_FDS)
        return -1;
    d->fds[i].fd = fd;
    d->fds[i].events = (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
    d->fd_count += i == d->fd_count;
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *ctx)
{
    struct agent_download *d = ctx;
    (void)multi;
    d->has_timer = ms >= 0;
    d->timer.ms = gw_mono_now().ms + (ms > 0 ? ms : 0);
    return 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct agent_download *d = ctx;
    long status = 0;
    (void)curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != HTTP_OK && status != HTTP_PARTIAL)
        return size * count; /* the text of an error */
    d->broken = file_take(d, gw_view_make(bytes, size * count), &d->err);
    return d->broken ? CURL_WRITEFUNC_ERROR : size * count;
}

#define SET(d, rc, option, value)                                                                                      \
    do {                                                                                                               \
        if (!(rc))                                                                                                     \
            (rc) = curl_easy_setopt((d)->easy, option, value);                                                         \
    } while (0)

static CURLcode set_options(struct agent_download *d)
{
    CURLcode rc = CURLE_OK;
    SET(d, rc, CURLOPT_URL, d->urls[d->tries % d->request.url_count]);
    SET(d, rc, CURLOPT_NOSIGNAL, 1L);
    SET(d, rc, CURLOPT_PROTOCOLS_STR, "https");
    SET(d, rc, CURLOPT_FOLLOWLOCATION, 0L);
    SET(d, rc, CURLOPT_PROXY, "");
    SET(d, rc, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(d, rc, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    SET(d, rc, CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(d, rc, CURLOPT_LOW_SPEED_TIME, STALL_S);
    SET(d, rc, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(d, rc, CURLOPT_CAPATH, NULL);
    SET(d, rc, CURLOPT_CAINFO, d->root_path);
    SET(d, rc, CURLOPT_SSLCERT, d->cert_path);
    SET(d, rc, CURLOPT_SSLKEY, d->key_path);
    SET(d, rc, CURLOPT_WRITEFUNCTION, on_body);
    SET(d, rc, CURLOPT_WRITEDATA, d);
    SET(d, rc, CURLOPT_ERRORBUFFER, d->reason);
    SET(d, rc, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)d->have);
    SET(d, rc, CURLOPT_USERAGENT, "gatehouse-agent/" GATEHOUSE_VERSION);
    return rc;
}

static void fetch_end(struct agent_download *d)
{
    if (!d->easy)
        return;
    (void)curl_multi_remove_handle(d->multi, d->easy);
    curl_easy_cleanup(d->easy);
    d->easy = NULL;
}

static enum gw_rc fetch_begin(struct agent_download *d, struct gw_err *err)
{
    d->reason[0] = '\0';
    d->easy = curl_easy_init();
    if (!d->easy || set_options(d) || curl_multi_add_handle(d->multi, d->easy))
        return gw_err_set(err, GW_NO_MEMORY, "libcurl does not start");
    d->phase = PHASE_FETCH;
    d->tries++;
    return GW_OK;
}

/* The next try, later. */
static void wait_more(struct agent_download *d, struct gw_mono now)
{
    d->next_try.ms = now.ms + agent_backoff_next_ms(&d->backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
    d->phase = PHASE_WAIT;
}

/* The server knows nothing of ranges, or not of this one: what we have is of no use to it. */
static bool range_refused(CURLcode code, long status)
{
    return code == CURLE_RANGE_ERROR || status == HTTP_BAD_RANGE;
}

/* What the end of a transfer means. GW_AGAIN: another try. */
static enum gw_rc judge(struct agent_download *d, CURLcode code, long status, struct gw_err *err)
{
    if (d->broken)
        return gw_err_set(err, d->broken, "%s", d->err.text);
    if (range_refused(code, status)) {
        enum gw_rc rc = file_empty(d, err);
        return rc ? rc : gw_err_set(err, GW_AGAIN, "the gateway does not resume; from the first byte");
    }
    if (!code && (status == HTTP_OK || status == HTTP_PARTIAL) && d->have == d->request.size)
        return GW_OK;
    if (!code && status == 404 && ++d->refusals >= REFUSALS_MAX)
        return gw_err_set(err, GW_NOT_FOUND, "the gateway does not have this file for us (HTTP 404)");
    if (code)
        return gw_err_set(err, GW_AGAIN, "%s", d->reason[0] ? d->reason : curl_easy_strerror(code));
    return gw_err_set(err, GW_AGAIN, "the gateway answers HTTP %ld after %llu of %llu bytes", status,
                      (unsigned long long)d->have, (unsigned long long)d->request.size);
}

/* All bytes are there. GW_AGAIN: they are wrong, but may be right after a transfer in one piece. */
static enum gw_rc complete(struct agent_download *d, struct gw_err *err)
{
    struct gw_sha256 hash;
    bulk_hash_ops()->stream_end(d->hash, &hash);
    d->hash = NULL;
    if (gw_sha256_eq(&hash, &d->request.sha256))
        return file_finish(d, err);
    bool again = d->resumed;
    enum gw_rc rc = file_empty(d, err);
    if (rc)
        return rc;
    return gw_err_set(err, again ? GW_AGAIN : GW_CORRUPT, "the SHA-256 is not that of the manifest");
}

static enum gw_rc fetch_look(struct agent_download *d, struct gw_err *err, bool *ret_ended)
{
    int left;
    CURLMsg *message = curl_multi_info_read(d->multi, &left);
    *ret_ended = message && message->msg == CURLMSG_DONE;
    if (!*ret_ended)
        return GW_OK;
    long status = 0;
    CURLcode code = message->data.result;
    uint64_t before = d->length;
    (void)curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, &status);
    fetch_end(d);
    if (d->have > before)
        agent_backoff_reset(&d->backoff);
    d->length = d->have;
    d->resumed = d->resumed || before > 0;
    enum gw_rc rc = judge(d, code, status, err);
    return rc ? rc : complete(d, err);
}

/* ---- the steps ---- */

static enum gw_rc check_step(struct agent_download *d, struct gw_mono now, bool *ret_done, struct gw_err *err)
{
    bool all = false;
    enum gw_rc rc = file_check(d, &all, err);
    if (rc || !all)
        return rc;
    d->length = d->have;
    if (d->have == d->request.size && d->resumed) {
        rc = complete(d, err);
        *ret_done = !rc;
        if (rc != GW_AGAIN)
            return rc;
    }
    d->next_try = now;
    d->phase = PHASE_WAIT;
    return room_check(d, err);
}

static enum gw_rc step(struct agent_download *d, struct gw_mono now, bool *ret_done, struct gw_err *err)
{
    bool ended = false;
    int running;
    switch (d->phase) {
    case PHASE_CHECK:
        return check_step(d, now, ret_done, err);
    case PHASE_WAIT:
        return now.ms < d->next_try.ms ? GW_OK : fetch_begin(d, err);
    case PHASE_FETCH:
        break;
    }
    if (d->has_timer && now.ms >= d->timer.ms) {
        d->has_timer = false;
        (void)curl_multi_socket_action(d->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    enum gw_rc rc = fetch_look(d, err, &ended);
    *ret_done = ended && !rc;
    if (rc != GW_AGAIN)
        return rc;
    wait_more(d, now);
    return GW_AGAIN;
}

enum agent_download_state agent_download_step(struct agent_download *d, struct gw_mono now, enum gw_rc *ret_rc,
                                              struct gw_err *err)
{
    bool done = false;
    enum gw_rc rc = step(d, now, &done, err);
    *ret_rc = rc;
    if (done)
        return AGENT_DOWNLOAD_DONE;
    return rc && rc != GW_AGAIN ? AGENT_DOWNLOAD_FAILED : AGENT_DOWNLOAD_RUNS;
}

size_t agent_download_fds(const struct agent_download *d, struct agent_download_fd ret_fds[AGENT_DOWNLOAD_FDS])
{
    memcpy(ret_fds, d->fds, sizeof(d->fds));
    return d->fd_count;
}

int64_t agent_download_wait_ms(const struct agent_download *d, struct gw_mono now)
{
    int64_t at = d->phase == PHASE_CHECK  ? now.ms
                 : d->phase == PHASE_WAIT ? d->next_try.ms
                 : d->has_timer           ? d->timer.ms
                                          : INT64_MAX;
    return at == INT64_MAX ? -1 : at > now.ms ? at - now.ms : 0;
}

void agent_download_ready(struct agent_download *d, int fd, short revents)
{
    int running;
    int mask = (revents & POLLIN ? CURL_CSELECT_IN : 0) | (revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
               (revents & (POLLERR | POLLHUP) ? CURL_CSELECT_ERR : 0);
    if (d->easy && mask)
        (void)curl_multi_socket_action(d->multi, fd, mask, &running);
}

unsigned agent_download_pct(const struct agent_download *d)
{
    return d->request.size ? (unsigned)(d->have / (d->request.size / 100 + 1)) : 0;
}

/* ---- begin and end ---- */

static bool copy(char *out, size_t size, const char *text)
{
    return snprintf(out, size, "%s", text) < (int)size;
}

static bool copy_request(struct agent_download *d, const struct agent_download_request *request)
{
    bool fits = request->url_count >= 1 && request->url_count <= AGENT_DOWNLOAD_URLS_MAX;
    d->request = *request;
    for (size_t i = 0; fits && i < request->url_count; i++)
        fits = copy(d->urls[i], sizeof(d->urls[i]), request->urls[i]);
    (void)snprintf(d->part, sizeof(d->part), "%s.part", request->path);
    return fits && copy(d->root_path, sizeof(d->root_path), request->root_path) &&
           copy(d->cert_path, sizeof(d->cert_path), request->cert_path) &&
           copy(d->key_path, sizeof(d->key_path), request->key_path) && copy(d->path, sizeof(d->path), request->path) &&
           strchr(d->path, '/');
}

enum gw_rc agent_download_start(const struct gw_fs *fs, const struct agent_download_request *request,
                                struct agent_download **ret_download, struct gw_err *err)
{
    struct agent_download *d = gw_xalloc(1, sizeof(*d));
    d->fs = fs;
    d->fd = -1;
    d->phase = PHASE_CHECK;
    enum gw_rc rc = copy_request(d, request) ? GW_OK : gw_err_set(err, GW_INVALID, "a path or URL is too long");
    if (!rc)
        rc = file_open(d, err);
    if (!rc)
        d->multi = curl_multi_init();
    if (!rc && (!d->multi || curl_multi_setopt(d->multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
                curl_multi_setopt(d->multi, CURLMOPT_SOCKETDATA, d) ||
                curl_multi_setopt(d->multi, CURLMOPT_TIMERFUNCTION, on_timer) ||
                curl_multi_setopt(d->multi, CURLMOPT_TIMERDATA, d)))
        rc = gw_err_set(err, GW_NO_MEMORY, "libcurl does not start");
    if (rc) {
        agent_download_free(d);
        return rc;
    }
    *ret_download = d;
    return GW_OK;
}

void agent_download_free(struct agent_download *d)
{
    if (!d)
        return;
    fetch_end(d);
    if (d->multi)
        (void)curl_multi_cleanup(d->multi);
    if (d->fd >= 0)
        (void)d->fs->close(d->fs->ctx, d->fd);
    bulk_hash_ops()->stream_free(d->hash);
    free(d);
}
