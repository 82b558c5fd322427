#include <CUnit/CUnit.h>

#include "gw_low.h"

static void counts(void)
{
    CU_ASSERT(gw_low() == 1);
}
