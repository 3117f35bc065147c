#ifndef MIME_PROSE_H
#define MIME_PROSE_H

#include "mime/internal.h"

/*
 * Text as a reader of HTML sees it, in lines: what begins and ends a block, a list, a row, a
 * link. Blanks are one blank, empty lines one.
 */
struct prose;
struct prose *prose_new(struct mime_step to);
void prose_free(struct prose *l);
/* All of it was given out; 0, or what the step said. */
int prose_end(struct prose *l, struct err *err) MUST_CHECK;
int prose_state(const struct prose *l); /* not 0: nothing more is wanted */

void prose_text(struct prose *l, const char *p, size_t n);
/* ${atts}: names and values, by turns, ended by NULL; NULL: none. Any name. */
void prose_open(struct prose *l, const char *element, const char **atts);
void prose_close(struct prose *l, const char *element);

/* link.c: is the address ${href} what the ${text} of the link says, or none that matters? */
bool link_says_it(const char *href, const char *text);

#endif
