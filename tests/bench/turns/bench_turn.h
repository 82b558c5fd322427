/*
 * bench_turn: what both benches of turns need: how long one took, and devices that can connect.
 */
#pragma once

#include "desk.h"

struct took {
    double wall_ms, cpu_ms;
};

struct took bench_now(void);
struct took bench_since(struct took began);
/* A certificate of the device that is valid at the desk's time; `n` makes it its own. Within a transaction. */
void bench_put_cert(struct desk *d, const struct gw_device_id *id, unsigned n);
