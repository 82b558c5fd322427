#include <stdlib.h>

#include "gw_cleanup.h"
#include "job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken can be written, and is read back the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    GW_CLEANUP(job_message_done) struct job_message again = {0};
    struct gw_err err;
    if (job_message_parse(gw_view_make(data, size), &m, &err))
        return 0;
    for (size_t i = 0; i < m.job.path_count; i++)
        if (!job_path_valid(gw_view_str(m.job.paths[i])))
            abort();
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, JOB_PAYLOAD_MAX);
    enum gw_rc rc = job_message_format(&m, &text, &err);
    if (rc == GW_TOO_BIG) /* escapes may be longer than what they stand for */
        return 0;
    if (rc || job_message_parse(gw_buf_view(&text), &again, &err) || again.n != m.n || again.job.rev != m.job.rev)
        abort();
    return 0;
}
