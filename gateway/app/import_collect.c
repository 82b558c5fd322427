#include "import_collect.h"

#include <stdlib.h>

#include "gw_cleanup.h"
#include "gw_log.h"
#include "gw_num.h"

#define PART "import"

struct digests {
    struct gw_sha256 *at; /* owned */
    size_t count, cap;
};

static bool gather_blob(void *ctx, const struct gw_sha256 *sha256, uint64_t size)
{
    struct digests *d = ctx;
    (void)size;
    d->at = gw_xgrow(d->at, d->count, &d->cap, sizeof(*d->at));
    d->at[d->count++] = *sha256;
    return true;
}

void import_collect(const struct import_parts *p)
{
    struct gw_err err = {.rc = GW_OK};
    struct digests d = {.at = NULL};
    size_t removed = 0;
    enum gw_rc rc = p->blob.ops->each(p->blob.self, gather_blob, &d, &err);
    for (size_t i = 0; !rc && i < d.count; i++) {
        int64_t refs = 0;
        rc = p->store.ops->release_refs(p->store.self, &d.at[i], &refs, &err);
        if (rc || refs > 0)
            continue;
        rc = p->blob.ops->remove(p->blob.self, &d.at[i], &err);
        removed += rc == GW_OK;
    }
    free(d.at);
    if (rc)
        gw_log(GW_LOG_WARN, PART, "collecting artifacts: %s", gw_err_text(&err));
    if (removed)
        gw_log(GW_LOG_INFO, PART, "removed %zu artifact%s that no release names", removed, gw_plural(removed));
}
