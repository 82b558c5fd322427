/* web_pki: a root, an issuing CA and the certificates that the tests of the doors need, made once a program with the
 * openssl command. Paths are static. */
#pragma once

struct web_pki {
    char ca[512];          /* PEM: root and issuer */
    char root[512];        /* PEM: root */
    char server_cert[512]; /* leaf and issuer; names localhost and 127.0.0.1 */
    char server_key[512];
    char good[512];       /* device dev-1: leaf, issuer and key in one PEM */
    char other[512];      /* device dev-2 */
    char expired[512];    /* device dev-1, not valid any more */
    char server_all[512]; /* the server's own, with its key: no client */
    char stranger[512];   /* of another CA */
};

/* Aborts the program when the openssl command does not work. */
const struct web_pki *web_pki(void);
