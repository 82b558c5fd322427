#include <qrencode.h>

#include "cli.h"
#include "gw_cleanup.h"

#define QUIET 4 /* modules around the code, ISO/IEC 18004 section 6.3.8 */

static void qr_done(QRcode **code)
{
    QRcode_free(*code);
}

/* Light outside of the code too: the quiet zone. */
static bool is_light(const QRcode *code, int x, int y)
{
    x -= QUIET;
    y -= QUIET;
    if (x < 0 || y < 0 || x >= code->width || y >= code->width)
        return true;
    return !(code->data[y * code->width + x] & 1);
}

/* Two rows of modules a line; a light module is painted, so a dark terminal shows the code as printed on paper. */
static void draw_line(FILE *out, const QRcode *code, int y)
{
    static const char *const blocks[] = {" ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88"};
    int size = code->width + 2 * QUIET;
    for (int x = 0; x < size; x++) {
        bool upper = is_light(code, x, y), lower = y + 1 < size && is_light(code, x, y + 1);
        (void)fputs(blocks[(upper ? 2 : 0) + (lower ? 1 : 0)], out);
    }
}

bool cli_qr_draw(FILE *out, const char *text, bool colour)
{
    GW_CLEANUP(qr_done) QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (!code)
        return false;
    for (int y = 0; y < code->width + 2 * QUIET; y += 2) {
        (void)fputs(colour ? "\x1b[40;97m" : "", out);
        draw_line(out, code, y);
        (void)fputs(colour ? "\x1b[0m\n" : "\n", out);
    }
    return true;
}
