/*
 * gw_test_hash: SHA-256 for tests, by OpenSSL: a second opinion beside the one that the product links.
 */
#pragma once

#include "gw_hash.h"

const struct gw_sha256_ops *gw_test_hash(void);
