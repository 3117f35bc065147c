#ifndef VALISE_FORMAT_CONTENT_COMPARE_H
#define VALISE_FORMAT_CONTENT_COMPARE_H

#include "canon.h"

#define COMPARE_KEPT 3 /* entries of a difference that are kept */

/* Entries of one label that one component has in only one of two texts. */
struct compare_found {
	char sign; /* '-', '+', '~' */
	const char *label;
	const char *component; /* whose property it is; "": of none, or it is a whole one */
	/* 1 + where the RECURRENCE-ID of the component is in the first text; 0: it has none */
	uint32_t instance;
	struct canon_entry lost[COMPARE_KEPT], added[COMPARE_KEPT];
	size_t n_lost, n_added; /* all, also those not kept; both 0: components without END */
};
/* ${f} is lent. */
typedef void (*compare_fn)(void *ctx, const struct compare_found *f);
/* Each difference; ${all}: of what is volatile, too. */
int compare_texts(const void *a, size_t a_len, const void *b, size_t b_len, bool all, compare_fn fn,
        void *ctx, struct err *err) MUST_CHECK;

/* Append a property or component in words: "the title (SUMMARY)". */
void content_put_name(const char *name, size_t n, struct buf *out);

#endif
