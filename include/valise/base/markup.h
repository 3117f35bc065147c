#ifndef VALISE_BASE_MARKUP_H
#define VALISE_BASE_MARKUP_H

#include <stddef.h>
#include "valise/base/buf.h"

/*
 * Text as HTML, so that it stays text: whatever comes from outside passes here. Markup is
 * escaped, for elements and for values of attributes in quotes; what a reader must not see as
 * it is (char_is_hidden, octets that are no UTF-8) becomes visible, as on a terminal.
 */
void markup_octets(struct buf *b, const char *s, size_t n);
void markup_text(struct buf *b, const char *s); /* nothing for NULL */
/* "<p>text</p>": ${tag} may have attributes, "p class=\"why\"". */
void markup_element(struct buf *b, const char *tag, const char *text);

/**
 * markup_lines(b, s, n): text of several lines, for an element that keeps them. Line ends become
 * LF, tabs stay; what turns the order of the text is left out, as it says nothing by itself;
 * other controls become visible, octets that are no UTF-8 U+FFFD. What follows in another call
 * has to begin with a character of its own.
 */
void markup_lines(struct buf *b, const char *s, size_t n);

/* The beginning of each page's CSS: colours, letters, headings. Pieces of one text, then NULL. */
extern const char *const markup_style[];

#endif
