/* Which collections a person means: --include, --exclude, --exclude-use. */
#include "valise/tree/pattern.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/near.h"
#include "valise/format/mutf7.h"
#include "valise/tree/use.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_CAP (64u << 10)

static size_t char_len(const char *s)
{
	size_t n = utf8_next(s, strlen(s), NULL);

	return n ? n : 1;
}

/*
 * Of ${s}, its first ${n} octets. The last star is gone back to, no other: that suffices,
 * and takes no time that grows with their number.
 */
static bool match_glob(const char *p, const char *s, size_t n)
{
	const char *end = s + n, *star = NULL, *again = NULL;

	for (;;) {
		bool escaped = *p == '\\' && p[1] && strchr("*?\\", p[1]);

		if (*p == '*') {
			star = ++p;
			again = s;
			continue;
		}
		if (s < end && *p == '?') {
			p++;
			s += char_len(s);
		} else if (s < end && *p && p[escaped] == *s) {
			p += 1 + escaped;
			s++;
		} else if (s >= end && !*p) {
			return true;
		} else if (star && again < end) {
			p = star;
			s = ++again;
		} else {
			return false;
		}
	}
}

/* Octets of a content name as the full name has them: =2F and =3D are one. */
static size_t plain_len(const char *s, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++, len++)
		i += s[i] == '=' ? 2 : 0;
	return len;
}

/*
 * ${from}: levels that end before it count for nothing; 0 where none is below anything.
 */
static bool matches_one(const char *pattern, const char *name, char delimiter, size_t from)
{
	size_t n = strlen(name);

	if (strcmp(pattern, name) == 0 || match_glob(pattern, name, n))
		return true;
	for (size_t i = from; from && delimiter && i < n; i++)
		if (name[i] == delimiter && ((strncmp(pattern, name, i) == 0 && !pattern[i]) ||
		                                    match_glob(pattern, name, i)))
			return true;
	return false;
}

/*
 * A name or pattern whose first level is INBOX in any case, with that in capitals; NULL:
 * it is not.
 */
static char *inbox_folded(const char *s, char delimiter)
{
	char *out;

	if (strncasecmp(s, "INBOX", 5) != 0 ||
	        (s[5] && s[5] != delimiter && s[5] != '/' && s[5] != '*'))
		return NULL;
	out = xstrdup(s);
	memcpy(out, "INBOX", 5);
	return out;
}

static bool matches_folded(const char *pattern, const char *name, char delimiter, size_t from)
{
	char *p = inbox_folded(pattern, delimiter), *s = p ? inbox_folded(name, delimiter) : NULL;
	bool yes = s && matches_one(p, s, delimiter, from);

	free(p);
	free(s);
	return yes;
}

/*
 * Where the first level ends that is not a namespace's prefix: what a server has as
 * "INBOX.Work" is not below INBOX, but beside it.
 */
static size_t first_level(const struct pattern_name *n)
{
	size_t own = n->content ? plain_len(n->content, strlen(n->content)) : 0;
	size_t full = strlen(n->full);
	bool prefix = own && own < full && n->full[full - own - 1] == n->delimiter;

	return prefix ? full - own : 1;
}

static bool matches_names(const char *pattern, const struct pattern_name *n, bool below)
{
	const size_t from[2] = {below, below ? first_level(n) : 0};
	const char *const name[2] = {n->content, n->full};
	const char delimiter[2] = {'/', n->delimiter};

	for (int i = 0; i < 2; i++)
		if (name[i] &&
		        (matches_one(pattern, name[i], n->mail ? delimiter[i] : 0, from[i]) ||
		                (n->mail &&
		                        matches_folded(pattern, name[i], delimiter[i], from[i]))))
			return true;
	return false;
}

/*
 * "[[]Gmail]", as the patterns of older versions had to be written: the bracket itself.
 */
static char *without_classes(const char *pattern)
{
	char *out, *to;

	if (!strstr(pattern, "[[]"))
		return NULL;
	out = to = xstrdup(pattern);
	for (const char *p = pattern; *p; p++) {
		*to++ = *p;
		p += strncmp(p, "[[]", 3) == 0 ? 2 : 0;
	}
	*to = '\0';
	return out;
}

bool pattern_matches(const char *pattern, const struct pattern_name *name, bool below)
{
	bool yes = matches_names(pattern, name, below);
	char *older = yes ? NULL : without_classes(pattern);
	struct buf decoded = buf_of(NAME_CAP);

	if (older)
		yes = matches_names(older, name, below);
	free(older);
	if (yes || !name->mail || !strchr(pattern, '&'))
		return yes;
	if (mutf7_decode(pattern, strlen(pattern), &decoded))
		yes = matches_names(buf_str(&decoded), name, below);
	buf_clear(&decoded);
	return yes;
}

char pattern_delimiter(const char *full, const char *content)
{
	size_t all = content ? plain_len(content, strlen(content)) : 0, n = strlen(full);
	const char *slash = content ? strchr(content, '/') : NULL;

	if (!slash || all > n)
		return 0;
	return full[n - all + plain_len(content, (size_t)(slash - content))];
}

static bool matches_any(
        const char *const *patterns, size_t n, const struct pattern_name *name, bool below)
{
	for (size_t i = 0; i < n; i++)
		if (pattern_matches(patterns[i], name, below))
			return true;
	return false;
}

bool pattern_chooses(const struct pattern_choice *c, const struct pattern_name *name)
{
	if (c->n_include && !matches_any(c->include, c->n_include, name, true))
		return false;
	return !matches_any(c->exclude, c->n_exclude, name, false) && !pattern_use(c, name, NULL);
}

const char *pattern_use(
        const struct pattern_choice *c, const struct pattern_name *name, bool *announced_out)
{
	const char *content = name->content ? name->content : name->full;

	if (!c->exclude_uses || !name->mail || strcasecmp(name->full, "INBOX") == 0)
		return NULL;
	return use_in_set(c->exclude_uses, name->uses, content, announced_out);
}

static const char *last_level(const char *s)
{
	const char *p = strrchr(s, '/');

	return p && p[1] ? p + 1 : s;
}

size_t pattern_nearness(const char *pattern, const char *name)
{
	size_t d;

	if (strcasecmp(pattern, name) == 0)
		return 1;
	if (strcasecmp(pattern, last_level(name)) == 0 ||
	        strcasecmp(last_level(pattern), last_level(name)) == 0)
		return 2;
	d = edit_distance(pattern, name);
	return d <= 2 + strlen(pattern) / 8 && d < strlen(pattern) ? 2 + d : 0;
}
