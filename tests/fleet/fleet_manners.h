/*
 * fleet_manners: what devices do that misbehave (fleet_behaviour.h says who they are).
 */
#pragma once

#include "fleet_device.h"

/* While there is load, at every tick. */
void fleet_manners_tick(struct fleet_device *d, const struct fleet_now *now);
