#include "vendor_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"
#include "gw_test.h"
#include "ustar.h"

static int run(const char *const argv[])
{
    GW_FREE char *out = NULL;
    int code = gw_proc_run(argv, &out);
    if (code)
        printf("#   %s %s: %s\n", argv[0], argv[1], out);
    return code;
}

static const char *dir(void)
{
    static const char *made;
    if (!made)
        made = gw_test_dir();
    return made;
}

void kit_vendor(struct vendor *v, const char *name)
{
    (void)snprintf(v->key, sizeof(v->key), "%s/%s.key", dir(), name);
    (void)snprintf(v->pub, sizeof(v->pub), "%s/%s.pub", dir(), name);
    const char *const argv[] = {GW_BIN_DIR "/gatehouse", "release", "keygen", "--out", v->key, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_proc_run(argv, &out), 0);
    v->keyid[0] = '\0';
    for (char *at = out; *at && !v->keyid[0]; at++) /* the fingerprint stands among words */
        if (strspn(at, "0123456789abcdef") == 64)
            (void)snprintf(v->keyid, sizeof(v->keyid), "%.64s", at);
    CU_ASSERT_EQUAL(strlen(v->keyid), 64);
}

bool kit_trust(const struct gw_gateway *g, const struct vendor *v)
{
    GW_FREE char *out = NULL;
    const char *const args[] = {"release", "key", "add", v->pub, "--name", "Vendor", NULL};
    int code = gw_gateway_cli(g, args, &out);
    if (code || !strstr(out, v->keyid))
        printf("#   key add: %s\n", out);
    return code == 0 && strstr(out, v->keyid);
}

static void write_bytes(const char *path, size_t size, bool zeros)
{
    static uint8_t chunk[65536];
    GW_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    if (zeros) {
        CU_ASSERT_EQUAL_FATAL(ftruncate(fd, (off_t)size), 0);
        return;
    }
    for (size_t done = 0; done < size; done += sizeof(chunk)) {
        size_t n = size - done < sizeof(chunk) ? size - done : sizeof(chunk);
        gw_random(chunk, n);
        CU_ASSERT_EQUAL_FATAL(write(fd, chunk, n), (ssize_t)n);
    }
}

const char *kit_release(const struct vendor *v, const struct kit_release *r)
{
    static char out[160];
    static int made;
    char manifest[160], files[3][160], text[1024];
    static const char *const names[] = {"a.swu", "b.img", "notes.txt"};
    for (int i = 0; i < 3; i++) {
        (void)snprintf(files[i], sizeof(files[i]), "%s/%s", dir(), names[i]);
        write_bytes(files[i], i == 0 ? r->size : 700, i == 0 && r->zeros);
    }
    (void)snprintf(manifest, sizeof(manifest), "%s/manifest.json", dir());
    (void)snprintf(out, sizeof(out), "%s/release-%d.tar", dir(), made++);
    (void)snprintf(text, sizeof(text),
                   "{\"product\":\"pump\",\"version\":\"%s\",\"release_counter\":%d,\"security_floor\":%d,"
                   "\"channel\":\"stable\",\"hardware\":[%s],%s%s%s\"expires_at\":\"%s\",\"artifacts\":["
                   "{\"name\":\"a.swu\",\"format\":\"swupdate\"},{\"name\":\"b.img\",\"format\":\"raw\"}],"
                   "\"notes\":{\"name\":\"notes.txt\",\"format\":\"text\"}}",
                   r->version, r->counter, r->floor, r->hardware ? r->hardware : "\"rev-b\"",
                   r->released ? "\"released_at\":\"" : "", r->released ? r->released : "", r->released ? "\"," : "",
                   r->expires ? r->expires : "2099-01-01T00:00:00Z");
    struct gw_err err = {0};
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), manifest, gw_view_str(text), 0600, &err), &err);
    const char *const argv[] = {GW_BIN_DIR "/gatehouse",
                                "release",
                                "sign",
                                "--manifest",
                                manifest,
                                "--key",
                                v->key,
                                "--out",
                                out,
                                files[0],
                                files[1],
                                files[2],
                                NULL};
    CU_ASSERT_EQUAL_FATAL(run(argv), 0);
    return out;
}

void kit_tar_load(struct kit_tar *t, const char *path)
{
    struct gw_buf b;
    struct gw_err err = {0};
    gw_buf_init(&b, 64u << 20);
    GW_ASSERT_OK(gw_fs_read_file(path, &b, &err), &err);
    gw_buf_take(&b, &t->bytes, &t->len);
}

void kit_tar_done(struct kit_tar *t)
{
    free(t->bytes);
    *t = (struct kit_tar){0};
}

static size_t entry_bytes(const struct kit_tar *t, size_t at)
{
    size_t size = (size_t)strtoul((const char *)t->bytes + at + 124, NULL, 8);
    return USTAR_BLOCK + size + ustar_padding(size);
}

