#include "agent_hash.h"

#include "bulk_hash.h"

const struct gw_sha256_ops *agent_hash_ops(void)
{
    return bulk_hash_ops();
}
