#ifndef VALISE_RESTORE_DAV_FORESEE_H
#define VALISE_RESTORE_DAV_FORESEE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Pure decisions about what a CalDAV or CardDAV server may refuse or write otherwise, by the octets
 * of a resource. The servers that they come from: docs/RESTORE.md.
 */
enum foresee {
	/* against its RFC, or the server's: refused, or stored in another form */
	FORESEE_TEXT,
	FORESEE_UTF8,
	FORESEE_MANAGED,
	FORESEE_METHOD,
	FORESEE_NEEDED,
	FORESEE_ONCE,
	FORESEE_END,
	FORESEE_VERSION,
	FORESEE_APART,
	/* servers write it otherwise, and something of it is lost or another one */
	FORESEE_EMPTY, /* a property without a value */
	FORESEE_BLANK, /* a value that ends with a blank */
	FORESEE_COMMA, /* an escaped comma in a list */
	FORESEE_ESCAPE, /* an escape that is none, or in a URI */
	FORESEES
};
/* As bits, 1 << FORESEE_x. ${v4}: the address book takes vCard 4.0. */
unsigned foresee_resource(const void *p, size_t n, bool v4);
const char *foresee_word(enum foresee what); /* "a property has no value" */
bool foresee_is_form(enum foresee what); /* one of the first kind */

#endif
