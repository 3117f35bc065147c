#ifndef VALISE_OUTLOOK_RTF_INTERNAL_H
#define VALISE_OUTLOOK_RTF_INTERNAL_H

#include <iconv.h>
#include "valise/outlook/rtf.h"

/* The pieces that RTF is read with: tokens, control words, the output, fields. */

/* ---- lex.c: tokens (Rich Text Format 1.9.1, "RTF Syntax") ---- */

enum rtf_token { RTF_END, RTF_OPEN, RTF_CLOSE, RTF_WORD, RTF_SYMBOL, RTF_OCTET };
enum { RTF_WORD_SIZE = 33 }; /* a word has 32 letters at most */
struct rtf_lex {
	const uint8_t *p, *end; /* what is left */
	char word[RTF_WORD_SIZE]; /* of RTF_WORD, without its backslash */
	bool has_number; /* a number follows the word */
	int32_t number;
	uint8_t octet; /* of RTF_OCTET, escaped or not; the sign of RTF_SYMBOL */
};
/* The next one; line ends and what \bin announces are passed over. */
enum rtf_token rtf_next(struct rtf_lex *l);

/* ---- words.c: control words that matter ---- */

enum rtf_kind {
	RTF_FORMAT, /* no text comes of it: a word that is in no table, too */
	RTF_SKIP, /* destinations: without text, */
	RTF_PASS, /* with text although a reader need not know them, */
	RTF_LIST, /* the mark before a paragraph of a list, */
	RTF_NOTE, /* a footnote where it is called, */
	RTF_FONTS,
	RTF_FIELD,
	RTF_INSTRUCTION,
	RTF_RESULT,
	RTF_UPR, /* the same twice, */
	RTF_UD, /* and this is in Unicode */
	RTF_TAG,
	RTF_CHAR, /* characters: value is the code point */
	RTF_BREAK,
	RTF_CELL,
	RTF_ROW,
	RTF_UNICODE,
	RTF_UC, /* state */
	RTF_FONT,
	RTF_AF,
	RTF_RUN, /* value: enum rtf_run */
	RTF_PLAIN,
	RTF_HIDDEN, /* value: a bit */
	RTF_HTMLRTF,
	RTF_CCHS,
	RTF_PAGE, /* value: the code page of the document; 0: it is the number */
	RTF_DEFF,
	RTF_FCHARSET,
	RTF_CPG,
};
/* Which of the fonts of a run counts (RTF 1.9.1, "Associated Character Properties"). */
enum rtf_run { RUN_PLAIN, RUN_OTHER, RUN_DOUBLE };
struct rtf_word {
	const char *name;
	uint16_t kind; /* enum rtf_kind */
	uint16_t value;
};
/* NULL: it is in no table. */
const struct rtf_word *rtf_word_of(const char *name);
const struct rtf_word *rtf_words(size_t *n_out); /* all, in the order of their names */
/* The code page of a \fcharset or \cchs; 0: that of the document. */
unsigned rtf_charset_page(int32_t charset);

/* ---- out.c: octets of many code pages become UTF-8 ---- */

enum { RTF_RUN_SIZE = 4096, RTF_PAGES_MAX = 64, RTF_SYMBOL_PAGE = 42 };
struct rtf_out {
	struct buf *to; /* where text goes now: the result, or the instruction of a field */
	struct buf *main;
	size_t start; /* of ours in ${main} */
	size_t room; /* octets that ${main} may still get */
	unsigned page; /* of the run */
	size_t n;
	uint8_t run[RTF_RUN_SIZE]; /* octets that are not converted yet */
	struct {
		unsigned page;
		iconv_t conv;
	} pages[RTF_PAGES_MAX];
	size_t n_pages;
	uint32_t high; /* the first half of a surrogate pair */
	bool after_cr;
	bool full; /* RTF_MAX */
};
void out_init(struct rtf_out *o, struct buf *to);
void out_clear(struct rtf_out *o);
void out_octet(struct rtf_out *o, unsigned page, uint8_t octet);
/* A code point or half of a surrogate pair. */
void out_point(struct rtf_out *o, uint32_t point);
void out_text(struct rtf_out *o, const char *utf8, size_t n);
/* What is left of a run, a character that is not all there, too. */
void out_flush(struct rtf_out *o);
void out_turn(struct rtf_out *o, struct buf *to); /* from here on to ${to} */

/* ---- field.c ---- */

enum { FIELD_SIZE = 8192 }; /* octets of an instruction that are looked at */
/* The target of a HYPERLINK (ECMA-376 part 1, 17.16.5.25); false: it is none. */
bool field_target(const struct buf *instruction, struct buf *target_out);
/* Does the text of the link say where it leads? */
bool field_says(const char *text, size_t n, const struct buf *target);

/* ---- meta.c ---- */

/* What HTML, in UTF-8 behind the octet ${from}, says of its charset becomes utf-8. */
void html_say_utf8(struct buf *html, size_t from);

#endif
