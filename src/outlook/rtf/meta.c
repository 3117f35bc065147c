/* HTML that became UTF-8 says so. */
#include "outlook/rtf/internal.h"
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { HEAD_MAX = 1 << 20 }; /* octets that a declaration may stand in */

static bool is_at(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && strncasecmp(p, word, n) == 0;
}

static bool ends_value(char c)
{
	return strchr(" \t\r\n\"';>/?", c) != NULL;
}

/*
 * The value behind "charset=" or "encoding=" in the tag at ${p}; false: it has none. *behind_out
 * is behind it, or where the tag ends.
 */
static bool find_value(const char *p, const char *end, const char *name, const char **value_out,
        const char **behind_out)
{
	for (; p < end && *p != '>'; p++) {
		const char *v = p + strlen(name);

		if (!is_at(p, end, name))
			continue;
		while (v < end && strchr(" \r\n", *v) && *v)
			v++;
		if (v == end || *v != '=')
			continue;
		v++;
		while (v < end && strchr(" \r\n\"'", *v) && *v)
			v++;
		*value_out = v;
		while (v < end && !ends_value(*v))
			v++;
		*behind_out = v;
		return v > *value_out;
	}
	*behind_out = p;
	return false;
}

void html_say_utf8(struct buf *html, size_t from)
{
	const char *p = buf_str(html) + from, *copied = p, *value, *behind;
	const char *end = p + MIN(html->len - from, HEAD_MAX);
	struct buf made = buf_of(SIZE_MAX);

	for (; p < end && !is_at(p, end, "<body"); p++) {
		const char *name = is_at(p, end, "<meta") ? "charset" : NULL;

		if (is_at(p, end, "<?xml"))
			name = "encoding";
		if (!name)
			continue;
		if (find_value(p + 5, end, name, &value, &behind)) {
			buf_put(&made, copied, (size_t)(value - copied));
			buf_puts(&made, "utf-8");
			copied = behind;
		}
		p = MIN(behind, end - 1);
	}
	if (made.len > 0) {
		buf_put(&made, copied, html->len - (size_t)(copied - buf_str(html)));
		html->len = from;
		if (buf_add(html, made.data, made.len) <
		        0) /* no longer by much: a cap that was met */
			(void)buf_fill(html, made.data, made.len);
	}
	buf_clear(&made);
}
