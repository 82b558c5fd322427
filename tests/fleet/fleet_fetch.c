#include "fleet_fetch.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "bulk_hash.h"
#include "gw_cleanup.h"

#define CONNECT_TIMEOUT_MS 10000L
#define STALL_S            60L
#define RETRY_FIRST_MS     500
#define RETRY_MAX_MS       10000
#define REFUSALS_MAX       3
#define EVENTS_MAX         64

#define HTTP_OK        200
#define HTTP_PARTIAL   206
#define HTTP_NOT_FOUND 404

struct fleet_fetch {
    struct fleet_fetches *all;
    struct fleet_fetch *next, *prev; /* of all's list */
    struct fleet_fetch_request request;
    char url[FLEET_FETCH_URL_MAX];
    const struct fleet_fetch_ops *ops;
    void *ctx;
    uint64_t want; /* bytes */
    uint64_t have;
    uint64_t before; /* what it had when the transfer began */
    struct gw_sha256_stream *hash;
    CURL *easy; /* NULL while it waits */
    bool overlong;
    unsigned refusals;
    struct agent_backoff backoff;
    int64_t again_at_ms;
    char reason[CURL_ERROR_SIZE];
};

struct fleet_fetches {
    CURLM *multi;
    int epoll_fd;
    bool has_timer;
    int64_t timer_at_ms;
    struct fleet_fetch *first;
    struct fleet_fetch_counts counts;
};

/* ---- sockets and timers of libcurl ------------------------------------------------------------------------------- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *of_socket)
{
    struct fleet_fetches *f = ctx;
    struct epoll_event event = {.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u),
                                .data.fd = fd};
    (void)easy;
    (void)of_socket;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(f->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    bool known = epoll_ctl(f->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0;
    return known || epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -1;
}

static int on_timer(CURLM *multi, long ms, void *ctx)
{
    struct fleet_fetches *f = ctx;
    (void)multi;
    f->has_timer = ms >= 0;
    f->timer_at_ms = gw_mono_now().ms + (ms > 0 ? ms : 0);
    return 0;
}

enum gw_rc fleet_fetches_new(struct fleet_fetches **ret_fetches, struct gw_err *err)
{
    struct fleet_fetches *f = gw_xalloc(1, sizeof(*f));
    f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    f->multi = curl_multi_init();
    if (f->epoll_fd < 0 || !f->multi || curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
        curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f) ||
        curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_timer) ||
        curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f) ||
        curl_multi_setopt(f->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)FLEET_FETCH_AT_ONCE)) {
        fleet_fetches_free(f);
        return gw_err_set(err, GW_NO_MEMORY, "libcurl does not start");
    }
    *ret_fetches = f;
    return GW_OK;
}

void fleet_fetches_free(struct fleet_fetches *f)
{
    if (!f)
        return;
    for (struct fleet_fetch *next, *d = f->first; d; d = next) {
        next = d->next;
        fleet_fetch_stop(d);
    }
    (void)curl_multi_cleanup(f->multi);
    gw_cleanup_fd(&f->epoll_fd);
    free(f);
}

int fleet_fetches_fd(const struct fleet_fetches *f)
{
    return f->epoll_fd;
}

const struct fleet_fetch_counts *fleet_fetches_counts(const struct fleet_fetches *f)
{
    return &f->counts;
}

/* ---- one transfer ------------------------------------------------------------------------------------------------ */

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct fleet_fetch *d = ctx;
    size_t len = size * count;
    long status = 0;
    (void)curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != HTTP_OK && status != HTTP_PARTIAL)
        return len;                        /* the text of an error */
    bool part = d->want < d->request.size; /* a server may send the rest, too: it is not taken */
    d->overlong = (len > d->want - d->have && !part) || (status == HTTP_OK && d->before > 0);
    if (d->overlong || d->have == d->want)
        return CURL_WRITEFUNC_ERROR;
    if (len > d->want - d->have)
        len = (size_t)(d->want - d->have);
    bulk_hash_ops()->stream_add(d->hash, gw_view_make(bytes, len));
    d->have += len;
    d->all->counts.bytes += len;
    d->ops->progress(d->ctx, (unsigned)(d->have / (d->want / 100 + 1)));
    return len; /* less than what came ends the transfer */
}

