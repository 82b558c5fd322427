/* gatehouse: the operator's command line. See cli.h. */
#include <curl/curl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"

int main(int argc, char **argv)
{
    struct cli cli = {
        .out = stdout,
        .err = stderr,
        .out_is_tty = isatty(STDOUT_FILENO) == 1,
        .socket = getenv("GATEHOUSE_SOCKET"),
    };
    if (curl_global_init(CURL_GLOBAL_NOTHING)) {
        (void)fputs("gatehouse: libcurl cannot start\n", stderr);
        return CLI_REFUSED;
    }
    enum cli_exit rc = cli_main(&cli, argc, (const char *const *)argv);
    curl_global_cleanup();
    return (int)rc;
}
