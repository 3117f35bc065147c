#ifndef VALISE_FORMAT_MEND_H
#define VALISE_FORMAT_MEND_H

#include <stdint.h>
#include "valise/base/err.h"
#include "valise/base/hash.h"

/*
 * A message in another form, for a server that does not take it as it is (RFC 3501 2.3,
 * 5322 2.1.1 and 2.3, 2045, 2047). The message is never held: it is given once to be
 * looked at and once more for each time the other form is wanted, in pieces of any size.
 * The form depends on the message and on ${what} alone: equal messages become equal ones.
 */
enum {
	MEND_END = 1, /* a CRLF at the end, where none is */
	MEND_LINES = 2, /* bare CR and bare LF become CRLF */
	/* parts with NUL become quoted-printable; elsewhere it is left out */
	MEND_NUL = 4,
	/*
	 * lines of the header that are no field get the name X-Invalid-Header before them
	 */
	MEND_FIELDS = 8,
	MEND_8BIT = 16, /* 8-bit octets of the header become encoded words */
	/*
	 * lines over 998 octets: parts become quoted-printable, base64 and header are
	 * folded
	 */
	MEND_LONG = 32,
	/*
	 * alone: the message as it is, as an attachment in base64 of a small cover
	 * message
	 */
	MEND_WRAP = 64,
	MEND_ALL = 63, /* without MEND_WRAP */
};

typedef int (*mend_write_fn)(void *ctx, const void *p, size_t n, struct err *err);

struct mend;
/* ${sha256}: of the message, used by MEND_WRAP alone. */
struct mend *mend_new(unsigned what, const uint8_t sha256[SHA256_LEN]);
void mend_free(struct mend *m);
/* First, the whole message, to be looked at. */
void mend_look(struct mend *m, const void *p, size_t n);
/*
 * After that: those of MEND_ALL that would change it. A line that nothing can shorten
 * does not count.
 */
unsigned mend_flaws(struct mend *m);
/**
 * mend_start(m, write, ctx), then the whole message by mend_add, then mend_end: the other
 * form goes to ${write}. May be done again. Signed and encrypted parts are not
 * re-encoded. Errors: those of ${write} alone; after one nothing more is written.
 */
void mend_start(struct mend *m, mend_write_fn write, void *ctx);
int mend_add(struct mend *m, const void *p, size_t n, struct err *err) MUST_CHECK;
int mend_end(struct mend *m, struct err *err) MUST_CHECK;

/* The name of one of the bits above, for reports: "line ends". */
const char *mend_name(unsigned bit);

#endif