#define SET(d, rc, option, value)                                                                                      \
    do {                                                                                                               \
        if (!(rc))                                                                                                     \
            (rc) = curl_easy_setopt((d)->easy, option, value);                                                         \
    } while (0)

static CURLcode set_request(struct fleet_fetch *d)
{
    char range[48];
    CURLcode rc = CURLE_OK;
    (void)snprintf(range, sizeof(range), "%llu-%llu", (unsigned long long)d->have, (unsigned long long)d->want - 1);
    SET(d, rc, CURLOPT_URL, d->url);
    if (d->have > 0 || d->want < d->request.size)
        SET(d, rc, CURLOPT_RANGE, range);
    if (d->request.bytes_per_s)
        SET(d, rc, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)d->request.bytes_per_s);
    SET(d, rc, CURLOPT_PRIVATE, d);
    SET(d, rc, CURLOPT_WRITEFUNCTION, on_body);
    SET(d, rc, CURLOPT_WRITEDATA, d);
    SET(d, rc, CURLOPT_ERRORBUFFER, d->reason);
    return rc;
}

static CURLcode set_manners(struct fleet_fetch *d)
{
    CURLcode rc = CURLE_OK;
    SET(d, rc, CURLOPT_NOSIGNAL, 1L);
    SET(d, rc, CURLOPT_PROTOCOLS_STR, "https");
    SET(d, rc, CURLOPT_FOLLOWLOCATION, 0L);
    SET(d, rc, CURLOPT_PROXY, "");
    SET(d, rc, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(d, rc, CURLOPT_FORBID_REUSE, 1L); /* the next one is another device's */
    SET(d, rc, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    SET(d, rc, CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(d, rc, CURLOPT_LOW_SPEED_TIME, STALL_S);
    SET(d, rc, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(d, rc, CURLOPT_CAPATH, NULL);
    SET(d, rc, CURLOPT_CAINFO, d->request.root_path);
    SET(d, rc, CURLOPT_SSLCERT, d->request.cert_path);
    SET(d, rc, CURLOPT_SSLKEY, d->request.key_path);
    SET(d, rc, CURLOPT_USERAGENT, "gatehouse-fleet/" GATEHOUSE_VERSION);
    return rc;
}

static void end_transfer(struct fleet_fetch *d)
{
    if (!d->easy)
        return;
    (void)curl_multi_remove_handle(d->all->multi, d->easy);
    curl_easy_cleanup(d->easy);
    d->easy = NULL;
}

static void wait_more(struct fleet_fetch *d, struct gw_mono now)
{
    end_transfer(d);
    d->again_at_ms = now.ms + agent_backoff_next_ms(&d->backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
}

static void begin_transfer(struct fleet_fetch *d, struct gw_mono now)
{
    d->reason[0] = '\0';
    d->before = d->have;
    d->easy = curl_easy_init();
    if (!d->easy || set_request(d) || set_manners(d) || curl_multi_add_handle(d->all->multi, d->easy))
        wait_more(d, now);
}

static void from_the_first_byte(struct fleet_fetch *d)
{
    bulk_hash_ops()->stream_free(d->hash);
    d->hash = bulk_hash_ops()->stream_new();
    d->have = 0;
}

static void finish(struct fleet_fetch *d, enum gw_rc rc, const struct gw_err *err)
{
    d->all->counts.done += rc == GW_OK;
    d->ops->done(d->ctx, rc, err);
    fleet_fetch_stop(d);
}

static void complete(struct fleet_fetch *d)
{
    struct gw_err err = {0};
    struct gw_sha256 hash;
    bulk_hash_ops()->stream_end(GW_TAKE(d->hash), &hash);
    bool whole = d->want == d->request.size;
    enum gw_rc rc = whole && !gw_sha256_eq(&hash, &d->request.sha256)
                        ? gw_err_set(&err, GW_CORRUPT, "the SHA-256 is not that of the manifest")
                        : GW_OK;
    finish(d, rc, &err);
}

static void judge(struct fleet_fetch *d, CURLcode code, long status, struct gw_mono now)
{
    struct gw_err err = {0};
    bool overlong = d->overlong;
    d->overlong = false;
    if (overlong && d->before == 0) {
        finish(d, gw_err_set(&err, GW_CORRUPT, "longer than the manifest says"), &err);
    } else if ((!code || d->want < d->request.size) && (status == HTTP_OK || status == HTTP_PARTIAL) &&
               d->have == d->want) {
        complete(d);
    } else if (!code && status == HTTP_NOT_FOUND && ++d->refusals >= REFUSALS_MAX) {
        finish(d, gw_err_set(&err, GW_NOT_FOUND, "the gateway does not have this file for us (HTTP 404)"), &err);
    } else {
        if (overlong) /* the gateway does not resume */
            from_the_first_byte(d);
        if (d->have > d->before) {
            d->all->counts.cut++;
            agent_backoff_reset(&d->backoff);
        }
        wait_more(d, now);
    }
}

static void take_ended(struct fleet_fetches *f, struct gw_mono now)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(f->multi, &left));) {
        struct fleet_fetch *d = NULL;
        long status = 0;
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode code = m->data.result;
        (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &d);
        (void)curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        end_transfer(d);
        judge(d, code, status, now);
    }
}

void fleet_fetches_step(struct fleet_fetches *f, struct gw_mono now)
{
    struct epoll_event events[EVENTS_MAX];
    int running;
    int n = epoll_wait(f->epoll_fd, events, EVENTS_MAX, 0);
    for (int i = 0; i < n; i++) {
        int mask = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        (void)curl_multi_socket_action(f->multi, events[i].data.fd, mask, &running);
    }
    if (f->has_timer && now.ms >= f->timer_at_ms) {
        f->has_timer = false;
        (void)curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    take_ended(f, now);
    for (struct fleet_fetch *d = f->first; d; d = d->next)
        if (!d->easy && now.ms >= d->again_at_ms)
            begin_transfer(d, now);
}

/* ---- begin and end ----------------------------------------------------------------------------------------------- */

enum gw_rc fleet_fetch_start(struct fleet_fetches *f, const struct fleet_fetch_request *request,
                             const struct fleet_fetch_ops *ops, void *ctx, struct fleet_fetch **ret_fetch,
                             struct gw_err *err)
{
    struct fleet_fetch *d = gw_xalloc(1, sizeof(*d));
    *d = (struct fleet_fetch){.all = f, .request = *request, .ops = ops, .ctx = ctx, .want = request->size};
    if (request->first_bytes && request->first_bytes < d->want)
        d->want = request->first_bytes;
    if (snprintf(d->url, sizeof(d->url), "%s", request->url) >= (int)sizeof(d->url)) {
        free(d);
        return gw_err_set(err, GW_TOO_BIG, "the address is too long");
    }
    d->request.url = d->url;
    from_the_first_byte(d);
    d->next = f->first;
    if (d->next)
        d->next->prev = d;
    f->first = d;
    f->counts.begun++;
    *ret_fetch = d;
    return GW_OK;
}

void fleet_fetch_stop(struct fleet_fetch *d)
{
    if (!d)
        return;
    end_transfer(d);
    bulk_hash_ops()->stream_free(d->hash);
    if (d->next)
        d->next->prev = d->prev;
    if (d->prev)
        d->prev->next = d->next;
    else
        d->all->first = d->next;
    free(d);
}
