#ifndef VALISE_DISCOVER_WALK_H
#define VALISE_DISCOVER_WALK_H

#include "pox.h"
#include "valise/discover/autodiscover.h"
#include "valise/dns/dns.h"
#include "valise/net/url.h"

/* walk.c: Autodiscover asked for one address after another, and who may have the credentials. */
struct walk {
	const struct service *home; /* whose credentials they are, and what was given */
	const struct autodiscover_opts *opts;
	struct dns *dns; /* NULL: a proxy looks names up */
	char *address; /* asked for */
	bool at_domain; /* the four places of the address's domain; else the host that was given */
	char told_by[HOST_SIZE]; /* the host that answered last; "": none */
	char *told_at; /* the URL */
	bool asked; /* somebody agreed to a host */
	unsigned hops;
	char **seen; /* what was asked already: URLs, and addresses */
	size_t n_seen, seen_cap;
	char **agreed; /* hosts that may have the credentials though nothing speaks for them */
	size_t n_agreed, agreed_cap;
	struct err why; /* why a place gave nothing: the first that is worth telling */
};
/* For ${address}; clear in any case. */
int walk_begin(struct walk *w, const struct service *home, const struct autodiscover_opts *o,
        const char *address, struct err *err) MUST_CHECK;
void walk_clear(struct walk *w);

/* The answer of who knows w->address, asked from the first place on. */
int walk_search(struct walk *w, struct pox_answer *a, struct err *err) MUST_CHECK;
/* The same for another address, from where the last answer came. */
int walk_beside(
        struct walk *w, const char *address, struct pox_answer *a, struct err *err) MUST_CHECK;

/**
 * walk_may_go(w, g, err): 0 where the host may have the credentials: it is the one that was given,
 * of its registrable domain or of that of ${from}, or somebody agrees.
 */
struct going {
	const char *host;
	/* the host or domain that names it, and may have them itself; NULL: nobody that counts */
	const char *from;
	const char *why, *url; /* as in struct autodiscover_opts */
};
int walk_may_go(struct walk *w, const struct going *g, struct err *err) MUST_CHECK;
/* ${ref} as it stands at ${base} (may be NULL), the caller's: over TLS, as all that was given is.
 */
int walk_join(const struct walk *w, const char *base, const char *ref, char **out,
        struct err *err) MUST_CHECK;
/* Does the error end it all: a stop, a password that nobody has, or that was refused? */
bool walk_ends(int code, bool signs_in);

#endif
