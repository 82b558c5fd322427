/*
 * row_fits: the port row_match.h: a row is what REST shows of it, read as the live protocol reads it.
 */
#pragma once

#include "rest.h"
#include "row_match.h"

/* Borrows rest. */
struct row_match row_fits_port(const struct rest *rest);
