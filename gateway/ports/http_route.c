#include "http_route.h"
