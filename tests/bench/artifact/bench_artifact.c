/*
 * bench_artifact: an artifact over HTTPS, from the gateway's web server and adapter, and the same file from nginx
 * (nginx.conf beside this) in the same minute: TLS 1.3, TLS_AES_128_GCM_SHA256, client certificates, libcurl as the
 * client. Core is played by a function that opens the file. Medians of ROUNDS rounds, in which the two take turns.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "../../integration/web/web_pki.h"
#include "artifact.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "web.h"

#define FILE_BYTES (INT64_C(1) << 30)
#define ROUNDS     3
#define MANY       8
#define LIMIT_MS   20000

static struct web *web; /* the child's */
static struct artifact *artifact;
static char dir[256]; /* of the certificates: the prefix of nginx */

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- the gateway's half ------------------------------------------------------------------------------------------ */

static void respond(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    (void)self;
    struct http_responder real = web_responder(web);
    real.respond(real.self, ticket, reply);
}

static enum gw_rc post(void *self, const struct inbox_msg *msg)
{
    char path[300];
    (void)self;
    (void)snprintf(path, sizeof(path), "%s/files/artifact", dir);
    struct artifact_file file = {.fd = open(path, O_RDONLY | O_CLOEXEC), .size = (uint64_t)FILE_BYTES};
    artifact_send(artifact, msg->asker.ticket, &file);
    return GW_OK;
}

static _Noreturn void serve(uint16_t port, int ready_fd)
{
    static const char *const hosts[] = {"localhost"};
    struct gw_err err = {0};
    size_t count;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    artifact = artifact_new(&(struct artifact_config){.inbox = {.post = post}, .responder = {.respond = respond}});
    struct web_config config = {.client_ca_path = web_pki()->ca, .doors_open = HTTP_DOOR_DEVICES};
    config.routes = artifact_routes(artifact, &count);
    config.route_count = count;
    config.devices = (struct web_door){.address = "127.0.0.1",
                                       .port = port,
                                       .cert_path = web_pki()->server_cert,
                                       .key_path = web_pki()->server_key,
                                       .hosts = hosts,
                                       .host_count = 1};
    if (web_new(&config, &web, &err) || web_start(web, &err) || write(ready_fd, "r", 1) != 1) {
        (void)fprintf(stderr, "%s\n", gw_err_text(&err));
        exit(1);
    }
    for (;;)
        (void)pause();
}

static pid_t start_gateway(uint16_t port)
{
    int ready[2];
    char byte;
    if (pipe2(ready, O_CLOEXEC))
        die("pipe");
    pid_t pid = fork();
    if (pid == 0)
        serve(port, ready[1]);
    (void)close(ready[1]);
    if (pid < 0 || read(ready[0], &byte, 1) != 1)
        die("the gateway's half");
    (void)close(ready[0]);
    return pid;
}

/* ---- nginx ------------------------------------------------------------------------------------------------------- */

static void write_text(const char *name, const char *text)
{
    char path[300];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    GW_FCLOSE FILE *f = fopen(path, "we");
    if (!f || fputs(text, f) < 0)
        die(path);
}

static bool answers(void *ctx)
{
    struct stat st;
    char path[300];
    (void)ctx;
    (void)snprintf(path, sizeof(path), "%s/nginx.pid", dir);
    return stat(path, &st) == 0 && st.st_size > 0;
}

static void start_nginx(struct gw_proc *nginx, uint16_t port)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "listen 127.0.0.1:%u ssl;\n", port);
    write_text("port.conf", text);
    GW_FREE char *conf = NULL;
    const char *const copy[] = {"/bin/cp", GW_NGINX_CONF, dir, NULL};
    if (gw_proc_run(copy, &conf))
        die("nginx.conf");
    const char *const argv[] = {"/usr/sbin/nginx", "-p", dir, "-c", "nginx.conf", NULL};
    gw_proc_start(nginx, argv, NULL);
    if (!gw_await(answers, NULL, LIMIT_MS)) {
        (void)gw_proc_await(nginx, "\n", 0);
        (void)fprintf(stderr, "nginx does not start: %s\n", nginx->out ? nginx->out : "");
        exit(1);
    }
}

/* The worker is the master's only child. */
static pid_t worker_of(pid_t master)
{
    char path[96];
    long pid = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)master, (int)master);
    GW_FCLOSE FILE *f = fopen(path, "re");
    char text[64] = "";
    if (f && fgets(text, sizeof(text), f))
        pid = strtol(text, NULL, 10);
    return (pid_t)pid;
}

/* ---- measuring --------------------------------------------------------------------------------------------------- */

static double cpu_s(pid_t pid)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, kernel = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    GW_FCLOSE FILE *f = fopen(path, "re");
    if (!f || !fgets(text, sizeof(text), f))
        return 0;
    char *at = strrchr(text, ')');
    for (int field = 2; at && field < 14; field++)
        at = strchr(at + 1, ' ');
    if (at) {
        char *end;
        user = strtoul(at, &end, 10);
        kernel = strtoul(end, NULL, 10);
    }
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static long resident_kib(pid_t pid, const char *which)
{
    char path[64], line[256];
    long kib = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    GW_FCLOSE FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, which, strlen(which)) == 0)
            kib = strtol(line + strlen(which), NULL, 10);
    return kib;
}

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct download {
    pthread_t thread;
    uint16_t port;
    uint64_t bytes;
    bool ok;
};

