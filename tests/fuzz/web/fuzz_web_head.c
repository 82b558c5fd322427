#include <stdlib.h>
#include <string.h>

#include "web_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A head that is found is parsed; what is accepted keeps its promises. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct web_head head;
    size_t skip;
    size_t len = web_head_find(gw_view_make(data, size), &skip);
    if (skip + len > size)
        abort();
    struct gw_view text = len ? gw_view_make(data + skip, len) : gw_view_make(data, size);
    if (web_head_parse(text, &head))
        return 0;
    if (head.path_len == 0 || head.path[0] != '/' || strlen(head.path) != head.path_len || strstr(head.path, "//") ||
        strstr(head.path, "/../") || text.len > WEB_HEAD_MAX)
        abort();
    const char *const names[] = {"localhost", "[::1]:1"};
    (void)web_host_match(head.host, names, 2, 443);
    return 0;
}
