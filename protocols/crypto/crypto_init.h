/*
 * crypto_init: wolfCrypt's own start-up, once a process; every entry into the library goes through it. Any thread.
 */
#pragma once

void crypto_init(void);