static size_t take_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct download *d = ctx;
    (void)bytes;
    d->bytes += size * count;
    return size * count;
}

static void *fetch(void *ctx)
{
    struct download *d = ctx;
    char url[128];
    CURL *curl = curl_easy_init();
    (void)snprintf(url, sizeof(url), "https://localhost:%u/artifacts/at-1/artifact", d->port);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_CAINFO, web_pki()->root);
    (void)curl_easy_setopt(curl, CURLOPT_SSLCERT, web_pki()->good);
    (void)curl_easy_setopt(curl, CURLOPT_SSLKEY, web_pki()->good);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
    (void)curl_easy_setopt(curl, CURLOPT_TLS13_CIPHERS, "TLS_AES_128_GCM_SHA256");
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L * 1024);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, d);
    CURLcode rc = curl_easy_perform(curl);
    d->ok = rc == CURLE_OK && d->bytes == (uint64_t)FILE_BYTES;
    if (!d->ok)
        (void)fprintf(stderr, "port %u: %s after %llu bytes\n", d->port, curl_easy_strerror(rc),
                      (unsigned long long)d->bytes);
    curl_easy_cleanup(curl);
    return NULL;
}

struct figure {
    double mb_s, cpu_mb_s; /* by the clock, and for each second of the server's CPU */
};

static struct figure measure(uint16_t port, pid_t server, int downloads)
{
    struct download list[MANY] = {{.port = 0}};
    double cpu = cpu_s(server), began = now_s();
    for (int i = 0; i < downloads; i++) {
        list[i].port = port;
        if (pthread_create(&list[i].thread, NULL, fetch, &list[i]))
            die("thread");
    }
    bool ok = true;
    for (int i = 0; i < downloads; i++) {
        (void)pthread_join(list[i].thread, NULL);
        ok = ok && list[i].ok;
    }
    if (!ok)
        exit(1);
    double mb = (double)FILE_BYTES * downloads / 1e6, used = cpu_s(server) - cpu;
    return (struct figure){mb / (now_s() - began), used > 0 ? mb / used : 0};
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof(values[0]), by_value);
    return values[ROUNDS / 2];
}

static void compare(uint16_t ours, pid_t our_pid, uint16_t theirs, pid_t their_pid, int downloads)
{
    double a[ROUNDS], b[ROUNDS], ratio[ROUNDS], cpu_a[ROUNDS], cpu_b[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        struct figure first = measure(i % 2 ? theirs : ours, i % 2 ? their_pid : our_pid, downloads);
        struct figure second = measure(i % 2 ? ours : theirs, i % 2 ? our_pid : their_pid, downloads);
        struct figure gateway = i % 2 ? second : first, nginx = i % 2 ? first : second;
        a[i] = gateway.mb_s;
        b[i] = nginx.mb_s;
        ratio[i] = a[i] / b[i];
        cpu_a[i] = gateway.cpu_mb_s;
        cpu_b[i] = nginx.cpu_mb_s;
    }
    printf("artifact, %d at once: gateway %.0f MB/s, nginx %.0f MB/s, ratio %.2f; for each second of CPU: gateway %.0f "
           "MB, nginx %.0f MB\n",
           downloads, median(a), median(b), median(ratio), median(cpu_a), median(cpu_b));
    (void)fflush(stdout);
}

static void make_file(void)
{
    static uint8_t chunk[1 << 20];
    char path[300];
    gw_random(chunk, sizeof(chunk));
    (void)snprintf(path, sizeof(path), "%s/files", dir);
    (void)mkdir(path, 0755);
    (void)snprintf(path, sizeof(path), "%s/files/artifact", dir);
    GW_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    for (int64_t at = 0; at < FILE_BYTES; at += (int64_t)sizeof(chunk))
        if (write(fd, chunk, sizeof(chunk)) != (ssize_t)sizeof(chunk))
            die(path);
}

int main(void)
{
    struct gw_proc nginx = {0};
    char *slash;
    (void)snprintf(dir, sizeof(dir), "%s", web_pki()->ca);
    slash = strrchr(dir, '/');
    *slash = '\0';
    make_file();
    uint16_t ours = gw_test_port(), theirs = gw_test_port();
    pid_t gateway = start_gateway(ours);
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    start_nginx(&nginx, theirs);
    pid_t worker = worker_of(nginx.pid);
    long before = resident_kib(gateway, "VmRSS:");
    compare(ours, gateway, theirs, worker, 1);
    compare(ours, gateway, theirs, worker, MANY);
    printf("artifact, memory: gateway %ld KiB at rest, %ld KiB at most; nginx's worker %ld KiB at most\n", before,
           resident_kib(gateway, "VmHWM:"), resident_kib(worker, "VmHWM:"));
    (void)kill(gateway, SIGKILL);
    gw_proc_done(&nginx);
    return 0;
}
