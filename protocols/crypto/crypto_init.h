/*
 * crypto_init: wolfCrypt's own start-up, once a process; every entry into the library goes through it. Any thread.
 */
#pragma once

void crypto_init(void);
/* What a thread that has checked signatures calls as its last: wolfCrypt keeps tables of points for each thread, up to
 * 12 MiB (15 points of 257 multiples each), and nothing else frees them. */
void crypto_thread_end(void);
