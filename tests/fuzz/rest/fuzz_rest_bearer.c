/* An Authorization header: what is taken as a token stands at the header's end as it is, and has a token's form. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rest_bearer.h"
#include "token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_view token;
    if (rest_bearer_parse(gw_view_make(data, size), &token))
        return 0;
    if (!token_text_check(token) || token.ptr < data + strlen("bearer ") || token.ptr + token.len > data + size)
        abort();
    return 0;
}
