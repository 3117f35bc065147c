/* The text of HTML. */
#include "outlook/body/plain.h"
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>
#include "valise/base/buf.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

struct plain {
	struct buf out;
	bool blank; /* one stands before the next character */
};

static void add(struct plain *p, const char *s, size_t n)
{
	if (p->blank && p->out.len && p->out.data[p->out.len - 1] != '\n')
		buf_putc(&p->out, ' ');
	p->blank = false;
	buf_put(&p->out, s, n);
}

static void break_line(struct plain *p)
{
	p->blank = false;
	if (p->out.len)
		buf_putc(&p->out, '\n');
}

/* An entity at ${s}; its octets. */
static size_t add_entity(struct plain *p, const char *s)
{
	static const struct {
		const char *name, *text;
	} names[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""},
	        {"&apos;", "'"}, {"&nbsp;", " "}};
	char one[4];
	char *end;

	for (size_t i = 0; i < COUNT(names); i++)
		if (strncasecmp(s, names[i].name, strlen(names[i].name)) == 0) {
			add(p, names[i].text, 1);
			return strlen(names[i].name);
		}
	if (s[1] == '#') {
		bool hex = s[2] == 'x' || s[2] == 'X';
		unsigned long point = strtoul(s + 2 + hex, &end, hex ? 16 : 10);

		if (*end == ';' && point >= 0x20 && point < 0x110000 &&
		        (point < 0xd800 || point > 0xdfff)) {
			add(p, one, utf8_put((uint32_t)point, one));
			return (size_t)(end - s) + 1;
		}
	}
	add(p, "&", 1);
	return 1;
}

static bool is_tag(const char *s, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(s, name, n) == 0 && !isalnum((unsigned char)s[n]);
}

/* From '<' on; where it goes on. */
static const char *pass_tag(struct plain *p, const char *s)
{
	static const char *const hidden[] = {"style", "script", "title"};
	static const char *const lines[] = {"br", "/p", "/div", "/tr", "/li", "/h1", "/h2", "/h3"};
	const char *end;

	if (strncmp(s, "<!--", 4) == 0) {
		end = strstr(s, "-->");
		return end ? end + 3 : s + strlen(s);
	}
	for (size_t i = 0; i < COUNT(hidden); i++)
		if (is_tag(s + 1, hidden[i])) {
			for (end = strstr(s, "</"); end && !is_tag(end + 2, hidden[i]);)
				end = strstr(end + 2, "</");
			if (!end)
				return s + strlen(s);
			s = end;
			break;
		}
	for (size_t i = 0; i < COUNT(lines); i++)
		if (is_tag(s + 1, lines[i]))
			break_line(p);
	end = strchr(s, '>');
	return end ? end + 1 : s + strlen(s);
}

char *plain_of_html(const char *html)
{
	struct plain p = {.out = buf_of(strlen(html) * 2 + 16)};

	while (*html) {
		if (*html == '<') {
			html = pass_tag(&p, html);
		} else if (*html == '&') {
			html += add_entity(&p, html);
		} else if (strchr(" \t\r\n", *html)) {
			p.blank = true;
			html++;
		} else {
			add(&p, html++, 1);
		}
	}
	while (p.out.len && p.out.data[p.out.len - 1] == '\n')
		p.out.data[--p.out.len] = '\0';
	return buf_take(&p.out);
}
