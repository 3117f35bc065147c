#ifndef VALISE_FORMAT_AMEND_INTERNAL_H
#define VALISE_FORMAT_AMEND_INTERNAL_H

#include <stdint.h>
#include "valise/format/amend.h"
#include "format/content/internal.h"

/* What a component has been seen to have; the first ones by name. */
enum {
	HAS_UID,
	HAS_DTSTAMP,
	HAS_DTSTART,
	HAS_FN,
	HAS_N,
	HAS_NAMES,
	HAS_DATE = HAS_NAMES,
	HAS_END,
	HAS
};

#define TIME_SIZE 112

struct amending {
	const char *p;
	size_t n, from; /* from: of the line that is held back */
	enum amend step;
	struct buf *out;
	bool drop; /* the line that is held back is left out */
	bool changed, opened; /* opened: BEGIN of the whole was the line before */
	struct {
		unsigned objects;
		bool version, prodid, card2;
		int nested; /* deepest card in a card */
	} facts; /* of the whole, from a first reading */
	uint32_t stood; /* properties that may stand once and did */
	bool calendar, v4;
	char component[16]; /* open within the calendar */
	bool has[HAS];
	char start[TIME_SIZE], stamp[24];
	struct buf called; /* for a card without FN */
	unsigned called_by;
};

/*
 * Copy what was held back of the input up to here: the line before, unless it was left
 * out.
 */
void amend_copy_to(struct amending *a, size_t to);
/* Hand each line to ${fn}, which calls amend_copy_to with its offset; the rest is copied, too. */
int amend_scan(struct amending *a, content_fn fn, void *ctx, struct err *err) MUST_CHECK;
/* Append a line to a->out, folded. */
void amend_emit(struct amending *a, const struct buf *line);
void amend_emit_text(struct amending *a, const char *name, const char *value);
void amend_put_name(struct buf *line, const struct content_line *l); /* with its group */
void amend_put_param(struct buf *line, const char *name, const char *value);
/* Note what the line says that the card has; ${line}: as it goes out, NULL: as it is. */
void amend_note_card(struct amending *a, const struct content_line *l, const struct buf *line);
/* What a card lacks. */
void amend_complete_card(struct amending *a);
/* All of a vCard 2.1 as 3.0. */
int amend_card3(struct amending *a, struct err *err) MUST_CHECK;
/* version.c: 3.0 as 4.0, or 4.0 as 3.0. */
int amend_version(struct amending *a, bool to4, struct err *err) MUST_CHECK;
/*
 * text.c: AMEND_TEXT, after stray lines are gone from a->out; a line (several folded
 * ones) for AMEND_UTF8.
 */
int amend_plain(struct amending *a, struct buf *out, struct err *err) MUST_CHECK;
void amend_utf8(struct amending *a, const char *s, size_t n);

#endif
