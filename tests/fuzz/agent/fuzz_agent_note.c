#include "agent_note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a gateway may send as a checkpoint or as word of its log key. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct note_key pinned = {.name = "gw-0123456789abcdef", .key_id = 0x01020304}, key;
    struct checkpoint checkpoint;
    struct gw_view bytes = gw_view_make(data, size);
    (void)!agent_checkpoint_verify(bytes, &pinned, "gw-0123456789abcdef/dev/pump-7/0000000000000001", &checkpoint,
                                   NULL);
    (void)!agent_log_key_step(bytes, &pinned, pinned.name, &key, NULL);
    (void)!agent_log_key_step(bytes, NULL, pinned.name, &key, NULL);
    return 0;
}
