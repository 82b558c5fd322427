/*
 * journal_thread_internal: the parts of the journal's thread; shared by its files only. But for what journal_thread.c
 * takes in, everything runs in that thread.
 *
 *     journal_thread.c   what others hand in, and the thread
 *     journal_store.c    entries of the queue become commits
 *     journal_tell.c     what core is to hear of them
 *     journal_sign.c     checkpoints of the logs that grew
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "journal_queue.h"
#include "journal_thread.h"
#include "log_progress.h"
#include "note.h"
#include "outage.h"

#define PART "journal"

/* What core is to hear. */
struct telling {
    struct log_progress *progress; /* owned */
    size_t count, cap;
    int64_t audit_n;
};

/*
 * Signing goes round: all logs that grew, by name, page after page, each when the one before it is signed. So none
 * stands behind others for good, however many grow how often. A round begins a second after the one before it began, or
 * when that is through.
 */
struct journal_sign_round {
    bool signing;         /* a page is with the workers */
    bool going;           /* more pages follow, behind `after` */
    struct log_id after;  /* the last of the page before */
    struct gw_mono began; /* this round */
    struct gw_mono next;  /* no page before that */
};

struct journal_thread {
    struct journal_thread_config config;
    struct journal_queue *queue;
    pthread_t thread;
    bool started;
    struct note_key key;
    struct journal_sign_round round;
    struct telling late;                                 /* what the inbox did not take */
    struct gw_device_id damaged[JOURNAL_THREAD_DAMAGED]; /* whose logs are */
    size_t damaged_count;
    atomic_bool full;
    struct outage writing, signatures; /* commits; answers of keyd */
    pthread_mutex_t stats_lock;
    struct journal_thread_stats stats;
};

/* Commits those of the entries that are to be stored; false when a commit failed. What must not be lost goes back to
 * the queue. */
bool journal_store(struct journal_thread *t, struct journal_entry *entries, size_t count, struct telling *telling);

/* Once a second: whether writing has gone well for long enough to say so. */
void journal_store_look(struct journal_thread *t);

/* What is to be told of this device: the newest word that is there, or a new one. Good until the next call. */
struct log_progress *journal_tell_about(struct telling *telling, const struct gw_device_id *device);
void journal_tell_position(struct log_progress *p, const struct journal_position *at);
/* The newest checkpoint of the log, if there is one. */
void journal_tell_note(struct journal_thread *t, struct log_progress *p, const struct log_id *log);
/* Where the log of a device that has come stands. */
void journal_tell_hello(struct journal_thread *t, const struct journal_entry *entry, struct telling *telling);
/* What is to be told first: an earlier position of a device goes out before its newer one. */
struct telling journal_tell_late(struct journal_thread *t);
/* Takes over telling->progress. */
void journal_tell(struct journal_thread *t, struct telling *telling);

/* A worker has brought signatures. */
void journal_sign_keep(struct journal_thread *t, const struct journal_entry *entry, struct telling *telling);
/* Hands the next logs that grew to a worker, if it is time. */
void journal_sign_go(struct journal_thread *t);
