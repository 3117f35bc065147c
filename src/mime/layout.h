#ifndef MIME_LAYOUT_H
#define MIME_LAYOUT_H

#include "mime/internal.h"

/*
 * Text as a reader of HTML sees it, in lines: what begins and ends a block, a list, a row, a
 * link. Blanks are one blank, empty lines one.
 */
struct layout;
struct layout *layout_new(struct mime_step to);
void layout_free(struct layout *l);
/* All of it was given out; 0, or what the step said. */
int layout_end(struct layout *l, struct err *err) MUST_CHECK;
int layout_state(const struct layout *l); /* not 0: nothing more is wanted */

void layout_text(struct layout *l, const char *p, size_t n);
/* ${atts}: names and values, by turns, ended by NULL; NULL: none. Any name. */
void layout_element(struct layout *l, const char *element, const char **atts);
void layout_close(struct layout *l, const char *element);

/* link.c: is the address ${href} what the ${text} of the link says, or none that matters? */
bool link_says_it(const char *href, const char *text);

#endif
