#ifndef VALISE_PROTO_IMAP_POOL_H
#define VALISE_PROTO_IMAP_POOL_H

#include <pthread.h>
#include "valise/base/workers.h"
#include "valise/proto/imap/imap.h"

/*
 * The connections of one run to one IMAP server, and the manners that they share: opened
 * with growing pauses, all of them silent as long as the server asks for that, and half
 * as many from then on. A connection belongs to its worker; the pool is thread-safe.
 * Waiting ends at once when a stop is requested or the run fails.
 */
struct imap_pool {
	/* filled by the owner */
	const struct service *service;
	bool target;
	struct progress *progress;
	/* trouble without any gain that ends the run; 0: POOL_MAX_WAIT_S */
	unsigned max_wait_s;
	struct workers *workers; /* of the run; may be NULL */

	/* private */
	pthread_mutex_t lock;
	int64_t until_ms; /* nothing is sent before */
	int64_t trouble_ms; /* since when nothing was gained; 0: all is well */
	unsigned streak; /* times in a row that the server asked to wait */
	unsigned open; /* sessions */
	unsigned at_work; /* workers that are not to end */
	unsigned allowed; /* after the server asked to wait; 0: as many as wanted */
	bool one_by_one; /* it was told that commands are not sent together */
	struct err ended; /* patience is over, or the daily limit is reached */
};

enum { POOL_MAX_WAIT_S = 900 };

void imap_pool_init(struct imap_pool *p);
void imap_pool_clear(struct imap_pool *p);

/**
 * imap_pool_throttled(p, next, err): note the ERR_THROTTLED in ${err}, without waiting:
 * nothing is to be sent before imap_pool_hold. People are told, with ${next} for what
 * will be gone on with. An error: the run is over, as longer is asked for than anybody
 * waits.
 */
int imap_pool_throttled(struct imap_pool *p, const char *next, struct err *err) MUST_CHECK;
/* imap_pool_hold would not come back at once */
bool imap_pool_waiting(struct imap_pool *p);
/*
 * Wait as long as the server asked; no time if it did not. ERR_STOPPED, or why the run is
 * over.
 */
int imap_pool_hold(struct imap_pool *p, struct err *err) MUST_CHECK;
/**
 * imap_pool_pause(p, nth, next, err): before trying again after the failure in ${err},
 * the ${nth} in a row: as long as the server asked, or a pause that grows with ${nth}.
 * Errors as imap_pool_hold.
 */
int imap_pool_pause(
        struct imap_pool *p, unsigned nth, const char *next, struct err *err) MUST_CHECK;
/* so long, no failure */
int imap_pool_wait(struct imap_pool *p, int64_t ms, struct err *err) MUST_CHECK;
/* something was fetched: patience starts over */
void imap_pool_gained(struct imap_pool *p);
/* so many of ${want} connections */
unsigned imap_pool_allowed(struct imap_pool *p, unsigned want);
/* true: the run is over, and why */
bool imap_pool_ended(struct imap_pool *p, struct err *err);

/* ---- attempts ---- */

/* Of one thing. */
struct attempts {
	unsigned failures; /* in a row; the server's wish to wait is none */
	unsigned limit; /* so many failures end it; 1: nothing but that wish is obeyed */
};

enum { ATTEMPTS = 3, ATTEMPTS_BUSY = 5 };

/**
 * attempt_counts(a, rc, lost): is what ended with ${rc} to be tried once more? The failure
 * is counted. ${lost}: the connection is gone, too.
 *   0, ERR_STOPPED, ERR_GUARD                no
 *   ERR_THROTTLED                            yes, and that is no failure
 *   ERR_BUSY, and any other with ${lost}     yes, until the limit is reached
 *   any other                                no
 */
bool attempt_counts(struct attempts *a, int rc, bool lost);
/**
 * attempt_again(p, a, rc, lost, next, err): the same, and what is to be waited for was:
 * imap_pool_pause. Where the wait fails, its error is in *${rc} and ${err}.
 */
bool attempt_again(struct imap_pool *p, struct attempts *a, int *rc, bool lost, const char *next,
        struct err *err);

/* ---- connections ---- */

/* What a worker of the run sends its commands on: one session after the other. */
struct imap_conn {
	/* filled by the owner */
	struct imap_pool *pool;
	unsigned number; /* 0: the first one of the run */
	void (*closed)(void *ctx); /* what belongs to the session is void; or NULL */
	void *ctx;

	struct imap *m; /* NULL: none */
	bool was_open; /* signed in at least once */
	bool lost; /* no session can be opened any more */
	bool leaving; /* one too many since the server asked to wait: it is to end */
};

/**
 * imap_conn_open(c, err): a new session, compressed where the server offers it and the
 * way to it is no loopback; the old one is closed. The first of a run is tried again if
 * the server asks to wait or has no room now, twice if it cannot be reached; not for
 * long. A further one may simply be one too many: never. One that broke is tried again,
 * the last of a run until max_wait_s is over.
 * Errors: of the last attempt.
 */
int imap_conn_open(struct imap_conn *c, struct err *err) MUST_CHECK;
void imap_conn_close(struct imap_conn *c);
/* imap_pool_hold, then a session that lives: this one, or a new one. */
int imap_conn_ready(struct imap_conn *c, struct err *err) MUST_CHECK;
bool imap_conn_alive(const struct imap_conn *c);
/* The connection, not the command that ended with ${rc}, failed. */
bool imap_conn_broke(const struct imap_conn *c, int rc);
/*
 * What ended with ${err} ends the worker: no session can be opened, patience or the run is
 * over, or a stop was requested.
 */
bool imap_conn_is_over(const struct imap_conn *c, const struct err *err);

/**
 * imap_conn_select(c, name, name_len, write, shown, out, err): SELECT, or EXAMINE without
 * ${write}, on a session that lives, tried again as it makes sense. ${shown} is its name
 * for people; ${out} is filled in any case, its old content cleared.
 * Errors: with c->lost no session can be opened, without this mailbox cannot be selected.
 */
int imap_conn_select(struct imap_conn *c, const uint8_t *name, size_t name_len, bool write,
        const char *shown, struct imap_selected *out, struct err *err) MUST_CHECK;
/*
 * attempt_again for what ended with *${rc} on it. Where answers are still to come to what
 * will be sent again, the session is closed.
 */
bool imap_conn_retry(
        struct imap_conn *c, struct attempts *a, int *rc, const char *next, struct err *err);

/* One more worker, before its thread is started. */
void imap_conn_begin(struct imap_conn *c);
/*
 * The server asked to wait, and this worker is one of those that are given up for that:
 * it ends when it has nothing in flight.
 */
bool imap_conn_is_spare(struct imap_conn *c);
/* The worker ends: closed. True: none is left that goes on. */
bool imap_conn_end(struct imap_conn *c);
/* People are told, unless the run is over; ${rc} and ${err} are the worker's. */
void imap_conn_tell_end(const struct imap_conn *c, int rc, const struct err *err);

#endif
