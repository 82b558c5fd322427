/*
 * web_frame: looks at the heads of a client's WebSocket frames on their way to libwebsockets, which reads them again
 * and alone gives them a meaning. 4.1.6 takes unmasked frames from clients, lengths that are longer than they need to
 * be and close frames of one byte, and answers some broken ones with silence; RFC 6455 wants each of them to fail the
 * connection. Pure; no payload is read or kept.
 *
 * And the other way: heads of the gateway's own frames, and where those of libwebsockets' end, so that the two do not
 * land inside one another.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_view.h"

#define WEB_FRAME_HEAD_MAX 14 /* bytes: two, eight of length, four of mask */

/* Where in the stream of frames we are. Zeroed: at the start of a frame. */
struct web_frame {
    uint8_t head[WEB_FRAME_HEAD_MAX];
    uint8_t have;  /* bytes of a head that is not whole yet */
    uint64_t left; /* payload of the current frame to come */
};

/* Goes on by these bytes: 0, or the code to close with (RFC 6455 section 7.4.1): 1002 for a frame that breaks the rules
 * (sections 5.1, 5.2, 5.5), 1009 for one of more than `max` bytes. After a code the state is of no use. */
int web_frame_pass(struct web_frame *f, struct gw_view bytes, uint64_t max);

#define WEB_FRAME_OUT_MAX 10 /* bytes: two, eight of length */

/* Head of a text of `len` bytes in one frame, unmasked as a server's are (section 5.2); returns its length. */
size_t web_frame_text(uint64_t len, uint8_t ret_head[WEB_FRAME_OUT_MAX]);

/* Where in what libwebsockets writes we are. Zeroed: at the start of its answer to the handshake. */
struct web_frame_out {
    uint8_t answer_end; /* of the four bytes that end the answer, those that came last; 4: frames follow */
    uint8_t head[WEB_FRAME_OUT_MAX];
    uint8_t have;
    uint64_t left;
};

/* Goes on by these bytes, which are libwebsockets' and not doubted. */
void web_frame_out_pass(struct web_frame_out *f, struct gw_view bytes);
/* Between two frames: another one may be put here. */
bool web_frame_out_between(const struct web_frame_out *f);
