/*
 * Sets of keywords: most messages of a mailbox have one of a few sets, so an item holds
 * an index.
 */
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/tree/model.h"
#include <stdlib.h>
#include <string.h>

/* Takes ${text}. */
static uint32_t intern_set(struct tree_coll *c, char *text)
{
	size_t cursor = 0, i = 0;

	while (*text && (i = text_index_next(&c->keyword_index, text, &cursor)) != SIZE_MAX &&
	        strcmp(c->keyword_sets[i], text) != 0)
		;
	if (*text && i == SIZE_MAX) {
		i = c->n_keyword_sets;
		text_index_add(&c->keyword_index, text, i);
		*ARR_PUSH(c->keyword_sets, c->n_keyword_sets, c->keyword_sets_cap) = text;
	} else {
		free(text);
	}
	return (uint32_t)i;
}

uint32_t tree_coll_keywords(struct tree_coll *c, const char *const *words, size_t n)
{
	const char **sorted;
	struct buf text = buf_of(SIZE_MAX);
	uint32_t set;

	if (n == 0)
		return 0;
	sorted = xmemdup(words, n * sizeof *words);
	SORT(sorted, n, text_by_bytes);
	for (size_t i = 0; i < n; i++) {
		if (*sorted[i] == '\0' || (i > 0 && strcmp(sorted[i], sorted[i - 1]) == 0))
			continue;
		if (text.len > 0)
			buf_putc(&text, ' ');
		buf_puts(&text, sorted[i]);
	}
	set = intern_set(c, buf_take(&text));
	free(sorted);
	return set;
}

uint32_t tree_coll_words(struct tree_coll *c, const char *text, tree_word_fn *keep, void *ctx)
{
	char *copy = xstrdup(text), *rest = NULL;
	const char **words = NULL;
	size_t n = 0, cap = 0;
	uint32_t set;

	for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		if (!keep || keep(ctx, w))
			*ARR_PUSH(words, n, cap) = w;
	set = tree_coll_keywords(c, words, n);
	free(words);
	free(copy);
	return set;
}

const char *tree_coll_keyword_text(const struct tree_coll *c, uint32_t set)
{
	return set < c->n_keyword_sets ? c->keyword_sets[set] : "";
}

uint32_t tree_coll_keywords_copy(struct tree_coll *to, const struct tree_coll *from, uint32_t set)
{
	return set == 0 ? 0 : intern_set(to, xstrdup(tree_coll_keyword_text(from, set)));
}
