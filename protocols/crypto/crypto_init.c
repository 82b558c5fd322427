#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/wc_port.h>

#include "crypto_init.h"

#include <pthread.h>
#include <stdlib.h>

static void init_once(void)
{
    if (wolfCrypt_Init())
        abort();
}

void crypto_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, init_once);
}

void crypto_thread_end(void)
{
    wc_ecc_fp_free();
}
