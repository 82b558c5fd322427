/*
 * ustar: reading and writing uncompressed POSIX ustar archives (IEEE Std 1003.1, pax, "ustar Interchange Format") as
 * bytes stream by, in memory that does not grow.
 *
 * Regular files only, names [A-Za-z0-9._-]{1,100} (neither "." nor ".."), each once, at most USTAR_FILES_MAX. The
 * header's checksum must hold in the form that every writer uses (six octal digits, NUL, space); sizes are octal; the
 * prefix field is empty; what fills a file's last block is zero; the archive ends in two blocks of zeros, behind which
 * only more such blocks may stand, up to the next multiple of USTAR_RECORD bytes. Refused, with what it is: pax and GNU
 * headers, old tars without magic, links, directories, devices. Owner, mode and time are not looked at.
 *
 * The reader is pushed: give it the bytes in any cut. It tells what it finds by callbacks, in order: header, data (any
 * number of times, views borrowed until the callback returns), end, and so on. A callback that fails ends the reading
 * with its code. After a failure every later call fails the same way. Thread: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_err.h"
#include "gw_view.h"

#define USTAR_BLOCK     512
#define USTAR_RECORD    10240 /* 20 blocks: what tar(1) fills up to */
#define USTAR_NAME_MAX  100
#define USTAR_FILES_MAX 80
#define USTAR_SIZE_MAX  ((UINT64_C(1) << 33) - 1) /* eleven octal digits */

struct ustar_sink {
    void *ctx;
    enum gw_rc (*header)(void *ctx, const char *name, uint64_t size, struct gw_err *err);
    enum gw_rc (*data)(void *ctx, struct gw_view bytes, struct gw_err *err);
    enum gw_rc (*end)(void *ctx, struct gw_err *err);
};

/* Private to ustar_read.c; about 9 KB, no pointer to free. */
struct ustar_reader {
    struct ustar_sink sink;
    uint64_t max_bytes;  /* content of all files together */
    uint64_t seen_bytes; /* content announced by headers so far */
    uint64_t offset;     /* of the archive */
    uint64_t left;       /* content of the open file that is to come */
    uint32_t pad;        /* zeros behind it that are to come */
    uint32_t end_blocks; /* of zeros, seen */
    uint64_t limit;      /* the archive may not be longer; set by the second block of zeros */
    bool open;           /* a file is arriving */
    enum gw_rc failed;
    uint32_t block_len;
    uint8_t block[USTAR_BLOCK];
    uint32_t file_count;
    char names[USTAR_FILES_MAX][USTAR_NAME_MAX + 1];
};

/* max_bytes: ceiling for the content of all files together; a header that goes beyond is GW_TOO_BIG. */
void ustar_reader_begin(struct ustar_reader *r, const struct ustar_sink *sink, uint64_t max_bytes);
/* GW_INVALID for what is no such archive; the message names the file it is about. */
GW_MUST_CHECK enum gw_rc ustar_reader_feed(struct ustar_reader *r, struct gw_view bytes, struct gw_err *err);
/* The input is over: GW_INVALID when the archive is cut short. */
GW_MUST_CHECK enum gw_rc ustar_reader_finish(struct ustar_reader *r, struct gw_err *err);
/* The file that is arriving or was the last to arrive; "" before the first. */
const char *ustar_reader_file(const struct ustar_reader *r);

/* Writing: header, content, padding for each file, then the end. */
bool ustar_name_valid(struct gw_view name);
/* Mode 0644, owner 0, mtime in seconds since 1970. GW_INVALID for a name, a size or a time that has no place in it. */
GW_MUST_CHECK enum gw_rc ustar_header(const char *name, uint64_t size, int64_t mtime, uint8_t ret_block[USTAR_BLOCK]);
/* Zeros behind a file of this size: 0 to 511. */
size_t ustar_padding(uint64_t size);
/* Zeros at the end of an archive that has so many bytes up to there: the end blocks and the rest of the record. */
size_t ustar_trailer(uint64_t offset);
