#ifndef VALISE_OUTLOOK_CONTACT_CARD_H
#define VALISE_OUTLOOK_CONTACT_CARD_H

#include "outlook/kept.h"
#include "valise/outlook/convert.h"

/*
 * The content lines of a vCard 3.0 (RFC 2426), written as they come: folded between characters
 * at 75 octets, ended by CRLF. No text of an item ends a line or begins another one. The first
 * error stays, and nothing is written behind it.
 */
struct card {
	const struct outlook_to *to;
	struct err *err;
	int rc;
	struct buf out; /* not given on yet */
	size_t column; /* octets of the line so far */
	bool cr; /* the last octet of the text was CR */
	uint8_t group[3]; /* of base64: octets that are no whole group yet */
	size_t n_group;
	unsigned labels; /* lines with a label so far */
	struct forms *forms; /* of lines that were written otherwise; or NULL */
	struct buf line; /* held until it ends, if there are forms */
	bool is_long; /* its beginning was given on */
};

void card_init(struct card *c, const struct outlook_to *to, struct err *err);
/* Gives on what is left; the first error. */
int card_done(struct card *c) MUST_CHECK;

/* Lines that the item kept of a card that it was made of (kept.h), and how others were written. */
void card_keep(struct card *c, struct bag *b);
void card_put_kept(struct card *c, struct bag *b);

/* Pieces of a line. ${head} is ours: "TEL;TYPE=WORK". */
void card_head(struct card *c, const char *head);
/* A parameter with a text, without the quotes and controls in it; NULL, empty: none. */
void card_param(struct card *c, const char *name, const char *text);
/* Octets of the value as they are. */
void card_raw(struct card *c, const char *s);
/* Text of the value (RFC 2426 4: escaped), in pieces of any size; NULL: none. */
void card_text(struct card *c, const char *s);
void card_text_octets(struct card *c, const void *p, size_t n);
/* A URI: what cannot be in one becomes %XX; ',' and ';' are escaped, as programs of 3.0 expect. */
void card_uri(struct card *c, const char *s);
/* Base64 of octets in pieces, and its end. */
void card_base64(struct card *c, const void *p, size_t n);
void card_base64_end(struct card *c);
void card_end(struct card *c);

/* A whole line; no text, no line. */
void card_line(struct card *c, const char *head, const char *text);
/* The same with Apple's label, which people see: "item1.TEL:...", "item1.X-ABLabel:...". */
void card_labelled(struct card *c, const char *head, const char *label, const char *text);

#endif
