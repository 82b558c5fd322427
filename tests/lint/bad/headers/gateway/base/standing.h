#pragma once
#include <stdint.h>
uint32_t standing(void);
