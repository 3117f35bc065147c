#ifndef VALISE_DISCOVER_AUTODISCOVER_H
#define VALISE_DISCOVER_AUTODISCOVER_H

#include <stdbool.h>
#include "valise/base/err.h"
#include "valise/base/progress.h"
#include "valise/base/service.h"

/*
 * Where the mailbox of an address is and what it is called, as POX Autodiscover tells who signs
 * in (MS-OXDISCO 3.1.5, MS-OXDSCLI 3.1.5). Asked, until one of them answers:
 *
 *   1 https://DOMAIN/autodiscover/autodiscover.xml
 *   2 https://autodiscover.DOMAIN/autodiscover/autodiscover.xml
 *   3 where a redirect of http://autodiscover.DOMAIN/... leads, which is asked for without a
 *     sign-in and followed to https alone
 *   4 the host of the SRV record _autodiscover._tcp.DOMAIN
 *
 * Of a host that was given, https://HOST/autodiscover/autodiscover.xml alone. The credentials
 * go to hosts of the address's registrable domain, or of that host's; to any other one, and to
 * one that came over http, only if somebody agrees.
 */
struct autodiscover_opts {
	const char *nameserver; /* "HOST:PORT"; NULL: the system's */
	struct progress *progress;
	bool archive, public_folders; /* these are to be found, too */
	/**
	 * may(ctx, host, why, url, err): may the credentials go to ${host}? 0, or the error that
	 * ends it. ${why}: a clause for people; ${url}: what to write in place of the host or
	 * address that was given, so that nobody is asked.
	 */
	int (*may)(void *ctx, const char *host, const char *why, const char *url, struct err *err);
	void *ctx;
};

/* How it was found, for people and programs; owned. */
struct autodiscovered {
	char *url; /* of the mailbox, as accounts.ini has it */
	char *by; /* the URL that told it */
	bool asked; /* somebody agreed to a host: nobody would in a run without a terminal */
	char *note; /* what was asked for and is not there; NULL: nothing */
};
void autodiscovered_clear(struct autodiscovered *a);

/* Is there something of it that is not known? */
bool autodiscover_is_needed(const struct service *s, const struct autodiscover_opts *o);

/**
 * autodiscover(s, o, out, err): find what ${s} lacks: its host and path, where none or only a
 * domain was given, its mailbox; ${s}->archive and ->public_folders, as far as they are there.
 * Errors: ERR_USAGE (no address is known, nobody may be asked), ERR_AUTH, ERR_NOTFOUND (no
 * answer anywhere, or no such mailbox), ERR_UNSUPPORTED (it has no MAPI over HTTP),
 * ERR_PROTO (redirects without end), ERR_STOPPED, those of the password.
 */
int autodiscover(struct service *s, const struct autodiscover_opts *o, struct autodiscovered *out,
        struct err *err) MUST_CHECK;

#endif
