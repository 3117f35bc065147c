#ifndef WINMAIL_INTERNAL_H
#define WINMAIL_INTERNAL_H

#include "valise/winmail/winmail.h"

/* What the files of this room share. */

enum { WINMAIL_TEXT_MAX = 1 << 20 }; /* of a text, to see whether another one is the same */

/* One winmail.dat, taken apart. */
struct winmail_item {
	struct mime_spool *spool; /* what became of it */
	struct mime_message *message; /* that is a message; NULL: it is ${type} */
	const char *type, *name; /* "text/calendar" */
	char mark[41]; /* of its octets, for a boundary */
};
/*
 * read.c: part ${i} of ${m}. *is_out false: it stays as it is, which was told. Errors: those that
 * cost the run.
 */
int winmail_read(struct mime_message *m, size_t i, const struct winmail_to *to,
        struct winmail_item *out, bool *is_out, struct err *err) MUST_CHECK;
void winmail_clear(struct winmail_item *it);

/* text.c: the words of the texts that are shown of a message, in a buffer for comparing. */
int winmail_text(struct mime_message *m, struct buf *out, struct err *err) MUST_CHECK;

#endif
