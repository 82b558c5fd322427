#include "merkle_source.h"

#include <stdbool.h>

/* The perfect subtrees of the binary digits of size, folded from the right. */
static enum gw_rc fold(const struct merkle_source *s, uint64_t size, struct gw_sha256 *ret_root)
{
    uint64_t end = size;
    struct gw_sha256 right = {{0}};
    bool have_right = false;
    while (end > 0) {
        unsigned level = (unsigned)__builtin_ctzll(end);
        end -= UINT64_C(1) << level;
        struct gw_sha256 left;
        enum gw_rc rc = s->fetch(s->ctx, level, end >> level, &left);
        if (rc)
            return rc;
        if (have_right)
            s->ops->node(&left, &right, &right);
        else
            right = left;
        have_right = true;
    }
    *ret_root = right;
    return GW_OK;
}

enum gw_rc merkle_source_root(const struct merkle_source *source, uint64_t size, struct gw_sha256 *ret_root)
{
    if (size > MERKLE_SIZE_MAX)
        return GW_TOO_BIG;
    if (size > 0)
        return fold(source, size, ret_root);
    source->ops->digest(GW_VIEW_LIT(""), ret_root);
    return GW_OK;
}
