#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "job_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_view text = gw_view_make(data, size);
    struct job_report r, again;
    struct job_ack ack;
    struct gw_err err;
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, 4 * JOB_REPORT_MAX);
    if (!job_ack_parse(text, &ack, &err) && job_ack_format(&ack, &out))
        abort();
    gw_buf_reset(&out);
    if (job_report_parse(text, &r, &err))
        return 0;
    if (job_report_format(&r, &out))
        abort();
    if (out.len <= JOB_REPORT_MAX &&
        (job_report_parse(gw_buf_view(&out), &again, &err) || strcmp(r.detail, again.detail) != 0))
        abort();
    return 0;
}
