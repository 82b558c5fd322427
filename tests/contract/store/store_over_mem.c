/* The suite over the fake. */
#include "mem.h"
#include "store_suite.h"

const char store_name[] = "store in memory";

static struct mem *mem;

void store_over_open(void)
{
    mem = mem_new();
}

struct store store_over_store(void)
{
    return mem_store(mem);
}

struct store store_over_reader(void)
{
    return mem_reader(mem);
}

void store_over_between(void)
{
}

void store_over_close(void)
{
    mem_free(mem);
    mem = NULL;
}
