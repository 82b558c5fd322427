/*
 * agent_spool_internal: what the files of the spool share. Not for others.
 *
 * Every change is a record: spool_append() frames it behind the last one and applies it to memory; opening applies the
 * same records again. agent_spool_apply.c is therefore the only place that changes the queue.
 */
#pragma once

#include "agent_record.h"
#include "agent_spool.h"
#include "merkle_range.h"

#define SPOOL_NO_SEQ      UINT64_MAX
#define SPOOL_PATH_MAX    512
#define SPOOL_OUT_MAX     (4 * 1024 * 1024)
#define SPOOL_FILE_MAX    (512 * 1024 * 1024) /* never met: a file holds at most what lives and a little more */
#define SPOOL_EVENT_FIXED 18                  /* id, time, severity, flags */
#define SPOOL_EPOCH_FIXED 24                  /* id, time, epoch */
#define SPOOL_SEVERITIES  (AGENT_SPOOL_SEVERITY_MAX + 1)

enum spool_flag {
    SPOOL_KEEP = 1,      /* is or was numbered, or must not be shed */
    SPOOL_TOMBSTONE = 2, /* tells of all that was shed so far */
};

/* An event that is not gone. Order in the array is the order of numbers. */
struct spool_entry {
    uint64_t id;      /* of acceptance; rises, survives a new epoch */
    uint64_t seq;     /* SPOOL_NO_SEQ while queued */
    uint64_t segment; /* number of its file */
    int64_t t_ms;     /* accepted, wall clock */
    uint32_t offset;  /* of its bytes in the file */
    uint16_t len;
    uint8_t severity;
    uint8_t flags;
};

struct spool_segment {
    uint64_t number;
    int fd;
    uint32_t size;       /* bytes written; what waits in `out` comes behind, in the last segment */
    uint32_t live;       /* entries whose bytes lie here */
    uint32_t live_bytes; /* of those, without frames */
};

struct spool_sealed {
    uint64_t first;
    uint32_t count;
    struct merkle_range before; /* of the leaves in front of first */
};

struct spool_lost {
    uint64_t count[SPOOL_SEVERITIES];
    int64_t from_ms, to_ms;
};

struct agent_spool {
    struct agent_spool_settings settings;
    char dir[SPOOL_PATH_MAX];
    char epoch_path[SPOOL_PATH_MAX];

    struct spool_segment *segments; /* rising numbers, the last one grows */
    size_t segment_count, segment_cap;

    struct spool_entry *entries; /* live ones are [head, end), the first `numbered` of them have numbers */
    size_t head, end, cap, numbered;
    uint64_t sheddable[SPOOL_SEVERITIES]; /* queued and without SPOOL_KEEP */
    uint64_t used_bytes, queued_bytes;    /* with AGENT_SPOOL_EVENT_COST each */

    uint64_t epoch, next, freed, next_id;
    struct merkle_range at_next, at_freed;
    struct spool_sealed sealed[AGENT_SPOOL_SEALED_MAX]; /* together freed … next */
    size_t sealed_count;
    char checkpoint[AGENT_SPOOL_CHECKPOINT_MAX];
    struct spool_lost lost;    /* shed, not yet told */
    struct spool_lost refused; /* of that, not yet in a record */
    uint64_t refused_count;
    uint64_t refused_told[SPOOL_SEVERITIES]; /* in records, since the last seal or start */

    struct gw_buf out;  /* records not yet written */
    bool unsynced;      /* written since the last sync */
    bool broken;        /* a sync failed: nothing can be promised any more */
    bool epoch_written; /* the epoch file is right */
    uint64_t stale; /* number of a file that the one behind it stands for and that is still to be removed; 0: none */
    bool damaged;   /* seen while opening */
};

/* apply: one record to memory. segment and offset say where its payload lies. GW_CORRUPT when it contradicts itself. */
enum gw_rc spool_apply(struct agent_spool *s, const struct agent_record *record, uint64_t segment, uint32_t offset);
/* While damaged: only what tells of events and epochs. */
enum gw_rc spool_salvage(struct agent_spool *s, const struct agent_record *record, uint64_t segment, uint32_t offset);
/* Frames behind the last record and applies. The caller has checked spool_room(). */
void spool_append(struct agent_spool *s, enum agent_record_type type, struct gw_view payload);
/* The state now. The file stands for all numbers from covers_from to its own. */
void spool_head_format(const struct agent_spool *s, uint64_t covers_from, struct gw_buf *ret_payload);
/* A 16-bit length, then the range: how it stands in payloads. */
void spool_range_add(struct gw_buf *out, const struct merkle_range *range);
struct spool_segment *spool_segment_find(const struct agent_spool *s, uint64_t number);

/* disk */
enum gw_rc spool_disk_open(struct agent_spool *s, struct gw_err *err);
enum gw_rc spool_disk_sync(struct agent_spool *s, struct gw_err *err);
enum gw_rc spool_disk_add_segment(struct agent_spool *s, uint64_t number, struct gw_err *err);
void spool_disk_tidy(struct agent_spool *s);
void spool_disk_path(const struct agent_spool *s, uint64_t number, const char *suffix, char out[SPOOL_PATH_MAX]);
enum gw_rc spool_disk_read(const struct agent_spool *s, const struct spool_entry *e, struct gw_buf *ret_bytes,
                           struct gw_err *err);
/* Makes "<number>.seg" hold exactly this, at once, by ".new" and rename; hands out its descriptor. It is there for good
 * when the directory has been synced: the caller's to do. */
enum gw_rc spool_disk_swap(struct agent_spool *s, uint64_t number, struct gw_view content, int *ret_fd,
                           struct gw_err *err);
void spool_compact(struct agent_spool *s);
/* Replaces all files by one with what could be read and this record; loads it. */
enum gw_rc spool_salvage_rewrite(struct agent_spool *s, struct gw_view epoch_payload, struct gw_err *err);

/* shed */
/* Makes room for `need` more bytes by shedding what is queued and no more severe; false when that is not enough. */
bool spool_make_room(struct agent_spool *s, uint64_t need, unsigned severity);
/* Counts an event that found no room; whatever happens, more than half of them are in records. */
void spool_refuse(struct agent_spool *s, unsigned severity, struct gw_wall now);
void spool_refused_append(struct agent_spool *s);
/* Queues one event that tells of all that was lost, when anything was. */
enum gw_rc spool_tombstone(struct agent_spool *s, struct gw_wall now);

static inline bool spool_room(const struct agent_spool *s)
{
    return s->out.len + AGENT_RECORD_PAYLOAD_MAX + 64 < SPOOL_OUT_MAX / 2;
}
static inline size_t spool_count(const struct agent_spool *s)
{
    return s->end - s->head;
}
static inline uint64_t spool_cost(const struct spool_entry *e)
{
    return (uint64_t)e->len + AGENT_SPOOL_EVENT_COST;
}
