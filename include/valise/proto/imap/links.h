#ifndef VALISE_PROTO_IMAP_LINKS_H
#define VALISE_PROTO_IMAP_LINKS_H

#include <pthread.h>
#include "valise/proto/imap/imap.h"

/*
 * The connections of one run to one IMAP server, and the manners that they share: opened
 * with growing pauses, all of them silent as long as the server asks for that, and half
 * as many from then on. A session belongs to its worker; the rest is thread-safe. Waiting
 * ends at once when a stop is requested or ${over} says so.
 */
struct imap_links {
	/* filled by the owner */
	const struct service *service;
	bool target;
	struct progress *progress;
	/* trouble without any gain that ends the run; 0: LINKS_MAX_WAIT_S */
	unsigned max_wait_s;
	bool (*over)(void *ctx); /* nothing is worth waiting for any more */
	void *ctx;

	/* private */
	pthread_mutex_t lock;
	int64_t until_ms; /* nothing is sent before */
	int64_t trouble_ms; /* since when nothing was gained; 0: all is well */
	unsigned streak; /* times in a row that the server asked to wait */
	unsigned open; /* connections */
	unsigned allowed; /* after the server asked to wait; 0: as many as wanted */
	struct err ended; /* patience is over, or the daily limit is reached */
};

enum { LINKS_MAX_WAIT_S = 900 };

/* Of one thing, before it is given up. */
struct attempts {
	unsigned failures; /* in a row; the server's wish to wait is none */
	unsigned limit; /* so many failures end it; 1: nothing but that wish is obeyed */
};

enum { ATTEMPTS = 3, ATTEMPTS_BUSY = 5 };

/* How much a connection is worth. */
enum link_need {
	/*
	 * of a run: tried again if the server asks to wait or has no room now, twice if
	 * it cannot be reached; not for long
	 */
	LINK_FIRST,
	LINK_FURTHER, /* may simply be one too many: never tried again */
	/* it broke: tried again, and the last one of a run until max_wait_s is over */
	LINK_AGAIN,
};

void imap_links_init(struct imap_links *l);
void imap_links_clear(struct imap_links *l);

/**
 * imap_link_open(l, need, out, err): a session, compressed where the server offers it and
 * the way to it is no loopback.
 * Errors: of the last try.
 */
int imap_link_open(
        struct imap_links *l, enum link_need need, struct imap **out, struct err *err) MUST_CHECK;
/* sets it to NULL; may be NULL */
void imap_link_close(struct imap_links *l, struct imap **m);

/**
 * imap_link_throttled(l, next, err): note the ERR_THROTTLED in ${err}, without waiting:
 * nothing is to be sent before imap_link_hold. People are told, with ${next} for what
 * will be gone on with. An error: the run is over, as longer is asked for than anybody
 * waits.
 */
int imap_link_throttled(struct imap_links *l, const char *next, struct err *err) MUST_CHECK;
/* imap_link_hold would not come back at once */
bool imap_link_waiting(struct imap_links *l);
/*
 * Wait as long as the server asked; no time if it did not. ERR_STOPPED, or why the run is
 * over.
 */
int imap_link_hold(struct imap_links *l, struct err *err) MUST_CHECK;
/**
 * imap_link_pause(l, nth, next, err): before trying again after the failure in ${err},
 * the ${nth} in a row: as long as the server asked, or a pause that grows with ${nth}.
 * Errors as imap_link_hold.
 */
int imap_link_pause(
        struct imap_links *l, unsigned nth, const char *next, struct err *err) MUST_CHECK;

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
 * attempt_again(l, a, rc, lost, next, err): the same, and what is to be waited for was:
 * imap_link_pause. Where the wait fails, its error is in *${rc} and ${err}.
 */
bool attempt_again(struct imap_links *l, struct attempts *a, int *rc, bool lost, const char *next,
        struct err *err);

/* so long, no failure */
int imap_link_wait(struct imap_links *l, int64_t ms, struct err *err) MUST_CHECK;
/* something was fetched: patience starts over */
void imap_link_gained(struct imap_links *l);
/* so many of ${want} connections */
unsigned imap_links_allowed(struct imap_links *l, unsigned want);
/* true: the run is over, and why */
bool imap_links_ended(struct imap_links *l, struct err *err);

#endif
