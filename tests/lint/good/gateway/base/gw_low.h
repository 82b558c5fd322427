#pragma once
#include <stdint.h>
uint32_t gw_low(void);
