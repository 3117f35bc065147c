#ifndef VALISE_WINMAIL_H
#define VALISE_WINMAIL_H

#include "valise/mime/mime.h"
#include "valise/tree/sink.h"

/*
 * Messages whose text and attachments are in a winmail.dat (application/ms-tnef, MS-OXTNEF), as
 * if its sender's program had written them as MIME.
 */

/* Is the part one, by its type or its name? What it holds says whether it is. */
bool winmail_is(const struct mime_part *p);
bool winmail_in(const struct mime_message *m);

/*
 * What is told of a message, for people: "part 2: attSubject: its checksum is wrong". ${lost}:
 * something is not in the result for it.
 */
typedef void (*winmail_tell_fn)(void *ctx, bool lost, const char *what);
struct winmail_to {
	mime_write_fn write;
	void *ctx; /* of both */
	winmail_tell_fn tell; /* or NULL */
};
/**
 * winmail_open(m, to, opened_out, err): the octets of ${m}, where each part that is a
 * winmail.dat is replaced by what was in it: a multipart/mixed, which has the number of the old
 * part. It begins with the text, but for one that the message has, too; all that is attached
 * follows. An appointment or a contact is text/calendar or text/vcard. All
 * else stays octet for octet, and so does a winmail.dat that is none or that cannot be read. Of
 * *opened_out so many were opened. Errors: the disk's, and those of ${to}->write.
 */
int winmail_open(struct mime_message *m, const struct winmail_to *to, unsigned *opened_out,
        struct err *err) MUST_CHECK;

/**
 * winmail_view(from, tell, ctx): a reader that shows the mail of ${from} so; the octets are
 * another number than an item's size says then. ${tell} is called with its item, once for
 * bodies that are asked for several times in a row; opened: NULL, but that it was opened. Owns
 * ${from}. Bodies by one thread at a time.
 */
typedef void (*winmail_item_fn)(void *ctx, const struct tree_coll *c, const struct tree_item *it,
        bool lost, const char *what);
struct tree_reader *winmail_view(struct tree_reader *from, winmail_item_fn tell, void *ctx);

#endif
