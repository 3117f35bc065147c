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
	/* what has none, but is in it as it was written, and comes back; or NULL */
	outlook_loss_fn kept;
	void *ctx; /* of both */
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
 * outlook_fit(b): for another store: takes out what that will give the item itself, and what
 * would tell it that the item is on its way to somebody (mfSubmit, PidTagSubmitFlags). Names,
 * times, flags and keys of people stay, the PidTagSearchKey too. Deep.
 */
void outlook_fit(struct bag *b);

/*
 * How an item that came back differs from what it was. Passed over is what a store gives each
 * item itself, and nothing else (list in make/same.c): its entry ids, keys, change numbers and
 * sizes, times and people of its making there, access, rows, what it works out from subject,
 * recipients and attachments. Of PidTagMessageFlags what somebody did counts: read, unsent,
 * from me, to be sent again.
 */
enum outlook_change {
	OUTLOOK_OTHER, /* another value */
	OUTLOOK_LOST,
	OUTLOOK_ADDED, /* only the item that came back has it */
};
struct outlook_difference {
	enum outlook_change how;
	const char *name; /* of the property, "PidTagImportance"; or "recipients", "attachments" */
	const char *line; /* "PidTagImportance (attachment 2): 2, was 1"; safe for a terminal */
};
typedef void (*outlook_differs_fn)(void *ctx, const struct outlook_difference *d);
/**
 * outlook_compare(was, is, differs, ctx): each difference in the order of ${was}. Both sorted.
 * False: there is one. ${differs} may be NULL.
 */
bool outlook_compare(
        const struct bag *was, const struct bag *is, outlook_differs_fn differs, void *ctx);
/* The same by its lines alone: "PidTagImportance: 2, was 1". */
bool outlook_same(const struct bag *was, const struct bag *is,
        void (*differs)(void *ctx, const char *line), void *ctx);

#endif
