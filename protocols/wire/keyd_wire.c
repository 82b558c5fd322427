#include "keyd_wire.h"

static const struct {
    size_t request;
    size_t reply;
} sizes[] = {
    [KEYD_IDENTITY] = {sizeof(struct keyd_head), sizeof(struct keyd_identity_reply)},
    [KEYD_ISSUE_DEVICE] = {sizeof(struct keyd_device_request), sizeof(struct keyd_cert_reply)},
    [KEYD_ISSUE_SERVER] = {sizeof(struct keyd_server_request), sizeof(struct keyd_cert_reply)},
    [KEYD_SIGN_CHECKPOINTS] = {sizeof(struct keyd_checkpoints_request), sizeof(struct keyd_checkpoints_reply)},
};

size_t keyd_request_size(uint16_t kind)
{
    return kind < sizeof(sizes) / sizeof(sizes[0]) ? sizes[kind].request : 0;
}

size_t keyd_reply_size(uint16_t kind)
{
    return kind < sizeof(sizes) / sizeof(sizes[0]) ? sizes[kind].reply : 0;
}
