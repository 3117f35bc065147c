#ifndef EXPORT_ICS_H
#define EXPORT_ICS_H

#include "valise/tree/model.h"

/*
 * What stands before the components of a calendar: BEGIN, VERSION, PRODID, and its name and
 * colour in the words of those who read them (RFC 7986 5.1, 5.9; Apple, Google, Nextcloud).
 */
void ics_head(const struct tree_coll *c, struct buf *out);
/* The name of CSS for the colour that is nearest to "#RRGGBB", which RFC 7986 wants. */
const char *ics_color_name(const char *rgb);

#endif
