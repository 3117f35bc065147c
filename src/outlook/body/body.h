#ifndef VALISE_OUTLOOK_BODY_BODY_H
#define VALISE_OUTLOOK_BODY_BODY_H

#include "valise/outlook/bag.h"

/* The body of an item, for what has room for a text: calendar objects and cards. */
enum { BODY_MAX = BAG_TEXT_MAX }; /* octets of it; the rest is cut off */

struct body {
	char *text, *html; /* UTF-8; or NULL */
};
/* ${out}->text is there where there is anything: it is made of RTF or HTML, if it must be. */
int body_read(struct bag *b, struct body *out, struct err *err) MUST_CHECK;
void body_clear(struct body *out);
/* Octets as a text of that type and code page; malloc'ed, UTF-8. */
char *decode_text(unsigned code_page, enum bag_type type, const void *p, size_t n);

#endif
