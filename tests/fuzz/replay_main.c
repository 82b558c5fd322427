/* Replays a corpus through a fuzz target as an ordinary test: every file of the directory given, then the empty input.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

#include "gw_buf.h"
#include "gw_fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    const char *dir = argc > 1 ? argv[1] : ".";
    DIR *d = opendir(dir);
    if (!d) {
        printf("not ok - fuzz corpus: %s cannot be opened\n", dir);
        return 1;
    }
    unsigned files = 0, unread = 0;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (e->d_name[0] == '.')
            continue;
        char path[1024];
        (void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        struct gw_buf content;
        gw_buf_init(&content, 4 * 1024 * 1024);
        enum gw_rc rc = gw_fs_read_file(path, &content, NULL);
        if (!rc)
            (void)LLVMFuzzerTestOneInput(content.ptr, content.len);
        else
            printf("not ok - fuzz corpus: %s: %s\n", path, gw_rc_text(rc));
        files += !rc;
        unread += rc != GW_OK;
        gw_buf_done(&content);
    }
    (void)closedir(d);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("%s - fuzz corpus: %s (%u inputs)\n", files ? "ok" : "not ok", dir, files);
    return files && !unread ? 0 : 1;
}
