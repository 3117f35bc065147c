/* What a person writes to find something, word by word. */
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>
#include "internal.h"

#define BLANKS " \t\r\n\v\f"

/* One word, or what stands in quotes; returns what comes behind it. */
static const char *add_one(struct find_words *w, const char *s)
{
	struct find_word one = {0};
	size_t n;

	if (*s == '-' && s[1] && !strchr(BLANKS, s[1])) {
		one.without = true;
		s++;
	}
	one.more_before = *s == '*';
	s += one.more_before;
	if (*s == '"') {
		n = strcspn(++s, "\"");
		one.text = xstrndup(s, n);
		s += n + (s[n] == '"');
		one.more_after = *s == '*';
		s += one.more_after;
	} else {
		n = strcspn(s, BLANKS "\"");
		one.text = xstrndup(s, n);
		s += n;
	}
	n = strlen(one.text);
	one.more_before = one.more_before || one.text[0] == '*';
	one.more_after = one.more_after || (n > 0 && one.text[n - 1] == '*');
	*ARR_PUSH(w->v, w->n, w->cap) = one;
	return s;
}

void find_words_add(struct find_words *w, const char *text)
{
	text += strspn(text, BLANKS);
	while (*text) {
		text = add_one(w, text);
		text += strspn(text, BLANKS);
	}
}

void find_words_clear(struct find_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i].text);
	free(w->v);
	*w = (struct find_words){0};
}
