#ifndef IMPORT_PIM_COLORS_H
#define IMPORT_PIM_COLORS_H

/*
 * "#RRGGBB" of a colour as calendars have it: so, with its opacity behind it, or one of the
 * names of CSS (RFC 7986 5.9); NULL: it is none. The caller frees.
 */
char *color_hex(const char *text);

#endif
