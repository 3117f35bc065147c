#ifndef VALISE_OUTLOOK_MAKE_INTO_H
#define VALISE_OUTLOOK_MAKE_INTO_H

#include "outlook/make/object.h"
#include "valise/outlook/make.h"

/*
 * Properties of the bags of one item. The first error stays in ${rc}, and nothing is set behind
 * it.
 */
struct making {
	const struct outlook_make *m;
	struct err *err;
	int rc;
	unsigned told; /* what is told once */
};

/* Tells what has no place in the item. */
void into_lost(struct making *k, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Tells what has none, and is kept as it was written. */
void into_kept(struct making *k, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What is no UTF-8 becomes U+FFFD; NULL and "": nothing is set. */
void into_text(struct making *k, struct bag *b, bag_key key, const char *text);
/* The same of a text that is malloc'ed, and freed here. */
void into_own(struct making *k, struct bag *b, bag_key key, char *text);
/* The same of one of several lines, with CRLF between them, as Outlook writes them. */
void into_lines(struct making *k, struct bag *b, bag_key key, char *text);
void into_int(struct making *k, struct bag *b, bag_key key, int64_t value); /* INT32 */
void into_bool(struct making *k, struct bag *b, bag_key key, bool value);
void into_time(struct making *k, struct bag *b, bag_key key, int64_t utc); /* since 1970 */
void into_double(struct making *k, struct bag *b, bag_key key, double value);
void into_octets(struct making *k, struct bag *b, bag_key key, const void *p, size_t n);
/* What was written for it; ${octets} is cleared. */
void into_buf(struct making *k, struct bag *b, bag_key key, struct buf *octets);

/* Several values: octets of them, as bag.h has them. */
struct several {
	struct buf octets;
	uint32_t n;
};
void several_init(struct several *s);
void several_add(struct several *s, const void *p, size_t n);
void several_text(struct several *s, const char *text);
/* Sets them, if there are any, and clears them. ${type} without BAG_MULTIPLE. */
void into_several(struct making *k, struct bag *b, bag_key key, uint16_t type, struct several *s);

/* NULL: an error is in ${k}. */
struct bag *into_recipient(struct making *k, struct bag *b);
struct bag *into_attachment(struct making *k, struct bag *b);

/* Octets of base64 as lines have them, blanks and all; false: it is none. */
bool base64_read(const char *s, size_t n, struct buf *out);

/*
 * Lines and components of ${p} that nobody used: told, each name once, and kept as they were
 * written in PidNameContentLines, where kept.h finds them. ${first} (may be NULL) goes before
 * them.
 */
void into_rest(struct making *k, struct bag *b, const struct object *o, struct part *p,
        const struct buf *first);

#endif
