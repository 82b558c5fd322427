#include <wolfssl/options.h>
#include <wolfssl/openssl/ssl.h>
#include <openssl/ssl.h>
#include <argon2.h>
