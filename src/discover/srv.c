/* SRV records: which of them is tried first (RFC 2782), and the path of DAV (RFC 6764). */
#include "facts.h"
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

#define PATH_KEY "path="
#define PATH_MAX_LEN 1024
#define SHOWN_SIZE 300

/*
 * The weight is there to share the load of many connections; here the same host is wanted
 * each time, as an archive remembers it: the heaviest, then the first by name.
 */
static int by_rank(const void *a, const void *b)
{
	const struct dns_record *x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return strcmp(x->target, y->target);
}

static void drop_record(struct dns_answer *a, size_t i)
{
	free(a->list[i].target);
	a->n--;
	memmove(&a->list[i], &a->list[i + 1], (a->n - i) * sizeof *a->list);
}

static void set_note(char **note_out, const char *what, const char *target)
{
	char shown[SHOWN_SIZE];

	if (!*note_out)
		*note_out = xasprintf("%s \"%s\": passed over", what,
		        term_escape(target, strlen(target), shown, sizeof shown));
}

enum told srv_choose(struct dns_answer *a, char **note_out)
{
	*note_out = NULL;
	if (a->n == 1 && !*a->list[0].target)
		return TOLD_NONE;
	for (size_t i = a->n; i-- > 0;) {
		const struct dns_record *r = &a->list[i];

		if (!*r->target)
			set_note(note_out, "one record of several names nothing,", ".");
		else if (r->odd)
			set_note(note_out, "it names what is no host,", r->target);
		else if (!r->port)
			set_note(note_out, "it names port 0 of", r->target);
		else
			continue;
		drop_record(a, i);
	}
	SORT(a->list, a->n, by_rank);
	return a->n ? TOLD_PLACE : TOLD_NOTHING;
}

static bool is_path(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= 0x20 || s[i] == 0x7f || strchr("#?\\", s[i]))
			return false;
	return *s == '/' && s[1] != '/' && n <= PATH_MAX_LEN && utf8_valid(s, n);
}

char *srv_path(const struct dns_answer *a, char **note_out)
{
	const char *path = NULL;

	*note_out = NULL;
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < a->list[i].n_strings; k++) {
			const char *s = a->list[i].strings[k];

			if (strncasecmp(s, PATH_KEY, sizeof PATH_KEY - 1) != 0)
				continue;
			s += sizeof PATH_KEY - 1;
			if (!is_path(s))
				set_note(note_out, "its TXT record names what is no path,", s);
			else if (path && strcmp(path, s) != 0)
				set_note(note_out, "its TXT records name another path,", s);
			else
				path = s;
		}
	if (!path && a->n && !*note_out)
		set_note(note_out, "its TXT record names no path,",
		        a->list[0].text ? a->list[0].text : "");
	/* Which of two is meant nobody knows. */
	return path && !*note_out ? xstrdup(path) : NULL;
}

bool srv_second_counts(enum told first, enum told second)
{
	if (second == TOLD_PLACE)
		return true;
	if (first == TOLD_NOTHING)
		return second != TOLD_NOT_ASKED;
	return first == TOLD_NONE && second == TOLD_FAILED;
}
