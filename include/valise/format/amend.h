#ifndef VALISE_FORMAT_AMEND_H
#define VALISE_FORMAT_AMEND_H

#include <stdbool.h>
#include <stddef.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * A calendar object or card in another form, for a server that does not take it as it is
 * (RFC 5545, 7986, 8607; RFC 2426). Each step is one small change; lines that it does not
 * concern stay as they are, octet for octet. The form depends on the octets and the step
 * alone: equal ones become equal ones.
 */
enum amend {
	/*
	 * no byte order mark, no lines that are none, no control characters, CRLF at each
	 * line's end
	 */
	AMEND_TEXT,
	/*
	 * lines that are no UTF-8: folded between characters, then other octets read as
	 * Windows-1252 (but for vCard 2.1, which has charsets)
	 */
	AMEND_UTF8,
	/*
	 * ATTACH without MANAGED-ID, which means something on its own server only (RFC
	 * 8607 4.3)
	 */
	AMEND_MANAGED,
	AMEND_SCALE, /* no CALSCALE, no METHOD (RFC 4791 4.1) */
	AMEND_NEEDED, /* VERSION, PRODID, UID, DTSTAMP, FN and N where they are missing */
	/*
	 * of properties that may stand once (RFC 5545 3.6, RFC 2426 4) and of DTEND, DUE
	 * and DURATION the first alone
	 */
	AMEND_ONCE,
	/*
	 * an event without DTEND and DURATION, or of no length, gets a DURATION: a day,
	 * or a second
	 */
	AMEND_END,
	/*
	 * vCard 2.1 (UTF-8 without quoted-printable, TYPE=, ENCODING=b, a nested AGENT as
	 * text) and 4.0 become 3.0
	 */
	AMEND_CARD3,
	/* vCard 2.1 and 3.0 become 4.0 (RFC 6350 A): data: URLs, PREF=, geo: */
	AMEND_CARD4,
	AMENDS
};
const char *amend_name(enum amend step); /* "MANAGED-ID taken off" */
/**
 * content_amend(p, n, step, out, err): append the other form to ${out}. 1: done; 0: the
 * step changes nothing, or does not apply.
 * Errors: ERR_LIMIT, as content_read.
 */
int content_amend(
        const void *p, size_t n, enum amend step, struct buf *out, struct err *err) MUST_CHECK;

/**
 * content_unsaid(p, n, version, out, err): append the names of what the cards have and vCard 3.0
 * or 4.0 (${version}: 3, 4) has no word for: "GENDER, ALTID of N". As lines they stay when a card
 * gets that version, but programs pass them over. Nothing is appended beyond the cap.
 * Errors: as content_read.
 */
int content_unsaid(
        const void *p, size_t n, unsigned version, struct buf *out, struct err *err) MUST_CHECK;

/**
 * content_apart(p, n, fn, ctx, err): where there are objects of several UIDs, or several
 * cards, give each to ${fn} as a resource of its own, those of one UID together, with the
 * time zones and properties that they share. 1: done; 0: there is but one. What ${fn}
 * returns, if that is not 0.
 * Errors: ERR_LIMIT, also for more than 200 objects.
 */
int content_apart(const void *p, size_t n,
        int (*fn)(void *ctx, const char *uid, const struct buf *text, struct err *err), void *ctx,
        struct err *err) MUST_CHECK;

/**
 * content_attach(p, n, fn, ctx, out, err): where ${fn} has the file that a link leads to
 * (content_links), put it into the resource: ATTACH and vCard 2.1 and 3.0 in base64,
 * vCard 4.0 as data: URL (RFC 5545 3.8.1.1, RFC 2426 3.1.4, RFC 6350 6.2.4). Other lines
 * stay, octet for octet. ${fn} appends the file to ${file} and returns 1; 0: it stays a
 * link; 2: the line is left out; negative ends. 1: ${out} has the other form; 0: nothing
 * changes.
 * Errors: ERR_LIMIT, as content_read; what ${fn} returns.
 */
struct attach_link {
	const char *url;
	const char *name, *type; /* FILENAME, FMTTYPE, or NULL */
	bool main; /* an ATTACH of a main component, not of an alarm in it */
};
typedef int (*attach_fn)(
        void *ctx, const struct attach_link *link, struct buf *file, struct err *err);
int content_attach(const void *p, size_t n, attach_fn fn, void *ctx, struct buf *out,
        struct err *err) MUST_CHECK;

/**
 * content_managed(p, n, fn, ctx, out, err): append the text to ${out} without the managed
 * attachments (ATTACH with MANAGED-ID, RFC 8607 4.3) of main components for which ${fn}
 * returns true; FILENAME and SIZE are NULL where they are not said. 1: something was left
 * out; 0: nothing is appended.
 */
int content_managed(const void *p, size_t n,
        bool (*fn)(void *ctx, const char *filename, const char *size), void *ctx, struct buf *out,
        struct err *err) MUST_CHECK;

#endif
