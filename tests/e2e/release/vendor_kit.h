/* vendor_kit: vendors, releases and what can be wrong with their containers; and a slow uploader. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_gateway.h"

/* Keys and releases are made by the shipped CLI in a directory of the test. Paths live as long as the program. */
struct vendor {
    char key[160]; /* private, PEM */
    char pub[160];
    char keyid[65];
};
void kit_vendor(struct vendor *v, const char *name);
/* Adds it to the gateway's trusted keys, in the name of root. */
bool kit_trust(const struct gw_gateway *g, const struct vendor *v);

struct kit_release {
    const char *version; /* of product "pump" */
    int counter, floor;
    const char *hardware;           /* as in JSON, with quotes and commas; NULL: "rev-b" */
    const char *released, *expires; /* RFC 3339; NULL: now, 2099 */
    size_t size;                    /* bytes of a.swu; b.img and notes.txt are small */
    bool zeros;                     /* a.swu is sparse instead of random */
};
/* Signs one with this vendor's key; the container's path. */
const char *kit_release(const struct vendor *v, const struct kit_release *r);

/* A container in memory. Entries: 0 the envelope, then a.swu, b.img and notes.txt as the manifest has them. */
struct kit_tar {
    uint8_t *bytes;
    size_t len;
};
void kit_tar_load(struct kit_tar *t, const char *path);
void kit_tar_done(struct kit_tar *t);
/* Offset of the header of an entry; of the end blocks for the number of entries. */
size_t kit_tar_at(const struct kit_tar *t, int entry);
void kit_tar_cut(struct kit_tar *t, int entry); /* takes it out */
/* Puts a file in front of the entry; type '0' is a regular file, 'x' a pax header. */
void kit_tar_insert(struct kit_tar *t, int entry, const char *name, char type);
/* Writes it to a file of the test, whose path lives until the next call. */
const char *kit_tar_save(const struct kit_tar *t);

/* `gatehouse --json release import`; its output, to be freed. */
int kit_import(const struct gw_gateway *g, const char *path, char **ret_out);
/* Files in the blob store, staged ones too. */
int kit_blobs(const struct gw_gateway *g);
/* Bytes that the import thread has taken of the import that runs; -1 when none does. */
long kit_progress(const struct gw_gateway *g);
/* How many releases the gateway lists, in this state or (NULL) any. */
int kit_listed(const struct gw_gateway *g, const char *state);

/* An upload over the admin socket that sends only as much as it is told; -1 on failure. */
int kit_upload_begin(const struct gw_gateway *g, size_t length);
bool kit_upload_send(int fd, const uint8_t *bytes, size_t len);
/* VmRSS or VmHWM of a process in KiB. */
long kit_memory(pid_t pid, const char *field);
