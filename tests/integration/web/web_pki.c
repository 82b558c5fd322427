#include "web_pki.h"

#include <stdio.h>
#include <stdlib.h>

#include "gw_proc.h"
#include "gw_test.h"

/* All in one shell run: it is the test's own script in the test's own directory. */
static const char script[] =
    "set -e; cd \"$0\"\n"
    "exec 2>openssl.log\n"
    "key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }\n"
    "cat >ext <<EOF\n"
    "[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
    "[server]\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"
    "[device]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n"
    "EOF\n"
    "root() { key $1; openssl req -new -key $1.key -subj /CN=$1 -out $1.csr\n"
    "openssl x509 -req -in $1.csr -signkey $1.key -days 30 -extfile ext -extensions ca -out $1.pem; }\n"
    "leaf() { key $1; openssl req -new -key $1.key -subj /CN=$2 -out $1.csr\n"
    "openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -CAcreateserial -days $5 -extfile ext -extensions $4 "
    "-out $1.pem; }\n"
    "root root; leaf issuer issuer root ca 30; cat root.pem issuer.pem >ca.pem\n"
    "root strange\n"
    "leaf server server issuer server 30; cat server.pem issuer.pem >server.chain; cat server.pem issuer.pem "
    "server.key >server.all\n"
    "leaf good dev-1 issuer device 30; cat good.pem issuer.pem good.key >good.all\n"
    "leaf other dev-2 issuer device 30; cat other.pem issuer.pem other.key >other.all\n"
    "leaf expired dev-1 issuer device -1; cat expired.pem issuer.pem expired.key >expired.all\n"
    "leaf stranger dev-1 strange device 30; cat stranger.pem stranger.key >stranger.all\n";

const struct web_pki *web_pki(void)
{
    static struct web_pki pki;
    if (pki.ca[0])
        return &pki;
    const char *dir = gw_test_dir();
    const char *const argv[] = {"/bin/sh", "-c", script, dir, NULL};
    if (gw_proc_run(argv, NULL) != 0) {
        printf("# the openssl command failed in %s\n", dir);
        abort();
    }
    const struct {
        char *out;
        const char *name;
    } files[] = {
        {pki.ca, "ca.pem"},
        {pki.root, "root.pem"},
        {pki.server_cert, "server.chain"},
        {pki.server_key, "server.key"},
        {pki.good, "good.all"},
        {pki.other, "other.all"},
        {pki.expired, "expired.all"},
        {pki.server_all, "server.all"},
        {pki.stranger, "stranger.all"},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)snprintf(files[i].out, sizeof(pki.ca), "%s/%s", dir, files[i].name);
    return &pki;
}
