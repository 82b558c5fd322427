#include "agent_download.h"

#include <curl/curl.h>
#include <poll.h>
#include <string.h>

#include "agent_backoff.h"
#include "agent_part.h"
#include "gw_cleanup.h"

#define CONNECT_TIMEOUT_MS 10000L
#define STALL_S            60L
#define RETRY_FIRST_MS     (2 * GW_SECOND_MS)
#define RETRY_MAX_MS       (2 * GW_MINUTE_MS)
#define REFUSALS_MAX       3

#define HTTP_OK        200
#define HTTP_PARTIAL   206
#define HTTP_BAD_RANGE 416

enum phase { PHASE_CHECK = 1, PHASE_WAIT, PHASE_FETCH };

struct agent_download {
    struct agent_part file;
    char urls[AGENT_DOWNLOAD_URLS_MAX][AGENT_DOWNLOAD_URL_MAX];
    size_t url_count;
    char root_path[AGENT_DOWNLOAD_PATH_MAX], cert_path[AGENT_DOWNLOAD_PATH_MAX], key_path[AGENT_DOWNLOAD_PATH_MAX];

    enum phase phase;
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
    d->broken = agent_part_take(&d->file, gw_view_make(bytes, size * count), &d->err);
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
    SET(d, rc, CURLOPT_URL, d->urls[d->tries % d->url_count]);
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
    SET(d, rc, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)d->file.have);
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
        enum gw_rc rc = agent_part_empty(&d->file, err);
        return rc ? rc : gw_err_set(err, GW_AGAIN, "the gateway does not resume; from the first byte");
    }
    if (!code && (status == HTTP_OK || status == HTTP_PARTIAL) && d->file.have == d->file.want.size)
        return GW_OK;
    if (!code && status == 404 && ++d->refusals >= REFUSALS_MAX)
        return gw_err_set(err, GW_NOT_FOUND, "the gateway does not have this file for us (HTTP 404)");
    if (code)
        return gw_err_set(err, GW_AGAIN, "%s", d->reason[0] ? d->reason : curl_easy_strerror(code));
    return gw_err_set(err, GW_AGAIN, "the gateway answers HTTP %ld after %llu of %llu bytes", status,
                      (unsigned long long)d->file.have, (unsigned long long)d->file.want.size);
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
    (void)curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, &status);
    fetch_end(d);
    if (d->file.have > d->file.length)
        agent_backoff_reset(&d->backoff);
    agent_part_pause(&d->file);
    enum gw_rc rc = judge(d, code, status, err);
    return rc ? rc : agent_part_finish(&d->file, err);
}

/* ---- the steps ---- */

static enum gw_rc check_step(struct agent_download *d, struct gw_mono now, bool *ret_done, struct gw_err *err)
{
    bool all = false;
    enum gw_rc rc = agent_part_check(&d->file, &all, err);
    if (rc || !all)
        return rc;
    if (d->file.have == d->file.want.size && d->file.resumed) {
        rc = agent_part_finish(&d->file, err);
        *ret_done = !rc;
        if (rc != GW_AGAIN)
            return rc;
    }
    d->next_try = now;
    d->phase = PHASE_WAIT;
    return agent_part_room(&d->file, err);
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
    uint64_t size = d->file.want.size;
    return size ? (unsigned)(d->file.have / (size / 100 + 1)) : 0;
}

/* ---- begin and end ---- */

static bool copy(char *out, size_t size, const char *text)
{
    return snprintf(out, size, "%s", text) < (int)size;
}

static bool copy_request(struct agent_download *d, const struct agent_download_request *request)
{
    bool fits = request->url_count >= 1 && request->url_count <= AGENT_DOWNLOAD_URLS_MAX;
    d->url_count = request->url_count;
    for (size_t i = 0; fits && i < request->url_count; i++)
        fits = copy(d->urls[i], sizeof(d->urls[i]), request->urls[i]);
    return fits && copy(d->root_path, sizeof(d->root_path), request->root_path) &&
           copy(d->cert_path, sizeof(d->cert_path), request->cert_path) &&
           copy(d->key_path, sizeof(d->key_path), request->key_path);
}

enum gw_rc agent_download_start(const struct gw_fs *fs, const struct agent_download_request *request,
                                struct agent_download **ret_download, struct gw_err *err)
{
    struct agent_download *d = gw_xalloc(1, sizeof(*d));
    const struct agent_part_want want = {request->sha256, request->size, request->spare_bytes};
    d->file.fd = -1;
    d->phase = PHASE_CHECK;
    enum gw_rc rc = copy_request(d, request) ? GW_OK : gw_err_set(err, GW_INVALID, "a path or URL is too long");
    if (!rc)
        rc = agent_part_open(&d->file, fs, request->path, &want, err);
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
    agent_part_close(&d->file);
    free(d);
}
