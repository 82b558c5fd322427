#pragma once
#include "standing.h"
#include "sql_store.h"
uint16_t above(void);
