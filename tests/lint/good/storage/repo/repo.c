#include "db.h"
#include "gw_low.h"
