#ifndef IMPORT_PIM_LINES_H
#define IMPORT_PIM_LINES_H

#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"
#include "valise/format/content.h"

/*
 * Content lines (RFC 5545 3.1, RFC 6350 3.2, vCard 2.1) of a text of any length, as it comes in:
 * where each begins and ends, and what its first octets are by valise/format/content.h, which
 * wants the whole text to read one itself.
 */
enum { LINE_HEAD = 4096 };
struct pim_line {
	const struct content_line *c; /* NULL: it is no content line */
	char first; /* its first octet */
	bool cut; /* it is longer than its LINE_HEAD octets that were read */
	uint64_t from, to; /* in the whole: with its folds and its line end */
};
typedef int pim_line_fn(void *ctx, const struct pim_line *l, struct err *err);
struct pim_lines {
	pim_line_fn *fn;
	void *ctx;
	uint64_t pos, from; /* octets that came; where the line began */
	struct buf head; /* its first octets, unfolded */
	struct content_parser *parser;
	bool cut; /* there are more */
	bool folded; /* a line end that does not end it was in it */
	bool soft_ends; /* behind an '=' it goes on */
	bool ended, cr; /* the octet before ended a line on paper; it was a CR */
	bool soft; /* quoted-printable that goes on behind the line end */
	char last;
};
void pimlines_init(struct pim_lines *l, pim_line_fn *fn, void *ctx);
int pimlines_add(struct pim_lines *l, const void *p, size_t n, struct err *err) MUST_CHECK;
int pimlines_end(struct pim_lines *l, struct err *err) MUST_CHECK; /* the last line, too */
void pimlines_clear(struct pim_lines *l);

/* Is it a content line of this name (capitals)? */
bool line_is(const struct pim_line *l, const char *name);

#endif
