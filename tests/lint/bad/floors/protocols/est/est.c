#include "low.h"
#include "rest.h"
#include "turn.h"
#include "nowhere.h"
