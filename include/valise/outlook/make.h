#ifndef VALISE_OUTLOOK_MAKE_H
#define VALISE_OUTLOOK_MAKE_H

#include "valise/base/spool.h"
#include "valise/outlook/convert.h"

/*
 * The way back: a message, calendar object or card as a MAPI item (MS-OXCMAIL 2.2, MS-OXCICAL
 * 2.1, MS-OXVCARD), for a server that takes nothing else. The same octets give the same bag,
 * always and everywhere. What was made of it by convert.h has all that the octets have where
 * MAPI has a place for it; the header of a message is kept whole
 * (PidTagTransportMessageHeaders).
 */
struct outlook_make {
	enum outlook_form form; /* not OUTLOOK_UNKNOWN */
	struct spool *octets; /* lent, read in any order */
	/* of mail */
	uint16_t flags; /* FLAG_* of tree/model.h, as outlook_made.flags */
	const char *keywords; /* parted by one blank; NULL: none */
	int64_t date_utc; /* INTERNALDATE; INT64_MIN: not known */
	outlook_loss_fn lost; /* what has no place in a MAPI item; or NULL */
	void *ctx;
};
/**
 * outlook_make(m, out, err): *out sorted, the caller's. Every item has PidTagMessageClass and a
 * PidTagSearchKey made of the octets (16 octets of their SHA-256), so that the same item is
 * known again. ERR_PROTO (ERR_ITEM): the octets are none of that form; ERR_LIMIT; the disk's.
 */
int outlook_make(const struct outlook_make *m, struct bag **out, struct err *err) MUST_CHECK;
/* The three of them. */
int outlook_make_mail(const struct outlook_make *m, struct bag *into, struct err *err) MUST_CHECK;
int outlook_make_calendar(
        const struct outlook_make *m, struct bag *into, struct err *err) MUST_CHECK;
int outlook_make_contact(
        const struct outlook_make *m, struct bag *into, struct err *err) MUST_CHECK;

/**
 * outlook_same(a, b, differs, ctx): do two items say the same? Both sorted. Passed over is
 * what a store gives each item itself (entry ids, keys, change numbers, times of its own,
 * access, sizes: the list of homeless.c as far as it is of stores, and no more). Each
 * property that differs, or that one has alone, is told: "PidTagImportance: 2, was 1".
 */
bool outlook_same(const struct bag *a, const struct bag *b,
        void (*differs)(void *ctx, const char *line), void *ctx);

#endif
