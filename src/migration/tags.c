/* Lists of tags, "v=DKIM1; k=rsa; p=..." (RFC 6376 3.2). */
#include "judge.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void tags_clear(struct tags *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->list[i].name);
		free(t->list[i].value);
	}
	memset(t, 0, sizeof *t);
}

const char *tags_get(const struct tags *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->list[i].name, name) == 0)
			return t->list[i].value;
	return NULL;
}

static bool is_tag_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_')
			return false;
	return n && isalpha((unsigned char)*s);
}

/* One "name=value" of ${n} octets without blanks around it. */
static const char *take_tag(const char *s, size_t n, struct tags *out)
{
	const char *eq = memchr(s, '=', n), *value;
	size_t name_len, value_len;
	struct tag *t;

	if (!eq)
		return "it is no list of tags: a part has no \"=\"";
	name_len = (size_t)(eq - s);
	value = eq + 1;
	value_len = n - name_len - 1;
	text_trim(&s, &name_len);
	text_trim(&value, &value_len);
	if (!is_tag_name(s, name_len))
		return "it is no list of tags: a name is not of letters and digits";
	if (out->n == TAGS_MAX)
		return "it has more than 32 tags";
	t = &out->list[out->n];
	t->name = xstrndup(s, name_len);
	t->value = xstrndup(value, value_len);
	out->n++;
	for (size_t i = 0; i + 1 < out->n; i++)
		if (strcmp(out->list[i].name, t->name) == 0)
			return "a tag stands in it twice";
	return NULL;
}

const char *tags_parse(const char *text, struct tags *out)
{
	memset(out, 0, sizeof *out);
	for (const char *s = text;;) {
		size_t n = strcspn(s, ";"), len = n;
		const char *part = s, *why;

		text_trim(&part, &len);
		/* an empty one is fine at the end alone, but nobody minds it elsewhere */
		why = len ? take_tag(part, len, out) : NULL;
		if (why)
			return why;
		if (!s[n])
			return out->n ? NULL : "it is empty";
		s += n + 1;
	}
}
