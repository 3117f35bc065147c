#ifndef VALISE_OUTLOOK_CONTACT_ENTRY_H
#define VALISE_OUTLOOK_CONTACT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/buf.h"

/* Entry ids of address books: who is meant (MS-OXCDATA 2.2.5, MS-OXOCNTC 2.2.2.2.4.1.1). */
enum entry_kind {
	ENTRY_OTHER, /* none of these, or damaged */
	ENTRY_ONE_OFF, /* name, type and address */
	ENTRY_EXCHANGE, /* a user of the server's address book, by its DN */
	ENTRY_CONTACT, /* a contact in some store: ${store_entry} */
	ENTRY_LIST, /* a distribution list in some store: ${store_entry} */
};
struct entry {
	enum entry_kind kind;
	char *name, *type, *address; /* UTF-8, of one-off and Exchange entries; or NULL */
	const uint8_t *store_entry; /* lent, of what was read */
	size_t store_entry_len;
};

/**
 * entry_read(p, n, charset, out): ${charset} of texts that are no UTF-16; NULL: Windows-1252. What
 * is wrapped is taken out of its wrapping, what is damaged gives what could be read.
 */
void entry_read(const uint8_t *p, size_t n, const char *charset, struct entry *out);
void entry_clear(struct entry *e);

/* The other way: a one-off entry id (MS-OXCDATA 2.2.5.1), its texts in Unicode, appended. */
void entry_one_off(const char *name, const char *type, const char *address, struct buf *out);

/* Octets of a name without the address that Outlook puts behind it: "Ann Lee (ann@b.c)". */
size_t entry_name_len(const char *name, const char *address);

#endif
