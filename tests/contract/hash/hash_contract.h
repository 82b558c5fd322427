/*
 * hash_contract: what every implementation of gw_sha256_ops must do: the published vectors of FIPS 180-4 and RFC 6962,
 * and streams cut at odd places.
 */
#pragma once

#include "gw_hash.h"
#include "gw_test.h"

/* Runs the suite over one implementation; returns the number of failures, for main(). */
int hash_contract_run(const char *suite, const struct gw_sha256_ops *ops);
