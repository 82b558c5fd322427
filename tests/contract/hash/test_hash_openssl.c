#include "bulk_hash.h"
#include "hash_contract.h"

int main(void)
{
    return hash_contract_run("SHA-256 by OpenSSL", bulk_hash_ops());
}
