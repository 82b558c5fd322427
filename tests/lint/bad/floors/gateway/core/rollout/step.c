#include "decide.h"
#include "low.h"
#include "port.h"
