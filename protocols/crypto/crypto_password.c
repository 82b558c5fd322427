#include "crypto_password.h"

#include <argon2.h>
#include <string.h>

#include "gw_id.h"

#define MEMORY_KIB 65536
#define PASSES     3
#define LANES      1
#define SALT_LEN   16
#define HASH_LEN   32
#define PREFIX     "$argon2id$v=19$m=65536,t=3,p=1$"

enum gw_rc crypto_password_hash(struct gw_view password, char ret_encoded[USER_PASSWORD_HASH_MAX], struct gw_err *err)
{
    uint8_t salt[SALT_LEN];
    if (password.len > CRYPTO_PASSWORD_MAX)
        return gw_err_set(err, GW_TOO_BIG, "password above %d bytes", CRYPTO_PASSWORD_MAX);
    gw_random(salt, sizeof(salt));
    int rc = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.ptr, password.len, salt, sizeof(salt), HASH_LEN,
                                   ret_encoded, USER_PASSWORD_HASH_MAX);
    if (rc == ARGON2_OK)
        return GW_OK;
    return gw_err_set(err, rc == ARGON2_MEMORY_ALLOCATION_ERROR ? GW_NO_MEMORY : GW_INVALID, "argon2id: %s",
                      argon2_error_message(rc));
}

enum gw_rc crypto_password_verify(const char *encoded, struct gw_view password, struct gw_err *err)
{
    if (strncmp(encoded, PREFIX, sizeof(PREFIX) - 1) != 0)
        return gw_err_set(err, GW_CORRUPT, "the stored password hash is not one of ours");
    if (password.len > CRYPTO_PASSWORD_MAX)
        return gw_err_set(err, GW_DENIED, "wrong password");
    int rc = argon2id_verify(encoded, password.ptr, password.len);
    if (rc == ARGON2_OK)
        return GW_OK;
    if (rc == ARGON2_VERIFY_MISMATCH)
        return gw_err_set(err, GW_DENIED, "wrong password");
    return gw_err_set(err, rc == ARGON2_MEMORY_ALLOCATION_ERROR ? GW_NO_MEMORY : GW_CORRUPT, "argon2id: %s",
                      argon2_error_message(rc));
}
