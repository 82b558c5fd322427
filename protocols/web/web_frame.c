#include "web_frame.h"

#include <string.h>

#define FIN         0x80
#define CONTROL     0x08
#define OPCODE      0x0f
#define TEXT        0x01
#define CLOSE       0x08
#define MASKED      0x80
#define LEN7        0x7f
#define LEN_16      126
#define LEN_64      127
#define CONTROL_MAX 125 /* bytes */
#define ANSWER_END  "\r\n\r\n"

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

size_t web_frame_text(uint64_t len, uint8_t ret_head[WEB_FRAME_OUT_MAX])
{
    uint8_t len7 = len < LEN_16 ? (uint8_t)len : len <= UINT16_MAX ? LEN_16 : LEN_64;
    size_t bytes = len7 == LEN_64 ? 8 : len7 == LEN_16 ? 2 : 0;
    ret_head[0] = FIN | TEXT;
    ret_head[1] = len7;
    for (size_t i = 0; i < bytes; i++)
        ret_head[2 + i] = (uint8_t)(len >> 8 * (bytes - 1 - i));
    return 2 + bytes;
}

/* One byte of a head that is not whole. */
static void out_head(struct web_frame_out *f, uint8_t byte)
{
    f->head[f->have++] = byte;
    uint8_t len7 = f->head[1] & LEN7;
    uint8_t whole = (uint8_t)(2 + (len7 == LEN_16 ? 2 : len7 == LEN_64 ? 8 : 0));
    if (f->have < 2 || f->have < whole)
        return;
    f->left = whole == 2 ? len7 : 0;
    for (uint8_t i = 2; i < whole; i++)
        f->left = f->left << 8 | f->head[i];
    f->have = 0;
}

void web_frame_out_pass(struct web_frame_out *f, struct gw_view bytes)
{
    for (size_t at = 0; at < bytes.len;) {
        if (f->left > 0) {
            uint64_t n = f->left < bytes.len - at ? f->left : bytes.len - at;
            f->left -= n;
            at += (size_t)n;
            continue;
        }
        uint8_t byte = bytes.ptr[at++];
        if (f->answer_end == strlen(ANSWER_END))
            out_head(f, byte);
        else if (byte == (uint8_t)ANSWER_END[f->answer_end])
            f->answer_end++;
        else
            f->answer_end = byte == (uint8_t)ANSWER_END[0];
    }
}

bool web_frame_out_between(const struct web_frame_out *f)
{
    return f->answer_end == strlen(ANSWER_END) && f->have == 0 && f->left == 0;
}
