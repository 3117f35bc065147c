#ifndef VALISE_BASE_SERVICE_H
#define VALISE_BASE_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdint.h>
#include "valise/base/err.h"
#include "valise/base/facts.h"
#include "valise/base/secret.h"

/*
 * What the rooms above need to know to sign in to one service of an account. Plain data.
 */

/* Each has a row in account/protocols.c and one in cli/protocols.c, in this order. */
enum service_kind {
	SERVICE_IMAP,
	SERVICE_POP3,
	SERVICE_CALDAV,
	SERVICE_CARDDAV,
	SERVICE_MAPI,
	SERVICE_KINDS
};

enum security {
	SECURITY_TLS, /* TLS from the first byte */
	SECURITY_STARTTLS, /* must be upgraded before anything secret is sent */
	SECURITY_NONE, /* --cleartext */
};

struct rate; /* valise/net/rate.h */

struct endpoint {
	char *host; /* a DNS name or an address without brackets */
	uint16_t port;
	enum security security;
	/* DAV, MAPI: absolute path of the URL with its query, "/" when none was given; else NULL */
	char *path;
	/* where the host is, if that is known (--nameserver); NULL: it is looked up */
	char *address;
	char *ca_file; /* NULL: the system's store */
	/* what all connections go through (net/proxy.h), with its password; NULL: nothing */
	char *proxy;
	/* lower-case hex SHA-256 of the one accepted certificate (DER), or NULL */
	char *pin;
	int connect_timeout_ms;
	int idle_timeout_ms; /* how long silence is waited for; see slow_timeout_ms */
	/* redacted wire trace, borrowed, may be NULL; writers lock it (flockfile) */
	FILE *trace;
	struct rate *rate; /* what the wire may carry, borrowed; NULL: anything */
};

/**
 * slow_timeout_ms(idle_ms, octets): the silence that is waited for where a server may
 * have much to do before it answers: opening, listing, storing (then the ${octets} to be
 * stored, which count with 100 kB a second; else 0). ${idle_ms} is the ordinary one.
 */
int64_t slow_timeout_ms(int idle_ms, uint64_t octets);

struct login {
	char *user;
	char *authzid; /* authorization identity (master user logins), or NULL */
	char *mech; /* a SASL mechanism demanded by --auth, upper case, or NULL */
	bool token; /* the secret is an access token (RFC 6750): ways that carry one alone */
	bool typed; /* a person types it: one that was refused may be typed again */
	char *command; /* that signs in by OAuth, for messages: "valise login alice"; or NULL */
	/**
	 * get_secret(ctx, renew, out, err): the password or token. The first answer is
	 * kept by its owner and given again. ${renew} != 0 (a token expired): ${out}
	 * holds the one that was refused, or nothing, and the command is asked again
	 * unless another one is known by now, or it has just given the same again. An
	 * access token is renewed, a password typed again, three times in all; then the
	 * result is ERR_AUTH. Thread-safe.
	 */
	int (*get_secret)(void *ctx, int renew, struct secret *out, struct err *err);
	/* the server took it; may be NULL. Thread-safe. */
	void (*let_in)(void *ctx, const struct secret *s);
	void *ctx;
};

struct service {
	enum service_kind kind;
	const char *name; /* the protocol's, "imap"; static */
	struct endpoint at;
	struct login login;
	/*
	 * MAPI: the distinguished name of the mailbox, "/o=.../cn=..."; NULL: not known yet,
	 * Autodiscover tells it (valise/discover/autodiscover.h), as it tells at.path where that
	 * is NULL
	 */
	char *mailbox;
	/* MAPI: that of who signs in, where mailbox is another one: for Connect; NULL: mailbox */
	char *own_mailbox;
	char *lookup; /* the address that Autodiscover is asked for; NULL: that of who signs in */
	bool at_domain; /* at.host is the domain of that address, and no server yet */
	/*
	 * Of the same account, as far as they were asked for and found, with all that a session
	 * needs (--archive-mailbox, --public-folders); NULL: not known. Owned
	 */
	struct service *archive, *public_folders;
	/* why the mailbox could not be found: the error of whoever needs it; NULL: none. Owned */
	struct err *unfound;
	/*
	 * IMAP: set where the server is found to read one command at a time; NULL: not
	 * kept
	 */
	atomic_bool *one_by_one;
	/* what the server says of itself goes there; borrowed, NULL: it is not kept */
	struct service_facts *facts;
};

/*
 * Who is read or written, whoever signs in: the authorization identity, else the user.
 * Whatever is kept beside an archive for an account is kept by this name. A login that
 * has both in it ("alice*master") is not taken apart: what parts them is the server's
 * choice, and two names that are one account cost a second copy, one name for two
 * accounts costs one of them.
 */
const char *service_owner(const struct service *s);
/* Its strings and those of what goes with it; ctx, trace, facts and one_by_one are lent by both. */
void service_copy(struct service *to, const struct service *from);
void service_clear(struct service *s); /* frees the strings; not ctx, not trace */

#endif
