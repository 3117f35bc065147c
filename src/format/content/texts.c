/* All that people may look for in a resource: its texts, names, addresses. */
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/text.h"
#include "valise/format/header.h"
#include "internal.h"

struct texts {
	void (*fn)(void *ctx, const char *text, size_t n, bool html);
	void *ctx;
	int zone; /* depth of the VTIMEZONE that is being read; -1: none is */
};

/* What no person writes or reads: dates, numbers, rules, the program that made it. */
static const char technical[] =
        "BEGIN|END|VERSION|PRODID|CALSCALE|METHOD|DTSTAMP|DTSTART|DTEND|DUE|CREATED|COMPLETED|"
        "LAST-MODIFIED|SEQUENCE|RRULE|EXRULE|RDATE|EXDATE|RECURRENCE-ID|DURATION|TRIGGER|TRANSP|"
        "CLASS|STATUS|PRIORITY|ACTION|REPEAT|PERCENT-COMPLETE|GEO|FREEBUSY|REV|TZ|KEY|SOUND|PHOTO|"
        "LOGO";

static bool is_octets(const struct content_line *l)
{
	const char *value = content_param(l, "VALUE");

	return content_encoding(l) == CONTENT_BASE64 ||
	       (value && strcasecmp(value, "BINARY") == 0) ||
	       (l->value_len >= 5 && strncasecmp(l->value, "data:", 5) == 0);
}

static bool is_html(const struct content_line *l)
{
	const char *type = content_param(l, "FMTTYPE");

	return type && strcasecmp(type, "text/html") == 0;
}

/* Octets that are not UTF-8 are of the charset that a vCard 2.1 names, or of none known. */
static void give(const struct texts *t, struct buf *raw, const char *charset, bool html)
{
	struct buf text = buf_of(SIZE_MAX);

	if (utf8_valid(buf_str(raw), raw->len)) {
		t->fn(t->ctx, buf_str(raw), raw->len, html);
	} else {
		charset_to_utf8(charset ? charset : "windows-1252", raw, &text);
		t->fn(t->ctx, buf_str(&text), text.len, html);
	}
	buf_clear(&text);
}

static void give_value(const struct texts *t, const struct content_line *l)
{
	struct buf plain = buf_of(SIZE_MAX), text = buf_of(SIZE_MAX);

	content_plain(l, l->value_len, &plain);
	content_unescape(buf_str(&plain), plain.len, &text);
	give(t, &text, content_param(l, "CHARSET"), is_html(l));
	buf_clear(&plain);
	buf_clear(&text);
}

static void give_params(const struct texts *t, const struct content_line *l)
{
	struct buf text = buf_of(SIZE_MAX);

	for (size_t i = 0; i < l->n_params; i++)
		if (text_in(l->params[i].name, "CN|FILENAME|X-FILENAME|LABEL|TITLE|X-TITLE")) {
			buf_reset(&text);
			buf_puts(&text, l->params[i].value);
			give(t, &text, NULL, false);
		}
	buf_clear(&text);
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct texts *t = ctx;

	(void)err;
	if (strcmp(l->name, "BEGIN") == 0 && t->zone < 0 && content_component_is(l, "VTIMEZONE"))
		t->zone = l->depth;
	else if (strcmp(l->name, "END") == 0 && l->depth <= t->zone)
		t->zone = -1;
	if (t->zone >= 0)
		return 0;
	if (!is_octets(l) && !text_in(l->name, technical))
		give_value(t, l);
	give_params(t, l);
	return 0;
}

void content_texts(const void *p, size_t n,
        void (*fn)(void *ctx, const char *text, size_t n, bool html), void *ctx)
{
	struct texts t = {fn, ctx, -1};

	(void)!content_scan(p, n, on_line, true, &t, NULL, NULL);
}
