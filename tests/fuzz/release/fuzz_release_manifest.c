/* A manifest that is taken keeps its rules, and writes back to one that reads the same. */
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "release_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GW_FREE struct release *one = gw_xalloc(1, sizeof(*one));
    GW_FREE struct release *two = gw_xalloc(1, sizeof(*two));
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    struct release_draft draft;
    struct gw_err err = {0};
    struct gw_view text = gw_view_make(data, size);
    gw_buf_init(&json, RELEASE_MANIFEST_MAX);
    if (release_manifest_parse_draft(text, two, &draft, NULL) && !release_manifest_parse(text, one, NULL))
        abort(); /* a draft may leave things out, not forbid them */
    memset(two, 0, sizeof(*two));
    if (release_manifest_parse(text, one, &err)) {
        if (!err.text[0])
            abort();
        return 0;
    }
    if (release_valid(one, &err) || one->security_floor > one->release_counter)
        abort();
    if (release_manifest_format(one, &json, &err))
        return err.rc == GW_TOO_BIG ? 0 : (abort(), 0);
    if (release_manifest_parse(gw_buf_view(&json), two, &err) || memcmp(one, two, sizeof(*one)) != 0)
        abort();
    return 0;
}
