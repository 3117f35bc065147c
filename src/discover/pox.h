#ifndef VALISE_DISCOVER_POX_H
#define VALISE_DISCOVER_POX_H

#include <stdbool.h>
#include <stddef.h>
#include "valise/base/buf.h"

/* What is asked in POX Autodiscover, and what an answer says (MS-OXDSCLI 2.2). */

/* The one request there is, for this address (2.2.3). */
void pox_request(const char *address, struct buf *out);

/* Texts are NULL where nothing is said. */
struct pox_answer {
	char *error; /* "500: The email address can't be found." */
	char *redirect_address, *redirect_url; /* to be asked for, or at, instead */
	bool settings; /* it speaks of the mailbox */
	char *address; /* of the mailbox */
	char *mailbox; /* its distinguished name */
	char *external, *internal; /* URL of its store */
	/* the archive mailbox: its address; or its name and what is its MailboxId */
	char *archive_address, *archive_mailbox, *archive_server;
	char *public_folders; /* address of the mailbox that has them */
};
/**
 * pox_read(text, n, out): false: it is no answer of Autodiscover. Clear *out in any case. Of
 * what is said twice the first counts.
 */
bool pox_read(const char *text, size_t n, struct pox_answer *out);
void pox_clear(struct pox_answer *a);

/* What follows from what a place gave. */
enum pox_step {
	POX_NEXT, /* another place is asked */
	POX_ADDRESS, /* redirect_address is asked for */
	POX_URL, /* the question goes there */
	POX_FOUND,
	POX_NONE, /* it knows the mailbox, which has no MAPI over HTTP */
};
/* ${a} NULL: no answer. */
enum pox_step pox_decide(const struct pox_answer *a);

/*
 * The URL of the mailbox ${id} ("GUID@domain") beside that of another one: its MailboxId replaced.
 * NULL: it has none. The caller frees.
 */
char *pox_url_beside(const char *url, const char *id);

#endif
