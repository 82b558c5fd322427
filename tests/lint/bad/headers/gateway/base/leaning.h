#pragma once
uint32_t leaning(void);
