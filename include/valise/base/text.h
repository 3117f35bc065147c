#ifndef VALISE_BASE_TEXT_H
#define VALISE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Small questions about text that many rooms ask. */

/* strcmp(), where NULL is the empty text. */
int text_cmp(const char *a, const char *b);
/* Both the same text, or both NULL. */
bool text_same(const char *a, const char *b);
/* The order of two char *, by bytes: for qsort() and bsearch(). */
int text_by_bytes(const void *a, const void *b);
/* Are the ${n} octets at ${s} this ${word}, whatever the case of ASCII letters? */
bool text_is(const char *s, size_t n, const char *word);
/* Is the text one of these, letter by letter? */
bool text_among(const char *s, const char *const *list, size_t n);
/* Whatever the case of ASCII letters. */
bool text_ends_with(const char *s, const char *end);

/* The place of ${word} in ${words}, "close|quit", from 0; -1: it is none of them. In: has it one?
 */
int text_place(const char *word, const char *words);
bool text_in(const char *word, const char *words);
/* Is a word of these ${n} octets one of those between blanks, whatever the case? NULL: none. */
bool text_has_word(const char *text, const char *word, size_t n);
/* The octets of the byte order mark that the text begins with (RFC 3629 6), 0: none. */
size_t text_bom(const char *s, size_t n);
/* ASCII letters made small or capital where they stand; returns ${s}. */
char *text_lower(char *s);
char *text_upper(char *s);

/* Without the blanks at both ends of its ${n} octets. */
void text_trim(const char **s, size_t *n);

/* Free ${n} texts of malloc(), and the list of them. */
void texts_free(char **list, size_t n);

/*
 * The octet that two hexadecimal digits of either case stand for, -1 if ${s} does not
 * begin with them. The second one is looked at only if the first is a digit.
 */
int hex_octet(const char *s);

/* The number that ${n} digits (at most 9) at ${s} are; -1: something else is among them. */
int text_number(const char *s, size_t n);

#endif
