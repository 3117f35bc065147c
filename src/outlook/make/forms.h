#ifndef VALISE_OUTLOOK_MAKE_FORMS_H
#define VALISE_OUTLOOK_MAKE_FORMS_H

#include "outlook/make/into.h"

/*
 * What is made of an item once more, beside what it was made of: where a line comes back
 * otherwise, its form is kept (PidNameContentForms); where none comes back, the line itself.
 */
enum { BESIDE_MAX = 2 << 20 /* octets; larger ones come back as their properties say */ };
struct beside {
	const struct object *was, *is;
	unsigned number; /* calendar objects: of the component, see lines.h; 0: a card's */
	const char *never; /* names of lines that are written in any case: "FN|UID" */
	struct buf forms; /* pairs */
	struct buf left; /* lines of ${was} that nothing stands for */
};
void beside_part(struct beside *s, const struct part *was, const struct part *is);
/*
 * The item made into octets, and these taken apart: what it is laid beside; too large ones have
 * no root. It is sorted then. ${again} is to be cleared in any case.
 */
int beside_read(struct making *k, struct bag *b, const char *kind, struct object *again);
/* Forms and what is left go into the item. */
void beside_end(struct beside *s, struct making *k, struct bag *b);

#endif
