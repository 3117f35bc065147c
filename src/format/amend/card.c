/*
 * vCard 2.1 as 3.0 (RFC 2426 5: what is different): quoted-printable and charsets become
 * UTF-8, bare parameters TYPE, BASE64 b.
 */
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"
#include "internal.h"

/* Values of fields at ';', whose commas are not those of a list. */
static bool is_structured(const char *name)
{
	return text_in(name, "N|ADR|ORG|GEO");
}

/* Values that have no escapes. */
static bool is_uri(const char *name)
{
	return text_in(name, "URL|UID|REV|BDAY");
}

/* Text as 3.0 escapes it. Escapes that a 2.1 writer made already stay. */
static void put_text(const char *name, const char *s, size_t n, struct buf *out)
{
	bool fields = is_structured(name), list = strcmp(name, "CATEGORIES") == 0;

	for (size_t i = 0; i < n; i++) {
		char next = i + 1 < n ? s[i + 1] : '\0';

		if (s[i] == '\\' && next && strchr("\\;,nN", next)) {
			buf_putc(out, s[i]);
			buf_putc(out, next);
			i++;
		} else if (s[i] == '\r' || s[i] == '\n') {
			buf_puts(out, "\\n");
			i += s[i] == '\r' && next == '\n';
		} else {
			if (s[i] == '\\' || (s[i] == ',' && !list) || (s[i] == ';' && !fields))
				buf_putc(out, '\\');
			buf_putc(out, s[i]);
		}
	}
}

/* The octets of the value, decoded and in UTF-8. */
static void decode_value(const struct content_line *l, struct buf *out)
{
	const char *charset = content_param(l, "CHARSET");
	struct buf raw = buf_of(SIZE_MAX);

	content_plain(l, l->value_len, &raw);
	if (utf8_valid(buf_str(&raw), raw.len) &&
	        (!charset || strncasecmp(charset, "iso-2022", 8) != 0))
		buf_put(out, raw.data, raw.len);
	else
		charset_to_utf8(charset ? charset : "windows-1252", &raw, out);
	buf_clear(&raw);
}

/* The parameters as TYPE and VALUE; encodings and charsets have been undone. */
static void put_params(const struct content_line *l, bool base64, struct buf *line)
{
	static const char *const encodings[] = {
	        "QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT", "INLINE", "B"};

	for (size_t i = 0; i < l->n_params; i++) {
		const char *name = l->params[i].name, *value = l->params[i].value;
		bool gone = text_in(name, "CHARSET|ENCODING");

		for (size_t k = 0; k < COUNT(encodings) && !gone; k++)
			gone = strcasecmp(value, encodings[k]) == 0;
		if (gone)
			continue;
		if (strcmp(name, "VALUE") == 0 && strcasecmp(value, "URL") == 0)
			value = "uri";
		amend_put_param(line, name, value);
	}
	if (base64)
		buf_puts(line, ";ENCODING=b");
}

/*
 * A card in the card (AGENT, vCard 2.1 2.3.1): its lines go into a value of their own,
 * RFC 2426 3.5.4.
 */
struct agent {
	struct amending *a;
	struct buf *out, inner; /* of the card around it; of the one inside */
	/* of the one around it, while this one is open; and the other way round */
	struct buf called;
	bool has[HAS], open;
};

/* Change what is noted of names between the card and the one around it. */
static void swap_called(struct agent *g)
{
	struct buf other = g->called;

	g->called = g->a->called;
	g->a->called = other;
	buf_reset(g->open ? &g->a->called : &g->called);
}

/* The lines that follow go into a value, and are a card of their own. */
static void agent_begin(struct agent *g)
{
	g->open = true;
	g->out = g->a->out;
	g->a->out = &g->inner;
	memcpy(g->has, g->a->has, sizeof g->has);
	memset(g->a->has, 0, sizeof g->has);
	g->a->has[HAS_UID] = true; /* nobody asks it for one */
	swap_called(g);
	buf_reset(&g->inner);
}

/* The inner card as the value of AGENT in the one around it. */
static void agent_end(struct agent *g)
{
	struct buf line = buf_of(SIZE_MAX);

	g->open = false;
	g->a->out = g->out;
	memcpy(g->a->has, g->has, sizeof g->has);
	swap_called(g);
	buf_puts(&line, "AGENT:");
	for (size_t i = 0; i < g->inner.len; i++) {
		char c = (char)g->inner.data[i],
		     next = (char)(i + 1 < g->inner.len ? g->inner.data[i + 1] : 0);

		/* unfolded */
		if (c == '\r' && next == '\n' && i + 2 < g->inner.len &&
		        g->inner.data[i + 2] == ' ')
			i += 2;
		else if (c == '\n')
			buf_puts(&line, "\\n");
		else if (strchr("\\;,", c) && c)
			buf_putf(&line, "\\%c", c);
		else if (c != '\r')
			buf_putc(&line, c);
	}
	amend_emit(g->a, &line);
	buf_clear(&line);
}

/* The value as 3.0 has it. */
static void put_value(const struct content_line *l, bool base64, struct buf *line)
{
	struct buf text = buf_of(SIZE_MAX);

	decode_value(l, &text);
	if (strcmp(l->name, "VERSION") == 0) {
		buf_puts(line, "3.0");
	} else if (base64) {
		for (size_t i = 0; i < l->value_len; i++)
			if (!strchr(" \t\r\n", l->value[i]))
				buf_putc(line, l->value[i]);
	} else if (is_uri(l->name)) {
		buf_put(line, text.data, text.len);
	} else {
		put_text(l->name, buf_str(&text), text.len, line);
	}
	buf_clear(&text);
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct agent *g = ctx;
	struct amending *a = g->a;
	bool base64 = content_encoding(l) == CONTENT_BASE64, end = strcmp(l->name, "END") == 0;
	struct buf line = buf_of(SIZE_MAX);

	(void)err;
	if (l->name[0] == '\0' || (strcmp(l->name, "AGENT") == 0 && !l->value_len))
		return 0;
	if (l->depth == 1 && strcmp(l->name, "BEGIN") == 0)
		agent_begin(g);
	if (end && l->depth == (g->open ? 1 : 0))
		amend_complete_card(a);
	amend_put_name(&line, l);
	put_params(l, base64, &line);
	buf_putc(&line, ':');
	put_value(l, base64, &line);
	amend_note_card(a, l, &line);
	amend_emit(a, &line);
	buf_clear(&line);
	if (end && l->depth == 1 && g->open)
		agent_end(g);
	return 0;
}

int amend_card3(struct amending *a, struct err *err)
{
	struct agent g = {
	        .a = a, .out = a->out, .inner = buf_of(SIZE_MAX), .called = buf_of(SIZE_MAX)};
	int rc;

	a->v4 = false;
	rc = content_scan(a->p, a->n, on_line, true, &g, NULL, err);
	if (g.open)
		swap_called(&g);
	a->out = g.out;
	buf_clear(&g.called);
	buf_clear(&g.inner);
	return rc;
}
