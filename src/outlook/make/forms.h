#ifndef VALISE_OUTLOOK_MAKE_FORMS_H
#define VALISE_OUTLOOK_MAKE_FORMS_H

#include "outlook/make/into.h"

/*
 * What is made of an item once more, beside what it was made of: where a line comes back
 * otherwise, its form is kept (PidNameContentForms); where none comes back, the line itself.
 */
struct beside {
	const struct object *was, *is;
	const char *never; /* names of lines that are written in any case: "FN|UID" */
	struct buf forms; /* pairs */
	struct buf left; /* lines of ${was} that nothing stands for */
};
void beside_part(struct beside *s, struct part *was, struct part *is);

#endif
