#include <wolfssl/options.h>

#include "gw_low.h"
