/* A view comes out of any bytes, with texts that are clean and ended, and values that are in their range. */
#include <stdlib.h>

#include "classify.h"
#include "event_view.h"
#include "gw_utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_be_text(const char *text, size_t size)
{
    size_t len = strnlen(text, size);
    must(len < size && gw_utf8_valid(gw_view_make(text, len)));
    for (size_t i = 0; i < len; i++)
        must((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event_view v;
    event_view_parse(gw_view_make(data, size), (struct gw_wall){INT64_C(1711545000000)}, &v);
    event_refine(&v);
    must(v.sev >= EVENT_SEV_INFO && v.sev <= EVENT_SEV_FATAL && v.format >= EVENT_JSON && v.format <= EVENT_TEXT);
    must(!v.has_res || (v.res >= EVENT_OK && v.res <= EVENT_DENIED));
    must_be_text(v.cls, sizeof(v.cls));
    must(v.cls[0] != '\0');
    must_be_text(v.subj, sizeof(v.subj));
    must_be_text(v.obj, sizeof(v.obj));
    must_be_text(v.program, sizeof(v.program));
    must_be_text(v.boot, sizeof(v.boot));
    must_be_text(v.msg, sizeof(v.msg));
    must(strnlen(v.attr, sizeof(v.attr)) < sizeof(v.attr));
    return 0;
}
