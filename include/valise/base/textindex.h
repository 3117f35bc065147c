#ifndef VALISE_BASE_TEXTINDEX_H
#define VALISE_BASE_TEXTINDEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Where texts stand in a list of somebody else's, by their hash; who owns the list
 * compares. Zeroed: empty.
 */
struct text_index {
	struct text_place {
		uint32_t hash, at; /* at: 0 for none, else the place and one */
	} * places;
	size_t n, size;
};

void text_index_add(struct text_index *x, const char *text, size_t at);
/**
 * text_index_next(x, text, cursor): the next place that ${text} may have, in the order in
 * which they were added; SIZE_MAX after the last. *${cursor} is 0 at first.
 */
size_t text_index_next(const struct text_index *x, const char *text, size_t *cursor);
void text_index_clear(struct text_index *x);

#endif
