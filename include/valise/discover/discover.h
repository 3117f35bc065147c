#ifndef VALISE_DISCOVER_DISCOVER_H
#define VALISE_DISCOVER_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "valise/base/err.h"
#include "valise/base/progress.h"
#include "valise/base/service.h"
#include "valise/discover/providers.h"

/*
 * From an address to the services of its account. What is asked, each for what the ones
 * before it left open:
 *
 *   1 the user's own providers.ini        what the user wrote counts more than anything
 *   2 the table, by the address's domain  came with the program, nobody on the way changes it
 *   3 SRV, and TXT of DAV                 the domain's own word, exact, and able to say "none"
 *     (RFC 6186, 6764, 8314, 2782)
 *   4 the table, by the domain's MX       who keeps the mailboxes; before 5, as a web host
 *                                         often goes on to hand out its old autoconfig
 *   5 autoconfig of the domain            over https; over http if there is no other, and said
 *   6 .well-known of the domain           over https, DAV alone (RFC 6764)
 *
 * Nobody but the domain and its name servers learns of the look-up, and the address goes
 * to the domain alone. No password goes anywhere.
 */

enum found_by {
	FOUND_OWN_TABLE,
	FOUND_TABLE,
	FOUND_SRV,
	FOUND_TABLE_MX,
	FOUND_AUTOCONFIG,
	/* anybody on the way could have changed it: always TRUST_ASK */
	FOUND_AUTOCONFIG_HTTP,
	FOUND_WELL_KNOWN,
	FOUND_WAYS
};

enum found_trust {
	/* The host is the address's domain, or of the same registrable domain */
	TRUST_DOMAIN,
	TRUST_TABLE, /* the host stands in the table, or in the user's own */
	/*
	 * neither, or it was said without TLS: a person has to agree before a password goes
	 * there
	 */
	TRUST_ASK,
};

enum found_state {
	FOUND_SERVICE, /* there it is */
	FOUND_NONE, /* asked everywhere: there is none, or the domain says so */
	FOUND_UNKNOWN, /* not found, and something could not be asked */
	FOUND_UNWANTED, /* not looked for */
};

struct finding {
	enum found_state state;
	/* what follows, of FOUND_SERVICE alone */
	char *url; /* as accounts.ini has it: "imaps://mail.old.example" */
	char *host; /* of the URL */
	char *user; /* who signs in */
	/* where the host is, for endpoint.address; NULL unless a name server was given */
	char *at;
	enum found_by by;
	enum found_trust trust;
	/* for people, without a full stop: how it was found, or why it was not */
	char *why;
};

struct discovery {
	char *address; /* as given */
	char *domain; /* of it, in lower case, in its ACE form (RFC 5891) */
	struct finding services[SERVICE_KINDS];
	/* the row that one of them came from, or whose host one has; lent by table; or NULL */
	const struct provider *provider;
	struct providers *table;
	/* what else there is to say: wrong records, autoconfig without TLS; lines for people */
	char **notes;
	size_t n_notes, notes_cap;
};

struct discover_opts {
	unsigned want; /* bits 1 << SERVICE_x; 0: all but MAPI, which is never looked for here */
	bool stores; /* what is found is to be stored into, not read */
	const char *nameserver; /* "HOST:PORT", "HOST", "[::1]:PORT"; NULL: /etc/resolv.conf */
	const char *ca_file; /* for autoconfig and .well-known; NULL: the system's */
	const char *providers, *own_providers; /* NULL: where they are, see providers_load */
	/*
	 * what all goes through, as in struct endpoint; where it looks names up by itself,
	 * nothing but ${nameserver} is asked for any
	 */
	const char *proxy;
	/* of one question, where it is less than 5 for a name server, 15 for a web server */
	unsigned timeout_s;
	FILE *trace; /* of what goes over HTTP; may be NULL */
	struct progress *progress; /* may be NULL */
};

/* Does it look like an address, one that discover() would take? */
bool discover_is_address(const char *text);

/**
 * discover(address, opts, out, err): ask, decide, and say so. *out is filled where the
 * result is 0, whatever was found; free it with discovery_free.
 * Errors: ERR_USAGE (no address, a name server or table that is not understood),
 * ERR_STOPPED. A name server or a web server that fails (no answer in time, no good
 * certificate, HTTP 429 or 5xx) is none: it makes the services FOUND_UNKNOWN that it was
 * asked for and that were not found otherwise. No such host, a port where nothing listens and
 * HTTP 404 are an answer.
 */
int discover(const char *address, const struct discover_opts *opts, struct discovery **out,
        struct err *err) MUST_CHECK;
void discovery_free(struct discovery *d); /* NULL is fine */

/* "SRV", "table" ...: for programs. */
const char *found_by_name(enum found_by by);
/* Why the host gets the password, or why somebody is asked, as a clause for people. */
const char *found_trust_text(const struct finding *f);

#endif
