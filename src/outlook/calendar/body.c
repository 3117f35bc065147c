/* The body of an item in a calendar object. */
#include "outlook/calendar/calendar.h"
#include "valise/base/mem.h"

static void tell_cut(struct conv *c, struct bag *b)
{
	static const bag_key texts[] = {PidTagBody, PidTagHtml};

	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct bag_prop *p = bag_peek(b, texts[i]);

		if (p && p->len > BODY_MAX)
			conv_lost(c, "the end of its body, which has %llu octets",
			        (unsigned long long)p->len);
	}
}

/* That of the item itself is read once, however many instances repeat it. */
static const struct body *get_body(struct conv *c, struct bag *b, struct body *own)
{
	struct body *body = b == c->b ? &c->body : own;
	struct err err = {0};

	if (b == c->b && c->has_body)
		return body;
	c->has_body |= b == c->b;
	if (body_read(b, body, &err) < 0)
		conv_lost(c, "its body: %s", err.text);
	tell_cut(c, b);
	return body;
}

void put_body(struct conv *c, const char *name, struct bag *b)
{
	struct body own = {NULL, NULL};
	const struct body *body = get_body(c, b, &own);

	lines_text(&c->l, name, body->text);
	if (body->html && *body->html) {
		lines_puts(&c->l, "X-ALT-DESC;FMTTYPE=text/html:");
		lines_value(&c->l, body->html);
		lines_end(&c->l);
	}
	body_clear(&own);
}
