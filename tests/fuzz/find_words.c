/* Whatever a text is, each of its words finds it; whatever a person writes is no syntax. */
#include "find/internal.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Is the one item found? -1: there is no word. */
static int is_found(struct find_index *x, const char *words)
{
	const char *list[] = {words, NULL};
	struct find_hits h = {0};
	struct find_query *q;
	int found;

	if (find_query_new(list, x->tokens, &q, NULL) < 0)
		return -1;
	if (find_search(x, q, &h, NULL) < 0)
		abort();
	found = h.n == 1;
	free(h.keys);
	find_query_free(q);
	return found;
}

/* The first line is what somebody looks for, the rest a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL, key[FIND_KEY_LEN] = {0};
	size_t n = end ? (size_t)(end - data) : 0;
	char *words = xstrndup((const char *)data, n);
	struct buf text = buf_of(SIZE_MAX), tokens = buf_of(SIZE_MAX);
	struct find_index x;

	buf_put(&text, data + n, size - n);
	if (find_index_new(&x, NULL) < 0 || find_index_add(&x, key, &text, NULL) < 0)
		abort();
	(void)is_found(&x, words);
	(void)find_tokens_of(x.tokens, buf_str(&text), &tokens);
	for (size_t at = 0, len; at < tokens.len && at < 2000; at += len + 1) {
		len = strlen(buf_str(&tokens) + at);
		if (is_found(&x, buf_str(&tokens) + at) == 0)
			abort();
	}
	find_index_close(&x);
	buf_clear(&text);
	buf_clear(&tokens);
	free(words);
	return 0;
}
