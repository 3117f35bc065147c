/* How like two words are, for hints. */
#include "valise/base/near.h"
#include <string.h>

#define WORD_MAX 64

/* Levenshtein's, one row; longer words are cut, which only makes a hint worse. */
size_t edit_distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], nb = strnlen(b, WORD_MAX), na = strnlen(a, WORD_MAX);

	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}
