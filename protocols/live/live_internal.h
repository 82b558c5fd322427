/*
 * live_internal: what the files of protocols/live share. See live_hub.h.
 *
 *     live_hub.c    the hub's life, its tables and views, the tick
 *     live_queue.c  from core's thread into web's
 *     live_gate.c   who may connect
 *     live_walk.c   along the journal
 *     live_share.c  how much of the hub one person may have
 *     live_conn.c   one connection: what it says, and the rows it is sent
 *     live_words.c  the short answers to it, and its end
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "live_hub.h"
#include "live_message.h"
#include "live_sub.h"
#include "live_tail.h"

struct live_now {
    struct gw_wall wall;
    struct gw_mono mono;
};

/* Tokens that come back with time. */
struct live_bucket {
    int64_t tokens_milli;
    struct gw_mono filled;
};
/* Takes one; false when there is none. */
bool live_bucket_take(struct live_bucket *b, int burst, int per_s, struct gw_mono now);

struct live_sent {
    uint64_t n;
    size_t bytes;
    struct gw_mono at;
};

struct live_conn {
    struct live_hub *hub; /* NULL: a free place */
    struct ws_conn *ws;
    struct actor actor;
    bool hello, closing;
    bool blocked;   /* web's queue is full: drained() follows */
    bool held_back; /* something differs and could not be sent yet: goes on with the next acknowledgement */
    struct live_sub subs[LIVE_SUBS_MAX];
    size_t next; /* whose turn it is */
    struct live_bucket sub_bucket;
    int unreadable;
    uint64_t n; /* of the last numbered message */
    struct live_sent sent[LIVE_SENT_MAX];
    size_t sent_head, sent_count, unacked;
    struct gw_mono heard, flushed, looked; /* looked: at its session */
};

/* live_conn.c */
void live_conn_open(struct live_conn *c, struct live_hub *hub, struct ws_conn *ws, const struct actor *actor,
                    struct gw_mono now);
void live_conn_close(struct live_conn *c); /* frees what it holds */
void live_conn_message(struct live_conn *c, struct gw_view text, const struct live_now *now);
/* Sends what differs, as far as it may. */
void live_conn_flush(struct live_conn *c, const struct live_now *now);
/* Looks at its session, at signs of life, and flushes when it is time. */
void live_conn_tick(struct live_conn *c, bool look, const struct live_now *now);

/* live_words.c: short answers; not numbered. One that finds no room ends the connection. */
void live_say_hello(struct live_conn *c, struct gw_wall now);
void live_say_pong(struct live_conn *c, struct gw_wall now);
void live_say_ok(struct live_conn *c, int32_t id);
/* id 0: of no subscription. `detail` is for people. */
void live_say_err(struct live_conn *c, int32_t id, const char *code, const char *detail);
void live_say_resync(struct live_conn *c, int32_t id, const char *why);
/* Asks web to close it, once; code: RFC 6455 section 7.4. */
void live_conn_end(struct live_conn *c, int code, const char *reason);

struct live_source {
    char source[HTTP_SOURCE_MAX];
    struct live_bucket bucket;
};

/* live_gate.c */
GW_MUST_CHECK enum gw_rc live_gate(struct live_hub *hub, const struct http_request *request, struct gw_mono now,
                                   struct actor *ret_actor, struct gw_err *err);

enum live_item_kind {
    LIVE_ITEM_PUT = 1,
    LIVE_ITEM_DELETE,
    LIVE_ITEM_BEGIN,
    LIVE_ITEM_END,
    LIVE_ITEM_EVENT,
    LIVE_ITEM_TAIL
};

struct live_item {
    enum live_item_kind kind;
    enum live_topic topic;
    char key[LIVE_KEY_MAX];
    uint8_t *json; /* owned */
    size_t len;
    int sev; /* EVENT; key: its device */
    bool ok; /* TAIL, as the next two */
    struct journal_feed feed;
    uint64_t unread;
};

/* live_walk.c */
struct live_walk {
    struct journal_feed feed; /* epoch 0: to begin at the end */
    bool asked_for;           /* an answer is on its way */
    struct gw_mono asked;
};
struct live_tail *live_walk_join(struct live_hub *hub, const struct filter *filter); /* NULL: LIVE_STREAMS_MAX */
void live_walk_leave(struct live_hub *hub, struct live_tail *t);                     /* frees; accepts NULL */
void live_walk_event(struct live_hub *hub, const struct live_item *item, struct gw_wall now);
void live_walk_end(struct live_hub *hub, const struct live_item *item);
void live_walk_broken(struct live_hub *hub); /* events were lost on the way: it begins anew, and says so */
void live_walk_tick(struct live_hub *hub, const struct live_now *now);

/* live_queue.c: a ring under a mutex. */
struct live_queue {
    pthread_mutex_t lock;
    struct live_item *items;
    size_t head, count, bytes;
    bool overflowed; /* what was queued is forgotten: all rows are to be asked for */
    uint64_t overflows;
};
void live_queue_init(struct live_queue *q);
void live_queue_done(struct live_queue *q);
/* Takes item->json over. True when the reader must be woken. */
bool live_queue_give(struct live_queue *q, const struct live_item *item);
/* False: it is empty. *ret_overflowed once after it overflowed. */
bool live_queue_take(struct live_queue *q, struct live_item *ret_item, bool *ret_overflowed);

struct live_hub {
    struct live_config config;
    char gateway[24];
    char epoch[LIVE_EPOCH_CHARS + 1];
    struct ws_port port;
    uint16_t operators_port;
    struct ws_route route;
    struct live_queue queue;
    bool stale; /* all rows are to be asked for */
    struct live_table tables[LIVE_TOPICS];
    struct live_view *views[LIVE_VIEWS_MAX];
    size_t view_count;
    struct live_stream streams[LIVE_STREAMS_MAX];
    struct live_tail *tails[LIVE_TAILS_MAX];
    size_t tail_count;
    struct live_walk walk;
    atomic_bool grew;
    struct live_conn *conns[LIVE_CONNS_MAX];
    size_t conn_count;
    struct live_source sources[LIVE_SOURCES];
    size_t next_source;
    uint64_t changes; /* of sessions, when all were looked at last */
    struct gw_buf scratch;
    uint64_t mark;           /* the last count: live_share.c */
    struct live_stats stats; /* web's thread */
    pthread_mutex_t lock;    /* of: */
    struct live_stats told;
};

/* live_share.c: may this person watch by one query more, beside this subscription (NULL: a new one)? What somebody
 * watches already costs nothing. */
bool live_share_rows(struct live_conn *c, const struct live_sub *beside, enum live_topic topic,
                     const struct filter *filter);
bool live_share_logs(struct live_conn *c, const struct live_sub *beside, const struct filter *filter);

/* live_hub.c: the view of this query, made when there is none; NULL at LIVE_VIEWS_MAX. */
struct live_view *live_hub_view(struct live_hub *hub, enum live_topic topic, const struct filter *filter,
                                struct gw_wall now);
void live_hub_view_drop(struct live_hub *hub, struct live_view *view); /* accepts NULL */
/* A tick at a given time. */
void live_hub_tick(struct live_hub *hub, const struct live_now *now);
enum gw_rc live_hub_open(struct live_hub *hub, const struct http_request *request, struct ws_conn *ws,
                         struct gw_mono now, struct live_conn **ret_conn, struct gw_err *err);
void live_hub_closed(struct live_conn *c);
