/* Links: does the text show where they lead? */
#include "mime/prose.h"
#include <string.h>
#include <strings.h>

static const char *skip_word(const char *s, const char *word)
{
	return strncasecmp(s, word, strlen(word)) == 0 ? s + strlen(word) : s;
}

/* Without what people leave out. */
static const char *bare(const char *s, size_t *n_out)
{
	const char *const words[] = {"mailto:", "tel:", "http://", "https://"};

	s += strspn(s, " \t\r\n");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		s = skip_word(s, words[i]);
	*n_out = strlen(s);
	while (*n_out > 0 && strchr(" \t\r\n/", s[*n_out - 1]))
		(*n_out)--;
	return s;
}

/* Lead to nothing outside of the message, or nothing that a reader could follow. */
static bool leads_nowhere(const char *href)
{
	static const char *const schemes[] = {
	        "#", "cid:", "data:", "javascript:", "about:", "mid:"};

	href += strspn(href, " \t\r\n");
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (skip_word(href, schemes[i]) != href)
			return true;
	return *href == '\0';
}

bool link_says_it(const char *href, const char *text)
{
	size_t a, b;
	const char *to = bare(href, &a), *shown = bare(text, &b);

	return leads_nowhere(href) || (a == b && strncasecmp(to, shown, a) == 0);
}
