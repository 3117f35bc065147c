/* A hash table of places, open addressing. */
#include "valise/base/textindex.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

static uint32_t hash_of(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static void put_place(struct text_index *x, struct text_place p)
{
	size_t mask = x->size - 1, i = p.hash & mask;

	while (x->places[i].at)
		i = (i + 1) & mask;
	x->places[i] = p;
}

/*
 * In the old order: what has one hash keeps the order in which it was added, unless the
 * table's end lies between.
 */
static void grow_index(struct text_index *x)
{
	struct text_place *old = x->places;
	size_t n = x->size, start = 0;

	x->size = n ? n * 2 : 64;
	x->places = xcalloc(x->size, sizeof *x->places);
	while (start < n && old[start].at)
		start++;
	for (size_t i = 0; i < n; i++) {
		struct text_place *p = &old[(start + i) & (n - 1)];

		if (p->at)
			put_place(x, *p);
	}
	free(old);
}

void text_index_add(struct text_index *x, const char *text, size_t at)
{
	if ((x->n + 1) * 2 > x->size)
		grow_index(x);
	put_place(x, (struct text_place){hash_of(text), (uint32_t)at + 1});
	x->n++;
}

size_t text_index_next(const struct text_index *x, const char *text, size_t *cursor)
{
	uint32_t hash = hash_of(text);

	for (; x->size; ++*cursor) {
		const struct text_place *p = &x->places[(hash + *cursor) & (x->size - 1)];

		if (!p->at)
			break;
		if (p->hash == hash) {
			++*cursor;
			return p->at - 1;
		}
	}
	return SIZE_MAX;
}

void text_index_clear(struct text_index *x)
{
	free(x->places);
	memset(x, 0, sizeof *x);
}
