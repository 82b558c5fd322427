#include "keyd_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "gw_test.h"

static const char *dir;
static uint64_t sequence;

int fixture_dir(void)
{
    dir = gw_test_dir(); /* mkdtemp: 0700 */
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    return fd;
}

const struct keyd_dir *fixture_at(int dir_fd)
{
    static struct keyd_dir at;
    keyd_dir_init(&at, dir_fd);
    return &at;
}

const char *fixture_path(const char *name)
{
    static char out[256];
    (void)snprintf(out, sizeof(out), "%s/%s", dir, name);
    return out;
}

void fixture_open(struct keyd *k, int dir_fd, struct gw_wall now)
{
    struct gw_err err = {0};
    memset(k, 0, sizeof(*k));
    GW_ASSERT_OK(keyd_open(k, fixture_at(dir_fd), now, FIXTURE_BUILD_DAY, &err), &err);
}

void fixture_head(struct keyd_head *head, enum keyd_kind kind)
{
    *head = (struct keyd_head){
        .magic = KEYD_MAGIC, .version = KEYD_VERSION, .kind = (uint16_t)kind, .sequence = ++sequence};
}

enum gw_rc fixture_ask(struct keyd *k, struct gw_wall now, const void *request, union keyd_reply *ret_reply)
{
    struct keyd_head head;
    memcpy(&head, request, sizeof(head));
    size_t len = keyd_handle(k, now, gw_view_make(request, keyd_request_size(head.kind)), ret_reply);
    CU_ASSERT_EQUAL(ret_reply->head.sequence, head.sequence);
    CU_ASSERT_EQUAL(ret_reply->head.kind, head.kind);
    CU_ASSERT_EQUAL(len, ret_reply->head.rc ? sizeof(ret_reply->head) : keyd_reply_size(head.kind));
    return (enum gw_rc)ret_reply->head.rc;
}

void fixture_checkpoint(struct keyd_checkpoints_request *q, const char *origin, uint64_t size, uint8_t root)
{
    memset(q, 0, sizeof(*q));
    fixture_head(&q->head, KEYD_SIGN_CHECKPOINTS);
    q->count = 1;
    (void)snprintf(q->items[0].origin, sizeof(q->items[0].origin), "%s", origin);
    q->items[0].size = size;
    memset(q->items[0].root, root, sizeof(q->items[0].root));
}
