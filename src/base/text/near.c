/* How like two words are, for hints. */
#include "valise/base/near.h"
#include "valise/base/mem.h"
#include <string.h>

#define WORD_MAX 64

/*
 * Two letters that changed places are one edit. Longer words are cut, which only makes a
 * hint worse.
 */
size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1] = {{0}};
	size_t nb = strnlen(b, WORD_MAX), na = strnlen(a, WORD_MAX);

	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *top = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

			best = MIN(best, above[j] + 1);
			best = MIN(best, row[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, top[j - 2] + 1);
			row[j] = best;
		}
	}
	return rows[na % 3][nb];
}

void nearest_weigh(struct nearest *n, const char *asked, const char *candidate)
{
	size_t len = strlen(asked), most = MIN(len / 3 + (len == 2), 3);
	size_t distance = edit_distance(asked, candidate);

	if (len >= 3 && strncmp(asked, candidate, len) == 0)
		distance = 1;
	if (distance > most || (n->word && distance >= n->distance))
		return;
	n->word = candidate;
	n->distance = distance;
}
