#ifndef VALISE_ACCOUNT_PROTOCOLS_H
#define VALISE_ACCOUNT_PROTOCOLS_H

#include <stdbool.h>
#include <stdint.h>
#include "valise/base/service.h"
#include "valise/base/guard_role.h"
#include "valise/tree/model.h"

/*
 * What is known of a protocol before a word of it is spoken: a row of data for each
 * service kind. Who speaks it is in cli/protocols.c, what it may send in net/guard.c or
 * http/guard.c.
 */

struct protocol_scheme {
	const char *name; /* "imaps" */
	enum security security;
	uint16_t port; /* when the URL names none */
};

/* An option of a command that does something for this protocol alone. */
struct protocol_option {
	const char *name; /* without the dashes; NULL ends a list */
	enum { PROTOCOL_FETCH = 1, PROTOCOL_RESTORE = 2 } when;
	const char *values; /* "close|quit": the only ones; NULL: any, or none is taken */
};

struct protocol {
	enum service_kind kind;
	/* of its option, its keys (NAME-user), in manifests and names of journals */
	const char *name;
	struct protocol_scheme schemes[2]; /* the one with TLS first */
	const char *example; /* a URL, for messages */
	const char *url_help; /* what a URL looks like, for the help */
	unsigned kinds; /* 1 << COLL_x: all that such a service may have */
	bool has_path; /* its URL may have one; else endpoint.path is NULL */
	/*
	 * a host, or an address of a mailbox, is enough in place of its URL: it is found by
	 * Autodiscover (endpoint.path is NULL until then)
	 */
	bool is_found;
	/* the key that it alone has: "mailbox" of mapi-mailbox; NULL: none */
	const char *own_key, *own_key_arg, *own_key_help;
	const char *no_authzid; /* why there is no authorization identity; NULL: there is */
	const struct protocol_option *options; /* NULL: none */
	/* how the guard vets its source, and its target: GUARD_NONE: it can only be read */
	enum guard_role reads_as, stores_as;
};

/* SERVICE_KINDS rows, by kind. */
extern const struct protocol protocols[];

/* The row of that name; NULL: there is none. */
const struct protocol *protocol_find(const char *name);
/* The row of ${p} for an option of that name and ${when}; NULL. */
const struct protocol_option *protocol_option(
        const struct protocol *p, const char *name, unsigned when);

#endif