size_t kit_tar_at(const struct kit_tar *t, int entry)
{
    size_t at = 0;
    while (entry-- > 0 && t->bytes[at])
        at += entry_bytes(t, at);
    return at;
}

void kit_tar_cut(struct kit_tar *t, int entry)
{
    size_t at = kit_tar_at(t, entry), len = entry_bytes(t, at);
    memmove(t->bytes + at, t->bytes + at + len, t->len - at - len);
    t->len -= len;
}

void kit_tar_insert(struct kit_tar *t, int entry, const char *name, char type)
{
    size_t at = kit_tar_at(t, entry), len = 2 * USTAR_BLOCK;
    uint8_t *bytes = realloc(t->bytes, t->len + len);
    CU_ASSERT_FATAL(bytes != NULL);
    t->bytes = bytes;
    memmove(bytes + at + len, bytes + at, t->len - at);
    memset(bytes + at, 0, len);
    CU_ASSERT_EQUAL_FATAL(ustar_header(name, 5, 0, bytes + at), GW_OK);
    memcpy(bytes + at + USTAR_BLOCK, "hello", 5);
    unsigned sum = 0;
    bytes[at + 156] = (uint8_t)type;
    memset(bytes + at + 148, ' ', 8);
    for (size_t i = 0; i < USTAR_BLOCK; i++)
        sum += bytes[at + i];
    (void)snprintf((char *)bytes + at + 148, 8, "%06o", sum);
    bytes[at + 155] = ' ';
    t->len += len;
}

const char *kit_tar_save(const struct kit_tar *t)
{
    static char path[160];
    struct gw_err err = {0};
    (void)snprintf(path, sizeof(path), "%s/changed.tar", dir());
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_make(t->bytes, t->len), 0600, &err), &err);
    return path;
}

int kit_import(const struct gw_gateway *g, const char *path, char **ret_out)
{
    const char *const args[] = {"release", "import", path, NULL};
    return gw_gateway_cli(g, args, ret_out);
}

static int count_files(const char *path, int depth)
{
    int count = 0;
    DIR *d = opendir(path);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        char below[600];
        struct stat st;
        (void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
        if (e->d_name[0] == '.' || lstat(below, &st))
            continue;
        count += S_ISDIR(st.st_mode) && depth > 0 ? count_files(below, depth - 1) : S_ISREG(st.st_mode);
    }
    if (d)
        (void)closedir(d);
    return count;
}

int kit_blobs(const struct gw_gateway *g)
{
    char path[200];
    (void)snprintf(path, sizeof(path), "%s/blobs", g->state);
    return count_files(path, 1);
}

static int connect_admin(const struct gw_gateway *g)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", g->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof(at))) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

static bool send_text(int fd, const char *text)
{
    return kit_upload_send(fd, (const uint8_t *)text, strlen(text));
}

long kit_progress(const struct gw_gateway *g)
{
    char answer[2048], bytes[32], running[16];
    GW_CLOSE int fd = connect_admin(g);
    if (fd < 0 || !send_text(fd, "GET /api/v1/releases/import HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"))
        return -1;
    size_t len = 0;
    for (ssize_t n = 1; n > 0 && len<sizeof(answer) - 1; len += n> 0 ? (size_t)n : 0)
        n = read(fd, answer + len, sizeof(answer) - 1 - len);
    answer[len] = '\0';
    gw_json_pick(answer, "running", running, sizeof(running));
    gw_json_pick(answer, "bytes", bytes, sizeof(bytes));
    return strcmp(running, "true") == 0 ? strtol(bytes, NULL, 10) : -1;
}

int kit_listed(const struct gw_gateway *g, const char *state)
{
    GW_FREE char *out = NULL;
    const char *const args[] = {"release", "list", NULL};
    char want[64];
    int count = 0;
    if (gw_gateway_cli(g, args, &out))
        return -1;
    (void)snprintf(want, sizeof(want), "\"state\":\"%s", state ? state : "");
    for (const char *at = strstr(out, want); at; at = strstr(at + 1, want))
        count++;
    return count;
}

int kit_upload_begin(const struct gw_gateway *g, size_t length)
{
    char head[256];
    int fd = connect_admin(g);
    (void)snprintf(head, sizeof(head),
                   "POST /api/v1/releases HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-tar\r\n"
                   "content-length: %zu\r\n\r\n",
                   length);
    CU_ASSERT_TRUE(fd >= 0 && send_text(fd, head));
    return fd;
}

bool kit_upload_send(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

long kit_memory(pid_t pid, const char *field)
{
    char path[64], line[256];
    long kib = -1;
    size_t len = strlen(field);
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    GW_FCLOSE FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, field, len) == 0 && line[len] == ':')
            kib = strtol(line + len + 1, NULL, 10);
    return kib;
}
