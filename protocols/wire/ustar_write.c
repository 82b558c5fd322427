#include <stdio.h>
#include <string.h>

#include "ustar.h"

enum gw_rc ustar_header(const char *name, uint64_t size, int64_t mtime, uint8_t ret_block[USTAR_BLOCK])
{
    /* POSIX's header, field by field; each text is terminated. */
    struct header {
        char name[100];
        char mode[8], uid[8], gid[8];
        char size[12], mtime[12];
        char checksum[8];
        char type;
        char link[100];
        char magic[6], version[2];
        char user[32], group[32];
        char major[8], minor[8];
        char prefix[155];
        char rest[12];
    } h = {.mode = "0000644", .uid = "0000000", .gid = "0000000", .type = '0', .magic = "ustar", .version = {'0', '0'}};
    _Static_assert(sizeof(h) == USTAR_BLOCK, "a header is one block");
    size_t len = strlen(name);
    if (!ustar_name_valid(gw_view_make(name, len)) || size > USTAR_SIZE_MAX || mtime < 0 ||
        (uint64_t)mtime > USTAR_SIZE_MAX)
        return GW_INVALID;
    memcpy(h.name, name, len);
    (void)snprintf(h.size, sizeof(h.size), "%011llo", (unsigned long long)size);
    (void)snprintf(h.mtime, sizeof(h.mtime), "%011llo", (unsigned long long)mtime);
    memset(h.checksum, ' ', sizeof(h.checksum));
    unsigned sum = 0;
    memcpy(ret_block, &h, USTAR_BLOCK);
    for (size_t i = 0; i < USTAR_BLOCK; i++)
        sum += ret_block[i];
    (void)snprintf(h.checksum, sizeof(h.checksum), "%06o", sum); /* its NUL, then the space that is there */
    memcpy(ret_block, &h, USTAR_BLOCK);
    return GW_OK;
}

size_t ustar_padding(uint64_t size)
{
    return (size_t)((USTAR_BLOCK - size % USTAR_BLOCK) % USTAR_BLOCK);
}

size_t ustar_trailer(uint64_t offset)
{
    uint64_t end = offset + 2 * USTAR_BLOCK;
    return (size_t)((end + USTAR_RECORD - 1) / USTAR_RECORD * USTAR_RECORD - offset);
}
