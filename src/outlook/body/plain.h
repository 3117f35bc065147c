#ifndef VALISE_OUTLOOK_BODY_PLAIN_H
#define VALISE_OUTLOOK_BODY_PLAIN_H

/*
 * The text of HTML, for those that show no HTML: no tags, no styles, a line for each block.
 * Whatever is written there, it gives what it can. malloc'ed.
 */
char *plain_of_html(const char *html);

#endif
