#include "gw_opt.h"

#include <getopt.h>
#include <string.h>

enum gw_rc gw_opt_refused(int code, char *const argv[], const char *program, struct gw_err *err)
{
    if (optopt > 0 && optopt < GW_OPT_LONG) /* a letter; which word it stands in cannot be told for certain */
        return gw_err_set(err, GW_INVALID, "unknown option -%c; see `%s --help`", optopt, program);
    const char *word = argv[optind - 1];
    int name_len = (int)strcspn(word, "=");
    if (code == ':')
        return gw_err_set(err, GW_INVALID, "%s needs a value; see `%s --help`", word, program);
    if (optopt)
        return gw_err_set(err, GW_INVALID, "%.*s takes no value; see `%s --help`", name_len, word, program);
    return gw_err_set(err, GW_INVALID, "unknown option %.*s; see `%s --help`", name_len, word, program);
}
