#ifndef VALISE_BASE_NEAR_H
#define VALISE_BASE_NEAR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Number of edits between two short texts: a character more, less, another, or two
 * swapped.
 */
size_t edit_distance(const char *a, const char *b);

/* "Did you mean": the likest of several words. Begin with zeros. */
struct nearest {
	const char *word; /* NULL: none is like it */
	size_t distance;
};
/*
 * Hold ${candidate} against ${asked}: a third of the letters may differ, or its end may be
 * missing.
 */
void nearest_weigh(struct nearest *n, const char *asked, const char *candidate);

#endif
