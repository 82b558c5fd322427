#include "web_frame.h"

#define FIN         0x80
#define CONTROL     0x08
#define OPCODE      0x0f
#define CLOSE       0x08
#define MASKED      0x80
#define LEN7        0x7f
#define LEN_16      126
#define LEN_64      127
#define CONTROL_MAX 125 /* bytes */

#define PROTOCOL_ERROR 1002
#define TOO_BIG        1009

static uint8_t head_size(uint8_t len7)
{
    return (uint8_t)(2 + (len7 == LEN_16 ? 2 : len7 == LEN_64 ? 8 : 0) + 4);
}

/* What the first two bytes tell. */
static int check_start(const struct web_frame *f)
{
    uint8_t len7 = f->head[1] & LEN7;
    bool control = f->head[0] & CONTROL;
    if (!(f->head[1] & MASKED))
        return PROTOCOL_ERROR;
    if (control && (!(f->head[0] & FIN) || len7 > CONTROL_MAX))
        return PROTOCOL_ERROR;
    if ((f->head[0] & OPCODE) == CLOSE && len7 == 1)
        return PROTOCOL_ERROR;
    return 0;
}

static int check_length(struct web_frame *f, uint64_t max)
{
    uint8_t len7 = f->head[1] & LEN7;
    uint8_t end = (uint8_t)(head_size(len7) - 4);
    uint64_t len = len7;
    if (len7 >= LEN_16) {
        len = 0;
        for (uint8_t i = 2; i < end; i++)
            len = len << 8 | f->head[i];
        if (len < (len7 == LEN_16 ? LEN_16 : UINT64_C(0x10000)) || len >> 63)
            return PROTOCOL_ERROR;
    }
    if (len > max)
        return TOO_BIG;
    f->left = len;
    f->have = 0;
    return 0;
}

int web_frame_pass(struct web_frame *f, struct gw_view bytes, uint64_t max)
{
    for (size_t at = 0; at < bytes.len;) {
        if (f->left > 0) {
            uint64_t n = f->left < bytes.len - at ? f->left : bytes.len - at;
            f->left -= n;
            at += (size_t)n;
            continue;
        }
        int code = 0;
        f->head[f->have++] = bytes.ptr[at++];
        if (f->have == 2)
            code = check_start(f);
        if (!code && f->have >= 2 && f->have == head_size(f->head[1] & LEN7))
            code = check_length(f, max);
        if (code)
            return code;
    }
    return 0;
}
