/*
 * What a server says for its "no", for a person: the names of the conditions (RFC 4918
 * 16) and its own words.
 */
#include "internal.h"
#include "valise/base/json.h"
#include "valise/base/mem.h"
#include <string.h>

#define LINE_MAX_LEN 300
#define JSON_MAX ((size_t)64 << 10)

void dav_put_conditions(const char *error, struct buf *out)
{
	const char *at = error;

	while (*at) {
		size_t n = strcspn(at, " ");
		const char *brace = memchr(at, '}', n), *from = brace ? brace + 1 : at;

		if (at != error)
			buf_puts(out, ", ");
		buf_put(out, from, n - (size_t)(from - at));
		at += n;
		at += strspn(at, " ");
	}
}

/* {"error": {"message": "..."}} and its kin. */
static const char *json_reason(const json_t *o)
{
	static const char *const names[] = {
	        "message", "error_description", "detail", "error", "title"};
	const char *text = NULL;

	if (json_is_object(json_object_get(o, "error")))
		text = json_reason(json_object_get(o, "error"));
	for (size_t i = 0; !text && i < COUNT(names); i++)
		text = json_get_str(o, names[i]);
	return text && *text ? text : NULL;
}

static char *first_line(const char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strcspn(s, "\r\n");
	return n && *s != '<' ? xstrndup(s, MIN(n, LINE_MAX_LEN)) : NULL;
}

char *dav_plain_reason(const char *body)
{
	json_t *o = NULL;
	const char *text = NULL;
	char *line;

	body += strspn(body, " \t\r\n");
	if (*body != '{')
		return first_line(body);
	if (json_read(body, strlen(body), JSON_MAX, &o, NULL) == 0)
		text = json_reason(o);
	line = text ? first_line(text) : NULL;
	json_decref(o);
	return line;
}
