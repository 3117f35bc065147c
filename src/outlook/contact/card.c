/* Content lines of a vCard 3.0 (RFC 2426, RFC 2425 5.8.1), written as they come. */
#include <stdio.h>
#include <string.h>
#include "outlook/contact/card.h"

enum {
	LINE_MAX_OCTETS = 75, /* RFC 2426 2.6 */
	OUT_MAX = 65536, /* so much is given on at once */
	KEPT_LABELS = 1000, /* the number of the first group, where others were kept */
};

void card_init(struct card *c, const struct outlook_to *to, struct err *err)
{
	*c = (struct card){
	        .to = to, .err = err, .out = buf_of(OUT_MAX + 16), .line = buf_of(2 * FORM_MAX)};
}

static void give_on(struct card *c)
{
	if (c->rc == 0 && c->out.len)
		c->rc = c->to->write(c->to->ctx, c->out.data, c->out.len, c->err);
	buf_reset(&c->out);
}

int card_done(struct card *c)
{
	give_on(c);
	buf_clear(&c->out);
	buf_clear(&c->line);
	forms_free(c->forms);
	return c->rc;
}

/* Octets of the character that begins with this one; 0: it begins none. */
static size_t char_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc0)
		return 0;
	if (first < 0xe0)
		return 2;
	return first < 0xf0 ? 3 : 4;
}

static void emit(struct card *c, char octet)
{
	size_t n = char_len((uint8_t)octet);

	if (n && c->column + n > LINE_MAX_OCTETS) {
		buf_puts(&c->out, "\r\n ");
		c->column = 1;
	}
	buf_putc(&c->out, octet);
	c->column++;
	if (c->out.len >= OUT_MAX)
		give_on(c);
}

/* No fold between a backslash and what it escapes: some readers split lines before they unfold. */
static void emit_escaped(struct card *c, char octet)
{
	if (c->column + 2 > LINE_MAX_OCTETS) {
		buf_puts(&c->out, "\r\n ");
		c->column = 1;
	}
	emit(c, '\\');
	emit(c, octet);
}

static void emit_line(struct card *c, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '\\' && i + 1 < n)
			emit_escaped(c, s[++i]);
		else
			emit(c, s[i]);
}

/* Is the line held back? What is too long for a form is not. */
static bool hold(struct card *c, char octet)
{
	if (!c->forms || c->is_long)
		return false;
	buf_putc(&c->line, octet);
	if (c->line.len >= FORM_MAX) {
		emit_line(c, buf_str(&c->line), c->line.len);
		buf_reset(&c->line);
		c->is_long = true;
	}
	return true;
}

static void put(struct card *c, char octet)
{
	if (!hold(c, octet))
		emit(c, octet);
}

static void put_escaped(struct card *c, char octet)
{
	if (c->forms && !c->is_long) {
		put(c, '\\');
		put(c, octet);
	} else {
		emit_escaped(c, octet);
	}
}

void card_raw(struct card *c, const char *s)
{
	while (*s)
		put(c, *s++);
}

void card_head(struct card *c, const char *head)
{
	card_raw(c, head);
}

static bool is_control(char octet)
{
	return (uint8_t)octet < 0x20 || octet == 0x7f;
}

void card_param(struct card *c, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	put(c, ';');
	card_raw(c, name);
	card_raw(c, "=\"");
	for (; *text; text++)
		put(c, (char)(is_control(*text) ? ' ' : *text == '"' ? '\'' : *text));
	put(c, '"');
}

static void text_octet(struct card *c, char octet)
{
	bool after_cr = c->cr;

	c->cr = octet == '\r';
	if (octet == '\r' || (octet == '\n' && !after_cr))
		put_escaped(c, 'n');
	else if (octet == '\\' || octet == ',' || octet == ';')
		put_escaped(c, octet);
	else if (octet == '\t' || !is_control(octet))
		put(c, octet);
}

void card_text_octets(struct card *c, const void *p, size_t n)
{
	const char *s = p;

	for (size_t i = 0; i < n; i++)
		text_octet(c, s[i]);
}

void card_text(struct card *c, const char *s)
{
	c->cr = false;
	while (s && *s)
		text_octet(c, *s++);
}

void card_uri(struct card *c, const char *s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *s; s++) {
		uint8_t octet = (uint8_t)*s;

		if (octet == ',' || octet == ';') {
			put_escaped(c, *s);
			continue;
		}
		if (octet > 0x20 && octet != 0x7f && octet != '"' && octet != '\\') {
			put(c, *s);
			continue;
		}
		put(c, '%');
		put(c, digits[octet >> 4]);
		put(c, digits[octet & 15]);
	}
}

static void put_group(struct card *c)
{
	static const char digits[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *g = c->group;

	put(c, digits[g[0] >> 2]);
	put(c, digits[(g[0] & 3) << 4 | g[1] >> 4]);
	put(c, (char)(c->n_group > 1 ? digits[(g[1] & 15) << 2 | g[2] >> 6] : '='));
	put(c, (char)(c->n_group > 2 ? digits[g[2] & 63] : '='));
	c->n_group = 0;
}

void card_base64(struct card *c, const void *p, size_t n)
{
	const uint8_t *s = p;

	for (size_t i = 0; i < n && c->rc == 0; i++) {
		c->group[c->n_group++] = s[i];
		if (c->n_group == sizeof c->group)
			put_group(c);
	}
}

void card_base64_end(struct card *c)
{
	for (size_t i = c->n_group; i < sizeof c->group; i++)
		c->group[i] = 0;
	if (c->n_group)
		put_group(c);
}

/* What was held; false: nothing is to be written. */
static bool give_line(struct card *c)
{
	const char *line = buf_str(&c->line), *form = forms_take(c->forms, line, c->line.len);

	if (!form)
		emit_line(c, line, c->line.len);
	else
		emit_line(c, form, strlen(form));
	buf_reset(&c->line);
	return !form || *form;
}

void card_end(struct card *c)
{
	bool was_long = c->is_long;

	c->is_long = false;
	if (c->forms && !was_long && !give_line(c))
		return;
	buf_puts(&c->out, "\r\n");
	c->column = 0;
	if (c->out.len >= OUT_MAX)
		give_on(c);
}

void card_line(struct card *c, const char *head, const char *text)
{
	if (!text || !*text)
		return;
	card_head(c, head);
	put(c, ':');
	card_text(c, text);
	card_end(c);
}

void card_labelled(struct card *c, const char *head, const char *label, const char *text)
{
	char group[32];

	if (!text || !*text)
		return;
	snprintf(group, sizeof group, "item%u.", ++c->labels);
	card_raw(c, group);
	card_line(c, head, text);
	card_raw(c, group);
	card_line(c, "X-ABLabel", label);
}

void card_keep(struct card *c, struct bag *b)
{
	/* groups of lines that were kept have names of their own */
	if (bag_has(b, PidNameContentLines))
		c->labels = KEPT_LABELS;
	c->forms = forms_read(b);
}

static void put_line(void *ctx, const char *line, size_t n)
{
	struct card *c = ctx;

	for (size_t i = 0; i < n; i++)
		put(c, line[i]);
	card_end(c);
}

void card_put_kept(struct card *c, struct bag *b)
{
	kept_lines(b, KEPT_LINES, "VERSION|UID|FN|N", put_line, c);
}
