/* What a vdir (vdirsyncer's "Metadata") says of a collection, from its properties. */
#include "valise/tree/model.h"
#include "valise/base/escape.h"
#include "valise/base/json.h"
#include "valise/base/mem.h"
#include "valise/tree/catalog.h"
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	char c;
} entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};

/* One reference at the start of ${s}; returns its length, 0 if it is none. */
static size_t put_reference(const char *s, struct buf *out)
{
	char utf8[4], *end;
	unsigned long point;

	for (size_t i = 0; i < COUNT(entities); i++) {
		size_t n = strlen(entities[i].name);

		if (strncmp(s, entities[i].name, n) == 0) {
			buf_putc(out, entities[i].c);
			return n;
		}
	}
	if (s[1] != '#')
		return 0;
	point = s[2] == 'x' ? strtoul(s + 3, &end, 16) : strtoul(s + 2, &end, 10);
	if (*end != ';' || point < 0x20 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	buf_put(out, utf8, utf8_put((uint32_t)point, utf8));
	return (size_t)(end + 1 - s);
}

/*
 * The text of an element's raw content, one line, blanks at the ends dropped; NULL if it
 * holds elements or nothing.
 */
static char *plain_text(const char *xml)
{
	struct buf out = buf_of(SIZE_MAX);
	char *text;
	size_t n;

	if (!xml || strchr(xml, '<'))
		return NULL;
	while (*xml) {
		size_t used = *xml == '&' ? put_reference(xml, &out) : 0;

		if (used == 0) {
			buf_putc(&out, (unsigned char)*xml < 0x20 ? ' ' : *xml);
			used = 1;
		}
		xml += used;
	}
	text = buf_take(&out);
	n = strspn(text, " ");
	memmove(text, text + n, strlen(text + n) + 1);
	for (n = strlen(text); n > 0 && text[n - 1] == ' '; n--)
		text[n - 1] = '\0';
	if (n > 0)
		return text;
	free(text);
	return NULL;
}

void tree_coll_vdir(const struct tree_coll *c, char **name_out, char **color_out)
{
	json_t *props = NULL;
	char *color;

	if (c->props && json_read(c->props, strlen(c->props), CATALOG_LINE_MAX, &props, NULL) != 0)
		props = NULL;
	*name_out = plain_text(json_get_str(props, "{DAV:}displayname"));
	if (!*name_out)
		*name_out = xstrdup(c->name);
	color = plain_text(json_get_str(props, "{http://apple.com/ns/ical/}calendar-color"));
	/* #RRGGBB; Apple adds the opacity. */
	if (color && *color == '#' && strspn(color + 1, "0123456789abcdefABCDEF") >= 6) {
		color[7] = '\0';
	} else {
		free(color);
		color = NULL;
	}
	*color_out = color;
	json_decref(props);
}
