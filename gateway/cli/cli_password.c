/* A password that must not be on the screen, in argv or in the shell's history. */
#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli.h"

#define PASSWORD_MAX  256
#define KEY_INTERRUPT 3 /* ^C, which the terminal hands on while signals are off */
#define KEY_END       4 /* ^D */
#define KEY_BACK      8
#define KEY_DELETE    127

/* One line without its end, up to PASSWORD_MAX bytes; on a terminal with its editing keys. False: none came. */
static bool read_line(int fd, bool tty, char line[PASSWORD_MAX + 1], size_t *ret_len)
{
    size_t len = 0;
    for (;;) {
        char c;
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 && (tty || len == 0))
            return false;
        if (n <= 0 || c == '\n' || c == '\r')
            break;
        if (tty && (c == KEY_INTERRUPT || (c == KEY_END && len == 0)))
            return false;
        if (tty && (c == KEY_BACK || c == KEY_DELETE))
            len -= len > 0;
        else if (len == PASSWORD_MAX)
            return false;
        else
            line[len++] = c;
    }
    line[len] = '\0';
    *ret_len = len;
    return true;
}

/* The terminal is as it was when this returns, also after ^C: signals are off meanwhile. */
static bool ask(struct cli *cli, const char *prompt, char line[PASSWORD_MAX + 1], size_t *ret_len)
{
    struct termios before, quiet;
    if (tcgetattr(cli->in, &before))
        return false;
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    (void)fprintf(cli->err, "%s: ", prompt);
    (void)fflush(cli->err);
    bool got = tcsetattr(cli->in, TCSAFLUSH, &quiet) == 0 && read_line(cli->in, true, line, ret_len);
    (void)tcsetattr(cli->in, TCSAFLUSH, &before);
    (void)fputc('\n', cli->err);
    return got;
}

enum cli_exit cli_password(struct cli *cli, struct gw_buf *ret_password)
{
    char line[PASSWORD_MAX + 1], again[PASSWORD_MAX + 1];
    size_t len = 0, again_len = 0;
    bool tty = isatty(cli->in) == 1;
    bool got = tty ? ask(cli, "New password", line, &len) && ask(cli, "Once more", again, &again_len)
                   : read_line(cli->in, false, line, &len);
    bool same = !tty || (len == again_len && memcmp(line, again, len) == 0);
    enum gw_rc rc = got && same && len > 0 ? gw_buf_add(ret_password, line, len) : GW_INVALID;
    explicit_bzero(line, sizeof(line));
    explicit_bzero(again, sizeof(again));
    if (rc == GW_OK)
        return CLI_OK;
    cli_say(cli,
            got && !same
                ? "the two are not the same; nothing was changed"
                : "no password of 1 to 256 bytes came, on the terminal or as a line on stdin; nothing was changed");
    return CLI_REFUSED;
}
