#include "cli.h"
#include "turn.h"
