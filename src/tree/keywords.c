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
#include <strings.h>

static uint32_t hash_text(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

/*
 * The slot of keyword_index that holds the set with this text, or the free one where it
 * belongs.
 */
static size_t find_slot(const struct tree_coll *c, const char *text)
{
	size_t mask = c->keyword_index_size - 1, i = hash_text(text) & mask;

	while (c->keyword_index[i] != 0 && strcmp(c->keyword_sets[c->keyword_index[i]], text) != 0)
		i = (i + 1) & mask;
	return i;
}

static void grow_index(struct tree_coll *c)
{
	size_t size = c->keyword_index_size ? c->keyword_index_size * 2 : 64;

	free(c->keyword_index);
	c->keyword_index = xcalloc(size, sizeof *c->keyword_index);
	c->keyword_index_size = size;
	for (size_t i = 1; i < c->n_keyword_sets; i++)
		c->keyword_index[find_slot(c, c->keyword_sets[i])] = (uint32_t)i;
}

/* Takes ${text}. */
static uint32_t intern_set(struct tree_coll *c, char *text)
{
	size_t slot;

	if (*text == '\0') {
		free(text);
		return 0;
	}
	if (c->n_keyword_sets * 2 >= c->keyword_index_size)
		grow_index(c);
	slot = find_slot(c, text);
	if (c->keyword_index[slot] != 0) {
		free(text);
	} else {
		*ARR_PUSH(c->keyword_sets, c->n_keyword_sets, c->keyword_sets_cap) = text;
		c->keyword_index[slot] = (uint32_t)(c->n_keyword_sets - 1);
	}
	return c->keyword_index[slot];
}

uint32_t tree_coll_keywords(struct tree_coll *c, const char *const *words, size_t n)
{
	const char **sorted;
	struct buf text;
	uint32_t set;

	if (n == 0)
		return 0;
	sorted = xmemdup(words, n * sizeof *words);
	SORT(sorted, n, text_by_bytes);
	buf_init(&text, SIZE_MAX);
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

bool tree_has_word(const char *text, const char *word, size_t n)
{
	for (const char *p = text; p && *p;) {
		size_t k = strcspn(p, " ");

		if (k == n && strncasecmp(p, word, n) == 0)
			return true;
		p += k + (p[k] == ' ');
	}
	return false;
}
