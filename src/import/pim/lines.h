#ifndef IMPORT_PIM_LINES_H
#define IMPORT_PIM_LINES_H

#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * Content lines (RFC 5545 3.1, RFC 6350 3.2, vCard 2.1) of a text of any length, as it comes in:
 * where each begins and ends, and its first octets unfolded. It reads as
 * valise/format/content.h does, which wants the whole text.
 */
enum { LINE_HEAD = 4096 };
struct pim_line {
	const char *text; /* unfolded, NUL-terminated, its first LINE_HEAD octets */
	size_t len;
	uint64_t from, to; /* in the whole: with its folds and its line end */
};
typedef int pim_line_fn(void *ctx, const struct pim_line *l, struct err *err);
struct pim_lines {
	pim_line_fn *fn;
	void *ctx;
	uint64_t pos, from; /* octets that came; where the line began */
	struct buf head;
	bool ended, cr; /* the octet before ended a line on paper; it was a CR */
	bool soft; /* quoted-printable that goes on behind the line end */
	char last;
};
void pimlines_init(struct pim_lines *l, pim_line_fn *fn, void *ctx);
int pimlines_add(struct pim_lines *l, const void *p, size_t n, struct err *err) MUST_CHECK;
int pimlines_end(struct pim_lines *l, struct err *err) MUST_CHECK; /* the last line, too */
void pimlines_clear(struct pim_lines *l);

/* The property's name: octets up to ';' or ':', without a vCard group before it. */
struct pim_name {
	const char *s;
	size_t n;
};
struct pim_name line_name(const struct pim_line *l);
/* Its value: behind the first ':' that is in no quotes; NULL: it has none. */
const char *line_value(const struct pim_line *l, size_t *n_out);

#endif
