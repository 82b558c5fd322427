/*
 * Hostile requests to keyd. First byte: the kind of request; bit 7: raw, the rest is the datagram as it stands.
 * Otherwise the rest overlays a request of that kind, so that the fuzzer gets past magic and size.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyd_handle.h"

#define RAW 0x80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct gw_wall now = {INT64_C(1764000000000)};

/* A keyd over a directory that is removed at once: its open files live on. */
static struct keyd *start(void)
{
    static struct keyd k;
    static struct keyd_dir at;
    static const char *const files[] = {"ca/root.key", "ca/root.crt", "ca/issuer.key", "ca/issuer.crt",
                                        "ca/log.key",  "ca/log.vkey", "checkpoints"};
    struct gw_err err = {0};
    char dir[] = "/tmp/gatehouse-fuzz-XXXXXX";
    int fd = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    keyd_dir_init(&at, fd);
    if (fd < 0 || keyd_open(&k, &at, now, 0, &err)) {
        fprintf(stderr, "%s\n", gw_err_text(&err));
        abort();
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)unlinkat(fd, files[i], 0);
    (void)unlinkat(fd, "ca", AT_REMOVEDIR);
    (void)rmdir(dir);
    return &k;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keyd *k;
    static union keyd_request request;
    static union keyd_reply reply;
    if (!k)
        k = start();
    if (size == 0)
        return 0;
    struct gw_view bytes = gw_view_make(data + 1, size - 1);
    if (!(data[0] & RAW)) {
        struct keyd_head head = {.magic = KEYD_MAGIC, .version = KEYD_VERSION, .kind = data[0]};
        size_t room = keyd_request_size(data[0]);
        room = room > sizeof(head) ? room - sizeof(head) : 0;
        memset(&request, 0, sizeof(request));
        memcpy(&request, &head, sizeof(head));
        memcpy((uint8_t *)&request + sizeof(head), bytes.ptr, bytes.len < room ? bytes.len : room);
        for (size_t i = 0; data[0] == KEYD_SIGN_CHECKPOINTS && i < KEYD_BATCH; i++)
            if (memcmp(request.checkpoints.items[i].origin, "gw-", 3) == 0)
                memcpy(request.checkpoints.items[i].origin, k->ca.gateway, strlen(k->ca.gateway));
        bytes = gw_view_make(&request, sizeof(head) + room);
    }
    size_t len = keyd_handle(k, now, bytes, &reply);
    if (len != (reply.head.rc ? sizeof(reply.head) : keyd_reply_size(reply.head.kind)) || len == 0)
        abort();
    return 0;
}
